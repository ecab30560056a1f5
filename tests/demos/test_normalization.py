"""Normalized inputs and layers: beside NumPy by hand, and the captions' numbers found again in the data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import normalization
from tests.demos.written import table


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return normalization.main(tmp_path_factory.mktemp("out"), small=True)


def test_normalization_helps(lesson):
    assert lesson.claims == {"inputs": True, "layers": True, "training": True}
    m = lesson.measured
    assert m["none_zero"] > 0.99
    assert m["none_loss"] == pytest.approx(np.log(2), abs=0.01)  # guessing


def test_the_steps_are_those_that_the_condition_number_foretells(lesson):
    rng = np.random.default_rng(0)  # the lesson's data, drawn again
    X = rng.standard_normal((100, 2)) * [1.0, 10.0]
    X = X - X.mean(axis=0)
    rows = table(lesson, "descents")
    for row, each in zip(rows, (X, X / X.std(axis=0)), strict=True):
        assert row["condition"] == pytest.approx(np.linalg.cond(2 * each.T @ each / 100))
        factor = (row["condition"] - 1) / (row["condition"] + 1)
        assert row["steps"] == pytest.approx(np.log(1e-3) / (2 * np.log(factor)), abs=2)  # the loss is the square
    assert rows["condition"][0] > 50 > 2 > rows["condition"][1]


def test_its_numbers_are_those_of_its_data(lesson):
    rows, layers, curves, means = (table(lesson, f) for f in ("descents", "layers", "training", "running"))
    modes, paths = table(lesson, "modes"), table(lesson, "inputs")
    expected = {"depth": int(layers["layer"].max()), "tested": modes["test"][0], "batches": len(means) // 2}
    for name, row in zip(("raw", "standardized"), rows, strict=True):
        expected |= {f"{name}_condition": row["steep"] / row["flat"], f"{name}_steps": row["steps"]}
        assert np.sum(paths["panel"] == name) == row["steps"] + 1
    for name in ("none", "batch norm", "layer norm"):
        last = layers[(layers["series"] == name) & (layers["layer"] == expected["depth"])]
        key = name.split()[0]
        expected |= {f"{key}_std": last["std"][0], f"{key}_zero": last["near_zero"][0]}
        loss = curves["y"][curves["series"] == name]
        expected |= {f"{key}_loss": loss[-1], "epochs": len(loss)}
    for name in ("batch", "running"):
        expected[f"{name}_spread"] = np.std(means["y"][means["series"] == name][20:])
    expected |= {"running": means["y"][-1], "first": modes["training"][0], "second": modes["training"][1]}
    assert lesson.measured == pytest.approx(expected)


def test_the_running_mean_is_an_exponential_average(lesson):
    means = table(lesson, "running")
    batch, running = (means["y"][means["series"] == series] for series in ("batch", "running"))
    average = 0.0
    for k, mean in enumerate(batch):
        average = 0.9 * average + 0.1 * mean
        assert running[k] == pytest.approx(average)


def test_in_the_test_the_company_does_not_count(lesson):
    modes = table(lesson, "modes")
    assert modes["test"][0] == modes["test"][1]
    assert abs(modes["training"][0] - modes["training"][1]) > 0.1
    rng = np.random.default_rng(0)
    for _ in range(60):
        rng.normal(5.0, 2.0, 16)
    for found in modes["training"]:
        batch = np.array([7.0, *rng.normal(5.0, 2.0, 15)])
        assert found == pytest.approx((7.0 - batch.mean()) / np.sqrt(batch.var() + 1e-5))
