"""The descents against closed forms and roots, the model that is used against the lowest loss."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from demos import gradient_descent
from tests.demos.written import table


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return gradient_descent.main(tmp_path_factory.mktemp("out"), small=True)


def test_the_steps_follow_the_closed_form(lesson):
    steps = table(lesson, "steps")
    # the distance to the minimum is 4 at first, and each step leaves 1 - 0.3 of it
    np.testing.assert_allclose(steps["parameter"], 2 - 4 * 0.7 ** steps["step"], rtol=1e-12)
    np.testing.assert_allclose(steps["slope"], steps["parameter"] - 2, rtol=1e-9)
    np.testing.assert_allclose(steps["move"][:-1], np.diff(steps["parameter"]), rtol=1e-9)
    path = table(lesson, "bowl")
    np.testing.assert_array_equal(path["x"][path["path"] == "descent"], steps["parameter"])


def test_each_start_ends_in_its_own_minimum(lesson):
    rows = table(lesson, "hills")
    minima = sorted(np.roots([1.0, 0.0, -2.4, 0.5]).real)[::2]
    assert lesson.measured["left"] == pytest.approx(minima[0], abs=0.002)
    assert lesson.measured["right"] == pytest.approx(minima[1], abs=0.02)
    for name, start in (("from 0", 0.0), ("from 0.5", 0.5)):
        path = rows[rows["path"] == name]
        assert path["x"][0] == start
        assert (np.diff(path["y"]) < 1e-6).all()
        # each step goes by -0.2 times the slope
        moves = -0.2 * np.polyval([1.0, 0.0, -2.4, 0.5], path["x"][:-1])
        np.testing.assert_allclose(np.diff(path["x"]), moves, atol=1e-12)
    assert lesson.measured["right_loss"] - lesson.measured["left_loss"] > 1.5


def test_what_the_notes_claim(lesson):
    assert lesson.claims == {"minimal": True, "lowest": False, "used": True}


def test_its_numbers_are_those_of_its_data(lesson):
    steps, hills, best = (table(lesson, name) for name in ("steps", "hills", "best"))
    left, right = (hills[hills["path"] == name][-1] for name in ("from 0", "from 0.5"))
    watched = best[best["series"] == "validation_loss"]["y"]
    (used,) = best[best["series"] != "validation_loss"]
    assert used["x"] == np.argmin(watched) + 1
    assert used["y"] == pytest.approx(watched.min(), abs=1e-12)
    assert lesson.measured == pytest.approx({
        "rate": -steps["move"][0] / steps["slope"][0],
        "steps": steps["step"][-1],
        "first_slope": steps["slope"][0],
        "end": steps["parameter"][-1],
        "loss": steps["loss"][-1],
        "left": left["x"],
        "left_loss": left["y"],
        "right": right["x"],
        "right_loss": right["y"],
        "epochs": len(watched),
        "best_epoch": np.argmin(watched) + 1,
        "best_loss": watched.min(),
        "last_loss": watched[-1],
        "used": used["y"],
    }, rel=1e-12)  # fmt: skip
    assert watched[-1] > 1.1 * watched.min()
    assert len(watched) == np.argmin(watched) + 1 + 20  # then the patience was lost
