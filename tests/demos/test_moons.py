"""The moons are learnt; the numbers in the captions are found again in the data behind the pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import moons
from tests.demos.written import table
from tests.viz.shapes import read


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return moons.main(tmp_path_factory.mktemp("out"), small=True)


def test_the_moons_are_learnt(lesson):
    assert lesson.claims == {"minimum": True, "best": True}
    assert lesson.measured["right"] == 100
    assert lesson.measured["best_loss"] < 0.01


def test_its_numbers_are_those_of_its_data(lesson):
    points, layers, curves = (table(lesson, name) for name in ("boundary", "layers", "loss"))
    after = curves["y"][curves["series"] == "after the epoch"]
    assert {name: x for name, x in lesson.measured.items() if name != "off"} == {
        "samples": len(points),
        "parameters": int(np.sum(layers["neurons"] * (layers["inputs"] + 1))),
        "right": int(np.sum(points["class"] == points["predicted"])),
        "epochs": len(after),
        "best_epoch": int(np.argmin(after)) + 1,
        "first_loss": after[0],
        "best_loss": after.min(),
    }
    assert lesson.measured["parameters"] == layers["parameters"].sum() == 337  # as in micrograd's demo


def test_the_neurons_that_are_off_are_empty_rows_in_the_picture(lesson):
    strip = read(lesson.pictures["network"].still.read_text(encoding="utf-8")).of("strip")[0]
    _, *squares, _ = strip.boxes  # the frame first, the square of the scale last
    rows = {round(square.top + square.bottom) for square in squares}
    assert 0 < lesson.measured["off"] == 16 - len(rows)


def test_no_line_would_divide_them(lesson):
    points = table(lesson, "boundary")
    X = np.column_stack([points["x0"], points["x1"], np.ones(len(points))])
    target = 2.0 * points["class"] - 1.0
    straight = X @ np.linalg.lstsq(X, target, rcond=None)[0]
    assert 0.7 < np.mean((straight > 0) == (target > 0)) < 0.95
