"""Namespaces of elementary functions: what ``xp`` may be in a kernel ``lambda xp, x: xp.exp(x) + 1`` of the table.

All of them follow IEEE 754: overflow is an infinity and an invalid argument is NaN, without an error and without a
warning.
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .special import erf_from, erfc_from

FUNCTIONS = (
    *("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "erf", "erfc", "abs", "floor", "power", "where"),
)
"""What every namespace offers a kernel, besides + - * / and comparisons joined by & and |."""


def _ieee(function: Callable[[float], float]) -> Callable[[float], float]:
    """``function`` of ``math`` with IEEE results where ``math`` raises."""

    def wrapped(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            # Only exp, expm1, cosh and sinh overflow, and only sinh to both sides.
            return math.copysign(math.inf, x) if function is math.sinh else math.inf
        except ValueError:
            is_pole = (function is math.log and x == 0) or (function is math.log1p and x == -1)
            return -math.inf if is_pole else math.nan

    wrapped.__name__ = function.__name__
    return wrapped


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:  # zero to a negative power is a pole, a fractional power of a negative base is no real number
        if base != 0:
            return math.nan
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf


def divide(a: float, b: float) -> float:
    """a / b as IEEE 754 has it: a zero divisor gives an infinity, 0 / 0 gives NaN."""
    if b:
        return a / b
    if a == 0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


class Floats:
    """Python floats."""

    sqrt: Callable[[float], float]
    abs = staticmethod(abs)
    power = staticmethod(_power)

    @staticmethod
    def floor(x: float) -> float:
        """The largest whole number that is not above x."""
        return math.copysign(math.floor(x), x) if math.isfinite(x) else x  # the floor of -0.0 is -0.0

    @staticmethod
    def where(condition: Any, a: float, b: float) -> float:
        """``a`` where the condition holds, else ``b``."""
        return a if condition else b


for _name in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "sinh", "cosh"):
    setattr(Floats, _name, staticmethod(_ieee(getattr(math, _name))))
for _name in ("atan", "tanh", "erf", "erfc"):  # these never raise on a float, so the hot path calls them directly
    setattr(Floats, _name, staticmethod(getattr(math, _name)))


class Arrays:
    """NumPy arrays, elementwise. Run it under ``numpy.errstate(all="ignore")``."""

    exp, expm1, log, log1p, sqrt = np.exp, np.expm1, np.log, np.log1p, np.sqrt
    sin, cos, tan, asin, acos, atan = np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan
    sinh, cosh, tanh, abs, floor = np.sinh, np.cosh, np.tanh, np.abs, np.floor
    power, where = np.power, np.where

    @staticmethod
    def erf(x: Any) -> Any:
        """The error function."""
        return erf_from(Arrays, x)

    @staticmethod
    def erfc(x: Any) -> Any:
        """1 - erf(x), without cancellation for large x."""
        return erfc_from(Arrays, x)


class Complex:
    """Complex numbers that compare by their real part, for the complex-step derivative.

    Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).
    A function that ``cmath`` lacks is missing here too: asking for it is an AttributeError, and the checker falls back
    to central differences.
    """

    @staticmethod
    def _lift(function: Callable[[complex], complex]) -> Callable[[Any], ComplexNumber]:
        return lambda x: ComplexNumber(function(ComplexNumber.raw(x)))

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """``a`` where the condition holds, else ``b``."""
        return a if condition else b

    @staticmethod
    def abs(x: Any) -> Any:
        """x or -x, whichever has a real part that is not negative: the real function, continued."""
        return -x if x < 0 else x


for _name in ("exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"):
    setattr(Complex, _name, staticmethod(Complex._lift(getattr(cmath, _name))))


class ComplexNumber:
    """A complex number with the order of its real part (Python's own has none)."""

    __slots__ = ("z",)

    def __init__(self, z: complex) -> None:
        self.z = z

    @staticmethod
    def raw(x: Any) -> complex:
        """The plain complex number."""
        return x.z if isinstance(x, ComplexNumber) else complex(x)

    def __neg__(self) -> ComplexNumber:
        return ComplexNumber(-self.z)

    def __abs__(self) -> ComplexNumber:
        return -self if self.z.real < 0 else self


for _name in ("add", "sub", "mul", "truediv"):
    _op = getattr(operator, _name)
    _mine = lambda self, other, op=_op: ComplexNumber(op(self.z, ComplexNumber.raw(other)))
    _its = lambda self, other, op=_op: ComplexNumber(op(ComplexNumber.raw(other), self.z))
    setattr(ComplexNumber, f"__{_name}__", _mine)
    setattr(ComplexNumber, f"__r{_name}__", _its)
for _name in ("lt", "le", "gt", "ge"):
    _op = getattr(operator, _name)
    _compared = lambda self, other, op=_op: op(self.z.real, ComplexNumber.raw(other).real)
    setattr(ComplexNumber, f"__{_name}__", _compared)
