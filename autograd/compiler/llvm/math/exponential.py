"""exp, expm1, log, log1p, sinh, cosh and tanh over IR vectors."""

from __future__ import annotations

import math

from ..text.body import Body
from ..text.registers import Vector
from . import coefficients as c
from .reduction import (
    EXP_OVERFLOWS,
    ORDINARY_EXPONENT,
    ROUND_BITS,
    SMALLEST_NORMAL,
    at_most,
    clamped_exponent,
    either,
    exp_of_rest,
    expm1_of_rest,
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

_TWO_60 = 2.0**60


def exp(b: Body, x: Vector) -> Vector:
    """e to the power x."""

    def careful() -> Vector:
        e = split_exponent(b, clamped_exponent(b, x))
        return scaled(b, exp_of_rest(b, e), e.n)

    e = split_exponent(b, x)
    ordinary = scaled_ordinary(b, exp_of_rest(b, e), e.n)
    return with_care(b, b.compare("uge", magnitude(b, x), ORDINARY_EXPONENT), ordinary, careful)


def _expm1_ordinary(b: Body, x: Vector) -> Vector:
    """exp(x) - 1 where exp(x) is a normal number; the sign of a zero is lost."""
    e = split_exponent(b, x)
    power = b.float_of((e.n + (1023 - ROUND_BITS)) << 52)
    return b.fma(power, expm1_of_rest(b, e), power - 1.0)


def _expm1_careful(b: Body, x: Vector) -> Vector:
    clamped = at_most(b, b.choose(x < -ORDINARY_EXPONENT, -ORDINARY_EXPONENT, x), EXP_OVERFLOWS)
    # 2^1024 is no float64: large arguments are scaled by 2^(n-1), then by 2.
    large = x > ORDINARY_EXPONENT
    e = split_exponent(b, clamped)
    n = b.choose_bits(large, e.n - 1, e.n)
    power = b.float_of((n + (1023 - ROUND_BITS)) << 52)
    return b.fma(power, expm1_of_rest(b, e), power - 1.0) * b.choose(large, 2.0, 1.0)


def expm1(b: Body, x: Vector) -> Vector:
    """exp(x) - 1, without cancellation near 0."""
    unusual = b.compare("uge", magnitude(b, x), ORDINARY_EXPONENT)
    result = with_care(b, unusual, _expm1_ordinary(b, x), lambda: _expm1_careful(b, x))
    return with_sign(b, result, x)


def _log_of_parts(b: Body, k: Vector, f: Vector, low: Vector | None = None) -> Vector:
    """k log 2 + log(1 + f) + low, by 2 atanh(s) = log(1 + f), s = f / (2 + f)."""
    half_square = (f * 0.5) * f
    s = f / (f + 2.0)
    z = s * s
    correction = s * b.fma(z, polynomial(b, z, c.LOG), half_square)
    small = b.fma(k, c.LN2_LOW, correction)
    return b.fma(k, c.LN2_HIGH, f - (half_square - (small if low is None else small + low)))


def _log_special(b: Body, x: Vector, pole: float, result: Vector) -> Vector:
    """The result of a logarithm, or what IEEE 754 has at infinity, at the pole, below it and at NaN."""
    at_pole = b.choose(b.compare("oeq", x, pole), -math.inf, math.nan)
    return b.choose(x > pole, b.choose(b.compare("oeq", x, math.inf), math.inf, result), at_pole)


def log(b: Body, x: Vector) -> Vector:
    """The natural logarithm."""

    def careful() -> Vector:
        m = split_any_mantissa(b, x)
        return _log_special(b, x, 0.0, _log_of_parts(b, m.k, m.f))

    m = split_mantissa(b, x)
    unusual = either(b, b.compare("ult", x, SMALLEST_NORMAL), b.compare("oeq", x, math.inf))
    return with_care(b, unusual, _log_of_parts(b, m.k, m.f), careful)


def log1p(b: Body, x: Vector) -> Vector:
    """log(1 + x), without loss near 0."""
    total = x + 1.0
    part = total - 1.0
    lost = (1.0 - (total - part)) + (x - part)  # Knuth's two-sum: total + lost = 1 + x exactly
    m = split_mantissa(b, total)
    near_one = b.compare("oeq", m.k, 0.0)
    f = b.choose(near_one, x, m.f)
    # log(m + lost) = log m + lost / m, where lost is below an ulp, so that a rough 1/m will do.
    scale = b.float_of(b.bits(b.constant(1.0)) - m.exponent)
    low = b.choose(near_one, 0.0, lost * scale * b.fma(m.f, m.f - 1.0, 1.0))
    ordinary = with_sign(b, _log_of_parts(b, m.k, f, low), x)

    def careful() -> Vector:
        without_low = b.choose(x > _TWO_60, _log_of_parts(b, m.k, f, b.constant(0.0)), ordinary)
        return _log_special(b, x, -1.0, without_low)

    unusual = either(b, b.compare("ule", x, -1.0), b.compare("uge", x, _TWO_60))
    return with_care(b, unusual, ordinary, careful)


# Hyperbolic functions


def _half_exp(b: Body, size: Vector) -> Vector:
    """exp(size) / 2, which overflows where cosh does."""

    def careful() -> Vector:
        e = split_exponent(b, at_most(b, size, EXP_OVERFLOWS + 1.0))
        return scaled(b, exp_of_rest(b, e), e.n, more=-1)

    e = split_exponent(b, size)
    ordinary = scaled_ordinary(b, exp_of_rest(b, e), e.n, more=-1)
    return with_care(b, b.compare("uge", size, ORDINARY_EXPONENT), ordinary, careful)


def sinh(b: Body, x: Vector) -> Vector:
    """The hyperbolic sine."""
    size = magnitude(b, x)
    half = _half_exp(b, size)
    z = size * size
    near = b.fma(size * z, polynomial(b, z, c.SINH), size)
    return with_sign(b, b.choose(size < 1.0, near, half - 0.25 / half), x)


def cosh(b: Body, x: Vector) -> Vector:
    """The hyperbolic cosine."""
    half = _half_exp(b, magnitude(b, x))
    return half + 0.25 / half


def tanh(b: Body, x: Vector) -> Vector:
    """The hyperbolic tangent."""
    e = _expm1_ordinary(b, at_most(b, magnitude(b, x), 20.0) * 2.0)
    return with_sign(b, e / (e + 2.0), x)
