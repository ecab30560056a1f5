"""Small pictures side by side, each with a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from .style import COLOURS, GRID, INK, axes_for, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

_GAP, _LINE = 0.15, 0.3  # between two pictures, and for the words above them, in widths of a picture


@public
def images(
    pictures: ArrayLike,
    captions: Sequence[str] = (),
    *,
    marked: ArrayLike = (),
    columns: int = 6,
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot grey pictures on a sheet, row by row, each with its caption above; 0 is the paper, the largest number ink.

    Args:
        pictures: (n, height, width), finite numbers.
        captions: a word for each.
        marked: for each whether it is to be noticed, as where a model was wrong: its caption is orange and bold.
        columns: pictures in a row.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` have a row for each pixel: picture, row, column, value, caption.

    Raises:
        ValueError: another shape, a number that isn't finite, captions or marks of another length, no columns.

    >>> figure = images([[[0.0, 1.0]], [[1.0, 0.5]]], ["4", "9, not 4"], marked=[False, True])
    >>> figure.data["value"].tolist(), figure.data["caption"][2].item()
    ([0.0, 1.0, 1.0, 0.5], '9, not 4')
    """
    pixels = np.asarray(pictures, dtype=np.float64)
    if pixels.ndim != 3 or not pixels.size:
        raise ValueError(f"pictures must be of shape (n, height, width), with at least one pixel, got {pixels.shape}.")
    if not np.isfinite(pixels).all():
        at = tuple(np.argwhere(~np.isfinite(pixels))[0].tolist())
        raise ValueError(f"pictures must be finite, but that at {at} is {pixels[at]}.")
    words = list(captions) or [""] * len(pixels)
    marks = np.asarray(marked, dtype=bool) if np.size(marked) else np.zeros(len(pixels), dtype=bool)
    for name, size in (("captions", len(words)), ("marked", len(marks))):
        if size != len(pixels):
            raise ValueError(f"{name} must be one for each of the {len(pixels)} pictures, got {size}.")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}.")
    rows = -(-len(pixels) // columns)
    height = (6.0 / min(columns, len(pixels))) * rows * (pixels.shape[1] / pixels.shape[2] + _LINE + _GAP) / (
        1.0 + _GAP
    ) + (0.4 if title else 0.1)
    with axes_for(ax, 6.4, height) as axes:
        _sheet(axes, pixels, words, marks, min(columns, len(pixels)))
        if title:
            axes.set_title(title)
    n, row, column = np.indices(pixels.shape).reshape(3, -1)
    return tabulate(axes, picture=n, row=row, column=column, value=pixels.ravel(), caption=np.array(words)[n])


def _sheet(
    axes: Axes, pixels: NDArray[np.float64], words: Sequence[str], marks: NDArray[np.bool_], across: int
) -> None:
    """All pictures in one coordinate system, in which each is 1 wide and the first row is on top."""
    tall = pixels.shape[1] / pixels.shape[2]
    step = tall + _GAP + _LINE
    for i, picture in enumerate(pixels):
        left, top = (i % across) * (1.0 + _GAP), -(i // across) * step
        axes.imshow(
            picture,
            cmap="gray_r",
            interpolation="nearest",
            extent=(left, left + 1.0, top - tall, top),
            vmin=float(pixels.min()),
            vmax=float(pixels.max()),
        )
        axes.plot([left, left + 1, left + 1, left, left], [top, top, top - tall, top - tall, top], color=GRID, lw=0.8)
        axes.text(
            left + 0.5,
            top + _LINE / 5,
            literal(words[i]),
            ha="center",
            va="bottom",
            color=COLOURS[1] if marks[i] else INK,
            weight="bold" if marks[i] else "normal",
        )
    axes.set_xlim(0.0, across * (1.0 + _GAP) - _GAP)
    axes.set_ylim(top - tall, _LINE)
    axes.set_axis_off()
