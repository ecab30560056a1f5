"""The race: six optimizers on three surfaces from twenty starts, and on a small network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import make_moons

from autograd import fit, nn, optim
from demos.lesson import Lesson
from demos.surfaces import BEALE, RAVINE, ROSENBROCK, SURFACES, Surface, descend
from viz import plot

Floats = NDArray[np.float64]
Make = Callable[..., optim.Optimizer]  # (parameters, lr=rate)
OPTIMIZERS: dict[str, Make] = {
    "SGD": lambda p, lr: optim.SGD(p, lr=lr),
    "Momentum": lambda p, lr: optim.Momentum(p, lr=lr),
    "Nesterov": lambda p, lr: optim.Momentum(p, lr=lr, nesterov=True),
    "AdaGrad": lambda p, lr: optim.Adagrad(p, lr=lr),
    "RMSProp": lambda p, lr: optim.RMSprop(p, lr=lr, alpha=0.9),
    "Adam": lambda p, lr: optim.Adam(p, lr=lr),
}
STARTS, TOLERANCE = 20, 0.01


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Choose each optimizer's rate on twenty starts, then race them from twenty others."""
    lesson = Lesson("race", out)
    rates = np.logspace(-2, 0, 3) if small else np.logspace(-3, 0, 7)
    steps = 120 if small else 800
    rows: list[dict[str, Any]] = []
    with plot.styled():
        panels = plot.new_figure(11.5, 4.0).subplots(1, 3)
    for surface, panel in zip(SURFACES, panels, strict=True):
        arrivals, chosen = race(surface, rates, steps, seed)
        figure = plot.race(arrivals, title=surface.name, ax=panel)
        rows += [row(surface.name, name, chosen[name], times) for name, times in arrivals.items()]
        walks = {
            f"{name}, {rate:.2g}": descend(surface, partial(OPTIMIZERS[name], lr=rate), 60).path
            for name, rate in chosen.items()
        }
        draw: Callable[..., Any] = plot.paths if small else plot.paths_animation
        key = surface.name.lower()
        lesson.draw(f"paths_{key}", draw(walks, surface.f, surface.x_range, surface.y_range,
                                         log=surface is not RAVINE, minimum=surface.minimum))  # fmt: skip
    lesson.draw("arrivals", figure)
    lesson.table("race", {name: [each[name] for each in rows] for name in rows[0]},
                 {"rate": ".2g", "quarter": ".0f", "median": ".0f", "three_quarters": ".0f"})  # fmt: skip
    on_a_network(lesson, seed, rates, small=small)
    judge(lesson, rows, steps)
    return lesson


def race(surface: Surface, rates: Floats, steps: int, seed: int) -> tuple[dict[str, Floats], dict[str, float]]:
    """The step at which each start first comes below the tolerance (infinity: never), and the rate of each optimizer.

    The best rate is that with which most starts arrive, and of these that of the least median. It is chosen on the
    first half of the starts, and the second half is the race.
    """
    low, high = np.transpose([surface.x_range, surface.y_range])
    starts = np.random.default_rng(seed).uniform(low, high, size=(2 * STARTS, 2))
    arrivals, chosen = {}, {}
    for name, make in OPTIMIZERS.items():
        times = {r: first_below(descend(surface, partial(make, lr=r), steps, starts).losses) for r in rates}
        chosen[name] = best = min(times, key=lambda rate: rank(times[rate][:STARTS]))
        arrivals[name] = times[best][STARTS:]
    return arrivals, chosen


def first_below(losses: Floats) -> Floats:
    """The first step, from 1, after which each start's loss is below the tolerance."""
    below = losses[1:] < TOLERANCE
    return np.where(below.any(axis=0), below.argmax(axis=0) + 1.0, np.inf)


def rank(times: Floats) -> tuple[int, float]:
    """The smaller the better: how many never arrived, then by which step half of all had."""
    return int(np.isinf(times).sum()), quantile(times, 0.5)


def quantile(times: Floats, share: float) -> float:
    """By which step a share of the starts had arrived."""
    return float(np.quantile(times, share, method="inverted_cdf"))


def row(surface: str, optimizer: str, rate: float, times: Floats) -> dict[str, Any]:
    """A line of the table."""
    quarters = dict(
        zip(("quarter", "median", "three_quarters"), (quantile(times, q) for q in (0.25, 0.5, 0.75)), strict=True)
    )
    return {
        "surface": surface,
        "optimizer": optimizer,
        "rate": rate,
        "arrived": int(np.isfinite(times).sum()),
        **quarters,
    }


def on_a_network(lesson: Lesson, seed: int, rates: Floats, *, small: bool) -> None:
    """The training loss of a network on the moons; each rate is chosen with another network than the one shown."""
    X, Y = make_moons(100, noise=0.2, random_state=seed)
    epochs = 8 if small else 40
    curves: dict[str, list[float]] = {}
    for name, make in OPTIMIZERS.items():

        def train(rate: float, net: int, make: Make = make) -> list[float]:
            model = nn.MLP(2, [8, 1], activation="tanh", rng=net)
            history = fit(model, X, Y, loss="binary_cross_entropy_with_logits", optimizer=make(model, lr=rate),
                          epochs=epochs, batch_size=20, seed=net, progress=False)  # fmt: skip
            return list(history["loss"])

        best = min(rates, key=lambda rate: train(rate, seed + 1)[-1])
        curves[f"{name}, {best:.2g}"] = train(best, seed)
    lesson.draw("network", plot.loss(curves, log=True))
    ends = {name.split(",")[0]: losses[-1] for name, losses in curves.items()}
    lesson.measure(epochs=epochs, net_sgd=ends["SGD"], net_adam=ends["Adam"], net_best=min(ends.values()),
                   net_worst=max(ends.values()))  # fmt: skip


def judge(lesson: Lesson, rows: list[dict[str, Any]], steps: int) -> None:
    """Who was first where, and what the notes say of that."""
    at = {(row["surface"], row["optimizer"]): row for row in rows}
    score = {key: (-found["arrived"], found["median"]) for key, found in at.items()}  # the smaller the better
    first = {on.name: min((score[on.name, name], name) for name in OPTIMIZERS)[1] for on in SURFACES}
    lesson.measure(
        steps=steps, tolerance=TOLERANCE, starts=STARTS,
        adam_ravine=at[RAVINE.name, "Adam"]["median"], best_ravine=at[RAVINE.name, first[RAVINE.name]]["median"],
        adam_beale=at[BEALE.name, "Adam"]["arrived"], best_beale=at[BEALE.name, first[BEALE.name]]["arrived"],
        adam_rosenbrock=at[ROSENBROCK.name, "Adam"]["arrived"], sgd_rosenbrock=at[ROSENBROCK.name, "SGD"]["arrived"],
        momentum_rosenbrock=at[ROSENBROCK.name, "Momentum"]["arrived"],
        adagrad_rosenbrock=at[ROSENBROCK.name, "AdaGrad"]["arrived"],
        rmsprop_rosenbrock=at[ROSENBROCK.name, "RMSProp"]["arrived"],
    )  # fmt: skip
    lesson.claim("momentum", all(score[on.name, "Momentum"] <= score[on.name, "SGD"] for on in SURFACES))
    lesson.claim("last_is_first", set(first.values()) == {"Adam"})
