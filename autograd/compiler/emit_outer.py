"""Gradient sums: products of adjoints and rows, summed over the samples into the adjoints of uniforms.

A whole matrix of sums is made in tiles, in one of two ways. Where the lanes are samples, a tile's sums are added up
across lanes by a tree that transposes as it adds. Where the rows are columns of the caller's array, and many, the lanes
are columns, read from the array as it is, and nothing needs adding across lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .emit import Emitter, Part, over_parts, split
from .emit_ending import Ending, neighbours, scattered
from .ir import Body, Index, Vector
from .layout import Arguments, data_column
from .tape import Outer, Row, Sum, Tape

OneTile = Callable[[Index, int, Index, int], None]
"""Writes a tile: its first row, rows, first column (or vector of columns), columns."""

WIDE = 16
"""Columns from which on the caller's array is read as it is."""


class _Sums:
    """Writes what is done with sums."""

    def __init__(self, body: Body, ending: Ending) -> None:
        self._body, self._ending = body, ending
        ending.begin(body)

    def write(self, sums: Vector, count: int, slot: Index, stride: int) -> None:
        """The first ``count`` lanes are for the uniforms slot, slot + stride, ..."""
        body = self._body
        if count == body.lanes.width and stride == 1:
            place = neighbours(body, slot)
        else:
            place = scattered(body, [body.offset(lane * stride, (slot, 1)) for lane in range(count)])
        self._ending.end(body, sums, place)


def emit_outer(emitter: Emitter, name: str, outer: Outer, ending: Ending) -> None:
    """A function that makes all sums of ``outer`` over the block's samples."""
    body = emitter.function(name)
    sums = _Sums(body, ending)
    if outer.right is None:
        _sum_rows(emitter, body, outer, sums)
    else:
        _sum_products(emitter, body, _along_slots(outer), sums)
    body.finish()


def emit_sums(emitter: Emitter, name: str, reductions: Sequence[Sum], ending: Ending) -> None:
    """A function that makes single sums, W at a time."""
    body = emitter.function(name)
    layout, width = emitter.layout, emitter.module.width
    writer = _Sums(body, ending)
    for begin in range(0, len(reductions), width):
        some = reductions[begin : begin + width]

        def one_vector(vector: Index, totals: list[Vector], some: Sequence[Sum] = some) -> list[Vector]:
            return [_add_term(emitter, body, one, vector, total) for one, total in zip(some, totals, strict=True)]

        totals = body.loop(layout.vectors, one_vector, [body.constant(0.0)] * len(some))
        across = body.sums(totals)
        for lane, one in enumerate(some):  # one by one, as two may be for the same uniform
            writer.write(across if lane == 0 else body.splat(body.lane(across, lane)), 1, one.slot, 1)
    body.finish()


def _add_term(emitter: Emitter, body: Body, one: Sum, vector: Index, total: Vector) -> Vector:
    left = emitter.load_row(body, one.left, vector)
    return total + left if one.right is None else body.fma(left, emitter.load_row(body, one.right, vector), total)


def _along_slots(outer: Outer) -> Outer:
    """The same sums with left and right exchanged, if that makes neighbours in ``right`` neighbours in the slots."""
    if outer.stride_k == 1 or outer.stride_j != 1 or outer.right is None:
        return outer
    return Outer(outer.right, outer.inputs, outer.left, outer.outputs, outer.slot, outer.stride_k, outer.stride_j)


def _sum_rows(emitter: Emitter, body: Body, outer: Outer, sums: _Sums) -> None:
    """Sums of the left rows alone."""
    layout = emitter.layout
    first = layout.row(outer.left)

    def some_rows(row: Index, count: int) -> None:
        def one_vector(vector: Index, totals: list[Vector]) -> list[Vector]:
            at = body.pointer("%V", body.offset(first, (row, layout.row_bytes), (vector, layout.vector_bytes)))
            return [total + body.load(at, j * layout.row_bytes) for j, total in enumerate(totals)]

        totals = body.loop(layout.vectors, one_vector, [body.constant(0.0)] * count)
        slot = body.offset(outer.slot, (row, outer.stride_j))
        sums.write(body.sums(totals), count, slot, outer.stride_j)

    over_parts(body, split(outer.outputs, emitter.module.width), some_rows)


def _sum_products(emitter: Emitter, body: Body, outer: Outer, sums: _Sums) -> None:
    """Sums of left times right: the caller's columns by whole vectors, the rest across lanes."""
    assert outer.right is not None
    wide = _caller_columns(emitter.layout.tape, outer) // emitter.module.width * emitter.module.width
    if wide:
        _sum_from_array(emitter, body, replace(outer, inputs=wide), sums)
    if wide < outer.inputs:
        right = Row(outer.right.space, outer.right.index + wide)
        rest = replace(outer, right=right, inputs=outer.inputs - wide, slot=outer.slot + wide * outer.stride_k)
        _sum_across_lanes(emitter, body, rest, sums)


def _caller_columns(tape: Tape, outer: Outer) -> int:
    """How many columns of the caller's array are to be read as they are."""
    if outer.right is None or outer.inputs < WIDE or outer.stride_k != 1:
        return 0
    return outer.inputs if data_column(tape, outer.right, outer.inputs) else 0


def _sum_across_lanes(emitter: Emitter, body: Body, outer: Outer, sums: _Sums) -> None:
    """Tiles whose lanes are samples."""
    layout, tiles, width = emitter.layout, emitter.tiles, emitter.module.width
    assert outer.right is not None
    left_row, right_row = layout.row(outer.left), layout.row(outer.right)

    def one_tile(j: Index, rows: int, k: Index, columns: int) -> None:
        def one_vector(vector: Index, totals: list[Vector]) -> list[Vector]:
            at = (vector, layout.vector_bytes)
            lefts = body.pointer("%V", body.offset(left_row, (j, layout.row_bytes), at))
            rights = body.pointer("%V", body.offset(right_row, (k, layout.row_bytes), at))
            adjoints = [body.load(lefts, row * layout.row_bytes) for row in range(rows)]
            following = list(totals)
            for column in range(columns):
                x = body.load(rights, column * layout.row_bytes)
                for row in range(rows):
                    place = row * columns + column
                    following[place] = body.fma(adjoints[row], x, totals[place])
            return following

        totals = body.loop(layout.vectors, one_vector, [body.constant(0.0)] * (rows * columns))
        for row in range(rows):
            for column in range(0, columns, width):
                some = totals[row * columns + column : row * columns + min(column + width, columns)]
                constant = outer.slot + row * outer.stride_j + column * outer.stride_k
                slot = body.offset(constant, (j, outer.stride_j), (k, outer.stride_k))
                sums.write(body.sums(some), len(some), slot, outer.stride_k)

    _over_tiles(body, outer, tiles.gradient_rows, _whole_and_rest(outer.inputs, tiles.gradient_columns), one_tile)


def _whole_and_rest(count: int, most: int) -> list[Part]:
    """Parts of ``most`` and a smaller last one: as many whole vectors of sums as possible."""
    whole = [(0, count // most, most)] if count >= most else []
    return whole + ([(count // most * most, 1, count % most)] if count % most else [])


def _sum_from_array(emitter: Emitter, body: Body, outer: Outer, sums: _Sums) -> None:
    """Tiles whose lanes are columns of the caller's array."""
    layout, tiles, width = emitter.layout, emitter.tiles, emitter.module.width
    assert outer.right is not None
    found = data_column(layout.tape, outer.right, outer.inputs)
    assert found is not None
    number, first_column = found
    array = layout.tape.arrays[number]
    table = layout.row_numbers if array.kind == "data" else layout.mask_numbers
    offset = Arguments(len(layout.tape.arrays)).offset(f"data{number}")
    data = body.assign(f"load ptr, ptr {body.pointer('%A', offset)}, align 8")
    left_row = layout.row(outer.left)

    def one_tile(j: Index, rows: int, k: Index, vectors: int) -> None:
        columns = body.pointer(data, body.offset(8 * first_column, (k, layout.vector_bytes)))
        adjoints = body.pointer("%V", body.offset(left_row, (j, layout.row_bytes)))

        def one_sample(sample: Index, totals: list[Vector]) -> list[Vector]:
            entry = body.pointer("%V", body.offset(table, (sample, 8)))
            row = body.assign(f"load i64, ptr {entry}, align 8")
            source = body.pointer(columns, body.offset(0, (row, 8 * array.columns)))
            xs = [body.load(source, v * layout.vector_bytes, align=8) for v in range(vectors)]
            left = body.pointer(adjoints, body.offset(0, (sample, 8)))
            following = []
            for r in range(rows):
                adjoint = body.broadcast(left, r * layout.row_bytes)
                following += [body.fma(adjoint, x, totals[r * vectors + v]) for v, x in enumerate(xs)]
            return following

        totals = body.loop(layout.samples, one_sample, [body.constant(0.0)] * (rows * vectors))
        for place, total in enumerate(totals):
            r, v = divmod(place, vectors)
            constant = outer.slot + r * outer.stride_j + v * width
            sums.write(total, width, body.offset(constant, (j, outer.stride_j), (k, width)), 1)

    _over_tiles(body, outer, tiles.sample_rows, split(outer.inputs // width, tiles.sample_vectors), one_tile)


def _over_tiles(body: Body, outer: Outer, rows: int, parts: Sequence[Part], one_tile: OneTile) -> None:
    """All tiles: parts of the columns outside, at most ``rows`` rows inside, so that the columns stay in the cache."""
    over_parts(
        body,
        parts,
        lambda k, columns: over_parts(
            body, split(outer.outputs, rows), lambda j, height: one_tile(j, height, k, columns)
        ),
    )
