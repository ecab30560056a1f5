"""Overfitting: a network that is too large for its 40 noisy points, and seven ways to hold it back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import compile, data, fit, nn, optim
from autograd.nn import penalties
from autograd.training import History
from demos.lesson import Lesson
from viz import plot

Floats = NDArray[np.float64]


class Way(NamedTuple):
    """What is done against overfitting."""

    title: str
    layers: Mapping[str, Any] = MappingProxyType({})  # arguments of network()
    training: Mapping[str, Any] = MappingProxyType({})  # arguments of fit()
    penalty: Any = None  # of the model


WAYS = {
    "none": Way("none"),
    "l1": Way("L1", penalty=lambda model: penalties.l1(model, 0.003)),  # + 0.003 Σ |w|
    "l2": Way("L2", penalty=lambda model: penalties.l2(model, 0.01)),  # + 0.01 Σ w²
    "early": Way("early stopping", training={"patience": 30}),
    "dropout": Way("dropout 50%", {"hidden": 0.5}),
    "dropout20": Way("and 20% of inputs", {"hidden": 0.5, "inputs": 0.2}),
    "dropout26": Way("and 26% of inputs", {"hidden": 0.5, "inputs": 0.26}),
    "batchnorm": Way("batch norm", {"normalized": True}),
}


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Train the same network in eight ways on several data sets; draw those of the first, compare over all."""
    lesson = Lesson("overfitting", out)
    seeds, epochs = (range(seed, seed + 2), 100) if small else (range(seed, seed + 8), 300)
    curves: dict[str, History] = {}
    predict: dict[str, Any] = {}
    losses: dict[str, list[float]] = {name: [] for name in WAYS}
    accuracies: dict[str, list[float]] = {name: [] for name in WAYS}
    training: dict[str, list[float]] = {name: [] for name in WAYS}
    for name, way in WAYS.items():
        for each in seeds:
            points, validation, test = point_sets(each)
            model = network(each, **way.layers)
            history = train(model, points, validation, way, epochs)
            program = compile(model.eval())  # dropout off, batch norm with its running statistics
            curves.setdefault(name, history)
            predict.setdefault(name, program)
            loss, accuracy = score(program, *test)  # on points that neither training nor early stopping has seen
            losses[name].append(loss)
            accuracies[name].append(accuracy)
            training[name].append(score(program, *points)[0])

    X, Y = point_sets(seed)[0]
    resolution = 30 if small else 100
    boundaries = {WAYS[name].title: partial(plot.boundary, predict[name], X, Y, resolution=resolution) for name in WAYS}
    lesson.draw("boundaries", plot.small_multiples(boundaries))
    both = {name: {"training": curve["loss"], "validation": curve["val_loss"]} for name, curve in curves.items()}
    lesson.draw(
        "curves", plot.small_multiples({WAYS[name].title: partial(plot.loss, both[name], log=True) for name in WAYS})
    )
    compare(lesson, training, losses, accuracies)
    lesson.table("losses", {"seed": list(seeds), **losses}, dict.fromkeys(WAYS, ".2f"))
    lesson.table("accuracies", {"seed": list(seeds), **accuracies}, dict.fromkeys(WAYS, ".1%"))

    none = curves["none"]["val_loss"]
    lesson.measure(points=len(X), seeds=len(seeds), epochs=epochs, trained=curves["none"]["loss"][-1])
    lesson.measure(
        lowest=min(none), lowest_epoch=int(np.argmin(none)) + 1, last=none[-1], stopped=curves["early"].epochs
    )
    m, every = lesson.measured, len(seeds)  # what helps lowers the loss on new points whatever the draw
    lesson.claim("regularization", m["l1_lower_in"] == m["l2_lower_in"] == every)
    lesson.claim("normalization", m["batchnorm_lower_in"] == every)
    lesson.claim("dropout", m["dropout_lower_in"] == every)
    lesson.claim("inputs", m["dropout26_accuracy"] > m["dropout_accuracy"])
    return lesson


def point_sets(seed: int) -> list[tuple[Floats, NDArray[Any]]]:
    """Moons with much noise: few to train on, some to validate, many for a test."""
    rng = np.random.default_rng(seed)
    return [data.moons(n, noise=0.35, rng=rng) for n in (40, 500, 2000)]


def network(seed: int, hidden: float = 0.0, inputs: float = 0.0, normalized: bool = False) -> nn.Sequential:
    """2 inputs, twice 32 neurons, 1 output: 1,185 parameters for 40 points. Of one seed all start from the same."""
    rng = np.random.default_rng(seed)
    layers: list[nn.Module] = [nn.Dropout(inputs, rng=rng)] if inputs else []
    for n in (2, 32):
        layers.append(nn.Linear(n, 32, init="he", rng=rng))
        layers += [nn.BatchNorm(32)] if normalized else []
        layers.append(nn.ReLU())
        layers += [nn.Dropout(hidden, rng=rng)] if hidden else []
    return nn.Sequential(*layers, nn.Linear(32, 1, init="xavier", rng=rng))


def train(model: nn.Sequential, points: Any, validation: Any, way: Way, epochs: int) -> History:
    """Adam on all points at once; the loss on other points is measured after each step."""
    return fit(
        model, *points, loss="binary_cross_entropy_with_logits", optimizer=optim.Adam(model, lr=0.01), epochs=epochs,
        validation=validation, penalty=way.penalty and (lambda: way.penalty(model)), progress=False, **way.training,
    )  # fmt: skip


def score(program: Any, X: Floats, Y: NDArray[Any]) -> tuple[float, float]:
    """The mean cross entropy and the share of points that are right."""
    scores = program(X)
    return float(np.mean(np.logaddexp(0, scores) - Y * scores)), float(np.mean((scores > 0) == (Y == 1)))


def compare(lesson: Lesson, training: Any, losses: Any, accuracies: Any) -> None:
    """Each way against none, seed by seed: how much is gained, and how far that is spread."""
    rows: list[dict[str, Any]] = []
    for name, way in WAYS.items():
        loss, accuracy = np.array(losses[name]), np.array(accuracies[name])
        lower, higher = np.array(losses["none"]) - loss, accuracy - accuracies["none"]
        numbers = {
            "training": np.mean(training[name]),
            "loss": loss.mean(), "loss_spread": loss.std(ddof=1),
            "lower": lower.mean(), "lower_spread": lower.std(ddof=1), "lower_in": int(np.sum(lower > 0)),
            "accuracy": accuracy.mean(), "accuracy_spread": accuracy.std(ddof=1),
            "higher": higher.mean(), "higher_spread": higher.std(ddof=1), "higher_in": int(np.sum(higher > 0)),
        }  # fmt: skip
        lesson.measure(**{f"{name}_{key}": x for key, x in numbers.items()})
        rows.append({"way": way.title, **numbers})
    shown = {
        "loss_summary": ("way", "training", "loss", "loss_spread", "lower", "lower_spread", "lower_in"),
        "accuracy_summary": ("way", "accuracy", "accuracy_spread", "higher", "higher_spread", "higher_in"),
    }
    for (table, columns), form in zip(shown.items(), (".2f", ".1%"), strict=True):
        formats = {key: form for key in columns if key != "way" and not key.endswith("_in")}
        lesson.table(table, {key: [row[key] for row in rows] for key in columns}, formats)
