"""The names that arguments take, for type checkers and completion. A test holds them equal to the tables they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

ActivationName: TypeAlias = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh"]
InitName: TypeAlias = Literal[
    "normal",
    "uniform",
    "zeros",
    "xavier",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he",
    "he_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
]
LossName: TypeAlias = Literal[
    "mse",
    "mae",
    "huber",
    "hinge",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "negative_log_likelihood",
]
MetricName: TypeAlias = Literal["accuracy", "mse", "mae"]
Mode: TypeAlias = Literal["auto", "eager", "compiled"]

Activation: TypeAlias = ActivationName | Callable[[Any], Any]
"""A name, a function (such as an operation), an activation module, or its class."""
Init: TypeAlias = InitName | Callable[..., Any] | list[Any] | tuple[Any, ...] | NDArray[Any] | None
"""A name, an initializer, or the numbers themselves."""
