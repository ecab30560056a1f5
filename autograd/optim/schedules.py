"""Learning-rate schedules, each a closed form: ``schedule(t)`` is the factor of the rate after t steps."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ..calls import public
from .optimizer import Optimizer, step_count
from .rule import Interval, as_number

__all__ = ["CosineAnnealingLR", "ExponentialLR", "LambdaLR", "LinearLR", "Schedule", "SequentialLR", "StepLR"]

_POSITIVE = Interval(ends="()")


@dataclass(eq=False)
class Schedule(ABC):
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

    optimizer: Optimizer = field(repr=False)
    t: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            kind = type(self.optimizer).__name__
            raise TypeError(f"{self._name}: the first argument must be an optimizer, got a {kind}")
        self.check()
        self.optimizer.scale_lr(self(0))

    @abstractmethod
    def check(self) -> None:
        """Refuse arguments that don't fit."""

    @abstractmethod
    def __call__(self, t: int) -> float:
        """The factor of the rate after ``t`` steps; nothing is changed."""

    @property
    def last_lr(self) -> float:
        """The rate that the schedule wants now."""
        return self.optimizer.initial_lr * self(self.t)

    def get_last_lr(self) -> list[float]:
        """`last_lr` in a list, as PyTorch's schedules give it."""
        return [self.last_lr]

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
        t = step_count(saved.get("t"), f"{self._name}.load_state_dict: t")
        self.optimizer.scale_lr(self(t))
        self.t = t

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _number(self, name: str, allowed: Interval) -> None:
        setattr(self, name, as_number(getattr(self, name), f"{self._name}: {name}", allowed))

    def _count(self, name: str) -> None:
        setattr(self, name, step_count(getattr(self, name), f"{self._name}: {name}", 1))


def _power(base: float, n: int) -> float:
    """base**n, infinite where it overflows: the optimizer then refuses the rate."""
    try:
        return base**n
    except OverflowError:
        return math.inf


@public
@dataclass(eq=False)
class StepLR(Schedule):
    """Multiply the rate by ``gamma`` after every ``step_size`` steps: ``gamma ** (t // step_size)``.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = StepLR(opt, step_size=2, gamma=0.5)
    >>> [schedule(t) for t in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    step_size: int
    gamma: float = 0.1

    def check(self) -> None:
        """A count of steps and a positive factor."""
        self._count("step_size")
        self._number("gamma", _POSITIVE)

    def __call__(self, t: int) -> float:
        """``gamma ** (t // step_size)``."""
        return _power(self.gamma, t // self.step_size)


@public
@dataclass(eq=False)
class ExponentialLR(Schedule):
    """Multiply the rate by ``gamma`` after every step: ``gamma ** t``.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = ExponentialLR(opt, gamma=0.5)
    >>> schedule.step(); opt.lr
    0.4
    """

    gamma: float

    def check(self) -> None:
        """A positive factor."""
        self._number("gamma", _POSITIVE)

    def __call__(self, t: int) -> float:
        """``gamma ** t``."""
        return _power(self.gamma, t)


@public
@dataclass(eq=False)
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


@public
@dataclass(eq=False)
class CosineAnnealingLR(Schedule):
    """From the initial rate to ``eta_min`` in ``T_max`` steps along half a cosine, and back again::

        lr = eta_min + (initial_lr - eta_min) * (1 + cos(pi * t / T_max)) / 2

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = CosineAnnealingLR(opt, T_max=4)
    >>> [round(schedule(t), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    T_max: int
    eta_min: float = 0.0

    def check(self) -> None:
        """A count of steps, and a least rate below the initial one."""
        self._count("T_max")
        self._number("eta_min", Interval(0, self.optimizer.initial_lr, "[]"))

    def __call__(self, t: int) -> float:
        """Half a cosine from 1 to ``eta_min / initial_lr``, then up again."""
        rate = self.optimizer.initial_lr
        least = self.eta_min / rate if rate else 0.0
        return least + (1 - least) * (1 + math.cos(math.pi * t / self.T_max)) / 2


@public
@dataclass(eq=False)
class LinearLR(Schedule):
    """From ``start_factor`` to ``end_factor`` of the rate in ``total_iters`` steps, then constant: a warm-up.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); schedule = LinearLR(opt, start_factor=0.25, total_iters=3)
    >>> opt.lr, [schedule(t) for t in range(5)]
    (0.2, [0.25, 0.5, 0.75, 1.0, 1.0])
    """

    start_factor: float = 1 / 3
    end_factor: float = 1.0
    total_iters: int = 5

    def check(self) -> None:
        """Two shares and a count of steps."""
        self._number("start_factor", Interval(0, 1, "(]"))
        self._number("end_factor", Interval(0, 1, "[]"))
        self._count("total_iters")

    def __call__(self, t: int) -> float:
        """A straight line from ``start_factor`` to ``end_factor``, then level."""
        done = min(t, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done


@public
@dataclass(eq=False)
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
