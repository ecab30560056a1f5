"""PyTorch: what a weight of a large network costs."""

from __future__ import annotations

from collections.abc import Callable

import costs
import torch
from player import Player
from workloads import LEARNING_RATE, workload

from peers.pytorch_people import sequential, tensor, use


def network(kind: str) -> Player:
    """Workload E's."""
    use(kind)
    w = workload("E")
    sequential((2, 3, 1))

    def step_of(model: torch.nn.Sequential) -> Callable[[], float]:
        X, Y = tensor(w.X), torch.tensor(w.Y.argmax(axis=1))
        optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

        def step() -> float:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(X), Y)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    return costs.costs(len(w.start), lambda: sequential(w.sizes), step_of, lambda model: list(model.parameters()))
