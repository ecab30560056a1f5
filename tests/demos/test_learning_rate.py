"""Descents on a bowl against their closed form; rates and schedules of a network by the numbers behind the pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import learning_rate
from tests.demos.written import table

RATES = {"too small": 0.01, "good": 0.1, "too large": 0.47, "larger still": 0.52}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return learning_rate.main(tmp_path_factory.mktemp("out"), small=True)


@pytest.mark.parametrize("name", RATES)
def test_the_paths_follow_the_closed_form(lesson, name):
    rows = table(lesson, "rates")
    path = rows[rows["path"] == name]
    expected = 2.0 * (1 - 4 * RATES[name]) ** path["step"]
    assert len(path) == 13
    np.testing.assert_allclose(path["x"], expected, rtol=1e-12)
    own = rows[rows["series"] == name]
    np.testing.assert_allclose(own["y"], 2 * expected**2, rtol=1e-12)


def test_the_bound_is_two_by_the_curvature(lesson):
    rows = table(lesson, "bound")
    rows = rows[rows["series"] != "no progress"]
    np.testing.assert_allclose(rows["result"], (1 - 4 * rows["setting"]) ** 2, atol=1e-12)
    assert ((rows["result"] < 1 - 1e-9) == (rows["setting"] < 0.5 - 1e-9)).all()
    assert ((rows["result"] > 1 + 1e-9) == (rows["setting"] > 0.5 + 1e-9)).all()


def test_what_the_notes_claim(lesson):
    assert lesson.claims == {"crawls": True, "oscillates": True, "diverges": True, "network": True}
    paths = table(lesson, "rates")
    x = {name: paths["x"][paths["path"] == name] for name in RATES}
    assert (x["too small"] > 1.0).all()
    assert (np.diff(np.sign(x["too large"])) != 0).all()
    assert (np.diff(np.abs(x["too large"])) < 0).all()
    assert (np.diff(np.abs(x["larger still"])) > 0).all()
    assert abs(x["good"][-1]) < 0.01


def test_a_schedule_has_the_good_of_both(lesson):
    seen = lesson.measured
    assert seen["cosine"] < seen["least"] < seen["low"] / 3
    assert seen["annealed"] < 0.5 * min(seen["slow"], seen["restless"])
    rows = table(lesson, "schedule")
    large, annealed = (rows[rows["series"] == name]["y"] for name in ("3", "from 3 down to 0"))
    # it jumps as long as its steps are large, and is calm at the end
    assert np.abs(np.diff(np.log(annealed[-5:]))).max() < 0.05 < np.abs(np.diff(np.log(large[-5:]))).max()
    assert np.abs(np.diff(np.log(annealed[:10]))).max() > 0.3


def test_its_numbers_are_those_of_its_data(lesson):
    drawn, bound, sweep, schedule, seeds = (
        table(lesson, name) for name in ("rates", "bound", "sweep", "schedule", "seeds")
    )
    found = {}
    for name in RATES:
        y = drawn["y"][drawn["series"] == name]
        found |= {f"{name.replace(' ', '_')}_share": y[-1] / y[0], "steps": len(y) - 1}
    left = bound[bound["series"] != "no progress"]
    found["largest"] = left["setting"][left["result"] < 1].max()
    found["first"] = left["setting"][left["result"] > 1].min()
    found["bound"] = 0.5  # 2 by the curvature, which is twice the loss at 1
    constant, (level,) = (sweep[np.isnan(sweep["setting"]) == is_level] for is_level in (False, True))
    rates = np.unique(constant["setting"])
    medians = np.array([np.median(constant["result"][constant["setting"] == rate]) for rate in rates])
    found |= {"low_rate": rates[0], "low": medians[0], "high_rate": rates[-1], "high": medians[-1]}
    found |= {"best_rate": rates[medians.argmin()], "least": medians.min(), "top": 3.0}
    found |= {"cosine": np.median(seeds["cosine"]), "seeds": len(seeds)}
    assert level["result"] == found["cosine"]
    for i, seed in enumerate(seeds):
        assert seed["constant"] == constant["result"][constant["repetition"] == i].min()
    found["wins"] = int(np.sum(seeds["cosine"] < seeds["constant"]))
    for name, series in (("slow", "0.03"), ("restless", "3"), ("annealed", "from 3 down to 0")):
        found[name] = schedule["y"][schedule["series"] == series][-1]
    assert lesson.measured == pytest.approx(found, rel=1e-12)
