"""Clipping inside a training: the rule of an optimizer behind a bound on the norm of all gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..optim.clipping import EPS
from ..optim.rule import Functions, Row, Rows, Rule, Update
from .elementary import World
from .emit import Emitter, raise_flag
from .emit_totals import summed
from .layout import FLAG_GRADIENT


@dataclass(frozen=True, kw_only=True)
class Clipped(Rule):
    """A rule for gradients that are scaled first: by its last scalar, which the code of a training computes."""

    inner: Rule

    def __post_init__(self) -> None:
        # The rate is a number of each step and no part of the formula, see `Rule.scalars`.
        object.__setattr__(self, "inner", replace(self.inner, lr=0.0))

    @property
    def state(self) -> Mapping[str, float]:
        """The inner rule's."""
        return self.inner.state

    def scalars(self, t: int) -> dict[str, float]:
        """The inner rule's, then the largest norm, and the scale that it comes to."""
        return {**self.inner.scalars(t), "max_norm": 0.0, "scale": 1.0}

    def update(self, m: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """The inner formula."""
        return self.inner.update(m, p, h["scale"] * g, s, h)


def emit_scale(emitter: Emitter, name: str, rule: Clipped) -> None:
    """A function that writes the scale, as `optim.clip_grad_norm_` has it, into the numbers of the step."""
    body, layout = emitter.function(name), emitter.layout
    count = len(rule.scalars(1))
    body.line(f"%H = load ptr, ptr {body.pointer('%V', layout.scalars)}, align 8")
    most = body.broadcast("%H", 8 * (count - 2))
    squares = summed(body, "squares", "%G", 0, layout.tape.parameters)
    # Gradients whose squares overflow may still be finite: another engine must say what becomes of them.
    raise_flag(body, layout, body.any(body.compare("uno", squares - squares, 0.0)), FLAG_GRADIENT)
    m = World(body)
    norm = m.sqrt(squares) + EPS
    scale = m.where(norm <= most, 1.0, most / norm)
    body.store_scalar("%H", 8 * (count - 1), body.lane(scale, 0))
    body.finish()
