"""Guards: what a function read while it was traced, so that a call can tell whether the trace is still true.

Modules, and the lists and dicts that they hold, tell when something that was read is set: a call asks one flag.
Globals, closure cells, attributes of plain objects and the contents of arrays and containers have nobody who tells: a
call compares them.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ...checks import brief
from ...readers import add_reader

_PLAIN = frozenset((int, float, bool, str, bytes, complex, type(None)))
NUMBERS = (int, float, bool, str, bytes, complex, type(None), np.generic)
_SHORT = 40
"""Characters of what something was, or is, in words."""


Equal: TypeAlias = Callable[[Any, Any], bool]


class Guard:
    """What something was when it was read: an attribute, an item, or a content."""

    __slots__ = ("equal", "name", "owner", "read", "seen", "text")

    def __init__(
        self, owner: Any, name: Any, seen: Any, read: Callable[[], Any], text: str, equal: Equal | None = None
    ) -> None:
        self.owner, self.name, self.seen, self.read, self.text = owner, name, seen, read, text
        self.equal = same if equal is None else equal

    @classmethod
    def of_content(cls, owner: Any, text: str) -> Guard:
        """What is in an array or a container."""
        return cls(owner, "*", content(owner), partial(content_now, owner), text, same_content)

    def holds(self) -> bool:
        """Whether it is so now."""
        try:
            now = self.read()
            return now is self.seen or self.equal(now, self.seen)
        except Exception:  # whatever a property or an item raises that is gone
            return False

    def is_of_trace(self) -> bool:
        """Whether it is a number of a trace, or holds some."""
        return _is_traced(self.seen)

    def renew(self) -> None:
        """Take what is there now for what was read."""
        self.seen = content(self.owner) if self.equal is same_content else self.read()

    def __str__(self) -> str:
        try:
            now = brief(self.read(), _SHORT)
        except Exception:
            now = "gone"
        return f"{self.text} went {brief(self.seen, _SHORT)} -> {now}"


def same(a: Any, b: Any) -> bool:
    """Whether two things that were read are the same: numbers by value, tuples item by item, all else by identity.

    >>> same(1.0, 1.0), same(1, True), same((1.0, (2.0,)), (1.0, (2.0,))), same([1.0], [1.0])
    (True, False, True, False)
    """
    if a is b:
        return True
    if a.__class__ is not b.__class__:
        return False
    if a.__class__ is tuple:
        return len(a) == len(b) and (all(map(operator.is_, a, b)) or all(map(same, a, b)))
    if a.__class__ is types.MethodType:
        return bool(a == b)
    return isinstance(a, NUMBERS) and bool(a == b or (a != a and b != b))


def same_content(a: Any, b: Any) -> bool:
    """Whether a container has the items that it had: at the speed of C, which looks at identity first."""
    return bool(a == b) and (not isinstance(b, dict) or list(a) == list(b))


def content(x: Any) -> Any:
    """What is in an array or a container, to be compared later; what is in its items has guards of its own.

    >>> content([1.0, [2.0]])
    [1.0, [2.0]]
    """
    if isinstance(x, np.ndarray):
        return (x.shape, x.dtype.str, x.tobytes()) if x.dtype != object else (x.shape, x.ravel().tolist())
    if isinstance(x, list):
        return list.copy(x)
    if isinstance(x, dict):
        return dict(dict.items(x))  # dict.copy would ask the class for its keys, which are noted
    if isinstance(x, Mapping):
        return list(x.items())
    return set(x) if isinstance(x, set) else list(x)


def content_now(x: Any) -> Any:
    """The same, to be compared at once: a container itself."""
    return x if isinstance(x, list | dict | set) else content(x)


def is_plain(x: Iterable[Any]) -> bool:
    """Whether there are only numbers and texts in a tuple: that can't change."""
    return _PLAIN.issuperset(map(type, x))


class Guards:
    """All guards of one trace. ``stale`` is set by whoever sets something that was read."""

    def __init__(self) -> None:
        self.stale = False
        self.changed: list[tuple[int, Any]] = []
        """The owner and name of what was set since; it is told once."""
        self.told: dict[tuple[int, Any], Guard] = {}
        """By owner and name: those that tell."""
        self.compared: dict[tuple[int, Any], Guard] = {}
        """Those that a call compares."""
        self._own: list[Guard] = []
        """What the function itself changes that it reads: see `begin`."""
        self._each: list[tuple[Callable[[], Any], Any, Equal]] = []

    def hold(self) -> bool:
        """Whether everything is as it was read: what each call asks."""
        if self.stale and not self._was_put_back():
            return False
        try:
            for read, seen, equal in self._each:
                now = read()
                if now is not seen and not equal(now, seen):
                    return False
        except Exception:  # gone, see `Guard.holds`
            return False
        return True

    def _was_put_back(self) -> bool:
        """Whether all that was set since is again what was read, as after eval() and train()."""
        if not all(self.told[key].holds() for key in self.changed):
            return False
        self.stale = False
        for key in self.changed:
            self._ask_to_tell(self.told[key])
        self.changed.clear()
        return True

    def why(self) -> list[str]:
        """What is not as it was, in words: "Model.scale went 1.0 -> 0.5"."""
        suspects = (*(self.told[key] for key in self.changed), *self.compared.values())
        return [str(guard) for guard in suspects if not guard.holds()]

    # Filling

    def tell(self, guard: Guard) -> None:
        """Note something whose owner tells."""
        if self.told.setdefault((id(guard.owner), guard.name), guard) is guard:
            self._ask_to_tell(guard)

    def compare(self, guard: Guard) -> None:
        """Note something that must be compared."""
        self.compared.setdefault((id(guard.owner), guard.name), guard)

    def _ask_to_tell(self, guard: Guard) -> None:
        add_reader(guard.owner, guard.name, self, (id(guard.owner), guard.name))  # not the guard, which holds the owner

    def close(self, is_temporary: Callable[[Guard], bool]) -> None:
        """The first run is over: forget what belonged to it alone."""
        self.compared = {key: guard for key, guard in self.compared.items() if not is_temporary(guard)}

    @contextmanager
    def changing(self) -> Iterator[None]:
        """After the first run: find out what of that which it reads the function may change, as a count of its calls.

        That is what is not as it was read, what holds a number of this trace, what containers hold, and what is noted
        inside. All else that changes meanwhile was changed by somebody else.
        """
        guards = (*self.told.values(), *self.compared.values())
        self._own = [each for each in guards if each.equal is same_content or each.is_of_trace() or not each.holds()]
        noted = len(self.compared)
        yield
        self._own += list(self.compared.values())[noted:]

    def begin(self) -> None:
        """The trace is over: from now on this tells whether it is true.

        What the function changes while it is traced is taken as the second run left it: that computed the same, and
        a replay changes nothing. What it writes before it reads it may be anything.
        """
        for guard in self._own:
            if guard.is_of_trace():
                guard.seen, guard.equal = None, _always
            elif not guard.holds():
                guard.renew()
        self._own.clear()
        self._each = [(guard.read, guard.seen, guard.equal) for guard in self.compared.values()]


def _is_traced(x: Any, depth: int = 4) -> bool:
    if isinstance(x, list | tuple | dict) and depth:
        return any(_is_traced(item, depth - 1) for item in (dict.values(x) if isinstance(x, dict) else iter(x)))
    return type(x).__module__ == __package__ + ".symbol"


def _always(now: Any, seen: Any) -> bool:  # noqa: ARG001 (what `Equal` asks for)
    return True
