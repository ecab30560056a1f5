"""Sums of products: a weighted sum of a list, as every neuron has one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from .calls import public
from .checks import row
from .errors import ShapeError
from .scopes import current
from .value import Value


@overload
def dot(ws: Iterable[float], xs: Iterable[float], start: float = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def dot(ws: Iterable[Value | float], xs: Iterable[Value | float], start: Value | float = ...) -> Value: ...
@overload
def dot(ws: Any, xs: Any, start: Any = ...) -> Any: ...


@public
def dot(ws: Any, xs: Any, start: Any = 0.0) -> Any:
    """``start + ws[0] * xs[0] + ws[1] * xs[1] + ...``

    Of Values and Parameters it builds a binary ``*`` and ``+`` for each pair, so that every product can be seen. In a
    function that `compile` traces it is one step, however long the lists are.

    Args:
        ws, xs: two lists of Values or numbers of one length, or NumPy arrays of numbers, whose products are summed over
            the last axis (shapes broadcast as elsewhere in NumPy).
        start: what the sum begins with, such as a bias.

    Returns:
        A Value if one is among the arguments; a number, or an array, if all are numbers.

    Raises:
        ShapeError: the lists differ in length, the arrays in shape.
        TypeError: one of the two is no list.

    >>> from autograd import Parameter, dot
    >>> w = [Parameter(2.0), Parameter(-1.0)]; y = dot(w, [3.0, 4.0], start=0.5); y.backward()
    >>> y.data, [p.grad for p in w]
    (2.5, [3.0, 4.0])
    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    if isinstance(ws, np.ndarray) and isinstance(xs, np.ndarray) and object not in (ws.dtype, xs.dtype):
        return _dot_of_arrays(ws, xs, start)
    first, second = _as_list(ws, "first"), _as_list(xs, "second")
    if len(first) != len(second):
        raise ShapeError(f"dot takes two lists of one length, got {len(first)} and {len(second)} numbers")
    return weighted_sum(first, second, start)


def weighted_sum(ws: Sequence[Any], xs: Sequence[Any], start: Any) -> Any:
    """The same of two lists of one length; without ``start`` (None) the sum begins with the first product."""
    tracer = current().trace
    if tracer is not None:
        step = tracer.dot(ws, xs, start)
        if step is not None:
            return step
    terms = zip(ws, xs)  # noqa: B905 (of one length; strict would cost a tenth of the loop)
    if start is None:
        w, x = next(terms)
        start = w * x
    for w, x in terms:
        start = start + w * x
    return start


def _dot_of_arrays(ws: NDArray[Any], xs: NDArray[Any], start: Any) -> Any:
    if not ws.ndim or not xs.ndim or ws.shape[-1] != xs.shape[-1]:
        raise ShapeError(f"dot sums over the last axis: it must have one length, got {ws.shape} and {xs.shape}")
    try:
        return start + (ws * xs).sum(axis=-1)
    except ValueError:
        raise ShapeError(f"dot takes arrays whose shapes broadcast, got {ws.shape} and {xs.shape}") from None


def _as_list(x: Any, which: str) -> Sequence[Any]:
    # Of a ParameterArray nobody needs to look at the faces.
    if isinstance(x, list | tuple) or (isinstance(x, Sequence) and getattr(x, "ndim", 0) == 1):
        return x
    many = "write [dot(row, xs) for row in W], or give two NumPy arrays"
    return row(x, f"the {which} argument of dot", many, "for a single product write w * x", "is one row of numbers")
