"""Ours: what a weight of a large network costs."""

from __future__ import annotations

from collections.abc import Callable

import costs
from player import Player
from workloads import LEARNING_RATE, workload

import autograd
from autograd import nn, optim


def network() -> Player:
    """Workload E's."""
    w = workload("E")
    nn.MLP(2, [3, 1], rng=0)  # what is imported or made only once doesn't count

    def step_of(model: nn.MLP) -> Callable[[], float]:
        optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE)
        program = autograd.compile(lambda x, y: nn.losses.cross_entropy(model(x), y))

        def step() -> float:
            optimizer.zero_grad()
            loss = program.backward(w.X, w.Y)
            optimizer.step()
            return loss

        return step

    return costs.costs(len(w.start), lambda: nn.MLP(w.sizes[0], w.sizes[1:], rng=0), step_of)
