"""NumPy: products of matrices, and every derivative written out by hand."""

from __future__ import annotations

from typing import Any

import dag
import numpy as np
from player import Player, begin
from workloads import LEARNING_RATE, Array, Workload, join, split, workload


def step(name: str) -> Player:
    """One call a step."""
    return step_of(workload(name))


def step_of(w: Workload) -> Player:
    """One call a step of a workload that may have another batch or start."""
    begin()
    layers = split(w.start, w.sizes)
    loss = hinge if w.hinge else cross_entropy

    def run() -> float:
        inputs = [w.X]
        for W, b in layers[:-1]:
            inputs.append(np.maximum(inputs[-1] @ W.T + b, 0.0))
        W, b = layers[-1]
        mean, g = loss(inputs[-1] @ W.T + b, w)
        for x, (W, b) in zip(reversed(inputs), reversed(layers), strict=True):
            gW, gb = g.T @ x, g.sum(axis=0)
            if x is not w.X:
                g = (g @ W) * (x > 0.0)
            W -= LEARNING_RATE * gW
            b -= LEARNING_RATE * gb
        return mean

    def reset() -> None:
        for (W, b), (W0, b0) in zip(layers, split(w.start, w.sizes), strict=True):
            W[:], b[:] = W0, b0

    return Player(run, lambda: join(layers), reset)


def hinge(scores: Array, w: Workload) -> tuple[float, Array]:
    """The mean loss and its gradient by the scores."""
    margins = 1.0 - w.Y * scores[:, 0]
    g = np.where(margins > 0.0, w.Y * (-1.0 / w.samples), 0.0)
    return float(np.maximum(margins, 0.0).mean()), g[:, None]


def cross_entropy(scores: Array, w: Workload) -> tuple[float, Array]:
    """The mean loss and its gradient by the scores."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    mean = (np.log(sums[:, 0]) - (shifted * w.Y).sum(axis=1)).mean()
    return float(mean), (powers / sums - w.Y) * (1.0 / w.samples)


def graph() -> Player:
    """Workload D, one call a node."""
    nodes, X = dag.generate(), dag.points()
    begin()
    found: list[Any] = [None]

    def run() -> float:
        found[0] = dag.gradients(nodes, X)
        return 0.0

    return Player(run, lambda: found[0])
