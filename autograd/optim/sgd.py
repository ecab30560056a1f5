"""Stochastic gradient descent, with momentum and Nesterov's look-ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..intervals import Interval
from .optimizer import Optimizer
from .rule import Functions, Row, Rows, Update, number, penalized


class SGD(Optimizer):
    """Gradient descent: every step goes a little way down the gradient.

    ``p = p - lr * g``; with momentum the steps remember where they were going::

        v = momentum * v + (1 - dampening) * g      # the first time v = g
        p = p - lr * v                              # nesterov: p - lr * (g + momentum * v)

    ``weight_decay * p`` is added to ``g`` first; ``maximize`` climbs instead.

    Source: Robbins and Monro, "A stochastic approximation method", 1951; momentum: Polyak, "Some methods of
    speeding up the convergence of iteration methods", 1964; nesterov: Nesterov 1983 in the form of Sutskever
    et al., "On the importance of initialization and momentum in deep learning", 2013, as PyTorch arranges it.

    Args:
        params, lr, maximize: as an `Optimizer` has them.
        momentum: share of the velocity that is kept, from 0 to 1.
        dampening: share of the gradient that doesn't enter the velocity.
        weight_decay: factor of the L2 penalty's gradient, at least 0.
        nesterov: look ahead by one velocity; needs momentum and no dampening.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); (w * w).backward()
    >>> SGD([w], lr=0.1).step(); w.data
    0.8
    """

    momentum: float = number(0.0, Interval(0, 1, "[]"))
    dampening: float = number(0.0, Interval(-math.inf, ends="()"))
    weight_decay: float = number(0.0)
    nesterov: bool = False

    def check(self) -> None:
        """Nesterov's look-ahead needs a velocity of whole gradients."""
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError(
                f"{type(self).__name__}: nesterov needs momentum above 0 and dampening 0, got "
                f"momentum={self.momentum} and dampening={self.dampening}; try momentum=0.9, dampening=0"
            )

    @property
    def initial_state(self) -> Mapping[str, float]:
        """The velocity, where there is momentum."""
        return {"momentum_buffer": 0.0} if self.momentum else {}

    def scalars(self, t: int) -> dict[str, float]:
        """The rate, and the share of the gradient that enters the velocity: all of the first one."""
        return {"lr": self.lr, "share": 1.0 if t == 1 else 1 - self.dampening}

    @property
    def is_steady(self) -> bool:
        """Without dampening the share is always 1."""
        return type(self).scalars is SGD.scalars and not self.dampening

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:  # noqa: ARG002 (needs no function)
        """One step down the velocity, or the gradient."""
        g = penalized(g, p, self.weight_decay)
        momentum = self.momentum
        if not momentum:
            return p - h["lr"] * g, {}
        v = momentum * s["momentum_buffer"] + (h["share"] * g if self.dampening else g)
        move = g + momentum * v if self.nesterov else v
        return p - h["lr"] * move, {"momentum_buffer": v}


class Momentum(SGD):
    """`SGD` with momentum 0.9: it remembers past moves and goes on in that direction (Polyak, 1964).

    Arguments are those of `SGD`.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); opt = Momentum([w], lr=0.1)
    >>> (w * w).backward(); opt.step(); opt.step(); round(w.data, 12)  # 0.2, then 0.1 * (0.9 * 2 + 2)
    0.42
    """

    momentum: float = number(0.9, Interval(0, 1, "[]"))
