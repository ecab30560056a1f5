"""What one sample learns of the others in its batch: their mean, an operation that only a whole batch can compute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice

from .domain import REAL
from .operation import Op

BATCH_MEAN = Op("batch_mean", lambda xp, x: x, lambda y, x: (1.0,), (REAL,), "mean")  # noqa: ARG005
"""The mean over the samples of the batch, the same number for each. The kernel is that of a batch of one."""

_given: ContextVar[Iterator[float] | None] = ContextVar("glassgrad_given_statistics", default=None)


@contextmanager
def given(numbers: Sequence[float]) -> Iterator[None]:
    """Inside, one sample of a batch may be computed alone: modules `take` the batch's statistics from these numbers.

    They are what the modules observed of the batch, in the order of their calls.

    >>> with given([1.0, 2.0, 3.0]): take(2), take(1)
    ([1.0, 2.0], [3.0])
    """
    token = _given.set(iter(numbers))
    try:
        yield
    finally:
        _given.reset(token)


def take(count: int) -> list[float]:
    """The next statistics of those that are `given`; none where none are.

    >>> take(2)
    []
    """
    numbers = _given.get()
    return [] if numbers is None else list(islice(numbers, count))


def is_replay() -> bool:
    """Whether one sample of a batch is computed alone here: its inputs are Values then, labels among them.

    >>> is_replay()
    False
    """
    return _given.get() is not None
