"""PyTorch, eager: from nothing to the first loss and gradient."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import byhand
import dag
import torch
from player import Player, begin

from peers.pytorch import FUNCTIONS
from peers.pytorch_people import tensor, use
from peers.tensors import data_of, flat


def _loop(step: Any, hidden: Any, inputs: Any) -> Any:
    for x in inputs:
        hidden = step(hidden, x)
    return hidden


M = SimpleNamespace(
    relu=torch.relu,
    tanh=torch.tanh,
    logsumexp=torch.logsumexp,
    amax=torch.amax,
    conv2d=torch.nn.functional.conv2d,
    loop=_loop,
)


def network(kind: str, name: str) -> Player:
    """A row of the table by its name in `tensors.data_of`."""
    use(kind)
    loss, numbers, arrays = data_of(name)
    begin()
    weights = [tensor(array).requires_grad_() for array in numbers]
    data = [tensor(array) for array in arrays]

    def run() -> float:
        for p in weights:
            p.grad = None
        mean = loss(M, weights, *data)
        mean.backward()
        return mean.item()

    return Player(run, lambda: flat(name, [p.grad for p in weights]))


def logsumexp(kind: str) -> Player:
    use(kind)
    numbers = byhand.terms()
    begin()
    X = tensor(numbers).requires_grad_()
    found: list[Any] = [None]

    def run() -> float:
        (found[0],) = torch.autograd.grad(torch.logsumexp(X, 1).sum(), [X])
        return 0.0

    return Player(run, lambda: found[0].double().numpy())


def graph(kind: str, operations: str, points: str) -> Player:
    """A random graph."""
    use(kind)
    nodes, numbers = dag.forest(int(operations)), dag.points(int(points))
    begin()
    X = tensor(numbers)
    found: list[Any] = [None]

    def run() -> float:
        inputs = [column.clone().requires_grad_() for column in X.t()]
        output = dag.values_of(nodes, inputs, FUNCTIONS)[-1]
        found[0] = torch.stack(torch.autograd.grad(output.sum(), inputs), dim=1)
        return 0.0

    return Player(run, lambda: found[0].double().numpy())
