"""What a training reads: the user's own arrays, live, and a transform of each batch of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data.samples import Samples, numbers
from ..data.sampling import split
from ..errors import ShapeError

Floats = NDArray[np.float64]


class Data:
    """Samples, live: what is written into the arrays that were given is seen by the epochs that follow.

    Arrays of float64 that lie row by row are read where they are. Others are converted, and again at each `refresh`.

    Attributes:
        X: float64, shape (n,) or (n, k).
        Y: float64 or int64 (eager losses take class indices), shape (n,) or (n, m).
        floats: both as compiled code reads them, C-contiguous and float64.

    >>> X = np.float32([1.0, 2.0]); data = Data(X, [0, 1]); X[0] = 5.0; data.refresh(); data.X
    array([5., 2.])
    """

    def __init__(self, X: ArrayLike, Y: ArrayLike, what: str = "") -> None:
        samples = Samples.of(X, Y, what, copy=False)
        self.X, self.Y = samples.X, samples.Y
        self._follow(X, Y, None)

    def _follow(self, X: Any, Y: Any, chosen: NDArray[np.intp] | None) -> None:
        """Remember what was given, and which rows of it these are."""
        self.floats: tuple[Floats, Floats] = (
            np.require(self.X, np.float64, ["C", "A"]),
            np.require(self.Y, np.float64, ["C", "A"]),
        )
        self._given, self._chosen = (X, Y), chosen
        arrays = [array for array in (X, Y, self.X, self.Y) if isinstance(array, np.ndarray)]
        self._shapes = [(array, array.shape) for array in arrays]
        pairs = ((X, self.X), (Y, self.Y), (self.X, self.floats[0]), (self.Y, self.floats[1]))
        self._copies = [
            (source, copy) for source, copy in pairs if isinstance(source, np.ndarray) and not _is_same(source, copy)
        ]

    def part(self, fraction: float, random: np.random.Generator) -> tuple[Data, Data]:
        """Two parts of the samples: without a share that is drawn, and that share."""
        rows = np.arange(len(self))
        kept, held_out, _, _ = split(rows, rows, fraction, rng=random)
        return self._rows(kept), self._rows(held_out)

    def _rows(self, chosen: NDArray[np.intp]) -> Data:
        part = object.__new__(Data)
        part.X, part.Y = self.X[chosen], self.Y[chosen]
        part._follow(*self._given, chosen)
        return part

    def refresh(self) -> None:
        """See what was written into the arrays since.

        Raises:
            ShapeError: one has another shape now.
        """
        for array, shape in self._shapes:
            if array.shape != shape:
                raise ShapeError(
                    f"the data of a training changed its shape from {shape} to {array.shape} while it went on; change "
                    f"its numbers in place, or train again: fit(...)"
                )
        for source, copy in self._copies:
            is_given = self._chosen is not None and any(source is each for each in self._given)
            copy[...] = source[self._chosen] if is_given else source

    def __len__(self) -> int:
        return len(self.X)


def _is_same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether they are the same numbers in the same memory."""
    return a.dtype == b.dtype and a.shape == b.shape and a.ctypes.data == b.ctypes.data and a.strides == b.strides


class Transform:
    """A user's function of a batch and a Generator, which has its own random numbers.

    >>> noisy = Transform(lambda X, rng: X + rng.normal(size=X.shape), np.random.default_rng(0))
    >>> noisy(np.zeros((2, 3))).shape
    (2, 3)
    """

    def __init__(self, function: Callable[[Floats, np.random.Generator], Any], random: np.random.Generator) -> None:
        self._function = function
        # One of its own: how many orders are drawn ahead must make no difference.
        self._random = np.random.default_rng(random.integers(1 << 63, size=4))

    def __call__(self, X: Floats) -> Floats:
        """The batch to train on: it may be the same array, changed in place. Whether it is finite isn't looked at.

        Raises:
            TypeError, ShapeError: it is no array of numbers of the same shape.
        """
        shape = X.shape
        found = self._function(X, self._random)
        if found is None:
            raise TypeError("transform returned None; return the batch, also where it is changed in place")
        is_plain = type(found) is np.ndarray and found.dtype == np.float64
        batch: Floats = found if is_plain else numbers(found, "the transformed batch").astype(np.float64)
        if batch.shape != shape:
            raise ShapeError(f"transform made a batch of shape {batch.shape} of one of {shape}; it must keep the shape")
        return batch

    @property
    def state(self) -> Any:
        """Where its random numbers are; can be set."""
        return self._random.bit_generator.state

    @state.setter
    def state(self, state: Any) -> None:
        self._random.bit_generator.state = state
