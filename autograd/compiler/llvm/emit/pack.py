"""Packing: a block of the caller's arrays, a sample a row, is turned into rows of the workspace, a column a row.

Squares of W samples by W columns are transposed in registers. The last block is filled up with its last sample, so that
no lane computes anything that a sample doesn't (the padding's seed is 0). On the way all data is tested to be finite.
"""

from __future__ import annotations

import math
from typing import Any

from ...backend import InputArray
from ...tape import Row
from ..memory_map import FLAG_DATA
from ..text.body import Body
from ..text.registers import Index, Vector
from .bounds import magnitude
from .emitter import Emitter, inside, raise_flag

PACK_PARAMETERS = "ptr noalias %V, ptr noalias %X, i64 %first, i64 %count, ptr %index"
"""Workspace, array, the block's first sample and its number of samples; the numbers of its samples, or null."""
NUMBER_PARAMETERS = "ptr noalias %V, i64 %first, i64 %count, ptr %index"
SEED_PARAMETERS = "ptr noalias %V, i64 %count, double %seed"


def emit_numbers(emitter: Emitter, name: str, table: int) -> None:
    """A function that writes into the workspace at ``table`` which row of its array each sample of the block is."""
    body = emitter.module.function(name, NUMBER_PARAMETERS, internal=True)
    last = body.assign("sub i64 %count, 1")
    is_plain = body.assign("icmp eq ptr %index, null")

    # What is packed without an index looks up the samples after the last whole vector only, see `emit_pack`. SumMatrix
    # products look up all, but only in arrays of at least as many columns as a vector has lanes.
    width = emitter.module.width
    is_short = all(array.columns < width for array in emitter.layout.tape.arrays)
    whole = body.assign(f"mul i64 {body.assign(f'sdiv i64 %count, {width}')}, {width}")
    begin = body.assign(f"select i1 {is_plain}, i64 {whole}, i64 0") if is_short else "0"

    def one_sample(k: Index, _: list[Any]) -> None:
        sample = body.assign(f"add i64 {begin}, {k}")
        within = body.assign(f"icmp slt i64 {sample}, %count")
        nearest = body.assign(f"select i1 {within}, i64 {sample}, i64 {last}")
        position = body.assign(f"add i64 %first, {nearest}")
        entry = body.pointer("%index", body.offset(0, (position, 8)))
        # Without an index the table's own place is read instead, and not used.
        own = body.pointer("%V", body.offset(table, (sample, 8)))
        source = body.assign(f"select i1 {is_plain}, ptr {own}, ptr {entry}")
        number = body.load_scalar(source, 0, "i64")
        chosen = body.assign(f"select i1 {is_plain}, i64 {position}, i64 {number}")
        body.store_scalar(own, 0, chosen, "i64")

    rest = body.assign(f"sub i64 {emitter.layout.samples}, {begin}")
    body.loop_if_any(rest, one_sample)
    body.finish()


def emit_seed(emitter: Emitter, name: str, row: Row) -> None:
    """A function that writes the seed's row: the seed for each sample, 0 in the padding."""
    body = emitter.module.function(name, SEED_PARAMETERS, internal=True)
    layout = emitter.layout
    seed = body.splat("%seed")

    def one_vector(vector: Index, _: list[Any]) -> None:
        place = body.offset(layout.row(row), (vector, layout.vector_bytes))
        body.store("%V", place, body.choose(inside(body, vector, "%count"), seed, 0.0))

    body.loop(layout.vectors, one_vector)
    body.finish()


def emit_pack(emitter: Emitter, name: str, number: int, first: Row) -> None:
    """A function that packs one array of the tape into the rows from ``first`` on."""
    array, layout = emitter.layout.tape.arrays[number], emitter.layout
    table = layout.row_numbers if array.kind == "data" else layout.mask_numbers
    body = emitter.module.function(name, PACK_PARAMETERS, internal=True)
    packer = _Packer(emitter, body, array, first)
    width, vectors = emitter.module.width, emitter.layout.vectors
    is_plain = body.assign("icmp eq ptr %index, null")
    whole = body.assign(f"sdiv i64 %count, {width}")
    direct = body.assign(f"select i1 {is_plain}, i64 {whole}, i64 0")
    rest = body.assign(f"sub i64 {vectors}, {direct}")
    start = body.pointer("%X", body.offset(0, ("%first", 8 * array.columns)))

    def contiguous(vector: Index, suspects: list[Vector]) -> list[Vector]:
        return [packer.contiguous(start, vector, suspects[0])]

    def picked(k: Index, suspects: list[Vector]) -> list[Vector]:
        return [packer.picked(body.offset(0, (k, 1), (direct, 1)), table, suspects[0])]

    suspects = [body.constant(0.0)]
    for count, one_vector in ((direct, contiguous), (rest, picked)):
        suspects = body.loop_if_any(count, one_vector, suspects)
    body.store("%V", emitter.layout.magnitude(number), suspects[0])
    if array.kind == "data":
        raise_flag(body, emitter.layout, body.any(body.compare("ueq", suspects[0], math.inf)), FLAG_DATA)
    body.finish()


class _Packer:
    """Writes the packing of one array. ``suspect`` sums magnitudes: not finite if a number isn't."""

    def __init__(self, emitter: Emitter, body: Body, array: InputArray, first: Row) -> None:
        self._body, self._layout, self._width = body, emitter.layout, emitter.module.width
        self._columns, self._first = array.columns, emitter.layout.row(first)

    def contiguous(self, start: str, vector: Index, suspect: Vector) -> Vector:
        """Samples that follow each other in the array."""
        body, row_bytes = self._body, 8 * self._columns
        base = body.pointer(start, body.offset(0, (vector, self._width * row_bytes)))
        if self._columns < self._width:
            return self._store_columns(self._deinterleaved(base), 0, vector, suspect)
        rows = [body.pointer(base, lane * row_bytes) for lane in range(self._width)]
        return self._squares(rows, vector, suspect)

    def picked(self, vector: Index, table: int, suspect: Vector) -> Vector:
        """Samples whose rows the table names."""
        body, rows = self._body, []
        for lane in range(self._width):
            number = body.load_scalar("%V", body.offset(table + 8 * lane, (vector, 8 * self._width)), "i64")
            rows.append(body.pointer("%X", body.offset(0, (number, 8 * self._columns))))
        if self._columns < self._width:
            columns = [self._gathered(rows, column) for column in range(self._columns)]
            return self._store_columns(columns, 0, vector, suspect)
        return self._squares(rows, vector, suspect)

    def _deinterleaved(self, base: str) -> list[Vector]:
        """The columns of W adjacent rows that are shorter than a vector."""
        body, count, lanes = self._body, self._columns, self._body.lanes
        if count == 1:
            return [body.load(base, 0, align=8)]
        everything = f"<{count * self._width} x double>"
        rows = body.assign(f"load {everything}, ptr {base}, align 8")
        columns = []
        for column in range(count):
            picked = ", ".join(f"i32 {column + lane * count}" for lane in range(self._width))
            text = f"shufflevector {everything} {rows}, {everything} poison, <{lanes.width} x i32> <{picked}>"
            columns.append(Vector(body, body.assign(text)))
        return columns

    def _gathered(self, rows: list[str], column: int) -> Vector:
        vector = Vector(self._body, "poison")
        for lane, row in enumerate(rows):
            vector = self._body.with_lane(vector, lane, self._body.load_scalar(row, 8 * column))
        return vector

    def _squares(self, rows: list[str], vector: Index, suspect: Vector) -> Vector:
        """W rows of at least W columns, a square after the other; the last one overlaps where it must."""
        body, width = self._body, self._width

        def one_square(column: Index, suspects: list[Vector]) -> list[Vector]:
            square = [body.load(row, body.offset(0, (column, 8)), align=8) for row in rows]
            return [self._store_columns(transposed(body, square), column, vector, suspects[0])]

        squares = self._columns // width
        suspects: list[Vector] = body.loop(squares * width, one_square, [suspect], stride=width)
        if self._columns % width:
            suspects = one_square(self._columns - width, suspects)
        return suspects[0]

    def _store_columns(self, columns: list[Vector], column: Index, vector: Index, suspect: Vector) -> Vector:
        body, layout = self._body, self._layout
        terms = (column, layout.row_bytes), (vector, layout.vector_bytes)
        found = body.constant(0.0)
        for k, numbers in enumerate(columns):
            body.store("%V", body.offset(self._first + k * layout.row_bytes, *terms), numbers)
            found = found + magnitude(body, numbers)
        return suspect + found


def transposed(body: Body, square: list[Vector]) -> list[Vector]:
    """W vectors of W lanes, transposed: squares of 2, 4, ... swap their off-diagonal quarters."""
    width, stride = len(square), 1
    while stride < width:
        lower = [width + i - stride if i & stride else i for i in range(width)]
        upper = [width + i if i & stride else i + stride for i in range(width)]
        following = list(square)
        for i in range(width):
            if not i & stride:
                a, b = square[i], square[i + stride]
                following[i], following[i + stride] = body.shuffle(a, b, lower), body.shuffle(a, b, upper)
        square, stride = following, 2 * stride
    return square
