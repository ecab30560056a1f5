"""erf and erfc, written in plain arithmetic, for the namespaces that lack them."""

from __future__ import annotations

from typing import Any

# Both fits are Chebyshev interpolations made with mpmath.chebyfit at
# 140 bits. Below 1 the fit is erf(x) / x in x squared; above 0.5 it is erfc(x) exp(x^2) (x + 3) in (x - 3) / (x + 3),
# the change of variable of Shepherd and Laframboise (Mathematics of Computation 36, 1981).

ERF_BELOW_ONE = (
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
ERFC_SCALED = (
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
ERFC_VANISHES = 28.0  # erfc underflows to zero before this
ERFC_SWITCH = 0.7  # up to here 1 - erf(x), beyond it the scaled fit: so the worse of the two errors is smallest


def _horner(x: Any, coefficients: tuple[float, ...]) -> Any:
    """The polynomial with these coefficients, highest power first."""
    total = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        total = total * x + coefficient
    return total


def _erfc_of_positive(xp: Any, a: Any) -> Any:
    a = xp.where(a > ERFC_VANISHES, ERFC_VANISHES, a)
    # exp(-a*a) needs a*a to more digits than a float has, so a*a is taken as high*high + (a - high)(a + high).
    high = a * _SPLIT - (a * _SPLIT - a)
    gauss = xp.exp(-high * high) * xp.exp((high - a) * (high + a))
    return gauss * _horner((a - 3.0) / (a + 3.0), ERFC_SCALED) / (a + 3.0)


def erf_from(xp: Any, x: Any) -> Any:
    """erf by the arithmetic, exp, abs and where of the namespace ``xp``; right to 3 ulps."""
    a = xp.abs(x)
    tail = 1.0 - _erfc_of_positive(xp, xp.where(a > 0.5, a, 0.5))
    near = xp.where(a < 1.0, a, 1.0)
    size = xp.where(a < 1.0, near * _horner(near * near, ERF_BELOW_ONE), tail)
    return xp.where(a >= 0.0, xp.where(x < 0.0, -size, size), x)  # NaN fails every comparison and passes through


def erfc_from(xp: Any, x: Any) -> Any:
    """1 - erf(x) by the arithmetic, exp, abs and where of the namespace ``xp``; right to 5 ulps where it is normal."""
    a = xp.abs(x)
    tail = _erfc_of_positive(xp, xp.where(a > ERFC_SWITCH, a, ERFC_SWITCH))
    far = xp.where(x < 0.0, 2.0 - tail, tail)
    return xp.where(a >= 0.0, xp.where(a > ERFC_SWITCH, far, 1.0 - erf_from(xp, x)), x)
