"""Functions of a list of numbers or Values: sums, means, softmax. Of one sample, as everything here is."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping, Set
from functools import reduce
from typing import Any, overload

import numpy as np

from .calls import public
from .checks import is_node, real_number, row
from .errors import ShapeError
from .ops import exp, logsumexp, maximum
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
