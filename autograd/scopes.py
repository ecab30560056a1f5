"""Where a Value is made: inside which module (its scope), and whether its history is recorded.

Scopes point only upwards, so that a Value may remember one without keeping a model alive. A path is put together when
somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Scope:
    """A place in a tree of names, and the state that is in force there. A module owns one for life.

    >>> Scope("layers.0", Scope("encoder")).path
    'encoder.layers.0'
    """

    __slots__ = ("is_plain", "name", "parent", "place", "prefix", "recording", "trace")

    def __init__(
        self,
        name: str = "",
        parent: Scope | None = None,
        *,
        place: Scope | None = None,
        prefix: str = "",
        recording: bool = True,
        trace: Any = None,
    ) -> None:
        self.name, self.parent = name, parent
        self.place = place
        """The place that this is, where it is the same one in another state; None: its own."""
        self.prefix = prefix
        """The path of the `scope` blocks around the outermost module."""
        self.recording = recording
        self.trace = trace
        """The tracer of `autograd.compile` that is at work, None outside of a trace."""
        self.is_plain = place is None and not prefix and recording and trace is None

    @property
    def path(self) -> str:
        """The names from the top down, joined by dots."""
        names = []
        place: Scope | None = self.place or self
        while place is not None:
            names.append(place.name)
            place = place.parent
        return ".".join(filter(None, (self.prefix, *reversed(names))))

    def entered(self, outer: Scope) -> Scope:
        """This place in the state of ``outer``: in a trace, where nothing is recorded, below ``with scope(...)``.

        A place without a parent, which nobody holds, is then below the place of ``outer``.
        """
        if outer is TOP or (outer.is_plain and self.parent is not None):
            return self
        place = self if self.parent is not None else Scope(self.name, outer.place or outer)
        return Scope(place=place, prefix=outer.prefix, recording=outer.recording, trace=outer.trace)


TOP = Scope()
_current: ContextVar[Scope] = ContextVar("glassgrad_scope", default=TOP)
current = _current.get
"""The scope in force here (of this thread, of this task)."""


@contextmanager
def entered(inner: Scope) -> Iterator[Scope]:
    """Put a scope in force.

    >>> with entered(Scope("head")): current().path
    'head'
    """
    token = _current.set(inner)
    try:
        yield inner
    finally:
        _current.reset(token)


@contextmanager
def scope(name: str) -> Iterator[str]:
    """Name the Values made inside, as modules do; scopes nest with a dot. Gives the whole path.

    Around a call of a model the name comes before all of its paths. Inside a ``forward`` it names what is made directly
    in it: the modules that are called there have names of their own.

    >>> from autograd import Value, scope
    >>> with scope("encoder"), scope("layers.0") as path: v = Value(1.0) * 2
    >>> v.scope, path
    ('encoder.layers.0', 'encoder.layers.0')
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"a scope needs a name (a string that isn't empty), got {name!r}")
    outer = current()
    place = outer.place or outer
    if place is TOP:
        prefix = f"{outer.prefix}.{name}" if outer.prefix else name
        inner = Scope(place=TOP, prefix=prefix, recording=outer.recording, trace=outer.trace)
    else:
        inner = Scope(name, place, prefix=outer.prefix, recording=outer.recording, trace=outer.trace)
    with entered(inner):
        yield inner.path


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, operations give constants: numbers without a history, that carry no gradient.

    >>> from autograd import Value, no_grad
    >>> with no_grad(): y = Value(2.0) * 3
    >>> y.requires_grad
    False
    """
    outer = current()
    inner = Scope(place=outer.place or outer, prefix=outer.prefix, recording=False, trace=outer.trace)
    with entered(inner):
        yield


_unchecked: ContextVar[bool] = ContextVar("glassgrad_unchecked", default=False)


@contextmanager
def unchecked() -> Iterator[None]:
    """Inside, a number outside a domain gives IEEE's infinity or NaN: for formulas that nobody wrote, like the partial
    of sqrt at 0."""
    token = _unchecked.set(True)
    try:
        yield
    finally:
        _unchecked.reset(token)


def is_checked() -> bool:
    """Whether numbers outside a domain are errors here."""
    return not _unchecked.get()
