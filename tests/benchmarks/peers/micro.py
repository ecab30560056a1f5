"""micrograd, written as its demo writes it; its graphs are cycles, so the garbage collector matters."""

from __future__ import annotations

import gc

import numpy as np
from player import Player, begin
from workers import engine, step_of
from workloads import LEARNING_RATE, Array, workload


def step(name: str, collector: str) -> Player:
    """One call a step. ``collector`` is "on" or "off"."""
    w = workload(name)
    begin()
    core, nn = engine("micrograd")
    model = nn.MLP(w.sizes[0], list(w.sizes[1:]))

    def reset() -> None:
        gc.collect()
        for p, number in zip(model.parameters(), w.start.tolist(), strict=True):
            p.data = number

    def result() -> Array:
        return np.array([p.data for p in model.parameters()])

    (gc.enable if collector == "on" else gc.disable)()
    return Player(step_of(core, model, w.X.tolist(), w.Y.tolist(), LEARNING_RATE), result, reset)
