"""Programs written out by hand on single numbers, and the arrays that every library runs them on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SAMPLES = 64
SIDE, FILTERS, CLASSES = 28, 4, 10
POOLED = (SIDE - 2) // 2
STEPS, HIDDEN, INPUTS = 200, 32, 4
TERMS = 1_000


@dataclass(frozen=True)
class ByHand:
    """A program: its weights' shapes, its batch, and one sample's loss from nested lists of numbers."""

    shapes: tuple[tuple[int, ...], ...]
    arrays: tuple[Array, ...]
    """The batch: inputs and, if there are any, targets."""
    loss: Callable[..., Any]
    """``loss(weights, x)`` or ``loss(weights, x, y)`` of one sample, in the functions of a library."""

    @property
    def weights(self) -> list[Array]:
        """Where they start."""
        rng = np.random.default_rng(4)
        return [rng.normal(0, 0.1, shape) for shape in self.shapes]


def convolution(maximum: Any, relu: Any, logsumexp: Any) -> ByHand:
    """28x28 images, 4 filters of 3x3, relu, pooled by 2x2, and a linear layer of 10 classes."""
    rng = np.random.default_rng(5)
    images = rng.uniform(0, 1, (SAMPLES, SIDE * SIDE))
    classes = np.eye(CLASSES)[rng.integers(0, CLASSES, SAMPLES)]

    def loss(weights: Sequence[Any], x: Any, y: Any) -> Any:
        filters, biases, matrix = weights
        features = []
        for kernel, bias in zip(filters, biases, strict=True):
            grid = [[relu(_patch(kernel, bias, x, i, j)) for j in range(SIDE - 2)] for i in range(SIDE - 2)]
            for i in range(0, SIDE - 2, 2):
                for j in range(0, SIDE - 2, 2):
                    above, below = (maximum(grid[k][j], grid[k][j + 1]) for k in (i, i + 1))
                    features.append(maximum(above, below))
        scores = [dot(row, features) for row in matrix]
        return logsumexp(*scores) - dot(scores, y)

    shapes = ((FILTERS, 9), (FILTERS,), (CLASSES, FILTERS * POOLED * POOLED))
    return ByHand(shapes, (images, classes), loss)


def _patch(kernel: Sequence[Any], bias: Any, x: Any, i: int, j: int) -> Any:
    pixels = [x[SIDE * (i + a) + j + b] for a in range(3) for b in range(3)]
    return dot(kernel, pixels, bias)


def recurrent(tanh: Any) -> ByHand:
    """200 steps of 32 hidden numbers over 4 inputs each, and one output with a squared error."""
    rng = np.random.default_rng(6)

    def loss(weights: Sequence[Any], x: Any, y: Any) -> Any:
        of_inputs, of_hidden, biases, output = weights
        hidden: Any = [0.0] * HIDDEN
        for t in range(STEPS):
            now = [x[INPUTS * t + k] for k in range(INPUTS)]
            hidden = [
                tanh(dot(u, hidden, dot(w, now, b))) for w, u, b in zip(of_inputs, of_hidden, biases, strict=True)
            ]
        return (dot(output, hidden) - y) ** 2

    shapes = ((HIDDEN, INPUTS), (HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN,))
    return ByHand(shapes, (rng.normal(size=(SAMPLES, STEPS * INPUTS)), rng.normal(size=SAMPLES)), loss)


def dot(ws: Sequence[Any], xs: Sequence[Any], start: Any = 0.0) -> Any:
    """The sum of products, as one writes it down.

    >>> dot([1.0, 2.0], [3.0, 4.0], 0.5)
    11.5
    """
    total = start
    for w, x in zip(ws, xs, strict=True):
        total = total + w * x
    return total


def terms() -> Array:
    """What the logsumexp of 1,000 arguments is taken of."""
    return np.random.default_rng(8).normal(size=(SAMPLES, TERMS))
