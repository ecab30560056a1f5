"""Assembly for machines that we don't have."""

from autograd.compiler.llvm.machine import AVX2, AVX512, NEON, SCALAR, SSE2, Target, load_llvm

ARCHITECTURES = {architecture.name: architecture for architecture in (AVX512, AVX2, SSE2, NEON, SCALAR)}


def emit_assembly(text: str, target: Target) -> str:
    """The assembly of a module for any target that LLVM knows, also where it can't run."""
    llvm = load_llvm()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = llvm.parse_assembly(text, llvm.create_context())
    machine = llvm.Target.from_triple(target.triple).create_target_machine(cpu=target.cpu, features=target.features)
    module.triple, module.data_layout = target.triple, str(machine.target_data)
    return str(machine.emit_assembly(module))
