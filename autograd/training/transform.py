"""Transforms: what a user has done to each batch of inputs before it is trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.samples import numbers
from ..errors import ShapeError

Floats = NDArray[np.float64]


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
