"""The surfaces are those of the literature, and descents on them do what the optimizers' formulas say."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from autograd import Value, gradients, optim
from demos.surfaces import BEALE, RAVINE, ROSENBROCK, SURFACES, Surface, descend


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.name)
def test_the_minimum_is_where_value_and_slope_vanish(surface: Surface) -> None:
    x, y = map(Value, surface.minimum)
    height = surface.f(x, y)
    assert height.data == pytest.approx(0, abs=1e-12)
    assert list(gradients(height, [x, y])) == pytest.approx([0, 0], abs=1e-12)
    for (low, high), start, minimum in zip(
        (surface.x_range, surface.y_range), surface.start, surface.minimum, strict=True
    ):
        assert low < start < high
        assert low < minimum < high


def test_published_heights() -> None:
    # M. Jamil, X.-S. Yang, "A literature survey of benchmark functions for global optimization" (2013), 10 and 105
    assert BEALE.f(0.0, 0.0) == pytest.approx(1.5**2 + 2.25**2 + 2.625**2)
    assert ROSENBROCK.f(-1.2, 1.0) == pytest.approx(24.2)


def test_gradient_descent_on_the_ravine_has_a_closed_form() -> None:
    descent = descend(RAVINE, lambda point: optim.SGD(point, lr=0.9), steps=30)
    k = np.arange(31)
    np.testing.assert_allclose(descent.path[:, 0], -9.0 * (1 - 0.9 * 0.1) ** k, rtol=1e-12)
    np.testing.assert_allclose(descent.path[:, 1], 1.6 * (1 - 0.9 * 2) ** k, rtol=1e-12)
    np.testing.assert_allclose(descent.losses, 0.05 * descent.path[:, 0] ** 2 + descent.path[:, 1] ** 2, rtol=1e-12)
    np.testing.assert_allclose(descent.step_sizes, 0.9, rtol=1e-9)


def test_many_starts_are_as_one_after_another() -> None:
    starts = np.array([[1.0, 1.5], [0.5, -0.5], [2.0, 1.0]])
    together = descend(BEALE, lambda point: optim.Adam(point, lr=0.05), steps=40, start=starts)
    assert together.path.shape == (41, 3, 2)
    assert together.losses.shape == (41, 3)
    assert together.state["exp_avg"].shape == (40, 3, 2)
    for i, start in enumerate(starts):
        alone = descend(BEALE, lambda point: optim.Adam(point, lr=0.05), steps=40, start=start)
        np.testing.assert_allclose(together.path[:, i], alone.path, rtol=1e-12)


def test_who_leaves_for_infinity_is_nan_from_there_on_and_the_others_go_on() -> None:
    starts = [[-9.0, 1.6], [0.0, 0.0]]
    descent = descend(RAVINE, lambda point: optim.SGD(point, lr=3.0), steps=60, start=starts)
    assert np.isnan(descent.path[-1, 0]).all()
    assert np.isnan(descent.losses[-1, 0])
    assert descent.path[-1, 1].tolist() == [0.0, 0.0]
