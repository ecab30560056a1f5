"""Augmented images on a sheet: a row for each augmentation, a column for each draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from .style import axes_for, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

_GAP, _WORDS = 0.06, 1.5  # between two images, and for the words on their left, in widths of an image


@public
def augmentations(rows: Mapping[str, ArrayLike], *, title: str = "", ax: Axes | None = None) -> PlotFigure:
    """Plot images on a sheet, a row for each name; 0 is black and 1 white, in grey or in colour.

    Args:
        rows: the images by the name of what was done to them, (draws, height, width) or (draws, height, width, 3), all
            of one size: floats in [0, 1] or uint8. Rows may have different numbers of draws.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` have a row for each image: augmentation, draw, mean and std of its pixels, and change,
        the mean distance of its pixels from those of the very first image.

    Raises:
        TypeError: the rows are no mapping.
        ValueError: no rows, images of another shape or size, a pixel that is NaN or outside of the range.

    >>> from autograd.data import augment
    >>> image = np.linspace(0, 1, 8 * 8).reshape(8, 8)
    >>> figure = augmentations({"original": [image], "hflip": augment.hflip()(np.stack([image] * 2), rng=0)})
    >>> figure.data["augmentation"].tolist(), figure.data["change"].round(3).tolist()
    (['original', 'hflip', 'hflip'], [0.0, 0.0, 0.063])
    """
    pixels = _checked(rows)
    height, width = next(iter(pixels.values())).shape[1:3]
    columns, aspect = max(map(len, pixels.values())), height / width
    inches = 6.4 / (columns * (1 + _GAP) + _WORDS)
    with axes_for(ax, 6.4, inches * len(pixels) * (aspect + _GAP) + (0.4 if title else 0.1)) as axes:
        for i, (name, images) in enumerate(pixels.items()):
            top = i * (aspect + _GAP)
            axes.text(-0.12, top + aspect / 2, literal(name), ha="right", va="center", fontsize=10)
            for j, image in enumerate(images):
                left = j * (1 + _GAP)
                axes.imshow(image, extent=(left, left + 1, top + aspect, top), cmap="gray", vmin=0, vmax=1,
                            interpolation="nearest")  # fmt: skip
        axes.set(
            xlim=(-_WORDS, columns * (1 + _GAP) - _GAP), ylim=(len(pixels) * (aspect + _GAP), -_GAP), aspect="equal"
        )
        axes.set_axis_off()
        if title:
            axes.set_title(title)
    every = np.concatenate(list(pixels.values())).reshape(sum(map(len, pixels.values())), -1)
    return tabulate(
        axes,
        augmentation=np.repeat(list(pixels), [len(images) for images in pixels.values()]),
        draw=np.concatenate([np.arange(len(images)) for images in pixels.values()]),
        mean=every.mean(axis=1),
        std=every.std(axis=1),
        change=np.abs(every - every[0]).mean(axis=1),
    )


def _checked(rows: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
    if not isinstance(rows, Mapping):
        raise TypeError(f'the rows have names: pass {{"hflip": images}}, got {type(rows).__name__}.')
    if not rows:
        raise ValueError('there are no images: pass at least one row, such as {"original": [image]}.')
    found = {}
    for name, images in rows.items():
        array = np.asarray(images)
        pixels = array / 255.0 if array.dtype == np.uint8 else array.astype(np.float64)
        if pixels.ndim not in (3, 4) or not pixels.size or (pixels.ndim == 4 and pixels.shape[3] not in (1, 3)):
            raise ValueError(
                f"the row {name!r} must be (draws, height, width) or (draws, height, width, 3), got {array.shape}."
            )
        if not (pixels.min() >= 0 and pixels.max() <= 1):
            raise ValueError(f"the row {name!r} has pixels outside of [0, 1]: divide by what white is.")
        found[str(name)] = pixels[..., 0] if pixels.shape[3:] == (1,) else pixels
    first, size = next((name, images.shape[1:]) for name, images in found.items())
    for name, images in found.items():
        if images.shape[1:] != size:
            raise ValueError(f"the row {name!r} has images of {images.shape[1:]}, but {first!r} of {size}.")
    return found
