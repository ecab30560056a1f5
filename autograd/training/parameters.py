"""All the numbers that a training run changes, as one: zeroed, copied, put back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..parameter import Parameter, span, unique


class Trained:
    """The parameters of an optimizer and of the model, in one contiguous range of a store.

    >>> p = Parameter(1.0); trained = Trained([p]); kept = trained.copy()
    >>> p.data = 5.0; trained.restore(kept); p.data
    1.0
    """

    _data: NDArray[np.float64]
    _grad: NDArray[np.float64]

    def __init__(self, parameters: list[Parameter]) -> None:
        self.parameters = unique(parameters)
        self._store: Any = None

    @property
    def data(self) -> NDArray[np.float64]:
        """Their numbers, shape (n,): a view of the store, so good only until someone packs it anew."""
        self._bind()
        return self._data

    @property
    def grad(self) -> NDArray[np.float64]:
        """Their gradients, shape (n,), likewise."""
        self._bind()
        return self._grad

    def zero_grad(self) -> None:
        """Set every gradient to 0, and say that no backward has reached it."""
        self.grad.fill(0.0)
        self._store.forget()

    def copy(self) -> NDArray[np.float64]:
        """Their numbers now."""
        return self.data.copy()

    def restore(self, numbers: NDArray[np.float64]) -> None:
        """Put back what `copy` gave."""
        self.data[:] = numbers

    def _bind(self) -> None:
        if self.parameters[0].store is not self._store:
            self._store, begin, end = span(self.parameters)
            self._data, self._grad = self._store.data[begin:end], self._store.grad[begin:end]
