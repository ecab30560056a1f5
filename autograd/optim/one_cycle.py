"""One cycle: up to a large rate and down again, far below the first."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

from ..calls import public
from .rule import Interval
from .schedules import Schedule

_ABOVE_ZERO = Interval(ends="()")


@public
@dataclass(eq=False)
class OneCycleLR(Schedule):
    """From ``max_lr / div_factor`` up to ``max_lr``, then down to ``max_lr / div_factor / final_div_factor``.

    The optimizer's own rate doesn't count. After ``total_steps`` the rate stays at its lowest.

    Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates",
    2018. Momentum isn't cycled: a change of it would be another rule at every step.

    Args:
        optimizer: with a rate above 0.
        max_lr: the largest rate.
        total_steps: of the whole cycle; or ``epochs`` times ``steps_per_epoch``.
        epochs, steps_per_epoch: see there.
        pct_start: the share of the steps that go up.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: False. (PyTorch's default is True: give it False to compare.)
        div_factor, final_div_factor: see above.
        three_phase: come down to the first rate in as many steps as it went up, and further down in the rest.

    Raises:
        TypeError, ValueError: an argument doesn't fit.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.1)
    >>> schedule = OneCycleLR(opt, max_lr=1.0, total_steps=10, pct_start=0.5, div_factor=4.0)
    >>> opt.lr, [round(schedule.rate(t), 3) for t in range(11)]
    (0.25, [0.25, 0.36, 0.625, 0.89, 1.0, 0.905, 0.655, 0.346, 0.096, 0.0, 0.0])
    """

    max_lr: float
    total_steps: int | None = None
    epochs: int | None = None
    steps_per_epoch: int | None = None
    pct_start: float = field(default=0.3, kw_only=True)
    anneal_strategy: str = field(default="cos", kw_only=True)
    cycle_momentum: bool = field(default=False, kw_only=True)
    div_factor: float = field(default=25.0, kw_only=True)
    final_div_factor: float = field(default=1e4, kw_only=True)
    three_phase: bool = field(default=False, kw_only=True)

    def check(self) -> None:
        """Rates and factors above 0, a count of steps, known names."""
        for name in ("max_lr", "div_factor", "final_div_factor"):
            self._number(name, _ABOVE_ZERO)
        self._number("pct_start", Interval(0, 1, "[]"))
        if self.total_steps is None:
            if self.epochs is None or self.steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            self._count("epochs")
            self._count("steps_per_epoch")
            self.total_steps = self.epochs * self.steps_per_epoch
        self._count("total_steps")
        if self.anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is 'cos' or 'linear', got {self.anneal_strategy!r}")
        if self.cycle_momentum:
            raise ValueError("OneCycleLR: momentum isn't cycled here; leave cycle_momentum out")
        if not self.optimizer.initial_lr:
            raise ValueError("OneCycleLR: the optimizer's rate must be above 0; it is multiplied")

    def rate(self, t: int) -> float:
        """The rate after ``t`` steps."""
        steps = self.total_steps or 1
        t = min(t, steps - 1)
        turns, rates = self._turns(steps)
        for (begin, end), (first, last) in zip(pairwise(turns), pairwise(rates), strict=True):
            if t <= end or end == turns[-1]:
                done = (t - begin) / (end - begin) if end != begin else 1.0
                share = done if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * done)) / 2
                return first + (last - first) * share
        raise AssertionError("the last phase takes what is left")

    def _turns(self, steps: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Where the phases begin and end, and the rates there."""
        first, top = self.max_lr / self.div_factor, self.max_lr
        up, last = self.pct_start * steps - 1, first / self.final_div_factor
        if self.three_phase:
            return (0.0, up, 2 * up, steps - 1.0), (first, top, first, last)
        return (0.0, up, steps - 1.0), (first, top, last)

    def __call__(self, t: int) -> float:
        """That rate as a multiple of the optimizer's."""
        return self.rate(t) / self.optimizer.initial_lr
