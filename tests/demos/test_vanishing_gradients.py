"""The gradient vanishes in a deep network of sigmoid and not in one of ReLU, as backpropagation by hand says too."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from autograd.data import moons
from demos import vanishing_gradients
from tests.demos.written import table

SLOPES = {"sigmoid": lambda a: a * (1 - a), "relu": lambda a: 1.0 * (a > 0)}
FUNCTIONS = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: np.maximum(z, 0.0)}
PLACES = [(optimizer, activation) for optimizer in ("SGD", "Adam") for activation in FUNCTIONS]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return vanishing_gradients.main(tmp_path_factory.mktemp("out"), small=True)


def by_hand(weights, activation, X, Y):
    """The gradients of the mean cross entropy by the weights, and by each layer's sums; biases are 0."""
    outputs = [X]
    for W in weights[:-1]:
        outputs.append(FUNCTIONS[activation](outputs[-1] @ W.T))
    logits = (outputs[-1] @ weights[-1].T)[:, 0]
    sums = ((1 / (1 + np.exp(-logits)) - Y) / len(X))[:, None]
    gradients, deltas = [], []
    for W, a in zip(reversed(weights), reversed(outputs), strict=True):
        gradients.insert(0, sums.T @ a)
        deltas.insert(0, sums)
        sums = (sums @ W) * SLOPES[activation](a)
    return gradients, deltas


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_the_norms_are_those_of_backpropagation_by_hand(lesson, activation):
    X, Y = moons(100, noise=0.1, rng=0)
    weights = [layer.weight.data for layer in vanishing_gradients.network(activation, 0).layers]
    gradients, deltas = by_hand(weights, activation, X, Y)
    drawn = table(lesson, "gradients")
    norms = drawn["norm"][drawn["series"] == activation]
    assert norms == pytest.approx([np.linalg.norm(gradient) for gradient in gradients[:-1]], rel=1e-9)
    if (
        activation == "sigmoid"
    ):  # what holds without any chance: a slope is 0.25 at most, a matrix stretches by its norm
        for W, before, after in zip(weights[1:], deltas, deltas[1:], strict=False):
            assert np.linalg.norm(before) <= 0.25 * np.linalg.norm(W, 2) * np.linalg.norm(after)


def test_the_bound_falls_by_a_quarter_a_layer_from_the_last(lesson):
    drawn = table(lesson, "gradients")
    bound, sigmoid = (drawn["norm"][drawn["series"] == name] for name in ("times 0.25 a layer", "sigmoid"))
    assert bound == pytest.approx(sigmoid[-1] * 0.25 ** np.arange(9, -1, -1))
    assert sigmoid[0] < bound[0]


def test_sigmoid_learns_nothing_and_relu_everything(lesson):
    assert lesson.claims == {"vanishes": True, "learns_nothing": True}
    assert lesson.measured["sigmoid_fold"] > 1e5
    assert lesson.measured["relu_ratio"] > 0.1
    losses = table(lesson, "losses")
    stuck = losses["y"][(losses["panel"] == "SGD") & (losses["series"] == "sigmoid")]
    assert np.abs(stuck - np.log(2)).max() < 0.05
    assert (lesson.measured["sigmoid_accuracy"], lesson.measured["relu_accuracy"]) == (0.5, 1.0)
    assert lesson.measured["sigmoid_moved_first"] < 1e-4 < 0.1 < lesson.measured["relu_moved_first"]


def test_its_numbers_are_those_of_its_data(lesson):
    drawn, losses, rows = (table(lesson, name) for name in ("gradients", "losses", "training"))
    norms = {name: drawn["norm"][drawn["series"] == name] for name in FUNCTIONS}
    adam = losses["y"][(losses["panel"] == "Adam") & (losses["series"] == "sigmoid")]
    wanted = {
        "sigmoid_fold": norms["sigmoid"][-1] / norms["sigmoid"][0],
        "relu_ratio": norms["relu"][0] / norms["relu"][-1],
        "sigmoid_factor": (norms["sigmoid"][0] / norms["sigmoid"][-1]) ** (1 / 9),
        "epochs": len(adam),
        "adam_waits": int(np.sum(adam > 0.6)),
    }
    for name, place in (("sigmoid", 0), ("relu", 1), ("adam", 2)):
        keys = ("first_loss", "last_loss", "accuracy", "moved_first", "moved_last")
        wanted |= {f"{name}_{key}": rows[key][place] for key in keys}
    assert lesson.measured == pytest.approx(wanted, rel=1e-12)
    for row, (panel, name) in zip(rows, PLACES, strict=True):
        curve = losses["y"][(losses["panel"] == panel) & (losses["series"] == name)]
        assert (row["activation"], row["optimizer"]) == (name, panel)
        assert [row["first_loss"], row["last_loss"]] == [curve[0], curve[-1]]
