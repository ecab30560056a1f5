"""Learning-rate schedules, each a closed form: ``schedule(t)`` is the factor of the rate after t steps."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any, dataclass_transform

from ..calls import answer_calls
from ..intervals import Interval, as_number
from .optimizer import Optimizer, step_count

__all__ = ["CosineAnnealingLR", "ExponentialLR", "LambdaLR", "LinearLR"]
__all__ += ["OneCycleLR", "Schedule", "SequentialLR", "StepLR"]


def within(low: float = 0.0, high: float = math.inf, ends: str = "[)") -> dict[str, Interval]:
    """Declares a field as a number in an `Interval`."""
    return {"allowed": Interval(low, high, ends)}


STEPS = {"least": 1}  # declares a field as a count of steps
POSITIVE = within(ends="()")


@dataclass_transform(eq_default=False, field_specifiers=(field,))
@dataclass(eq=False)
class Adjusting:
    """Base of what changes the rate of an optimizer: its arguments are fields, checked as their metadata declares."""

    optimizer: Optimizer = field(repr=False)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        answer_calls(dataclass(eq=False)(cls))

    def __post_init__(self) -> None:
        name = type(self).__name__
        if not isinstance(self.optimizer, Optimizer):
            raise TypeError(f"{name}: the first argument must be an optimizer, got a {type(self.optimizer).__name__}")
        for each in fields(self):
            given, what = getattr(self, each.name, None), f"{name}: {each.name}"
            if "allowed" in each.metadata:
                setattr(self, each.name, as_number(given, what, each.metadata["allowed"]))
            elif "least" in each.metadata and (given is not None or each.default is not None):
                setattr(self, each.name, step_count(given, what, each.metadata["least"]))
        self.check()

    def check(self) -> None:
        """Refuse arguments that don't fit each other."""

    @property
    def last_lr(self) -> float:
        """The rate that is wanted now."""
        return self.optimizer.lr

    def get_last_lr(self) -> list[float]:
        """`last_lr` in a list, as PyTorch's schedules give it."""
        return [self.last_lr]


class Schedule(Adjusting, ABC):
    """Sets an optimizer's learning rate from the number of steps made: ``lr = initial_lr * schedule(t)``.

    Making one sets the rate of the first step. A rate that is set by hand later, ``optimizer.lr = x``, lasts
    until the next `step`, which multiplies it.

    >>> from autograd import Parameter; from autograd.optim import SGD, ExponentialLR
    >>> w = Parameter(1.0); w.grad = 1.0; opt = SGD([w], lr=0.8); schedule = ExponentialLR(opt, gamma=0.5)
    >>> opt.step(); schedule.step(); opt.lr, schedule(10)
    (0.4, 0.0009765625)

    Attributes:
        optimizer: whose rate it sets.
        t: steps made so far.

    Raises:
        TypeError, ValueError: an argument doesn't fit.
    """

    t: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.optimizer.scale_lr(self(0))

    @abstractmethod
    def __call__(self, t: int) -> float:
        """The factor of the rate after ``t`` steps; nothing is changed."""

    @property
    def last_lr(self) -> float:
        """The rate that the schedule wants now."""
        return self.optimizer.initial_lr * self(self.t)

    def step(self) -> None:
        """Count one step and set the optimizer's rate. Call it after ``optimizer.step()``."""
        self.optimizer.scale_lr(self(self.t + 1))
        self.t += 1

    def state_dict(self) -> dict[str, Any]:
        """The count of steps; the form follows from the arguments."""
        return {"t": self.t}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave, and set the optimizer's rate.

        Raises:
            ValueError: there is no count of steps in it. Nothing is changed then.
        """
        t = step_count(saved.get("t"), f"{type(self).__name__}.load_state_dict: t")
        self.optimizer.scale_lr(self(t))
        self.t = t


def _power(base: float, n: int) -> float:
    """base**n, infinite where it overflows: the optimizer then refuses the rate."""
    try:
        return base**n
    except OverflowError:
        return math.inf


class StepLR(Schedule):
    """Multiply the rate by ``gamma`` after every ``step_size`` steps: ``gamma ** (t // step_size)``.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = StepLR(opt, step_size=2, gamma=0.5)
    >>> [schedule(t) for t in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    step_size: int = field(metadata=STEPS)
    gamma: float = field(default=0.1, metadata=POSITIVE)

    def __call__(self, t: int) -> float:
        """``gamma ** (t // step_size)``."""
        return _power(self.gamma, t // self.step_size)


class ExponentialLR(Schedule):
    """Multiply the rate by ``gamma`` after every step: ``gamma ** t``.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = ExponentialLR(opt, gamma=0.5)
    >>> schedule.step(); opt.lr
    0.4
    """

    gamma: float = field(metadata=POSITIVE)

    def __call__(self, t: int) -> float:
        """``gamma ** t``."""
        return _power(self.gamma, t)


class LambdaLR(Schedule):
    """The rate times ``lr_lambda(t)``, a function of the count of steps.

    A pickle needs a function that has a name in its module; `state_dict` keeps the count alone.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = LambdaLR(opt, lambda t: 1 / (1 + t))
    >>> schedule.step(); opt.lr, schedule.get_last_lr()
    (0.4, [0.4])
    """

    lr_lambda: Callable[[int], float]

    def check(self) -> None:
        """A function."""
        if not callable(self.lr_lambda):
            raise TypeError(
                f"LambdaLR: lr_lambda must be a function of the count of steps, as in lambda t: 0.95**t, got "
                f"{type(self.lr_lambda).__name__}: {self.lr_lambda!r}"
            )

    def __call__(self, t: int) -> float:
        """What the function gives."""
        return as_number(self.lr_lambda(t), f"LambdaLR: what lr_lambda gives after {t} steps", Interval())


class CosineAnnealingLR(Schedule):
    """From the initial rate to ``eta_min`` in ``T_max`` steps along half a cosine, and back again::

        lr = eta_min + (initial_lr - eta_min) * (1 + cos(pi * t / T_max)) / 2

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = CosineAnnealingLR(opt, T_max=4)
    >>> [round(schedule(t), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    T_max: int = field(metadata=STEPS)
    eta_min: float = 0.0

    def check(self) -> None:
        """A least rate below the initial one."""
        allowed = Interval(0, self.optimizer.initial_lr, "[]")
        self.eta_min = as_number(self.eta_min, "CosineAnnealingLR: eta_min", allowed)

    def __call__(self, t: int) -> float:
        """Half a cosine from 1 to ``eta_min / initial_lr``, then up again."""
        rate = self.optimizer.initial_lr
        least = self.eta_min / rate if rate else 0.0
        return least + (1 - least) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class LinearLR(Schedule):
    """From ``start_factor`` to ``end_factor`` of the rate in ``total_iters`` steps, then constant: a warm-up.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = LinearLR(opt, start_factor=0.25, total_iters=3)
    >>> opt.lr, [schedule(t) for t in range(5)]
    (0.2, [0.25, 0.5, 0.75, 1.0, 1.0])
    """

    start_factor: float = field(default=1 / 3, metadata=within(0, 1, "(]"))
    end_factor: float = field(default=1.0, metadata=within(0, 1, "[]"))
    total_iters: int = field(default=5, metadata=STEPS)

    def __call__(self, t: int) -> float:
        """A straight line from ``start_factor`` to ``end_factor``, then level."""
        done = min(t, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done


class SequentialLR(Schedule):
    """One schedule after another: each counts its own steps from its milestone on.

    The next schedule's first step is step ``milestones[i]``. Only this one is to be stepped.

    Args:
        optimizer: the optimizer that all the schedules were made for.
        schedulers: the schedules in order, at least one.
        milestones: where the second, the third, ... take over: rising, at least 1.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8)
    >>> warm_up, rest = LinearLR(opt, start_factor=0.5, total_iters=2), ExponentialLR(opt, gamma=0.5)
    >>> [SequentialLR(opt, [warm_up, rest], milestones=[2])(t) for t in range(5)]
    [0.5, 0.75, 1.0, 0.5, 0.25]
    """

    schedulers: Sequence[Schedule]
    milestones: Sequence[int]

    def check(self) -> None:
        """Schedules of this optimizer, and a milestone between each two."""
        self.schedulers, self.milestones = tuple(self.schedulers), tuple(self.milestones)
        if not self.schedulers:
            raise ValueError("SequentialLR: there are no schedulers; give at least one")
        for i, schedule in enumerate(self.schedulers):
            if not isinstance(schedule, Schedule) or schedule.optimizer is not self.optimizer:
                raise ValueError(
                    f"SequentialLR: schedulers[{i}] is {schedule!r}, not a schedule of this optimizer; "
                    "make each with the optimizer that SequentialLR gets"
                )
        if len(self.milestones) != len(self.schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(self.schedulers)} schedulers need one milestone fewer, got {self.milestones}"
            )
        rising = all(a < b for a, b in pairwise((0, *self.milestones)))
        if not rising or not all(type(m) is int for m in self.milestones):
            raise ValueError(
                f"SequentialLR: milestones must be whole numbers, rising, at least 1, got {self.milestones}"
            )

    def __call__(self, t: int) -> float:
        """The factor of the schedule whose turn it is."""
        i = bisect_right(self.milestones, t)
        return self.schedulers[i](t - (0, *self.milestones)[i])


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

    max_lr: float = field(metadata=POSITIVE)
    total_steps: int | None = field(default=None, metadata=STEPS)
    epochs: int | None = field(default=None, metadata=STEPS)
    steps_per_epoch: int | None = field(default=None, metadata=STEPS)
    pct_start: float = field(default=0.3, kw_only=True, metadata=within(0, 1, "[]"))
    anneal_strategy: str = field(default="cos", kw_only=True)
    cycle_momentum: bool = field(default=False, kw_only=True)
    div_factor: float = field(default=25.0, kw_only=True, metadata=POSITIVE)
    final_div_factor: float = field(default=1e4, kw_only=True, metadata=POSITIVE)
    three_phase: bool = field(default=False, kw_only=True)

    def check(self) -> None:
        """A count of steps, known names, a rate that can be multiplied."""
        if self.total_steps is None:
            if self.epochs is None or self.steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            self.total_steps = self.epochs * self.steps_per_epoch
        if self.anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is 'cos' or 'linear', got {self.anneal_strategy!r}")
        if self.cycle_momentum:
            raise ValueError("OneCycleLR: momentum isn't cycled here; leave cycle_momentum out")
        if not self.optimizer.initial_lr:
            raise ValueError("OneCycleLR: the optimizer's rate must be above 0; it is multiplied")

    def rate(self, t: int) -> float:
        """The rate after ``t`` steps."""
        steps, first, top = self.total_steps or 1, self.max_lr / self.div_factor, self.max_lr
        up, last = self.pct_start * steps - 1, first / self.final_div_factor
        turns = [0.0, up, *[2 * up] * self.three_phase, steps - 1.0]  # where the phases begin and end
        rates = [first, top, *[first] * self.three_phase, last]  # the rates there
        t = min(t, steps - 1)
        for (begin, end), (low, high) in zip(pairwise(turns), pairwise(rates), strict=True):
            if t <= end or end == turns[-1]:
                done = (t - begin) / (end - begin) if end != begin else 1.0
                share = done if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * done)) / 2
                return low + (high - low) * share
        raise AssertionError("the last phase takes what is left")

    def __call__(self, t: int) -> float:
        """That rate as a multiple of the optimizer's."""
        return self.rate(t) / self.optimizer.initial_lr
