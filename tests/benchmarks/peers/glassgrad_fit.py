"""Ours: `fit` with what people give it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import numpy as np
from player import Player, clocks, since
from workloads import LEARNING_RATE, Array, epoch_of, workload

from autograd import fit, nn, optim
from peers.glassgrad import model_and_loss

BATCH, STEPS = 64, 100
FEW = 2
"""Epochs of a short training, which is all start."""
ENOUGH = 0.5
"""Seconds by which a training is to be longer than that."""
Callback = Callable[[Any], Any]


def plain() -> Player:
    return fitting()


def l1() -> Player:
    return fitting(penalty=lambda model: nn.penalties.l1(model, 1e-5))


def l2() -> Player:
    return fitting(penalty=lambda model: nn.penalties.l2(model, 1e-5))


class Clipping:
    """A callback that clips the gradients of each batch."""

    def before_step(self, state: Any) -> None:
        optim.clip_grad_norm_(state.model.parameters(), 0.1)

    def __call__(self, state: Any) -> None:
        """Nothing to do after an epoch."""


def clipping() -> Player:
    if "clip_norm" not in signature(fit).parameters:  # version 0.1
        return fitting(callbacks=lambda _: [Clipping()])
    return fitting(clip_norm=0.1)


def scheduled() -> Player:
    """A schedule and a callback that keeps the losses."""
    losses: list[float] = []

    def callbacks(optimizer: optim.Optimizer) -> Sequence[Callback]:
        schedule = optim.ExponentialLR(optimizer, gamma=1.0 - 1e-12)
        return [lambda state: schedule.step(), lambda state: losses.append(state.history["loss"][-1])]

    return fitting(callbacks=callbacks)


def noisy(X: Array, rng: np.random.Generator) -> Array:
    """Augmentation of a batch."""
    return X + rng.normal(0.0, 0.01, X.shape)


def transformed() -> Player:
    return fitting(transform=noisy)


def transform_alone() -> Player:
    X, rng = workload("B").X, np.random.default_rng(0)
    return Player(lambda: float(noisy(X, rng)[0, 0]))


def fitting(
    penalty: Callable[[nn.Module], Any] | None = None,
    callbacks: Callable[[optim.Optimizer], Sequence[Callback]] = lambda _: (),
    **named: Any,
) -> Player:
    """Workload B in batches of 64, in an order drawn anew each epoch.

    What comes before the first step isn't counted: the difference of a long and a short training is measured.
    """
    w = workload("B")
    X, Y = epoch_of(w, STEPS)

    def losses(epochs: int) -> list[float]:
        model, loss = model_and_loss(w)
        optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE)
        added = None if penalty is None else lambda: penalty(model)
        history = fit(
            model,
            X,
            Y,
            loss=loss,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=BATCH,
            penalty=added,
            callbacks=callbacks(optimizer),
            progress=False,
            **named,
        )
        return history["loss"]

    def seconds(epochs: int) -> float:
        start = clocks()
        losses(epochs)
        return since(start)

    more = [40]

    def measure() -> float:
        """Seconds a step; the long training is as much longer as tells its steps from the noise of its start."""
        short = seconds(FEW)
        enough = max(ENOUGH, 0.25 * short)
        while (found := seconds(FEW + more[0]) - short) < enough:
            more[0] = math.ceil(more[0] * 1.2 * enough / max(found, enough / 8))
        return found / (more[0] * STEPS)

    return Player(lambda: losses(1)[0], lambda: np.array(losses(3)), measure=measure)
