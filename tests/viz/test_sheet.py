"""Pictures on a sheet: each pixel is where the table says; wrong arguments are refused with what is wrong."""

from __future__ import annotations

import re

import matplotlib
import numpy as np
import pytest

from viz.plot import images
from viz.plot.style import COLOURS

PICTURES = np.arange(24.0).reshape(4, 2, 3) / 23.0


def test_each_pixel_has_a_row_and_is_shown():
    figure = images(PICTURES, list("abcd"), columns=3)
    data = figure.data
    assert np.array_equal(data["value"], PICTURES[data["picture"], data["row"], data["column"]])
    shown = [np.asarray(image.get_array()) for image in figure.axes[0].images]
    assert np.array_equal(shown, PICTURES)
    assert {image.get_clim() for image in figure.axes[0].images} == {(0.0, 1.0)}  # one scale for all
    boxes = [image.get_extent() for image in figure.axes[0].images]
    assert [box[0] for box in boxes] == pytest.approx([0.0, 1.15, 2.30, 0.0])
    assert boxes[3][3] < boxes[0][2]  # a second row, below the first
    assert [(box[1] - box[0]) / (box[3] - box[2]) for box in boxes] == pytest.approx([1.5] * 4)  # as 3 pixels by 2


def test_what_is_marked_is_bold_and_orange():
    texts = images(PICTURES, list("abcd"), marked=[0, 1, 0, 0]).axes[0].texts
    assert [text.get_weight() for text in texts] == ["normal", "bold", "normal", "normal"]
    assert [matplotlib.colors.to_hex(text.get_color()) == COLOURS[1] for text in texts] == [False, True, False, False]


@pytest.mark.parametrize(
    ("pictures", "options", "message"),
    [
        (PICTURES[0], {}, "pictures must be of shape (n, height, width), with at least one pixel, got (2, 3)."),
        (PICTURES[:0], {}, "with at least one pixel, got (0, 2, 3)."),
        (np.where(PICTURES == 1.0, np.nan, PICTURES), {}, "pictures must be finite, but that at (3, 1, 2) is nan."),
        (PICTURES, {"captions": ["a"]}, "captions must be one for each of the 4 pictures, got 1."),
        (PICTURES, {"marked": [True] * 5}, "marked must be one for each of the 4 pictures, got 5."),
        (PICTURES, {"columns": 0}, "columns must be at least 1, got 0."),
    ],
)
def test_wrong_arguments_are_refused(pictures, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        images(pictures, **options)
