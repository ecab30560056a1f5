"""Functions of lists of numbers or Values: sums, products, means, softmax. Of one sample, as everything here is."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import reduce
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from .calls import public
from .checks import is_node, real_number, row
from .errors import ShapeError
from .ops import exp, logsumexp, maximum
from .scopes import current
from .value import Value


@overload
def sum(xs: Iterable[float], start: float = ...) -> float: ...  # type: ignore[overload-overlap]
@overload
def sum(xs: Iterable[Value | float], start: Value | float = ...) -> Value: ...
@overload
def sum(xs: Iterable[Any], start: Any = ...) -> Any: ...


@public
def sum(xs: Iterable[Any], start: Any = 0) -> Any:
    """``start + xs[0] + xs[1] + ...``, one addition after the other: Python's own sum, without an idle ``0 +``.

    Args:
        xs: a list, a NumPy row or any iterable of numbers or Values, such as a generator.
        start: what the sum begins with.

    Returns:
        A Value if one is among them, else a number; ``start`` of no items.

    Raises:
        ShapeError: an array has more than one dimension.
        TypeError: ``xs`` is no iterable of numbers.

    >>> from autograd import Value, sum
    >>> a, b = Value(2.0), Value(3.0); y = sum([a, b, a]); y.backward(); y.data, a.grad, b.grad
    (7.0, 2.0, 1.0)
    """
    items = list(xs) if isinstance(xs, Mapping | Set) else _row(xs, "sum")  # as Python's own
    is_idle = isinstance(start, int | float) and start == 0 and items
    try:
        total = builtins.sum(items[1:], items[0]) if is_idle else builtins.sum(items, start)
    except TypeError:
        _refuse_items(items, "sum")
        raise
    if is_idle and isinstance(total, list | tuple | str):
        _refuse_items([total, *items], "sum")
    return total


@overload
def mean(xs: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def mean(xs: Iterable[Value | float]) -> Value: ...


@public
def mean(xs: Iterable[Any]) -> Any:
    """``sum(xs) / n`` of n numbers or Values, at least one; arguments and errors are those of `sum`.

    >>> from autograd import Value, mean
    >>> a = Value(2.0); y = mean([a, 4.0]); y.backward(); y.data, a.grad
    (3.0, 0.5)
    """
    items = _row(xs, "mean")
    if not items:
        raise ShapeError("mean of no numbers: it needs at least one")
    return sum(items) / float(len(items))


@overload
def softmax(xs: Iterable[float], dim: int | None = ...) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(xs: Iterable[Value | float], dim: int | None = ...) -> list[Value]: ...


@public
def softmax(xs: Iterable[Any], dim: int | None = None) -> list[Any]:
    """``exp(x) / Σ exp(x)`` of each item, without overflow: probabilities that sum to 1.

    (Bridle 1990.) The largest is subtracted first, which changes nothing but the digits. For training give the logits
    themselves to `nn.losses.cross_entropy`, which is exact where a probability rounds to 0.

    Args:
        xs: at least one number or Value: a list, a NumPy row, an iterator.
        dim: as in PyTorch; -1, or 1 as for rows of a batch: here all is about one sample, so they mean the same.

    Returns:
        A list of as many Values (numbers, if all are numbers).

    Raises:
        ShapeError: there are none, or an array has more than one dimension.
        ValueError: another ``dim``.

    >>> from autograd import softmax
    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    powers = [exp(z) for z in _shifted(xs, "softmax", dim)]
    total = sum(powers)
    return [power / total for power in powers]


@overload
def log_softmax(xs: Iterable[float], dim: int | None = ...) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def log_softmax(xs: Iterable[Value | float], dim: int | None = ...) -> list[Value]: ...


@public
def log_softmax(xs: Iterable[Any], dim: int | None = None) -> list[Any]:
    """``log softmax(xs)``, which is ``x - logsumexp(xs)``: finite where a probability rounds to 0.

    Arguments and errors are those of `softmax`.

    >>> from autograd import log_softmax
    >>> log_softmax([0.0, -1000.0])
    [0.0, -1000.0]
    """
    zs = _shifted(xs, "log_softmax", dim)
    total = logsumexp(*zs)
    return [z - total for z in zs]


def _shifted(xs: Iterable[Any], name: str, dim: int | None) -> list[Any]:
    """The items less the largest, through which no gradient flows: no result depends on it."""
    check_dim(dim, name)
    items = _row(xs, name)
    if not items:
        raise ShapeError(f"{name} of no numbers: it needs at least one")
    try:
        largest = reduce(maximum, items)
        largest = largest.detach() if hasattr(largest, "detach") else largest
        return [x - largest for x in items]
    except TypeError:
        _refuse_items(items, name)
        raise


def _refuse_items(items: list[Any], name: str) -> None:
    """The words for what is no number among the items."""
    wrong = next((x for x in items if isinstance(x, list | tuple | np.ndarray)), None)
    if wrong is not None:
        raise TypeError(
            f"{name} takes one list of numbers or Values, got a list of lists; write [{name}(row) for row in X]"
        )
    for x in items:
        if not is_node(x) and not isinstance(x, np.ndarray):
            real_number(x, f"an item of {name}")


def check_dim(dim: int | None, name: str) -> None:
    """A ValueError where ``dim`` names another axis than the numbers of one sample.

    >>> check_dim(-1, "softmax")
    """
    if dim not in (None, -1, 1):
        raise ValueError(
            f"{name} is over the numbers of one sample, which is dim=-1; got dim={dim!r}. "
            f"Leave it out; what mixes samples of a batch is written over their list"
        )


def _row(xs: Any, name: str) -> list[Any]:
    return row(xs, name, f"write [{name}(row) for row in X]", f"write {name}([x])", "takes one row of numbers")


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
