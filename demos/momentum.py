"""Momentum: remember where the last steps went, and go on in that direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autograd.optim import SGD, Optimizer
from demos.lesson import Lesson
from demos.surfaces import RAVINE, Descent, descend
from viz import plot

NEAR = 1e-6
"""The loss at which a descent counts as arrived."""
MILD, STEEP = 0.1, 2.0
"""The curvatures of the ravine, along and across: how fast the slope grows with the distance."""


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:  # noqa: ARG001 (nothing here is random)
    """Walk through a ravine with and without momentum, at the same rate and at the best rate of each."""
    lesson = Lesson("momentum", out)
    moving = plot.paths if small else plot.paths_animation

    same = walks({
        "SGD": lambda p: SGD(p, lr=0.1),
        "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9),
        "Nesterov": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    })  # fmt: skip
    shown = {name: walk.path[:61] for name, walk in same.items()}
    lesson.draw("paths", moving(shown, RAVINE.f, RAVINE.x_range, RAVINE.y_range, minimum=RAVINE.minimum))

    # Polyak (1964) found the best constants for a quadratic: they depend on the two curvatures alone.
    ratio = math.sqrt(STEEP / MILD)
    rate, kept = 4 / (math.sqrt(STEEP) + math.sqrt(MILD)) ** 2, ((ratio - 1) / (ratio + 1)) ** 2
    best = walks({
        "SGD": lambda p: SGD(p, lr=2 / (STEEP + MILD)),
        "momentum": lambda p: SGD(p, lr=rate, momentum=kept),
    })  # fmt: skip
    curves = {f"{name}, rate 0.1": walk.losses for name, walk in same.items()}
    curves |= {f"{name}, best rate": walk.losses for name, walk in best.items()}
    steps = {name: arrived(losses) for name, losses in curves.items()}
    until = {name: losses[: steps[name] + 1] for name, losses in curves.items()}
    at = {name: range(len(losses)) for name, losses in until.items()}
    lesson.draw("losses", plot.loss(until, x=at, log=True, x_label="step"))
    lesson.table("steps", {"descent": list(steps), "steps": list(steps.values())})
    lesson.measure(near=NEAR, rate=rate, kept=kept, sgd=steps["SGD, rate 0.1"], momentum=steps["momentum, rate 0.1"],
                   nesterov=steps["Nesterov, rate 0.1"], best_sgd=steps["SGD, best rate"],
                   best_momentum=steps["momentum, best rate"])  # fmt: skip
    look_at_the_velocity(lesson, same["momentum"])
    try_all_shares(lesson, np.append(np.arange(0, 1, 0.2 if small else 0.05), 0.99))
    return lesson


def walks(optimizers: dict[str, Callable[..., Optimizer]]) -> dict[str, Descent]:
    """Each optimizer's descent from the start of the ravine."""
    return {name: descend(RAVINE, optimizer, steps=800) for name, optimizer in optimizers.items()}


def arrived(losses: NDArray[np.float64]) -> int:
    """After how many steps the loss stays near the minimum."""
    far = np.flatnonzero(~(losses <= NEAR))
    return int(far[-1]) + 1 if far.size else 0


def look_at_the_velocity(lesson: Lesson, walk: Descent) -> None:
    """The velocity is the sum of all slopes so far, those of long ago counting less; the step is -0.1 times that."""
    slopes, velocity = walk.slopes[:60, 0], walk.state["momentum_buffer"][:60, 0]
    moves = np.diff(walk.path[:61, 0])
    lesson.draw("velocity", plot.loss({"minus the slope": -slopes, "step / 0.1": moves / 0.1}, x_label="step",
                                      y_label="along the ravine"))  # fmt: skip
    remembered = [sum(0.9**age * slopes[k - age] for age in range(k + 1)) for k in range(len(slopes))]
    uphill = int(np.sum(moves * slopes > 0))  # against the slope of the moment, by memory alone
    lesson.measure(memory_error=float(np.abs(moves / -0.1 - remembered).max()), uphill=uphill, moves=len(moves))
    lesson.claim("remembers", bool(np.allclose(velocity, remembered)))
    lesson.claim("goes_on", uphill > 0)


def try_all_shares(lesson: Lesson, shares: NDArray[np.float64]) -> None:
    """How many steps it takes with each share of the velocity that is kept."""
    needed = [arrived(descend(RAVINE, lambda p, share=share: SGD(p, lr=0.1, momentum=share), steps=1600).losses)
              for share in shares]  # fmt: skip
    lesson.draw("shares", plot.sweep(shares, needed, log_x=False, x_label="momentum", y_label="steps to arrive"))
    best = int(np.argmin(needed))
    lesson.measure(best_share=shares[best], best_steps=needed[best], last_share=shares[-1], last_steps=needed[-1])
