"""Adam: momentum and RMSprop together, both corrected for starting from zero; AdamW; AMSGrad."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..intervals import Interval
from .optimizer import Optimizer
from .rule import Functions, Row, Rows, Update, lerp, number, penalized


class Adam(Optimizer):
    """Adam goes along an average of the gradients, divided by the root of an average of their squares::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        p = p - lr * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps)

    Both averages start from 0; the divisions by ``1 - beta**t`` correct that. ``amsgrad`` puts the largest
    ``v`` so far in the place of ``v``.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1; amsgrad: Reddi,
    Kale and Kumar, "On the convergence of Adam and beyond", 2018, algorithm 2.

    Args:
        params, lr, maximize: as an `Optimizer` has them.
        betas: shares of the two averages that are kept, each from 0 to below 1.
        eps: keeps the division away from zero, at least 0.
        weight_decay: factor of the L2 penalty's gradient, at least 0.
        amsgrad: divide by the root of the largest ``v`` so far.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); (w * w).backward()
    >>> Adam([w], lr=0.1).step(); round(w.data, 6)  # the first step is lr * sign(g)
    0.9
    """

    betas: tuple[float, float] = number((0.9, 0.999), Interval(0, 1))
    eps: float = number(1e-8)
    weight_decay: float = number(0.0)
    amsgrad: bool = False

    @property
    def initial_state(self) -> Mapping[str, float]:
        """The averages of the gradients and of their squares; the largest of the latter for AMSGrad."""
        return dict.fromkeys(["exp_avg", "exp_avg_sq", *["max_exp_avg_sq"] * self.amsgrad], 0.0)

    def scalars(self, t: int) -> dict[str, float]:
        """The rate over the first average's bias correction, and the root of the second's."""
        beta1, beta2 = self.betas
        return {"step_size": self.lr / (1 - beta1**t), "correction": math.sqrt(1 - beta2**t)}

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """One step down the averages, with weight decay as a part of the gradient."""
        return self.moments(xp, p, penalized(g, p, self.weight_decay), s, h)

    def moments(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """The update without weight decay."""
        beta1, beta2 = self.betas
        first = lerp(s["exp_avg"], g, 1 - beta1)
        second = beta2 * s["exp_avg_sq"] + (1 - beta2) * g * g
        new = {"exp_avg": first, "exp_avg_sq": second}
        if self.amsgrad:
            second = new["max_exp_avg_sq"] = xp.maximum(s["max_exp_avg_sq"], second)
        return p - h["step_size"] * first / (xp.sqrt(second) / h["correction"] + self.eps), new


class AdamW(Adam):
    """`Adam` with decoupled weight decay: ``p = (1 - lr * weight_decay) * p`` before each step.

    So the decay isn't divided by the averages, as an L2 penalty's gradient in `Adam` is.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.

    Arguments are those of `Adam`; ``weight_decay`` is the share of a parameter that goes in each step, in units of
    ``lr``.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); (w * w).backward()
    >>> AdamW([w], lr=0.1, weight_decay=0.5).step(); round(w.data, 6)  # 1 * (1 - 0.1 * 0.5) - 0.1
    0.85
    """

    weight_decay: float = number(1e-2)

    def scalars(self, t: int) -> dict[str, float]:
        """Those of Adam, and what a step leaves of a parameter."""
        return {**super().scalars(t), "shrink": 1 - self.lr * self.weight_decay}

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """One step down the averages from parameters that have shrunk."""
        return self.moments(xp, h["shrink"] * p if self.weight_decay else p, g, s, h)
