"""What a module holds: lists and dicts that say when they change, and who is told of it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..parameter_list import Part
from ..store import Span

PLAIN = frozenset((int, float, bool, str, type(None)))
"""Classes of attributes in which no member can be."""
Readers = dict[Any, list[tuple["weakref.ref[Any]", Any]]]
"""By attribute or item: who has read it, and a note of that. Whoever sets it tells each, once."""


class Member:
    """Base of `Module`: what may be held by a module."""

    __slots__ = ()


MEMBERS = (Member, ParameterArray, Parameter)
CONTAINERS = (list, tuple, dict)


class Own:
    """What a module remembers beside its attributes."""

    __slots__ = ("below", "buffers", "owns", "parents", "parts", "readers", "span", "training")

    def __init__(self, training: bool = True, buffers: frozenset[str] = frozenset()) -> None:
        self.training, self.buffers = training, buffers
        self.parents: list[weakref.ref[Any]] = []
        """Who holds it, in the order of assignment: the first one that still does names it."""
        self.readers: Readers | None = None
        self.parts: tuple[Part, ...] | None = None
        """Its parameters, until something changes here or below."""
        self.span: Span | None = None
        self.below: list[Any] | None = None
        """The modules below it, likewise."""
        self.owns: list[Own] | None = None
        """Its own and theirs."""


def tell(readers: Readers | None, name: Any) -> None:
    """Say that this attribute or item was set to those who have read it: they are stale, and get their note back."""
    if readers:
        for reference, note in readers.pop(name, ()):
            reader = reference()
            if reader is not None:
                reader.changed.append(note)
                reader.stale = True


class Held:
    """A list or dict that a module holds. Changing it is told like setting an attribute."""

    owners: list[tuple[weakref.ref[Any], str]]
    """The modules that hold it, and in which attribute."""
    readers: Readers | None

    def _begin(self) -> None:
        self.owners, self.readers = [], None

    def check(self, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """An error, before anything is changed, if a module would come into itself or a number replace a parameter."""
        from .adoption import keep_parameter, refuse_circles

        if method == "__setitem__" and not isinstance(args[0], slice):
            keep_parameter(f"item {args[0]!r}", _item(self, args[0]), args[1])
        if _is_in(self, [*args, named]):
            kind = "list" if isinstance(self, list) else "dict"
            raise ValueError(f"a {kind} of a module would hold itself; put a copy of it there")
        for reference, name in self.owners:
            module = reference()
            if module is not None:
                refuse_circles(module, name, [*args, named])

    def changed(self) -> None:
        """Tell the owners, and whoever has read anything of it."""
        for reference, name in self.owners:
            module = reference()
            if module is not None:
                module._adopt(name, vars(module).get(name))
                module._changed()
        self.tell_all()

    def tell_all(self) -> None:
        """Tell whoever has read anything of it."""
        for item in list(self.readers or ()):
            tell(self.readers, item)


class HeldList(Held, list[Any]):
    """A list of a module."""

    def __init__(self, items: Any = ()) -> None:
        list.__init__(self, items)
        self._begin()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return HeldList, (list.copy(self),)


class HeldDict(Held, dict[Any, Any]):
    """A dict of a module."""

    def __init__(self, items: Any = ()) -> None:
        dict.__init__(self, items)
        self._begin()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return HeldDict, (dict.copy(self),)


def held(value: Any, outer: tuple[Any, ...] = ()) -> Any:
    """``value`` with every plain list and dict in it replaced by one that tells; anything else unchanged.

    A ValueError if it is in itself, ``outer`` being the containers around it.

    >>> type(held([1, [2]])[1]).__name__
    'HeldList'
    """
    kind = value.__class__
    if kind not in (list, dict, tuple):
        return value
    if any(value is each for each in outer):
        raise ValueError(f"a {kind.__name__} that holds itself can't be put into a module; put a copy of it there")
    outer = (*outer, value)
    if kind is list:
        return HeldList(held(item, outer) for item in value)
    if kind is dict:
        return HeldDict((key, held(item, outer)) for key, item in value.items())
    if kind is tuple:
        items = tuple(held(item, outer) for item in value)
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The modules, arrays and lone parameters in an attribute, inside lists, tuples and dicts too, with their paths."""
    if isinstance(value, MEMBERS):
        yield name, value
    elif isinstance(value, CONTAINERS):
        for key, item in items(value):
            if item.__class__ not in PLAIN:
                yield from flat(f"{name}.{key}", item)


def has_members(value: Any) -> bool:
    """Whether an attribute is or holds a module, an array or a parameter."""
    return next(flat("", value), None) is not None


def is_inert(*values: Any) -> bool:
    """Whether none of these is a member, or a container whose changes would have to be told."""
    return not any(
        isinstance(x, MEMBERS) or (isinstance(x, CONTAINERS) and not (isinstance(x, tuple) and is_inert(*x)))
        for x in values
    )


def _is_in(container: Held, value: Any) -> bool:
    """Whether a container is in another one, at any depth."""
    return value is container or (
        isinstance(value, CONTAINERS) and any(_is_in(container, item) for _, item in items(value))
    )


def items(value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> Any:
    """Keys and items of a container; asking it so is not noted as reading it.

    >>> list(items(["a"])), list(items({"b": 1}))
    ([(0, 'a')], [('b', 1)])
    """
    return (
        dict.items(value)
        if isinstance(value, dict)
        else enumerate(list.__iter__(value) if isinstance(value, list) else value)
    )


def _telling(kind: type, method: str, prepare: Callable[..., tuple[Any, ...]]) -> None:
    """Have a method of a held container tell of the change, even if it fails: it may have changed something."""
    original = getattr(kind, method)

    @wraps(original)
    def changing(self: Any, *args: Any, **named: Any) -> Any:
        # A number more, or in the place of another: the members are what they were. Histories grow long.
        is_append = method == "append" and is_inert(*args)
        is_item = method == "__setitem__" and args[0].__class__ in (int, str) and is_inert(_item(self, *args), *args)
        args, named = prepare(*args), {key: held(item) for key, item in named.items()}
        if not (is_append or is_item):
            self.check(method, args, named)
        try:
            return original(self, *args, **named)
        finally:
            if is_item:
                tell(self.readers, args[0])
                tell(self.readers, "*")
            elif is_append:
                self.tell_all()
            else:
                self.changed()

    setattr(kind, method, changing)


def _item(container: Any, key: Any, default: Any = None) -> Any:
    """What is in that place."""
    try:
        return dict.get(container, key, default) if isinstance(container, dict) else list.__getitem__(container, key)
    except (IndexError, TypeError):
        return default


def _items(*args: Any) -> tuple[Any, ...]:
    return tuple(map(held, args))


def _iterable(iterable: Any) -> tuple[Any, ...]:
    return (held(list(iterable)),)


def _place_and_item(place: Any, item: Any) -> tuple[Any, ...]:
    return place, held(list(item) if isinstance(place, slice) else item)


def _mapping(*args: Any) -> tuple[Any, ...]:
    return tuple(held(dict(arg)) for arg in args)


for _method in ("append", "insert", "pop", "remove", "clear", "reverse", "sort", "__delitem__", "__imul__"):
    _telling(HeldList, _method, _items)
for _method in ("extend", "__iadd__"):
    _telling(HeldList, _method, _iterable)
_telling(HeldList, "__setitem__", _place_and_item)
for _method in ("__setitem__", "__delitem__", "pop", "popitem", "clear", "setdefault"):
    _telling(HeldDict, _method, _items)
for _method in ("update", "__ior__"):
    _telling(HeldDict, _method, _mapping)
