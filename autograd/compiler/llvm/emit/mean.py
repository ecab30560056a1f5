"""Means over the batch: the one thing that samples learn of each other, so all of them are in one block."""

from __future__ import annotations

from typing import Any

from ...tape import Mean
from ..text.body import Body
from ..text.registers import Index, Vector
from .emitter import Emitter, inside, over_parts, split

Begin = tuple[str, Index]
"""Where a row begins: a pointer, and bytes behind it."""

_TOGETHER = 4
"""Rows that are summed at a time, so that their latencies overlap."""


def emit_mean(emitter: Emitter, body: Body, unit: Mean) -> None:
    """A function that writes the mean of each row over the samples that are no padding."""
    layout = emitter.layout
    count = body.load_scalar("%V", layout.count, "i64")
    samples = body.splat(body.assign(f"sitofp i64 {count} to double"))

    def some_rows(member: Index, rows: int) -> None:
        source = [emitter.place(body, unit.first, 0, member, k) for k in range(rows)]
        target = [emitter.place(body, unit.store, 0, member, k) for k in range(rows)]
        means = [_everywhere(body, total) / samples for total in _sums(emitter, body, source, count)]
        _write(emitter, body, target, means, count if unit.adjoint else None)

    over_parts(body, split(unit.members, _TOGETHER), some_rows)


def _sums(emitter: Emitter, body: Body, rows: list[Begin], count: str) -> list[Vector]:
    vector_bytes = emitter.layout.vector_bytes

    def one_vector(vector: Index, sums: list[Any]) -> list[Any]:
        counts = inside(body, vector, count)
        numbers = [body.load(base, body.offset(0, (row, 1), (vector, vector_bytes))) for base, row in rows]
        return [total + body.choose(counts, x, 0.0) for total, x in zip(sums, numbers, strict=True)]

    sums: list[Vector] = body.loop(emitter.layout.vectors, one_vector, [body.constant(0.0)] * len(rows))
    return sums


def _everywhere(body: Body, total: Vector) -> Vector:
    return body.splat(body.lane(body.sums([total]), 0))


def _write(emitter: Emitter, body: Body, rows: list[Begin], means: list[Vector], count: str | None) -> None:
    """Write means to rows; with a count the padding behind it gets 0."""
    vector_bytes = emitter.layout.vector_bytes

    def one_vector(vector: Index, _: list[Any]) -> None:
        numbers = means
        if count is not None:
            counts = inside(body, vector, count)
            numbers = [body.choose(counts, mean, 0.0) for mean in means]
        for (base, row), x in zip(rows, numbers, strict=True):
            body.store(base, body.offset(0, (row, 1), (vector, vector_bytes)), x)

    body.loop(emitter.layout.vectors, one_vector)
