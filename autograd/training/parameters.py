"""All the numbers that a training run changes, as one: zeroed, checked, copied, put back."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..parameter import Parameter
from ..parameter_list import ParameterList
from ..store import Span


class Trained:
    """The parameters of an optimizer and of the model.

    >>> from autograd import nn
    >>> model = nn.Linear(1, 1); trained = Trained(model.parameters()); kept = trained.copy()
    >>> model.weight.data[...] = 5.0; trained.restore(kept); bool(model.weight.data[0, 0] == kept[0])
    True
    """

    def __init__(self, *lists: ParameterList) -> None:
        self.lists = lists
        self._span = Span(place for each in lists for place in each.places())
        self.zero_grad = self._span.zero_grad

    def copy(self) -> NDArray[np.float64]:
        """Their numbers now, in memory order."""
        self._span.load()
        return self._span.data.copy()

    def restore(self, numbers: NDArray[np.float64]) -> None:
        """Put back what `copy` gave."""
        self._span.load()
        self._span.data[:] = numbers
        self._span.save()

    def is_finite(self) -> bool:
        """Whether all numbers are finite."""
        return all(map(_is_finite, self._span.datas))

    def has_finite_gradients(self) -> bool:
        """Whether all gradients are finite."""
        return all(map(_is_finite, self._span.grads))

    def first_infinite(self, before: NDArray[np.float64]) -> tuple[Parameter, float]:
        """The first parameter whose number isn't finite, and what it was in ``before``."""
        for each in self.lists:
            for parameter, position in zip(each, self._span.positions(each.slots()), strict=True):
                if not np.isfinite(parameter.data):
                    return parameter, float(before[position])
        raise AssertionError("all parameters are finite")


def _is_finite(numbers: NDArray[np.float64]) -> bool:
    # A sum of squares takes a quarter of the time; that of large numbers may be infinite while they aren't.
    return math.isfinite(np.vdot(numbers, numbers)) or bool(np.isfinite(numbers).all())
