"""The lesson on back propagation: what it says is computed again from its files, and from closed forms."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("resvg_py")

from autograd import nn
from demos import backprop
from demos.lesson import Lesson


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    return backprop.main(tmp_path_factory.mktemp("out"), small=True)


def table(lesson: Lesson, name: str) -> dict[str, list[str]]:
    with (lesson.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return {column[0]: list(column[1:]) for column in zip(*rows, strict=True)}


def test_every_claim_holds(lesson: Lesson) -> None:
    assert lesson.claims == {"by_hand": True, "twice": True, "check": True}


def test_the_neuron_is_that_of_the_formula(lesson: Lesson) -> None:
    rows = table(lesson, "by_hand")
    value = dict(zip(rows["name"], map(float, rows["value"]), strict=True))
    found = dict(zip(rows["name"], map(float, rows["gradient"]), strict=True))
    w, x = np.array([value["w0"], value["w1"]]), np.array([value["x0"], value["x1"]])
    y = np.tanh(value["b"] + w @ x)
    assert value["y"] == pytest.approx(y, rel=1e-15)
    assert value["loss"] == pytest.approx((y - 0.5) ** 2, rel=1e-15)
    slope = 2 * (y - 0.5) * (1 - y**2)  # of the loss by z
    expected = {"z": slope, "b": slope, "w0": slope * x[0], "w1": slope * x[1], "x0": slope * w[0], "x1": slope * w[1]}
    expected |= {"loss": 1.0, "d": 2 * (y - 0.5), "y": 2 * (y - 0.5)}
    assert found == pytest.approx(expected, rel=1e-14)
    assert [float(x) for x in rows["hand"]] == pytest.approx(list(found.values()), rel=1e-14)
    assert {f"{k}_value": v for k, v in value.items()}.items() <= lesson.measured.items()
    assert {f"{k}_gradient": v for k, v in found.items()}.items() <= lesson.measured.items()


def test_what_is_used_twice_gets_the_sum(lesson: Lesson) -> None:
    shares = [float(x) for x in table(lesson, "twice")["contribution"]]
    assert shares == [4.0, 3.0]  # at a = 3: the other factor a + 1, and a through b
    assert [lesson.measured[name] for name in ("first", "second", "both")] == [*shares, sum(shares)]


def test_the_network_agrees_with_its_formula(lesson: Lesson) -> None:
    """Two losses apart know the gradient to about 1e-10; so do the numbers in the captions follow from the table."""
    rows = table(lesson, "check")
    found, estimate = (np.array(rows[name], dtype=float) for name in ("backward", "estimate"))
    measured = lesson.measured
    assert (measured["parameters"], measured["runs"]) == (len(found), 2 * len(found)) == (9, 18)
    assert measured["worst"] == np.abs(found - estimate).max() < 1e-9
    assert measured["largest"] == np.abs(found).max()
    assert found == pytest.approx(by_numpy(nn.MLP(2, [2, 1], activation="tanh", rng=0)), rel=1e-12)


def by_numpy(model: nn.MLP) -> list[float]:
    """The gradient of (model(x) − 1)² in the order of the parameters, with the formulas of a textbook."""
    w1, b1, w2, b2 = (array.data for layer in model.layers for array in (layer.weight, layer.bias) if array is not None)
    x = np.array([1.0, -0.5])
    hidden = np.tanh(w1 @ x + b1)
    out = 2 * (w2 @ hidden + b2 - 1.0)
    back = (w2.T @ out) * (1 - hidden**2)
    first = np.column_stack([np.outer(back, x), back])
    return [*first.ravel(), *np.outer(out, hidden).ravel(), *out]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_holds_for_other_networks(tmp_path: Path, seed: int) -> None:
    assert all(backprop.main(tmp_path, seed, small=True).claims.values())
