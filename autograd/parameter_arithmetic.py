"""What + and its like are for arrays of parameters: those of a list, and inside `no_grad` changes in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import is_node, real_array
from .cures import Answering
from .errors import ShapeError
from .scopes import current


class ArrayArithmetic(Answering):
    """Base of `ParameterArray`.

    >>> from autograd import ParameterArray, no_grad
    >>> weight = ParameterArray([[1.0, 2.0], [3.0, 4.0]])
    >>> with no_grad(): weight -= 0.5; weight[1] *= 2.0
    >>> weight.data.tolist()
    [[0.5, 1.5], [5.0, 7.0]]
    """

    __slots__ = ()

    data: NDArray[np.float64]
    __iter__: Callable[..., Any]

    def __add__(self, other: Any) -> list[Any]:
        if isinstance(other, np.ndarray):
            return NotImplemented  # item by item, as of a list of Parameters
        return [*self, *other] if hasattr(other, "__iter__") else self._no_arithmetic(other)

    def __radd__(self, other: Any) -> list[Any]:
        return [*other, *self] if hasattr(other, "__iter__") else self._no_arithmetic(other)

    def _no_arithmetic(self, _: Any = None) -> Any:
        raise TypeError(
            f"{self!r} is a sequence of Parameters and has no arithmetic: write formulas of its items, as in "
            f"[2 * w for w in row] and autograd.dot(row, xs), or take its numbers, .data (inside no_grad() "
            f"weight -= ... changes them)"
        )

    __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __neg__ = _no_arithmetic
    __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = __ge__ = _no_arithmetic

    def __iadd__(self, other: Any) -> Any:
        is_list = hasattr(other, "__iter__") and not isinstance(other, np.ndarray | ArrayArithmetic)
        return NotImplemented if is_list else self._in_place(np.add, other)

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place(np.subtract, other)

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place(np.multiply, other)

    def __itruediv__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place(np.divide, other)

    def _in_place(self, compute: Callable[..., Any], other: Any) -> Any:
        """Change the numbers; where operations are recorded, let the operator say what it means."""
        scope = current()
        if scope.recording:
            return NotImplemented
        if scope.trace is not None:
            raise scope.trace.refused("a change in place", repr(self), "place")
        given = real_array(getattr(other, "data", other) if _holds_numbers(other) else other, f"a change of {self!r}")
        try:
            self.data[...] = compute(self.data, given)
        except ValueError as error:
            raise ShapeError(f"{self!r} can't be changed by numbers of the shape {given.shape}") from error
        return self


ABSENT = {
    name: f"take its numbers, weight.data.{name}; in a formula go through its Parameters, as in "
    f"sum(w * w for row in weight for w in row), or take autograd.dot(row, xs)"
    for name in dir(np.ndarray)
    if name[0] != "_"
} | {"numpy": "its numbers are weight.data"}
"""What NumPy's arrays have and these haven't, and what to write."""


def _holds_numbers(x: Any) -> bool:
    return isinstance(x, ArrayArithmetic) or is_node(x)
