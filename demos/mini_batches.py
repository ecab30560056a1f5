"""Mini-batches: slopes from a few samples are less exact and much cheaper, so that more steps can be taken."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Parameter, compile, data, fit, nn, optim
from demos.lesson import Lesson
from viz import plot

Floats = NDArray[np.float64]
SAMPLES, NOISE, EPOCHS = 512, 1.0, 60
SIZES = (1, 4, 16, 64, 256)


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Fit a line with all samples a step and with sixteen; see how exact the slopes are; then train a network."""
    lesson = Lesson("mini_batches", out)
    random = np.random.default_rng(seed)
    X = random.normal(0.5, 1.0, SAMPLES)
    Y = 2.0 * X - 1.0 + random.normal(0.0, NOISE, SAMPLES)

    walks = {f"all {SAMPLES}": walk(X, Y, SAMPLES, seed), "16 a step": walk(X, Y, 16, seed)}
    best = np.polyfit(X, Y, 1)
    shown = {name: path[:65] for name, path in walks.items()}  # two epochs of the mini-batches
    moving = plot.paths if small else plot.paths_animation
    lesson.draw("paths", moving(shown, lambda a, b: mean_loss(X, Y, a, b), (-0.6, 3.2), (-2.6, 0.8), minimum=best,
                                x_label="a", y_label="b"))  # fmt: skip

    losses = {name: mean_loss(X, Y, *path.T) for name, path in walks.items()}
    full, mini = losses.values()
    steps = range(EPOCHS + 1)
    lesson.draw("by_steps", plot.loss({name: ys[: EPOCHS + 1] for name, ys in losses.items()}, x=steps, x_label="step"))
    seen = dict(zip(losses, (SAMPLES * np.arange(len(full)), 16 * np.arange(len(mini))), strict=True))
    lesson.draw("by_samples", plot.loss(losses, x=seen, x_label="samples seen"))
    lowest = float(mean_loss(X, Y, *best))
    full_steps, mini_steps = (int(np.argmax(ys <= 1.05 * lowest)) for ys in (full, mini))
    lesson.measure(
        lowest=lowest, near=1.05 * lowest, full_end=full[-1], mini_end=mini[-1], full_steps=full_steps,
        mini_steps=mini_steps, full_samples=SAMPLES * full_steps, mini_samples=16 * mini_steps,
    )  # fmt: skip
    lesson.claim("cheaper", 16 * mini_steps < SAMPLES * full_steps)
    look_at_the_noise(lesson, X, Y, random)
    lesson.claim("same_place", float(mini[-1]) < 1.02 * lowest)
    train_a_network(lesson, seed, epochs=4 if small else 20)
    return lesson


def mean_loss(X: Floats, Y: Floats, a: Any, b: Any) -> Floats:
    """Half the mean squared error of the line ``a x + b``, for single numbers and for arrays of them."""
    a, b = np.asarray(a)[..., None], np.asarray(b)[..., None]
    return np.asarray(0.5 * np.mean((a * X + b - Y) ** 2, axis=-1))


def walk(X: Floats, Y: Floats, size: int, seed: int) -> Floats:
    """Where (a, b) was: a step for each batch, all samples once an epoch, in an order that is drawn anew."""
    a, b = Parameter(0.0), Parameter(0.5)
    step = compile(lambda x, y: 0.5 * (a * x + b - y) ** 2)
    optimizer = optim.SGD([a, b], lr=0.1)
    path = [(a.data, b.data)]
    order = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        for x, y in data.batches((X, Y), batch_size=size, rng=order):
            optimizer.zero_grad()
            step.backward(x, y)  # the mean over this batch, in place of the mean over all
            optimizer.step()
            path.append((a.data, b.data))
    return np.array(path)


def look_at_the_noise(lesson: Lesson, X: Floats, Y: Floats, random: np.random.Generator) -> None:
    """The slope by ``a`` at the start, estimated from batches of each size, two thousand times."""
    slopes = compile(lambda a, b, x, y: 0.5 * (a * x + b - y) ** 2).gradients(0.0 * X, 0.5 + 0.0 * X, X, Y)[0]
    drawn = {size: [random.choice(slopes, size, replace=False).mean() for _ in range(2000)] for size in SIZES}
    spread = [float(np.std(found)) for found in drawn.values()]
    # of a mean of B of N samples, none drawn twice (Cochran, "Sampling techniques", 1977, theorem 2.2)
    theory = [float(slopes.std(ddof=1) * np.sqrt((1 - size / SAMPLES) / size)) for size in SIZES]
    shown = {f"{size} samples": drawn[size] for size in (4, 16, 64)}
    lesson.draw("noise", plot.histogram(shown, marks={"all samples": slopes.mean()}, x_label="slope by a"))
    columns = {"spread": spread, "theory": theory}
    lesson.table("spread", {"size": SIZES, **columns}, formats=dict.fromkeys(columns, ".3f"))
    lesson.measure(slope=slopes.mean(), spread_4=spread[1], spread_64=spread[3])
    lesson.claim("less_exact", spread[2] > 0.1 * abs(slopes.mean()))


def train_a_network(lesson: Lesson, seed: int, epochs: int) -> None:
    """Digits, with all samples a step, 32, and one: each with the best of five rates, as many samples for all."""
    images, labels = data.digits()
    curves, best_rates = {}, []
    for size in (len(images), 32, 1):
        found = {}
        for rate in (0.01, 0.03, 0.1, 0.3, 1.0):
            model = nn.MLP(64, [16, 10], rng=seed)
            found[rate] = fit(model, images, labels, loss="cross_entropy", optimizer=optim.SGD(model, lr=rate),
                              epochs=epochs, batch_size=size, seed=seed, progress=False)["loss"]  # fmt: skip
        best_rates.append(min(found, key=lambda rate: found[rate][-1]))
        curves[f"{size} a step"] = found[best_rates[-1]]
    seen = len(images) * np.arange(1, epochs + 1)
    lesson.draw("network", plot.loss(curves, x=seen, log=True, x_label="samples seen"))
    ends = [losses[-1] for losses in curves.values()]
    steps = [epochs * math.ceil(len(images) / size) for size in (len(images), 32, 1)]
    lesson.table("networks", {"batch": list(curves), "rate": best_rates, "steps": steps, "loss": ends}, {"loss": ".3f"})
    lesson.measure(epochs=epochs, all_loss=ends[0], some_loss=ends[1], one_loss=ends[2])
