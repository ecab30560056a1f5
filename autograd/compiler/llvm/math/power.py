"""Powers over IR vectors: exp(exponent * log base), with the logarithm and the product in two numbers each.

Sums and products in two numbers are those of Dekker, "A floating-point technique for extending the available
precision", Numerische Mathematik 18 (1971). Results that are float64 numbers come out exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..text.body import Body
from ..text.registers import Vector
from . import coefficients as c
from .reduction import (
    EXP_VANISHES,
    ORDINARY_EXPONENT,
    SMALLEST_NORMAL,
    Mantissa,
    clamped_exponent,
    either,
    exp_of_rest,
    magnitude,
    polynomial,
    scaled,
    scaled_ordinary,
    split_any_mantissa,
    split_exponent,
    split_mantissa,
    with_care,
    with_sign,
)


def _log_in_two(b: Body, m: Mantissa) -> tuple[Vector, Vector]:
    """The logarithm of a positive number as a sum of two, right to 2^-63 of its size."""
    k, f = m.k, m.f
    # s + s_low = f / (2 + f)
    divisor = f + 2.0
    divisor_low = f - (divisor - 2.0)
    reciprocal = 1.0 / divisor
    s = f * reciprocal
    s_low = (b.fma(-s, divisor, f) - s * divisor_low) * reciprocal
    # log(1 + f) = (s + s_low) (2 + w), w = 2/3 z + z^2 (...)
    z = s * s
    z_low = b.fma(s, s, -z) + 2.0 * s * s_low
    third = z * c.TWO_THIRDS
    third_low = b.fma(z, c.TWO_THIRDS, -third) + b.fma(z_low, c.TWO_THIRDS, z * c.TWO_THIRDS_2)
    higher = (z * z) * polynomial(b, z, c.LOG_FIFTH)
    w = third + higher
    w_low = (third - w) + higher + third_low
    factor = w + 2.0
    factor_low = (2.0 - factor) + w + w_low
    log_f = s * factor
    log_f_low = b.fma(s, factor, -log_f) + b.fma(s, factor_low, s_low * factor)
    # plus k log 2; k * LN2_HIGH is exact, and above log_f unless it is 0
    whole = k * c.LN2_HIGH
    high = whole + log_f
    return high, (log_f - (high - whole)) + b.fma(k, c.LN2_LOW, log_f_low)


def power(b: Body, base: Vector, exponent: Vector) -> Vector:
    """``base`` to the power ``exponent``, with the special cases of IEEE 754."""
    log, log_low = _log_in_two(b, split_mantissa(b, base))
    product = exponent * log
    low = b.fma(exponent, log_low, b.fma(exponent, log, -product))
    e = split_exponent(b, product, low)
    ordinary = scaled_ordinary(b, exp_of_rest(b, e), e.n)
    odd_base = either(b, b.compare("ult", base, SMALLEST_NORMAL), b.compare("oeq", base, math.inf))
    unusual = either(b, odd_base, b.compare("uge", magnitude(b, product), ORDINARY_EXPONENT))
    return with_care(b, unusual, ordinary, lambda: _careful_power(b, base, exponent))


def _careful_power(b: Body, base: Vector, exponent: Vector) -> Vector:
    size = magnitude(b, base)
    log, log_low = _log_in_two(b, split_any_mantissa(b, size))
    log = b.choose(b.compare("oeq", size, 0.0), -math.inf, b.choose(b.compare("oeq", size, math.inf), math.inf, log))
    log = b.choose(b.compare("uno", base, base), math.nan, log)
    product = exponent * log
    low = b.fma(exponent, log_low, b.fma(exponent, log, -product))
    low = b.choose(magnitude(b, product) < -EXP_VANISHES, low, 0.0)  # where the product is infinite, it is NaN
    e = split_exponent(b, clamped_exponent(b, product), low)
    result = _signed_power(b, base, exponent, scaled(b, exp_of_rest(b, e), e.n))
    endless = b.combine("and", b.compare("oeq", base, -1.0), b.compare("oeq", magnitude(b, exponent), math.inf))
    one = either(b, b.compare("oeq", base, 1.0), b.compare("oeq", exponent, 0.0), endless)
    return b.choose(one, 1.0, result)


def _signed_power(b: Body, base: Vector, exponent: Vector, result: Vector) -> Vector:
    """The power of |base| with the sign of the power: that of base if the exponent is odd, NaN if it isn't whole."""
    half = exponent * 0.5
    whole = b.compare("oeq", b.intrinsic("floor", exponent), exponent)
    odd = b.combine("and", whole, b.compare("une", b.intrinsic("floor", half), half))
    is_fraction = b.combine("and", b.compare("une", b.intrinsic("floor", exponent), exponent), base < 0.0)
    refused = b.combine("and", is_fraction, base > -math.inf)
    signed = b.choose(odd, with_sign(b, result, base), result)
    return b.choose(refused, math.nan, signed)


def root(b: Body, x: Vector) -> Vector:
    """x to the power 1/2, which differs from the square root at -0 and at minus infinity."""
    square_root = b.intrinsic("sqrt", x)
    return b.choose(b.compare("oeq", x, 0.0), 0.0, b.choose(b.compare("oeq", x, -math.inf), math.inf, square_root))


def _square_of_reciprocal(x: Vector) -> Vector:
    y = 1.0 / x
    return y * y


def _fourth(x: Vector) -> Vector:
    square = x * x
    return square * square


FIXED: dict[float, Callable[[Vector], Any]] = {
    -2.0: _square_of_reciprocal,
    -1.0: lambda x: 1.0 / x,
    0.0: lambda _: 1.0,
    1.0: lambda x: x,
    2.0: lambda x: x * x,
    3.0: lambda x: x * x * x,
    4.0: _fourth,
}
