"""What an augmentation is: a callable of images and a Generator, whose arguments are fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, dataclass_transform

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...calls import answer_calls, public
from ...checks import brief, whole_number
from ...intervals import Interval, as_number
from ...randomness import Seed, generator
from .images import Pixels, closed, made, opened


def number(default: float, low: float, high: float, ends: str = "[]") -> Any:
    """Declares a field as a number in an `Interval`."""
    return field(default=default, metadata={"allowed": Interval(low, high, ends)})


def whole(default: int, least: int = 0) -> Any:
    """Declares a field as a whole number."""
    return field(default=default, metadata={"least": least})


def fill(*, default: float, kw_only: bool) -> Any:
    """Declares what is put where an image has no pixels."""
    return field(default=default, kw_only=kw_only, metadata={"allowed": Interval(0.0, 1.0, "[]")})


@dataclass_transform(frozen_default=True, field_specifiers=(field, number, whole, fill))
@dataclass(frozen=True, repr=False)
class Augmentation(ABC):
    """Base of what changes images at random and keeps their shape and dtype. Its subclasses are frozen dataclasses.

    Whoever writes one declares its arguments as fields and writes `augmented`:

    >>> class invert(Augmentation):
    ...     '''Swap black and white with probability ``p``.'''
    ...     p: float = number(0.5, 0.0, 1.0)
    ...     def augmented(self, pixels, rng):
    ...         return np.where(rng.random((len(pixels), 1, 1, 1)) < self.p, 1.0 - pixels, pixels)
    >>> invert(1.0), invert(1.0)([[0.0, 0.25]], rng=0)
    (invert(p=1.0), array([[1.  , 0.75]]))

    Attributes:
        shape: of one image, (height, width) or (height, width, channels). With it, rows of pixels (n, height * width
            * channels) are taken too, as `fit` hands them to its ``transform``. None: the array says it.
    """

    shape: tuple[int, ...] | None = field(default=None, kw_only=True)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        answer_calls(dataclass(frozen=True, repr=False)(cls))

    def __post_init__(self) -> None:
        name = type(self).__name__
        for each in fields(self):
            given, what = getattr(self, each.name), f"{name}: {each.name}"
            if isinstance(given, np.ndarray) and each.metadata:
                raise TypeError(f"{name}(...) makes an augmentation; give that the images: {name}()(images, rng)")
            if "allowed" in each.metadata:
                self._set(each.name, as_number(given, what, each.metadata["allowed"], each.default))
            elif "least" in each.metadata:
                self._set(each.name, whole_number(given, what, each.metadata["least"]))
        if self.shape is not None:
            self._set("shape", _image_shape(self.shape, name))

    def _set(self, name: str, x: object) -> None:
        object.__setattr__(self, name, x)  # a frozen dataclass while it is being made

    @public
    def __call__(self, images: ArrayLike, rng: Seed) -> NDArray[Any]:
        """The images, augmented: a new array of the same shape and dtype. Each image has draws of its own.

        Args:
            images: floats in [0, 1], or uint8; results are clipped to that range, and rounded for uint8. Without
                `shape`: (height, width), (height, width, channels), or several of them, (n, ...), with 1 or 3 channels.
                Three axes are one image where the last has 1 or 3 entries, several where it has at least 5.
            rng: a Generator, a seed, or None for fresh entropy (see `autograd.manual_seed`).

        Raises:
            TypeError: another dtype, or no Generator.
            ShapeError: another shape, one that could be either, or no pixels.
            ValueError: a pixel is NaN or outside of [0, 1].
        """
        name = type(self).__name__
        pixels, array = opened(images, self.shape, name)
        return closed(self.clipped(pixels, generator(rng, f"{name}: rng")), array)

    @property
    def takes_rows(self) -> bool:
        """Whether rows of pixels are known for images, as `fit` needs it: where there is a `shape`."""
        return self.shape is not None

    def clipped(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """What `augmented` makes, if it still is images, clipped to [0, 1]."""
        shape = pixels.shape
        result: Pixels = np.clip(made(self.augmented(pixels, rng), shape, type(self).__name__), 0.0, 1.0)
        return result

    @abstractmethod
    def augmented(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Images (n, height, width, channels), float64 in [0, 1], to such of that shape; they may be changed in place.

        What it makes may leave the range. All numbers are drawn image by image, so that a batch gives what its images
        would one by one.
        """

    def __repr__(self) -> str:
        shown = [each for each in fields(self) if not each.kw_only or getattr(self, each.name) != each.default]
        shown.sort(key=lambda each: (each.kw_only, each.name == "shape"))  # the common one last
        return f"{type(self).__name__}({', '.join(f'{each.name}={getattr(self, each.name)!r}' for each in shown)})"


def _image_shape(shape: Any, who: str) -> tuple[int, ...]:
    what = f"{who}: shape"
    if not isinstance(shape, tuple | list) or len(shape) not in (2, 3):
        raise TypeError(f"{what} is that of one image, as (8, 8) or (32, 32, 3), got {brief(shape)}")
    sizes = tuple(whole_number(size, what) for size in shape)
    if len(sizes) == 3 and sizes[2] not in (1, 3):
        raise ValueError(f"{what} has 1 or 3 channels at its end, as (32, 32, 3), got {sizes}")
    return sizes
