"""Elementary functions over LLVM vectors."""
