"""Workloads A, B, C and E: one training step of a network, the same numbers for every player."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEARNING_RATE = 1e-3
MANY_STEPS = 1_000
"""Steps in one call, for players that can do that."""


@dataclass(frozen=True)
class Workload:
    """A network with relu in its hidden layers, its start and its batch.

    Parameters stand in one flat array: layer by layer, output by output, the weights of all inputs and then the bias.
    """

    name: str
    sizes: tuple[int, ...]
    hinge: bool
    """Hinge loss of one score against -1 and 1; else softmax cross entropy against one-hot rows."""
    start: Array
    X: Array
    Y: Array

    @property
    def samples(self) -> int:
        """Samples in the batch."""
        return len(self.X)

    @property
    def flops(self) -> int:
        """Multiplications and additions of a step's products: forward, weights' gradient, inner layers' adjoints."""
        layers = [a * b for a, b in pairwise(self.sizes)]
        return 2 * self.samples * (3 * sum(layers) - layers[0])


SIZES = {"A": (2, 16, 16, 1), "B": (64, 32, 10), "C": (784, 128, 10), "E": (784, 512, 256, 10)}
SAMPLES = {"A": 100, "B": 64, "C": 64, "E": 64}


def workload(name: str) -> Workload:
    """A: two moons. B: the size of 8x8 digits. C and E: the size of 28x28 digits (all synthetic).

    >>> a = workload("A"); a.X.shape, a.Y.shape, a.start.shape
    ((100, 2), (100,), (337,))
    """
    rng = np.random.default_rng(7)
    sizes, samples = SIZES[name], SAMPLES[name]
    start = join([_layer(rng, a, b) for a, b in pairwise(sizes)])
    if name == "A":
        return Workload(name, sizes, True, start, *moons(samples, rng))
    X = rng.uniform(0, 1, (samples, sizes[0]))
    return Workload(name, sizes, False, start, X, np.eye(sizes[-1])[rng.integers(0, sizes[-1], samples)])


def epoch_of(w: Workload, steps: int = 20) -> tuple[Array, Array]:
    """Data for so many batches of a workload, in the manner of its own.

    >>> X, Y = epoch_of(workload("B")); X.shape, Y.shape
    ((1280, 64), (1280, 10))
    """
    rng = np.random.default_rng(11)
    X = rng.uniform(0, 1, (steps * w.samples, w.sizes[0]))
    return X, np.eye(w.sizes[-1])[rng.integers(0, w.sizes[-1], len(X))]


def _layer(rng: np.random.Generator, inputs: int, outputs: int) -> tuple[Array, Array]:
    return rng.uniform(-1, 1, (outputs, inputs)) / np.sqrt(inputs), rng.uniform(-0.1, 0.1, outputs)


def moons(samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Points on two half circles with noise, labels -1 and 1."""
    angle = np.linspace(0, np.pi, samples // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X = np.concatenate([upper, [1.0, 0.5] - upper]) + rng.normal(0, 0.1, (samples, 2))
    return X, np.repeat([-1.0, 1.0], samples // 2)


def join(layers: Sequence[tuple[Array, Array]]) -> Array:
    """One flat array of the weights (outputs, inputs) and biases (outputs,) of all layers."""
    return np.concatenate([np.column_stack([np.asarray(w), np.asarray(b)]).ravel() for w, b in layers])


def split(flat: Array, sizes: Sequence[int]) -> list[tuple[Array, Array]]:
    """The weights and biases of all layers, as copies.

    >>> [(w.shape, b.shape) for w, b in split(np.zeros(9 + 4), (2, 3, 1))]
    [((3, 2), (3,)), ((1, 3), (1,))]
    """
    layers, at = [], 0
    for a, b in pairwise(sizes):
        table = flat[at : at + b * (a + 1)].reshape(b, a + 1)
        layers.append((table[:, :-1].copy(), table[:, -1].copy()))
        at += table.size
    return layers
