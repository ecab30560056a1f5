"""Where a Value is made: inside which module (its scope), and whether its history is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Scope:
    """The state that a new Value remembers: the path of its module, whether gradients are recorded, and in which trace.

    >>> Scope("encoder").named("layers.0").path
    'encoder.layers.0'
    """

    path: str = ""
    recording: bool = True
    trace: Any = None
    """The tracer of `autograd.compile` that is at work, None outside of a trace."""

    def named(self, name: str) -> Scope:
        """This scope with a name behind its path."""
        return Scope(f"{self.path}.{name}" if self.path else name, self.recording, self.trace)


TOP = Scope()
_current: ContextVar[Scope] = ContextVar("glassgrad_scope", default=TOP)
current = _current.get
"""The scope in force here (of this thread, of this task)."""


@contextmanager
def scope(name: str) -> Iterator[str]:
    """Name the Values made inside, as modules do; scopes nest with a dot. Gives the whole path.

    >>> from autograd import Value, scope
    >>> with scope("encoder"), scope("layers.0") as path: v = Value(1.0) * 2
    >>> v.scope, path
    ('encoder.layers.0', 'encoder.layers.0')
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"a scope needs a name (a string that isn't empty), got {name!r}")
    inner = current().named(name)
    token = _current.set(inner)
    try:
        yield inner.path
    finally:
        _current.reset(token)


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, operations give constants: numbers without a history, that carry no gradient.

    >>> from autograd import Value, no_grad
    >>> with no_grad(): y = Value(2.0) * 3
    >>> y.requires_grad
    False
    """
    outer = current()
    token = _current.set(Scope(outer.path, False, outer.trace))
    try:
        yield
    finally:
        _current.reset(token)
