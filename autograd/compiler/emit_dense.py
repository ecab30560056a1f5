"""Dense blocks: a matrix times the rows of a block of samples, in tiles that stay in registers.

A tile is some outputs times some vectors of samples. Its sums run over all terms, or, where there are many, over parts
of them, so that the rows of a part stay in the first-level cache while all the outputs use them. What follows the
product member by member is done on the sums before they are stored.

The order of loops is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
Transactions on Mathematical Software 34 (2008), without packing: rows are contiguous already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .emit import Emitter, over_parts, split
from .emit_map import apply_map
from .ir import Body, Index, Vector
from .tape import Dense, Segment


@dataclass(frozen=True)
class _Part:
    """Terms ``begin`` to ``end`` of a segment."""

    segment: Segment
    begin: int
    end: int


@dataclass(frozen=True)
class _Tile:
    """Which outputs and which vectors; the firsts may be registers."""

    output: Index
    outputs: int
    vector: Index
    vectors: int


def emit_dense(emitter: Emitter, name: str, unit: Dense) -> None:
    """A function that runs the block for the samples of a block."""
    body = emitter.function(name)
    block = _Block(emitter, body, unit)
    passes = _passes(unit, emitter)
    rows = split(unit.outputs, emitter.tiles.rows)

    def one_pass(number: int, vector: Index, vectors: int) -> None:
        def one_tile(output: Index, outputs: int) -> None:
            tile = _Tile(output, outputs, vector, vectors)
            block.tile(tile, passes[number], number == 0, number == len(passes) - 1)

        over_parts(body, rows, one_tile)

    def some_vectors(vector: Index, vectors: int) -> None:
        for number in range(len(passes)):
            one_pass(number, vector, vectors)

    over_parts(body, split(emitter.layout.vectors, emitter.tiles.vectors), some_vectors)
    body.finish()


def _passes(unit: Dense, emitter: Emitter) -> list[list[_Part]]:
    """The terms of each pass over the outputs: all of them, or a part a pass."""
    if not emitter.layout.in_parts(unit):
        return [[_Part(segment, 0, segment.count) for segment in unit.segments]]
    return [
        [_Part(segment, begin + k * size, begin + (k + 1) * size)]
        for segment in unit.segments
        for begin, parts, size in split(segment.count, emitter.tiles.depth)
        for k in range(parts)
    ]


class _Block:
    """Writes the tiles of one dense block."""

    def __init__(self, emitter: Emitter, body: Body, unit: Dense) -> None:
        self._emitter, self._body, self._unit, self._layout = emitter, body, unit, emitter.layout

    def tile(self, tile: _Tile, parts: list[_Part], is_first: bool, is_last: bool) -> None:
        """One tile of one pass: sums from the bias or from memory, to memory or through the epilogue."""
        sums = self._biases(tile) if is_first else self._partial_sums(tile)
        for part in parts:
            sums = self._add_products(tile, part, sums)
        for k, total in enumerate(sums):
            j, v = divmod(k, tile.vectors)
            if is_last:
                self._finish(tile, j, v, total)
            else:
                self._body.store("%V", self._place(self._layout.temporary, tile, j, v), total)

    def _place(self, first: int, tile: _Tile, j: int, v: int) -> Index:
        row_bytes, vector_bytes = self._layout.row_bytes, self._layout.vector_bytes
        constant = first + j * row_bytes + v * vector_bytes
        return self._body.offset(constant, (tile.output, row_bytes), (tile.vector, vector_bytes))

    def _biases(self, tile: _Tile) -> list[Vector]:
        bias, stride = self._unit.bias, 8 * self._unit.bias_stride
        if bias is None:
            return [self._body.constant(0.0)] * (tile.outputs * tile.vectors)
        base, offset = self._layout.uniform(bias)
        return [
            row
            for j in range(tile.outputs)
            for row in [self._body.broadcast(base, self._body.offset(offset + j * stride, (tile.output, stride)))]
            * tile.vectors
        ]

    def _partial_sums(self, tile: _Tile) -> list[Vector]:
        places = ((j, v) for j in range(tile.outputs) for v in range(tile.vectors))
        return [self._body.load("%V", self._place(self._layout.temporary, tile, j, v)) for j, v in places]

    def _add_products(self, tile: _Tile, part: _Part, sums: list[Vector]) -> list[Vector]:
        """Add coefficient times row for each term of the part."""
        body, layout, segment = self._body, self._layout, part.segment
        base, slot = layout.uniform(segment.slot)
        stride_j, stride_k = 8 * segment.stride_j, 8 * segment.stride_k
        row = layout.row(segment.first)

        def one_term(k: Index, sums: list[Vector]) -> list[Vector]:
            at = body.offset(row, (k, layout.row_bytes), (tile.vector, layout.vector_bytes))
            source = body.pointer("%V", at)
            weights = body.pointer(base, body.offset(slot, (k, stride_k), (tile.output, stride_j)))
            xs = [body.load(source, v * layout.vector_bytes) for v in range(tile.vectors)]
            products = []
            for j in range(tile.outputs):
                weight = body.broadcast(weights, j * stride_j)
                products += [body.fma(weight, x, sums[j * tile.vectors + v]) for v, x in enumerate(xs)]
            return products

        return body.loop(part.end, one_term, sums, start=part.begin)

    def _finish(self, tile: _Tile, j: int, v: int, total: Vector) -> None:
        """Store the sum, and what the epilogue makes of it."""
        body, unit = self._body, self._unit
        if unit.store is not None:
            body.store("%V", self._place(self._layout.row(unit.store), tile, j, v), total)
        outputs: dict[int | None, Any] = {None: total}
        member, vector = body.offset(j, (tile.output, 1)), body.offset(v, (tile.vector, 1))
        for number, fused in enumerate(unit.epilogue):
            outputs[number] = apply_map(self._emitter, body, fused, member, vector, outputs)
