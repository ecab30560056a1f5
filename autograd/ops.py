"""THE TABLE: every operation of Glassgrad, declared once.

Kernels and partials are stable over the whole range of float64. The hard points, where the textbook formula fails:

==================  =========================================================================================
pow                 0**0 = 1; d/dx x**k at 0 follows the limit (0 for k > 1, 1 for k = 1, infinite below 1);
                    a fractional power of a negative base and 0 to a negative power are outside the domain;
                    d/dk is x**k log x, 0 at x = 0, and NaN at a negative base, where no derivative exists
abs, sign, relu     derivative 0 at 0 (the middle of the subgradients of abs; the convention for relu)
maximum, minimum    at a tie each argument has the share 1/2
sqrt                derivative infinite at 0; a zero adjoint times it is 0
where               passes the gradient to the selected branch only
clamp               a bound itself is inside: derivative 1 there
logsumexp           exp(x - y) has the rounding of y: for single numbers it is taken out, in a batch it is 2e-16 y
tanh                1 - y² has no digits left at large x: for one number the derivative keeps them, in a batch,
                    where that would cost a fifth more, it is right to 1e-15 beside its largest value, 1
overflow            an infinity, as IEEE 754 has it; NaN passes through every operation
==================  =========================================================================================
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .declare import op, protect_declared
from .domain import ABOVE_MINUS_ONE, CONDITION, NONNEGATIVE, NONZERO, POSITIVE, REAL, UNIT, equal
from .operation import Op

__all__ = ["add", "div", "mul", "neg", "pow", "sub"]
__all__ += ["exp", "expm1", "log", "log1p", "logsumexp", "sqrt"]
__all__ += ["abs", "clamp", "maximum", "minimum", "sign", "step", "where"]
__all__ += ["acos", "asin", "atan", "cos", "cosh", "sin", "sinh", "tan"]
__all__ += ["elu", "erf", "erfc", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"]

# Arithmetic

add = op("add", symbol="+", kernel=lambda xp, a, b: a + b, partials=lambda y, a, b: (1.0, 1.0), doc="a + b")
sub = op("sub", symbol="−", kernel=lambda xp, a, b: a - b, partials=lambda y, a, b: (1.0, -1.0), doc="a - b")
mul = op("mul", symbol="×", kernel=lambda xp, a, b: a * b, partials=lambda y, a, b: (b, a), doc="a * b")
div = op(
    "div",
    symbol="÷",
    kernel=lambda xp, a, b: a / b,
    partials=lambda y, a, b: (1.0 / b, -(y / b)),
    domain=(REAL, NONZERO),
    singular=True,
    doc="a / b",
)
neg = op("neg", symbol="−", kernel=lambda xp, x: -x, partials=lambda y, x: (-1.0,), doc="-x")


def _power_of_base(x: Any, k: Any) -> Any:
    """∂(x**k)/∂x = k x**(k-1). At x = 0 and k = 0 it is 0, although x**(k-1) is infinite there."""
    return k * x ** where(equal(x, 0.0) & equal(k, 0.0), 1.0, k - 1.0)


def _power_of_exponent(y: Any, x: Any) -> Any:
    """∂(x**k)/∂k = y log x. At x = 0 its limit for k > 0 is 0; a negative base has no derivative here."""
    positive = where(x > 0.0, x, 1.0)
    return where(x > 0.0, y * log(positive), where(equal(x, 0.0), 0.0, math.nan))


pow = op(
    "pow",
    symbol="^",
    kernel=lambda xp, x, k: xp.power(x, k),
    partials=lambda y, x, k: (_power_of_base(x, k), _power_of_exponent(y, x)),
    domain=(REAL, REAL),
    refuses=lambda xp, x, k: ((x < 0.0) & (k > xp.floor(k))) | (equal(x, 0.0) & (k < 0.0)),
    requires="a positive base, or a whole exponent (not negative where the base is 0)",
    singular=True,
    doc="x ** k",
)

# Exponentials, logarithms, roots

exp = op("exp", kernel=lambda xp, x: xp.exp(x), partials=lambda y, x: (y,), singular=True, doc="e to the power x")
expm1 = op(
    "expm1",
    kernel=lambda xp, x: xp.expm1(x),
    partials=lambda y, x: (exp(x),),
    singular=True,
    doc="exp(x) - 1, exact for small x",
)
log = op(
    "log",
    kernel=lambda xp, x: xp.log(x),
    partials=lambda y, x: (1.0 / x,),
    domain=(POSITIVE,),
    singular=True,
    doc="natural logarithm of x > 0",
)
log1p = op(
    "log1p",
    kernel=lambda xp, x: xp.log1p(x),
    partials=lambda y, x: (1.0 / (1.0 + x),),
    domain=(ABOVE_MINUS_ONE,),
    singular=True,
    doc="log(1 + x), exact for small x > -1",
)
sqrt = op(
    "sqrt",
    symbol="√",
    kernel=lambda xp, x: xp.sqrt(x),
    partials=lambda y, x: (0.5 / y,),
    domain=(NONNEGATIVE,),
    kinks=(0.0,),
    singular=True,
    doc="square root of x >= 0",
)

# Steps and corners

abs = op(
    "abs",
    symbol="|x|",
    kernel=lambda xp, x: xp.abs(x),
    partials=lambda y, x: (sign(x),),
    kinks=(0.0,),
    doc="|x|; its derivative at 0 is taken as 0",
)
sign: Op = op(
    "sign",
    kernel=lambda xp, x: xp.where(x > 0.0, 1.0, xp.where(x < 0.0, -1.0, x)),
    partials=lambda y, x: (0.0,),
    kinks=(0.0,),
    doc="-1, 0 or 1, by the sign of x",
)
step = op(
    "step",
    kernel=lambda xp, x: xp.where(x > 0.0, 1.0, xp.where(x <= 0.0, 0.0, x)),
    partials=lambda y, x: (0.0,),
    kinks=(0.0,),
    doc="1 for x > 0, else 0 (Heaviside, 0 at 0)",
)

# Trigonometry

sin = op("sin", kernel=lambda xp, x: xp.sin(x), partials=lambda y, x: (cos(x),), doc="sine of x in radians")
cos: Op = op("cos", kernel=lambda xp, x: xp.cos(x), partials=lambda y, x: (-sin(x),), doc="cosine of x in radians")
tan = op("tan", kernel=lambda xp, x: xp.tan(x), partials=lambda y, x: (1.0 + y * y,), doc="tangent of x in radians")
asin = op(
    "asin",
    kernel=lambda xp, x: xp.asin(x),
    partials=lambda y, x: (1.0 / sqrt((1.0 - x) * (1.0 + x)),),
    domain=(UNIT,),
    kinks=(-1.0, 1.0),
    singular=True,
    doc="arc sine of x in [-1, 1], in radians",
)
acos = op(
    "acos",
    kernel=lambda xp, x: xp.acos(x),
    partials=lambda y, x: (-1.0 / sqrt((1.0 - x) * (1.0 + x)),),
    domain=(UNIT,),
    kinks=(-1.0, 1.0),
    singular=True,
    doc="arc cosine of x in [-1, 1], in radians",
)
atan = op(
    "atan",
    kernel=lambda xp, x: xp.atan(x),
    partials=lambda y, x: (1.0 / (1.0 + x * x),),
    doc="arc tangent of x, in radians",
)
sinh = op(
    "sinh", kernel=lambda xp, x: xp.sinh(x), partials=lambda y, x: (cosh(x),), singular=True, doc="hyperbolic sine"
)
cosh: Op = op(
    "cosh", kernel=lambda xp, x: xp.cosh(x), partials=lambda y, x: (sinh(x),), singular=True, doc="hyperbolic cosine"
)


def _tanh_slope(y: Any, x: Any) -> Any:
    """1 - y². Where y is near 1, its rounding is all that this has left; there 1 - |y| = (1 + |y|) exp(-2|x|) is taken.

    In a batch both would be computed for all numbers, a fifth more for a graph of many tanh: there 1 - y² has to do.
    """
    return where(y * y < 0.5, 1.0 - y * y, exp(-2.0 * abs(x)) * (1.0 + abs(y)) ** 2)


tanh = op(
    "tanh",
    kernel=lambda xp, x: xp.tanh(x),
    partials=lambda y, x: (1.0 - y * y,),
    careful=lambda y, x: (_tanh_slope(y, x),),
    doc="hyperbolic tangent",
)

# The error function

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)
_ONE_OVER_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
erf = op(
    "erf",
    kernel=lambda xp, x: xp.erf(x),
    partials=lambda y, x: (_TWO_OVER_ROOT_PI * exp(-x * x),),
    doc="error function, 2/√π ∫ exp(-t²) dt from 0 to x",
)
erfc = op(
    "erfc",
    kernel=lambda xp, x: xp.erfc(x),
    partials=lambda y, x: (-_TWO_OVER_ROOT_PI * exp(-x * x),),
    doc="1 - erf(x), exact for large x",
)

# Activations


def _sigmoid(xp: Any, x: Any) -> Any:
    e = xp.exp(-xp.abs(x))  # never overflows, and neither branch cancels
    return xp.where(x < 0.0, e, 1.0) / (1.0 + e)


sigmoid: Op = op(
    "sigmoid",
    symbol="σ",
    kernel=_sigmoid,
    partials=lambda y, x: (y * sigmoid(-x),),  # y (1 - y), without the cancellation of 1 - y at large x
    doc="1 / (1 + exp(-x))",
)
softplus = op(
    "softplus",
    kernel=lambda xp, x: xp.where(x > 0.0, x, 0.0) + xp.log1p(xp.exp(-xp.abs(x))),
    partials=lambda y, x: (sigmoid(x),),
    doc="log(1 + exp(x)), a smooth relu (Dugas et al. 2001)",
)
relu = op(
    "relu",
    symbol="relu",
    kernel=lambda xp, x: xp.where(x <= 0.0, 0.0, x),
    partials=lambda y, x: (step(y),),
    kinks=(0.0,),
    doc="max(x, 0); its derivative at 0 is taken as 0 (Nair and Hinton 2010)",
)
leaky_relu = op(
    "leaky_relu",
    kernel=lambda xp, x, *, slope=0.01: xp.where(x > 0.0, x, slope * x),
    partials=lambda y, x, *, slope: (where(x > 0.0, 1.0, slope),),
    kinks=(0.0,),
    doc="x where it is positive, else slope * x (Maas et al. 2013)",
)


def _elu_slope(x: Any, alpha: float) -> Any:
    return where(x > 0.0, 1.0, alpha * exp(where(x > 0.0, 0.0, x)))


elu = op(
    "elu",
    kernel=lambda xp, x, *, alpha=1.0: xp.where(x > 0.0, x, alpha * xp.expm1(xp.where(x > 0.0, 0.0, x))),
    partials=lambda y, x, *, alpha: (_elu_slope(x, alpha),),
    kinks=(0.0,),
    doc="x where it is positive, else alpha (exp(x) - 1) (Clevert et al. 2016)",
)
# x times a tail: beyond these bounds the tail has vanished in float64, and an infinite x must not be multiplied by it.
_GELU_BOUND = 40.0
_SILU_BOUND = 750.0


def _gelu(xp: Any, x: Any) -> Any:
    x = xp.where(x < -_GELU_BOUND, -_GELU_BOUND, x)
    return 0.5 * x * xp.erfc(-_ROOT_HALF * x)


def _silu(xp: Any, x: Any) -> Any:
    x = xp.where(x < -_SILU_BOUND, -_SILU_BOUND, x)
    return x * _sigmoid(xp, x)


gelu = op(
    "gelu",
    kernel=_gelu,
    partials=lambda y, x: (0.5 * erfc(-_ROOT_HALF * x) + x * (_ONE_OVER_ROOT_TWO_PI * exp(-0.5 * x * x)),),
    doc="x Φ(x) with the normal distribution Φ, exact (Hendrycks and Gimpel 2016)",
)
silu = op(
    "silu",
    kernel=_silu,
    partials=lambda y, x: (sigmoid(x) * (1.0 + x * sigmoid(-x)),),
    doc="x sigmoid(x), also called swish (Elfwing et al. 2018)",
)

# Choices


def _larger(xp: Any, a: Any, b: Any) -> Any:
    """The larger one; NaN if either is NaN (then every comparison fails and a + b is NaN)."""
    return xp.where(a > b, a, xp.where(b >= a, b, a + b))


def _smaller(xp: Any, a: Any, b: Any) -> Any:
    return xp.where(a < b, a, xp.where(b <= a, b, a + b))


def _share(won: Any, lost: Any) -> Any:
    return where(won, 1.0, where(lost, 0.0, 0.5))


maximum = op(
    "maximum",
    symbol="max",
    kernel=_larger,
    partials=lambda y, a, b: (_share(a > b, a < b), _share(a < b, a > b)),
    kinks=(0.0,),
    doc="the larger of a and b; at a tie each has half of the gradient",
)
minimum = op(
    "minimum",
    symbol="min",
    kernel=_smaller,
    partials=lambda y, a, b: (_share(a < b, a > b), _share(a > b, a < b)),
    kinks=(0.0,),
    doc="the smaller of a and b; at a tie each has half of the gradient",
)
clamp = op(
    "clamp",
    # PyTorch's names for the bounds.
    kernel=lambda xp, x, *, min=-math.inf, max=math.inf: xp.where(x > max, max, xp.where(x < min, min, x)),  # noqa: A006
    partials=lambda y, x, *, min, max: (where(x > max, 0.0, where(x < min, 0.0, 1.0)),),  # noqa: A006
    doc="x from min to max, else the nearer of these; the gradient at a bound is 1, as in PyTorch",
)
where: Op = op(
    "where",
    kernel=lambda xp, condition, a, b: xp.where(condition, a, b),
    partials=lambda y, condition, a, b: (0.0, where(condition, 1.0, 0.0), where(condition, 0.0, 1.0)),
    domain=(CONDITION, REAL, REAL),
    doc="a where the condition holds, else b",
)


def _in_pairs(combine: Callable[[Any, Any], Any], xs: Sequence[Any]) -> Any:
    """All of them combined, the halves of the list with each other.

    So the rounding errors of a sum stay small, and compiled code works on lists, not on one number after the other.
    """
    while len(xs) > 1:
        half = len(xs) // 2
        xs = [*map(combine, xs[:half], xs[half:]), *xs[2 * half :]]
    return xs[0]


def _log_sum_exp(xp: Any, *xs: Any) -> Any:
    largest = _in_pairs(lambda a, b: xp.where(a > b, a, b), xs)  # a NaN comes through in the total
    # An infinite shift would make inf - inf; without a shift the infinities come out right.
    shift = xp.where(xp.abs(largest) < math.inf, largest, 0.0)
    return shift + xp.log(_in_pairs(operator.add, [xp.exp(x - shift) for x in xs]))


def _softmax(y: Any, *xs: Any) -> Any:
    """exp(x - y), and the rounding of a large y taken out again: the partials sum to 1."""
    shares = [exp(x - y) for x in xs]
    total = shares[0]
    for share in shares[1:]:
        total = total + share
    return tuple(share / total for share in shares)


logsumexp = op(
    "logsumexp",
    kernel=_log_sum_exp,
    partials=lambda y, *xs: tuple(exp(x - y) for x in xs),
    careful=_softmax,
    singular=True,
    doc="log(exp(x0) + exp(x1) + ...) without overflow",
)

protect_declared()
