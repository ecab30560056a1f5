import numpy as np
import pytest

from viz import plot

WEIGHTS = {"L1": [0.0, -0.001, 0.0011, 0.05, -2.0], "L2": [0.2, 0.3]}


def test_every_weight_is_in_a_bin_and_the_middle_one_has_the_zeros():
    data = plot.weights(WEIGHTS).data
    for name, numbers in WEIGHTS.items():
        own = data["series"] == name
        inside = [
            np.sum((numbers >= left) & (numbers < right))
            for left, right in zip(data["left"][own], data["right"][own], strict=True)
        ]
        assert sum(inside) == len(numbers) == data["size"][own][0]
        assert data["count"][own].tolist() == inside
    middle = data["left"] == -0.001
    assert data["right"][middle].tolist() == [0.001, 0.001]
    assert data["count"][middle].tolist() == [2, 0]
    assert data["zero"][middle].tolist() == [0.4, 0.0]


def test_bins_have_one_ratio_to_both_sides():
    data = plot.weights(WEIGHTS, bins=4).data
    own = (data["series"] == "L1") & (data["left"] > 0)
    assert data["right"][own] / data["left"][own] == pytest.approx(10**0.25)
    assert data["right"].max() == -data["left"].min() >= 2.0


def test_weights_that_are_all_zero_are_one_bar():
    figure = plot.weights({"dead": [0.0, 0.0]})
    assert figure.data["count"].sum() == 2
    assert figure.data["zero"].tolist() == [1.0] * len(figure.data["zero"])


def test_it_says_the_share_of_zeros():
    said = [text.get_text() for axes in plot.weights(WEIGHTS).axes for text in axes.texts]
    assert said == ["L1: 40% within ±0.001", "L2: 0% within ±0.001"]


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ({}, {}, "there are no weights to draw"),
        ({"L1": []}, {}, "the series 'L1' has no numbers"),
        ({"L1": [np.nan]}, {}, "the series 'L1' has 1 of 1"),
        ({"L1": [1.0]}, {"zero": 0.0}, r"zero must be positive and bins at least 1, got zero=0\.0"),
        ({"L1": [1.0]}, {"bins": 0}, "bins=0"),
    ],
)
def test_it_says_what_is_wrong(given, options, message):
    with pytest.raises(ValueError, match=message):
        plot.weights(given, **options)


def test_each_network_wants_axes_of_its_own():
    axes = plot.new_figure().subplots(2, 1)
    assert plot.weights(WEIGHTS, ax=axes) is axes[0].figure
    with pytest.raises(ValueError, match="pass 2 in ax, got 1"):
        plot.weights(WEIGHTS, ax=axes[0])
    with pytest.raises(TypeError, match=r"a histogram of weights has names, such as .* got list"):
        plot.weights([0.1, 0.2])


def test_they_stand_below_what_the_figure_has_already():
    figure = plot.new_figure()
    upper, lower = figure.subplots(2, 1)
    plot.loss({"loss": [1.0]}, ax=upper)
    plot.weights({"L1": [0.0, 0.5]}, ax=[lower])
    assert set(figure.data["panel"].tolist()) == {0, 1}
