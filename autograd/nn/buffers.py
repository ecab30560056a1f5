"""Buffers: numbers of a module's state that are no parameters; checks of what becomes one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ShapeError


def new_name(module: Any, name: Any) -> str:
    """``name`` if the module has no such attribute and it can be one.

    >>> new_name(object(), "running_mean")
    'running_mean'
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise TypeError(f"a buffer is an attribute, so its name is a word like 'running_mean', got {name!r}")
    if hasattr(module, name):
        raise ValueError(f"{module!r} has an attribute {name!r} already; give the buffer another name")
    return name


def as_buffer(array: Any, name: str) -> NDArray[np.float64]:
    """Real numbers as a new float64 array.

    >>> as_buffer([1, 2], "seen")
    array([1., 2.])
    """
    try:
        numbers = np.asarray(array)
    except ValueError:  # lists of unequal lengths
        numbers = np.empty(0, dtype=object)
    if numbers.dtype.kind not in "fiu":
        raise TypeError(f"the buffer {name!r} is an array of real numbers, got {type(array).__name__}: {array!r}")
    return numbers.astype(np.float64)


def overwrite(buffer: NDArray[np.float64], array: Any, name: str) -> None:
    """Write numbers of the same shape into a buffer.

    >>> seen = np.zeros(2); overwrite(seen, [1, 2], "seen"); seen
    array([1., 2.])
    """
    numbers = as_buffer(array, name)
    if numbers.shape != buffer.shape:
        raise ShapeError(
            f"the buffer {name!r} has the shape {buffer.shape}, got {numbers.shape}; a buffer keeps its shape: delete "
            f"and register it anew for another one"
        )
    buffer[...] = numbers
