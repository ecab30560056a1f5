"""Gradient descent: against the slope, step by step, to where the loss is least; the parameters there are used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_moons

from autograd import Parameter, compile, data, fit, nn, optim
from demos.lesson import Lesson
from viz import plot

RATE = 0.3


def bowl(w: Any) -> Any:
    """A loss with one minimum: 1, where w is 2."""
    return 0.5 * (w - 2.0) ** 2 + 1.0


def hills(w: Any) -> Any:
    """A loss with two minima, the lower one on the left, and the top of a hill between them."""
    return 0.25 * w**4 - 1.2 * w**2 + 0.5 * w + 2.0


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Descend into a bowl and from a hill; train a network whose loss jumps about, and use its best parameters."""
    lesson = Lesson("gradient_descent", out)
    draw: Callable[..., Any] = plot.descent if small else plot.descent_animation

    path, slopes = descend(bowl, start=-2.0, rate=RATE, steps=12)
    lesson.draw("bowl", draw(compile(bowl), path, interval=(-2.5, 4.5)))
    columns = {"parameter": path, "loss": [bowl(w) for w in path], "slope": slopes, "move": [-RATE * g for g in slopes]}
    lesson.table("steps", {"step": list(range(len(path))), **columns}, formats=dict.fromkeys(columns, ".3f"))
    lesson.measure(rate=RATE, steps=len(path) - 1, first_slope=slopes[0], end=path[-1], loss=bowl(path[-1]))

    left, left_slopes = descend(hills, start=0.0, rate=0.2, steps=14)
    right, right_slopes = descend(hills, start=0.5, rate=0.2, steps=14)
    lesson.draw("hills", draw(compile(hills), {"from 0": left, "from 0.5": right}, interval=(-2.4, 2.4)))
    lesson.measure(left=left[-1], left_loss=hills(left[-1]), right=right[-1], right_loss=hills(right[-1]))
    lesson.claim("minimal", max(abs(g[-1]) for g in (left_slopes, right_slopes)) < 0.01 and bowl(path[-1]) < 1.01)
    lesson.claim("lowest", abs(hills(left[-1]) - hills(right[-1])) < 0.01)

    watch_the_best(lesson, seed)
    return lesson


def descend(loss: Callable[[Any], Any], start: float, rate: float, steps: int) -> tuple[list[float], list[float]]:
    """Where the parameter was, from its start to its end, and how steep the loss is there."""
    w = Parameter(start)
    optimizer = optim.SGD([w], lr=rate)
    path, slopes = [], []
    for step in range(steps + 1):
        optimizer.zero_grad()
        loss(w).backward()  # the slope is in w.grad now
        path.append(w.data)
        slopes.append(w.grad)
        if step < steps:
            optimizer.step()  # w <- w - rate * w.grad
    return path, slopes


def watch_the_best(lesson: Lesson, seed: int) -> None:
    """Mini-batches of 4 and a large rate make the loss of points that aren't trained on jump from epoch to epoch."""
    X, Y = make_moons(120, noise=0.3, random_state=seed)
    X, held_out, Y, answers = data.split(X, Y, 0.5, rng=seed)
    model = nn.MLP(2, [8, 8, 1], activation="tanh", rng=seed)
    history = fit(
        model, X, Y, loss="binary_cross_entropy_with_logits", optimizer=optim.SGD(model, lr=0.5), epochs=60,
        batch_size=4, validation=(held_out, answers), patience=20, seed=seed, progress=False,
    )  # fmt: skip
    # With a patience, the model has the parameters of its best epoch now. To see that, its loss is computed anew.
    scores = compile(model)(held_out).ravel()
    used = float(np.mean(np.logaddexp(0.0, scores) - answers * scores))
    watched = history["val_loss"]
    best = int(np.argmin(watched))
    lesson.draw("best", plot.loss(
        {"validation_loss": watched, "loss of the model that is used": [used]},
        x={"validation_loss": range(1, len(watched) + 1), "loss of the model that is used": [best + 1]},
    ))  # fmt: skip
    lesson.measure(epochs=len(watched), best_epoch=best + 1, best_loss=watched[best], last_loss=watched[-1], used=used)
    lesson.claim("used", abs(used - watched[best]) < 1e-12 and used < watched[-1])
