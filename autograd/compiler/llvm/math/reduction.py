"""What the elementary functions are built of: polynomials, signs, and numbers split into a power of two and a rest.

The method is that of Cody and Waite, "Software Manual for the Elementary Functions" (1980).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..text.body import Body
from ..text.registers import Bits, Mask, Vector
from . import coefficients as c

ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number, which then stands in the low bits
ROUND_BITS = 0x4338 << 48  # the pattern of that number
_TWO_52_BITS = 0x4330 << 48  # the pattern of 2^52; with a whole number in the low bits, that of 2^52 plus the number
_TWO_52 = 2.0**52
SIGN = 1 << 63
_EXPONENT = 0xFFF << 52
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD  # the pattern of sqrt(1/2)
SMALLEST_NORMAL = 2.0**-1022
ORDINARY_EXPONENT = 708.0  # exp is a normal number between minus and plus this
EXP_VANISHES = -746.0  # exp is 0 below
EXP_OVERFLOWS = 710.0  # exp is infinite above


def polynomial(b: Body, x: Vector, coefficients: tuple[float, ...]) -> Vector:
    """The polynomial, lowest power first: even and odd powers apart, so that two chains run at once."""
    square = x * x
    return b.fma(x, horner(b, square, coefficients[1::2]), horner(b, square, coefficients[0::2]))


def horner(b: Body, x: Vector, coefficients: tuple[float, ...]) -> Vector:
    """The polynomial, lowest power first, in one chain."""
    total = b.constant(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = b.fma(total, x, coefficient)
    return total


def at_most(b: Body, x: Vector, limit: float) -> Vector:
    """The smaller of x and the limit; NaN stays NaN."""
    return b.choose(x > limit, limit, x)


def magnitude(b: Body, x: Vector) -> Vector:
    """|x|."""
    return b.intrinsic("fabs", x)


def with_sign(b: Body, x: Vector, sign: Vector) -> Vector:
    """|x| with the sign of ``sign``."""
    return b.intrinsic("copysign", x, sign)


def flipped(b: Body, y: Vector, x: Vector) -> Vector:
    """y, negative where x has its sign bit set: an odd function from its values at |x|."""
    return b.float_of(b.bits(y) ^ (b.bits(x) & SIGN))


def with_care(b: Body, unusual: Mask, ordinary: Vector, careful: Callable[[], Vector]) -> Vector:
    """The ordinary result, or that of ``careful()`` in all lanes if any is unusual."""
    (result,) = b.when(b.any(unusual), lambda: [careful()], [ordinary])
    return result  # type: ignore[no-any-return]


def either(b: Body, *masks: Mask) -> Mask:
    """Where any of the masks holds."""
    total = masks[0]
    for mask in masks[1:]:
        total = b.combine("or", total, mask)
    return total


class Exponent(NamedTuple):
    """exp of something as 2^n exp(r): the pattern of n + 1.5 * 2^52, r, (exp(r) - 1 - r) / r^2, and what r lost."""

    n: Bits
    r: Vector
    quotient: Vector
    lost: Vector | None


def split_exponent(b: Body, x: Vector, low: Vector | None = None) -> Exponent:
    """x + low = n log 2 + r, |r| <= log(2)/2. ``low`` is far smaller than x."""
    shifted = b.fma(x, c.LOG2_E, ROUND)
    n = shifted - ROUND
    exact = b.fma(n, -c.LN2_HIGH, x)
    if low is None:
        r = b.fma(n, -c.LN2_LOW, exact)
        return Exponent(b.bits(shifted), r, polynomial(b, r, c.EXP), None)
    correction = b.fma(n, -c.LN2_LOW, low)
    r = exact + correction
    return Exponent(b.bits(shifted), r, polynomial(b, r, c.EXP), correction - (r - exact))


def expm1_of_rest(b: Body, e: Exponent) -> Vector:
    """exp(r) - 1."""
    return b.fma(e.r * e.r, e.quotient, e.r)


def exp_of_rest(b: Body, e: Exponent) -> Vector:
    """exp(r). Where what r lost is known, it is used, as is the part of r that 1 + r loses: one rounding in all."""
    if e.lost is None:
        return expm1_of_rest(b, e) + 1.0
    tail = b.fma(e.r * e.r, e.quotient, b.fma(e.lost, e.r, e.lost))
    total = e.r + 1.0
    return total + (e.r - (total - 1.0) + tail)


def scaled(b: Body, x: Vector, n: Bits, more: int = 0) -> Vector:
    """x * 2^(n + more) for -1080 < n < 1030, rounded once: in two factors, since 2^n alone may not be normal."""
    exponents = n + (2 * 1023 + more - ROUND_BITS)
    half = exponents >> 1
    return x * b.float_of(half << 52) * b.float_of((exponents - half) << 52)


def scaled_ordinary(b: Body, x: Vector, n: Bits, more: int = 0) -> Vector:
    """The same where 2^(n + more) is a normal number."""
    return x * b.float_of((n + (1023 + more - ROUND_BITS)) << 52)


def clamped_exponent(b: Body, x: Vector) -> Vector:
    """x, held to where exp is neither surely 0 nor surely infinite."""
    return at_most(b, b.choose(x < EXP_VANISHES, EXP_VANISHES, x), EXP_OVERFLOWS)


class Mantissa(NamedTuple):
    """x = (1 + f) 2^k with 1 + f between sqrt(1/2) and sqrt(2); ``exponent`` is k in the place of the exponent."""

    k: Vector
    f: Vector
    exponent: Bits


def split_mantissa(b: Body, x: Vector) -> Mantissa:
    """A positive normal number as (1 + f) 2^k."""
    pattern = b.bits(x)
    exponent = (pattern - _ROOT_HALF_BITS) & _EXPONENT
    # k + 1024 is positive, so that it can be read off a shifted-in pattern of 2^52 + k + 1024.
    whole = ((exponent + (1024 << 52)) >> 52) | _TWO_52_BITS
    return Mantissa(b.float_of(whole) - (_TWO_52 + 1024.0), b.float_of(pattern - exponent) - 1.0, exponent)


def split_any_mantissa(b: Body, x: Vector) -> Mantissa:
    """`split_mantissa` that takes subnormal numbers too."""
    subnormal = x < SMALLEST_NORMAL
    m = split_mantissa(b, b.choose(subnormal, x * 2.0**54, x))
    return m._replace(k=b.choose(subnormal, m.k - 54.0, m.k))
