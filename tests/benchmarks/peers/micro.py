"""micrograd, written as its demo writes it; its graphs are cycles, so the garbage collector matters."""

from __future__ import annotations

import gc

import numpy as np
from micrograd.engine import Value
from micrograd.nn import MLP
from player import Player, begin
from workloads import LEARNING_RATE, Array, workload


def step(name: str, collector: str) -> Player:
    """One call a step. ``collector`` is "on" or "off"."""
    w = workload(name)
    begin()
    model = MLP(w.sizes[0], list(w.sizes[1:]))
    X, Y = w.X.tolist(), w.Y.tolist()

    def run() -> float:
        scores = [model([Value(x) for x in row]) for row in X]
        losses = [(1 + -y * score).relu() for y, score in zip(Y, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= LEARNING_RATE * p.grad
        return float(loss.data)

    def reset() -> None:
        gc.collect()
        for p, number in zip(model.parameters(), w.start.tolist(), strict=True):
            p.data = number

    def result() -> Array:
        return np.array([p.data for p in model.parameters()])

    (gc.enable if collector == "on" else gc.disable)()
    return Player(run, result, reset)
