"""L1 makes zeros, L2 makes small: beside closed forms, and the captions' numbers found again in the data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import l1_l2
from tests.demos.written import table

LINES = {"none": "squares", "l2": "ridge", "l1": "lasso", "l1_fixed": "lasso", "l1_proximal": "lasso"}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return l1_l2.main(tmp_path_factory.mktemp("out"), small=True)


def test_the_notes_are_right(lesson):
    assert lesson.claims == {"l1": True, "l2": True, "prevent": True}
    assert lesson.measured["l1_zero"] > 0.8
    assert lesson.measured["l2_size"] < 0.5 * lesson.measured["none_size"]


def test_training_meets_the_closed_forms(lesson):
    found = table(lesson, "linear")
    rng = np.random.default_rng(0)  # the lesson's data, drawn again
    X = rng.standard_normal((30, 20))
    Y = X @ found["true"] + rng.standard_normal(30)
    # ridge is least squares with 20 samples more, which want each weight to be 0
    more = np.vstack([X / np.sqrt(30), np.sqrt(0.1) * np.eye(20)]), np.concatenate([Y / np.sqrt(30), np.zeros(20)])
    assert found["ridge"] == pytest.approx(np.linalg.lstsq(*more)[0])
    assert found["l2"] == pytest.approx(found["ridge"], abs=1e-3)
    assert found["squares"] == pytest.approx(np.linalg.pinv(X) @ Y)
    assert found["lasso"] == pytest.approx(found["l1_proximal"], abs=1e-9)
    # the conditions of a least of the loss with L1: slope ±λ/2 where a weight isn't 0, at most that where it is
    slope = X.T @ (Y - X @ found["l1_proximal"]) / 30
    kept = found["l1_proximal"] != 0
    assert slope[kept] == pytest.approx(0.2 * np.sign(found["l1_proximal"][kept]), abs=1e-9)
    assert (np.abs(slope[~kept]) < 0.2).all()
    assert kept[:3].all()
    assert found["l1"] == pytest.approx(found["l1_proximal"], abs=0.01)


def test_plain_steps_jump_over_zero(lesson):
    found, m = table(lesson, "linear"), lesson.measured
    zero = found["l1_proximal"] == 0
    jumps = np.abs(found["l1_fixed"][zero])
    assert m["l1_exact"] == m["line_l1_exact"] == m["line_l1_fixed_exact"] == 0
    assert np.median(jumps) > 1e-3
    assert jumps.max() < 2 * 0.1 * 0.4  # twice the rate times λ
    assert np.median(np.abs(found["l1"][zero])) < 1e-3


def test_its_numbers_are_those_of_its_data(lesson):
    networks, lines, weights, geometry = (table(lesson, f) for f in ("networks", "linear", "weights", "geometry"))
    expected = {}
    for row in networks:
        expected |= {f"{row['penalty'].lower()}_{key}": row[key] for key in networks.dtype.names[1:]}
    for name in ("none", "L1", "L2"):
        bars = weights[weights["series"] == name]
        middle = bars[np.isclose(bars["right"], 0.001)]
        assert middle["count"].sum() / bars["size"][0] == pytest.approx(expected[f"{name.lower()}_zero"])
        assert bars["count"].sum() == bars["size"][0] == 20 * 32 + 32
        assert abs(bars["left"]).max() >= expected[f"{name.lower()}_largest"]
    for name, best in LINES.items():
        w = lines[name]
        expected[f"line_{name}_zero"] = int(np.sum(np.abs(w) <= 1e-3))
        expected[f"line_{name}_exact"] = int(np.sum(w == 0))
        expected[f"line_{name}_error"] = np.sqrt(np.sum((w - lines["true"]) ** 2))
        expected[f"line_{name}_off"] = np.max(np.abs(w - lines[best]))
    for path, name in (("diamond", "corner"), ("disc", "round")):
        expected[name] = geometry["y"][geometry["path"] == path][-1]
    expected |= {"weights": 672, "lasso_zero": int(np.sum(lines["lasso"] == 0))}
    assert lesson.measured == pytest.approx(expected, abs=1e-15)


def test_the_best_of_a_diamond_is_its_corner_and_of_a_disc_is_not(lesson):
    geometry = table(lesson, "geometry")
    for shape, size in (("diamond", lambda x, y: abs(x) + abs(y)), ("disc", np.hypot)):
        on = geometry[geometry["path"] == shape]
        sides = np.column_stack([np.interp(np.linspace(0, len(on) - 1, 4001), range(len(on)), on[k]) for k in "xy"])
        heights = [(x - 1.6) ** 2 + (x - 1.6) * (y - 0.5) + (y - 0.5) ** 2 for x, y in sides]
        touching = sides[int(np.argmin(heights))]
        assert touching == pytest.approx([on["x"][-1], on["y"][-1]], abs=0.05)
        assert size(on["x"], on["y"]) == pytest.approx(np.full(len(on), size(on["x"][-1], on["y"][-1])))
    assert lesson.measured["corner"] == 0 < 0.3 < lesson.measured["round"]
