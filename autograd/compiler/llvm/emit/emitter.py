"""What all the emitters share: a module in the making, and operations and operands as vectors of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ....operation import Op
from ....ops import add, mul, sub
from ...graph.conditions import PASSED_ON
from ...tape import Number, Row, Uniform
from ..addresses import Entry, Fixed
from ..machine import Tiles
from ..math.elementary import Vectors
from ..memory_map import FLAG_DOMAIN, MemoryMap
from ..text.body import Body
from ..text.module import IRModule
from ..text.registers import Index, Mask, Register, Vector

POINTERS = ("V", "P", "U", "G", "A")
"""What every function of a kernel gets: workspace, parameters, other uniforms, their adjoints, argument block."""
PARAMETERS = ", ".join(f"ptr noalias %{name}" for name in (*POINTERS, "T"))
"""All have the table of `addresses`, so that all can be called by the same loop."""


EqualParts = tuple[int, int, int]
"""Parts of equal size: the first thing, the number of parts, the size of each."""

_PLAIN = {add: "fadd", sub: "fsub", mul: "fmul"}
"""Instructions of the commonest operations, which need no namespace."""


@dataclass(frozen=True)
class Emitter:
    """A module in the making, the memory that it works on, and the tiles that fit the registers."""

    module: IRModule
    layout: MemoryMap
    tiles: Tiles
    addresses: Fixed

    def function(self, name: str) -> Body:
        """Begin an internal function of a kernel."""
        body = self.module.function(name, PARAMETERS, internal=True)
        self.addresses.begin(body)
        return body

    def write(self, name: str, write: Callable[..., None], *args: Any) -> None:
        """A whole function of a kernel, whose inside ``write(emitter, body, *args)`` writes."""
        body = self.function(name)
        write(self, body, *args)
        body.finish()

    def broadcast(self, body: Body, slot: int, *terms: tuple[Index, int]) -> Vector:
        """In every lane the uniform ``slot``, or one that many bytes behind it."""
        base, offset = self.addresses.uniform(slot)
        return body.broadcast(base, body.offset(offset, *terms))

    def load_row(self, body: Body, row: Row, vector: Index) -> Vector:
        """One vector of a row."""
        return body.load(*self.place(body, row, vector))

    def store_row(self, body: Body, row: Row, vector: Index, x: Vector | float) -> None:
        """Write one vector of a row."""
        body.store(*self.place(body, row, vector), x)

    def place(self, body: Body, row: Row, vector: Index, *rows: Index) -> tuple[str, Index]:
        """Where a vector of a row is, or of one so many rows behind it: a pointer, and bytes behind it."""
        base, offset = self.addresses.row(row)
        behind = [(k, self.layout.row_bytes) for k in rows]
        return base, body.offset(offset, *behind, (vector, self.layout.vector_bytes))

    def operand(self, body: Body, operand: Row | Uniform | Number | Entry, vector: Index) -> Any:
        """One vector of an operand, or the number that it is."""
        if isinstance(operand, Row):
            return self.load_row(body, operand, vector)
        if isinstance(operand, Entry):
            return body.broadcast("%T", 8 * operand.index)
        return self.broadcast(body, operand.slot) if isinstance(operand, Uniform) else operand.value

    def apply(self, body: Body, op: Op, args: Sequence[Any], refused: Refused | None = None) -> Any:
        """``op(*args)`` as code; where arguments are outside the domain goes to ``refused``, if that is wanted."""
        if op in _PLAIN and refused is None and (_is_register(args[0]) or _is_register(args[1])):
            return body.arithmetic(_PLAIN[op], *args)
        # The same as its kernel, also for NaN, but two instructions on machines with masks.
        if op is PASSED_ON and _is_register(args[0]):
            return body.select(args[0], args[0] * args[1], 0.0)
        if not any(map(_is_register, args)):  # Python's own arithmetic raises where IEEE 754 doesn't
            args = [x if isinstance(x, bool) else body.constant(x) for x in args]
        xp = Vectors(body)
        if refused is not None:
            for _, condition in op.outside(xp, tuple(args)):
                refused.add(condition)
        return op.kernel(xp, *args, **op.attributes)

    def report(self, body: Body, refused: Refused) -> None:
        """Set the domain's flag where a condition holds in any lane."""
        if refused.anywhere is not False:
            holds = body.any(refused.anywhere) if isinstance(refused.anywhere, Mask) else "true"
            raise_flag(body, self.layout, holds, FLAG_DOMAIN)


def _is_register(x: Any) -> bool:
    return isinstance(x, Register)


class Refused:
    """Where an argument is outside the domain of its operation: conditions, joined as they come."""

    def __init__(self) -> None:
        self.anywhere: Mask | bool = False

    def add(self, condition: Mask | bool) -> None:
        """One more condition."""
        self.anywhere = self.anywhere | condition


def raise_flag(body: Body, layout: MemoryMap, holds: str, flag: int) -> None:
    """Add ``flag`` to the flags if the i1 ``holds``."""
    place = body.pointer("%V", layout.flags)
    before = body.load_scalar(place, 0, "i64")
    more = body.assign(f"select i1 {holds}, i64 {flag}, i64 0")
    body.store_scalar(place, 0, body.assign(f"or i64 {before}, {more}"), "i64")


def inside(body: Body, vector: Index, count: str) -> Mask:
    """Which lanes of a vector of the block are samples, of which there are ``count``, and not padding."""
    lanes = body.lanes
    numbers = ", ".join(f"i64 {lane}" for lane in range(lanes.width))
    own = f"<{numbers}>" if lanes.width > 1 else "0"
    reach = body.assign(f"sub i64 {count}, {body.offset(0, (vector, lanes.width))}")
    if lanes.width > 1:
        one = body.assign(f"insertelement {lanes.integer} poison, i64 {reach}, i64 0")
        zeros = f"<{lanes.width} x i32> zeroinitializer"
        reach = body.assign(f"shufflevector {lanes.integer} {one}, {lanes.integer} poison, {zeros}")
    return Mask(body, body.assign(f"icmp slt {lanes.integer} {own}, {reach}"))


def over_parts(body: Body, parts: Sequence[EqualParts], do: Callable[[Index, int], None]) -> None:
    """``do(first, size)`` for each part that `split` gives: a loop for all that have the same size."""
    for begin, count, size in parts:
        body.loop(count, partial(_one_part, body, begin, size, do))


def _one_part(body: Body, begin: int, size: int, do: Callable[[Index, int], None], k: Index, _: list[Any]) -> None:
    do(body.offset(begin, (k, size)), size)


def split(count: int, most: int) -> list[EqualParts]:
    """``count`` things in parts of nearly the same size, at most ``most``: (first thing, number of parts, size).

    >>> split(10, 4)
    [(0, 1, 4), (4, 2, 3)]
    """
    parts = -(-count // most)
    size, larger = divmod(count, parts)
    pieces = [(0, larger, size + 1), (larger * (size + 1), parts - larger, size)]
    return [piece for piece in pieces if piece[1]]
