"""Losses: what a wrong prediction costs, how steeply, and what each loss is for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from autograd import Parameter, Value, compile, derivative, fit, nn, optim
from demos.lesson import Lesson
from viz import plot

ERRORS: dict[str, Callable[..., Value]] = {"mse": nn.losses.mse, "mae": nn.losses.mae, "huber": nn.losses.huber}
# As functions of one number: the prediction, where the target is 0 ...
NUMBERS = {name: partial(loss, target=0.0) for name, loss in ERRORS.items()}
# ... or the score of the class that is right: +1 for hinge, 1 for binary cross entropy, the first of three classes.
CLASSES = {
    "hinge": lambda z: nn.losses.hinge(z, 1),
    "binary cross entropy": lambda z: nn.losses.binary_cross_entropy_with_logits(z, 1),
    "softmax cross entropy": lambda z: nn.losses.cross_entropy([z, 0.0, 0.0], 0),
}
EPOCHS = 400


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:  # noqa: ARG001 (it is small)
    """Draw losses with their slopes; fit data with a mistake in them; go where the naive formula breaks."""
    lesson = Lesson("losses", out)
    for name, losses, end, x in (("numbers", NUMBERS, 3.0, "prediction"), ("classes", CLASSES, 4.0, "score")):
        # The losses are written for one number; compiled, they take arrays. So do their slopes, which the engine finds.
        curves = {loss: compile(f) for loss, f in losses.items()}
        slopes = {loss: compile(derivative(f)) for loss, f in losses.items()}
        lesson.draw(name, plot.function(curves, (-end, end), derivatives=slopes, x_label=x, y_label="loss"))
        lesson.measure(**{f"{loss.split()[0]}_pull": abs(derivative(f)(-end)) for loss, f in losses.items()})
    outlier(lesson, seed)
    extremes(lesson)
    return lesson


def outlier(lesson: Lesson, seed: int) -> None:
    """One number of five is mistyped, one point of ten is far off: how much does that change the answer?"""
    right, typed = [1.0, 2.0, 2.5, 4.0, 5.5], [1.0, 2.0, 2.5, 4.0, 55.0]
    X = np.linspace(-1.0, 1.0, 10)
    Y = 3.0 + 2.0 * X + np.random.default_rng(seed).normal(0.0, 0.2, 10)
    wrong = np.where(np.arange(10) == 8, Y + 10.0, Y)
    table: dict[str, list[float]] = {"right": [], "typed": [], "slope": [], "slope_wrong": []}
    lines = {}
    for name, loss in ERRORS.items():
        # Where x is 0, the slope counts for nothing, and the level is the constant that is nearest to all targets.
        table["right"].append(fit_line(loss, np.zeros(5), right)[0])
        table["typed"].append(fit_line(loss, np.zeros(5), typed)[0])
        table["slope"].append(fit_line(loss, X, Y)[1])
        level, slope = fit_line(loss, X, wrong)
        table["slope_wrong"].append(slope)
        lines[name] = lambda x, level=level, slope=slope: level + slope * x
    lesson.draw("outlier", plot.function(lines, (-1.1, 1.1), samples=(X, wrong), y_label="y"))
    lesson.table("robust", {"loss": list(ERRORS), **table}, formats=dict.fromkeys(table, ".2f"))
    for column, numbers in table.items():
        lesson.measure(**{f"{loss}_{column}": x for loss, x in zip(ERRORS, numbers, strict=True)})
    # The squared error is least at the mean, the absolute one at the median.
    means = [np.mean([right, typed], axis=1), np.median([right, typed], axis=1)]
    found = np.transpose([table["right"], table["typed"]])[:2]
    lesson.claim("minimised", np.abs(found - means).max() < 0.01)


def fit_line(loss: Callable[..., Value], X: ArrayLike, Y: ArrayLike) -> tuple[float, float]:
    """Level and slope of the line whose mean loss is least."""
    level, slope = Parameter(0.0), Parameter(0.0)
    optimizer = optim.Adam([level, slope], lr=0.3)
    shrink = optim.CosineAnnealingLR(optimizer, T_max=EPOCHS)  # for losses with a kink: no step is too small for them
    fit(
        lambda x: level + slope * x, X, Y, loss=loss, optimizer=optimizer, epochs=EPOCHS,
        callbacks=[lambda _: shrink.step()], progress=False,
    )  # fmt: skip
    return level.data, slope.data


def extremes(lesson: Lesson) -> None:
    """Cross entropy far from zero: by the formulas of the books, through a probability, and from the logits."""
    z = np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0])
    with np.errstate(all="ignore"):
        naive_binary = np.log(1.0 / (1.0 / (1.0 + np.exp(-z))))  # log 1/p, where p is the sigmoid of the score
        naive_softmax = np.log((np.exp(z) + 2.0 * np.exp(0.0)) / np.exp(z))  # where the other two scores are 0
    binary, softmax = CLASSES["binary cross entropy"], CLASSES["softmax cross entropy"]
    columns = {
        "score": z,
        "naive_binary": naive_binary,
        "binary": compile(binary)(z),
        "binary_slope": compile(derivative(binary))(z) + 0.0,  # which makes -0.0 a 0.0
        "naive_softmax": naive_softmax,
        "softmax": compile(softmax)(z),
    }
    lesson.table("extremes", columns, formats={"score": ".0f"} | dict.fromkeys(list(columns)[1:], ".3g"))
    lesson.measure(broken=int(np.sum(~np.isfinite([naive_binary, naive_softmax]))))
    lesson.measure(far=columns["binary"][0], far_slope=columns["binary_slope"][0], tiny=columns["binary"][3])
