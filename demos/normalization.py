"""Normalization: inputs of one scale, and layers that bring their numbers to mean 0 and variance 1 again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import compile, data, fit, nn, optim
from demos.lesson import Lesson
from viz import plot

Floats = NDArray[np.float64]
DEPTH, WIDTH = 5, 32
LAYERS = {"none": None, "batch norm": nn.BatchNorm, "layer norm": nn.LayerNorm}
NEAR_ZERO = {"near zero": lambda a: abs(a) < 0.05}


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Normalize the inputs of a line, then the layers of a deep network; look at batch norm in training and test."""
    lesson = Lesson("normalization", out)
    inputs(lesson, seed)
    hidden(lesson, seed, epochs=40 if small else 60)
    statistics(lesson, seed)
    m = lesson.measured
    lesson.claim("inputs", 10 * m["standardized_steps"] < m["raw_steps"])
    lesson.claim("layers", min(m["batch_std"], m["layer_std"]) > 10 * m["none_std"])
    lesson.claim("training", max(m["batch_loss"], m["layer_loss"]) < 0.7 * m["none_loss"])
    return lesson


def inputs(lesson: Lesson, seed: int) -> None:
    """A plane through data with two inputs, one ten times as large as the other; as they are, and standardized."""
    rng = np.random.default_rng(seed)
    raw = rng.standard_normal((100, 2)) * [1.0, 10.0]
    raw = raw - raw.mean(axis=0)
    Y = raw @ [2.0, 0.15] + 0.3 * rng.standard_normal(100)
    (standardized,) = data.standardize(raw)  # (x - mean) / standard deviation, column by column
    panels: dict[str, Any] = {}
    rows: list[tuple[Any, ...]] = []
    for name, X in {"raw": raw, "standardized": standardized}.items():
        flat, steep = np.linalg.eigvalsh(2 * X.T @ X / len(X))  # curvatures of the loss along and across its valley
        rate = 2 / (flat + steep)  # the best there is for both
        path = descend(X, Y, rate)
        height = surface(X, Y)
        above = height(*path.T) - height(*np.linalg.lstsq(X, Y)[0])
        steps = int(np.argmax(above < 1e-3 * above[0]))
        panels[name] = partial(
            plot.paths, {"gradient descent": path[: steps + 1]}, height, (-0.5, 4.0), (-1.0, 2.5), log=True,
            x_label="w₁", y_label="w₂",
        )  # fmt: skip
        rows.append((name, flat, steep, steep / flat, rate, steps))
        lesson.measure(**{f"{name}_condition": steep / flat, f"{name}_steps": steps})
    lesson.draw("inputs", plot.small_multiples(panels, columns=2, size=(4.2, 3.4)))
    columns = ("inputs", "flat", "steep", "condition", "rate", "steps")
    formats = dict.fromkeys(("flat", "steep", "rate"), ".3g") | {"condition": ".1f"}
    lesson.table("descents", dict(zip(columns, zip(*rows, strict=True), strict=True)), formats)


def surface(X: Floats, Y: Floats) -> Callable[[Floats, Floats], Floats]:
    """The mean squared error as a function of the two weights, each an array of any shape."""
    return lambda w1, w2: np.mean((w1[..., None] * X[:, 0] + w2[..., None] * X[:, 1] - Y) ** 2, axis=-1)


def descend(X: Floats, Y: Floats, rate: float) -> Floats:
    """The weights after each of 400 steps of gradient descent from 0."""
    model = nn.Linear(2, 1, bias=False, init="zeros")
    path = [model.weight.data[0].copy()]
    fit(
        model, X, Y, loss="mse", optimizer=optim.SGD(model, lr=rate), epochs=400, progress=False,
        callbacks=[lambda _: path.append(model.weight.data[0].copy())],
    )  # fmt: skip
    return np.array(path)


def network(kind: Any, seed: int) -> nn.Sequential:
    """Layers of 32 neurons with weights of standard deviation 0.1, too small; the norm stands before each tanh."""
    rng = np.random.default_rng(seed)
    layers: list[nn.Module] = []
    for k in range(DEPTH):
        layers.append(nn.Linear(WIDTH if k else 2, WIDTH, init=nn.init.normal(std=0.1), rng=rng))
        layers += [kind(WIDTH)] if kind else []
        layers.append(nn.Tanh())
    return nn.Sequential(*layers, nn.Linear(WIDTH, 1, init="xavier", rng=rng))


def hidden(lesson: Lesson, seed: int, epochs: int) -> None:
    """The same deep network without and with norms: what its layers put out at the start, and how it learns."""
    X, Y = data.circles(200, noise=0.1, rng=seed)
    outputs, curves = {}, {}
    for name, kind in LAYERS.items():
        model = network(kind, seed)
        outputs[name] = (
            compile(lambda x, model=model: outputs_of(model, x))(X).reshape(len(X), -1, WIDTH).swapaxes(0, 1)
        )
        history = fit(
            model, X, Y, loss="binary_cross_entropy_with_logits", optimizer=optim.SGD(model, lr=0.05), epochs=epochs,
            batch_size=20, seed=seed, progress=False,
        )  # fmt: skip
        curves[name] = history["loss"]
        key = name.split()[0]
        near_zero = np.mean(NEAR_ZERO["near zero"](outputs[name][-1]))
        lesson.measure(
            **{f"{key}_zero": near_zero, f"{key}_std": outputs[name][-1].std(), f"{key}_loss": history["loss"][-1]}
        )
    lesson.draw("layers", plot.activations(outputs, share=NEAR_ZERO, range=(-1, 1), top=0.2, x_label="output of tanh"))
    lesson.draw("training", plot.loss(curves, log=True))
    lesson.measure(depth=DEPTH, epochs=epochs)


def outputs_of(model: nn.Sequential, x: Any) -> list[Any]:
    """The outputs of every tanh, one after the other."""
    found: list[Any] = []
    for layer in model:
        x = layer(x)
        found += x if isinstance(layer, nn.Tanh) else []
    return found


def statistics(lesson: Lesson, seed: int) -> None:
    """Batch norm alone: in training it uses the batch's mean, and notes a running one for the test."""
    rng = np.random.default_rng(seed)
    layer = nn.BatchNorm(1)
    means, running = [], []
    for _ in range(60):
        batch = rng.normal(5.0, 2.0, 16)
        layer.forward_batch(list(batch))
        means.append(batch.mean())
        running.append(layer.running_mean.item())
    lesson.draw(
        "running", plot.loss({"batch": means, "running": running}, x_label="batch", y_label="mean of the input")
    )
    # One number in two batches: in training it depends on the company, in the test it doesn't.
    batches = [[7.0, *rng.normal(5.0, 2.0, 15)] for _ in range(2)]
    in_training = [layer.forward_batch(batch)[0].data for batch in batches]
    layer.eval()
    in_test = [layer.forward_batch(batch)[0].data for batch in batches]
    lesson.table(
        "modes", {"batch": [1, 2], "training": in_training, "test": in_test}, dict.fromkeys(("training", "test"), ".3f")
    )
    lesson.measure(first=in_training[0], second=in_training[1], tested=in_test[0], running=running[-1])
    lesson.measure(
        batches=len(means), batch_spread=float(np.std(means[20:])), running_spread=float(np.std(running[20:]))
    )
