"""The walks against the formula by hand and its closed forms; every number of the captions from the written data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("resvg_py")

from demos import momentum
from tests.demos.written import column, rows

START = np.array([-9.0, 1.6])
CURVATURES = np.array([0.1, 2.0])


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return momentum.main(tmp_path_factory.mktemp("out"), small=True)


def by_hand(rate, share, steps, nesterov=False):
    """The formula of the lesson, on the ravine."""
    w, v, path = START.copy(), np.zeros(2), [START]
    for _ in range(steps):
        slope = CURVATURES * w
        v = share * v + slope
        w = w - rate * (slope + share * v if nesterov else v)
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize(("name", "share", "nesterov"), [("SGD", 0, 0), ("momentum", 0.9, 0), ("Nesterov", 0.9, 1)])
def test_the_walks_follow_the_formula(lesson, name, share, nesterov):
    table = rows(lesson, "paths")
    path = np.stack([column(table, axis, path=name) for axis in "xy"], axis=1)
    np.testing.assert_allclose(path, by_hand(0.1, share, len(path) - 1, bool(nesterov)), rtol=1e-9, atol=1e-12)


def test_the_best_rates_shrink_the_distance_as_theory_says(lesson):
    table = rows(lesson, "losses")
    sgd = column(table, "y", series="SGD, best rate")
    # Polyak: each step leaves (k - 1) / (k + 1) of the distance, k = 20 being the ratio of the curvatures
    np.testing.assert_allclose(sgd[1:] / sgd[:-1], (19 / 21) ** 2, rtol=1e-9)
    fast = column(table, "y", series="momentum, best rate")
    factor = (np.sqrt(20) - 1) / (np.sqrt(20) + 1)
    assert (fast[-1] / fast[5]) ** (1 / (2 * (len(fast) - 6))) == pytest.approx(factor, rel=0.1)


def test_momentum_is_several_times_as_fast(lesson):
    found = lesson.measured
    assert found["momentum"] * 4 < found["sgd"]
    assert found["nesterov"] < found["momentum"]
    assert found["best_momentum"] * 3 < found["best_sgd"] < found["nesterov"]  # a good rate can do more than momentum
    assert found["last_steps"] > 5 * found["best_steps"]


def test_what_the_notes_claim(lesson):
    assert lesson.claims == {"remembers": True, "goes_on": True}


def test_its_numbers_are_those_of_its_data(lesson):
    steps = {row["descent"]: int(row["steps"]) for row in rows(lesson, "steps")}
    losses = rows(lesson, "losses")
    for name, count in steps.items():
        curve = column(losses, "y", series=name)
        assert len(curve) == count + 1
        assert curve[-1] <= lesson.measured["near"] < curve[-2]
    velocity = rows(lesson, "velocity")
    slopes, moves = -column(velocity, "y", series="minus the slope"), column(velocity, "y", series="step / 0.1")
    remembered = np.convolve(slopes, 0.9 ** np.arange(len(slopes)))[: len(slopes)]
    shares = rows(lesson, "shares")
    setting, needed = column(shares, "setting"), column(shares, "result")
    assert lesson.measured == pytest.approx({
        "near": 1e-6,
        "rate": 4 / (np.sqrt(2.0) + np.sqrt(0.1)) ** 2,
        "kept": ((np.sqrt(20) - 1) / (np.sqrt(20) + 1)) ** 2,
        "sgd": steps["SGD, rate 0.1"],
        "momentum": steps["momentum, rate 0.1"],
        "nesterov": steps["Nesterov, rate 0.1"],
        "best_sgd": steps["SGD, best rate"],
        "best_momentum": steps["momentum, best rate"],
        "memory_error": lesson.measured["memory_error"],
        "uphill": np.sum(moves * -slopes < 0),
        "moves": len(moves),
        "best_share": setting[needed.argmin()],
        "best_steps": needed.min(),
        "last_share": setting[-1],
        "last_steps": needed[-1],
    }, rel=1e-9)  # fmt: skip
    assert np.abs(-moves - remembered).max() < 1e-12
    assert lesson.measured["memory_error"] < 1e-12
