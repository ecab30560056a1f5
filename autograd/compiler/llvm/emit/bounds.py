"""Bounds: whether gradient sums are certain to be finite before they are made.

Then they need not be kept until all of them have been tested: they go straight to where they are used. Since
|Σ a b| <= Σ|a| Σ|b|, it is enough to sum the magnitudes of the rows, which are far fewer numbers than the sums of a
large network. Magnitudes are scaled down, so that their sums don't overflow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...tape import Row, SumMatrix, Tape
from ..memory_map import data_column
from ..text.body import Body
from ..text.registers import Index, Vector
from .emitter import Emitter

SCALE = 2.0**-60
_LIMIT = 2.0**900
RowRange = tuple[Row, int]
"""Contiguous rows: the first, and how many."""


def magnitude(body: Body, x: Vector) -> Vector:
    """|x|, scaled down."""
    return body.intrinsic("fabs", x * SCALE)


def left_rows(tape: Tape) -> list[RowRange]:
    """The rows of adjoints that are reduced."""
    return list(dict.fromkeys((r.left, r.outputs if isinstance(r, SumMatrix) else 1) for r in tape.reductions))


def right_rows(tape: Tape) -> list[RowRange]:
    """The rows that these are multiplied by."""
    pairs = ((r.right, r.inputs if isinstance(r, SumMatrix) else 1) for r in tape.reductions)
    return list(dict.fromkeys((row, count) for row, count in pairs if row is not None))


def pays(tape: Tape, samples: int) -> bool:
    """Whether testing the rows of so many samples costs less than keeping and reading the gradients."""
    rows = [*left_rows(tape), *(pair for pair in right_rows(tape) if data_column(tape, *pair) is None)]
    return tape.parameters > 2 * samples * sum(count for _, count in rows)


def emit_bounds(emitter: Emitter, body: Body) -> None:
    """A function that writes whether all gradient sums of the block are certain to be finite, an i64 1 or 0."""
    layout, tape = emitter.layout, emitter.layout.tape
    left = _total(emitter, body, left_rows(tape))
    right = _total(emitter, body, right_rows(tape))
    # Sums of left alone count as products with 1. NaN fails the comparison.
    certain = (1.0 + right) * left < _LIMIT
    number = body.assign(f"zext i1 {body.lane(certain, 0)} to i64")
    body.store_scalar("%V", layout.certain, number, "i64")


def _total(emitter: Emitter, body: Body, groups: Iterable[RowRange]) -> Vector:
    """The magnitudes of all these rows, in every lane."""
    layout = emitter.layout
    total = body.constant(0.0)
    for first, count in groups:
        found = data_column(layout.tape, first, count)
        if found is None:
            total = total + _sum_of_rows(emitter, body, first, count)
        else:  # packing has summed these
            total = total + body.load("%V", layout.magnitude(found[0]))
    return body.splat(body.lane(body.sums([total]), 0))


def _sum_of_rows(emitter: Emitter, body: Body, first: Row, count: int) -> Vector:
    layout = emitter.layout
    start = layout.row(first)
    vectors = count * layout.vectors

    def one_vector(vector: Index, sums: list[Any]) -> list[Any]:
        numbers = body.load("%V", body.offset(start, (vector, layout.vector_bytes)))
        return [sums[0] + magnitude(body, numbers)]

    (total,) = body.loop(vectors, one_vector, [body.constant(0.0)])
    return total if isinstance(total, Vector) else body.constant(total)
