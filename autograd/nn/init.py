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
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..calls import public
from ..checks import real_number, whole_number
from ..cures import answer_names
from ..errors import ShapeError
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..randomness import generator

Array: TypeAlias = NDArray[np.float64]
# As text, because touching np.random imports it.
Draw: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...]], Array]"
"""A distribution: independent draws from it, of a shape."""
P = TypeVar("P", ParameterArray, Parameter)


def _normal(std: float) -> Draw:
    if not 0.0 <= std < math.inf:
        raise ValueError(f"a standard deviation is a finite number from 0 on, got std={std!r}")
    return lambda rng, shape: std * rng.standard_normal(shape)


def _uniform(low: float, high: float) -> Draw:
    if not -math.inf < low <= high < math.inf:
        raise ValueError(f"uniform needs finite bounds with low <= high, got low={low!r}, high={high!r}")
    return lambda rng, shape: low + (high - low) * rng.random(shape)


def _within(bound: float) -> Draw:
    return _uniform(-bound, bound)


@dataclass(frozen=True, repr=False)
class Initializer:
    """A named scheme of initial weights; see the module's text for its two ways of being called.

    >>> he(2, 3, rng=0).shape, normal(std=0.01)
    ((3, 2), init.normal(std=0.01))
    """

    name: str
    formula: Callable[..., Draw]
    """The distribution for (nin, nout, **constants)."""
    doc: str
    constants: Mapping[str, float] = field(default_factory=dict)

    def distribution(self, nin: int, nout: int) -> Draw:
        """What the weights of a layer with these sizes are drawn from."""
        return self.formula(whole_number(nin, "nin"), whole_number(nout, "nout"), **self.constants)

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
        return scheme.distribution(nin, nout)(generator(rng), (nout, nin))

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


def _scheme(name: str, formula: Callable[..., Draw], doc: str, **constants: float) -> Initializer:
    INITIALIZERS[name] = Initializer(name, formula, doc, constants)
    return INITIALIZERS[name]


def _restore(name: str, constants: Mapping[str, float]) -> Initializer:
    return INITIALIZERS[name]._with(constants)


normal = _scheme("normal", lambda *_, std: _normal(std), "N(0, std²), the same for every size", std=1.0)
uniform = _scheme(
    "uniform", lambda *_, low, high: _uniform(low, high), "U(low, high), the same for every size", low=-1.0, high=1.0
)
zeros = _scheme("zeros", lambda *_: _uniform(0.0, 0.0), "all 0: every neuron of a layer then learns the same")
xavier = _scheme(
    "xavier",
    lambda nin, _: _normal(1.0 / math.sqrt(nin)),
    "N(0, 1 / nin): keeps the variance of a linear layer (LeCun et al. 1998, section 4.6; taught as Xavier's, while "
    "PyTorch's is xavier_normal)",
)
glorot_normal = _scheme(
    "glorot_normal",
    lambda nin, nout: _normal(math.sqrt(2.0 / (nin + nout))),
    "N(0, 2 / (nin + nout)) (Glorot and Bengio 2010, equation 12)",
)
glorot_uniform = _scheme(
    "glorot_uniform",
    lambda nin, nout: _within(math.sqrt(6.0 / (nin + nout))),
    "U(-r, r), r = sqrt(6 / (nin + nout)) (Glorot and Bengio 2010, equation 16)",
)
he_normal = _scheme(
    "he_normal",
    lambda nin, _: _normal(math.sqrt(2.0 / nin)),
    "N(0, 2 / nin): keeps the variance of a relu layer (He et al. 2015, equation 10)",
)
he = INITIALIZERS["he"] = he_normal
he_uniform = _scheme(
    "he_uniform",
    lambda nin, _: _within(math.sqrt(6.0 / nin)),
    "U(-r, r), r = sqrt(6 / nin): the variance of he_normal (He et al. 2015)",
)
xavier_normal = _scheme(
    "xavier_normal",
    lambda nin, nout, gain: _normal(gain * math.sqrt(2.0 / (nin + nout))),
    "N(0, gain² 2 / (nin + nout)), as PyTorch calls it: glorot_normal for gain 1",
    gain=1.0,
)
xavier_uniform = _scheme(
    "xavier_uniform",
    lambda nin, nout, gain: _within(gain * math.sqrt(6.0 / (nin + nout))),
    "U(-r, r), r = gain sqrt(6 / (nin + nout)), as PyTorch calls it: glorot_uniform for gain 1",
    gain=1.0,
)
kaiming_normal = _scheme(
    "kaiming_normal",
    lambda nin, _, gain: _normal(gain / math.sqrt(nin)),
    "N(0, gain² / nin), as PyTorch calls it: he_normal for the gain of relu; see calculate_gain",
    gain=math.sqrt(2.0),
)
kaiming_uniform = _scheme(
    "kaiming_uniform",
    lambda nin, _, gain: _within(gain * math.sqrt(3.0 / nin)),
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


# Functions with PyTorch's names, arguments and results: each writes into an array that there is, and returns it

_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "leaky_relu": 0.0, "selu": 0.75}


@public
def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights before a nonlinearity are larger than before none, as PyTorch has it.

    Args:
        nonlinearity: linear, sigmoid, tanh, relu, leaky_relu or selu.
        param: the slope of leaky_relu, 0.01 unless given.

    >>> round(calculate_gain("relu"), 4), round(calculate_gain("leaky_relu", 0.2), 4)
    (1.4142, 1.3868)
    """
    if nonlinearity not in _GAINS:
        raise ValueError(f"{nonlinearity!r} has no gain; known: {', '.join(_GAINS)}")
    slope = 0.01 if param is None else real_number(param, "param of calculate_gain")
    return math.sqrt(2.0 / (1.0 + slope**2)) if nonlinearity == "leaky_relu" else _GAINS[nonlinearity]


@public
def kaiming_uniform_(
    tensor: ParameterArray, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Any = None
) -> ParameterArray:
    """U(-r, r) with r = gain sqrt(3 / fan) (He et al. 2015); returns the array.

    Args:
        tensor: a weight (nout, nin), as ``layer.weight``.
        a: the slope of leaky_relu behind it.
        mode: "fan_in" divides by nin, which keeps the variance on the way forward; "fan_out" by nout, backward.
        nonlinearity: as `calculate_gain` has it.
        rng: a seed or generator.

    >>> from autograd import nn
    >>> layer = nn.Linear(6, 1); weight = kaiming_uniform_(layer.weight, nonlinearity="relu", rng=0)
    >>> bool(abs(layer.weight.data).max() <= 1.0)
    True
    """
    return _filled(tensor, kaiming_uniform, calculate_gain(nonlinearity, a), rng, mode)


@public
def kaiming_normal_(
    tensor: ParameterArray, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Any = None
) -> ParameterArray:
    """N(0, gain² / fan) (He et al. 2015); arguments are those of `kaiming_uniform_`."""
    return _filled(tensor, kaiming_normal, calculate_gain(nonlinearity, a), rng, mode)


@public
def xavier_uniform_(tensor: ParameterArray, gain: float = 1.0, rng: Any = None) -> ParameterArray:
    """U(-r, r) with r = gain sqrt(6 / (nin + nout)) (Glorot and Bengio 2010, equation 16); returns the array."""
    return _filled(tensor, xavier_uniform, gain, rng)


@public
def xavier_normal_(tensor: ParameterArray, gain: float = 1.0, rng: Any = None) -> ParameterArray:
    """N(0, gain² 2 / (nin + nout)) (Glorot and Bengio 2010, equation 12); returns the array."""
    return _filled(tensor, xavier_normal, gain, rng)


@public
def uniform_(tensor: ParameterArray, a: float = 0.0, b: float = 1.0, rng: Any = None) -> ParameterArray:
    """U(a, b); returns the array."""
    return _drawn(tensor, _uniform(a, b), rng)


@public
def normal_(tensor: ParameterArray, mean: float = 0.0, std: float = 1.0, rng: Any = None) -> ParameterArray:
    """N(mean, std²); returns the array."""
    _drawn(tensor, _normal(std), rng).data[...] += real_number(mean, "mean of normal_")
    return tensor


@public
def constant_(tensor: P, val: float) -> P:
    """One number everywhere; returns the array (or Parameter)."""
    number = real_number(val, "val of constant_")
    if isinstance(tensor, Parameter):
        tensor.data = number
    else:
        _array(tensor).data[...] = number
    return tensor


@public
def zeros_(tensor: P) -> P:
    """Zeros; returns the array (or Parameter)."""
    return constant_(tensor, 0.0)


@public
def ones_(tensor: P) -> P:
    """Ones; returns the array (or Parameter)."""
    return constant_(tensor, 1.0)


def _filled(tensor: ParameterArray, scheme: Initializer, gain: float, rng: Any, mode: str = "fan_in") -> ParameterArray:
    """A weight (nout, nin) by a scheme; with "fan_out" the sizes change places."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', got {mode!r}")
    shape = _array(tensor).shape
    if len(shape) != 2:
        raise ShapeError(
            f"how many inputs and outputs there are is said by a weight (nout, nin), got {tensor!r}; a bias is filled "
            f"by zeros_, a table by uniform_ or normal_"
        )
    nin, nout = shape[::-1] if mode == "fan_in" else shape
    return _drawn(tensor, scheme.formula(nin, nout, gain=real_number(gain, "gain")), rng)


def _array(tensor: Any) -> ParameterArray:
    if not isinstance(tensor, ParameterArray):
        raise TypeError(
            f"what is filled is a ParameterArray, as layer.weight, got {type(tensor).__name__}: {tensor!r}; as "
            f"an argument init=... of a layer name a scheme, such as 'kaiming_uniform'"
        )
    return tensor


def _drawn(tensor: ParameterArray, draw: Draw, rng: Any) -> ParameterArray:
    array = _array(tensor)
    array.data[...] = draw(generator(rng), array.shape)
    return array


answer_names(
    __name__,
    [
        *INITIALIZERS,
        *("INITIALIZERS", "Initializer", "by_name", "calculate_gain"),
        *("constant_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_"),
        *("uniform_", "xavier_normal_", "xavier_uniform_", "zeros_"),
    ],
)
