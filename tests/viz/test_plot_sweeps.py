"""Results over the settings of a number."""

import numpy as np
import pytest

from viz import plot

RATES = [0.01, 0.1, 1.0]


def test_the_line_is_the_median_and_the_shade_the_range():
    results = np.array([[3.0, 1.0, 2.0], [0.5, 0.6, 0.1], [8.0, 9.0, 7.0]])
    figure = plot.sweep(RATES, results, levels={"schedule": 0.2}, x_label="learning rate")
    (axes,) = figure.axes
    line, level = axes.lines
    assert line.get_xydata().tolist() == [[0.01, 2], [0.1, 0.5], [1, 8]]
    assert level.get_ydata() == [0.2, 0.2]
    (shade,) = axes.collections
    corners = shade.get_paths()[0].vertices
    for x, ys in zip(RATES, results, strict=True):
        assert {y for x0, y in corners.tolist() if x0 == x} == {ys.min(), ys.max()}
    assert (axes.get_xscale(), axes.get_yscale(), axes.get_xlabel()) == ("log", "log", "learning rate")
    data = figure.data
    assert data["series"].tolist() == ["loss"] * 9 + ["schedule"]
    assert data["setting"][:4].tolist() == [0.01, 0.01, 0.01, 0.1]
    assert data["repetition"][:4].tolist() == [0, 1, 2, 0]
    np.testing.assert_array_equal(data["result"], [*results.ravel(), 0.2])


def test_what_is_not_finite_is_a_cross_above_a_gap():
    figure = plot.sweep(RATES, {"a": [1.0, 2.0, np.nan], "b": [3.0, 1.0, 2.0]}, log_x=False, log_y=False)
    (axes,) = figure.axes
    a, cross, b = axes.lines
    assert np.isnan(a.get_ydata()).tolist() == [False, False, True]
    assert cross.get_xydata().tolist() == [[1.0, 0.98]]
    assert b.get_ydata().tolist() == [3, 1, 2]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["a", "a: not finite", "b"]
    assert axes.get_xscale() == axes.get_yscale() == "linear"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": []}, r"settings must be numbers, of shape \(n,\), got shape \(0,\)"),
        ({"results": [1.0]}, r"'loss' must have a result for each of 3 settings, .* got shape \(1,\)"),
        ({"results": [np.nan] * 3}, "'loss' has no result that is finite"),
        (
            {"results": [1.0, 0.0, 2.0]},
            "'loss' has 0, which a logarithmic axis can't show: set log_x or log_y to False",
        ),
        ({"settings": [-1.0, 0.1, 1.0]}, "'settings' has -1"),
        ({"levels": {"best": -2.0}}, "'best' has -2"),
    ],
)
def test_a_sweep_says_what_is_wrong(change, message):
    with pytest.raises(ValueError, match=message):
        plot.sweep(**({"settings": RATES, "results": [1.0, 2.0, 3.0]} | change))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, np.nan], [1.0, 2.0]), "settings must be finite"),
        (([0.1, 1.0], {}), "there are no results"),
        (([0.1], {"a": [1.0]}, {"a": 2.0}), "'a' is in results and in levels"),
        (([0.1], [1.0], {"best": np.nan}), "a level is a finite number, but 'best' is nan"),
    ],
)
def test_what_could_not_be_seen_is_refused(arguments, message):
    settings, results, *levels = arguments
    with pytest.raises(ValueError, match=message):
        plot.sweep(settings, results, levels=levels[0] if levels else None)


def test_a_line_goes_from_left_to_right():
    figure = plot.sweep([1.0, 0.1, 10.0], [3.0, 2.0, 4.0])
    assert figure.axes[0].lines[0].get_xydata().tolist() == [[0.1, 2.0], [1.0, 3.0], [10.0, 4.0]]
    assert figure.data["setting"].tolist() == [1.0, 0.1, 10.0]
