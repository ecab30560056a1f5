"""The worlds in which a kernel of the table runs: each is a namespace of elementary functions.

A kernel is written as ``lambda m, x: m.exp(x) + 1``; ``m`` is one of these namespaces. All of them follow
IEEE 754: overflow is an infinity and an invalid argument is NaN, without an error and without a warning.
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

FUNCTIONS = (
    *("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "erf", "erfc", "abs", "floor", "power", "where"),
)
"""What every world offers a kernel, besides + - * / and comparisons joined by & and |."""


def _ieee(function: Callable[[float], float]) -> Callable[[float], float]:
    """``function`` of `math` with IEEE results where `math` raises."""

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

    exp = staticmethod(_ieee(math.exp))
    expm1 = staticmethod(_ieee(math.expm1))
    log = staticmethod(_ieee(math.log))
    log1p = staticmethod(_ieee(math.log1p))
    sqrt = staticmethod(_ieee(math.sqrt))
    sin = staticmethod(_ieee(math.sin))
    cos = staticmethod(_ieee(math.cos))
    tan = staticmethod(_ieee(math.tan))
    asin = staticmethod(_ieee(math.asin))
    acos = staticmethod(_ieee(math.acos))
    sinh = staticmethod(_ieee(math.sinh))
    cosh = staticmethod(_ieee(math.cosh))
    # These never raise on a float, so the hot path calls them directly.
    atan = staticmethod(math.atan)
    tanh = staticmethod(math.tanh)
    erf = staticmethod(math.erf)
    erfc = staticmethod(math.erfc)
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


class Arrays:
    """NumPy arrays, elementwise. Run it under `numpy.errstate(all="ignore")`."""

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


# erf and erfc for the worlds that lack them. Both fits are Chebyshev interpolations made with mpmath.chebyfit at
# 140 bits. Below 1 the fit is erf(x) / x in x squared; above 0.5 it is erfc(x) exp(x^2) (x + 3) in (x - 3) / (x + 3),
# the change of variable of Shepherd and Laframboise (Mathematics of Computation 36, 1981).

_ERF_BELOW_ONE = (
    5.957176147748911e-11,
    -1.1372848856791674e-09,
    1.4659775274047436e-08,
    -1.6350312701054695e-07,
    1.6461000484121368e-06,
    -1.4925595266831182e-05,
    0.0001205533111164271,
    -0.000854832698083379,
    0.0052239776248180145,
    -0.026866170645076792,
    0.11283791670954879,
    -0.3761263890318375,
    1.1283791670955126,
)
_ERFC_SCALED = (
    -6.510960009692507e-09,
    -2.776346214410588e-09,
    4.890567107401972e-08,
    4.756155737758757e-08,
    -2.3290737313166647e-07,
    -4.085173587568932e-07,
    9.989851670020434e-07,
    2.765383852968009e-06,
    -4.7494012485165386e-06,
    -1.747048604527422e-05,
    3.0398236165235784e-05,
    0.00010756145711510314,
    -0.0002767778616708319,
    -0.0005483096867629285,
    0.0030340620029560457,
    -0.0012124166276355043,
    -0.026827234624582055,
    0.11952776128730747,
    -0.3104672619005649,
    0.5902283571041016,
    -0.8833944531698836,
    1.0740069070883398,
)
_SPLIT = 134217729.0  # 2**27 + 1: Veltkamp's constant, halves the digits of a float64
_ERFC_VANISHES = 28.0  # erfc underflows to zero before this
ERFC_SWITCH = 0.7  # up to here 1 - erf(x), beyond it the scaled fit: so the worse of the two errors is smallest


def _horner(x: Any, coefficients: tuple[float, ...]) -> Any:
    """The polynomial with these coefficients, highest power first."""
    total = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        total = total * x + coefficient
    return total


def _erfc_of_positive(m: Any, a: Any) -> Any:
    a = m.where(a > _ERFC_VANISHES, _ERFC_VANISHES, a)
    # exp(-a*a) needs a*a to more digits than a float has, so a*a is taken as high*high + (a - high)(a + high).
    high = a * _SPLIT - (a * _SPLIT - a)
    gauss = m.exp(-high * high) * m.exp((high - a) * (high + a))
    return gauss * _horner((a - 3.0) / (a + 3.0), _ERFC_SCALED) / (a + 3.0)


def erf_from(m: Any, x: Any) -> Any:
    """erf by the arithmetic, exp, abs and where of the world ``m``; right to 3 ulps."""
    a = m.abs(x)
    tail = 1.0 - _erfc_of_positive(m, m.where(a > 0.5, a, 0.5))
    near = m.where(a < 1.0, a, 1.0)
    size = m.where(a < 1.0, near * _horner(near * near, _ERF_BELOW_ONE), tail)
    return m.where(a >= 0.0, m.where(x < 0.0, -size, size), x)  # NaN fails every comparison and passes through


def erfc_from(m: Any, x: Any) -> Any:
    """1 - erf(x) by the arithmetic, exp, abs and where of the world ``m``; right to 5 ulps where it is normal."""
    a = m.abs(x)
    tail = _erfc_of_positive(m, m.where(a > ERFC_SWITCH, a, ERFC_SWITCH))
    far = m.where(x < 0.0, 2.0 - tail, tail)
    return m.where(a >= 0.0, m.where(a > ERFC_SWITCH, far, 1.0 - erf_from(m, x)), x)


class Complex:
    """Complex numbers that compare by their real part, for the complex-step derivative.

    Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).
    A function that `cmath` lacks is missing here too: asking for it is an AttributeError, and the checker falls back
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


def _install_operators() -> None:
    def arithmetic(operation: Callable[[complex, complex], complex], swap: bool) -> Any:
        def method(self: ComplexNumber, other: Any) -> ComplexNumber:
            other = ComplexNumber.raw(other)
            return ComplexNumber(operation(other, self.z) if swap else operation(self.z, other))

        return method

    def comparison(operation: Callable[[float, float], bool]) -> Any:
        return lambda self, other: operation(self.z.real, ComplexNumber.raw(other).real)

    for name in ("add", "sub", "mul", "truediv"):
        setattr(ComplexNumber, f"__{name}__", arithmetic(getattr(operator, name), swap=False))
        setattr(ComplexNumber, f"__r{name}__", arithmetic(getattr(operator, name), swap=True))
    for name in ("lt", "le", "gt", "ge"):
        setattr(ComplexNumber, f"__{name}__", comparison(getattr(operator, name)))


_install_operators()
