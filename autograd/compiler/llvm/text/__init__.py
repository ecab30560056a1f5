"""LLVM modules as text."""
