"""Inputs and targets, checked once, so that training can trust them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ShapeError


def numbers(given: ArrayLike, name: str, copy: bool = True) -> NDArray[Any]:
    """``given`` as an array of finite numbers, shape (n,) or (n, k): float64, or int64 where all are whole by type.

    Args:
        given: anything that NumPy reads as numbers; bools become 0 and 1.
        name: what messages call it, as in ``"X"``.
        copy: whether the result shares no memory with what was given, also where it could.

    Raises:
        TypeError: these are no real numbers.
        ShapeError: another shape, or rows of different lengths.
        ValueError: NaN or an infinity is among them; the row and the column are named.

    >>> numbers([[1, 2], [3, 4]], "X").shape
    (2, 2)
    """
    try:
        array = np.array(given, copy=copy or None)
    except ValueError:
        raise ShapeError(
            f"{name} has rows of different lengths; every sample needs the same number of entries"
        ) from None
    if array.dtype.kind not in "biuf":
        example = f", as in {array.flat[0]!r}" if array.size else ""
        raise TypeError(f"{name} must hold real numbers, got an array of dtype {array.dtype}{example}")
    if array.ndim not in (1, 2):
        raise ShapeError(
            f"{name} must have shape (samples,) or (samples, entries), got {array.shape}; "
            f"a list of samples, and {name}.reshape(len({name}), -1) for images"
        )
    if array.ndim == 2 and array.shape[1] == 0 and len(array):
        raise ShapeError(f"{name} has shape {array.shape}: its samples have no entries; give at least one column")
    array = array.astype(np.float64 if array.dtype.kind == "f" else np.int64, copy=False)
    _refuse_nonfinite(array, name)
    return array


def _refuse_nonfinite(array: NDArray[Any], name: str) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        wrong = np.argwhere(~np.isfinite(array))
        row, *column = map(int, wrong[0])
        place = f"row {row}, column {column[0]}" if column else f"row {row}"
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise ValueError(
            f"{name} is {float(array[tuple(wrong[0])])} in {place}{more}, counted from 0; "
            f"drop such samples or fill the gaps before training"
        )


@dataclass(frozen=True, slots=True)
class Samples:
    """n samples: inputs ``X``, shape (n,) or (n, k), float64, and targets ``Y``, shape (n,) or (n, m).

    Targets that are whole numbers by type stay so: they may be class indices.

    >>> Samples.of([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    Samples(X: (2, 2), Y: (2,))
    """

    X: NDArray[np.float64]
    Y: NDArray[Any]

    @classmethod
    def of(cls, X: ArrayLike, Y: ArrayLike, what: str = "", copy: bool = True) -> Samples:
        """Both, checked; copies, or without ``copy`` the arrays themselves where they are float64 (or int64 targets).

        ``what`` says whose they are in messages, as in ``"validation "``.

        Raises:
            TypeError, ValueError: as `numbers` does.
            ShapeError: there are no samples, or not as many targets as inputs.
        """
        inputs, targets = numbers(X, f"{what}X", copy), numbers(Y, f"{what}Y", copy)
        if len(inputs) != len(targets):
            raise ShapeError(
                f"{what}X has {len(inputs)} samples and {what}Y has {len(targets)} targets; give one target a sample"
            )
        if not len(inputs):
            raise ShapeError(f"{what}X and {what}Y are empty; give at least one sample")
        return cls(inputs.astype(np.float64, copy=False), targets)

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, index: Any) -> Samples:
        return Samples(self.X[index], self.Y[index])

    def __repr__(self) -> str:
        return f"Samples(X: {self.X.shape}, Y: {self.Y.shape})"
