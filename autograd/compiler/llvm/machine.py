"""The machine: which vectors it has, and LLVM's compiler for it through ``llvmlite``, loaded only when it is needed."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from types import ModuleType
from typing import Any

from ...errors import GlassgradError
from .cache import CodeCache, cache_folder, key_of
from .waiting import SharedWork


class CompilerUnavailableError(GlassgradError, ImportError):
    """llvmlite is missing or doesn't work here, so nothing can be compiled to machine code."""


@dataclass(frozen=True)
class Tiles:
    """How many rows and vectors a dense block keeps in registers at a time.

    The products are y (j) = weight (j, k) x (k) over vectors of samples, and weight gradients (j, k) summed over
    samples. Accumulators, operands and a temporary must fit the register file: a spill costs more than any choice
    below that limit.
    """

    rows: int
    """Rows j of a product."""
    vectors: int
    """Vectors of samples of a product."""
    gradient_rows: int
    """Rows j of a weight gradient that is summed across lanes."""
    gradient_columns: int
    """Columns k of a weight gradient that is summed across lanes."""
    sample_rows: int
    """Rows j of a weight gradient whose lanes are columns (from a sample-major copy of x)."""
    sample_vectors: int
    """Vectors of columns k of the same."""
    depth: int = 64
    """Terms k of a product before its sums go back to memory."""


@dataclass(frozen=True)
class Architecture:
    """A family of processors: float64 lanes of its vectors, and tiles that fit its registers."""

    name: str
    width: int
    tiles: Tiles
    attributes: str = ""
    """What every function of a module says, see `IRModule`."""


AVX512 = Architecture("avx512", 8, Tiles(4, 4, 3, 8, 8, 2), '"prefer-vector-width"="512"')
AVX2 = Architecture("avx2", 4, Tiles(6, 2, 3, 4, 6, 2), '"prefer-vector-width"="256"')
SSE2 = Architecture("sse2", 2, Tiles(6, 2, 3, 4, 6, 2))
NEON = Architecture("neon", 2, Tiles(4, 4, 6, 4, 8, 2))
SCALAR = Architecture("scalar", 1, Tiles(4, 4, 6, 4, 8, 2))


@dataclass(frozen=True)
class Target:
    """What code is made for.

    >>> Target("aarch64-unknown-linux-gnu", "generic").architecture.width
    2
    >>> Target("x86_64-unknown-linux-gnu", "x86-64-v4", "+avx512f,+avx512dq,+fma").architecture.name
    'avx512'
    """

    triple: str
    """As LLVM writes it: architecture-vendor-system."""
    cpu: str
    features: str = ""
    """As LLVM writes them: ``+avx2,+fma,-avx512f``."""

    @cached_property
    def architecture(self) -> Architecture:
        """The family, from the triple and the features that are switched on."""
        processor = self.triple.partition("-")[0]
        if processor in ("aarch64", "arm64"):
            return NEON
        if processor not in ("x86_64", "amd64"):
            return SCALAR
        has = {feature[1:] for feature in self.features.split(",") if feature.startswith("+")}
        if {"avx512f", "avx512dq"} <= has:
            return AVX512
        return AVX2 if {"avx2", "fma"} <= has else SSE2


_CURE = 'install it with: pip install "glassgrad[fast]" (everything else of Glassgrad works without it)'
_LOCK = threading.Lock()
_READY: list[ModuleType] = []


def load_llvm() -> ModuleType:
    """``llvmlite.binding``, ready for this machine; CompilerUnavailableError if that isn't possible."""
    with _LOCK:
        if not _READY:
            _READY.append(_start_llvm())
        return _READY[0]


def _start_llvm() -> ModuleType:
    try:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    except Exception as error:  # a broken installation fails in many ways: a missing library, a wrong version
        what = "is not installed" if isinstance(error, ModuleNotFoundError) else f"can't be used ({error})"
        raise CompilerUnavailableError(f"compiled code needs llvmlite, which {what}: {_CURE}") from error
    version = tuple(llvm.llvm_version_info)
    if version < (20,):
        text = ".".join(map(str, version))
        raise CompilerUnavailableError(
            f"compiled code needs llvmlite >= 0.45 (LLVM 20), this one has LLVM {text}: {_CURE}"
        )
    return llvm  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def host() -> Target:
    """The machine that this runs on."""
    llvm = load_llvm()
    features = llvm.get_host_cpu_features().flatten()
    return Target(llvm.get_process_triple(), llvm.get_host_cpu_name(), features)


class MachineCode:
    """Compiled code in memory. It lives as long as this object: keep it while any address of it may be called."""

    def __init__(self, code: bytes, target: Target, was_kept: bool = False) -> None:
        """``code`` is an object file for this machine."""
        self.was_kept = was_kept
        """Whether it came from the cache on disk."""
        llvm = load_llvm()
        machine = _machine(llvm, target, 0)
        module = _parse(llvm, "", target, machine)
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        # The engine must go before the module's context, or the process crashes. The finalizer keeps both until then,
        # also where this object is part of a reference cycle, which the collector would take apart in any order.
        # At the end of the process nothing needs to be freed, but programs may still be called: at exit, by threads.
        # It would also wait for work that somebody has given up.
        weakref.finalize(self, _close, self._engine, module).atexit = False

    def address(self, name: str) -> int:
        """The address of a function; KeyError if there is none of that name."""
        address = int(self._engine.get_function_address(name))
        if not address:
            raise KeyError(f"the compiled module has no function {name!r}")
        return address


def _close(engine: Any, module: Any) -> None:  # noqa: ARG001 (the module is kept until the engine is closed)
    engine.close()


_WORK: SharedWork[bytes] = SharedWork()


def compile_ir(text: str, opt_level: int = 2, target: Target | None = None) -> MachineCode:
    """Machine code from the text of a module, see `IRModule.text`; from the cache on disk if it is there.

    ``opt_level`` is the effort of code generation. Loops need at least 1. For straight-line code 0 halves the time to
    compile and costs a third in speed. No passes run on the IR: what is emitted is optimised by construction.
    """
    llvm, target = load_llvm(), target or host()
    import llvmlite

    folder = cache_folder()
    cache = None if folder is None else CodeCache(folder)
    # Of Glassgrad's own version nothing depends: the text says all.
    versions = f"llvmlite {llvmlite.__version__}, LLVM {llvm.llvm_version_info}"
    key = key_of((text, target.triple, target.cpu, target.features, str(opt_level), versions))
    kept = None if cache is None else cache.find(key)
    code = _WORK.done(key, partial(_object_code, text, target, opt_level, key, cache)) if kept is None else kept
    return MachineCode(code, target, kept is not None)


def _object_code(text: str, target: Target, opt_level: int, key: str, cache: CodeCache | None) -> bytes:
    llvm = load_llvm()
    machine = _machine(llvm, target, opt_level)
    code: bytes = machine.emit_object(_parse(llvm, text, target, machine))
    if cache is not None:
        cache.keep(key, code)
    return code


def _machine(llvm: ModuleType, target: Target, opt_level: int) -> Any:
    if opt_level not in (0, 1, 2, 3):
        raise ValueError(f"opt_level is 0, 1, 2 or 3, got {opt_level!r}")
    family = llvm.Target.from_triple(target.triple)
    return family.create_target_machine(cpu=target.cpu, features=target.features, opt=opt_level)


def _parse(llvm: ModuleType, text: str, target: Target, machine: Any) -> Any:
    # A context of its own: parsing in the global one from two threads at once corrupts it.
    module = llvm.parse_assembly(text, llvm.create_context())
    module.triple = target.triple
    module.data_layout = str(machine.target_data)
    return module
