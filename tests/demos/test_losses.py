"""Losses, slopes, fits and extremes against NumPy's closed forms, read from the data behind the pictures."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import losses
from tests.demos.written import table

ERRORS = ["mse", "mae", "huber"]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return losses.main(tmp_path_factory.mktemp("out"), small=True)


def curve(lesson, name, function):
    rows = table(lesson, name)
    own = rows[rows["function"] == function]
    return own["x"], own["y"], own["slope"]


@pytest.mark.parametrize(
    ("name", "function", "value", "slope"),
    [
        ("numbers", "mse", lambda d: d**2, lambda d: 2 * d),
        ("numbers", "mae", np.abs, np.sign),
        ("numbers", "huber", lambda d: np.where(abs(d) < 1, d * d / 2, abs(d) - 0.5), lambda d: np.clip(d, -1, 1)),
        ("classes", "hinge", lambda z: np.maximum(0, 1 - z), lambda z: np.where(z < 1, -1, 0)),
        ("classes", "binary cross entropy", lambda z: np.log1p(np.exp(-z)), lambda z: -1 / (1 + np.exp(z))),
        (
            "classes",
            "softmax cross entropy",
            lambda z: np.log((np.exp(z) + 2) / np.exp(z)),
            lambda z: -2 / (2 + np.exp(z)),
        ),
    ],
)
def test_the_curves_are_the_formulas(lesson, name, function, value, slope):
    x, y, slopes = curve(lesson, name, function)
    np.testing.assert_allclose(y, value(x), rtol=1e-12, atol=1e-14)
    smooth = ~np.isclose(x, 1.0) if function == "hinge" else np.full(len(x), True)
    np.testing.assert_allclose(slopes[smooth], slope(x)[smooth], rtol=1e-12, atol=1e-14)


def test_the_lines_have_the_least_loss(lesson):
    rows = table(lesson, "outlier")
    X, Y = (rows[column][rows["function"] == ""] for column in ("x", "y"))
    lines = {}
    for name in ERRORS:
        x, y, _ = curve(lesson, "outlier", name)
        lines[name] = np.polyfit(x, y, 1)
    np.testing.assert_allclose(lines["mse"], np.polyfit(X, Y, 1), atol=1e-3)
    # a line of least absolute error goes through two of the points
    pairs = [np.polyfit(X[list(pair)], Y[list(pair)], 1) for pair in combinations(range(len(X)), 2)]
    least = min(np.abs(np.polyval(line, X) - Y).sum() for line in pairs)
    assert np.abs(np.polyval(lines["mae"], X) - Y).sum() == pytest.approx(least, abs=0.01)
    pulls = np.clip(np.polyval(lines["huber"], X) - Y, -1, 1)
    assert abs(pulls.sum()) < 1e-3
    assert abs(pulls @ X) < 1e-3
    assert lines["mse"][0] - 2 > 5 * abs(lines["huber"][0] - 2)
    slopes = dict(zip(ERRORS, table(lesson, "robust")["slope_wrong"], strict=True))
    assert slopes == pytest.approx({name: line[0] for name, line in lines.items()}, abs=1e-9)


def test_the_constants_are_mean_and_median(lesson):
    rows = table(lesson, "robust")
    np.testing.assert_allclose(rows["right"], [3.0, 2.5, 2.75], atol=0.002)
    np.testing.assert_allclose(rows["typed"], [12.9, 2.5, 2.75], atol=0.002)
    assert lesson.claims == {"minimised": True}


def test_only_the_naive_formulas_break(lesson):
    rows = table(lesson, "extremes")
    z = rows["score"]
    np.testing.assert_allclose(rows["binary"], np.logaddexp(0, -z), rtol=1e-12)
    np.testing.assert_allclose(rows["softmax"], np.logaddexp(z, np.log(2)) - z, rtol=1e-12)
    np.testing.assert_allclose(rows["binary_slope"], [-1, -1, -0.5, -np.exp(-40), 0], rtol=1e-12)
    assert rows["naive_binary"].tolist()[::4] == [np.inf, 0.0]
    assert np.isnan(rows["naive_softmax"][-1])
    assert rows["naive_binary"][3] == 0.0 < rows["binary"][3]


def test_its_numbers_are_those_of_its_data(lesson):
    found = {}
    for name, names in (("numbers", ERRORS), ("classes", ["hinge", "binary cross entropy", "softmax cross entropy"])):
        for function in names:
            x, _, slope = curve(lesson, name, function)
            found[f"{function.split()[0]}_pull"] = abs(slope[x == x.min()][0])
    robust, extremes = table(lesson, "robust"), table(lesson, "extremes")
    for row in robust:
        found |= {f"{row['loss']}_{column}": row[column] for column in ("right", "typed", "slope", "slope_wrong")}
    naive = np.concatenate([extremes["naive_binary"], extremes["naive_softmax"]])
    found |= {"broken": int(np.sum(~np.isfinite(naive))), "far": extremes["binary"][0]}
    found |= {"far_slope": extremes["binary_slope"][0], "tiny": extremes["binary"][3]}
    assert found == lesson.measured
    assert lesson.measured["mse_pull"] == 6.0
