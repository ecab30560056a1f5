"""Twins: units that differ only in where their rows and uniforms lie, so that one function does for all of them.

A convolution is the same sum at each place, a recurrent network the same step again and again: thousands of units of a
few kinds. An *outline* is a unit with its places named by number, in the order in which they are met. Units with the
same outline are twins. How far the places of each are from those of the first is what a table says, see `addresses`.
Numbers that are only added or multiplied (the time of a step, a discount) are in the table too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ...operation import Op
from ...ops import add, div, mul, sub
from ..tape import Dense, Instruction, Map, Mean, Number, Row, Rows, Straight, SumMatrix, Uniform, Uniforms
from .addresses import COLUMN, NUMBER, SLOT, Entry, Movable, bits
from .memory_map import MemoryMap, columns_read

Item: TypeAlias = Straight | Dense | Map | Mean | SumMatrix

ARITHMETIC = frozenset((add, sub, mul, div))
"""Operations whose code is the same whatever the numbers in it are; others look at them."""


@dataclass(frozen=True)
class Twins:
    """Units for which one function does."""

    members: Sequence[int]
    """Their numbers."""
    first: Any
    """The first of them, which is written down; a number that is another for others is an `Entry` in it."""
    moves: Mapping[Movable, int | None]
    """For each place of the first unit the entry that moves it, None if it is the same place for all."""
    entries: Sequence[Sequence[int]]
    """For each member: how far its places lie from those of the first, and the bits of its numbers."""


def find_twins(items: Sequence[Item], layout: MemoryMap) -> list[Twins]:
    """All items, each with its twins, in the order of the first of them; those that have none are alone."""
    alike: dict[Any, list[int]] = {}
    for number, item in enumerate(items):
        alike.setdefault(_silhouette(item), []).append(number)
    found = [twins for numbers in alike.values() for twins in _by_outline(numbers, items, layout)]
    return sorted(found, key=lambda twins: twins.members[0])


def written_operations(items: Iterable[Item]) -> int:
    """Operations that are written out one by one: all that are irregular, but those of twins only once."""
    return sum(len(silhouette) for silhouette in {_silhouette(item) for item in items if isinstance(item, Straight)})


def _by_outline(numbers: Sequence[int], items: Sequence[Item], layout: MemoryMap) -> Iterator[Twins]:
    if len(numbers) == 1:
        yield Twins(numbers, items[numbers[0]], {}, [()])
        return
    found: dict[Any, tuple[list[int], list[list[Movable]]]] = {}
    for number in numbers:
        outline = _Outline(layout)
        members, places = found.setdefault(outline.of(items[number]), ([], []))
        members.append(number)
        places.append(list(outline.places))
    for members, places in found.values():
        yield _compared(members, items[members[0]], places, layout)


def _compared(members: list[int], first: Item, places: list[list[Movable]], layout: MemoryMap) -> Twins:
    distances = [[layout.row(place) if isinstance(place, Row) else place[1] for place in own] for own in places]
    entries: dict[tuple[int, ...], int] = {}
    moves: dict[Movable, int | None] = {}
    for place, column in zip(places[0], zip(*distances, strict=True), strict=True):
        origin = 0 if place[0] == NUMBER else column[0]
        is_same = column.count(column[0]) == len(column)
        moves[place] = None if is_same else entries.setdefault(tuple([x - origin for x in column]), len(entries))
    numbers = {place[1]: entry for place, entry in moves.items() if place[0] == NUMBER and entry is not None}
    written = _with_entries(first, numbers) if numbers else first
    return Twins(members, written, moves, list(zip(*entries, strict=True)) or [()] * len(members))


def _with_entries(item: Any, numbers: Mapping[int, int]) -> Any:
    """A unit, or a part of it, with an `Entry` for each number, given by its bits, that is another for some twins."""
    if isinstance(item, Straight):
        return Straight(tuple([_with_entries(line, numbers) for line in item.code]))
    if isinstance(item, Dense):
        return replace(item, epilogue=tuple([_with_entries(one, numbers) for one in item.epilogue]))
    if not isinstance(item, Instruction | Map) or item.op not in ARITHMETIC:
        return item
    args: Any = tuple([_entry_of(arg, numbers) if isinstance(arg, Number) else arg for arg in item.args])
    return item._replace(args=args) if isinstance(item, Instruction) else replace(item, args=args)


def _entry_of(number: Number, numbers: Mapping[int, int]) -> Number | Entry:
    entry = numbers.get(bits(number.value))
    return number if entry is None else Entry(entry)


def _silhouette(item: Item) -> Any:
    """Something that twins have in common and that is found at once: irregular code is long, and seldom has twins."""
    if isinstance(item, Straight):
        return tuple([one.op if isinstance(one, Instruction) else len(one.terms) for one in item.code])
    return type(item)


class _Outline:
    """Writes the outline of one unit, which is what it is apart from where its rows and uniforms lie: nested tuples."""

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
