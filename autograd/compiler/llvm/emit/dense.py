"""Dense blocks: a matrix times the rows of a block of samples, in tiles that stay in registers.

A tile is some outputs times some vectors of samples. Its sums run over all terms, or, where there are many, over parts
of them, so that the rows of a part stay in the first-level cache while all the outputs use them. What follows the
product member by member is done on the sums before they are stored.

The order of loops is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
Transactions on Mathematical Software 34 (2008), without packing: rows are contiguous already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from ...tape import Dense
from ..text.body import Body
from ..text.module import Table
from ..text.registers import Index, Vector
from .emitter import Emitter, over_parts, split
from .map import apply_map

_MANY = 3
"""Parts, or passes, that differ only in where they begin and from which on a loop reads that from a table."""


@dataclass(frozen=True)
class _Part:
    """Terms that follow each other. Where rows and coefficients begin is a pointer and bytes, perhaps in a register."""

    rows: tuple[str, Index]
    weights: tuple[str, Index]
    terms: int
    stride_j: int
    stride_k: int

    @property
    def kind(self) -> tuple[Any, ...]:
        """What parts have in common that differ only in where they begin."""
        return self.rows[0], self.weights[0], self.terms, self.stride_j, self.stride_k


@dataclass(frozen=True)
class _Pass:
    """Parts that are added while the sums are in registers, the first of them being the block's part ``number``."""

    number: Index
    parts: tuple[_Part, ...]
    is_first: bool
    is_last: bool

    @property
    def kind(self) -> tuple[Any, ...]:
        """What passes have in common that can be a loop."""
        return self.is_first, self.is_last, *(part.kind for part in self.parts)


@dataclass(frozen=True)
class _Tile:
    """Which outputs and which vectors; the firsts may be registers."""

    output: Index
    outputs: int
    vector: Index
    vectors: int


def emit_dense(emitter: Emitter, body: Body, unit: Dense) -> None:
    """A function that runs the block for the samples of a block."""
    block = _Block(emitter, body, unit)
    over_parts(body, split(emitter.layout.vectors, emitter.tiles.vectors), block.all_passes)


def _passes(unit: Dense, emitter: Emitter) -> Iterator[_Pass]:
    """The terms of each pass over the outputs: all of them, or as many as keep their rows in the first-level cache."""
    depth = emitter.tiles.depth if emitter.layout.in_parts(unit) else sum(s.count for s in unit.segments)
    passes: list[list[_Part]] = [[]]
    for part in _parts(unit, emitter, depth):
        if sum(other.terms for other in passes[-1]) + part.terms > depth:
            passes.append([])
        passes[-1].append(part)
    number = 0
    for k, parts in enumerate(passes):
        yield _Pass(number, tuple(parts), k == 0, k == len(passes) - 1)
        number += len(parts)


def _parts(unit: Dense, emitter: Emitter, depth: int) -> Iterator[_Part]:
    """The segments, cut where they have more than ``depth`` terms."""
    row_bytes, addresses = emitter.layout.row_bytes, emitter.addresses
    for segment in unit.segments:
        stride_j, stride_k = 8 * segment.stride_j, 8 * segment.stride_k
        (rows, row), (weights, weight) = addresses.row(segment.first), addresses.uniform(segment.slot)
        for first, count, terms in split(segment.count, depth):
            for k in range(first, first + count * terms, terms):
                begin = (rows, row + k * row_bytes), (weights, weight + k * stride_k)
                yield _Part(*begin, terms, stride_j, stride_k)


class _Block:
    """Writes the passes and tiles of one dense block."""

    def __init__(self, emitter: Emitter, body: Body, unit: Dense) -> None:
        self._emitter, self._body, self._unit, self._layout = emitter, body, unit, emitter.layout
        self._passes = list(_passes(unit, emitter))

    @cached_property
    def _table(self) -> Table:
        """Where rows and coefficients of each part begin."""
        begins = [(int(part.rows[1]), int(part.weights[1])) for one in self._passes for part in one.parts]
        return Table(self._body.module, f"{self._body.name}_parts", begins)

    def all_passes(self, vector: Index, vectors: int) -> None:
        """All passes for some vectors of samples."""
        for _, group in groupby(self._passes, key=lambda one: one.kind):
            alike = list(group)
            if len(alike) >= _MANY:
                self._loop_of_passes(alike, vector, vectors)
            else:
                for one in alike:
                    self._pass(one, vector, vectors)

    def _loop_of_passes(self, alike: list[_Pass], vector: Index, vectors: int) -> None:
        first, size = alike[0], len(alike[0].parts)

        def one_pass(k: Index, _: list[Any]) -> None:
            number = self._body.offset(0, (first.number, 1), (k, size))
            self._pass(replace(first, number=number), vector, vectors)

        self._body.loop(len(alike), one_pass)

    def _pass(self, one: _Pass, vector: Index, vectors: int) -> None:
        """One pass over all outputs."""

        def one_tile(output: Index, outputs: int) -> None:
            self._tile(_Tile(output, outputs, vector, vectors), one)

        over_parts(self._body, split(self._unit.outputs, self._emitter.tiles.rows), one_tile)

    def _tile(self, tile: _Tile, one: _Pass) -> None:
        """One tile of one pass: sums from the bias or from memory, to memory or through the epilogue."""
        sums = self._biases(tile) if one.is_first else self._partial_sums(tile)
        sums = self._add_parts(tile, one, sums)
        for k, total in enumerate(sums):
            j, v = divmod(k, tile.vectors)
            if one.is_last:
                self._finish(tile, j, v, total)
            else:
                self._body.store("%V", self._place(self._layout.temporary, tile, j, v), total)

    def _place(self, first: int, tile: _Tile, j: int, v: int) -> Index:
        row_bytes, vector_bytes = self._layout.row_bytes, self._layout.vector_bytes
        constant = first + j * row_bytes + v * vector_bytes
        return self._body.offset(constant, (tile.output, row_bytes), (tile.vector, vector_bytes))

    def _biases(self, tile: _Tile) -> list[Vector]:
        unit, body = self._unit, self._body
        if unit.bias is None:
            return [body.constant(0.0)] * (tile.outputs * tile.vectors)
        stride = 8 * unit.bias_stride
        return [
            row
            for j in range(tile.outputs)
            for row in [self._emitter.broadcast(body, unit.bias, (j, stride), (tile.output, stride))] * tile.vectors
        ]

    def _partial_sums(self, tile: _Tile) -> list[Vector]:
        places = ((j, v) for j in range(tile.outputs) for v in range(tile.vectors))
        return [self._body.load("%V", self._place(self._layout.temporary, tile, j, v)) for j, v in places]

    def _add_parts(self, tile: _Tile, one: _Pass, sums: list[Vector]) -> list[Vector]:
        """Add all products of a pass, in loops over the table where there are many parts or the number isn't known."""
        number = one.number
        for _, group in groupby(one.parts, key=lambda part: part.kind):
            alike = list(group)
            if isinstance(number, str) or len(alike) >= _MANY:
                sums = self._add_from_table(tile, alike[0], number, len(alike), sums)
            else:
                for part in alike:
                    sums = self._add_products(tile, part, sums)
            number = self._body.offset(len(alike), (number, 1))
        return sums

    def _add_from_table(self, tile: _Tile, like: _Part, number: Index, count: int, sums: list[Vector]) -> list[Vector]:
        """Parts from ``number`` on that are ``like`` this one."""
        body = self._body

        def one_part(k: Index, sums: list[Vector]) -> list[Vector]:
            row, weight = (self._table.read(body, body.offset(0, (number, 1), (k, 1)), column) for column in (0, 1))
            part = replace(like, rows=(like.rows[0], row), weights=(like.weights[0], weight))
            return self._add_products(tile, part, sums)

        return body.loop(count, one_part, sums)

    def _add_products(self, tile: _Tile, part: _Part, sums: list[Vector]) -> list[Vector]:
        """Add coefficient times row for each term of the part."""
        body, layout = self._body, self._layout
        (rows, row), (base, weight) = part.rows, part.weights

        def one_term(k: Index, sums: list[Vector]) -> list[Vector]:
            at = body.offset(0, (row, 1), (k, layout.row_bytes), (tile.vector, layout.vector_bytes))
            source = body.pointer(rows, at)
            weights = body.pointer(base, body.offset(0, (weight, 1), (k, part.stride_k), (tile.output, part.stride_j)))
            xs = [body.load(source, v * layout.vector_bytes) for v in range(tile.vectors)]
            products = []
            for j in range(tile.outputs):
                coefficient = body.broadcast(weights, j * part.stride_j)
                products += [body.fma(coefficient, x, sums[j * tile.vectors + v]) for v, x in enumerate(xs)]
            return products

        return body.loop(part.terms, one_term, sums)

    def _finish(self, tile: _Tile, j: int, v: int, total: Vector) -> None:
        """Store the sum, and what the epilogue makes of it."""
        body, unit = self._body, self._unit
        if unit.store is not None:
            base, first = self._emitter.addresses.row(unit.store)
            body.store(base, self._place(first, tile, j, v), total)
        outputs: dict[int | None, Any] = {None: total}
        member, vector = body.offset(j, (tile.output, 1)), body.offset(v, (tile.vector, 1))
        for number, fused in enumerate(unit.epilogue):
            outputs[number] = apply_map(self._emitter, body, fused, member, vector, outputs)
