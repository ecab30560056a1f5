"""The oracles of the operations: a line each, value and slopes by mpmath, and what is so at the edges.

The batteries of this room go over the built-in table; an operation without its line here turns them red.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mp, mpf

from autograd import OPS, declare

INF, NAN = math.inf, math.nan
BUILT_IN = [op for name, op in OPS.items() if name in declare._BUILT_IN]
"""The operations of the table, without those that tests declare."""


@dataclass(frozen=True)
class Oracle:
    """An operation by mpmath, and how many ulps ours may be off.

    ``slopes`` are the partials in closed form, as functions of the arguments; ``at_infinity`` the limits of a function
    of one number at -inf and +inf, None where that is outside the domain; ``outside`` some points out of the domain;
    ``analytic`` says that no argument is compared, rounded or taken the size of, so that complex numbers may go in.

    ``floats``, ``arrays`` are for values, ``partials`` for first derivatives. A number of ulps may be a function of the
    arguments where the error grows with them (a tail ``exp(-x*x)`` has the relative error of x*x, times its size).
    ``scale`` is what an ulp is measured at, if larger than the result: 1 for what is a difference of numbers near 1.
    """

    f: Callable[..., Any]
    slopes: tuple[Callable[..., Any], ...]
    at_infinity: tuple[float | None, float | None] | None = None
    outside: Sequence[tuple[float, ...]] = ()
    analytic: bool = True
    floats: float | Callable[..., float] = 2.0
    arrays: float | Callable[..., float] = 4.0
    partials: float | Callable[..., float] = 4.0
    scale: Callable[..., float] = lambda *args: 0.0
    partial_scale: Callable[..., float] = lambda *args: 0.0

    def allowed(self, which: str, args: tuple[float, ...]) -> float:
        """The ulps that a value or partial at these arguments may be off."""
        number = getattr(self, which)
        return number(*args) if callable(number) else number


def _tail(x: float) -> float:
    return 6 + 3 * min(x * x, 1500.0)


def _erfc(x: Any) -> Any:
    return mp.erfc(x) if mp.re(x) < 1e6 else mpf(0)  # mpmath's own overflows far out


def _gelu(x: Any) -> Any:
    return x / 2 * _erfc(-x / mp.sqrt(2))


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _density(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _above(x: Any) -> Any:
    """erfc(x) / 2 as the normal distribution has it; mpmath's own overflows far out."""
    return mp.erfc(x) / 2 if abs(x) < 1e6 else mpf(x < 0)


ORACLES = {
    "add": Oracle(lambda a, b: a + b, (lambda a, b: mpf(1), lambda a, b: mpf(1)), floats=0.5, arrays=0.5),
    "sub": Oracle(lambda a, b: a - b, (lambda a, b: mpf(1), lambda a, b: mpf(-1)), floats=0.5, arrays=0.5),
    "mul": Oracle(lambda a, b: a * b, (lambda a, b: b, lambda a, b: a), floats=0.5, arrays=0.5),
    "div": Oracle(
        lambda a, b: a / b,
        (lambda a, b: 1 / b, lambda a, b: -a / b**2),
        floats=0.5,
        arrays=0.5,
        outside=[(1.0, 0.0), (0.0, -0.0), (math.inf, 0.0)],
    ),
    "neg": Oracle(lambda x: -x, (lambda x: mpf(-1),), floats=0.0, arrays=0.0, at_infinity=(INF, -INF)),
    # In k * x**(k-1) the exponent is rounded, which a power passes on times its logarithm.
    "pow": Oracle(
        mp.power,
        (lambda x, k: k * mp.power(x, k - 1), lambda x, k: mp.power(x, k) * mp.log(x)),
        floats=1.0,
        arrays=2.0,
        partials=lambda x, k: 4 + (1 + abs(k)) * abs(mp.log(abs(x))),
        outside=[(0.0, -1.0), (-8.0, 1 / 3), (-1.0, 0.5), (0.0, -0.5)],
    ),
    "exp": Oracle(mp.exp, (mp.exp,), floats=1.0, arrays=2.0, at_infinity=(0.0, INF)),
    "expm1": Oracle(mp.expm1, (mp.exp,), at_infinity=(-1.0, INF)),
    "log": Oracle(
        mp.log,
        (lambda x: 1 / x,),
        floats=1.0,
        arrays=2.0,
        at_infinity=(None, INF),
        outside=[(0.0,), (-0.0,), (-1.0,), (-5e-324,)],
    ),
    "log1p": Oracle(mp.log1p, (lambda x: 1 / (1 + x),), at_infinity=(None, INF), outside=[(-1.0,), (-2.0,)]),
    "sqrt": Oracle(
        mp.sqrt,
        (lambda x: 1 / (2 * mp.sqrt(x)),),
        floats=0.5,
        arrays=0.5,
        at_infinity=(None, INF),
        outside=[(-5e-324,), (-4.0,)],
    ),
    "abs": Oracle(abs, (mp.sign,), floats=0.0, arrays=0.0, at_infinity=(INF, INF), analytic=False),
    "sign": Oracle(mp.sign, (lambda x: mpf(0),), floats=0.0, arrays=0.0, at_infinity=(-1.0, 1.0), analytic=False),
    "step": Oracle(
        lambda x: mpf(x > 0), (lambda x: mpf(0),), floats=0.0, arrays=0.0, at_infinity=(0.0, 1.0), analytic=False
    ),
    "sin": Oracle(mp.sin, (mp.cos,), floats=1.0, arrays=2.0, at_infinity=(NAN, NAN)),
    "cos": Oracle(mp.cos, (lambda x: -mp.sin(x),), floats=1.0, arrays=2.0, at_infinity=(NAN, NAN)),
    "tan": Oracle(mp.tan, (lambda x: mp.sec(x) ** 2,), floats=1.0, arrays=4.0, at_infinity=(NAN, NAN)),
    "asin": Oracle(
        mp.asin,
        (lambda x: 1 / mp.sqrt(1 - x * x),),
        floats=1.0,
        arrays=4.0,
        at_infinity=(None, None),
        outside=[(math.nextafter(1.0, 2.0),), (-2.0,)],
    ),
    "acos": Oracle(
        mp.acos,
        (lambda x: -1 / mp.sqrt(1 - x * x),),
        floats=1.0,
        arrays=4.0,
        at_infinity=(None, None),
        outside=[(1.5,), (-math.inf,)],
    ),
    "atan": Oracle(
        mp.atan, (lambda x: 1 / (1 + x * x),), floats=1.0, arrays=4.0, at_infinity=(-math.pi / 2, math.pi / 2)
    ),
    "sinh": Oracle(mp.sinh, (mp.cosh,), at_infinity=(-INF, INF)),
    "cosh": Oracle(mp.cosh, (mp.sinh,), at_infinity=(INF, INF)),
    "tanh": Oracle(mp.tanh, (lambda x: mp.sech(x) ** 2,), at_infinity=(-1.0, 1.0)),
    "erf": Oracle(
        mp.erf,
        (lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),),
        floats=1.0,
        arrays=3.0,
        partials=_tail,
        at_infinity=(-1.0, 1.0),
    ),
    "erfc": Oracle(
        _erfc,
        (lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x),),
        floats=2.0,
        arrays=4.0,
        partials=_tail,
        at_infinity=(2.0, 0.0),
    ),
    "sigmoid": Oracle(_sigmoid, (lambda x: _sigmoid(x) * _sigmoid(-x),), at_infinity=(0.0, 1.0)),
    "softplus": Oracle(lambda x: mp.log1p(mp.exp(x)), (_sigmoid,), at_infinity=(0.0, INF)),
    "relu": Oracle(
        lambda x: max(x, mpf(0)),
        (lambda x: mpf(x > 0),),
        floats=0.0,
        arrays=0.0,
        at_infinity=(0.0, INF),
        analytic=False,
    ),
    "leaky_relu": Oracle(
        lambda x, slope=0.01: x if x > 0 else mpf(slope) * x,
        (lambda x: mpf(1) if x > 0 else mpf(0.01),),
        floats=0.5,
        arrays=0.5,
        at_infinity=(-INF, INF),
        analytic=False,
    ),
    "elu": Oracle(
        lambda x, alpha=1.0: x if x > 0 else mpf(alpha) * mp.expm1(x),
        (lambda x: mpf(1) if x > 0 else mp.exp(x),),
        at_infinity=(-1.0, INF),
        analytic=False,
    ),
    "gelu": Oracle(
        _gelu,
        (lambda x: _above(-x / mp.sqrt(2)) + x * _density(x),),
        floats=_tail,
        arrays=_tail,
        partials=_tail,
        partial_scale=lambda x: min(1.0, abs(x)),
        at_infinity=(0.0, INF),
    ),
    # In x * sigmoid(x) the second factor may have lost digits as a subnormal.
    "silu": Oracle(
        lambda x: x / (1 + mp.exp(-x)),
        (lambda x: _sigmoid(x) * (1 + x * _sigmoid(-x)),),
        floats=3.0,
        scale=lambda x: 1e-305,
        partials=6.0,
        partial_scale=lambda x: min(1.0, abs(x)),
        at_infinity=(0.0, INF),
    ),
    "maximum": Oracle(max, (lambda a, b: mpf(a > b), lambda a, b: mpf(a < b)), floats=0.0, arrays=0.0, analytic=False),
    "minimum": Oracle(min, (lambda a, b: mpf(a < b), lambda a, b: mpf(a > b)), floats=0.0, arrays=0.0, analytic=False),
    "clamp": Oracle(  # without bounds; those are in a test of their own
        lambda x, **_: mpf(x),
        (lambda x: mpf(1),),
        floats=0.0,
        arrays=0.0,
        at_infinity=(-INF, INF),
        analytic=False,
    ),
    # It passes on all or nothing: there is no slope to tell.
    "where": Oracle(lambda condition, a, b: a if condition else b, (), floats=0.0, arrays=0.0, analytic=False),
    "logsumexp": Oracle(
        lambda *xs: mp.log(sum(map(mp.exp, xs))),
        tuple((lambda *xs, i=i: mp.exp(xs[i]) / mp.fsum(map(mp.exp, xs))) for i in range(3)),
        scale=lambda *xs: max(map(abs, xs)),
        partials=lambda *xs: 8 + 4 * max(map(abs, xs)),
    ),
}


def oracle_of(name: str) -> Oracle:
    """The line of an operation; an error that says what to add where there is none."""
    assert name in ORACLES, f'add a line "{name}": Oracle(...) to ORACLES in tests/engine/operations.py'
    return ORACLES[name]
