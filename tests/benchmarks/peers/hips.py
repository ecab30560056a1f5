"""HIPS autograd. Its import name is ours: this runs in an environment that doesn't have Glassgrad."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
from player import Player, begin
from workloads import LEARNING_RATE, join, split, workload

from autograd import value_and_grad


def step(name: str) -> Player:
    """One call a step."""
    w = workload(name)
    begin()

    def loss(layers: Any) -> Any:
        h = w.X
        for W, b in layers[:-1]:
            h = anp.maximum(anp.dot(h, W.T) + b, 0.0)
        W, b = layers[-1]
        scores = anp.dot(h, W.T) + b
        if w.hinge:
            return anp.mean(anp.maximum(1.0 - w.Y * scores[:, 0], 0.0))
        shifted = scores - anp.max(scores, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - anp.sum(shifted * w.Y, axis=1))

    both = value_and_grad(loss)
    layers = split(w.start, w.sizes)

    def run() -> float:
        mean, gradients = both(layers)
        for (W, b), (gW, gb) in zip(layers, gradients, strict=True):
            W -= LEARNING_RATE * gW
            b -= LEARNING_RATE * gb
        return float(mean)

    def reset() -> None:
        for (W, b), (W0, b0) in zip(layers, split(w.start, w.sizes), strict=True):
            W[:], b[:] = W0, b0

    return Player(run, lambda: join(layers), reset)
