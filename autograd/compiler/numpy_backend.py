"""The NumPy backend: a tape executed array by array. It is the reference that says what a tape means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..namespaces import Arrays
from ..optim.rule import Rule
from .backend import Bind, Failure, Floats, Held, Run, is_plain
from .tape import (
    Dense,
    Dot,
    Instruction,
    Local,
    Map,
    Mean,
    Number,
    Output,
    Reduction,
    Row,
    Rows,
    Segment,
    Straight,
    SumOne,
    Tape,
    Uniform,
    Uniforms,
    coefficient,
)

_BLOCK_BYTES = 1 << 25
"""Scratch memory that one block of samples may take."""


class NumpyBackend:
    """Executes tapes by NumPy."""

    name = "numpy"

    def build(self, tape: Tape) -> NumpyExecutable:
        """There is nothing to compile."""
        return NumpyExecutable(tape)

    @staticmethod
    def step(rule: Rule, data: Floats, grad: Floats, states: tuple[Floats, ...]) -> None:
        """None: optimizers step by NumPy as it is."""


class NumpyExecutable:
    """A tape, ready to be bound to arrays."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._matrices: dict[Any, NDArray[np.intp]] = {}
        for unit in tape.units:
            if isinstance(unit, Dense):
                for segment in unit.segments:
                    self._matrices[segment, unit.outputs] = _slots(segment, unit.outputs)

    def bind(
        self, data: Floats, grad: Floats, buffers: tuple[Floats, ...] = (), observed: Floats | None = None
    ) -> Bind:
        """See `backend.Executable`."""

        def for_samples(samples: int) -> Run:
            shapes = [(samples, *array.shape) for array in self.tape.arrays]

            def run(*arrays: Any) -> Any:
                if not all(map(is_plain, arrays)) or [array.shape for array in arrays] != shapes:
                    return None
                return self._run(samples, arrays, data, grad, buffers, observed)

            return run

        return for_samples

    def train(self, rule: Rule, arrays: tuple[Floats, ...], held: Held) -> None:
        """None: there is nothing to gain over one step after the other."""

    def notes(self) -> list[str]:
        """See `backend.Executable`."""
        return []

    def text(self) -> str:
        """See `backend.Executable`."""
        return "NumPy runs the tape as it is; see stage 'tape'"

    def _run(
        self,
        samples: int,
        arrays: tuple[Floats, ...],
        data: Floats,
        grad: Floats,
        buffers: tuple[Floats, ...],
        observed: Any,
    ) -> Any:
        tape = self.tape
        columns = [array.reshape(samples, -1) for array in arrays]
        if not all(np.isfinite(array).all() for array in columns):
            raise Failure
        with np.errstate(all="ignore"):
            uniforms = self._prologue(data, buffers)
            adjoints = np.zeros(2 * tape.uniforms)
            adjoints[: tape.uniforms] = uniforms
            results = np.empty((samples, len(tape.results)))
            inputs = np.zeros((samples, len(tape.input_adjoints)))
            for begin, end in self._blocks(samples):
                seed = 1.0 if tape.input_adjoints else 1.0 / samples
                block = _Block(tape, [array[begin:end] for array in columns], seed, uniforms, self._matrices)
                block.run(adjoints)
                if observed is not None:
                    observed[:] = [np.ravel(block.get(number))[0] for number in tape.observed]
                for k, result in enumerate(tape.results):
                    results[begin:end, k] = block.get(result)
                for k, adjoint in enumerate(tape.input_adjoints):
                    if adjoint is not None:
                        inputs[begin:end, k] = block.get(adjoint)
            if not tape.seeded:
                return results
            if tape.input_adjoints:
                return _finite(np.hstack((inputs, results)))
            return self._gradient(results, adjoints, grad)

    def _blocks(self, samples: int) -> Iterator[tuple[int, int]]:
        if self.tape.has_means:
            yield 0, samples
            return
        rows = self.tape.columns + self.tape.scratch
        size = max(1, _BLOCK_BYTES // (8 * max(rows, 1)))
        for begin in range(0, samples, size):
            yield begin, min(begin + size, samples)

    def _prologue(self, data: Floats, buffers: tuple[Floats, ...]) -> Floats:
        uniforms = np.zeros(self.tape.uniforms)
        given = [data, *(array.ravel() for array in buffers)]
        uniforms[: len(data) + self.tape.buffers] = np.concatenate(given)
        for kind, slot, first, count in self.tape.totals:
            w = data[first : first + count]
            uniforms[slot] = (w * w if kind == "squares" else np.abs(w)).sum()
        _scalar_code(self.tape.prologue, uniforms)
        return uniforms

    def _gradient(self, results: Floats, adjoints: Floats, grad: Floats) -> float:
        """The mean result, its gradient added to ``grad``."""
        tape = self.tape
        _scalar_code(tape.epilogue, adjoints)
        for kind, slot, first, count in tape.totals:
            w = adjoints[first : first + count]
            slope = 2.0 * w if kind == "squares" else np.sign(w)
            adjoints[tape.uniforms + first : tape.uniforms + first + count] += adjoints[tape.uniforms + slot] * slope
        gradient = adjoints[tape.uniforms : tape.uniforms + tape.parameters]
        mean = float((results / len(results)).sum())  # a sum of all of them could overflow
        _finite(np.array(mean))
        grad += _finite(gradient)
        return mean


def _finite(array: Floats) -> Floats:
    if not np.isfinite(array).all():
        raise Failure
    return array


def _slots(segment: Segment, outputs: int) -> NDArray[np.intp]:
    """The slots of a segment's coefficients, shape (outputs, count)."""
    j, k = np.ogrid[0:outputs, 0 : segment.count]
    return np.asarray(coefficient(segment, j, k), dtype=np.intp)  # type: ignore[arg-type]


def _scalar_code(code: tuple[Instruction, ...], slots: Floats) -> None:
    """Run a prologue or an epilogue over its slots."""
    values: dict[int, Any] = {}

    def get(x: Any) -> Any:
        if isinstance(x, Local):
            return values[x.target]
        return x.value if isinstance(x, Number) else slots[x.slot]

    for instruction in code:
        values[instruction.target] = _operation(instruction, [get(arg) for arg in instruction.args])
        if isinstance(instruction.store, Uniform):
            slots[instruction.store.slot] = values[instruction.target]


def _operation(step: Instruction | Map, args: list[Any]) -> Any:
    """The operation of an instruction or a map on arrays, tested for its domain where that is asked."""
    op = step.op
    assert not isinstance(op, str)
    if step.checked and any(np.any(condition) for _, condition in op.outside(Arrays, tuple(args))):
        raise Failure
    return op.kernel(Arrays, *(np.asarray(arg, dtype=float) for arg in args), **op.attributes)


class _Block:
    """One run over a block of samples. Rows are the rows of two matrices."""

    def __init__(self, tape: Tape, columns: list[Floats], seed: float, uniforms: Floats, matrices: Any) -> None:
        self.tape, self.uniforms, self.matrices = tape, uniforms, matrices
        self.samples = len(columns[0]) if columns else 1
        seeds = [np.full((self.samples, 1), seed)] if tape.seeded else []
        inputs = [*columns, *seeds]
        self.memory = {
            "input": np.ascontiguousarray(np.concatenate(inputs, axis=1).T) if inputs else np.empty((0, self.samples)),
            "scratch": np.empty((tape.scratch, self.samples)),
        }

    def run(self, adjoints: Floats) -> None:
        """Execute the units, and add the reductions to the adjoints."""
        for unit in self.tape.units:
            if isinstance(unit, Straight):
                self._straight(unit)
            elif isinstance(unit, Dense):
                self._dense(unit)
            elif isinstance(unit, Mean):
                self._rows(unit.store, unit.members)[:] = self._rows(unit.first, unit.members).mean(1, keepdims=True)
            else:
                self._map(unit, ())
        for reduction in self.tape.reductions:
            self._reduce(reduction, adjoints)

    def get(self, x: Any) -> Any:
        """The number or the row of an operand."""
        if isinstance(x, Row):
            return self.memory[x.space][x.index]
        return x.value if isinstance(x, Number) else self.uniforms[x.slot]

    def _rows(self, first: Row, count: int) -> Floats:
        return self.memory[first.space][first.index : first.index + count]

    def _keep(self, first: Row | Uniform | None, count: int, value: Any) -> None:
        if isinstance(first, Row):
            self._rows(first, count)[:] = value

    def _straight(self, unit: Straight) -> None:
        values: dict[int, Any] = {}

        def get(x: Any) -> Any:
            return values[x.target] if isinstance(x, Local) else self.get(x)

        for step in unit.code:
            if isinstance(step, Dot):
                value = 0.0 if step.bias is None else get(step.bias)
                for weight, row in step.terms:
                    value = value + get(weight) * get(row)
            else:
                value = _operation(step, [get(arg) for arg in step.args])
            values[step.target] = value
            self._keep(step.store, 1, value)

    def _dense(self, unit: Dense) -> None:
        total = np.zeros((unit.outputs, self.samples))
        if unit.bias is not None:
            total += self._strided(unit.bias, unit.bias_stride, unit.outputs)
        for segment in unit.segments:
            weights = self.uniforms[self.matrices[segment, unit.outputs]]
            total += weights @ self._rows(segment.first, segment.count)
        self._keep(unit.store, unit.outputs, total)
        outputs = [total]
        for fused in unit.epilogue:
            outputs.append(self._map(fused, outputs))

    def _map(self, unit: Map, outputs: Any) -> Any:
        """A map; ``outputs`` are those of the dense block that it is fused into, and of the maps before it."""

        def get(x: Any) -> Any:
            if isinstance(x, Output):
                return outputs[0 if x.map is None else x.map + 1]
            if isinstance(x, Rows):
                return self._rows(x.first, unit.members)
            return self._strided(x.slot, x.stride, unit.members) if isinstance(x, Uniforms) else self.get(x)

        value = _operation(unit, [get(arg) for arg in unit.args])
        self._keep(unit.store, unit.members, value)
        return value

    def _strided(self, slot: int, stride: int, count: int) -> Floats:
        """Uniforms with a step between their slots, as a column."""
        return self.uniforms[slot + stride * np.arange(count), None]

    def _reduce(self, reduction: Reduction, adjoints: Floats) -> None:
        base = self.tape.uniforms + reduction.slot
        if isinstance(reduction, SumOne):
            left = self.get(reduction.left)
            adjoints[base] += left.sum() if reduction.right is None else left @ self.get(reduction.right)
            return
        left = self._rows(reduction.left, reduction.outputs)
        sums = (
            left.sum(1, keepdims=True)
            if reduction.right is None
            else left @ self._rows(reduction.right, reduction.inputs).T
        )
        j, k = np.ogrid[0 : reduction.outputs, 0 : reduction.inputs]
        np.add.at(adjoints, base + j * reduction.stride_j + k * reduction.stride_k, sums)
