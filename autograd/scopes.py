"""Where a Value is made: inside which module (its scope), and whether its history is recorded.

Scopes point only upwards, so that a Value may remember one without keeping a model alive. A path is put together when
somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ContextDecorator, contextmanager
from contextvars import ContextVar, Token
from copy import copy
from typing import TYPE_CHECKING, Any, Never, Self

from .calls import public


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

    def where(self, *, recording: bool) -> Scope:
        """This place, with operations recorded or not."""
        return Scope(place=self.place or self, prefix=self.prefix, recording=recording, trace=self.trace)


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


def recording() -> AbstractContextManager[Scope]:
    """Inside, operations have a history, where `no_grad` is in force around too.

    >>> with no_grad(), recording(): current().recording
    True
    """
    return entered(current().where(recording=True))


def here(thing: object) -> str:
    """``thing`` as an error names it: its path (the scope in force) and its repr.

    >>> here(0)
    '0'
    """
    path = current().path
    return f"{path}: {thing!r}" if path else repr(thing)


def paths_of(nodes: Iterable[Any]) -> list[str]:
    """The scope of each node; a path that many share is put together once.

    >>> from autograd import Value
    >>> with scope("head"): paths_of([Value(1.0), Value(2.0)])
    ['head', 'head']
    """
    scopes = [node._scope if node.store is None else node.held_in for node in nodes]
    paths = {scope: scope.path for scope in set(scopes)}
    return [paths[scope] for scope in scopes]


class _Called(type):
    """The type of `scope` and `no_grad`, which tells whoever forgot to call them."""

    if not TYPE_CHECKING:

        @public
        def __enter__(cls) -> None:
            raise TypeError(f"{cls.__name__} is called in a with statement: write with {cls._EXAMPLE}:")

        def __exit__(cls, *_: object) -> None: ...


class _Block(ContextDecorator, metaclass=_Called):
    """What puts a scope in force for a with statement, or for each call of a function that it decorates."""

    _EXAMPLE = ""

    def __init__(self) -> None:
        self._tokens: list[Token[Scope]] = []

    def _recreate_cm(self) -> Self:
        """One of its own for each call of a decorated function: threads may make them at the same time."""
        another = copy(self)
        another._tokens = []
        return another

    def _inner(self) -> Scope:
        """The scope to put in force."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        self._tokens.append(_current.set(self._inner()))

    def __exit__(self, *_: object) -> None:
        _current.reset(self._tokens.pop())


class scope(_Block):  # noqa: N801 (it is written like a function)
    """Name the Values made inside, as modules do; scopes nest with a dot. Gives the whole path.

    Around a call of a model the name comes before all of its paths. Inside a ``forward`` it names what is made directly
    in it: the modules that are called there have names of their own.

    >>> from autograd import Value, scope
    >>> with scope("encoder"), scope("layers.0") as path: v = Value(1.0) * 2
    >>> v.scope, path
    ('encoder.layers.0', 'encoder.layers.0')
    """

    _EXAMPLE = "scope('name')"

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"a scope needs a name (a string that isn't empty), got {name!r}; write scope('encoder')")
        super().__init__()
        self.name = name

    def _inner(self) -> Scope:
        outer = current()
        place = outer.place or outer
        if place is TOP:
            prefix = f"{outer.prefix}.{self.name}" if outer.prefix else self.name
            return Scope(place=TOP, prefix=prefix, recording=outer.recording, trace=outer.trace)
        return Scope(self.name, place, prefix=outer.prefix, recording=outer.recording, trace=outer.trace)

    def __enter__(self) -> str:
        super().__enter__()
        return current().path


class no_grad(_Block):  # noqa: N801
    """Inside, operations give constants: numbers without a history, that carry no gradient.

    >>> from autograd import Value, no_grad
    >>> with no_grad(): y = Value(2.0) * 3
    >>> y.requires_grad
    False
    """

    _EXAMPLE = "no_grad()"

    def __init__(self, *given: Never) -> None:
        if given:
            raise TypeError("no_grad takes nothing: write with no_grad(): ..., or as a decorator @no_grad()")
        super().__init__()

    def _inner(self) -> Scope:
        return current().where(recording=False)


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
