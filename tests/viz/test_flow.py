import pytest

from viz import plot

NORMS = {"sigmoid": [0.001, 0.01, 0.1], "relu": [1.0, 1.5]}


def test_the_gradient_of_each_layer_is_a_point_of_its_line():
    figure = plot.gradient_flow(NORMS, reference={"bound": [0.5, 0.25]})
    (axes,) = figure.axes
    assert {line.get_label(): list(line.get_ydata()) for line in axes.lines} == {**NORMS, "bound": [0.5, 0.25]}
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2, 3], [1, 2], [1, 2]]
    assert len({(line.get_linestyle(), line.get_marker()) for line in axes.lines}) == 3
    assert axes.get_yscale() == "log"
    assert figure.data["series"].tolist() == ["sigmoid"] * 3 + ["relu"] * 2 + ["bound"] * 2
    assert figure.data["layer"].tolist() == [1, 2, 3, 1, 2, 1, 2]
    assert figure.data["norm"].tolist() == [0.001, 0.01, 0.1, 1.0, 1.5, 0.5, 0.25]


def test_a_gradient_of_zero_needs_a_linear_axis():
    with pytest.raises(ValueError, match=r"but layer 2 of 'dead' has 0: use log=False"):
        plot.gradient_flow({"dead": [1.0, 0.0]})
    (axes,) = plot.gradient_flow({"dead": [1.0, 0.0]}, log=False).axes
    assert axes.get_yscale() == "linear"
    assert axes.get_legend() is None


@pytest.mark.parametrize(
    ("norms", "message"),
    [
        ({}, "there are no norms to draw"),
        ({"relu": []}, "'relu' has no norms: pass a number for each layer"),
        ({"relu": [1.0, float("inf")]}, "layer 2 of 'relu' has ∞"),
    ],
)
def test_it_says_what_is_wrong(norms, message):
    with pytest.raises(ValueError, match=message):
        plot.gradient_flow(norms)


def test_names_are_there_and_once():
    with pytest.raises(TypeError, match=r"norms has names, such as {.*}, got list"):
        plot.gradient_flow([1.0, 2.0])
    with pytest.raises(ValueError, match="'a' is in norms and in reference: give the reference another name"):
        plot.gradient_flow({"a": [1.0]}, reference={"a": [2.0]})


def test_names_that_are_written_alike_are_one_name():
    with pytest.raises(ValueError, match="'1' is in norms and in reference"):
        plot.gradient_flow({1: [1.0]}, reference={"1": [2.0]})
