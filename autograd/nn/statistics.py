"""Running statistics wait: what a batch would change in them is pending until the step that it is for has succeeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Update: TypeAlias = Callable[[], None]

_waiting: ContextVar[list[Update] | None] = ContextVar("glassgrad_statistics", default=None)


@contextmanager
def pending() -> Iterator[None]:
    """Inside, updates wait for `commit`; those that are not committed are forgotten at the end.

    A training engine puts forward, backward and the optimizer's step inside, and commits after the step.

    >>> with pending(): update(lambda: print("forgotten"))
    >>> with pending(): update(lambda: print("made")); print("step"); commit()
    step
    made
    """
    token = _waiting.set([])
    try:
        yield
    finally:
        _waiting.reset(token)


def commit() -> None:
    """Make the updates that wait here, once and in their order; outside of `pending` there are none."""
    waiting = _waiting.get() or []
    while waiting:
        waiting.pop(0)()


@contextmanager
def at_the_end() -> Iterator[None]:
    """Inside, updates wait for the end, and an error forgets them; where they wait already, they go on waiting.

    >>> with at_the_end(): update(lambda: print("made")); print("end")
    end
    made
    """
    if _waiting.get() is not None:
        yield
        return
    with pending():
        yield
        commit()


def update(change: Update) -> None:
    """Make an update, or let it wait inside of `pending` and `at_the_end`.

    >>> update(lambda: print("made"))
    made
    """
    waiting = _waiting.get()
    if waiting is None:
        change()
    else:
        waiting.append(change)
