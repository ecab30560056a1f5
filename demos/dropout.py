"""Dropout: neurons that are silenced at random in training, not in the test; and what that does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

import viz
from autograd import History, Value, ancestors, compile, fit, nn, optim
from demos.lesson import Lesson
from viz import plot

Floats = NDArray[np.float64]
RATES = {"none": (0.0, 0.0), "hidden": (0.0, 0.5), "input20": (0.2, 0.5), "input26": (0.26, 0.5)}
"""The shares that are dropped of the inputs (pixels) and of the hidden neurons."""


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """One sample's graph with a mask, many masks beside the test, and training with several rates."""
    lesson = Lesson("dropout", out)
    _one_mask(lesson, seed)
    data = Digits.load(seed)
    model = network(*RATES["input20"], seed)
    train(model, data, seed)
    _many_masks(lesson, model, data.x_test[0], seed, masks=2_000 if small else 10_000)
    _left_on(lesson, model, data, passes=20 if small else 200)
    _rates(lesson, seed, runs=3 if small else 8)
    return lesson


def _one_mask(lesson: Lesson, seed: int) -> None:
    hidden, out = nn.Layer(2, 3, activation="tanh", rng=seed), nn.Neuron(3, nonlin=False, rng=seed)
    x = [Value(1.0, label="x0"), Value(-0.5, label="x1")]
    before = hidden(x)
    dropout = nn.Dropout(0.5, rng=seed)
    after = dropout(before)
    while len({h.data == 0 for h in after}) == 1:  # all or none were dropped: there is nothing to compare
        after = dropout(before)
    loss = nn.losses.mse(out(after), 1.0)
    loss.label = "loss"
    loss.backward()
    # A signal is blocked where nothing comes out forward, or nothing is passed on backward.
    blocked = [v for v in ancestors(loss) if v.requires_grad and (v.grad == 0 or (v.op and v.data == 0))]
    lesson.draw("graph", viz.draw(loss, dim=blocked))

    signal = [h.data + 0.0 for h in after]  # without a minus zero
    back = [float(np.hypot(*neuron.w.grad)) for neuron in hidden.neurons]
    # The same neurons, with a ReLU in the place of the mask:
    hidden.zero_grad()
    gated = [h.relu() for h in hidden(x)]
    nn.losses.mse(out(gated), 1.0).backward()
    signal += [h.data for h in gated]
    back += [float(np.hypot(*neuron.w.grad)) for neuron in hidden.neurons]
    gates = ["dropout"] * 3 + ["ReLU"] * 3
    lesson.table("gates", {"gate": gates, "neuron": [0, 1, 2] * 2, "forward": signal, "backward": back},
                 {"forward": ".4f", "backward": ".4f"})  # fmt: skip
    dropped = [h == 0 for h in signal[:3]]
    lesson.measure(dropped=sum(dropped), kept=3 - sum(dropped))
    lesson.claim("blocked", [h == 0 for h in signal] == [g == 0 for g in back])


class Digits(NamedTuple):
    """A hundred images to learn from, every fifth with a digit drawn by lot, and 500 others."""

    x: Floats
    y: NDArray[np.int64]
    x_test: Floats
    y_test: NDArray[np.int64]

    @classmethod
    def load(cls, seed: int) -> Digits:
        """Other images for each seed."""
        rng = np.random.default_rng(seed)
        images, digits = load_digits(return_X_y=True)
        order = rng.permutation(len(images))
        learnt, others = order[:100], order[100:600]
        labels = np.where(rng.random(100) < 0.2, rng.integers(0, 10, 100), digits[learnt])
        return cls(images[learnt] / 16, labels, images[others] / 16, digits[others])


def network(of_inputs: float, of_hidden: float, seed: int) -> nn.Sequential:
    """64 pixels, 32 hidden neurons, 10 classes."""
    return nn.Sequential(
        nn.Dropout(of_inputs, rng=seed), nn.Layer(64, 32, rng=seed),
        nn.Dropout(of_hidden, rng=seed + 1), nn.Layer(32, 10, nonlin=False, rng=seed + 1),
    )  # fmt: skip


def train(model: nn.Sequential, data: Digits, seed: int) -> History:
    """`fit` trains with the masks and validates without them."""
    return fit(
        model, data.x, data.y, loss="cross_entropy", optimizer=optim.Adam(model, lr=0.01), epochs=100,
        batch_size=20, validation=(data.x_test, data.y_test), metrics=["accuracy"], seed=seed, progress=False,
    )  # fmt: skip


def _many_masks(lesson: Lesson, deep: nn.Sequential, image: Floats, seed: int, masks: int) -> None:
    """One image, a new mask for each of its copies."""
    linear = nn.Sequential(nn.Dropout(0.5, rng=seed), nn.Layer(64, 1, nonlin=False, rng=seed))
    with plot.styled():
        panels = plot.new_figure(6.4, 6.4).subplots(2, 1)
    rows = []
    for model, title, at in ((linear, "one linear layer", panels[0]), (deep, "two layers with ReLU", panels[1])):
        shown = int(np.argmax(compile(model.eval())([image])))  # the class of the image, or the only output
        test = compile(model)([image]).ravel()[shown]
        outputs = compile(model.train())(np.tile(image, (masks, 1))).reshape(masks, -1)[:, shown]
        mean, spread = outputs.mean(), outputs.std(ddof=1)
        rows.append((title, masks, mean, spread / np.sqrt(masks), test))
        figure = plot.histogram(
            outputs, bins=60, range=(test - 5 * spread, test + 5 * spread), x_label="output",
            marks={"mean over masks": mean, "test, no mask": test}, title=title, ax=at,
        )  # fmt: skip
    lesson.draw("masks", figure)
    columns = dict(zip(("network", "masks", "mean", "error", "test"), map(list, zip(*rows, strict=True)), strict=True))
    lesson.table("means", columns, dict.fromkeys(("mean", "error", "test"), ".4f"))
    for name, (_, _, mean, error, test) in zip(("linear", "deep"), rows, strict=True):
        lesson.measure(**{f"{name}_mean": mean, f"{name}_error": error, f"{name}_test": test})
        lesson.measure(**{f"{name}_apart": abs(mean - test) / error})
    lesson.measure(masks=masks)
    lesson.claim("expectation", lesson.measured["linear_apart"] < 3)


def _left_on(lesson: Lesson, model: nn.Sequential, data: Digits, passes: int) -> None:
    """The test with the dropout of training left on, again and again, beside the right one."""
    scores = compile(model)  # it follows the mode of the model

    def accuracy() -> float:
        return float(np.mean(np.argmax(scores(data.x_test), axis=1) == data.y_test))

    model.eval()
    right = accuracy()
    model.train()
    wrong = np.array([accuracy() for _ in range(passes)])
    bars = plot.histogram(wrong, bins=100, range=(0.0, 1.0), marks={"eval()": right}, x_label="accuracy in train()")
    lesson.draw("left_on", bars)
    lesson.table(
        "modes",
        {
            "mode": ["eval()", "train()"], "passes": [1, passes], "lowest": [right, wrong.min()],
            "mean": [right, wrong.mean()], "highest": [right, wrong.max()],
        },
        dict.fromkeys(("lowest", "mean", "highest"), ".1%"),
    )  # fmt: skip
    lesson.measure(right=right, wrong=wrong.mean(), wrong_low=wrong.min(), wrong_high=wrong.max(), passes=passes)
    lesson.claim("test", wrong.max() < right)


def _rates(lesson: Lesson, seed: int, runs: int) -> None:
    """Each rate with the same images and the same initial weights."""
    seeds = [100 * seed + k for k in range(runs)]
    found = {name: [train(network(*rates, s), Digits.load(s), s) for s in seeds] for name, rates in RATES.items()}
    curves = {
        f"{words}, {part}": _mean(found[name], key)
        for name, words in (("none", "no dropout"), ("input20", "dropout"))
        for key, part in (("loss", "training"), ("val_loss", "validation"))
    }
    lesson.draw("curves", plot.loss(curves))
    last = {name: np.array([history["val_loss"][-1] for history in each]) for name, each in found.items()}
    lesson.table("seeds", {"seed": seeds, **{name: list(x) for name, x in last.items()}}, dict.fromkeys(last, ".3f"))
    accuracy = {name: np.array([history["val_accuracy"][-1] for history in each]) for name, each in found.items()}
    lesson.table(
        "rates",
        {
            "input": [rates[0] for rates in RATES.values()], "hidden": [rates[1] for rates in RATES.values()],
            "training": [_mean(each, "loss")[-1] for each in found.values()],
            "validation": [x.mean() for x in last.values()], "spread": [x.std(ddof=1) for x in last.values()],
            "accuracy": [x.mean() for x in accuracy.values()],
        },
        {"input": ".0%", "hidden": ".0%", "training": ".3f", "validation": ".3f", "spread": ".3f", "accuracy": ".1%"},
    )  # fmt: skip
    lesson.measure(runs=runs, **{f"{name}_loss": x.mean() for name, x in last.items()})
    lesson.measure(**{f"{name}_accuracy": x.mean() for name, x in accuracy.items()})
    # Of the same images: the mean difference, and its standard error.
    pairs = {"gain": ("none", "hidden"), "gain26": ("none", "input26"), "further": ("hidden", "input26")}
    for name, (a, b) in {**pairs, "between": ("input26", "input20")}.items():
        apart = last[a] - last[b]
        lesson.measure(**{name: apart.mean(), f"{name}_error": apart.std(ddof=1) / np.sqrt(runs)})
    measured = lesson.measured
    lesson.claim("overfitting", measured["gain"] > 2 * measured["gain_error"])
    lesson.claim("rates", measured["gain26"] > 2 * measured["gain26_error"])


def _mean(histories: Sequence[History], key: str) -> list[float]:
    return [float(x) for x in np.mean([history[key] for history in histories], axis=0)]
