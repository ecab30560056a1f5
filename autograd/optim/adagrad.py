"""AdaGrad: small steps for what has changed much, large ones for what has changed little."""

from __future__ import annotations

from collections.abc import Mapping

from .optimizer import Optimizer
from .rule import Functions, Row, Rows, Update, number, penalized


class Adagrad(Optimizer):
    """AdaGrad divides each step by the root of the sum of all squared gradients so far::

        s = s + g**2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    The sum only grows, so with time the step becomes small.

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", 2011.

    Args:
        params, lr, maximize: as an `Optimizer` has them.
        lr_decay: how fast the rate itself falls, at least 0.
        weight_decay: factor of the L2 penalty's gradient, at least 0.
        initial_accumulator_value: what the sum starts from, at least 0.
        eps: keeps the division away from zero, at least 0.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); (w * w).backward()
    >>> Adagrad([w], lr=0.1).step(); round(w.data, 6)  # the first step is lr, whatever the gradient's size
    0.9
    """

    lr: float = number(1e-2)
    lr_decay: float = number(0.0)
    weight_decay: float = number(0.0)
    initial_accumulator_value: float = number(0.0)
    eps: float = number(1e-10)

    @property
    def initial_state(self) -> Mapping[str, float]:
        """The sum of all squared gradients."""
        return {"sum": self.initial_accumulator_value}

    def scalars(self, t: int) -> dict[str, float]:
        """The decayed rate."""
        return {"lr": self.lr / (1 + (t - 1) * self.lr_decay)}

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """One step down the gradient over the root of the sum."""
        g = penalized(g, p, self.weight_decay)
        total = s["sum"] + g * g
        return p - h["lr"] * g / (xp.sqrt(total) + self.eps), {"sum": total}
