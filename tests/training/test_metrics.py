"""Accuracy decides as the loss does: counted by hand, for every loss and every kind of label."""

import importlib.util
from functools import partial

import numpy as np
import pytest

from autograd import ShapeError, Value, fit, nn, optim
from autograd.nn import losses
from autograd.training.metrics import accuracy, named_metrics

MODES = ["eager", *(["compiled"] if importlib.util.find_spec("llvmlite") else [])]
X = np.random.default_rng(0).normal(size=(40, 2))
SIDE = X.sum(axis=1) > 0.3


@pytest.mark.parametrize(
    ("predictions", "targets", "right"),
    [
        ([0.1, 0.4, 0.6, 0.9], [0, 0, 1, 1], 4),  # probabilities
        ([0.1, 0.4, 0.6, 0.9], [0.0, 0.2, 0.8, 1.0], 4),  # ... and soft labels
        ([-3.0, -0.1, 0.1, 0.4], [0, 0, 1, 1], 4),  # logits
        ([0.1, 0.4, 0.6, 1.2], [0, 0, 1, 1], 2),  # logits too: one is no probability
        ([-0.9, -0.1, 0.1, 0.4], [-1, -1, 1, 1], 4),
        ([0.1, 0.4, 0.6, 0.9], [-1, -1, 1, 1], 2),  # scores, whatever they are
    ],
)
def test_one_score_a_sample(predictions: list[float], targets: list[float], right: int) -> None:
    for shape in ((4,), (4, 1)):
        assert accuracy(np.reshape(predictions, shape), np.array(targets)) == right / 4


def test_a_threshold_overrules_it() -> None:
    scores, labels = np.array([0.1, 0.4, 0.6, 0.9]), np.array([0, 1, 1, 1])
    assert [accuracy(scores, labels, threshold=at) for at in (0.2, 0.5, 0.95)] == [1.0, 0.75, 0.25]


@pytest.mark.parametrize("labels", [[1, 2, 1], [0, 1, 2], [-1, 0, 1], [0.5, 3.0, -2.0]])
def test_other_labels_are_refused(labels: list[float]) -> None:
    with pytest.raises(ValueError, match=r"accuracy of one score a sample needs the labels 0 and 1, or -1 and 1, got"):
        accuracy(np.array([0.1, 0.2, 0.3]), np.array(labels))


@pytest.mark.parametrize("classes", [[-1, 1], [0, 2], [0.5, 1], [np.nan, 1]])
def test_a_class_that_no_score_stands_for_is_refused(classes: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^accuracy of 2 scores a sample needs classes from 0 to 1, got "):
        accuracy(np.eye(2), np.array(classes))


def test_nan_is_no_decision() -> None:
    for scores in (np.array([np.nan, 0.9]), np.array([[np.nan, 0.9], [0.9, 0.1]])):
        with pytest.raises(ValueError, match=r"^accuracy: 1 of \d predictions are NaN"):
            accuracy(scores, np.array([0, 1]))


def test_lists_are_arrays_too_and_bools_labels() -> None:
    assert accuracy([0.3, 0.6], [0, 1]) == accuracy([0.3, 0.6], [False, True]) == 1.0
    assert accuracy([[0.3, 0.6], [0.9, 0.1]], [[False, True], [False, True]]) == 0.5
    for wrong in ([Value(0.3), 0.6], ["a", "b"]):
        with pytest.raises(TypeError, match=r"^an array of predictions holds real numbers, got list"):
            accuracy(wrong, [0, 1])
    with pytest.raises(TypeError, match=r"^an array of targets holds real numbers, got "):
        accuracy([0.3, 0.6], ["a", "b"])
    with pytest.raises(ShapeError, match=r"^accuracy can't compare predictions of shape \(0,\)"):
        accuracy([], [])


def test_a_row_of_several_classes_is_refused() -> None:
    scores = np.eye(3)
    assert accuracy(scores, np.eye(3)[[0, 1, 1]]) == pytest.approx(2 / 3)
    assert accuracy(scores, 2 * np.eye(3) - 1) == 1.0
    with pytest.raises(ValueError, match="one class for each, but a row of targets has more"):
        accuracy(scores, np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]]))
    with pytest.raises(ShapeError, match="accuracy can't compare"):
        accuracy(scores, np.ones(4))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("loss", "low", "sigmoid", "at"),
    [
        ("mse", 0, True, 0.5),
        ("mse", 0, False, 0.5),  # outputs that leave [0, 1], and are right beyond a half
        ("mae", 0, False, 0.5),
        ("huber", -1, False, 0.0),
        ("mse", -1, False, 0.0),
        ("hinge", -1, False, 0.0),
        ("binary_cross_entropy", 0, True, 0.5),
        ("binary_cross_entropy_with_logits", 0, False, 0.0),
    ],
)
def test_fit_decides_as_its_loss_does(loss: str, low: int, sigmoid: bool, at: float, mode: str) -> None:
    """After one small step: outputs are near to 0 then, all of them below a half, and some in [0, 1]."""
    model = nn.Sequential(nn.Linear(2, 1, rng=0), *([nn.Sigmoid()] if sigmoid else []))
    Y = np.where(SIDE, 1, low)
    seen = []
    history = fit(
        model,
        X,
        Y,
        loss=loss,
        optimizer=optim.SGD(model, lr=1e-3),
        epochs=1,
        metrics=["accuracy", lambda predictions, targets: seen.append(predictions) or 0.0],
        progress=False,
        mode=mode,
    )
    assert history["accuracy"] == [np.mean((seen[0].ravel() > at) == SIDE)]


@pytest.mark.parametrize("mode", MODES)
def test_a_model_that_ends_in_sigmoid_shows_its_true_accuracy(mode: str) -> None:
    model = nn.Sequential(nn.MLP(2, [4, 1], rng=0), nn.Sigmoid())
    for loss in ("mse", lambda p, y: (p - y) ** 2):
        history = fit(
            model, X, SIDE.astype(int), loss=loss, optimizer=optim.Adam(model, lr=0.1), epochs=150,
            metrics=["accuracy"], validation=(X[:9], SIDE[:9].astype(float)), progress=False, mode=mode,
        )  # fmt: skip
        assert history["accuracy"][-1] == history["val_accuracy"][-1] == 1.0


def test_the_function_is_the_metric_of_that_name_and_a_partial_is_its_own() -> None:
    scores, labels = np.array([-0.5, 0.25, 0.75]), np.array([0, 0, 1])
    for given in ("accuracy", accuracy):
        assert named_metrics([given], losses.mse)["accuracy"](scores, labels) == 1.0
        assert named_metrics([given], losses.hinge)["accuracy"](scores, labels) == pytest.approx(2 / 3)
    mine = named_metrics([partial(accuracy, threshold=0.9)], losses.mse)["accuracy"]
    assert mine(scores, labels) == pytest.approx(2 / 3)
