"""Gradient sums: products of adjoints and rows, summed over the samples into the adjoints of uniforms.

A whole matrix of sums is made in tiles, in one of two ways. Where the lanes are samples, a tile's sums are added up
across lanes by a tree that transposes as it adds. Where the rows are columns of the caller's array, and many, the lanes
are columns, read from the array as it is, and nothing needs adding across lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...tape import SumMatrix, SumOne
from ..memory_map import Arguments, columns_read
from ..text.body import Body
from ..text.module import Table
from ..text.registers import Index, Vector
from .emitter import Emitter, EqualParts, over_parts, split
from .ending import Ending, neighbours, scattered

OneTile = Callable[[Index, int, Index, int], None]
"""Writes a tile: its first row, rows, first column (or vector of columns), columns."""

_MANY = 4
"""Vectors of single sums from which on a loop makes them."""


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


def emit_outer(emitter: Emitter, body: Body, outer: SumMatrix, ending: Ending) -> None:
    """A function that makes all sums of ``outer`` over the block's samples."""
    sums = _Sums(body, ending)
    if outer.right is None:
        _sum_rows(emitter, body, outer, sums)
    else:
        _sum_products(emitter, body, outer, sums)


def emit_sums(emitter: Emitter, body: Body, reductions: Sequence[SumOne], ending: Ending) -> None:
    """A function that makes single sums, W at a time; many of them in a loop over a table."""
    width = emitter.module.width
    writer = _Sums(body, ending)
    for kind, alike in _by_kind(emitter, reductions).items():
        looped = len(alike) // width * width if len(alike) >= _MANY * width else 0
        if looped:
            _sums_of_table(emitter, body, Table(body.module, f"{body.name}_{kind}", alike[:looped]), looped, writer)
        for begin in range(looped, len(alike), width):
            _some_sums(emitter, body, alike[begin : begin + width], writer)


def _by_kind(emitter: Emitter, reductions: Sequence[SumOne]) -> dict[str, list[tuple[int, ...]]]:
    """Where the rows of each sum begin, and last its slot: of the sums of products, and of the sums of rows."""
    row, kinds = emitter.layout.row, dict[str, list[tuple[int, ...]]]()
    for one in reductions:
        rows = [one.left] if one.right is None else [one.left, one.right]
        kinds.setdefault("rows" if one.right is None else "products", []).append((*map(row, rows), one.slot))
    return kinds


def _sums_of_table(emitter: Emitter, body: Body, table: Table, count: int, writer: _Sums) -> None:
    width = emitter.module.width

    def one_round(first: Index, _: list[Any]) -> None:
        numbers = [body.offset(lane, (first, 1)) for lane in range(width)]
        some = [[table.read(body, number, column) for column in range(table.columns)] for number in numbers]
        _some_sums(emitter, body, some, writer)

    body.loop(count, one_round, stride=width)


def _some_sums(emitter: Emitter, body: Body, some: Sequence[Sequence[Index]], writer: _Sums) -> None:
    """At most W sums, each given by where its rows begin and by its slot."""
    layout = emitter.layout

    def one_vector(vector: Index, totals: list[Vector]) -> list[Vector]:
        following = []
        for (*rows, _), total in zip(some, totals, strict=True):
            xs = [body.load("%V", body.offset(0, (row, 1), (vector, layout.vector_bytes))) for row in rows]
            following.append(body.fma(xs[0], xs[1], total) if len(xs) > 1 else total + xs[0])
        return following

    totals = body.loop(layout.vectors, one_vector, [body.constant(0.0)] * len(some))
    across = body.sums(totals)
    for lane, (*_, slot) in enumerate(some):  # one by one, as two may be for the same uniform
        writer.write(across if lane == 0 else body.splat(body.lane(across, lane)), 1, slot, 1)


def along_slots(outer: SumMatrix) -> SumMatrix:
    """The same sums with left and right exchanged, if that makes neighbours in ``right`` neighbours in the slots."""
    if outer.stride_k == 1 or outer.stride_j != 1 or outer.right is None:
        return outer
    return SumMatrix(outer.right, outer.inputs, outer.left, outer.outputs, outer.slot, outer.stride_k, outer.stride_j)


def _sum_rows(emitter: Emitter, body: Body, outer: SumMatrix, sums: _Sums) -> None:
    """Sums of the left rows alone."""
    layout, first_slot = emitter.layout, emitter.addresses.slot(outer.slot)

    def some_rows(row: Index, count: int) -> None:
        def one_vector(vector: Index, totals: list[Vector]) -> list[Vector]:
            at = body.pointer(*emitter.place(body, outer.left, vector, row))
            return [total + body.load(at, j * layout.row_bytes) for j, total in enumerate(totals)]

        totals = body.loop(layout.vectors, one_vector, [body.constant(0.0)] * count)
        slot = body.offset(0, (first_slot, 1), (row, outer.stride_j))
        sums.write(body.sums(totals), count, slot, outer.stride_j)

    over_parts(body, split(outer.outputs, emitter.module.width), some_rows)


def _sum_products(emitter: Emitter, body: Body, outer: SumMatrix, sums: _Sums) -> None:
    """Sums of left times right: the caller's columns by whole vectors, the rest across lanes."""
    vectors = outer.inputs // emitter.module.width if columns_read(emitter.layout.tape, outer) else 0
    if vectors:
        _sum_from_array(emitter, body, outer, vectors, sums)
    if vectors * emitter.module.width < outer.inputs:
        _sum_across_lanes(emitter, body, outer, vectors * emitter.module.width, sums)


def _sum_across_lanes(emitter: Emitter, body: Body, outer: SumMatrix, begin: int, sums: _Sums) -> None:
    """Tiles whose lanes are samples, for the columns from ``begin`` on."""
    layout, tiles, width = emitter.layout, emitter.tiles, emitter.module.width
    first_slot, right = emitter.addresses.slot(outer.slot), outer.right
    assert right is not None

    def one_tile(j: Index, rows: int, k: Index, columns: int) -> None:
        def one_vector(vector: Index, totals: list[Vector]) -> list[Vector]:
            lefts = body.pointer(*emitter.place(body, outer.left, vector, j))
            rights = body.pointer(*emitter.place(body, right, vector, k))
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
                constant = row * outer.stride_j + column * outer.stride_k
                slot = body.offset(constant, (first_slot, 1), (j, outer.stride_j), (k, outer.stride_k))
                sums.write(body.sums(some), len(some), slot, outer.stride_k)

    columns = _whole_and_rest(begin, outer.inputs, tiles.gradient_columns)
    _over_tiles(body, outer, tiles.gradient_rows, columns, one_tile)


def _whole_and_rest(begin: int, end: int, most: int) -> list[EqualParts]:
    """Parts of ``most`` and a smaller last one: as many whole vectors of sums as possible."""
    count, rest = divmod(end - begin, most)
    whole = [(begin, count, most)] if count else []
    return whole + ([(end - rest, 1, rest)] if rest else [])


def _sum_from_array(emitter: Emitter, body: Body, outer: SumMatrix, count: int, sums: _Sums) -> None:
    """Tiles whose lanes are columns of the caller's array: ``count`` vectors of them."""
    layout, tiles, width = emitter.layout, emitter.tiles, emitter.module.width
    found = columns_read(layout.tape, outer)
    assert found is not None
    number, first_column = found[0], emitter.addresses.column(found[1])
    first_slot = emitter.addresses.slot(outer.slot)
    array = layout.tape.arrays[number]
    table = layout.row_numbers if array.kind == "data" else layout.mask_numbers
    offset = Arguments(len(layout.tape.arrays)).offset(f"data{number}")
    data = body.load_scalar("%A", offset, "ptr")

    def one_tile(j: Index, rows: int, k: Index, vectors: int) -> None:
        columns = body.pointer(data, body.offset(0, (first_column, 8), (k, layout.vector_bytes)))
        adjoints = body.pointer(*emitter.place(body, outer.left, 0, j))

        def one_sample(sample: Index, totals: list[Vector]) -> list[Vector]:
            row = body.load_scalar("%V", body.offset(table, (sample, 8)), "i64")
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
            slot = body.offset(r * outer.stride_j + v * width, (first_slot, 1), (j, outer.stride_j), (k, width))
            sums.write(total, width, slot, 1)

    _over_tiles(body, outer, tiles.sample_rows, split(count, tiles.sample_vectors), one_tile)


def _over_tiles(body: Body, outer: SumMatrix, rows: int, parts: Sequence[EqualParts], one_tile: OneTile) -> None:
    """All tiles: parts of the columns outside, at most ``rows`` rows inside, so that the columns stay in the cache."""
    over_parts(
        body,
        parts,
        lambda k, columns: over_parts(
            body, split(outer.outputs, rows), lambda j, height: one_tile(j, height, k, columns)
        ),
    )
