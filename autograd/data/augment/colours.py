"""Augmentations that change what pixels say: brightness, blur, color_noise, gaussian_noise."""

from __future__ import annotations

import math

import numpy as np

from .augmentation import Augmentation, number
from .images import Pixels
from .library import ndimage


class brightness(Augmentation):  # noqa: N801 (written like functions, and shown so)
    """Multiply each image by a factor drawn from 1 - ``strength`` to 1 + ``strength``.

    Attributes:
        strength: in [0, 1].

    >>> brightness(0.5)(np.full((1, 3), 0.4), rng=0).round(3)
    array([[0.455, 0.455, 0.455]])
    """

    strength: float = number(0.3, 0.0, 1.0)

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        return pixels * (1.0 + self.strength * (2.0 * rng.random((len(pixels), 1, 1, 1)) - 1.0))


class blur(Augmentation):  # noqa: N801
    """A Gaussian blur, whose standard deviation in pixels is drawn from 0 to ``sigma`` for each image. Needs SciPy.

    Edges are mirrored, so the mean of an image stays.

    Attributes:
        sigma: the largest standard deviation, in pixels, at least 0.

    >>> blur(2.0)(np.array([[0.0, 0.0, 1.0, 0.0, 0.0]]), rng=0).round(2)
    array([[0.11, 0.23, 0.31, 0.23, 0.11]])
    """

    sigma: float = number(1.0, 0.0, math.inf, "[)")

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        filters = ndimage("blur")
        sigmas = self.sigma * rng.random(len(pixels))
        blurred = [filters.gaussian_filter(x, (s, s, 0.0)) for x, s in zip(pixels, sigmas.tolist(), strict=True)]
        return np.stack(blurred)


class color_noise(Augmentation):  # noqa: N801
    """Shift each channel of each image by one draw from N(0, ``std``²): a tint, and on grey images a brightness.

    After Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012,
    section 4.1, whose shifts go along the principal components of the colours of a whole data set.

    Attributes:
        std: at least 0, where black is 0 and white is 1, also for uint8.

    >>> color_noise(0.1, shape=(1, 2, 3))(np.full((1, 2, 3), 0.5), rng=0).round(2)  # both pixels bluer
    array([[[0.51, 0.49, 0.56],
            [0.51, 0.49, 0.56]]])
    """

    std: float = number(0.1, 0.0, math.inf, "[)")

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        return pixels + self.std * rng.standard_normal((len(pixels), 1, 1, pixels.shape[3]))


class gaussian_noise(Augmentation):  # noqa: N801
    """Add to each pixel of each channel a draw of its own from N(0, ``std``²).

    Attributes:
        std: at least 0, where black is 0 and white is 1, also for uint8.

    >>> gaussian_noise(0.1)(np.full((1, 3), 0.5), rng=0).round(2)
    array([[0.51, 0.49, 0.56]])
    """

    std: float = number(0.1, 0.0, math.inf, "[)")

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        return pixels + self.std * rng.standard_normal(pixels.shape)
