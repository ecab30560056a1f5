"""What layers and losses take for a row of inputs, and how errors name them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import is_node
from ..errors import ShapeError
from ..scopes import current


def is_plain(x: Any) -> bool:
    """Whether ``x`` is a plain number, and so can be checked.

    >>> from autograd.value import Value
    >>> is_plain(1), is_plain(Value(1.0))
    (True, False)
    """
    return isinstance(x, int | float | np.number | np.bool_)


def is_single(x: Any) -> bool:
    """Whether ``x`` stands for one number: a Value (or what else takes operations), a number, a 0-d array.

    >>> is_single(2.0), is_single([2.0])
    (True, False)
    """
    return is_node(x) or is_plain(x) or (isinstance(x, np.ndarray) and x.ndim == 0)


def as_list(x: Any, what: str) -> list[Any]:
    """One sample as a list: from a list, tuple, iterator, NumPy row of shape (n,), or a single number or Value.

    Raises:
        ShapeError: an array has more than one dimension; ``what`` begins the message.
        TypeError: it is nothing of all that.

    >>> import numpy as np
    >>> as_list(np.array([1, 2]), "a layer"), as_list(3.0, "a layer")
    ([1, 2], [3.0])
    """
    kind = type(x)
    if kind is list:
        return x  # type: ignore[no-any-return]
    if kind is np.ndarray:
        if x.ndim > 1:
            raise ShapeError(
                f"{what} takes one sample at a time, a row of numbers, got an array of shape {x.shape}; "
                f"call it for each row: [model(row) for row in X]"
            )
        return x.tolist() if x.ndim else [x.item()]
    if is_node(x) or is_plain(x):
        return [x]
    if isinstance(x, str | bytes) or not hasattr(kind, "__iter__"):
        raise TypeError(f"{what} takes a list of numbers or Values, got {kind.__name__}: {x!r}")
    return list(x)


def here(thing: object) -> str:
    """``thing`` as an error names it: its path (the scope in force) and its repr.

    >>> here(0)
    '0'
    """
    path = current().path
    return f"{path}: {thing!r}" if path else repr(thing)
