"""RMSprop: AdaGrad with an exponential average instead of the sum."""

from __future__ import annotations

from collections.abc import Mapping

from ..intervals import Interval
from .optimizer import Optimizer
from .rule import Functions, Row, Rows, Update, lerp, number, penalized


class RMSprop(Optimizer):
    """RMSprop divides each step by the root of an exponential average of the squared gradients::

        s = alpha * s + (1 - alpha) * g**2
        p = p - lr * g / (sqrt(s) + eps)

    The average forgets, so the step recovers where gradients have become small. ``centered`` subtracts the
    square of the gradients' own average from ``s``, which makes it their variance; with momentum,
    ``v = momentum * v + g / (sqrt(s) + eps)`` and ``p = p - lr * v``.

    Source: Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural networks for machine learning, 2012; centered:
    Graves, "Generating sequences with recurrent neural networks", 2013, equations 38 to 45.

    Args:
        params, lr, maximize: as an `Optimizer` has them.
        alpha: share of the average that is kept, from 0 to below 1.
        eps: keeps the division away from zero, at least 0.
        weight_decay: factor of the L2 penalty's gradient, at least 0.
        momentum: share of the velocity that is kept, from 0 to 1.
        centered: divide by the deviation instead of the root mean square.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); (w * w).backward()
    >>> RMSprop([w], lr=0.01).step(); round(w.data, 6)  # the first step is lr / sqrt(1 - alpha)
    0.9
    """

    lr: float = number(1e-2)
    alpha: float = number(0.99, Interval(0, 1))
    eps: float = number(1e-8)
    weight_decay: float = number(0.0)
    momentum: float = number(0.0, Interval(0, 1, "[]"))
    centered: bool = False

    @property
    def initial_state(self) -> Mapping[str, float]:
        """The average of the squared gradients; of the gradients if centered; the velocity if any."""
        names = ["square_avg", *["grad_avg"] * self.centered, *["momentum_buffer"] * (self.momentum > 0)]
        return dict.fromkeys(names, 0.0)

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """One step down the gradient over the root of the average, or over the deviation."""
        g, alpha = penalized(g, p, self.weight_decay), self.alpha
        new = {"square_avg": alpha * s["square_avg"] + (1 - alpha) * g * g}
        spread = new["square_avg"]
        if self.centered:
            mean = new["grad_avg"] = lerp(s["grad_avg"], g, 1 - alpha)
            variance = spread - mean * mean
            # With gradients that hardly change, rounding can bring the variance below zero.
            spread = xp.where(variance < 0, 0.0, variance)
        scale = xp.sqrt(spread) + self.eps
        if not self.momentum:
            return p - h["lr"] * g / scale, new
        v = new["momentum_buffer"] = self.momentum * s["momentum_buffer"] + g / scale
        return p - h["lr"] * v, new
