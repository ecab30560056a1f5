"""What comparisons of Values are: bools, or the conditions that a trace makes of them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .checks import NUMBERS, is_node, number_beside
from .scopes import current

_NUMBERS = (*NUMBERS, np.bool_, np.ndarray)
_HERE = "a comparison with a Value"


class Comparisons:
    """Base of `Value`: by value with numbers, and of two Values by value too, but for == and !=, which are identity.

    So ``v in values`` and ``values.index(v)`` find a Value itself among others. As a key in sets and dicts a Value is
    only found by itself, whatever number it equals: its number may change, and its hash must not.

    >>> from autograd import Value
    >>> v = Value(1.0); v == 1.0, v <= Value(1.0), v == Value(1.0), v in [Value(1.0), v], v in {1.0}
    (True, True, False, True, False)
    """

    __slots__ = ()

    _data: float
    describe: Callable[[], str]

    def __lt__(self, other: Any) -> bool:
        return _compared("<", operator.lt, self, other)

    def __le__(self, other: Any) -> bool:
        return _compared("<=", operator.le, self, other)

    def __gt__(self, other: Any) -> bool:
        return _compared(">", operator.gt, self, other)

    def __ge__(self, other: Any) -> bool:
        return _compared(">=", operator.ge, self, other)

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, _NUMBERS):
            return self is other if isinstance(other, Comparisons) else NotImplemented
        trace = current().trace
        if trace is not None:
            raise trace.refused("==", self.describe(), "equal")
        return self._data == number_beside(other, _HERE)

    __hash__ = object.__hash__


def is_stranger(x: Any) -> bool:
    """Whether ``x`` knows itself what an operation with a Value is, as a traced number does."""
    return is_node(x) and not isinstance(x, Comparisons)


def _compared(sign: str, order: Callable[[float, float], bool], a: Any, b: Any) -> bool:
    """A bool to type checkers, as Python's are; in a trace a condition."""
    trace = current().trace
    if trace is not None:
        condition: bool = trace.compare(sign, a, b)
        return condition
    if is_stranger(b):
        return NotImplemented  # type: ignore[no-any-return]
    return order(a._data, b._data if isinstance(b, Comparisons) else number_beside(b, _HERE))
