"""Augmentations that move pixels: translate, hflip, random_crop, resize, erase."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ShapeError
from .augmentation import Augmentation, fill, number, whole
from .images import Pixels
from .library import ndimage


class translate(Augmentation):  # noqa: N801 (written like the verbs that they are, and shown so)
    """Move each image by whole numbers of pixels, down and to the right, drawn from -``pixels`` to ``pixels``.

    Attributes:
        pixels: how far at most, at least 0, and less than the image is high and wide.
        fill: what comes in, from 0 (black) to 1 (white), also for uint8.

    Raises:
        ShapeError: an image so moved could be out of the picture.

    >>> translate(1)(np.array([[0.1, 0.2], [0.3, 0.4]]), rng=4)  # 1 down, 1 to the right
    array([[0. , 0. ],
           [0. , 0.1]])
    """

    pixels: int = whole(2)
    fill: float = fill(default=0.0, kw_only=True)  # in words that type checkers read

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        n, height, width, _ = pixels.shape
        far = self.pixels
        if far >= min(height, width):
            raise ShapeError(
                f"translate: images of {height} x {width} moved by {far} pixels could be out of the picture; "
                f"pass at most {min(height, width) - 1}"
            )
        moves = rng.integers(-far, far, (n, 2), endpoint=True)
        padded = _framed(pixels, far, self.fill)
        rows = far - moves[:, :1] + np.arange(height)
        columns = far - moves[:, 1:] + np.arange(width)
        moved: Pixels = padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
        return moved


class hflip(Augmentation):  # noqa: N801
    """Swap left and right with probability ``p``.

    >>> hflip(p=1.0)(np.array([[0.0, 0.5, 1.0]]), rng=0)
    array([[1. , 0.5, 0. ]])
    """

    p: float = number(0.5, 0.0, 1.0)

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        return np.where(rng.random((len(pixels), 1, 1, 1)) < self.p, pixels[:, :, ::-1], pixels)


class random_crop(Augmentation):  # noqa: N801
    """Cut a window out of each image, anywhere, and enlarge it to the whole (bilinear). Needs SciPy.

    Attributes:
        size: the window's share of height and of width is drawn from ``size``, in (0, 1], to 1, which changes nothing.

    >>> ramp = np.tile(np.linspace(0.0, 1.0, 8), (8, 1))
    >>> random_crop(0.5)(ramp, rng=2)[0].round(2)  # 0.63 of the width, without the left edge
    array([0.32, 0.41, 0.5 , 0.59, 0.68, 0.77, 0.86, 0.95])
    """

    size: float = number(0.8, 0.0, 1.0, "(]")

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        drawn = rng.random((len(pixels), 3))
        share = self.size + (1.0 - self.size) * drawn[:, :1]
        at = []
        for axis, length in enumerate(pixels.shape[1:3], 1):
            first = drawn[:, axis, None] * (1.0 - share) * length
            centres = first + (np.arange(length) + 0.5) * share - 0.5  # of pixels: their edges are half a pixel off
            at.append(np.clip(centres, 0.0, length - 1.0))
        return _sampled(pixels, *at)


class resize(Augmentation):  # noqa: N801
    """Enlarge or shrink each image about its centre; it is cropped, or filled up, to the same shape. Needs SciPy.

    Attributes:
        scale: the factor is drawn from 1 - ``scale`` to 1 + ``scale``; in [0, 1).
        fill: what stands around a shrunk image, from 0 (black) to 1 (white), also for uint8.

    >>> resize(0.5)(np.ones((7, 7)), rng=2)[3].round(2)  # shrunk to 0.76 of its size
    array([0.06, 1.  , 1.  , 1.  , 1.  , 1.  , 0.06])
    """

    scale: float = number(0.2, 0.0, 1.0, "[)")
    fill: float = fill(default=0.0, kw_only=True)  # in words that type checkers read

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        factor = 1.0 + self.scale * (2.0 * rng.random((len(pixels), 1)) - 1.0)
        at = []
        for length in pixels.shape[1:3]:
            centre = (length - 1) / 2
            at.append(np.clip(centre + (np.arange(length) - centre) / factor + 1.0, 0.0, length + 1.0))
        return _sampled(_framed(pixels, 1, self.fill), *at)


class erase(Augmentation):  # noqa: N801
    """Fill a rectangle of each image, anywhere. Source: DeVries and Taylor, "Cutout", 2017, arXiv:1708.04552.

    Attributes:
        size: the rectangle's share of height and width, in [0, 1], in whole pixels: above 0 at least one.
        fill: what it is filled with, from 0 (black) to 1 (white), also for uint8.

    >>> erase(0.4)(np.ones((5, 5)), rng=1)
    array([[1., 1., 1., 1., 1.],
           [1., 1., 0., 0., 1.],
           [1., 1., 0., 0., 1.],
           [1., 1., 1., 1., 1.],
           [1., 1., 1., 1., 1.]])
    """

    size: float = number(0.3, 0.0, 1.0)
    fill: float = fill(default=0.0, kw_only=True)  # in words that type checkers read

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        room = np.array(pixels.shape[1:3])
        sides = np.maximum(np.rint(self.size * room), self.size > 0).astype(int)
        corners = rng.integers(0, room - sides, (len(pixels), 2), endpoint=True)
        inside = [
            (np.arange(length) >= corners[:, axis, None]) & (np.arange(length) < corners[:, axis, None] + sides[axis])
            for axis, length in enumerate(room)
        ]
        erased = inside[0][:, :, None, None] & inside[1][:, None, :, None]
        return np.where(erased, self.fill, pixels)


def _framed(pixels: Pixels, margin: int, fill: float) -> Pixels:
    """Each image with a margin around it."""
    framed: Pixels = np.pad(pixels, ((0, 0), (margin, margin), (margin, margin), (0, 0)), constant_values=fill)
    return framed


def _sampled(pixels: Pixels, rows: NDArray[Any], columns: NDArray[Any]) -> Pixels:
    """Each image at rows (n, h) and columns (n, w) of its own that may lie between pixels, all inside: bilinear.

    All of them in one call: as one tall picture, in which no place lies between two images.
    """
    n, height, width, channels = pixels.shape
    tall = pixels.reshape(n * height, width, channels)
    down = rows + height * np.arange(n)[:, None]
    at = np.broadcast_arrays(down[:, :, None], columns[:, None, :])
    filters = ndimage("resampling")
    return np.stack([filters.map_coordinates(tall[..., c], at, order=1) for c in range(channels)], axis=-1)
