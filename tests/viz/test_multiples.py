from functools import partial

import numpy as np
import pytest

from viz import plot

X = np.array([[0.0, 0.0], [1.0, 1.0]])


def panels(*names):
    return {name: partial(plot.boundary, lambda p: p[:, 0] - 0.5, X, [0, 1], resolution=4) for name in names}


def test_panels_have_one_legend_and_labels_at_the_edges_only():
    figure = plot.small_multiples(panels("a", "b", "c"), columns=2)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b", "c"]
    assert [axes.get_legend() for axes in figure.axes] == [None] * 3
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["0", "1"]
    assert [bool(axes.get_ylabel()) for axes in figure.axes] == [True, False, True]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


def test_the_data_of_each_panel_have_its_name():
    data = plot.small_multiples(panels("a", "b")).data
    assert data["panel"].tolist() == ["a", "a", "b", "b"]
    assert data["x0"].tolist() == [0.0, 1.0] * 2
    assert plot.small_multiples(panels("alone")).data["panel"].tolist() == ["alone"] * 2


def test_a_panel_keeps_what_it_wrote_above_itself():
    said = [text.get_text() for axes in plot.small_multiples(panels("a")).axes for text in axes.texts]
    assert said == ["2 of 2 right (100 %)"]


def test_it_says_what_is_wrong():
    with pytest.raises(ValueError, match="needs panels"):
        plot.small_multiples({})
    with pytest.raises(ValueError, match="at least 1, got 0"):
        plot.small_multiples(panels("a"), columns=0)
    with pytest.raises(TypeError, match=r"the panel .a. must be a function that draws on axes.*got PlotFigure"):
        plot.small_multiples({"a": plot.new_figure()})
    with pytest.raises(TypeError, match=r"a panel has names, such as .* got list"):
        plot.small_multiples([plot.loss])


def test_a_panel_without_numbers_is_not_taken_for_an_empty_one():
    figure = plot.small_multiples({"a": lambda ax: None, "b": lambda ax: plot.loss({"x": [1.0]}, ax=ax)})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b"]
    assert [len(axes.lines) for axes in figure.axes] == [0, 1]


def test_panels_of_different_series_keep_their_legends():
    def panel(*names):
        return lambda ax: plot.loss({name: [1.0, 0.5] for name in names}, ax=ax)

    figure = plot.small_multiples({"a": panel("sgd", "adam"), "b": panel("rmsprop", "adam")})
    assert not figure.legends
    found = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in figure.axes]
    assert found == [["sgd", "adam"], ["rmsprop", "adam"]]
