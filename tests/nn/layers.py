"""The layers, a line each: one of two inputs, and its formula over NumPy arrays.

The batteries over layers go over this table; a layer of the package that is in none of its lines turns them red.
(Activations have a table of their own, in `autograd/nn/activations.py`; losses in `tests/nn/test_criteria.py`.)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autograd import nn
from autograd.nn.activations import Elementwise
from autograd.nn.criteria import Loss
from tests.project.tree import classes_of

State = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """``make(seed)`` gives a model of two inputs, ``formula(state, x)`` what it computes from its `state_dict`."""

    make: Callable[[int], nn.Module]
    formula: Callable[[State, Any], Any]


def mlp(state: State, x: Any) -> Any:
    """Tanh in between, nothing at the end."""
    hidden = np.tanh(state["layers.0.weight"] @ x + state["layers.0.bias"])
    return state["layers.1.weight"] @ hidden + state["layers.1.bias"]


def logits(s: State, x: Any) -> Any:
    """Of a linear layer at the beginning."""
    return s["0.weight"] @ x + s["0.bias"]


def batch_norm(s: State, x: Any) -> Any:
    """In evaluation: by what it kept of the batches."""
    return (x - s["running_mean"]) / np.sqrt(s["running_var"] + 1e-5) * s["weight"] + s["bias"]


class Listed(nn.Module):
    """Goes through a list of modules itself."""

    def __init__(self, seed: int) -> None:
        self.blocks = nn.ModuleList([nn.Linear(2, 3, rng=seed), nn.Linear(3, 1, bias=False, rng=seed), nn.Identity()])

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return x


LAYERS = {
    "neuron": Line(lambda seed: nn.Neuron(2, activation="tanh", rng=seed), lambda s, x: np.tanh(s["w"] @ x + s["b"])),
    "linear neuron": Line(lambda seed: nn.Neuron(2, nonlin=False, bias=False, rng=seed), lambda s, x: s["w"] @ x),
    "layer": Line(
        lambda seed: nn.Layer(2, 3, activation="softplus", rng=seed),
        lambda s, x: np.log1p(np.exp(s["weight"] @ x + s["bias"])),
    ),
    "linear": Line(lambda seed: nn.Linear(2, 1, rng=seed), lambda s, x: s["weight"] @ x + s["bias"]),
    "mlp": Line(lambda seed: nn.MLP(2, [3, 1], activation="tanh", rng=seed), mlp),
    "sequential": Line(
        lambda seed: nn.Sequential(nn.Linear(2, 3, rng=seed), nn.Sigmoid()),
        lambda s, x: 1 / (1 + np.exp(-s["0.weight"] @ x - s["0.bias"])),
    ),
    "identity and list": Line(
        lambda seed: Listed(seed), lambda s, x: s["blocks.1.weight"] @ (s["blocks.0.weight"] @ x + s["blocks.0.bias"])
    ),
    "softmax": Line(
        lambda seed: nn.Sequential(nn.Linear(2, 3, rng=seed), nn.Softmax()),
        lambda s, x: np.exp(logits(s, x)) / np.exp(logits(s, x)).sum(),
    ),
    "log softmax": Line(
        lambda seed: nn.Sequential(nn.Linear(2, 3, rng=seed), nn.LogSoftmax(dim=-1)),
        lambda s, x: logits(s, x) - np.log(np.exp(logits(s, x)).sum()),
    ),
    "dropout in evaluation": Line(
        lambda seed: nn.Sequential(nn.Dropout(0.5, rng=seed), nn.Linear(2, 1, rng=seed)).eval(),
        lambda s, x: s["1.weight"] @ x + s["1.bias"],
    ),
    "batch norm in evaluation": Line(lambda seed: nn.BatchNorm(2).eval(), batch_norm),
    "layer norm": Line(
        lambda seed: nn.LayerNorm(2),
        lambda s, x: (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5) * s["weight"] + s["bias"],
    ),
}
every_layer = pytest.mark.parametrize("line", LAYERS.values(), ids=list(LAYERS))


def of_the_package() -> set[type[nn.Module]]:
    """The layers in the files of `autograd.nn`, exported or not; activations have a table of their own."""
    return {kind for kind in classes_of(nn, nn.Module) if not issubclass(kind, Elementwise | Loss)}
