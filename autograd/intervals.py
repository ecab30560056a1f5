"""Intervals of numbers: what a hyperparameter, or a strength, may be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

from .checks import brief


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers that an argument may be. Infinity and NaN never are.

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
    if x.__class__ is float and x in allowed:  # a schedule asks at every step
        return x
    cure = "" if default is None else f"; the default is {default!r}"
    if isinstance(x, bool) or not isinstance(x, Real):
        raise TypeError(f"{name} must be a number in {allowed}, got {brief(x)} of type {type(x).__name__}{cure}")
    if float(x) not in allowed:
        raise ValueError(f"{name} must be a finite number in {allowed}, got {brief(x)}{cure}")
    return float(x)
