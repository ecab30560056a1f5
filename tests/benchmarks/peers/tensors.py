"""The programs of the table *first result* as libraries of tensors have them: the mean loss of a whole batch.

``m`` has the library's own functions: relu, tanh, logsumexp(x, axis), amax(x, axis), conv2d, and loop(step, h, xs).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import byhand
import numpy as np
from byhand import Array, ByHand
from workloads import join, split, workload


def network(m: Any, weights: Sequence[Any], X: Any, Y: Any) -> Any:
    """Linear layers with relu between them, softmax cross entropy."""
    h = X
    for W, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        h = m.relu(h @ W.T + b)
    W, b = weights[-2:]
    return _cross_entropy(m, h @ W.T + b, Y)


def convolution(m: Any, weights: Sequence[Any], X: Any, Y: Any) -> Any:
    """`byhand.convolution`"""
    filters, biases, matrix = weights
    images = X.reshape(-1, 1, byhand.SIDE, byhand.SIDE)
    grid = m.relu(m.conv2d(images, filters.reshape(-1, 1, 3, 3)) + biases.reshape(1, -1, 1, 1))
    squares = grid.reshape(len(X), byhand.FILTERS, byhand.POOLED, 2, byhand.POOLED, 2)
    features = m.amax(m.amax(squares, 5), 3).reshape(len(X), -1)
    return _cross_entropy(m, features @ matrix.T, Y)


def recurrent(m: Any, weights: Sequence[Any], X: Any, Y: Any) -> Any:
    """`byhand.recurrent`"""
    of_inputs, of_hidden, biases, output = weights
    inputs = (X.reshape(len(X), byhand.STEPS, byhand.INPUTS) @ of_inputs.T + biases).swapaxes(0, 1)
    start = 0.0 * inputs[0]
    hidden = m.loop(lambda h, x: m.tanh(x + h @ of_hidden.T), start, inputs)
    return ((hidden @ output - Y) ** 2).mean()


def _cross_entropy(m: Any, scores: Any, Y: Any) -> Any:
    return (m.logsumexp(scores, 1) - (scores * Y).sum(1)).mean()


def data_of(name: str) -> tuple[Any, list[Array], tuple[Array, ...]]:
    """(one of the functions above, the weights, the arrays) of a row: a workload, "convolution" or "recurrent"."""
    if name in ("convolution", "recurrent"):
        program: ByHand = byhand.recurrent(None) if name == "recurrent" else byhand.convolution(None, None, None)
        return (recurrent if name == "recurrent" else convolution), program.weights, program.arrays
    w = workload(name)
    return network, [part for layer in split(w.start, w.sizes) for part in layer], (w.X, w.Y)


def flat(name: str, gradients: Sequence[Any]) -> Array:
    """The gradients in the order of ours: a network's neuron by neuron."""
    arrays = [np.asarray(g, dtype=np.float64) for g in gradients]
    if name in ("convolution", "recurrent"):
        return np.concatenate([array.ravel() for array in arrays])
    return join(list(zip(arrays[::2], arrays[1::2], strict=True)))
