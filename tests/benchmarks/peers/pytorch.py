"""PyTorch, eager."""

from __future__ import annotations

import itertools
from typing import Any

import dag
import torch
from player import Player, begin
from workloads import LEARNING_RATE, Array, Workload, join, split, workload

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

FUNCTIONS = {"tanh": torch.tanh, "exp": torch.exp, "log": torch.log, "relu": torch.relu}


def lean(name: str) -> Player:
    """No modules, no optimizer: products, gradients, one fused update."""
    w = workload(name)
    begin()
    X, Y = _data(w)
    layers = [(torch.tensor(W), torch.tensor(b)) for W, b in split(w.start, w.sizes)]
    flat = [p.requires_grad_() for layer in layers for p in layer]

    def run() -> float:
        h = X
        for W, b in layers[:-1]:
            h = torch.relu(torch.addmm(b, h, W.t()))
        W, b = layers[-1]
        loss = _loss(w, torch.addmm(b, h, W.t()), Y)
        gradients = torch.autograd.grad(loss, flat)
        with torch.no_grad():
            torch._foreach_add_(flat, gradients, alpha=-LEARNING_RATE)
        return loss.item()

    return _player(w, flat, run)


def as_written(name: str) -> Player:
    """As people write it: Sequential, SGD, backward."""
    w = workload(name)
    begin()
    X, Y = _data(w)
    pairs = itertools.pairwise(w.sizes)
    parts: list[Any] = [part for a, b in pairs for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    model = torch.nn.Sequential(*parts[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    def run() -> float:
        optimizer.zero_grad()
        loss = _loss(w, model(X), Y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return _player(w, list(model.parameters()), run)


def _data(w: Workload) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(w.X), torch.tensor(w.Y) if w.hinge else torch.tensor(w.Y.argmax(axis=1))


def _loss(w: Workload, scores: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    if w.hinge:
        return torch.relu(1.0 - Y * scores[:, 0]).mean()
    return torch.nn.functional.cross_entropy(scores, Y)


def _player(w: Workload, flat: list[torch.Tensor], run: Any) -> Player:
    def reset() -> None:
        numbers = [part for layer in split(w.start, w.sizes) for part in layer]
        with torch.no_grad():
            for p, number in zip(flat, numbers, strict=True):
                p.copy_(torch.tensor(number))

    def result() -> Array:
        arrays = [p.detach().numpy() for p in flat]
        return join(list(zip(arrays[::2], arrays[1::2], strict=True)))

    return Player(run, result, reset)


def graph() -> Player:
    """The random graph, one tensor of all points a node."""
    nodes, X = dag.generate(), torch.tensor(dag.points())
    begin()
    found: list[Any] = [None]

    def run() -> float:
        inputs = [column.clone().requires_grad_() for column in X.t()]
        output = dag.values_of(nodes, inputs, FUNCTIONS)[-1]
        gradients = torch.autograd.grad(output.sum(), inputs)
        found[0] = torch.stack(gradients, dim=1).numpy()
        return 0.0

    return Player(run, lambda: found[0])
