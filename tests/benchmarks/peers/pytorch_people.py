"""PyTorch: training steps over the same arrays, written in the ways in which people write them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from player import Player
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss
from workloads import LEARNING_RATE, Array, Workload, join, split, workload

KINDS = {"float64": torch.float64, "float32": torch.float32}


def use(kind: str) -> None:
    """ "float64": one thread. "float32": what PyTorch does by itself, all cores."""
    torch.set_default_dtype(KINDS[kind])
    torch.set_num_threads(1 if kind == "float64" else os.cpu_count() or 1)


def sequential(sizes: tuple[int, ...]) -> torch.nn.Sequential:
    """Linear layers with relu between them."""
    pairs = itertools.pairwise(sizes)
    parts: list[Any] = [part for a, b in pairs for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    return torch.nn.Sequential(*parts[:-1])


def tensor(array: Array) -> torch.Tensor:
    """In the dtype that is in use."""
    return torch.tensor(array, dtype=torch.get_default_dtype())


def load(model: torch.nn.Module, arrays: list[Array]) -> None:
    """Set the parameters."""
    with torch.no_grad():
        for p, array in zip(model.parameters(), arrays, strict=True):
            p.copy_(torch.tensor(array))


def numbers_of(model: torch.nn.Module) -> Array:
    """The parameters, as a workload has them."""
    arrays = [p.detach().double().numpy() for p in model.parameters()]
    return join(list(zip(arrays[::2], arrays[1::2], strict=True)))


def start_of(w: Workload) -> list[Array]:
    """The workload's start, in the order of the parameters here."""
    return [part for layer in split(w.start, w.sizes) for part in layer]


class Start(NamedTuple):
    """What stands above every loop."""

    w: Workload
    model: torch.nn.Sequential
    optimizer: torch.optim.SGD
    X: torch.Tensor
    Y: torch.Tensor

    def player(self, run: Callable[[], float], *others: torch.nn.Module, steps: int = 1) -> Player:
        """Judged by how far it has moved the models."""
        models, numbers = (self.model, *others), start_of(self.w)

        def reset() -> None:
            for model in models:
                load(model, numbers)

        return Player(run, lambda: np.concatenate([numbers_of(model) for model in models]), reset, steps)


def start(kind: str) -> Start:
    """Workload B; its targets are classes."""
    use(kind)
    w = workload("B")
    model = sequential(w.sizes)
    load(model, start_of(w))
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    return Start(w, model, optimizer, tensor(w.X), torch.tensor(w.Y.argmax(axis=1)))


# The same tensors at each step


def plain(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s

    def run() -> float:
        optimizer.zero_grad()
        loss = cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return s.player(run)


def zero_grad_of_model(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s

    def run() -> float:
        model.zero_grad()
        loss = cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return s.player(run)


def another_model(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s

    def run() -> float:
        torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
        optimizer.zero_grad()
        loss = cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return s.player(run)


def attribute(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s
    model.steps = 0

    def run() -> float:
        optimizer.zero_grad()
        loss = cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
        model.steps += 1
        return loss.item()

    return s.player(run)


def schedule(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=1.0 - 1e-12)

    def run() -> float:
        optimizer.zero_grad()
        loss = cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
        schedule.step()
        return loss.item()

    return s.player(run)


def clipping(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s

    def run() -> float:
        optimizer.zero_grad()
        loss = cross_entropy(model(X), Y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        return loss.item()

    return s.player(run)


def evaluating(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s

    def run() -> float:
        optimizer.zero_grad()
        loss = cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            model(X)
        model.train()
        return loss.item()

    return s.player(run)


# Two of something


def two_models(kind: str) -> Player:
    s, t = start(kind), start(kind)

    def run() -> float:
        for each in (s, t):
            each.optimizer.zero_grad()
            loss = cross_entropy(each.model(each.X), each.Y)
            loss.backward()
            each.optimizer.step()
        return loss.item()

    return s.player(run, t.model)


def teacher(kind: str) -> Player:
    s, teach = start(kind), start(kind).model
    _, model, optimizer, X, _ = s
    with torch.no_grad():
        for layer in (teach[0], teach[2]):
            layer.bias.fill_(0.5)

    def run() -> float:
        with torch.no_grad():
            targets = teach(X)
        optimizer.zero_grad()
        loss = mse_loss(model(X), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return s.player(run)


def two_losses(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s
    targets = tensor(s.w.Y)

    def run() -> float:
        optimizer.zero_grad()
        first = cross_entropy(model(X), Y)
        first.backward()
        second = mse_loss(model(X), targets)
        second.backward()
        optimizer.step()
        return first.item() + second.item()

    return s.player(run)


def gan(kind: str) -> Player:
    use(kind)
    real = tensor(workload("B").X)
    noise = tensor(np.random.default_rng(2).normal(size=(64, 16)))
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    generator, critic = sequential((16, 32, 64)), sequential((64, 32, 1))
    starts = [numbers_like(model) for model in (generator, critic)]
    of_generator = torch.optim.SGD(generator.parameters(), lr=LEARNING_RATE)
    of_critic = torch.optim.SGD(critic.parameters(), lr=LEARNING_RATE)

    def run() -> float:
        with torch.no_grad():
            fake = generator(noise)
        of_critic.zero_grad()
        loss = binary_cross_entropy_with_logits(critic(real), ones)
        loss = loss + binary_cross_entropy_with_logits(critic(fake), zeros)
        loss.backward()
        of_critic.step()
        of_generator.zero_grad()
        loss = binary_cross_entropy_with_logits(critic(generator(noise)), ones)
        loss.backward()
        of_generator.step()
        return loss.item()

    def reset() -> None:
        for model, arrays in zip((generator, critic), starts, strict=True):
            load(model, arrays)

    def result() -> Array:
        arrays = [p.detach().double().numpy() for model in (generator, critic) for p in model.parameters()]
        return np.concatenate([array.ravel() for array in arrays])

    return Player(run, result, reset)


def numbers_like(model: torch.nn.Module) -> list[Array]:
    """The numbers with which a network begins in every library."""
    rng = np.random.default_rng(3)
    return [rng.normal(0, 0.2, tuple(p.shape)) for p in model.parameters()]
