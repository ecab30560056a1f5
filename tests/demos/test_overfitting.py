"""What helps against overfitting: the verdicts, and the captions' numbers found again in the data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import overfitting
from tests.demos.written import table

WAYS = ("none", "l1", "l2", "early", "dropout", "dropout20", "dropout26", "batchnorm")


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return overfitting.main(tmp_path_factory.mktemp("out"), small=True)


def test_penalties_and_dropout_hold_the_loss_on_new_points_down(lesson):
    assert lesson.claims["regularization"]
    assert lesson.claims["dropout"]
    losses = table(lesson, "losses")
    for name in ("l1", "l2", "early", "dropout", "dropout26"):
        assert (losses[name] < losses["none"]).all(), name
    m = lesson.measured
    assert m["none_training"] < m["l1_training"] < m["l2_training"]  # a penalty doesn't help on the points it was given


def test_its_numbers_are_those_of_its_data(lesson):
    losses, accuracies, curves = (table(lesson, name) for name in ("losses", "accuracies", "curves"))
    summaries = [table(lesson, f"{name}_summary") for name in ("loss", "accuracy")]
    points = table(lesson, "boundaries")
    none = curves[curves["panel"] == "none"]
    trained, watched = (none["y"][none["series"] == series] for series in ("training", "validation"))
    expected = {
        "points": int(np.sum(points["panel"] == "none")),
        "seeds": len(losses),
        "epochs": len(trained),
        "trained": trained[-1],
        "lowest": watched.min(),
        "lowest_epoch": int(np.argmin(watched)) + 1,
        "last": watched[-1],
        "stopped": int(np.sum((curves["panel"] == "early stopping") & (curves["series"] == "validation"))),
    }
    for i, name in enumerate(WAYS):
        lower, higher = losses["none"] - losses[name], accuracies[name] - accuracies["none"]
        expected[f"{name}_training"] = summaries[0]["training"][i]
        expected |= {f"{name}_{key}": x for key, x in spread("loss", losses[name]).items()}
        expected |= {f"{name}_{key}": x for key, x in spread("accuracy", accuracies[name]).items()}
        expected |= {f"{name}_{key}": x for key, x in spread("lower", lower).items()}
        expected |= {f"{name}_{key}": x for key, x in spread("higher", higher).items()}
        expected |= {f"{name}_lower_in": int(np.sum(lower > 0)), f"{name}_higher_in": int(np.sum(higher > 0))}
    assert lesson.measured == pytest.approx(expected)
    for summary, key in ((each, key) for each in summaries for key in each.dtype.names[1:]):
        assert summary[key] == pytest.approx([expected[f"{name}_{key}"] for name in WAYS]), key


def spread(name, numbers):
    return {name: np.mean(numbers), f"{name}_spread": np.std(numbers, ddof=1)}


def test_all_ways_start_from_the_same_weights():
    first = overfitting.network(3)
    for way in overfitting.WAYS.values():
        model = overfitting.network(3, **way.layers)
        weights = [layer.weight.data for layer in model if type(layer).__name__ == "Linear"]
        assert all(np.array_equal(w, layer.weight.data) for w, layer in zip(weights, linear(first), strict=True))
    assert len(first.parameters()) == 2 * 32 + 32 + 32 * 32 + 32 + 32 + 1 == 1185


def linear(model):
    return [layer for layer in model if type(layer).__name__ == "Linear"]


def test_the_test_loss_is_the_cross_entropy():
    scores, Y = np.array([2.0, -1.0, 0.5]), np.array([1.0, 0.0, 0.0])
    p = 1 / (1 + np.exp(-scores))
    loss, right = overfitting.score(lambda X: scores, np.zeros((3, 2)), Y)
    assert loss == pytest.approx(-np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p)))
    assert right == pytest.approx(2 / 3)
