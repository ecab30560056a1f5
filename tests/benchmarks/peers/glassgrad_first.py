"""Ours: from nothing to the first loss and gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import byhand
import numpy as np
from byhand import ByHand
from player import Player, begin
from workloads import LEARNING_RATE, Array, workload

import autograd
from autograd import Parameter
from autograd.optim import SGD
from peers.glassgrad import graph, model_and_loss

__all__ = ["convolution", "graph", "logsumexp", "network", "recurrent"]


def network(name: str) -> Player:
    """A network."""
    w = workload(name)
    model, loss = model_and_loss(w)
    return _backward(lambda x, y: loss(model(x), y), model.parameters(), (w.X, w.Y))


def convolution() -> Player:
    return _by_hand(byhand.convolution(autograd.maximum, autograd.relu, autograd.logsumexp))


def recurrent() -> Player:
    return _by_hand(byhand.recurrent(autograd.tanh))


def _by_hand(program: ByHand) -> Player:
    weights = [_parameters(array.tolist()) for array in program.weights]
    return _backward(lambda x, y: program.loss(weights, x, y), _flat(weights), program.arrays)


def _backward(loss: Callable[..., Any], parameters: Sequence[Parameter], arrays: Sequence[Array]) -> Player:
    optimizer = SGD(parameters, lr=LEARNING_RATE)
    begin()
    program = autograd.compile(loss)

    def run() -> float:
        optimizer.zero_grad()
        return program.backward(*arrays)

    return Player(run, lambda: np.array([p.grad for p in parameters]))


def _parameters(numbers: Any) -> Any:
    return [_parameters(each) for each in numbers] if isinstance(numbers, list) else Parameter(numbers)


def _flat(nested: Any) -> list[Parameter]:
    return [p for each in nested for p in _flat(each)] if isinstance(nested, list) else [nested]


def logsumexp() -> Player:
    X = byhand.terms()
    begin()
    program = autograd.compile(lambda x: autograd.logsumexp(*x))
    found: list[Any] = [None]

    def run() -> float:
        (found[0],) = program.gradients(X)
        return 0.0

    return Player(run, lambda: found[0])
