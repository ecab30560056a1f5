"""What an update rule is: a formula with its constants, read by NumPy now and by a compiler later."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from typing import Any, ClassVar, Self, TypeAlias

Row: TypeAlias = Any
"""One array of a formula: a NumPy array, a recorded row, an LLVM vector; anything with + - * / and <, >."""

Functions: TypeAlias = Any
"""The namespace a formula takes its functions from: ``sqrt``, ``where`` and ``maximum``."""


Rows: TypeAlias = Mapping[str, Row]
"""Rows by name."""

Update: TypeAlias = tuple[Row, dict[str, Row]]
"""The new parameters, and the new state by name."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers that a hyperparameter may be. Infinity and NaN never are.

    >>> 1.0 in Interval(0, 1, "[)"), str(Interval(0, 1, "(]"))
    (False, '(0, 1]')
    """

    low: float = 0.0
    high: float = math.inf
    ends: str = "[)"
    """A square bracket where the end itself is allowed."""

    def __contains__(self, x: float) -> bool:
        at_end = (x == self.low and self.ends[0] == "[") or (x == self.high and self.ends[1] == "]")
        return math.isfinite(x) and (self.low < x < self.high or at_end)

    def __str__(self) -> str:
        return f"{self.ends[0]}{self.low:g}, {self.high:g}{self.ends[1]}"


def number(default: Any, allowed: Interval | None = None) -> Any:
    """A hyperparameter: a number, or a tuple of numbers, inside ``allowed`` (default: 0 to infinity)."""
    return field(default=default, metadata={"allowed": allowed or Interval()})


def as_number(x: object, name: str, allowed: Interval, default: object = None) -> float:
    """``x`` as a float, if it is one number inside ``allowed``.

    Args:
        x: what the user gave.
        name: who takes it, as in ``"Adam: lr"``; begins the message.
        allowed: the interval.
        default: shown as the cure where there is one.

    Raises:
        TypeError: it isn't a real number.
        ValueError: it lies outside.
    """
    cure = "" if default is None else f"; the default is {default!r}"
    if isinstance(x, bool) or not isinstance(x, Real):
        raise TypeError(f"{name} must be a number in {allowed}, got {x!r} of type {type(x).__name__}{cure}")
    if float(x) not in allowed:
        raise ValueError(f"{name} must be a finite number in {allowed}, got {x!r}{cure}")
    return float(x)


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """An update rule: its fields are the hyperparameters with their defaults, its methods the formula.

    Every number array is elementwise, so one declaration serves arrays of any shape and any world that has
    ``+ - * /``, comparisons, and ``m.sqrt``, ``m.where``, ``m.maximum``. `scalars` gives what changes from
    step to step; everything else is constant while a rule lives, and ``update`` may branch on it.

    >>> from autograd import Parameter; from autograd.optim import Optimizer
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Sign(Rule):
    ...     name = "Sign"
    ...     state = {}
    ...     def update(self, m, p, g, s, h):
    ...         return m.where(g > 0, p - h["lr"], p + h["lr"]), {}
    >>> w = Parameter(1.0); (w * w).backward()
    >>> Optimizer([w], Sign(lr=0.25)).step(); w.data
    0.75

    Raises:
        TypeError, ValueError: a hyperparameter isn't a number, or lies outside its interval.
    """

    name: ClassVar[str]
    """How messages call it."""

    lr: float = number(1e-3)
    weight_decay: float = number(0.0)
    maximize: bool = False

    def __post_init__(self) -> None:
        for each in fields(self):
            given, where = getattr(self, each.name), f"{self.name}: {each.name}"
            object.__setattr__(self, each.name, _checked(given, where, each.default, each.metadata.get("allowed")))

    def differs_in_rate_only(self, other: object) -> bool:
        """Whether ``other`` is this rule, perhaps with another learning rate."""
        if self is other or type(self) is not type(other):
            return self is other
        return {**vars(self), "lr": 0.0} == {**vars(other), "lr": 0.0}

    def with_lr(self, lr: float) -> Self:
        """The same rule with another learning rate: as `dataclasses.replace`, but only the rate is checked.

        A schedule does it at every step.
        """
        rate = lr if lr.__class__ is float and 0.0 <= lr < math.inf else None
        if rate is None:
            return replace(self, lr=lr)  # raises its error
        other = object.__new__(type(self))
        vars(other).update(vars(self), lr=rate)
        return other

    @property
    @abstractmethod
    def state(self) -> Mapping[str, float]:
        """The arrays kept for every parameter: name -> the number they start from."""

    def scalars(self, t: int) -> dict[str, float]:  # noqa: ARG002 (most rules need no count)
        """The numbers of step ``t`` (the first is 1) that all parameters share; the same names at every step.

        A formula finds the learning rate here, never in ``self.lr``, so that it can change.
        """
        return {"lr": self.lr}

    @property
    def is_steady(self) -> bool:
        """Whether `scalars` gives the same numbers at every step, so that nobody needs to ask again."""
        return type(self).scalars is Rule.scalars

    @abstractmethod
    def update(self, m: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """The formula. Nothing is changed: it returns the new parameters and the new state.

        Args:
            m: the functions of the world it runs in.
            p: parameters.
            g: their gradients.
            s: state arrays, by the names of `state`.
            h: the numbers of this step, by the names of `scalars`.
        """

    def descent(self, p: Row, g: Row) -> Row:
        """The gradient to go down: negated to maximize, plus that of ``weight_decay / 2 * p**2``."""
        if self.maximize:
            g = -g
        return g + self.weight_decay * p if self.weight_decay else g


def _checked(given: object, where: str, default: Any, allowed: Interval | None) -> Any:
    """A hyperparameter as its declaration wants it: a flag, a float, or a tuple of floats."""
    if allowed is None:
        if not isinstance(given, bool):
            raise TypeError(f"{where} must be True or False, got {given!r} of type {type(given).__name__}")
        return given
    if not isinstance(default, tuple):
        return as_number(given, where, allowed, default)
    if not isinstance(given, tuple | list) or len(given) != len(default):
        raise TypeError(f"{where} must be {len(default)} numbers, got {given!r}; the default is {default!r}")
    return tuple(as_number(x, f"{where}[{i}]", allowed, default[i]) for i, x in enumerate(given))


def lerp(start: Row, end: Row, weight: float) -> Row:
    """start + weight * (end - start), from the end that is nearer, so that weight 1 gives exactly ``end``."""
    if weight < 0.5:
        return start + weight * (end - start)
    return end - (end - start) * (1 - weight)
