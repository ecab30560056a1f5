"""Learning rate: too small crawls, too large oscillates or diverges; a schedule has the good of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_moons

from autograd import Parameter, compile, fit, nn, optim
from demos.lesson import Lesson
from viz import plot

CURVATURE, START, STEPS = 4.0, 2.0, 12
RATES = {"too small": 0.01, "good": 0.1, "too large": 0.47, "larger still": 0.52}
EPOCHS, BATCH, TOP = 40, 10, 3.0


def bowl(w: Any) -> Any:
    """The simplest loss. Its slope is ``CURVATURE * w``, so a step makes ``(1 - rate * CURVATURE) * w`` of w."""
    return 0.5 * CURVATURE * w**2


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Descend with several rates from one start; then train a network with each of many rates, and with a schedule."""
    lesson = Lesson("learning_rate", out)
    on_a_bowl(lesson)
    on_a_network(lesson, seed, small=small)
    return lesson


def on_a_bowl(lesson: Lesson) -> None:
    """Where the closed form tells what must happen: it goes down as long as the rate is below 2 / CURVATURE."""
    paths = {name: descend(rate) for name, rate in RATES.items()}
    with plot.styled():
        figure = plot.new_figure(11.0, 5.6)
        panels = figure.subplot_mosaic([["a", "b", "losses"], ["c", "d", "losses"]], width_ratios=[1.0, 1.0, 1.6])
    for letter, (name, path) in zip("abcd", paths.items(), strict=True):
        plot.descent(compile(bowl), {name: path}, interval=(-4, 4), title=f"{name}: {RATES[name]}", ax=panels[letter])
    losses = {name: [bowl(w) for w in path] for name, path in paths.items()}
    steps = dict.fromkeys(losses, range(STEPS + 1))
    lesson.draw("rates", plot.loss(losses, x=steps, x_label="step", log=True, ax=panels["losses"]))
    share = {name: ys[-1] / ys[0] for name, ys in losses.items()}
    signs = np.sign(paths["too large"])
    lesson.measure(**{f"{name.replace(' ', '_')}_share": x for name, x in share.items()}, steps=STEPS)
    lesson.claim("crawls", 0.1 < share["too small"] < 1.0)
    lesson.claim("oscillates", bool((signs[1:] == -signs[:-1]).all()) and share["good"] < share["too large"] < 1.0)
    lesson.claim("diverges", share["larger still"] > 1.0)

    # What is left of the loss after one step, on average, is (1 - rate * CURVATURE)²: below 1 up to 2 / CURVATURE.
    rates = np.arange(1, 29) * 0.02
    left = np.array([(bowl(descend(rate)[-1]) / bowl(START)) ** (1 / STEPS) for rate in rates])
    lesson.draw("bound", plot.sweep(
        rates, {"left after a step": left}, levels={"no progress": 1.0}, log_x=False, log_y=False,
        x_label="learning rate", y_label="share of the loss",
    ))  # fmt: skip
    lesson.measure(bound=2.0 / CURVATURE, largest=rates[left < 1.0].max(), first=rates[left > 1.0].min())


def descend(rate: float) -> list[float]:
    """Where the parameter is after each step."""
    w = Parameter(START)
    optimizer = optim.SGD([w], lr=rate)
    path = [w.data]
    for _ in range(STEPS):
        optimizer.zero_grad()
        bowl(w).backward()
        optimizer.step()
        path.append(w.data)
    return path


def on_a_network(lesson: Lesson, seed: int, *, small: bool) -> None:
    """Where nobody knows the curvature, the rate is tried out: from several starts, with mini-batches."""
    rates = np.logspace(-3.0, 1.5, 5 if small else 10)
    seeds = range(seed, seed + (2 if small else 8))
    ends = np.zeros((len(rates), len(seeds)))
    scheduled = []
    for column, each in enumerate(seeds):
        run = trainer(each)
        ends[:, column] = [run(rate)[-1] for rate in rates]
        scheduled.append(run(TOP, is_scheduled=True)[-1])
    median, cosine = np.median(ends, axis=1), float(np.median(scheduled))
    lesson.draw("sweep", plot.sweep(
        rates, {"constant rate": ends}, levels={f"from {TOP:g} down to 0": cosine}, x_label="learning rate",
        y_label=f"loss after {EPOCHS} epochs",
    ))  # fmt: skip

    run = trainer(seed)
    curves = {"0.03": run(0.03), f"{TOP:g}": run(TOP), f"from {TOP:g} down to 0": run(TOP, is_scheduled=True)}
    lesson.draw("schedule", plot.loss(curves, log=True))
    lesson.table("seeds", {"seed": list(seeds), "constant": ends.min(axis=0), "cosine": scheduled},
                 formats={"constant": ".3f", "cosine": ".3f"})  # fmt: skip
    lesson.measure(
        low_rate=rates[0], low=median[0], best_rate=rates[median.argmin()], least=median.min(), high_rate=rates[-1],
        high=median[-1], top=TOP, cosine=cosine, wins=int(np.sum(scheduled < ends.min(axis=0))), seeds=len(seeds),
    )  # fmt: skip
    lesson.measure(
        slow=curves["0.03"][-1], restless=curves[f"{TOP:g}"][-1], annealed=curves[f"from {TOP:g} down to 0"][-1]
    )
    lesson.claim("network", median[0] > 3 * median.min() and median[-1] > 3 * median.min())


def trainer(seed: int) -> Callable[..., list[float]]:
    """A function that trains one network from its start, and gives the loss of all samples after each epoch."""
    X, Y = make_moons(200, noise=0.2, random_state=seed)
    model = nn.MLP(2, [8, 8, 1], activation="tanh", rng=seed)
    start = model.state_dict()

    def run(rate: float, *, is_scheduled: bool = False) -> list[float]:
        model.load_state_dict(start)
        optimizer = optim.SGD(model, lr=rate)
        callbacks = []
        if is_scheduled:  # along half a cosine, from the rate in the first epoch to nearly 0 in the last
            cosine = optim.CosineAnnealingLR(optimizer, T_max=EPOCHS)
            callbacks = [lambda _: cosine.step()]
        history = fit(
            model, X, Y, loss="binary_cross_entropy_with_logits", optimizer=optimizer, epochs=EPOCHS, batch_size=BATCH,
            validation=(X, Y), callbacks=callbacks, seed=seed, progress=False,
        )  # fmt: skip
        return history["val_loss"]

    return run
