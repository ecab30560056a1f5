"""Outlines: what a unit is, apart from where its rows and uniforms lie."""

from __future__ import annotations

from typing import Any, TypeAlias

from ...operation import Op
from ...ops import add, div, mul, sub
from ..tape import Dense, Instruction, Map, Mean, Number, Row, Rows, Straight, SumMatrix, Uniform, Uniforms
from .addresses import COLUMN, NUMBER, SLOT, Movable, bits
from .memory_map import MemoryMap, columns_read

Item: TypeAlias = Straight | Dense | Map | Mean | SumMatrix

ARITHMETIC = frozenset((add, sub, mul, div))
"""Operations whose code is the same whatever the numbers in it are; others look at them."""


class Outline:
    """Writes the outline of one unit: nested tuples, in which a place is a number."""

    def __init__(self, layout: MemoryMap) -> None:
        self._layout = layout
        self.places: dict[Movable, int] = {}
        """All places, each with its number."""

    def of(self, item: Item) -> Any:
        """The outline."""
        if isinstance(item, Straight):
            return tuple([self._line(line) for line in item.code])
        if isinstance(item, Map):
            return self._map(item)
        if isinstance(item, SumMatrix):
            return self._outer(item)
        if isinstance(item, Mean):
            return Mean, item.members, self._row(item.first), self._row(item.store), item.adjoint
        return self._dense(item)

    def _line(self, line: Any) -> Any:
        """An instruction or a dot."""
        if isinstance(line, Instruction):
            args = self._arguments(line.op, line.args)
            return line.target, line.op, args, self._operand(line.store), line.checked
        terms = tuple([(self._operand(a), self._operand(b)) for a, b in line.terms])
        return line.target, self._operand(line.bias), terms, self._operand(line.store)

    def _map(self, item: Map) -> Any:
        return item.members, item.op, self._arguments(item.op, item.args), self._operand(item.store), item.checked

    def _dense(self, item: Dense) -> Any:
        segments = tuple(
            (self._row(s.first), s.count, self._uniform(s.slot), s.stride_j, s.stride_k) for s in item.segments
        )
        bias = None if item.bias is None else self._uniform(item.bias)
        maps = tuple(map(self._map, item.epilogue))
        return Dense, item.outputs, segments, bias, item.bias_stride, self._operand(item.store), maps

    def _outer(self, item: SumMatrix) -> Any:
        sizes = item.outputs, item.inputs, item.stride_j, item.stride_k
        array = None
        if (found := columns_read(self._layout.tape, item)) is not None:
            array, column = found
            self._place((COLUMN, column))
        return SumMatrix, *sizes, array, self._row(item.left), self._operand(item.right), self._place((SLOT, item.slot))

    def _arguments(self, op: Op, args: Any) -> Any:
        if op not in ARITHMETIC:
            return tuple([self._operand(arg) for arg in args])
        return tuple([self._number(arg) if type(arg) is Number else self._operand(arg) for arg in args])

    def _number(self, number: Number) -> Any:
        return Number, self._place((NUMBER, bits(number.value)))

    def _place(self, place: Movable) -> int:
        return self.places.setdefault(place, len(self.places))

    def _row(self, row: Row) -> int:
        return self._place(row)

    def _uniform(self, slot: int) -> Any:
        address = self._layout.uniform(slot)
        return address[0], self._place(address)

    def _operand(self, operand: Any) -> Any:
        kind = type(operand)
        if kind is Row:
            return self._place(operand)
        if kind is Uniform:
            return self._uniform(operand.slot)
        if kind is Number:
            return float(operand.value).hex()  # 0.0 and -0.0 are equal, but not the same
        if kind is Rows:
            return Rows, self._place(operand.first)
        if kind is Uniforms:
            return Uniforms, self._uniform(operand.slot), operand.stride
        return operand  # a Local, an Output, None
