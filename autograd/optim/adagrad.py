"""AdaGrad: small steps for what has changed much, large ones for what has changed little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .optimizer import Optimizer, Parameters
from .rule import Functions, Row, Rows, Rule, Update, number


@dataclass(frozen=True, kw_only=True)
class AdagradRule(Rule):
    """The formula of `Adagrad`."""

    name: ClassVar[str] = "Adagrad"

    lr: float = number(1e-2)
    lr_decay: float = number(0.0)
    initial_accumulator_value: float = number(0.0)
    eps: float = number(1e-10)

    @property
    def state(self) -> Mapping[str, float]:
        """The sum of all squared gradients."""
        return {"sum": self.initial_accumulator_value}

    def scalars(self, t: int) -> dict[str, float]:
        """The decayed rate."""
        return {"lr": self.lr / (1 + (t - 1) * self.lr_decay)}

    def update(self, m: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """See `Adagrad`."""
        g = self.descent(p, g)
        total = s["sum"] + g * g
        return p - h["lr"] * g / (m.sqrt(total) + self.eps), {"sum": total}


class Adagrad(Optimizer):
    """AdaGrad divides each step by the root of the sum of all squared gradients so far::

        s = s + g**2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    The sum only grows, so with time the step becomes small.

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", 2011.

    Args:
        params: Parameters, or a module.
        lr: learning rate, at least 0.
        lr_decay: how fast the rate itself falls, at least 0.
        weight_decay: factor of the L2 penalty's gradient, at least 0.
        initial_accumulator_value: what the sum starts from, at least 0.
        eps: keeps the division away from zero, at least 0.
        maximize: go up instead of down.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); (w * w).backward()
    >>> Adagrad([w], lr=0.1).step(); round(w.data, 6)  # the first step is lr, whatever the gradient's size
    0.9
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = AdagradRule.lr,
        lr_decay: float = AdagradRule.lr_decay,
        weight_decay: float = AdagradRule.weight_decay,
        initial_accumulator_value: float = AdagradRule.initial_accumulator_value,
        eps: float = AdagradRule.eps,
        *,
        maximize: bool = AdagradRule.maximize,
    ) -> None:
        rule = AdagradRule(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )
        super().__init__(params, rule)
