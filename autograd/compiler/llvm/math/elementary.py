"""The elementary functions over IR vectors: the namespace `Vectors`, with which kernels write SIMD code.

Each function is polynomials of our own (`coefficients`), written once over operations of `Vector` in the modules beside
this one. It stands in an LLVM module once, as an internal function that kernels call. Special values, infinities, NaN
and the sign of zero are those of `namespaces.Floats`; results down to the smallest subnormal are right; an angle may be
of any size. Most functions compute the ordinary case straight away, and all of it again, with care, if any lane is out
of the ordinary. An ordinary lane has the same result either way, whatever its neighbours are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from .... import namespaces
from ..text.body import Body
from ..text.registers import Real, Vector
from . import circular, error, exponential, power

ULPS = {
    "exp": 1.2,
    "expm1": 2.5,
    "log": 1.0,
    "log1p": 1.0,
    "sqrt": 0.5,
    "power": 1.0,
    "sin": 2.5,
    "cos": 2.5,
    "tan": 4.0,
    "asin": 2.0,
    "acos": 1.5,
    "atan": 2.5,
    "sinh": 2.0,
    "cosh": 1.6,
    "tanh": 2.6,
    "erf": 2.5,
    "erfc": 4.5,
    "abs": 0.0,
    "floor": 0.0,
}
"""The largest error of each function over all arguments, in units in the last place of the exact result (below the
smallest normal number: in units of the smallest subnormal). Tested against mpmath."""

Scalar: TypeAlias = Vector | Real

_WRITERS: dict[str, Callable[..., Vector]] = {
    "exp": exponential.exp,
    "expm1": exponential.expm1,
    "log": exponential.log,
    "log1p": exponential.log1p,
    "sinh": exponential.sinh,
    "cosh": exponential.cosh,
    "tanh": exponential.tanh,
    "sin": circular.sin,
    "cos": circular.cos,
    "tan": circular.tan,
    "asin": circular.asin,
    "acos": circular.acos,
    "atan": circular.atan,
    "erf": error.erf,
    "erfc": error.erfc,
    "power": power.power,
    "root": power.root,
}


class Vectors:
    """The namespace ``xp`` of a kernel that is to emit code into ``body``: all of `namespaces.FUNCTIONS`.

    Arguments are vectors or numbers; of numbers alone the result is a number, computed now.

    >>> from autograd.compiler.llvm.text.module import IRModule
    >>> body = IRModule(4).function("f", "ptr %x")
    >>> xp = Vectors(body)
    >>> xp.exp(body.load("%x", 0)), xp.exp(0.0)
    (Vector(%1), 1.0)
    """

    def __init__(self, body: Body) -> None:
        self._body = body

    def _call(self, name: str, *args: Scalar) -> Any:
        if not any(isinstance(x, Vector) for x in args):
            return getattr(namespaces.Floats, name)(*(float(x) for x in args if not isinstance(x, Vector)))
        function = self._body.module.require(f"vector_{name}", len(args), _WRITERS[name])
        return self._body.call(function, *args)

    def abs(self, x: Scalar) -> Any:
        """The magnitude."""
        return self._body.intrinsic("fabs", x) if isinstance(x, Vector) else abs(x)

    def sqrt(self, x: Scalar) -> Any:
        """The square root; NaN below 0."""
        return self._body.intrinsic("sqrt", x) if isinstance(x, Vector) else namespaces.Floats.sqrt(x)

    def floor(self, x: Scalar) -> Any:
        """The largest whole number that is not above x."""
        return self._body.intrinsic("floor", x) if isinstance(x, Vector) else namespaces.Floats.floor(x)

    def where(self, condition: Any, a: Scalar, b: Scalar) -> Any:
        """a where the condition (a mask, a bool, or a vector that isn't 0) holds, else b."""
        return self._body.select(condition, a, b)

    def power(self, base: Scalar, exponent: Scalar) -> Any:
        """base to the power exponent. Exponents -2, -1, 0, 1/2, 1, 2, 3, 4 that are numbers need no logarithm."""
        if isinstance(base, Vector) and not isinstance(exponent, Vector):
            if exponent in power.FIXED:
                return power.FIXED[exponent](base)
            if exponent == 0.5:
                return self._call("root", base)
        return self._call("power", base, exponent)


def _install(name: str) -> None:
    def method(self: Vectors, x: Scalar) -> Any:
        return self._call(name, x)

    method.__name__, method.__doc__ = name, f"{name} of each lane."
    setattr(Vectors, name, method)


for _name in namespaces.FUNCTIONS:
    if not hasattr(Vectors, _name):
        _install(_name)
