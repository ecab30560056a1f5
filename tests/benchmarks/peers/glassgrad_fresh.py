"""Ours: loops whose arrays are new at each step, lists, and loops over single weights. Public calls only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from player import Player
from workloads import LEARNING_RATE, epoch_of

import autograd
from peers.glassgrad_people import start

BATCH, STEPS = 64, 20


def slices() -> Player:
    s = start()
    _, _, optimizer, program, *_ = s
    X, Y = epoch_of(s.w)

    def run() -> float:
        for i in range(0, len(X), BATCH):
            optimizer.zero_grad()
            loss = program.backward(X[i : i + BATCH], Y[i : i + BATCH])
            optimizer.step()
        return loss

    return s.player(run, steps=STEPS)


def shuffled() -> Player:
    s = start()
    _, _, optimizer, program, *_ = s
    X, Y = epoch_of(s.w)
    order = np.random.default_rng(1).permutation(len(X))

    def run() -> float:
        for i in range(0, len(X), BATCH):
            indices = order[i : i + BATCH]
            optimizer.zero_grad()
            loss = program.backward(X[indices], Y[indices])
            optimizer.step()
        return loss

    return s.player(run, steps=STEPS)


def float32() -> Player:
    s = start()
    _, _, optimizer, program, *_ = s
    X, Y = epoch_of(s.w)
    X = X.astype(np.float32)

    def run() -> float:
        for i in range(0, len(X), BATCH):
            optimizer.zero_grad()
            loss = program.backward(X[i : i + BATCH], Y[i : i + BATCH])
            optimizer.step()
        return loss

    return s.player(run, steps=STEPS)


def labels() -> Player:
    s = start()
    _, _, optimizer, program, *_ = s
    X, Y = epoch_of(s.w)
    labels = Y.argmax(axis=1)

    def run() -> float:
        for i in range(0, len(X), BATCH):
            optimizer.zero_grad()
            loss = program.backward(X[i : i + BATCH], labels[i : i + BATCH])
            optimizer.step()
        return loss

    return s.player(run, steps=STEPS)


def smaller() -> Player:
    """A smaller batch each time."""
    s = start()
    _, _, optimizer, program, X, Y = s

    def run() -> float:
        for n in range(BATCH, BATCH - STEPS, -1):
            optimizer.zero_grad()
            loss = program.backward(X[:n], Y[:n])
            optimizer.step()
        return loss

    return s.player(run, steps=STEPS)


def generator() -> Player:
    s = start()
    _, _, optimizer, program, *_ = s
    X, Y = epoch_of(s.w)
    order = np.random.default_rng(1).permutation(len(X))

    def batches() -> Iterator[Any]:
        for i in range(0, len(X), BATCH):
            indices = order[i : i + BATCH]
            yield X[indices], Y[indices]

    def run() -> float:
        for x, y in batches():
            optimizer.zero_grad()
            loss = program.backward(x, y)
            optimizer.step()
        return loss

    return s.player(run, steps=STEPS)


def lists() -> Player:
    """Batches of Python's own numbers, integer labels."""
    s = start()
    _, _, optimizer, program, *_ = s
    X, Y = epoch_of(s.w)
    inputs, labels = X.tolist(), Y.argmax(axis=1).tolist()

    def run() -> float:
        for i in range(0, len(inputs), BATCH):
            optimizer.zero_grad()
            loss = program.backward(inputs[i : i + BATCH], labels[i : i + BATCH])
            optimizer.step()
        return loss

    return s.player(run, steps=STEPS)


def one_sample() -> Player:
    """The predictions for samples that come one at a time."""
    s = start()
    program, X = autograd.compile(s.model), s.X
    scores = np.zeros((len(X), 10))

    def run() -> float:
        for i in range(len(X)):
            scores[i] = program(X[i : i + 1])[0]
        return float(scores[-1, 0])

    return Player(run, lambda: scores, steps=len(X))


def update_by_hand() -> Player:
    """micrograd's update; a step is a weight."""
    s = start()
    model, lr = s.model, LEARNING_RATE
    s.program.backward(s.X, s.Y)

    def run() -> float:
        for p in model.parameters():
            p.data -= lr * p.grad
        return 0.0

    return s.player(run, steps=len(s.w.start))


def norm_by_hand() -> Player:
    """The gradient's norm, as it is logged; a step is a weight."""
    s = start()
    model = s.model
    s.program.backward(s.X, s.Y)

    def run() -> float:
        return float(sum(p.grad**2 for p in model.parameters()) ** 0.5)

    return Player(run, lambda: np.array([run()]), steps=len(s.w.start))
