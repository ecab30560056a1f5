"""What a module holds: lists and dicts that say when they change, and who is told of it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..parameter_list import Part
from ..readers import Readers, Telling, TellingDict, TellingList, tell
from ..scopes import Scope
from ..store import Span

PLAIN = frozenset((int, float, bool, str, type(None)))
"""Classes of attributes in which no member can be."""


class Member(Telling):
    """Base of `Module`: what may be held by a module."""

    __slots__ = ()
    _workings = frozenset({"_own", "_scope"})
    _told_properties = frozenset({"training"})
    _own: Own
    _scope: Scope


MEMBERS = (Member, ParameterArray, Parameter)
CONTAINERS = (list, tuple, dict)


class Own:
    """What a module remembers beside its attributes."""

    __slots__ = ("below", "buffers", "owns", "parents", "parts", "readers", "span", "training", "untold", "watched")

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
        self.untold: dict[str, list[tuple[str, Any]]] = {}
        """Attributes with containers that can't tell of a change, and the members that were in them."""
        self.watched: list[Any] | None = None
        """Those of itself and the modules below that have such attributes."""


class Held:
    """A list or dict that a module holds. Changing it is told like setting an attribute."""

    owners: list[tuple[weakref.ref[Any], str]]
    """The modules that hold it, and in which attribute."""
    readers: Readers | None

    def _begin(self) -> None:
        self.owners, self.readers = [], None

    def holders(self) -> list[tuple[Any, str]]:
        """The owners that still hold it, and in which attribute; the others are forgotten."""
        alive = ((reference(), name) for reference, name in self.owners)
        found = [(m, name) for m, name in alive if m is not None and _is_in(self, vars(m).get(name))]
        if len(found) < len(self.owners):
            self.owners = [(weakref.ref(module), name) for module, name in found]
        return found

    def check(self, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """An error, before anything is changed, if a module would come into itself or a number replace a parameter."""
        from .adoption import keep_parameter, refuse_circles

        if any(_is_in(self, item) for item in (*args, *named.values())):
            kind = "dict" if isinstance(self, dict) else "list"
            raise ValueError(f"a {kind} of a module would hold itself; put a copy of it there")
        for place, item in _replacing(self, method, args, named):
            keep_parameter(f"item {place!r}", _item(self, place), item)
        for module, name in self.holders():
            refuse_circles(module, name, [*args, named])

    def changed(self, before: Any = ()) -> None:
        """Tell the owners, and whoever has read anything of it; ``before`` is what was in it."""
        from .adoption import give_away

        for module, name in self.holders():
            module._adopt(name, vars(module).get(name))
            module._changed()
            give_away(module, before, self)
        self._tell_all()

    def appended(self, item: Any) -> None:
        """Tell of one more item, without a look at all the others: they may be the losses of many steps."""
        if isinstance(item, CONTAINERS) and not is_inert(item):
            self.changed()
            return
        for module, name in self.holders() if isinstance(item, MEMBERS) else ():
            is_new = not isinstance(item, Member) or all(parent() is not module for parent in item._own.parents)
            if is_new and vars(module).get(name) is self:
                module._adopt_item(name, len(self) - 1, item)
            else:
                module._adopt(name, vars(module).get(name))
            module._changed()
        self._tell_all()

    def _tell_all(self) -> None:
        for item in list(self.readers or ()):
            tell(self.readers, item)


class HeldList(Held, TellingList):
    """A list of a module."""

    def __init__(self, items: Any = ()) -> None:
        list.__init__(self, items)
        self._begin()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return HeldList, (list.copy(self),)


class HeldDict(Held, TellingDict):
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
    items = tuple(held(item, outer) for item in value)
    return value if all(new is old for new, old in zip(items, value, strict=True)) else items


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


def tells(value: Any) -> bool:
    """Whether all containers in it tell of their changes: not those of other classes, nor what is in them.

    >>> tells(held([1, {"a": ()}])), tells([])
    (True, False)
    """
    if value.__class__ in (HeldList, HeldDict, tuple):
        return all(tells(item) for _, item in items(value) if item.__class__ not in PLAIN)
    return not isinstance(value, CONTAINERS)


_ADDING = ("append", "insert", "extend", "__iadd__", "reverse", "sort", "setdefault")
"""Methods that take nothing away."""


def _telling(kind: type, method: str, prepare: Callable[..., tuple[Any, ...]]) -> None:
    """Have a method of a held container tell of the change, even if it fails: it may have changed something."""
    original = getattr(kind, method)

    @wraps(original)
    def changing(self: Any, *args: Any, **named: Any) -> Any:
        # A number more, or in the place of another: the members are what they were. Histories grow long.
        is_append = method == "append" and is_inert(*args)
        is_item = method == "__setitem__" and args[0].__class__ in (int, str) and is_inert(_item(self, *args), *args)
        args, named = prepare(*args), {key: held(item) for key, item in named.items()}
        before = [] if is_item or method in _ADDING else [item for _, item in items(self)]
        if not (is_append or is_item):
            self.check(method, args, named)
        try:
            return original(self, *args, **named)
        finally:
            if is_item:
                tell(self.readers, args[0])
                tell(self.readers, "*")
            elif method == "append" and len(args) == 1:
                self.appended(args[0])
            else:
                self.changed(before)

    setattr(kind, method, changing)


def _item(container: Any, key: Any, default: Any = None) -> Any:
    """What is in that place."""
    try:
        return dict.get(container, key, default) if isinstance(container, dict) else list.__getitem__(container, key)
    except (IndexError, TypeError):
        return default


def _is_in(container: Any, value: Any) -> bool:
    """Whether a container is this value, or in the lists, tuples and dicts in it."""
    if value is container:
        return True
    return isinstance(value, CONTAINERS) and any(_is_in(container, item) for _, item in items(value))


def _replacing(container: Any, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The places that a change gives to other items, and those."""
    if method == "__setitem__" and isinstance(args[0], slice):
        pairs = zip(range(*args[0].indices(len(container))), args[1], strict=False)
        yield from ((place, item) for place, item in pairs if not isinstance(item, (*MEMBERS, *CONTAINERS)))
    elif method == "__setitem__":
        yield args
    elif method in ("update", "__ior__"):
        for mapping in (*args, named):
            yield from dict.items(mapping)


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
