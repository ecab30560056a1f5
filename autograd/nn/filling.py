"""Initial numbers for an array of parameters that there is: functions with PyTorch's names, arguments and results.

Each writes into the array and returns it. ``rng`` is a seed or a ``numpy.random.Generator``.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

from ..calls import public
from ..checks import real_number
from ..errors import ShapeError
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..randomness import generator
from .distributions import Distribution, Normal, Uniform

P = TypeVar("P", ParameterArray, Parameter)
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
    return _drawn(tensor, Uniform.within(math.sqrt(3.0) * _kaiming(tensor, a, mode, nonlinearity)), rng)


@public
def kaiming_normal_(
    tensor: ParameterArray, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Any = None
) -> ParameterArray:
    """N(0, gain² / fan) (He et al. 2015); arguments are those of `kaiming_uniform_`."""
    return _drawn(tensor, Normal(_kaiming(tensor, a, mode, nonlinearity)), rng)


@public
def xavier_uniform_(tensor: ParameterArray, gain: float = 1.0, rng: Any = None) -> ParameterArray:
    """U(-r, r) with r = gain sqrt(6 / (nin + nout)) (Glorot and Bengio 2010, equation 16); returns the array."""
    return _drawn(tensor, Uniform.within(math.sqrt(3.0) * _xavier(tensor, gain)), rng)


@public
def xavier_normal_(tensor: ParameterArray, gain: float = 1.0, rng: Any = None) -> ParameterArray:
    """N(0, gain² 2 / (nin + nout)) (Glorot and Bengio 2010, equation 12); returns the array."""
    return _drawn(tensor, Normal(_xavier(tensor, gain)), rng)


@public
def uniform_(tensor: ParameterArray, a: float = 0.0, b: float = 1.0, rng: Any = None) -> ParameterArray:
    """U(a, b); returns the array."""
    return _drawn(tensor, Uniform(a, b), rng)


@public
def normal_(tensor: ParameterArray, mean: float = 0.0, std: float = 1.0, rng: Any = None) -> ParameterArray:
    """N(mean, std²); returns the array."""
    _drawn(tensor, Normal(std), rng).data[...] += real_number(mean, "mean of normal_")
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


def _kaiming(tensor: ParameterArray, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', got {mode!r}")
    nin, nout = _fans(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(nin if mode == "fan_in" else nout)


def _xavier(tensor: ParameterArray, gain: float) -> float:
    return real_number(gain, "gain") * math.sqrt(2.0 / sum(_fans(tensor)))


def _fans(tensor: ParameterArray) -> tuple[int, int]:
    """(nin, nout)"""
    shape = _array(tensor).shape
    if len(shape) != 2:
        raise ShapeError(
            f"how many inputs and outputs there are is said by a weight (nout, nin), got {tensor!r}; a bias is filled "
            f"by zeros_, a table by uniform_ or normal_"
        )
    return shape[1], shape[0]


def _array(tensor: Any) -> ParameterArray:
    if not isinstance(tensor, ParameterArray):
        raise TypeError(
            f"what is filled is a ParameterArray, as layer.weight, got {type(tensor).__name__}: {tensor!r}; as "
            f"an argument init=... of a layer name a scheme, such as 'kaiming_uniform'"
        )
    return tensor


def _drawn(tensor: ParameterArray, distribution: Distribution, rng: Any) -> ParameterArray:
    array = _array(tensor)
    array.data[...] = distribution.draw(generator(rng), array.shape)
    return array
