"""Compiled kernels in memory, and what a call of one needs: arrays of its own and an argument block."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backend import Failure, Floats
from .emit_functions import Shape
from .emit_kernel import kernel_text
from .layout import Arguments, Layout
from .machine import Target, compile_ir
from .tape import Tape


class Kernel:
    """Machine code for one shape of blocks, and the memory of calls that are over."""

    def __init__(self, tape: Tape, target: Target, shape: Shape, effort: int = 2) -> None:
        architecture = target.architecture
        self.tape, self.shape = tape, shape
        self.layout = Layout(tape, architecture.width, shape.vectors, architecture.tiles.depth)
        self.arguments = Arguments(len(tape.arrays), None if shape.rule is None else len(shape.rule.state))
        self._engine = compile_ir(kernel_text(tape, architecture, shape), effort, target)
        self.was_kept = self._engine.was_kept
        # Its argument isn't declared, since that takes 30 ns a call: it must be a `Memory.address`.
        self.function = ctypes.CFUNCTYPE(ctypes.c_int64)(self._engine.address("run"))
        self.free: list[Memory] = []

    def take(self) -> Memory:
        """Memory that nobody else uses; put it back into `free`."""
        try:
            return self.free.pop()
        except IndexError:
            return Memory(self)

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
        slots = -(-kernel.tape.uniforms // 8) * 8 + 8
        self.workspace = _aligned(-(-kernel.layout.bytes // 8))
        self.uniforms, self.adjoints = _aligned(slots), _aligned(slots)
        self.block = np.zeros(len(kernel.arguments), dtype=np.int64)
        # A memoryview gives Python floats, and at less cost than an array.
        self.numbers: Any = memoryview(self.block.view(np.float64))  # type: ignore[arg-type]
        self.address = ctypes.byref(ctypes.c_char.from_address(self.block.ctypes.data))
        self.holder: object = None
        """Who filled in the argument block."""
        kernel.fill(self, workspace=self.workspace, uniforms=self.uniforms, adjoints=self.adjoints)


def _aligned(count: int) -> NDArray[np.float64]:
    """Zeros that begin at a multiple of 64 bytes."""
    array = np.zeros(count + 8)
    begin = -(array.ctypes.data // 8) % 8
    return array[begin : begin + count]


def gather(buffers: Sequence[Floats], numbers: Floats) -> None:
    """Write the numbers of all buffers, one after the other, into an array."""
    np.concatenate([array.ravel() for array in buffers], out=numbers)


class Binding:
    """A kernel bound to the arrays of a call. Calling it runs it; threads may do so at the same time."""

    def __init__(
        self,
        kernel: Kernel,
        arrays: tuple[Floats, ...],
        data: Floats,
        grad: Floats,
        buffers: tuple[Floats, ...] = (),
        observed: Floats | None = None,
    ) -> None:
        tape = kernel.tape
        self._buffers, self._observed = buffers, observed
        self._live = np.empty(tape.buffers)
        self._kernel, self._arrays, self._data, self._grad = kernel, arrays, data, grad
        # Bound methods: each attribute less saves 20 to 30 ns a call.
        self._function, self._pop, self._put_back = kernel.function, kernel.free.pop, kernel.free.append
        self._loss, self._output = kernel.arguments.place("loss"), kernel.arguments.place("output")
        self._samples = len(arrays[0]) if arrays else 1
        self._by_input = tape.seeded and bool(tape.input_adjoints)
        self._columns = len(tape.input_adjoints) if self._by_input else 0 if tape.seeded else len(tape.results)
        # Not this object itself: a kernel that holds its bindings would only go with a collection.
        self._token = object()

    def __call__(self) -> Any:
        """See `backend.Run`. Where each call counts, call `run`: it does the same and saves 0.1 µs."""
        return self.run()

    def run(self) -> Any:
        """Run the kernel."""
        try:
            memory = self._pop()
        except IndexError:
            memory = Memory(self._kernel)
        if memory.holder is not self._token:
            self._fill(memory)
        if self._buffers:
            gather(self._buffers, self._live)
        if self._columns:
            return self._run_with_output(memory)
        failed = self._function(memory.address)
        mean = memory.numbers[self._loss]
        self._put_back(memory)
        if failed:
            raise Failure
        return mean

    def _run_with_output(self, memory: Memory) -> Floats:
        result = np.empty((self._samples, self._columns))
        memory.block[self._output] = result.ctypes.data
        failed = self._function(memory.address)
        self._put_back(memory)
        if failed or (self._by_input and not np.isfinite(result).all()):
            raise Failure
        return result

    def _fill(self, memory: Memory) -> None:
        places = self._kernel.arguments
        self._kernel.fill(memory, self._arrays, parameters=self._data, gradients=self._grad)
        self._kernel.fill(memory, buffers=self._live, observed=self._observed)
        memory.block[places.place("samples")] = self._samples
        memory.numbers[places.place("seed")] = 1.0 if self._columns else 1.0 / self._samples
        memory.holder = self._token
