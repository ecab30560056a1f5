"""The elementary functions over IR vectors: the namespace `Vectors`, with which kernels write SIMD code.

Each function is polynomials of our own (`coefficients`), written once over operations of `Vector` in the modules beside
this one. It stands in an LLVM module once, as an internal function that kernels call. Special values, infinities, NaN
and the sign of zero are those of `namespaces.Floats`; results down to the smallest subnormal are right; an angle may be
of any size. Most functions compute the ordinary case straight away, and all of it again, with care, if any lane is out
of the ordinary. An ordinary lane has the same result either way, whatever its neighbours are. The largest error over
all arguments is 4.5 units in the last place (erfc), of most functions below 2.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from .... import namespaces
from ..text.body import Body
from ..text.registers import Real, Vector
from . import circular, error, exponential, power

Scalar: TypeAlias = Vector | Real

_WRITERS: dict[str, Callable[..., Vector]] = {
    name: getattr(module, name)
    for module, names in (
        (exponential, "exp expm1 log log1p sinh cosh tanh"),
        (circular, "sin cos tan asin acos atan"),
        (error, "erf erfc"),
        (power, "power root"),
    )
    for name in names.split()
}


class Vectors:
    """The namespace ``xp`` of a kernel that is to emit code into ``body``: all of `namespaces.FUNCTIONS`.

    Arguments are vectors or numbers; of numbers alone the result is a number, computed now.
    """

    def __init__(self, body: Body) -> None:
        self._body = body

    def _call(self, name: str, *args: Scalar) -> Any:
        if not any(isinstance(x, Vector) for x in args):
            return getattr(namespaces.Floats, name)(*(float(x) for x in args if not isinstance(x, Vector)))
        function = self._body.module.require(f"vector_{name}", len(args), _WRITERS[name])
        return self._body.call(function, *args)

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
        if name in _WRITERS or not isinstance(x, Vector):
            return self._call(name, x)
        return self._body.intrinsic("fabs" if name == "abs" else name, x)

    method.__name__, method.__doc__ = name, f"{name} of each lane."
    setattr(Vectors, name, method)


for _name in namespaces.FUNCTIONS:
    if not hasattr(Vectors, _name):
        _install(_name)
