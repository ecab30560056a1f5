"""Images as augmentations take them: which shapes, types and ranges, and the way to one common form and back."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ShapeError

Pixels: TypeAlias = NDArray[np.float64]
"""Images in the common form: (n, height, width, channels), float64 from 0 to 1."""
_CHANNELS = (1, 3)
_NO_CHANNEL = 5
"""From this size on a last axis is a width: nobody has images so narrow, or of so many colours."""


def opened(images: ArrayLike, shape: tuple[int, ...] | None, who: str) -> tuple[Pixels, NDArray[Any]]:
    """Images in the common form, and as the array that they came as; ``who`` begins the messages.

    Raises:
        TypeError, ValueError, ShapeError: see `Augmentation.__call__`.

    >>> pixels, array = opened(np.full((2, 8, 8), 51, np.uint8), None, "hflip"); pixels.shape, pixels.max()
    ((2, 8, 8, 1), np.float64(0.2))
    """
    try:
        array = np.asarray(images)
    except ValueError:  # lists of unequal lengths
        raise ShapeError(f"{who}: the images have different shapes; give them one by one") from None
    if array.dtype.kind != "f" and array.dtype != np.uint8:
        cure = (
            "; write images.astype(numpy.uint8) for 0 to 255, images / 16 for 0 to 16"
            if array.dtype.kind in "iu"
            else ""
        )
        raise TypeError(f"{who} takes images of floats in [0, 1], or of uint8, got dtype {array.dtype}{cure}")
    frames = _by_rule(array.shape, who) if shape is None else _as_told(array.shape, shape, who)
    if not array.size:
        raise ShapeError(f"{who} got no pixels, an array of shape {array.shape}; give at least one image")
    pixels = array.astype(np.float64).reshape(frames)
    if array.dtype == np.uint8:
        pixels /= 255.0
    else:
        refuse_out_of_range(pixels, f"{who} takes pixels")
    return pixels, array


def closed(pixels: Pixels, like: NDArray[Any]) -> NDArray[Any]:
    """From the common form to the shape and dtype of ``like``; uint8 is rounded to the nearest."""
    if like.dtype == np.uint8:
        pixels = np.rint(pixels * 255.0)
    return pixels.reshape(like.shape).astype(like.dtype)


def made(found: Any, shape: tuple[int, ...], who: str) -> Pixels:
    """What was made of images in the common form, if it still is such; ``who`` made it.

    Raises:
        TypeError, ShapeError: it isn't.
        ValueError: a pixel is NaN.
    """
    if found is None:
        raise TypeError(f"{who} gave None; return the images, also where they are changed in place")
    array = np.asarray(found)
    if array.shape != shape:
        raise ShapeError(
            f"{who} made images of shape {array.shape} of such of {shape}; it must keep their shape, as resize does: "
            f"cut off, or fill up"
        )
    if array.dtype.kind != "f":
        raise TypeError(f"{who} made images of dtype {array.dtype} of such of float64; give floats in [0, 1]")
    if np.isnan(array).any():
        refuse_out_of_range(array, f"{who} must make pixels")
    return array.astype(np.float64, copy=False)


def refuse_out_of_range(pixels: NDArray[Any], what: str) -> None:
    """Refuse what is NaN or outside of [0, 1], naming the first one."""
    if pixels.min() >= 0.0 and pixels.max() <= 1.0:
        return
    outside = np.argwhere(~((pixels >= 0.0) & (pixels <= 1.0)))
    first = tuple(map(int, outside[0]))
    more = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
    image, row, column, channel = first
    raise ValueError(
        f"{what} in [0, 1], got {float(pixels[first])} in image {image}, row {row}, column {column}, channel {channel}"
        f"{more}, counted from 0; {_cure(pixels)}"
    )


def _cure(pixels: NDArray[Any]) -> str:
    if not np.isfinite(pixels).all():
        return "drop such images or fill the gaps"
    if pixels.min() < 0:
        return "augment before standardizing; in training: Compose([...], shape=(8, 8), scaler=standardizer)"
    return "divide by 255 (or what white is), or pass uint8"


def _by_rule(shape: tuple[int, ...], who: str) -> tuple[int, ...]:
    """The common form of an array whose axes say enough."""
    match shape:
        case (height, width):
            return 1, height, width, 1
        case (_, _, _, channels) if channels in _CHANNELS:
            return shape
        case (first, width, 1 | 3) if width >= _NO_CHANNEL and first not in (3, 4):
            return 1, *shape
        case (first, _, width) if width >= _NO_CHANNEL and first not in (3, 4):
            return *shape, 1
    raise ShapeError(f"{who} can't tell what an array of shape {shape} is{_doubt(shape)}")


def _doubt(shape: tuple[int, ...]) -> str:
    match shape:
        case (3 | 4, _, width) if width >= _NO_CHANNEL:
            return (
                f": {shape[0]} grey images, or one with its channels first; pass shape={shape[1:]} where you make the "
                f"augmentation, or images.transpose(1, 2, 0)"
            )
        case (_, 1 | 3 | 4, _, _):
            return "; channels come last here: images.transpose(0, 2, 3, 1)"
        case (*_, 4):
            return "; grey and RGB images are known: leave the alpha channel out, images[..., :3]"
        case (_, _, _):
            return (
                ": one image (height, width, channels), or several (n, height, width); pass the shape of one where you "
                "make the augmentation, as shape=(8, 8)"
            )
    return (
        "; images are (height, width), (height, width, channels) or several of them, (n, ...), with 1 or 3 channels; "
        "for rows of pixels pass the shape of one image where you make the augmentation, as shape=(8, 8)"
    )


def _as_told(shape: tuple[int, ...], one: tuple[int, ...], who: str) -> tuple[int, ...]:
    """The common form of one image of a known shape, several, or several as rows."""
    frame = one if len(one) == 3 else (*one, 1)
    if shape == one:
        return 1, *frame
    if shape[1:] == one or (len(shape) == 2 and shape[1] == np.prod(one)):
        return shape[0], *frame
    rows = int(np.prod(one))
    raise ShapeError(
        f"{who} has shape={one}, for arrays of shape {one}, (n, {', '.join(map(str, one))}) or (n, {rows}), got {shape}"
    )
