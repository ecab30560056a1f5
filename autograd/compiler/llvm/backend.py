"""The LLVM backend: a tape as machine code, with vectors as wide as the processor has them."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

from ...optim.rule import Rule
from ..backend import Bind, Executable, Floats, Held, Integers
from ..notice import current_notice
from ..tape import Dense, SumMatrix, Tape, count_operations
from .cache import cache_folder
from .emit.functions import Shape
from .emit.kernel import kernel_text
from .emit.straight import scalar_units
from .kernel import Binding, Kernel
from .machine import Target, host
from .rule import compiled_step
from .takeover import Takeover
from .training import Training
from .twins import written_operations

_CACHE = 1 << 20
"""Bytes that the rows of one block should fit: a part of a usual second-level cache."""
_OVERHEAD = 2
"""What a block costs beside its samples, in vectors."""
_INTERPRETED = 64
"""Samples of a block of the interpreter: see `llvm.takeover` for what was measured."""
_SHAPES = 4
"""Kernels that an executable compiles for different numbers of samples before it makes do with what it has."""
_MUCH = 5_000
"""Irregular operations above which compiling takes long enough to do it with less effort."""


class LlvmBackend:
    """Compiles tapes by llvmlite.

    Raises:
        CompilerUnavailableError: llvmlite is missing or broken.
    """

    name = "llvm"
    step = staticmethod(compiled_step)

    def __init__(self, target: Target | None = None) -> None:
        self._target = target or host()

    def build(self, tape: Tape) -> Executable:
        """Prepare the tape. Irregular code is compiled now, other code when the number of samples is known."""
        executable = LlvmExecutable(tape, self._target)
        if not executable.is_interpreted and not is_dense(tape) and not tape.has_means:
            executable.kernel(1)
        return executable


def is_dense(tape: Tape) -> bool:
    """Whether there is anything that gains by many samples at a time."""
    return any(isinstance(unit, Dense) for unit in tape.units) or any(isinstance(r, SumMatrix) for r in tape.reductions)


def irregular_operations(tape: Tape) -> int:
    """Operations that are written out one by one; what repeats is written once."""
    return written_operations([*tape.units, *scalar_units(tape.prologue)]) + len(tape.epilogue)


def effort(tape: Tape) -> int:
    """The effort of code generation: none for much irregular code, but loops need some."""
    if irregular_operations(tape) <= _MUCH:
        return 2
    return 1 if is_dense(tape) else 0


class LlvmExecutable:
    """A tape with the kernels that were compiled for it, each for some size of a block of samples."""

    def __init__(self, tape: Tape, target: Target) -> None:
        self.tape, self.target = tape, target
        self._takeover = Takeover(tape, irregular_operations(tape))
        self._kernels: dict[Shape, Kernel] = {}
        self._lock = threading.Lock()

    def bind(
        self, data: Floats, grad: Floats, buffers: tuple[Floats, ...] = (), observed: Floats | None = None
    ) -> Bind:
        """See `backend.Executable`."""
        return self._takeover.watched(Binding(self.tape, self.kernel, data, grad, buffers, observed))

    def train(self, rule: Rule, arrays: tuple[Floats, ...], held: Held) -> Training:
        """See `backend.Executable`: the rule is a part of the compiled code."""
        shapes = tuple(array.shape for array in arrays)
        return Training(self.tape, partial(self._kernel_of_steps, rule, {}), rule, arrays, held, shapes)

    def _kernel_of_steps(self, rule: Rule, known: dict[tuple[int, bool], Kernel], counts: Integers) -> Kernel:
        self._takeover.count(int(counts.sum()))
        key = int(counts.max()), self.is_interpreted
        if key not in known:
            known[key] = self.kernel(key[0], rule)
        return known[key]

    @property
    def is_interpreted(self) -> bool:
        """Whether new kernels interpret irregular code."""
        return self._takeover.is_interpreted

    def kernel(self, samples: int, rule: Rule | None = None) -> Kernel:
        """A kernel that suits so many samples, compiled if there is none yet."""
        with self._lock:
            shape = self._shape(samples, rule)
            if shape not in self._kernels:
                kept = "" if cache_folder() is None else ", which is kept for the next process"
                with current_notice().busy(
                    f"generating code for {count_operations(self.tape.units):,} operations{kept}"
                ):
                    code = self._takeover.code if shape.interpreted else None
                    level = 2 if shape.interpreted else effort(self.tape)
                    self._kernels[shape] = Kernel(self.tape, self.target, shape, level, code)
            return self._kernels[shape]

    def notes(self) -> list[str]:
        """See `backend.Executable`."""
        kept = sum(kernel.was_kept for kernel in self._kernels.values())
        notes = [f"{kept} of {len(self._kernels)} kernels from the cache on disk"] if kept else []
        return notes + self._takeover.notes()

    def text(self) -> str:
        """The LLVM module of each kernel so far; where there is none yet, of the one for a single sample."""
        if not self._kernels:
            self.kernel(1)
        kernels = self._kernels.values()
        return "\n".join(kernel_text(self.tape, self.target.architecture, each.shape, each.code) for each in kernels)

    def _shape(self, samples: int, rule: Rule | None) -> Shape:
        width = self.target.architecture.width
        vectors = -(-samples // width)
        wanted = best_shape(self.tape, width, vectors, rule, self.is_interpreted)
        known = [s for s in self._kernels if s.rule == rule and s.interpreted == wanted.interpreted]
        is_full = len(known) >= _SHAPES
        if wanted in known:
            return wanted
        fitting = [shape for shape in known if _fits(shape, vectors)]
        if not fitting and self.tape.has_means:  # by powers of two there are not many
            return replace(wanted, vectors=1 << (vectors - 1).bit_length()) if is_full else wanted
        if not fitting:
            return replace(wanted, one_block=wanted.one_block and not is_full)
        nearest = min(fitting, key=lambda shape: _cost(shape, vectors))
        return nearest if is_full or _cost(nearest, vectors) <= 1.25 * _cost(wanted, vectors) else wanted


def best_shape(tape: Tape, width: int, vectors: int, rule: Rule | None = None, interpreted: bool = False) -> Shape:
    """The blocks for a batch of so many vectors of samples.

    Irregular code keeps its numbers in the first-level cache with blocks of one vector; the interpreter wants several.
    Dense blocks want many samples for each coefficient that is read, as far as the second-level cache holds their rows.
    Means need all samples.
    """
    if tape.has_means:
        return Shape(vectors, True, rule, interpreted)
    least = min(vectors, max(1, _INTERPRETED // width)) if interpreted else 1
    if not is_dense(tape):
        return Shape(least, False, rule, interpreted)
    rows = tape.columns + tape.scratch
    most = max(least, _CACHE // (8 * width * rows))
    blocks = -(-vectors // most)
    return Shape(-(-vectors // blocks), blocks == 1, rule, interpreted)


def _fits(shape: Shape, vectors: int) -> bool:
    return vectors <= shape.vectors or not shape.one_block


def _cost(shape: Shape, vectors: int) -> int:
    return -(-vectors // shape.vectors) * (shape.vectors + _OVERHEAD)
