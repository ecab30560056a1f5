"""Row code without structure: instruction after instruction, for one vector of samples at a time. Also scalar code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...plan.repeats import Code
from ...tape import Dot, Instruction, Local, Number, Operand, Row, Straight, Uniform
from ..text.body import Body
from ..text.registers import Index, Mask, Vector
from .emitter import Emitter, Refused


def emit_straight(emitter: Emitter, body: Body, unit: Straight) -> None:
    """A function that runs the unit for the samples of a block."""

    def one_vector(vector: Index, _: list[Any]) -> None:
        emit_lines(emitter, body, vector, unit.code)

    body.loop(emitter.layout.vectors, one_vector)


def emit_scalar(emitter: Emitter, body: Body, unit: Straight) -> None:
    """A function that runs scalar code, every lane of a vector doing the same."""
    emit_lines(emitter, body, 0, unit.code)


def emit_lines(emitter: Emitter, body: Body, vector: Index, code: Sequence[Instruction | Dot]) -> None:
    """Straight code for one vector of samples."""
    _Registers(emitter, body, vector).run(code)


def scalar_units(code: Sequence[Instruction]) -> list[Straight]:
    """Scalar code cut into units where it repeats; uncut where an instruction names the result of another one."""
    if not code or any(isinstance(arg, Local) for one in code for arg in one.args):
        return [Straight(tuple(code))]
    pieces = Code([one.op for one in code], [one.args for one in code], [one.store for one in code]).pieces()
    return [
        Straight(tuple([one._replace(target=target) for target, one in enumerate(code[begin:end])]))
        for begin, end in pieces
    ]


class _Registers:
    """What is in registers while straight code is written: results, and rows and uniforms that were read before."""

    def __init__(self, emitter: Emitter, body: Body, vector: Index) -> None:
        self._emitter, self._body, self._vector = emitter, body, vector
        self._results: dict[int, Any] = {}
        self._memory: dict[Row | Uniform, Any] = {}
        self._refused = Refused()

    def run(self, code: Sequence[Instruction | Dot]) -> None:
        """Write all of the code."""
        for item in code:
            result = self._dot(item) if isinstance(item, Dot) else self._instruction(item)
            self._results[item.target] = result
            if item.store is not None:
                self._store(item.store, result)
        self._emitter.report(self._body, self._refused)

    def _instruction(self, item: Instruction) -> Any:
        results, read = self._results, self._read
        args = [results[x.target] if type(x) is Local else read(x) for x in item.args]
        return self._emitter.apply(self._body, item.op, args, self._refused if item.checked else None)

    def _dot(self, dot: Dot) -> Any:
        total = None if dot.bias is None else self._read(dot.bias)
        for coefficient, row in dot.terms:
            a, b = self._read(coefficient), self._read(row)
            total = a * b if total is None else self._body.fma(a, b, total)
        return total

    def _read(self, operand: Operand | Local) -> Any:
        if isinstance(operand, Local):
            return self._results[operand.target]
        if isinstance(operand, Number):
            return operand.value
        found = self._memory.get(operand)
        if found is None:
            found = self._memory[operand] = self._emitter.operand(self._body, operand, self._vector)
        return found

    def _store(self, place: Row | Uniform, result: Vector | Mask | float) -> None:
        assert not isinstance(result, Mask), "a condition has no memory"
        self._memory[place] = result
        body, emitter = self._body, self._emitter
        if isinstance(place, Row):
            emitter.store_row(body, place, self._vector, result)
            return
        base, offset = emitter.addresses.uniform(place.slot)
        vector = result if isinstance(result, Vector) else body.constant(result)
        body.store_scalar(base, offset, body.lane(vector, 0))
