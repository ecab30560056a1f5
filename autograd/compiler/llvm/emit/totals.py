"""Totals: sums over runs of parameters, before the samples; and their way back to each parameter, behind them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...tape import Total
from ..math.elementary import Vectors
from ..text.body import Body
from ..text.registers import Index, Vector
from .emitter import Emitter
from .ending import Slots, neighbours, scattered

_CHAINS = 4
"""Sums that are made at a time, as an addition takes four cycles."""


def emit_totals(emitter: Emitter, body: Body) -> None:
    """A function that fills the slots of the totals."""
    for total in emitter.layout.tape.totals:
        number = summed(body, total.kind, "%P", total.first, total.count)
        body.store_scalar(*emitter.layout.uniform(total.slot), body.lane(number, 0))


def emit_totals_back(emitter: Emitter, body: Body) -> None:
    """A function that adds to the adjoints of the parameters what flows back through the totals.

    The adjoint of each total is used up: it is zero for the next run.
    """
    layout = emitter.layout
    for total in layout.tape.totals:
        base, offset = layout.uniform(layout.tape.uniforms + total.slot)
        adjoint = body.broadcast(base, offset)
        body.store_scalar(base, offset, "0.0")
        _over(body, total, partial(_pass_on, body, total.kind, adjoint))


def summed(body: Body, kind: str, base: str, first: int, count: int) -> Vector:
    """The sum of the "squares" or "magnitudes" of ``count`` numbers of an array that has an entry a uniform.

    It is in the first lane, and perhaps in others.
    """
    width = body.lanes.width
    rounds = count // (_CHAINS * width)

    def with_term(place: Slots, old: Vector) -> Vector:
        w = place.read(base)
        return body.fma(w, w, old) if kind == "squares" else old + body.intrinsic("fabs", w)

    def one_round(k: Index, sums: list[Any]) -> list[Any]:
        slots = [body.offset(first + chain * width, (k, _CHAINS * width)) for chain in range(_CHAINS)]
        return [with_term(neighbours(body, slot), old) for slot, old in zip(slots, sums, strict=True)]

    total = body.constant(0.0)
    for part in body.loop(rounds, one_round, [total] * _CHAINS):
        total = total + part
    for slot in range(first + rounds * _CHAINS * width, first + count, width):
        total = with_term(_place(body, slot, first + count), total)
    return body.sums([total])


def _over(body: Body, total: Total, do: Callable[[Slots], None]) -> None:
    width = body.lanes.width
    whole = total.count // width
    body.loop(whole, lambda k, _: do(neighbours(body, body.offset(total.first, (k, width)))))
    if whole * width < total.count:
        do(_place(body, total.first + whole * width, total.first + total.count))


def _place(body: Body, slot: int, end: int) -> Slots:
    """The next W slots before the end, or those that are left."""
    width = body.lanes.width
    return neighbours(body, slot) if slot + width <= end else scattered(body, list(range(slot, end)))


def _pass_on(body: Body, kind: str, adjoint: Vector, place: Slots) -> None:
    w = place.read("%P")
    if kind == "squares":
        place.write("%G", body.fma(adjoint * 2.0, w, place.read("%G")))
    else:
        xp = Vectors(body)
        place.write("%G", place.read("%G") + xp.where(w > 0.0, adjoint, xp.where(w < 0.0, -adjoint, 0.0)))
