"""Standardization: inputs with mean 0 and standard deviation 1, by the numbers of the training set alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..calls import public
from ..errors import ShapeError
from .samples import numbers


@dataclass(frozen=True, eq=False)
class Standardizer:
    """Column by column ``(X - mean) / scale``. Made from the training set; every other set is mapped by it as it is.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 4.3.

    Attributes:
        mean: shape (k,), or () for inputs of shape (n,).
        scale: the standard deviation (divided by n), and 1 for a column of equal numbers.

    >>> scaler = Standardizer.of([[1.0, 5.0], [3.0, 5.0]])
    >>> scaler([[2.0, 5.0], [5.0, 6.0]])
    array([[0., 0.],
           [3., 1.]])
    >>> scaler.inverse([[3.0, 1.0]])
    array([[5., 6.]])
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, X: ArrayLike) -> Standardizer:
        """The standardizer of these samples, shape (n,) or (n, k).

        Raises:
            TypeError, ValueError: they aren't finite numbers, or there are none.
        """
        array = numbers(X, "X").astype(np.float64)
        if not len(array):
            raise ShapeError("X is empty: there is no mean to take; give at least one sample")
        # Rounding leaves a tiny deviation in a column of equal numbers, hence the exact test.
        equal = array.max(axis=0) == array.min(axis=0)
        mean = np.where(equal, array[0], array.mean(axis=0))
        return cls(mean, np.where(equal, 1.0, array.std(axis=0)))

    def __call__(self, X: ArrayLike) -> NDArray[np.float64]:
        """The samples, standardized. A ShapeError if they have another number of columns."""
        result: NDArray[np.float64] = (self._fitting(X) - self.mean) / self.scale
        return result

    def inverse(self, Z: ArrayLike) -> NDArray[np.float64]:
        """What `__call__` made ``Z`` from."""
        result: NDArray[np.float64] = self._fitting(Z) * self.scale + self.mean
        return result

    def _fitting(self, X: ArrayLike) -> NDArray[np.float64]:
        array: NDArray[np.float64] = np.asarray(X, dtype=np.float64)
        if array.ndim != 1 + self.mean.ndim or array.shape[1:] != self.mean.shape:
            expected = "(n,)" if not self.mean.ndim else f"(n, {len(self.mean)})"
            raise ShapeError(
                f"this Standardizer was made from samples of shape {expected}, got {array.shape}; "
                f"make another one with Standardizer.of(X_train)"
            )
        return array


@public
def standardize(train: ArrayLike, *others: ArrayLike) -> tuple[NDArray[Any], ...]:
    """All the sets by the mean and deviation of the first, which is the training set; a tuple with one array for each.

    >>> train, test = standardize([1.0, 3.0], [2.0])
    >>> train, test
    (array([-1.,  1.]), array([0.]))
    """
    scaler = Standardizer.of(train)
    return tuple(scaler(each) for each in (train, *others))
