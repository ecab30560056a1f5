"""The walks against the formula by hand, the spread against theory; every number from the written data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import mini_batches
from tests.demos.written import column, rows


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return mini_batches.main(tmp_path_factory.mktemp("out"), small=True)


def points():
    random = np.random.default_rng(0)
    X = random.normal(0.5, 1.0, 512)
    return X, 2.0 * X - 1.0 + random.normal(0.0, 1.0, 512)


def test_the_full_batch_goes_down_the_normal_equations(lesson):
    X, Y = points()
    A = np.stack([X, np.ones_like(X)], axis=1)
    w, path = np.array([0.0, 0.5]), [np.array([0.0, 0.5])]
    for _ in range(60):
        w = w - 0.1 * A.T @ (A @ w - Y) / len(X)
        path.append(w)
    table = rows(lesson, "paths")
    found = np.stack([column(table, axis, path="all 512") for axis in "xy"], axis=1)
    np.testing.assert_allclose(found, path, rtol=1e-9)
    lowest = 0.5 * np.mean((A @ np.linalg.lstsq(A, Y, rcond=None)[0] - Y) ** 2)
    assert lesson.measured["lowest"] == pytest.approx(lowest, rel=1e-9)


def test_the_spread_is_that_of_theory(lesson):
    table = rows(lesson, "spread")
    X, Y = points()
    slopes = X * (0.5 - Y)
    size = column(table, "size")
    theory = np.sqrt(np.var(slopes, ddof=1) * (1 - size / 512) / size)
    np.testing.assert_allclose(column(table, "theory"), theory, rtol=1e-9)
    np.testing.assert_allclose(column(table, "spread"), theory, rtol=0.12)
    assert lesson.measured["slope"] == pytest.approx(slopes.mean(), rel=1e-9)


def test_what_the_notes_claim(lesson):
    assert lesson.claims == {"cheaper": True, "less_exact": True, "same_place": True}


def test_its_numbers_are_those_of_its_data(lesson):
    table = rows(lesson, "by_samples")
    losses = {name: column(table, "y", series=name) for name in ("all 512", "16 a step")}
    seen = {name: column(table, "x", series=name) for name in losses}
    lowest = 0.5 * np.polyfit(*points(), 1, full=True)[1][0] / 512
    at = {name: int(np.flatnonzero(ys <= 1.05 * lowest)[0]) for name, ys in losses.items()}
    spread = rows(lesson, "spread")
    ends = column(rows(lesson, "networks"), "loss")
    network = rows(lesson, "network")
    for end, name in zip(ends, dict.fromkeys(row["series"] for row in network), strict=True):
        assert column(network, "y", series=name)[-1] == end
    assert lesson.measured == pytest.approx({
        "lowest": lowest,
        "near": 1.05 * lowest,
        "full_end": losses["all 512"][-1],
        "mini_end": losses["16 a step"][-1],
        "full_steps": at["all 512"],
        "mini_steps": at["16 a step"],
        "full_samples": seen["all 512"][at["all 512"]],
        "mini_samples": seen["16 a step"][at["16 a step"]],
        "slope": lesson.measured["slope"],
        "spread_4": column(spread, "spread", size="4")[0],
        "spread_64": column(spread, "spread", size="64")[0],
        "epochs": len(column(network, "x", series="32 a step")),
        "all_loss": ends[0],
        "some_loss": ends[1],
        "one_loss": ends[2],
    }, rel=1e-9)  # fmt: skip
    assert ends[0] > 3 * max(ends[1:])
