import numpy as np
import pytest

from viz import plot

H = np.logspace(-8, 0, 9)


def test_a_power_of_h_is_a_straight_line():
    figure = plot.convergence({"first": H, "second": H**2}, H, reference={"bound": 2 * H})
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    slopes = []
    for line in [line for line in axes.lines if len(line.get_xdata()) == 9]:
        x, y = (axes.transData.transform(np.column_stack(line.get_data())) - axes.transData.transform((1, 1))).T
        slopes.append(np.polyfit(x, y, 1)[0])
        assert y == pytest.approx(np.polyval(np.polyfit(x, y, 1), x), abs=1e-6)
    assert slopes[1] == pytest.approx(2 * slopes[0])
    assert slopes[2] == pytest.approx(slopes[0])
    assert figure.data["series"].tolist() == ["first"] * 9 + ["second"] * 9 + ["bound"] * 9
    assert figure.data["error"] == pytest.approx(np.concatenate([H, H**2, 2 * H]))


def test_the_smallest_error_is_marked_and_one_of_zero_is_a_gap():
    (axes,) = plot.convergence({"a": [0.5, 0.25, 0.0, 1.0]}, [4.0, 3.0, 2.0, 1.0]).axes
    curve, mark = axes.lines
    assert np.isnan(curve.get_ydata()).tolist() == [False, False, True, False]
    assert [np.ravel(xy).tolist() for xy in mark.get_data()] == [[3.0], [0.25]]
    assert axes.get_legend_handles_labels()[1] == ["a: 0.25 at h = 3"]


@pytest.mark.parametrize(
    ("errors", "h", "message"),
    [
        ({}, [1.0], "there are no errors to draw"),
        ({"a": [1.0]}, [1.0, 0.5], "'a' has 1 errors for 2 step sizes"),
        ({"a": [1.0]}, [0.0], "h must be positive step sizes"),
        ({"a": [1.0]}, [[1.0]], "h must be positive step sizes"),
        ({"a": [1.0, -2.0]}, [1.0, 0.5], "'a' has -2 at h = 0.5"),
        ({"a": [1.0, np.nan]}, [1.0, 0.5], "'a' has nan at h = 0.5"),
        ({"a": [0.0]}, [1.0], "the errors of 'a' are all 0"),
    ],
)
def test_what_is_wrong_is_said(errors, h, message):
    with pytest.raises(ValueError, match=message):
        plot.convergence(errors, h)


def test_a_reference_needs_a_name_of_its_own():
    with pytest.raises(ValueError, match="'a' is in errors and in reference: give the reference another name"):
        plot.convergence({"a": [0.1]}, [1.0], reference={"a": [0.2]})
    with pytest.raises(TypeError, match="errors has names, such as"):
        plot.convergence([0.1], [1.0])
