"""Initial weights: each scheme is declared once, as a formula from (nin, nout) to a distribution.

An initializer is called with sizes and gives an array of shape (nout, nin), or with its own constants and gives
another initializer: ``init.normal(std=0.01)``. ``rng`` is a seed or a ``numpy.random.Generator``; None draws fresh
entropy. All numbers of an array are drawn in one call, row by row.

The names of PyTorch have its meaning, ``init.xavier_uniform`` and the like as schemes, ``init.xavier_uniform_`` and the
like on an array that there is. ``init.xavier`` is something else: N(0, 1 / nin), as it is taught.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .. import checks
from ..calls import public
from ..checks import real_number, size
from ..cures import answer_names
from ..errors import ShapeError
from ..randomness import generator
from .distributions import Array, Distribution, Normal, Uniform
from .filling import (
    calculate_gain,
    constant_,
    kaiming_normal_,
    kaiming_uniform_,
    normal_,
    ones_,
    uniform_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "by_name",
    "calculate_gain",
    "constant_",
    "glorot_normal",
    "glorot_uniform",
    "he",
    "he_normal",
    "he_uniform",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "uniform",
    "uniform_",
    "xavier",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros",
    "zeros_",
]


@dataclass(frozen=True, repr=False)
class Initializer:
    """A named scheme of initial weights; see the module's text for its two ways of being called.

    >>> he(2, 3, rng=0).shape, normal(std=0.01)
    ((3, 2), init.normal(std=0.01))
    """

    name: str
    formula: Callable[..., Distribution]
    """The distribution for (nin, nout, **constants)."""
    doc: str
    constants: Mapping[str, float] = field(default_factory=dict)

    def distribution(self, nin: int, nout: int) -> Distribution:
        """What the weights of a layer with these sizes are drawn from.

        >>> he_normal.distribution(8, 1)
        Normal(std=0.5, mean=0.0)
        """
        return self.formula(size(nin, "nin"), size(nout, "nout"), **self.constants)

    @public
    def __call__(self, nin: int | None = None, nout: int | None = None, *, rng: Any = None, **constants: float) -> Any:
        """An array of shape (nout, nin), or without sizes this scheme with other constants.

        Raises:
            TypeError: an unknown constant, one size without the other, or no real number.
            ValueError: a size below 1, or constants outside their range.
        """
        scheme = self._with(constants) if constants else self
        if nin is None and nout is None:
            if rng is not None:
                raise TypeError(f"init.{self.name} got an rng but no sizes; write init.{self.name}(nin, nout, rng=rng)")
            return scheme
        if nin is None or nout is None:
            raise TypeError(f"init.{self.name} needs both sizes, nin and nout, got nin={nin!r}, nout={nout!r}")
        return scheme.distribution(nin, nout).draw(generator(rng), (nout, nin))

    def _with(self, constants: Mapping[str, Any]) -> Initializer:
        unknown = [name for name in constants if name not in self.constants]
        if unknown:
            known = ", ".join(self.constants) or "none"
            raise TypeError(f"init.{self.name} has no constant {', '.join(unknown)}; it has: {known}")
        numbers = {name: real_number(x, f"{name} of init.{self.name}") for name, x in constants.items()}
        scheme = replace(self, constants={**self.constants, **numbers})
        scheme.distribution(1, 1)  # refuses constants outside their range now, not at the first layer
        return scheme

    def __repr__(self) -> str:
        constants = ", ".join(f"{name}={value!r}" for name, value in self.constants.items())
        return f"init.{self.name}({constants})" if constants else f"init.{self.name}"

    def __reduce__(self) -> Any:
        return _restore, (self.name, dict(self.constants))


INITIALIZERS: dict[str, Initializer] = {}
"""Every scheme by name."""


def _scheme(name: str, formula: Callable[..., Distribution], doc: str, **constants: float) -> Initializer:
    INITIALIZERS[name] = Initializer(name, formula, doc, constants)
    return INITIALIZERS[name]


def _restore(name: str, constants: Mapping[str, float]) -> Initializer:
    return INITIALIZERS[name]._with(constants)


normal = _scheme(
    "normal",
    lambda nin, nout, std: Normal(std),  # noqa: ARG005
    "N(0, std²), the same for every size",
    std=1.0,
)
uniform = _scheme(
    "uniform",
    lambda nin, nout, low, high: Uniform(low, high),  # noqa: ARG005
    "U(low, high), the same for every size",
    low=-1.0,
    high=1.0,
)
zeros = _scheme(
    "zeros",
    lambda nin, nout: Uniform(0.0, 0.0),  # noqa: ARG005
    "all 0: every neuron of a layer then learns the same",
)
xavier = _scheme(
    "xavier",
    lambda nin, nout: Normal(1.0 / math.sqrt(nin)),  # noqa: ARG005
    "N(0, 1 / nin): keeps the variance of a linear layer (LeCun et al. 1998, section 4.6; taught as Xavier's, while "
    "PyTorch's is xavier_normal)",
)
glorot_normal = _scheme(
    "glorot_normal",
    lambda nin, nout: Normal(math.sqrt(2.0 / (nin + nout))),
    "N(0, 2 / (nin + nout)) (Glorot and Bengio 2010, equation 12)",
)
glorot_uniform = _scheme(
    "glorot_uniform",
    lambda nin, nout: Uniform.within(math.sqrt(6.0 / (nin + nout))),
    "U(-r, r), r = sqrt(6 / (nin + nout)) (Glorot and Bengio 2010, equation 16)",
)
he_normal = _scheme(
    "he_normal",
    lambda nin, nout: Normal(math.sqrt(2.0 / nin)),  # noqa: ARG005
    "N(0, 2 / nin): keeps the variance of a relu layer (He et al. 2015, equation 10)",
)
he = INITIALIZERS["he"] = he_normal
he_uniform = _scheme(
    "he_uniform",
    lambda nin, nout: Uniform.within(math.sqrt(6.0 / nin)),  # noqa: ARG005
    "U(-r, r), r = sqrt(6 / nin): the variance of he_normal (He et al. 2015)",
)


xavier_normal = _scheme(
    "xavier_normal",
    lambda nin, nout, gain: Normal(gain * math.sqrt(2.0 / (nin + nout))),
    "N(0, gain² 2 / (nin + nout)), as PyTorch calls it: glorot_normal for gain 1",
    gain=1.0,
)
xavier_uniform = _scheme(
    "xavier_uniform",
    lambda nin, nout, gain: Uniform.within(gain * math.sqrt(6.0 / (nin + nout))),
    "U(-r, r), r = gain sqrt(6 / (nin + nout)), as PyTorch calls it: glorot_uniform for gain 1",
    gain=1.0,
)
kaiming_normal = _scheme(
    "kaiming_normal",
    lambda nin, nout, gain: Normal(gain / math.sqrt(nin)),  # noqa: ARG005
    "N(0, gain² / nin), as PyTorch calls it: he_normal for the gain of relu; see calculate_gain",
    gain=math.sqrt(2.0),
)
kaiming_uniform = _scheme(
    "kaiming_uniform",
    lambda nin, nout, gain: Uniform.within(gain * math.sqrt(3.0 / nin)),  # noqa: ARG005
    "U(-r, r), r = gain sqrt(3 / nin), as PyTorch calls it: he_uniform for the gain of relu; see calculate_gain",
    gain=math.sqrt(2.0),
)


@public
def by_name(name: str) -> Initializer:
    """The scheme of that name; a ValueError lists the known ones.

    >>> by_name("he")
    init.he_normal
    """
    return checks.by_name(INITIALIZERS, name, "an initializer")


def weights(init: Any, nin: int, nout: int, rng: np.random.Generator) -> Array:
    """Initial weights of shape (nout, nin).

    Args:
        init: a name, an `Initializer`, a function ``init(nin, nout, rng=generator)``, or the array itself.
        nin, nout: the sizes.
        rng: the generator to draw from.

    Raises:
        ShapeError: the array has another shape.

    >>> weights([[1.0, 2.0]], 2, 1, generator(0))
    array([[1., 2.]])
    """
    scheme = by_name(init) if isinstance(init, str) else init
    array = np.asarray(scheme(nin, nout, rng=rng) if callable(scheme) else scheme, dtype=np.float64)
    if array.shape != (nout, nin):
        raise ShapeError(
            f"initial weights need the shape (nout, nin) = ({nout}, {nin}), but init={init!r} gives {array.shape}"
        )
    return array


answer_names(__name__, __all__)
