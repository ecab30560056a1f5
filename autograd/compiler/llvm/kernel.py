"""Compiled kernels in memory, and what a call of one needs: arrays of its own and an argument block."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...store import aligned_zeros
from ..backend import Failure, Floats, Run
from ..tape import Tape
from .bytecode import Bytecode, constants_begin
from .emit.functions import Shape
from .emit.kernel import kernel_text, layout_of
from .entry import EntryPlan, Expected, entry
from .machine import Target, compile_ir
from .memory_map import Arguments


class Kernel:
    """Machine code for one shape of blocks, and the memory of calls that are over."""

    def __init__(self, tape: Tape, target: Target, shape: Shape, effort: int = 2, code: Bytecode | None = None) -> None:
        architecture = target.architecture
        self.tape, self.shape, self.code = tape, shape, code
        self.layout = layout_of(tape, architecture, shape, code)
        self.arguments = Arguments(len(tape.arrays), None if shape.rule is None else len(shape.rule.state))
        self._engine = compile_ir(kernel_text(tape, architecture, shape, code), effort, target)
        self.was_kept = self._engine.was_kept
        self.address = self._engine.address("run")
        # Its argument isn't declared, since that takes 30 ns a call: it must be a `Memory.address`.
        self.function = ctypes.CFUNCTYPE(ctypes.c_int64)(self.address)

    def fill(
        self, memory: Memory, arrays: Sequence[NDArray[Any]] = (), prefix: str = "data", **named: NDArray[Any] | None
    ) -> None:
        """Write addresses into the argument block: of ``arrays`` under the prefix and their number, and by name."""
        for number, array in enumerate(arrays):
            memory.block[self.arguments.place(f"{prefix}{number}")] = array.ctypes.data
        for name, pointer in named.items():
            memory.block[self.arguments.place(name)] = 0 if pointer is None else pointer.ctypes.data


class Memory:
    """What one call at a time may use: a workspace, uniforms and their adjoints, an argument block."""

    def __init__(self, kernel: Kernel) -> None:
        slots = constants_begin(kernel.tape)
        code, numbers = (None, np.zeros(0)) if kernel.code is None else (kernel.code.numbers, kernel.code.constants)
        self.workspace = aligned_zeros(-(-kernel.layout.bytes // 8))
        self.uniforms, self.adjoints = aligned_zeros(slots + len(numbers)), aligned_zeros(slots)
        self.uniforms[slots:] = numbers
        self.block = np.zeros(len(kernel.arguments), dtype=np.int64)
        self.address = ctypes.byref(ctypes.c_char.from_address(self.block.ctypes.data))
        kernel.fill(self, workspace=self.workspace, uniforms=self.uniforms, adjoints=self.adjoints, code=code)


def gather(buffers: Sequence[Floats], numbers: Floats) -> None:
    """Write the numbers of all buffers, one after the other, into an array."""
    np.concatenate([array.ravel() for array in buffers], out=numbers)


class Binding:
    """Kernels of a tape bound to parameters. It gives the `backend.Run` for a number of samples.

    All its runs share memory: one may run at a time.
    """

    def __init__(
        self,
        tape: Tape,
        kernel: Callable[[int], Kernel],
        data: Floats,
        grad: Floats,
        buffers: tuple[Floats, ...] = (),
        observed: Floats | None = None,
    ) -> None:
        self._tape, self._kernel = tape, kernel
        self._data, self._grad, self._buffers, self._observed = data, grad, buffers, observed
        self._live = np.empty(tape.buffers)
        self._memories: dict[Kernel, Memory] = {}

    def __call__(self, samples: int) -> Run:
        """See `backend.Bind`."""
        tape = self._tape
        if tape.gives_loss:
            return self._gathering(self._entry(samples, ()))
        output = samples, len(tape.input_adjoints) + len(tape.results)
        enter = self._gathering(self._entry(samples, output))

        must_be_finite = tape.seeded

        def run(*arrays: Any) -> Any:
            results = enter(*arrays, np.empty(output))
            if must_be_finite and results is not None and not np.isfinite(results).all():
                raise Failure
            return results

        return run

    def _gathering(self, enter: Run) -> Run:
        """The same where the numbers of buffers are read first."""
        if not self._buffers:
            return enter

        def run(*arrays: Any) -> Any:
            gather(self._buffers, self._live)
            return enter(*arrays)

        return run

    def _entry(self, samples: int, output: tuple[int, ...]) -> Run:
        tape, kernel = self._tape, self._kernel(samples)
        if kernel not in self._memories:
            self._memories[kernel] = memory = Memory(kernel)
            kernel.fill(memory, parameters=self._data, gradients=self._grad)
            kernel.fill(memory, buffers=self._live, observed=self._observed)
        memory = self._memories[kernel]
        first, place = memory.block.ctypes.data, kernel.arguments.offset
        shapes = {f"data{k}": (samples, *array.shape) for k, array in enumerate(tape.arrays)}
        if output:
            shapes["output"] = output
        given = [Expected(first + place(name), len(shape), shape[-1]) for name, shape in shapes.items()]
        # While gradients are added, arrays are read: they must lie elsewhere.
        begin = self._grad.ctypes.data if tape.gives_loss else 0
        plan = EntryPlan(
            kernel_at=kernel.address,
            block_at=first,
            samples_at=first + place("samples"),
            seed_at=first + place("seed"),
            loss_at=0 if output else first + place("loss"),
            begin=begin,
            end=begin + self._grad.nbytes if begin else 0,
            samples=samples,
            seed=1.0 / samples if tape.gives_loss else 1.0,
        )
        return entry(plan, given, (memory, kernel, self._data, self._grad, self._live, self._observed))
