"""Several augmentations as one, and between a standardized set and its images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...calls import noted, public
from ...checks import brief
from ...randomness import Seed
from ..scaling import Standardizer
from .augmentation import Augmentation
from .images import Pixels, made, refuse_out_of_range

# As text, because touching np.random imports it.
Transform: TypeAlias = "Callable[[Pixels, np.random.Generator], Any]"
_ROUNDING = 1e-6
"""How far a pixel may be out of [0, 1] when it comes back from its standardized form, of float32 also."""


class Compose(Augmentation):
    """One augmentation after the other, on one Generator.

    In training, `fit` hands its ``transform`` rows of pixels, which ``shape`` makes images of:

    >>> from autograd.data import augment
    >>> augmented = Compose([augment.translate(1), augment.brightness(0.2)], shape=(8, 8))
    >>> augmented(np.zeros((5, 64)), rng=0).shape  # fit(..., transform=augmented)
    (5, 64)

    Attributes:
        transforms: augmentations, and functions of images (n, height, width, channels), float64 in [0, 1], and a
            Generator that give images of that shape, in that range; they may change them in place.
        shape: of one image, see `Augmentation`. Those among the transforms needn't have one.
        scaler: where the images come standardized, the `Standardizer` that did it: they are augmented as they were
            before it, and standardized again. It needs ``shape``.

    Raises:
        TypeError, ValueError: a transform can't be called, or has another ``shape``; a ``scaler`` without ``shape``.
    """

    transforms: Sequence[Transform]
    scaler: Standardizer | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.transforms, tuple | list):
            raise TypeError(
                f"Compose takes a list of augmentations, as [hflip(), blur()], got {brief(self.transforms)}"
            )
        self._set("transforms", tuple(self.transforms))
        for i, each in enumerate(self.transforms):
            self._check(each, f"Compose: transform {i}, {brief(each)},")
        if self.scaler is not None and not isinstance(self.scaler, Standardizer):
            raise TypeError(f"Compose: scaler is a Standardizer, as Standardizer.of(X_train), got {brief(self.scaler)}")
        if self.scaler is not None and self.shape is None:
            raise ValueError("Compose: with a scaler, whose samples are rows, pass the shape of an image: shape=(8, 8)")

    def _check(self, each: Any, what: str) -> None:
        if isinstance(each, type):
            raise TypeError(f"{what} is a class; write {each.__name__}() for one with its defaults")
        if not callable(each):
            raise TypeError(f"{what} can't be called; give augmentations, or functions of images and a Generator")
        if getattr(each, "shape", None) not in (None, self.shape):
            raise ValueError(f"{what} has another shape than Compose, {self.shape}; leave it out there")
        if getattr(each, "scaler", None) is not None:
            raise ValueError(f"{what} has a scaler; give it to the outer Compose")

    @public
    def __call__(self, images: ArrayLike, rng: Seed) -> NDArray[Any]:
        """See `Augmentation.__call__`; with a ``scaler`` the images are rows, standardized."""
        if self.scaler is None:
            return super().__call__(images, rng)
        given = np.asarray(images)
        raw = self.scaler.inverse(given)
        inside = np.clip(raw, 0.0, 1.0)
        nearly = np.abs(inside - raw) <= _ROUNDING
        found = self.scaler(super().__call__(np.where(nearly, inside, raw), rng))
        return found.astype(given.dtype if given.dtype.kind == "f" else np.float64, copy=False)

    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """See `Augmentation.augmented`."""
        for i, each in enumerate(self.transforms):
            with noted(f"in Compose: transform {i}, {brief(each)}"):
                pixels = each.clipped(pixels, rng) if isinstance(each, Augmentation) else _checked(each, pixels, rng)
        return pixels


def _checked(transform: Transform, pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """What a function makes of the images."""
    shape = pixels.shape
    found = made(transform(pixels, rng), shape, "the transform")
    refuse_out_of_range(found, "the transform must make pixels")
    return found
