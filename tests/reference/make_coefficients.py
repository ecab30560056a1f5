"""Writes autograd/compiler/llvm/math/coefficients.py: every number of the elementary functions, from their definitions.

    python tests/reference/make_coefficients.py > autograd/compiler/llvm/math/coefficients.py

The polynomials interpolate at Chebyshev nodes, which is near the best of their degree. Each is fitted
to what is left of a function after its first terms, so that those stay exact near 0.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

import mpmath
from mpmath import mp, mpf

PRECISION = 256
SERIES_BELOW = mpf("1e-10")


def fit(function: Callable[[Any], Any], low: Any, high: Any, count: int) -> tuple[float, ...]:
    """``count`` coefficients, lowest power first, of the polynomial through the Chebyshev nodes."""
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [middle + half * mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    powers = mpmath.matrix([[node**k for k in range(count)] for node in nodes])
    return tuple(float(c) for c in mpmath.lu_solve(powers, mpmath.matrix([function(node) for node in nodes])))


def rest(function: Callable[[Any], Any], first: Any) -> Callable[[Any], Any]:
    """(f(sqrt z) / sqrt z - first) / z, what is left of an odd function, in z = x squared."""

    def remainder(z: Any) -> Any:
        # From the Taylor series where the closed form would cancel: f = c1 x + c3 x^3 + c5 x^5 + ...
        if z < SERIES_BELOW:
            taylor = mpmath.taylor(function, 0, 7)
            return taylor[3] + z * (taylor[5] + z * taylor[7])
        x = mpmath.sqrt(z)
        return (function(x) / x - first) / z

    return remainder


def exp_rest(r: Any) -> Any:
    """(exp(r) - 1 - r) / r^2."""
    if abs(r) < mpf("1e-6"):
        return mpmath.fsum(r**k / mpmath.factorial(k + 2) for k in range(8))
    return (mpmath.expm1(r) - r) / r**2


def cos_rest(z: Any) -> Any:
    """(cos(sqrt z) - 1 + z / 2) / z^2."""
    if z < SERIES_BELOW:
        return mpf(1) / 24 - z / 720 + z * z / 40320
    return (mpmath.cos(mpmath.sqrt(z)) - 1 + z / 2) / z**2


def log_rest(z: Any) -> Any:
    """log((1 + s) / (1 - s)) = 2 s + s^3 times this, z = s^2."""
    return rest(lambda s: 2 * mpmath.atanh(s), 2)(z)


def log_second_rest(z: Any) -> Any:
    """log((1 + s) / (1 - s)) = 2 s + 2/3 s^3 + s^5 times this, z = s^2."""
    if z < SERIES_BELOW:
        return mpf(2) / 5 + z * 2 / 7 + z * z * 2 / 9
    return (log_rest(z) - mpf(2) / 3) / z


def polynomials() -> dict[str, tuple[str, tuple[float, ...]]]:
    """Name -> (what it is, coefficients)."""
    half_log_2 = mpmath.log(2) / 2 + mpf("1e-6")
    quarter_turn = (mpmath.pi / 4 + mpf("1e-6")) ** 2
    largest_s = ((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)) ** 2
    one, zero = mpf(1), mpf(0)
    return {
        "EXP": ("(exp(r) - 1 - r) / r^2, |r| <= log(2)/2", fit(exp_rest, -half_log_2, half_log_2, 10)),
        "LOG": ("(2 atanh(s) - 2 s) / s^3 in s^2, |s| <= 3 - sqrt(8)", fit(log_rest, zero, largest_s, 7)),
        "LOG_FIFTH": ("(2 atanh(s) - 2 s - 2/3 s^3) / s^5 in s^2", fit(log_second_rest, zero, largest_s, 8)),
        "SIN": ("(sin(r) - r) / r^3 in r^2, |r| <= pi/4", fit(rest(mpmath.sin, 1), zero, quarter_turn, 7)),
        "COS": ("(cos(r) - 1 + r^2/2) / r^4 in r^2, |r| <= pi/4", fit(cos_rest, zero, quarter_turn, 7)),
        "ASIN": ("(asin(x) - x) / x^3 in x^2, |x| <= 1/2", fit(rest(mpmath.asin, 1), zero, one / 4, 13)),
        "ATAN": ("(atan(x) - x) / x^3 in x^2, |x| <= 1", fit(rest(mpmath.atan, 1), zero, one, 22)),
        "SINH": ("(sinh(x) - x) / x^3 in x^2, |x| <= 1", fit(rest(mpmath.sinh, 1), zero, one, 7)),
    }


def parts(x: Any, count: int) -> list[float]:
    """Floats that add up to x, largest first."""
    found = []
    for _ in range(count):
        found.append(float(x))
        x -= mpf(found[-1])
    return found


def numbers() -> dict[str, float]:
    """Constants in parts."""
    log_2 = mpmath.log(2)
    log_2_high = mpmath.nint(log_2 * 2**42) / 2**42  # times a whole number below 2^11 it is exact
    half_pi = parts(mpmath.pi / 2, 3)
    two_thirds = parts(mpf(2) / 3, 2)
    return {
        "LOG2_E": float(1 / log_2),
        "LN2_HIGH": float(log_2_high),
        "LN2_LOW": float(log_2 - log_2_high),
        "TWO_OVER_PI": float(2 / mpmath.pi),
        "HALF_PI": half_pi[0],
        "HALF_PI_2": half_pi[1],
        "HALF_PI_3": half_pi[2],
        "TWO_THIRDS": two_thirds[0],
        "TWO_THIRDS_2": two_thirds[1],
    }


def two_over_pi_words(count: int = 20) -> list[int]:
    """64 zero bits, then the binary digits of 2/pi in words of 64."""
    with mpmath.workprec(64 * count + 64):
        digits = int(mpmath.floor(2 / mpmath.pi * mpf(2) ** (64 * (count - 1))))
    return [(digits >> (64 * (count - 1 - i))) & (2**64 - 1) for i in range(count)]


def table(numbers: Iterable[str], columns: int = 4) -> list[str]:
    """Lines of the inside of a tuple, some numbers each."""
    texts = [f"{number}," for number in numbers]
    return [f"    {' '.join(texts[k : k + columns])}" for k in range(0, len(texts), columns)]


def module_text() -> str:
    """The text of the module."""
    lines = [
        '"""Numbers of the elementary functions, lowest power first. Made by tests/reference/make_coefficients.py."""',
        "",
        "# fmt: off",
    ]
    with mp.workprec(PRECISION):
        for name, value in numbers().items():
            lines.append(f"{name} = {value!r}")
        for name, (what, coefficients) in polynomials().items():
            lines += ["", f"# {what}", f"{name} = (", *table(map(repr, coefficients)), ")"]
        lines += ["", "# 64 zero bits, then the binary digits of 2/pi", "TWO_OVER_PI_WORDS = ("]
        lines += table(f"0x{word:016X}" for word in two_over_pi_words())
    return "\n".join([*lines, ")", ""])


if __name__ == "__main__":
    sys.stdout.write(module_text())
