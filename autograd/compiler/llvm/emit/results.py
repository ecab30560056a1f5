"""What a call gives back: rows as columns of an array of the caller's, and the mean of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tape import Number, Operand, Row, Uniform
from ..text.body import Body
from ..text.registers import Index
from .emitter import Emitter

OUTPUT_PARAMETERS = "ptr noalias %V, ptr noalias %P, ptr noalias %U, ptr noalias %out, i64 %first, i64 %count"
"""The array has a sample a row; ``first`` is the block's first sample."""


def emit_output(emitter: Emitter, name: str, operands: Sequence[Operand | None]) -> None:
    """A function that writes operand j of each sample of the block to column j; None is 0."""
    body = emitter.module.function(name, OUTPUT_PARAMETERS, internal=True)
    row_bytes = 8 * len(operands)
    start = body.pointer("%out", body.offset(0, ("%first", row_bytes)))

    def one_sample(sample: Index, _: list[Any]) -> None:
        target = body.pointer(start, body.offset(0, (sample, row_bytes)))
        source = body.pointer("%V", body.offset(0, (sample, 8)))
        for column, operand in enumerate(operands):
            body.store_scalar(target, 8 * column, _scalar(emitter, body, operand, source))

    body.loop("%count", one_sample)
    body.finish()


def _scalar(emitter: Emitter, body: Body, operand: Operand | None, source: str) -> str:
    if isinstance(operand, Row):
        return body.load_scalar(source, emitter.layout.row(operand))
    if isinstance(operand, Uniform):
        return body.load_scalar(*emitter.layout.uniform(operand.slot))
    number = body.constant(operand.value if isinstance(operand, Number) else 0.0)
    return body.lane(number, 0)


def emit_loss(emitter: Emitter, body: Body, result: Operand, seed: Row) -> None:
    """A function that adds the block's results times their seeds to the loss, a lane a sample."""
    layout = emitter.layout

    def one_vector(vector: Index, sums: list[Any]) -> list[Any]:
        value = emitter.operand(body, result, vector)
        return [body.fma(value, emitter.load_row(body, seed, vector), sums[0])]

    (total,) = body.loop(layout.vectors, one_vector, [body.load("%V", layout.loss)])
    body.store("%V", layout.loss, total)
