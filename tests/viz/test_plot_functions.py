"""Functions of one number, their slopes, and descents on them."""

import numpy as np
import pytest

from autograd import compile, derivative, ops
from viz import plot

TANH = {"tanh": np.tanh, "square": np.square}
SLOPES = {"tanh": lambda x: 1 - np.tanh(x) ** 2, "square": lambda x: 2 * x}


def of(data, name):
    return {column: values[data["function"] == name] for column, values in data.items()}


def test_the_numbers_of_functions_and_slopes():
    data = plot.function(TANH, (-2, 3), derivatives=SLOPES, points=[0.1]).data
    for name in TANH:
        own = of(data, name)
        assert (own["x"][0], own["x"][-1]) == (-2, 3)
        assert (np.diff(own["x"]) > 0).all()
        assert 0.1 in own["x"]
        np.testing.assert_array_equal(own["y"], TANH[name](own["x"]))
        np.testing.assert_array_equal(own["slope"], SLOPES[name](own["x"]))


def test_a_function_of_the_engine_and_its_derivative():
    f = ops.tanh
    figure = plot.function(compile(f), (-1, 1), derivatives=compile(derivative(f)))
    np.testing.assert_allclose(figure.data["slope"], 1 / np.cosh(figure.data["x"]) ** 2, rtol=1e-12)
    (axes,) = figure.axes
    assert [line.get_linestyle() for line in axes.lines[:2]] == ["-", "--"]
    assert axes.get_legend() is not None


def test_without_derivatives_slopes_are_unknown():
    figure = plot.function(np.tanh, (-1, 1), points=[0.0], x_label="z", y_label="a")
    (axes,) = figure.axes
    assert np.isnan(figure.data["slope"]).all()
    assert set(figure.data["function"]) == {"tanh"}
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_legend()) == ("z", "a", None)


def test_slopes_get_axes_of_their_own_or_the_same():
    upper, lower = plot.function(TANH, (-1, 1), derivatives=SLOPES).axes
    assert lower.get_ylabel() == "slope"
    assert [line.get_label() for line in lower.lines[:2]] == ["tanh", "square"]
    figure = plot.new_figure()
    left, right = figure.subplots(1, 2)
    plot.function(TANH, (-1, 1), derivatives=SLOPES, ax=left)
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["tanh", "square", "slope of tanh", "slope of square"]
    assert not right.lines
    plot.function(TANH, (-1, 1), derivatives=SLOPES, ax=[left, right], x_label="both")
    assert left.get_xlabel() == right.get_xlabel() == "both"
    assert upper.get_xlabel() == ""


def test_a_tangent_touches_with_the_slope():
    (axes,) = plot.function(np.square, (-2, 2), derivatives=lambda x: 2 * x, points=[-1.0, 1.5]).axes
    segments = [line.get_xydata() for line in axes.lines if len(line.get_xydata()) == 2]
    tangents = [ends for ends in segments if np.ptp(ends[:, 1]) > 0]
    assert len(tangents) == 2
    for ends, x in zip(tangents, [-1.0, 1.5], strict=True):
        np.testing.assert_allclose(ends.mean(axis=0), [x, x * x])
        np.testing.assert_allclose(np.diff(ends[:, 1]) / np.diff(ends[:, 0]), 2 * x)


def test_a_pole_is_a_gap():
    data = plot.function({"log": np.log}, (-1, 1)).data
    assert np.isnan(data["y"][data["x"] <= 0]).all()
    assert np.isfinite(data["y"][data["x"] > 0]).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"functions": {}}, ValueError, r"functions is empty: pass a function, or several by name"),
        ({"functions": {"a": 3}}, TypeError, "functions maps names to functions of an array, but 'a' is int: 3"),
        ({"functions": lambda x: 1.0}, ValueError, r"'f' gave shape \(\) for an array of shape \(401,\).*compile\(f\)"),
        ({"functions": lambda x: x * np.nan}, ValueError, "'f' is nowhere finite from -1 to 1"),
        ({"interval": (1, -1)}, ValueError, r"the smaller first, as in \(-3, 3\), got \(1, -1\)"),
        ({"points": [2.0, 0.0]}, ValueError, r"points must lie in the interval from -1 to 1, got \[2.0\]"),
        ({"derivatives": {"cos": np.cos}}, ValueError, r"the names of the functions, \['tanh'\], got \['cos'\]"),
        ({"ax": []}, ValueError, "ax must be one: without derivatives there is nothing for a second, got 0"),
    ],
)
def test_a_function_says_what_is_wrong(change, error, message):
    with pytest.raises(error, match=message):
        plot.function(**({"functions": {"tanh": np.tanh}, "interval": (-1, 1)} | change))


def test_a_function_of_single_numbers_names_the_cure():
    import math

    with pytest.raises(TypeError) as caught:
        plot.function(math.tanh, (-1, 1))
    assert "pass autograd.compile(f)" in "".join(caught.value.__notes__)


def test_samples_are_dots_that_come_last_in_the_table():
    figure = plot.function(np.tanh, (-1, 1), samples=([0.0, 2.0], [5.0, 6.0]))
    assert figure.data["function"][-3:].tolist() == ["tanh", "", ""]
    assert (figure.data["x"][-2:].tolist(), figure.data["y"][-2:].tolist()) == ([0.0, 2.0], [5.0, 6.0])
    (dots,) = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"]
    assert dots.get_xydata().tolist() == [[0, 5], [2, 6]]
    with pytest.raises(ValueError, match=r"samples must be x and y of one shape \(n,\), got shapes \(2,\) and \(1,\)"):
        plot.function(np.tanh, (-1, 1), samples=([0.0, 2.0], [5.0]))
