import re

import numpy as np
import pytest

from autograd import nn
from viz import plot

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(20, 5)), RNG.normal(2.0, 1.0, size=40)


def column(figure, name, **chosen):
    """A column of the figure's data, where other columns are as they are asked for."""
    rows = np.all([figure.data[key] == value for key, value in chosen.items()], axis=0)
    return figure.data[name][rows]


@pytest.mark.parametrize("density", [False, True])
def test_a_histogram_counts_what_is_in_each_bin(density):
    figure = plot.histogram({"a": A, "b": B}, bins=7, range=(-1.0, 3.0), density=density)
    for name, numbers in (("a", A), ("b", B)):
        left, right = (column(figure, side, series=name) for side in ("left", "right"))
        assert left == pytest.approx([-1 + 4 * k / 7 for k in range(7)])
        assert right == pytest.approx(left + 4 / 7)
        inside = sum(-1 <= x <= 3 for x in numbers.flat)
        counts = [sum(lo <= x < hi for x in numbers.flat) for lo, hi in zip(left, right, strict=True)]
        wanted = [c / inside / (4 / 7) for c in counts] if density else counts
        assert column(figure, "density" if density else "count", series=name) == pytest.approx(wanted)
    (axes,) = figure.axes
    outside = [sum(not -1 <= x <= 3 for x in numbers.flat) for numbers in (A, B)]
    assert axes.get_xlabel() == f"value\noutside: {outside[0]} of 100 a, {outside[1]} of 40 b"
    assert axes.get_ylabel() == ("density" if density else "count")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_by_itself_a_histogram_reaches_from_the_smallest_number_to_the_largest():
    figure = plot.histogram(A, log=True, x_label="weight")
    (axes,) = figure.axes
    assert (figure.data["left"].min(), figure.data["right"].max()) == (A.min(), A.max())
    assert figure.data["count"].sum() == A.size
    assert (axes.get_yscale(), axes.get_xlabel()) == ("log", "weight")
    assert axes.get_legend() is None


def test_what_is_drawn_is_what_the_data_say():
    figure = plot.histogram(A, bins=5)
    outline, filled = figure.axes[0].patches
    assert outline.get_data().values.tolist() == filled.get_data().values.tolist() == figure.data["count"].tolist()


def test_marks_are_lines_with_a_name():
    (axes,) = plot.histogram(A, marks={"mean": 0.25}).axes
    (line,) = axes.lines
    assert (list(line.get_xdata()), line.get_label()) == ([0.25, 0.25], "mean")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["mean"]


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ({}, {}, "there is nothing to draw: pass an array, or arrays by name"),
        ([], {}, "it has no numbers"),
        ({"a": [1.0], "b": []}, {}, "the series 'b' has no numbers"),
        ([1.0, np.nan, np.inf], {}, "it has 2 of 3 that are not, the first NaN: leave them out"),
        ([1.0], {"bins": 0}, "a whole number from 1 on, got 0"),
        (
            [1.0],
            {"range": (1.0, 1.0)},
            r"range must be two numbers, the smaller first, as in \(-3, 3\), got \(1.0, 1.0\)",
        ),
        ([5.0], {"range": (0, 1), "density": True}, "all 1 of '' are outside: choose another range, or density=False"),
    ],
)
def test_a_histogram_says_what_is_wrong(series, options, message):
    with pytest.raises(ValueError, match=message):
        plot.histogram(series, **options)


LAYERS = {"tanh": [np.tanh(A), np.tanh(3 * A)], "linear": [A]}


def test_a_grid_has_a_row_for_each_layer_and_a_column_for_each_network():
    figure = plot.activations(LAYERS, bins=4, range=(-1.0, 1.0), top=0.5)
    grid = np.reshape(figure.axes, (2, 2))
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["layer 1\nshare", "layer 2\nshare"]
    assert [[len(axes.patches) for axes in row] for row in grid] == [[1, 1], [1, 0]]
    assert {axes.get_ylim()[1] for axes in figure.axes} == {0.51}
    for name, column_of_grid in (("tanh", grid[:, 0]), ("linear", grid[:1, 1])):
        for k, axes in enumerate(column_of_grid):
            numbers = LAYERS[name][k].ravel()
            wanted = [np.mean((lo <= numbers) & (numbers < lo + 0.5)) for lo in (-1, -0.5, 0, 0.5)]
            assert column(figure, "share", series=name, layer=k + 1) == pytest.approx(wanted)
            assert axes.patches[0].get_data().values == pytest.approx(wanted)
            assert column(figure, "std", series=name, layer=k + 1) == pytest.approx([numbers.std()] * 4)
            outside = np.mean(np.abs(numbers) > 1)
            assert column(figure, "outside", series=name, layer=k + 1) == pytest.approx([outside] * 4)


def test_each_panel_says_which_share_is_as_it_should_not_be():
    figure = plot.activations({"a": [[-1.0, 0.0, 0.5, 4.0]]}, share={"dead": lambda a: a == 0}, range=(-1, 1))
    (axes,) = figure.axes
    assert [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in axes.texts] == [
        "std 1.9, dead 25%,\noutside 25%",
        "a",
    ]
    assert set(figure.data["dead"]) == {0.25}


def test_a_small_share_is_not_none():
    (axes,) = plot.activations({"a": [range(1000)]}, share={"low": lambda a: a < 1, "no": lambda a: a < 0}).axes
    assert "low <1%, no 0%" in axes.texts[0].get_text().replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        ({}, {}, "each network needs the outputs of its layers"),
        ({"he": [], "xavier": [[1.0]]}, {}, "each network needs the outputs of its layers"),
        ({"he": [[1.0], [np.inf]]}, {}, "layer 2 of 'he' has 1 of 1 that are not, the first ∞"),
        ({"he": [[1.0, 2.0]]}, {"share": {"dead": np.sum}}, r"each of 2 outputs .* but gave the shape \(\)"),
        ({"he": [[1.0]]}, {"top": 0.0}, "a share of the numbers, above 0 and up to 1, got 0.0"),
        ({"he": [[1.0], [2.0]]}, {"ax": []}, "2 layers of 1 networks need 2 axes in ax, got 0"),
    ],
)
def test_a_grid_says_what_is_wrong(layers, options, message):
    with pytest.raises(ValueError, match=message):
        plot.activations(layers, **options)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot.activations([[1.0]]), r'has names, such as {"he": \[layer1, layer2\]}, got list'),
        (lambda: plot.histogram([1.0], marks=[0.5]), r'marks has names, such as {"mean": 0.5}, got list'),
        (lambda: plot.histogram(nn.Linear(2, 1, rng=0).weight), r"pass weights as layer\.weight\.data"),
    ],
)
def test_what_has_no_names_or_is_no_number(draw, message):
    with pytest.raises(TypeError) as raised:
        draw()
    assert re.search(message, "\n".join([str(raised.value), *getattr(raised.value, "__notes__", [])]))


def test_a_grid_is_drawn_on_the_axes_of_the_caller():
    figure = plot.new_figure(8, 4)
    grid = figure.subplots(2, 2)
    assert plot.activations(LAYERS, ax=grid) is figure
    assert [len(axes.patches) for axes in grid.ravel()] == [1, 1, 1, 0]


@pytest.mark.parametrize("name", ["std", "left", "series", "outside"])
def test_a_share_does_not_take_the_place_of_another_column(name):
    with pytest.raises(ValueError, match=f"'{name}' is the name of another column of the data"):
        plot.activations({"a": [[0.1, 0.2]]}, share={name: lambda a: a > 0})


def test_a_mark_has_a_place():
    with pytest.raises(ValueError, match="a mark has a finite place, but 'mean' is at NaN"):
        plot.histogram([1.0, 2.0], marks={"mean": np.nan})
