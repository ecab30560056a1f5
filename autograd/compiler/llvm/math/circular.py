"""sin, cos, tan and their inverses over IR vectors.

Angles up to 2^30 are reduced by three parts of pi/2 as Cody and Waite do, larger ones lane by lane as in Payne and
Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18 (1983).
"""

from __future__ import annotations

import math

from ..text.body import Body
from ..text.registers import Bits, Mask, Vector, hexadecimal
from . import coefficients as c
from .reduction import ROUND, SIGN, flipped, magnitude, polynomial, with_sign

_HUGE_ANGLE = 2.0**30
_HUGE_EXPONENT = 1053  # the biased exponent of 2^30


def _quarter_turns(b: Body, size: Vector) -> tuple[Vector, Bits]:
    """size = q pi/2 + r, |r| <= pi/4, for size >= 0; q in the low two bits. Not finite: NaN."""
    shifted = b.fma(size, c.TWO_OVER_PI, ROUND)
    n = shifted - ROUND
    r = b.fma(n, -c.HALF_PI, size)
    r = b.fma(n, -c.HALF_PI_3, b.fma(n, -c.HALF_PI_2, r))
    quarter = b.bits(shifted)
    huge = size > _HUGE_ANGLE
    r, quarter = b.when(b.any(huge), lambda: _reduce_huge(b, size, r, quarter), (r, quarter))
    return r, quarter


def _reduce_huge(b: Body, size: Vector, r: Vector, quarter: Bits) -> tuple[Vector, Bits]:
    """What `_quarter_turns` gives, with the huge lanes done by the scalar function."""
    _require_huge_angle(b)
    new_r, new_quarter = r, quarter
    for lane in range(b.lanes.width):
        both = b.assign(f"call fastcc {{ double, i64 }} @huge_angle(double {b.lane(size, lane)})")
        new_r = b.with_lane(new_r, lane, b.assign(f"extractvalue {{ double, i64 }} {both}, 0"))
        new_quarter = b.with_lane(new_quarter, lane, b.assign(f"extractvalue {{ double, i64 }} {both}, 1"))
    huge = b.combine("and", size > _HUGE_ANGLE, size < math.inf)
    return b.choose(huge, new_r, r), b.choose_bits(huge, new_quarter, quarter)


_HUGE_ANGLE_TEXT = """\
; x >= 2^30 as q pi/2 + r: the whole mantissa times those 192 digits of 2/pi that matter modulo 4 quarter turns.
define internal fastcc {{ double, i64 }} @huge_angle(double %x) noinline {attributes} {{
  %pattern = bitcast double %x to i64
  %field = lshr i64 %pattern, 52
  %biased = and i64 %field, 2047
  %is_large = icmp ugt i64 %biased, {least}
  %exponent = select i1 %is_large, i64 %biased, i64 {least}
  %is_finite = icmp ult i64 %exponent, 2047
  %finite = select i1 %is_finite, i64 %exponent, i64 {least}
  %fraction = and i64 %pattern, 4503599627370495
  %mantissa = or i64 %fraction, 4503599627370496
  %first = sub i64 %finite, 1013
  %word = lshr i64 %first, 6
  %shift = and i64 %first, 63
  %p0 = getelementptr i64, ptr @two_over_pi, i64 %word
  %p1 = getelementptr i64, ptr %p0, i64 1
  %p2 = getelementptr i64, ptr %p0, i64 2
  %p3 = getelementptr i64, ptr %p0, i64 3
  %w0 = load i64, ptr %p0
  %w1 = load i64, ptr %p1
  %w2 = load i64, ptr %p2
  %w3 = load i64, ptr %p3
  %high = call i64 @llvm.fshl.i64(i64 %w0, i64 %w1, i64 %shift)
  %middle = call i64 @llvm.fshl.i64(i64 %w1, i64 %w2, i64 %shift)
  %low = call i64 @llvm.fshl.i64(i64 %w2, i64 %w3, i64 %shift)
  %m = zext i64 %mantissa to i128
  %l = zext i64 %low to i128
  %c = zext i64 %middle to i128
  %low_product = mul i128 %m, %l
  %carry = lshr i128 %low_product, 64
  %middle_product = mul i128 %m, %c
  %lower = add i128 %middle_product, %carry
  %top = mul i64 %mantissa, %high
  %top_wide = zext i64 %top to i128
  %upper = shl i128 %top_wide, 64
  %turns = add i128 %lower, %upper
  %half = shl i128 1, 125
  %rounded = add i128 %turns, %half
  %whole = lshr i128 %rounded, 126
  %quarter = trunc i128 %whole to i64
  %rest = shl i128 %turns, 2
  %rest_upper = ashr i128 %rest, 64
  %rest_high = trunc i128 %rest_upper to i64
  %rest_low = trunc i128 %rest to i64
  %rest_positive = lshr i64 %rest_low, 1
  %a = sitofp i64 %rest_high to double
  %b = sitofp i64 %rest_positive to double
  %a_part = fmul double %a, {two_to_minus_64}
  %b_part = fmul double %b, {two_to_minus_127}
  %part = fadd double %a_part, %b_part
  %r = fmul double %part, {half_pi}
  %result = insertvalue {{ double, i64 }} poison, double %r, 0
  %both = insertvalue {{ double, i64 }} %result, i64 %quarter, 1
  ret {{ double, i64 }} %both
}}"""


def _require_huge_angle(b: Body) -> None:
    words = ", ".join(f"i64 {word}" for word in c.TWO_OVER_PI_WORDS)
    b.module.declare("i64 @llvm.fshl.i64(i64, i64, i64)")
    table = f"@two_over_pi = internal constant [{len(c.TWO_OVER_PI_WORDS)} x i64] [{words}]"
    b.module.define("two_over_pi", table)
    text = _HUGE_ANGLE_TEXT.format(
        attributes=b.module.attributes,
        least=_HUGE_EXPONENT,
        two_to_minus_64=hexadecimal(2.0**-64),
        two_to_minus_127=hexadecimal(2.0**-127),
        half_pi=hexadecimal(c.HALF_PI),
    )
    b.module.define("huge_angle", text)


def _sine_and_cosine(b: Body, r: Vector) -> tuple[Vector, Vector]:
    """Of |r| <= pi/4."""
    z = r * r
    sine = b.fma(r * z, polynomial(b, z, c.SIN), r)
    # 1 - z/2 loses digits that belong to the sum.
    half = z * 0.5
    first = 1.0 - half
    cosine = first + b.fma(z * z, polynomial(b, z, c.COS), (1.0 - first) - half)
    return sine, cosine


def _turned(b: Body, r: Vector, quarter: Bits) -> Vector:
    """sin(quarter * pi/2 + r)."""
    sine, cosine = _sine_and_cosine(b, r)
    chosen = b.choose(b.nonzero(quarter & 1), cosine, sine)
    return b.float_of(b.bits(chosen) ^ ((quarter << 62) & SIGN))


def sin(b: Body, x: Vector) -> Vector:
    """The sine of radians."""
    r, quarter = _quarter_turns(b, magnitude(b, x))
    return flipped(b, _turned(b, r, quarter), x)


def cos(b: Body, x: Vector) -> Vector:
    """The cosine of radians."""
    r, quarter = _quarter_turns(b, magnitude(b, x))
    return _turned(b, r, quarter + 1)


def tan(b: Body, x: Vector) -> Vector:
    """The tangent of radians."""
    r, quarter = _quarter_turns(b, magnitude(b, x))
    sine, cosine = _sine_and_cosine(b, r)
    odd = b.nonzero(quarter & 1)
    tangent = b.choose(odd, -cosine, sine) / b.choose(odd, sine, cosine)
    return flipped(b, tangent, x)


# Inverses


def _asin_parts(b: Body, x: Vector) -> tuple[Mask, Vector, Vector]:
    """Whether |x| > 1/2; then s = sqrt((1 - |x|) / 2), else |x|; and asin(s) - s."""
    size = magnitude(b, x)
    large = size > 0.5
    halved = (1.0 - size) * 0.5
    z = b.choose(large, halved, size * size)
    s = b.choose(large, b.intrinsic("sqrt", halved), size)
    return large, s, (s * z) * polynomial(b, z, c.ASIN)


def asin(b: Body, x: Vector) -> Vector:
    """The arc sine; NaN outside of [-1, 1]."""
    large, s, rest = _asin_parts(b, x)
    from_right_angle = c.HALF_PI - (2.0 * s - b.fma(rest, -2.0, c.HALF_PI_2))
    return with_sign(b, b.choose(large, from_right_angle, s + rest), x)


def acos(b: Body, x: Vector) -> Vector:
    """The arc cosine; NaN outside of [-1, 1]."""
    large, s, rest = _asin_parts(b, x)
    signed_s, signed_rest = flipped(b, s, x), flipped(b, rest, x)
    middle = c.HALF_PI - (signed_s - (c.HALF_PI_2 - signed_rest))
    doubled = 2.0 * (s + rest)
    left = 2.0 * (c.HALF_PI - (s - (c.HALF_PI_2 - rest)))
    return b.choose(large, b.choose(x > 0.0, doubled, left), middle)


def atan(b: Body, x: Vector) -> Vector:
    """The arc tangent."""
    size = magnitude(b, x)
    large = size > 1.0
    t = b.choose(large, 1.0 / size, size)
    z = t * t
    rest = (t * z) * polynomial(b, z, c.ATAN)
    from_right_angle = c.HALF_PI - (t - (c.HALF_PI_2 - rest))
    return with_sign(b, b.choose(large, from_right_angle, t + rest), x)
