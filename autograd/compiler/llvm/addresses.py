"""Addresses: where the function of a unit finds its rows and uniforms. Nobody else makes them.

Many units are the same but for where their rows and uniforms lie. Then there is one function for all (see `twins`), and
what differs is in a table: the function's argument ``%T`` points at the entries of the unit that is to run. An emitter
can't tell the two kinds of addresses apart: a base pointer, and bytes behind it that are known now.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..tape import Row
from .memory_map import MemoryMap
from .text.body import Body
from .text.registers import Index

Address: TypeAlias = tuple[str, int]
"""The name of a pointer, and the bytes behind it."""
Movable: TypeAlias = tuple[str, int]
"""What may be elsewhere for a twin: a `Row`, ``(base, bytes)`` of a uniform, or a whole number with its name below."""
SLOT = "slot"
"""The slot of a uniform that is looked up in several arrays, see `emit.ending.Slots`."""
COLUMN = "column"
"""A column of one of the caller's arrays."""
NUMBER = "number"
"""A number of the program text, by its `bits`."""
_NO_POINTERS = (SLOT, COLUMN, NUMBER)


@dataclass(frozen=True)
class Entry:
    """An operand: the number whose bits are in that entry of the table."""

    index: int


def bits(number: float) -> int:
    """The IEEE 754 pattern of a float64 as an i64."""
    (pattern,) = struct.unpack("<q", struct.pack("<d", number))
    return int(pattern)


class Fixed:
    """Addresses of one unit: all of them are numbers of the program text."""

    def __init__(self, layout: MemoryMap) -> None:
        self._layout = layout

    def begin(self, body: Body) -> None:
        """Write what the function begins with."""

    def row(self, row: Row) -> Address:
        """Where a row begins."""
        return "%V", self._layout.row(row)

    def uniform(self, slot: int) -> Address:
        """Where a uniform, or the adjoint of one, is."""
        return self._layout.uniform(slot)

    def slot(self, slot: int) -> Index:
        """The slot of a uniform, where its address is not enough."""
        return slot

    def column(self, column: int) -> Index:
        """The number of a column of the caller's array."""
        return column


class Moved(Fixed):
    """Addresses of several units, of which the first is written down: the others' are moved by entries of ``%T``.

    ``moves`` has all places of the first unit: the entry that moves it, None if it is the same for all.
    Addresses that always move by the same share an entry, and with it a pointer, so that they differ by constants.
    """

    def __init__(self, layout: MemoryMap, moves: Mapping[Movable, int | None]) -> None:
        super().__init__(layout)
        self._moves = moves
        self._entries: dict[int, str] = {}
        self._pointers: dict[tuple[str, int], str] = {}

    def begin(self, body: Body) -> None:
        """Load the entries, and move the pointers. All is written here, where it is there for every loop."""
        for place, entry in self._moves.items():
            if entry is None or place[0] == NUMBER:
                continue
            if entry not in self._entries:
                self._entries[entry] = body.load_scalar("%T", 8 * entry, "i64")
            base = "%V" if isinstance(place, Row) else place[0]
            if base not in _NO_POINTERS and (base, entry) not in self._pointers:
                self._pointers[base, entry] = body.pointer(base, self._entries[entry])
        self._body = body

    def row(self, row: Row) -> Address:
        """Where a row begins."""
        return self._moved(row, *super().row(row))

    def uniform(self, slot: int) -> Address:
        """Where a uniform, or the adjoint of one, is."""
        address = super().uniform(slot)
        return self._moved(address, *address)

    def slot(self, slot: int) -> Index:
        """The slot of a uniform, where its address is not enough."""
        return self._moved_number((SLOT, slot))

    def column(self, column: int) -> Index:
        """The number of a column of the caller's array."""
        return self._moved_number((COLUMN, column))

    def _moved(self, place: Movable, base: str, offset: int) -> Address:
        entry = self._moves[place]
        return (base if entry is None else self._pointers[base, entry]), offset

    def _moved_number(self, place: Movable) -> Index:
        entry = self._moves[place]
        return place[1] if entry is None else self._body.offset(place[1], (self._entries[entry], 1))
