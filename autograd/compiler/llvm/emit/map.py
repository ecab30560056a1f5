"""Maps: one operation on many aligned rows. Alone it is a loop; behind a dense block it is part of the last store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...tape import Map, Number, Output, Rows, Uniforms
from ..text.body import Body
from ..text.registers import Index
from .emitter import Emitter, Refused

_UNROLLED = 4
"""Vectors of one round, so that their latencies overlap."""


def emit_map(emitter: Emitter, body: Body, unit: Map) -> None:
    """A function that runs the map for the samples of a block."""
    layout = emitter.layout

    def one_member(member: Index, _: list[Any]) -> None:
        def one_vector(vector: Index, _: list[Any]) -> None:
            apply_map(emitter, body, unit, member, vector, {})

        body.loop(layout.vectors, one_vector)

    if all(isinstance(arg, Rows | Number) for arg in unit.args):
        # Aligned groups are contiguous, so that members and vectors are one long row.
        _emit_long_row(emitter, body, unit)
    else:
        body.loop(unit.members, one_member)


def _emit_long_row(emitter: Emitter, body: Body, unit: Map) -> None:
    vectors = unit.members * emitter.layout.vectors
    rounds = vectors // _UNROLLED * _UNROLLED

    def one_round(first: Index, _: list[Any]) -> None:
        for k in range(_UNROLLED):
            apply_map(emitter, body, unit, 0, body.offset(k, (first, 1)), {})

    body.loop(rounds, one_round, stride=_UNROLLED)
    for vector in range(rounds, vectors):
        apply_map(emitter, body, unit, 0, vector, {})


def apply_map(
    emitter: Emitter, body: Body, unit: Map, member: Index, vector: Index, outputs: Mapping[int | None, Any]
) -> Any:
    """One member on one vector of samples, stored where the map says so. ``outputs``: what `Output` stands for."""

    def read(arg: Any) -> Any:
        if isinstance(arg, Output):
            return outputs[arg.map]
        if isinstance(arg, Rows):
            return body.load(*emitter.place(body, arg.first, vector, member))
        if isinstance(arg, Uniforms):
            return emitter.broadcast(body, arg.slot, (member, 8 * arg.stride))
        return emitter.operand(body, arg, vector)

    refused = Refused() if unit.checked else None
    result = emitter.apply(body, unit.op, [read(arg) for arg in unit.args], refused)
    if refused is not None:
        emitter.report(body, refused)
    if unit.store is not None:
        body.store(*emitter.place(body, unit.store, vector, member), result)
    return result
