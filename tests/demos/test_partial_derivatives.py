"""The lesson on partial derivatives: its numbers from its files, and from the rules of school."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from demos import partial_derivatives
from demos.lesson import Lesson
from tests.demos.written import texts

X, Y = 1.0, -1.5
BY_X, BY_Y = math.cos(X) * Y + Y**2, math.sin(X) + 2 * X * Y


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    return partial_derivatives.main(tmp_path_factory.mktemp("out"), small=True)


def test_every_claim_holds(lesson: Lesson) -> None:
    assert lesson.claims == {"chain": True, "steepest": True, "numerical": True, "second": True}


def test_the_partials_are_those_of_the_rules(lesson: Lesson) -> None:
    assert lesson.measured["f"] == pytest.approx(math.sin(X) * Y + X * Y**2, rel=1e-15)
    assert (lesson.measured["by_x"], lesson.measured["by_y"]) == pytest.approx((BY_X, BY_Y), rel=1e-14)


def test_the_paths_add_up(lesson: Lesson) -> None:
    rows = texts(lesson, "paths")
    products = rows["product"].astype(float)
    assert rows["by"].tolist() == ["x", "x", "y", "y"]
    assert products == pytest.approx([Y * math.cos(X), Y**2, math.sin(X), 2 * X * Y])
    assert products[:2].sum() == pytest.approx(BY_X)
    assert products[2:].sum() == pytest.approx(BY_Y)
    for told, product in zip(rows["partials"], products, strict=True):
        assert math.prod(float(factor.strip("()")) for factor in told.split(" · ")) == pytest.approx(product, rel=1e-3)


def test_the_walk_passes_on_what_arrived_times_the_local_partial(lesson: Lesson) -> None:
    rows = texts(lesson, "edges")
    adjoint, partial, share = (rows[name].astype(float) for name in ("adjoint", "partial", "contribution"))
    assert share == pytest.approx(adjoint * partial, rel=1e-15)
    local = {("a", "s"): Y, ("a", "y"): math.sin(X), ("s", "x"): math.cos(X), ("b", "x"): Y**2, ("b", "q"): X}
    local |= {("q", "y"): 2 * Y, ("f", "a"): 1.0, ("f", "b"): 1.0}
    edges = list(zip(rows["node"], rows["operand"], strict=True))
    assert dict(zip(edges, partial, strict=True)) == pytest.approx(local)
    for node in "asbq":  # what a node has is the sum of what it was given
        assert adjoint[rows["node"] == node] == pytest.approx(share[rows["operand"] == node].sum())


def test_the_gradient_is_the_sum_of_the_partials_on_the_surface(lesson: Lesson) -> None:
    rows = texts(lesson, "surface")
    x, y, value = (rows[name].astype(float) for name in ("x", "y", "value"))
    assert value == pytest.approx(np.sin(x) * y + x * y**2)
    start = rows["step"] == "0"
    moves = {name: (dx, dy) for name, dx, dy in zip(rows["path"][~start], x[~start] - X, y[~start] - Y, strict=True)}
    assert moves["partial by x"] == pytest.approx((BY_X / 2, 0))
    assert moves["partial by y"] == pytest.approx((0, BY_Y / 2))
    assert moves["gradient"] == pytest.approx((BY_X / 2, BY_Y / 2))


def test_the_cuts_are_the_function_and_their_slopes_its_partials(lesson: Lesson) -> None:
    rows = texts(lesson, "cuts")
    panel, x, y, slope = (rows[name].astype(float) for name in ("panel", "x", "y", "slope"))
    left, right = panel == 0, panel == 1
    assert y[left] == pytest.approx(np.sin(x[left]) * Y + x[left] * Y**2)
    assert slope[left] == pytest.approx(np.cos(x[left]) * Y + Y**2)
    assert y[right] == pytest.approx(math.sin(X) * x[right] + X * x[right] ** 2)
    assert slope[right] == pytest.approx(math.sin(X) + 2 * X * x[right])
    assert slope[left & (x == X)] == pytest.approx([BY_X])
    assert slope[right & (x == Y)] == pytest.approx([BY_Y])


def test_no_direction_is_steeper_than_the_gradient(lesson: Lesson) -> None:
    rows = texts(lesson, "directions")
    angle, slope = rows["x"].astype(float), rows["y"].astype(float)
    expected = BY_X * np.cos(np.radians(angle)) + BY_Y * np.sin(np.radians(angle))
    assert slope == pytest.approx(expected, abs=1e-8)
    measured = lesson.measured
    assert measured["steepest"] == angle[slope.argmax()] == pytest.approx(measured["angle"])
    assert measured["angle"] == pytest.approx(math.degrees(math.atan2(BY_Y, BY_X)) % 360)
    assert measured["rise"] == slope.max() == pytest.approx(math.hypot(BY_X, BY_Y))
    assert measured["norm"] == pytest.approx(math.hypot(BY_X, BY_Y))


def test_the_errors_form_a_v(lesson: Lesson) -> None:
    rows = texts(lesson, "errors")
    h, error = rows["h"].astype(float), rows["error"].astype(float)
    best = texts(lesson, "best")
    told = {name: (float(at), float(e)) for name, at, e in zip(best["method"], best["h"], best["error"], strict=True)}
    for name, order, at in (("forward", 1, 2e-8), ("central", 2, 6e-6)):  # √ε and ∛ε, about
        mine = rows["series"] == name
        smallest = error[mine].argmin()
        assert told[name] == (h[mine][smallest], error[mine][smallest])
        assert (lesson.measured[f"{name}_h"], lesson.measured[f"{name}_error"]) == told[name]
        assert 0.1 < told[name][0] / at < 10
        right, left = mine & (h > 100 * at) & (h < 0.3), mine & (h < at / 30)
        assert np.polyfit(np.log(h[right]), np.log(error[right]), 1)[0] == pytest.approx(order, abs=0.05)
        assert np.polyfit(np.log(h[left]), np.log(error[left]), 1)[0] == pytest.approx(-1, abs=0.1)
    assert told["autograd"] == (0.0, lesson.measured["autograd_error"])
    assert told["autograd"][1] < 1e-15


def test_the_second_partials_are_those_of_the_formulas(lesson: Lesson) -> None:
    found = texts(lesson, "second")["hessian"].astype(float)
    mixed = math.cos(X) + 2 * Y
    assert found == pytest.approx([-math.sin(X) * Y, mixed, mixed, 2 * X], rel=1e-14)
    assert lesson.measured["mixed"] == found[1] == found[2]


@pytest.mark.parametrize("seed", [1, 2])
def test_it_holds_at_other_points(tmp_path: Path, seed: int) -> None:
    assert all(partial_derivatives.main(tmp_path, seed, small=True).claims.values())
