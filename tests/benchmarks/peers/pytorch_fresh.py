"""PyTorch: loops whose tensors are new at each step, lists, and loops over weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from player import Player
from torch.nn.functional import cross_entropy
from workloads import LEARNING_RATE, epoch_of, workload

from peers.pytorch_people import start, tensor

BATCH, STEPS = 64, 20


def epoch() -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and classes."""
    X, Y = epoch_of(workload("B"))
    return tensor(X), torch.tensor(Y.argmax(axis=1))


def slices(kind: str) -> Player:
    s = start(kind)
    model, optimizer = s.model, s.optimizer
    X, Y = epoch()

    def run() -> float:
        for i in range(0, len(X), BATCH):
            optimizer.zero_grad()
            loss = cross_entropy(model(X[i : i + BATCH]), Y[i : i + BATCH])
            loss.backward()
            optimizer.step()
        return loss.item()

    return s.player(run, steps=STEPS)


labels = slices
"""Its targets are integers anyway."""


def shuffled(kind: str) -> Player:
    s = start(kind)
    model, optimizer = s.model, s.optimizer
    X, Y = epoch()
    order = torch.tensor(np.random.default_rng(1).permutation(len(X)))

    def run() -> float:
        for i in range(0, len(X), BATCH):
            indices = order[i : i + BATCH]
            optimizer.zero_grad()
            loss = cross_entropy(model(X[indices]), Y[indices])
            loss.backward()
            optimizer.step()
        return loss.item()

    return s.player(run, steps=STEPS)


def float32(kind: str) -> Player:
    """float32 data; the model's dtype is that of the column."""
    s = start(kind)
    model, optimizer = s.model, s.optimizer
    X, Y = epoch()
    X, dtype = X.float(), torch.get_default_dtype()

    def run() -> float:
        for i in range(0, len(X), BATCH):
            optimizer.zero_grad()
            loss = cross_entropy(model(X[i : i + BATCH].to(dtype)), Y[i : i + BATCH])
            loss.backward()
            optimizer.step()
        return loss.item()

    return s.player(run, steps=STEPS)


def smaller(kind: str) -> Player:
    s = start(kind)
    _, model, optimizer, X, Y = s

    def run() -> float:
        for n in range(BATCH, BATCH - STEPS, -1):
            optimizer.zero_grad()
            loss = cross_entropy(model(X[:n]), Y[:n])
            loss.backward()
            optimizer.step()
        return loss.item()

    return s.player(run, steps=STEPS)


def generator(kind: str) -> Player:
    s = start(kind)
    model, optimizer = s.model, s.optimizer
    X, Y = epoch()
    order = torch.tensor(np.random.default_rng(1).permutation(len(X)))

    def batches() -> Iterator[Any]:
        for i in range(0, len(X), BATCH):
            indices = order[i : i + BATCH]
            yield X[indices], Y[indices]

    def run() -> float:
        for x, y in batches():
            optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    return s.player(run, steps=STEPS)


def lists(kind: str) -> Player:
    """Lists must become tensors first."""
    s = start(kind)
    model, optimizer = s.model, s.optimizer
    X, Y = (t.tolist() for t in epoch())

    def run() -> float:
        for i in range(0, len(X), BATCH):
            optimizer.zero_grad()
            x, y = torch.tensor(X[i : i + BATCH]), torch.tensor(Y[i : i + BATCH])
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    return s.player(run, steps=STEPS)


def one_sample(kind: str) -> Player:
    s = start(kind)
    model, X = s.model, s.X
    scores = torch.zeros(len(X), 10)

    def run() -> float:
        with torch.no_grad():
            for i in range(len(X)):
                scores[i] = model(X[i : i + 1])[0]
        return float(scores[-1, 0])

    return Player(run, lambda: scores.double().numpy(), steps=len(X))


def update_by_hand(kind: str) -> Player:
    s = start(kind)
    model, lr = s.model, LEARNING_RATE
    cross_entropy(model(s.X), s.Y).backward()

    def run() -> float:
        for p in model.parameters():
            p.data -= lr * p.grad
        return 0.0

    return s.player(run, steps=len(s.w.start))


def norm_by_hand(kind: str) -> Player:
    s = start(kind)
    model = s.model
    cross_entropy(model(s.X), s.Y).backward()

    def run() -> float:
        return float(sum((p.grad**2).sum() for p in model.parameters()) ** 0.5)

    return Player(run, lambda: np.array([run()]), steps=len(s.w.start))
