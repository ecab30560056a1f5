"""Points at which an operation has all its partials, drawn by hypothesis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from ..domain import CONDITION, Domain
from ..errors import DomainError
from ..operation import Op

_REACH = 3.0
"""How far from zero, or from the edge of its domain, an argument is drawn."""
_MARGIN = 0.125
"""How far from kinks and edges every argument stays: further than finite differences step."""
GRID = 8  # simple numbers are eighths: exact in floats, and short when printed
_POINT_LIMIT = 1e6  # of a point alone: its result and partials


def _margin(domain: Domain) -> float:
    return min(_MARGIN, (domain.high - domain.low) / 8)


def _interval(domain: Domain) -> tuple[float, float]:
    """The part of a domain that arguments are drawn from."""
    margin = _margin(domain)
    low, high = domain.low + margin, domain.high - margin
    if math.isinf(low) and math.isinf(high):
        return -_REACH, _REACH
    if math.isinf(high):
        return low, max(low + _REACH, _REACH)
    return (min(high - _REACH, -_REACH), high) if math.isinf(low) else (low, high)


def _outside(op: Op, numbers: Sequence[float]) -> bool:
    try:
        op.check(list(numbers))
    except DomainError:
        return True
    return False


def _near_kink(op: Op, numbers: Sequence[float]) -> bool:
    if not op.kinks or op.domain_of(0) is CONDITION:
        return False
    place = numbers[0] if len(numbers) == 1 else numbers[0] - numbers[1]
    return any(abs(place - kink) < _MARGIN for kink in op.kinks)


def is_smooth(op: Op, numbers: Sequence[float], moving: Iterable[int], steepest: float, largest: float) -> bool:
    """Whether ``op`` has moderate partials by the ``moving`` arguments here, and nothing happens nearby."""
    if _outside(op, numbers) or _near_kink(op, numbers):
        return False
    for position in moving:
        domain, number = op.domain_of(position), numbers[position]
        margin = 0.999 * _margin(domain)  # so that a drawn number, which may lie at the margin itself, passes
        low, high = _interval(domain)
        if not low - 1.0 <= number <= high + 1.0 or (domain.nonzero and abs(number) < margin):
            return False
        for moved in (number - margin, number + margin):
            if _outside(op, [moved if i == position else x for i, x in enumerate(numbers)]):
                return False
    y = op.value(*numbers)
    if not abs(y) <= largest:
        return False
    partials = op.partials_at(y, tuple(numbers))
    return all(abs(partials[position]) <= steepest for position in moving)


def points(op: Op) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arguments at which ``op`` has all its partials: inside the domain, away from kinks, of moderate size.

    Works for any operation: built in, your own, n-ary, with bound attributes. A condition is drawn as a bool; all other
    arguments are floats. Simple numbers come first, so that a failure shrinks to one.

    >>> from autograd import log
    >>> from hypothesis import find
    >>> find(points(log), lambda point: True)
    (1.0,)
    """
    if not isinstance(op, Op):
        raise TypeError(f"points() takes an operation of the table, got {type(op).__name__}: {op!r}")
    return drawn_points(op, _POINT_LIMIT, _POINT_LIMIT)


def drawn_points(
    op: Op, steepest: float, largest: float, count: int | None = None
) -> st.SearchStrategy[tuple[Any, ...]]:
    """`points` with bounds on partials and result; an operation of any number of arguments gets ``count``."""

    def smooth(point: tuple[Any, ...]) -> bool:
        return is_smooth(op, tuple(map(float, point)), differentiable(op, len(point)), steepest, largest)

    if op.arity is None:
        several = st.lists(_arguments(op.domain_of(0)), min_size=count or 1, max_size=count or 4)
        drawn: st.SearchStrategy[tuple[Any, ...]] = several.map(tuple)
    else:
        drawn = st.tuples(*map(_arguments, op.domain))
    return drawn.filter(smooth)


def differentiable(op: Op, count: int) -> list[int]:
    """Which of so many arguments are no conditions."""
    return [position for position in range(count) if op.domain_of(position) is not CONDITION]


def _arguments(domain: Domain) -> st.SearchStrategy[Any]:
    if domain is CONDITION:
        return st.booleans()
    low, high = _interval(domain)
    in_between = st.floats(low, high)
    first, last = math.ceil(low * GRID), math.floor(high * GRID)
    if first > last:
        return in_between
    # One is the simplest of all: there, few operations happen to be right by chance as at 0.
    simple = st.integers(first - GRID, last - GRID).map(lambda n: n / GRID + 1.0)
    return simple | in_between
