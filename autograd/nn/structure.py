"""The structure counter: it moves whenever any module anywhere could compute something else than before.

Whoever remembers something about modules (a compiled program, the names of children) compares one number a call.
Lists and dicts that a module holds are watched ones, so that ``model.layers.append(...)`` counts too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

_version = 0
_modes = 0


def structure_version() -> int:
    """A number that grows with every change of any module: attributes set or deleted, held lists changed, train/eval.

    >>> from autograd import nn
    >>> model, before = nn.MLP(2, [1]), structure_version()
    >>> model.layers.append(nn.Linear(1, 1)); structure_version() > before
    True
    """
    return _version


def structure_changed() -> None:
    """Count a change. Modules do it themselves; call it after changing what a module computes behind its back.

    >>> before = structure_version(); structure_changed(); structure_version() - before
    1
    """
    global _version
    _version += 1


def mode_changed() -> None:
    """Note that the change which is counted now is one between training and evaluation; `Module.training` does it."""
    global _modes
    _modes += 1


def build_version() -> int:
    """Like `structure_version`, but changes between training and evaluation don't count.

    >>> from autograd import nn
    >>> model = nn.MLP(2, [1]); before = build_version(); _ = model.eval(); build_version() == before
    True
    """
    return _version - _modes


def watched(value: Any) -> Any:
    """``value`` with every plain list and dict in it replaced by a watched one; anything else unchanged.

    >>> type(watched([1, [2]])[1]).__name__
    'WatchedList'
    """
    kind = type(value)
    if kind is list:
        return WatchedList(map(watched, value))
    if kind is dict:
        return WatchedDict({key: watched(item) for key, item in value.items()})
    if kind is tuple:
        items = tuple(map(watched, value))
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


class WatchedList(list[Any]):
    """A list of a module; changing it counts as a change of structure."""


class WatchedDict(dict[Any, Any]):
    """A dict of a module; changing it counts as a change of structure."""


def _watch(kind: type, method: str, prepare: Callable[..., tuple[Any, ...]]) -> None:
    original = getattr(kind, method)

    @wraps(original)
    def changing(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return original(self, *prepare(*args), **named)
        finally:  # even an operation that fails may have changed something (extend from an iterator that raises)
            structure_changed()

    setattr(kind, method, changing)


def _items(*args: Any) -> tuple[Any, ...]:
    return tuple(map(watched, args))


def _iterable(iterable: Any) -> tuple[Any, ...]:
    return (watched(list(iterable)),)


def _place_and_item(place: Any, item: Any) -> tuple[Any, ...]:
    return place, watched(list(item) if isinstance(place, slice) else item)


def _mapping(*args: Any) -> tuple[Any, ...]:
    return tuple(watched(dict(arg)) for arg in args)


for _method in ("append", "insert", "pop", "remove", "clear", "reverse", "sort", "__delitem__", "__imul__"):
    _watch(WatchedList, _method, _items)
for _method in ("extend", "__iadd__"):
    _watch(WatchedList, _method, _iterable)
_watch(WatchedList, "__setitem__", _place_and_item)
for _method in ("__setitem__", "__delitem__", "pop", "popitem", "clear", "setdefault"):
    _watch(WatchedDict, _method, _items)
for _method in ("update", "__ior__"):
    _watch(WatchedDict, _method, _mapping)
