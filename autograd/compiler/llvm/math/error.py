"""erf and erfc over IR vectors: the polynomials of `special`, with exp(-x^2) from all digits of the square."""

from __future__ import annotations

from .... import special
from ..text.body import Body
from ..text.registers import Vector
from .reduction import (
    Exponent,
    at_most,
    exp_of_rest,
    horner,
    magnitude,
    polynomial,
    scaled,
    scaled_ordinary,
    split_exponent,
    with_care,
    with_sign,
)

_ERFC_ORDINARY = 26.0


def _erf_near(b: Body, size: Vector) -> Vector:
    """erf for sizes up to 1."""
    return size * polynomial(b, size * size, special.ERF_BELOW_ONE[::-1])


def _erfc_far(b: Body, size: Vector) -> Vector:
    """erfc for sizes above `special.ERFC_SWITCH`, to an ulp of 1 above 1/2."""
    reciprocal = 1.0 / (size + 3.0)
    # In one chain: its even and odd powers would nearly cancel.
    fraction = horner(b, (size - 3.0) * reciprocal, special.ERFC_SCALED[::-1]) * reciprocal

    def careful() -> Vector:
        near = at_most(b, size, special.ERFC_VANISHES)
        e = _exponent_of_square(b, near)
        result = scaled(b, exp_of_rest(b, e) * fraction, e.n)
        return b.choose(size > special.ERFC_VANISHES, 0.0, result)

    e = _exponent_of_square(b, size)
    ordinary = scaled_ordinary(b, exp_of_rest(b, e) * fraction, e.n)
    return with_care(b, b.compare("uge", size, _ERFC_ORDINARY), ordinary, careful)


def _exponent_of_square(b: Body, size: Vector) -> Exponent:
    """Of exp(-size^2), with all digits of the square."""
    square = size * size
    return split_exponent(b, -square, -b.fma(size, size, -square))


def erf(b: Body, x: Vector) -> Vector:
    """The error function."""
    size = magnitude(b, x)
    far = 1.0 - _erfc_far(b, size)
    return with_sign(b, b.choose(size < 1.0, _erf_near(b, size), far), x)


def erfc(b: Body, x: Vector) -> Vector:
    """1 - erf(x), without cancellation for large x."""
    size = magnitude(b, x)
    far = _erfc_far(b, size)
    near = 1.0 - with_sign(b, _erf_near(b, size), x)
    return b.choose(size > special.ERFC_SWITCH, b.choose(x < 0.0, 2.0 - far, far), near)
