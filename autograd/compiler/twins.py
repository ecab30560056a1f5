"""Twins: units that differ only in where their rows and uniforms lie, so that one function does for all of them.

A convolution is the same sum at each place, a recurrent network the same step again and again: thousands of units of a
few kinds. An *outline* is a unit with its places named by number, in the order in which they are met. Units with the
same outline are twins. How far the places of each are from those of the first is what a table says, see `addresses`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .addresses import COLUMN, SLOT, Place
from .layout import Layout, columns_read
from .tape import Dense, Group, Instruction, Map, Mean, Number, Outer, Row, Straight, Uniform, Uniforms

Item: TypeAlias = Straight | Dense | Map | Mean | Outer


@dataclass(frozen=True)
class Twins:
    """Units of which the first is written down as a function."""

    members: Sequence[int]
    """Their numbers."""
    moves: Mapping[Place, int | None]
    """For each place of the first unit the entry that moves it, None if it is the same place for all."""
    offsets: Sequence[Sequence[int]]
    """For each member its entries: how far what they move lies from that of the first."""


def find_twins(items: Sequence[Item], layout: Layout) -> list[Twins]:
    """All items, each with its twins, in the order of the first of them; those that have none are alone.

    >>> from autograd import exp
    >>> from autograd.compiler.tape import Instruction, Tape
    >>> units = [Straight((Instruction(0, exp, (Row("input", k),), Row("scratch", 2 * k)),)) for k in range(3)]
    >>> layout = Layout(Tape((), 0, 0, 6, (), units, (), (), ()), width=4, vectors=1, depth=64)
    >>> [twins] = find_twins(units, layout)
    >>> twins.members, twins.offsets
    ([0, 1, 2], [(0, 0), (32, 64), (64, 128)])
    """
    alike: dict[Any, list[int]] = {}
    for number, item in enumerate(items):
        alike.setdefault(_silhouette(item), []).append(number)
    found = [twins for numbers in alike.values() for twins in _by_outline(numbers, items, layout)]
    return sorted(found, key=lambda twins: twins.members[0])


def written_operations(items: Iterable[Item]) -> int:
    """Operations that are written out one by one: all that are irregular, but those of twins only once."""
    return sum(len(silhouette) for silhouette in {_silhouette(item) for item in items if isinstance(item, Straight)})


def _by_outline(numbers: Sequence[int], items: Sequence[Item], layout: Layout) -> Iterator[Twins]:
    if len(numbers) == 1:
        yield Twins(numbers, {}, [()])
        return
    found: dict[Any, tuple[list[int], list[list[Place]]]] = {}
    for number in numbers:
        outline = _Outline(layout)
        members, places = found.setdefault(outline.of(items[number]), ([], []))
        members.append(number)
        places.append(list(outline.places))
    for members, places in found.values():
        yield _compared(members, places, layout)


def _compared(members: list[int], places: list[list[Place]], layout: Layout) -> Twins:
    distances = [[layout.row(place) if isinstance(place, Row) else place[1] for place in own] for own in places]
    entries: dict[tuple[int, ...], int] = {}
    moves: dict[Place, int | None] = {}
    for place, column in zip(places[0], zip(*distances, strict=True), strict=True):
        first = column[0]
        offsets = tuple([distance - first for distance in column])
        moves[place] = entries.setdefault(offsets, len(entries)) if any(offsets) else None
    return Twins(members, moves, list(zip(*entries, strict=True)) or [()] * len(members))


def _silhouette(item: Item) -> Any:
    """Something that twins have in common and that is found at once: irregular code is long, and seldom has twins."""
    if isinstance(item, Straight):
        return tuple([one.op if isinstance(one, Instruction) else len(one.terms) for one in item.code])
    return type(item)


class _Outline:
    """Writes the outline of one unit: nested tuples, in which a place is a number."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.places: dict[Place, int] = {}
        """All places, each with its number."""

    def of(self, item: Item) -> Any:
        """The outline."""
        if isinstance(item, Straight):
            return tuple([self._line(line) for line in item.code])
        if isinstance(item, Map):
            return self._map(item)
        if isinstance(item, Outer):
            return self._outer(item)
        if isinstance(item, Mean):
            return Mean, item.members, self._row(item.first), self._row(item.store), item.adjoint
        return self._dense(item)

    def _line(self, line: Any) -> Any:
        """An instruction or a dot."""
        if isinstance(line, Instruction):
            args = tuple([self._operand(arg) for arg in line.args])
            return line.target, line.op, args, self._operand(line.store), line.checked
        terms = tuple([(self._operand(a), self._operand(b)) for a, b in line.terms])
        return line.target, self._operand(line.bias), terms, self._operand(line.store)

    def _map(self, item: Map) -> Any:
        return item.members, item.op, tuple(map(self._operand, item.args)), self._operand(item.store), item.checked

    def _dense(self, item: Dense) -> Any:
        segments = tuple(
            (self._row(s.first), s.count, self._uniform(s.slot), s.stride_j, s.stride_k) for s in item.segments
        )
        bias = None if item.bias is None else self._uniform(item.bias)
        maps = tuple(map(self._map, item.epilogue))
        return Dense, item.outputs, segments, bias, item.bias_stride, self._operand(item.store), maps

    def _outer(self, item: Outer) -> Any:
        sizes = item.outputs, item.inputs, item.stride_j, item.stride_k
        array = None
        if (found := columns_read(self._layout.tape, item)) is not None:
            array, column = found
            self._place((COLUMN, column))
        return Outer, *sizes, array, self._row(item.left), self._operand(item.right), self._place((SLOT, item.slot))

    def _place(self, place: Place) -> int:
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
        if kind is Group:
            return Group, self._place(operand.first)
        if kind is Uniforms:
            return Uniforms, self._uniform(operand.slot), operand.stride
        return operand  # a Local, an Output, None
