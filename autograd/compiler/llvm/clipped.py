"""Clipping inside a training: the rule of an optimizer behind a bound on the norm of all gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ...optim.clipping import EPS
from ...optim.rule import Functions, Row, Rows, Rule, Update
from .emit.emitter import Emitter, raise_flag
from .emit.totals import summed
from .math.elementary import Vectors
from .memory_map import FLAG_GRADIENT
from .text.body import Body


@dataclass(frozen=True)
class Clipped(Rule):
    """A rule for gradients that are scaled first: by its last scalar, which the code of a training computes."""

    @classmethod
    def around(cls, rule: Rule) -> Self:
        """The rule with two scalars more: the largest norm, and the scale that it comes to."""
        return cls(rule.kind, rule.constants, rule.state, (*rule.scalars, "max_norm", "scale"))

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """The formula for scaled gradients."""
        return super().update(xp, p, h["scale"] * g, s, h)


def emit_scale(emitter: Emitter, body: Body, rule: Clipped) -> None:
    """A function that writes the scale, as `optim.clip_grad_norm_` has it, into the numbers of the step."""
    layout = emitter.layout
    count = len(rule.scalars)
    body.line(f"%H = load ptr, ptr {body.pointer('%V', layout.scalars)}, align 8")
    most = body.broadcast("%H", 8 * (count - 2))
    squares = summed(body, "squares", "%G", 0, layout.tape.parameters)
    # Gradients whose squares overflow may still be finite: another engine must say what becomes of them.
    raise_flag(body, layout, body.any(body.compare("uno", squares - squares, 0.0)), FLAG_GRADIENT)
    xp = Vectors(body)
    norm = body.intrinsic("sqrt", squares) + EPS
    scale = xp.where(norm <= most, 1.0, most / norm)
    body.store_scalar("%H", 8 * (count - 1), body.lane(scale, 0))
