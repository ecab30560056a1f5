"""Noting what a function reads while it is traced.

For the time of a trace, and only then, classes get methods that note: modules and what they hold, Values whose number
is asked for, and the classes of plain objects that are met. Which functions run is seen by a profile function; what
their code names is read off the code. So eager code pays nothing.
"""

from __future__ import annotations

import contextvars
import enum
import functools
import gc
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator, Mapping, MutableSequence, MutableSet
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...parameter_array import ParameterArray
from ...readers import Telling, TellingDict, TellingList
from ...value import Value
from .globals import GlobalUse, global_uses, imports, inner_codes, names
from .guards import NUMBERS, Guard, Guards, is_plain
from .libraries import is_installed, is_library, name_of
from .reads import ABSENT, READ, class_attribute, is_computed, patch, plain_read, unpatch

_EVENTS = 200_000
"""Calls and returns that are looked at, 0.04 s of them: a long trace, of many operations on single numbers, would take
five times as long if all were."""
_WRAPPERS = (staticmethod, classmethod, functools._lru_cache_wrapper)
_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial, property, *_WRAPPERS)
_NOTHING_INSIDE = (*NUMBERS, Telling)
_SPACES = (types.SimpleNamespace, threading.local)
_IMMUTABLE, _HEAP = 1 << 8, 1 << 9
_one_trace_at_a_time = threading.RLock()
_running: list[Noting] = []


class Noting:
    """What is read in one run, noted as guards."""

    def __init__(self, guards: Guards) -> None:
        self.guards = guards
        self._functions: dict[int, Any] = {}
        self._codes: set[types.CodeType] = set()
        self._known: set[types.CodeType] = set()
        """Code whose cells are guarded: of functions that were reached, and what is inside of them."""
        self._classes: set[int] = set()
        self._patched: dict[type, None] = {}
        self._live: set[int] = set()
        self._methods: set[tuple[type, str]] = set()
        self._ran: dict[types.CodeType, dict[str, Any]] = {}
        """Code of a user's own that ran, and its globals."""
        self._spaces: dict[int, Any] = {}
        """Modules of Python, classes and functions in reach: see `settle`."""
        self._left = _EVENTS
        self._is_blind = sys.getprofile() is not None
        """Whether what runs isn't seen, as another profiler is at work, or as it would take too long. Then what counts
        is what all functions in reach name, whether they run or not."""

    # What is reached

    def function(self, f: Any) -> None:
        """A function in reach: its cells. What it names is noted when it runs."""
        if isinstance(f, types.MethodType):
            self.inside(f.__self__, "self")
            f = f.__func__
        if isinstance(f, functools.partial):
            for item in (f.func, *f.args, f.keywords):
                self.inside(item, "an argument of functools.partial")
        if isinstance(f, functools._lru_cache_wrapper) and isinstance(f.__wrapped__, types.FunctionType):
            self._names(f.__wrapped__)  # perhaps it ran before, and doesn't now
        f = f.fget if isinstance(f, property) else getattr(f, "__wrapped__" if isinstance(f, _WRAPPERS) else "", f)
        if not isinstance(f, types.FunctionType) or id(f) in self._functions:
            return
        self._functions[id(f)] = f
        self._known.update(inner_codes(f.__code__))
        if self._is_blind:
            self._names(f)
        if not is_installed(name_of(f.__globals__)):
            self._spaces[id(f)] = f
            self.inside(f.__defaults__, f"a default of {f.__name__}")
            self.inside(f.__kwdefaults__, f"a default of {f.__name__}")
        for cell, name in zip(f.__closure__ or (), f.__code__.co_freevars, strict=True):
            read = functools.partial(getattr, cell, "cell_contents", ABSENT)
            if read() is not ABSENT:
                self.met(cell, "cell_contents", read, name)

    def method(self, kind: type, name: str) -> None:
        """A method that is asked for: those of that name in the class and its bases, which ``super()`` may find."""
        if (kind, name) not in self._methods:
            self._methods.add((kind, name))
            for base in kind.__mro__:
                self.function(vars(base).get(name))

    def _names(self, f: types.FunctionType) -> None:
        """What a function names, and those inside of it."""
        if not is_library(name_of(f.__globals__)):
            for code in inner_codes(f.__code__):
                self._named(code, f.__globals__)

    def _named(self, code: types.CodeType, space: dict[str, Any]) -> None:
        """What this code of a user's own names, which runs or may run."""
        if not is_installed(name_of(space)):
            self._ran[code] = space
        for use in global_uses(code):
            self._global(use, space)
        for name in names(code).intersection(space) if "globals" in code.co_names else ():
            self._global(GlobalUse(name), space)
        for name in imports(code):
            self.inside(sys.modules.get(name), name)

    def met(self, owner: Any, name: Any, read: Callable[[], Any], text: str) -> None:
        """A global, a cell, an attribute of a plain object: whoever calls compares it."""
        value = read()
        self.guards.compare(Guard(owner, name, value, read, text))
        self.inside(value, text)

    def inside(self, value: Any, text: str) -> None:
        """What may change in something that was read, without another thing standing in its place."""
        if isinstance(value, (*NUMBERS, Value, ParameterArray, enum.Enum)):
            return
        if isinstance(value, _FUNCTIONS):
            self.function(value)
        elif isinstance(value, types.ModuleType):
            if not is_installed(value.__name__):
                self._spaces[id(value)] = value
        elif isinstance(value, Telling):
            self._class(type(value))
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, _SPACES) or type(value).__module__ == "argparse":
            self.inside(vars(value), text)
        elif isinstance(value, contextvars.ContextVar):
            self.met(value, "get()", functools.partial(value.get, ABSENT), text)
        elif isinstance(value, weakref.ref):
            self.met(value, "()", value, text)
        else:
            self._class(type(value))
            if _is_container(value):
                self._container(value, text)

    def _container(self, value: Any, text: str) -> None:
        if isinstance(value, TellingList | TellingDict):
            return  # it tells
        if not isinstance(value, tuple):
            self.guards.compare(Guard.of_content(value, text))
        if isinstance(value, np.ndarray):
            value = value.ravel().tolist() if value.dtype == object else ()
        name = f"an item of {text}"
        for item in value.values() if isinstance(value, Mapping) else value:
            if not isinstance(item, _NOTHING_INSIDE) and not (item.__class__ is tuple and is_plain(item)):
                self.inside(item, name)

    def number(self, value: Value) -> None:
        """The number of a Value that is no parameter is used."""
        read = functools.partial(object.__getattribute__, value, "_data")
        self.guards.compare(Guard(value, "data", value._data, read, f".data of {value.label or 'a Value'}"))

    def parameters(self, read: types.MethodType) -> None:
        """All parameters of a module are used, however many it will have; its method ``read`` gives them."""
        owner = read.__self__
        self.guards.compare(Guard(owner, "parameters()", read(), read, f"the parameters of {type(owner).__name__}"))

    def live(self, array: Any) -> None:
        """This array is read at each replay, so its content needs no guard."""
        self._live.add(id(array))

    def _class(self, kind: type) -> None:
        """Have the reads of a plain class noted, while this runs. (No built-in class, none of a library.)"""
        if id(kind) in self._classes or is_library(kind.__module__):
            return
        self._classes.add(id(kind))
        for base in kind.__mro__:  # each, as ``super`` may look there
            if not is_installed(base.__module__):
                self._spaces[id(base)] = base
        self._special_methods(kind)
        can_be = kind.__flags__ & _HEAP and not kind.__flags__ & _IMMUTABLE and not issubclass(kind, Telling)
        if can_be and not next(base for base in kind.__mro__ if READ in vars(base)).__flags__ & _HEAP:
            self._patched[kind] = None
            setattr(kind, READ, plain_read)

    def _special_methods(self, kind: type) -> None:
        """Those that Python calls without asking the object for them."""
        for base in kind.__mro__:
            if not is_library(base.__module__):
                for name in list(vars(base)):  # reaching a class may give it a method
                    if name[:2] == "__":
                        self.method(kind, name)

    # What runs

    def ran(self, frame: types.FrameType, event: str, _: Any) -> None:
        """A profile function: what the code names that is about to run."""
        self._left -= 1
        code = frame.f_code
        if self._left < 0:
            sys.setprofile(None)
            self._is_blind = True
            for f in list(self._functions.values()):
                self._names(f)
        if event != "call" or code in self._codes:
            return
        self._codes.add(code)
        space = frame.f_globals
        if is_library(name_of(space)):
            return
        if code.co_freevars and code not in self._known:
            for f in gc.get_referrers(code):
                self.function(f)
        self._known.update(inner_codes(code))
        self._named(code, space)

    def _global(self, use: GlobalUse, space: dict[str, Any]) -> None:
        if use.name not in space:
            return
        value = space[use.name]
        if isinstance(value, types.ModuleType):
            self.inside(value, use.name)
            content = getattr(value, use.attribute or "", None)
            if use.attribute and not is_library(value.__name__):
                self._attribute(value, use.attribute)
            elif isinstance(content, Mapping) and content.__class__ is not dict:
                self.inside(content, f"{use.name}.{use.attribute}")  # os.environ
        elif use.key is not None and value.__class__ is dict:
            self.guards.compare(Guard(space, use.name, value, functools.partial(dict.get, space, use.name), use.name))
            self.met(value, use.key, functools.partial(dict.get, value, use.key, ABSENT), f"{use.name}[{use.key!r}]")
        else:
            self.met(space, use.name, functools.partial(dict.get, space, use.name, ABSENT), use.name)

    # Afterwards

    def settle(self) -> None:
        """Note what the code that ran names of the modules, classes and functions in reach.

        So it need not be known how it came to them: ``cls.rate``, ``type(self).rate``, ``package.module.rate``.
        """
        known = None
        while known != (known := (len(self._ran), len(self._spaces))):  # what one holds may be another
            ours = set().union(*map(names, self._ran))
            for space in list(self._spaces.values()):
                if isinstance(space, type):
                    self._settle_class(space, ours)
                    continue
                if isinstance(space, types.FunctionType):
                    self._settle_function(space)
                for name in ours.intersection(vars(space)):
                    self._attribute(space, name)
        self._missing_globals()

    def _settle_class(self, kind: type, ours: set[str]) -> None:
        for name in dir(kind):
            value = class_attribute(kind, name)
            function = getattr(value, "__func__", value)
            if isinstance(function, types.FunctionType):
                is_read = function.__code__ in self._ran
            else:
                is_read = name in ours and name[:2] != "__" and (isinstance(value, property) or not is_computed(value))
            if is_read:
                self._attribute(kind, name)

    def _settle_function(self, f: types.FunctionType) -> None:
        if f.__code__ in self._ran:  # what reloads a cell or a file puts new code into the function that there is
            self._attribute(f, "__code__")
            if f.__defaults__:
                self._attribute(f, "__defaults__")

    def _attribute(self, space: Any, name: str) -> None:
        self.met(space, name, functools.partial(getattr, space, name, ABSENT), f"{space.__name__}.{name}")

    def _missing_globals(self) -> None:
        """Built-in names may come to be hidden by globals."""
        missing: dict[int, tuple[dict[str, Any], set[str]]] = {}
        for code, space in self._ran.items():
            absent = missing.setdefault(id(space), (space, set()))[1]
            absent.update(use.name for use in global_uses(code) if use.name not in space)
        for space, absent in missing.values():
            if absent:
                read = functools.partial(space.keys().isdisjoint, frozenset(absent))
                text = f"absence of globals called {', '.join(sorted(absent))}"
                self.guards.compare(Guard(space, ("absent",), True, read, text))

    # A run

    @contextmanager
    def at_work(self, function: Any) -> Iterator[None]:
        """Inside, reads are noted (those of this thread, in a trace that has this noting)."""
        with _one_trace_at_a_time:
            outermost, is_profiled = not _running, self._is_blind
            _running.append(self)
            if outermost:
                patch()
            try:
                self.function(function if isinstance(function, _FUNCTIONS) else type(function).__call__)
                self.inside(function, "the compiled function")
                if not is_profiled:
                    sys.setprofile(self.ran)
                yield
            finally:
                if not is_profiled:
                    sys.setprofile(None)
                for kind in self._patched:
                    delattr(kind, READ)
                _running.pop()
                if outermost:
                    unpatch()
        with self.guards.changing():
            self.settle()
        self.close()

    def close(self) -> None:
        """Forget guards of what only lived in the trace, or is read at each replay."""
        self._functions.clear()
        self._spaces.clear()
        owned: dict[int, int] = {}
        for guard in self.guards.compared.values():
            owned[id(guard.owner)] = owned.get(id(guard.owner), 0) + 2  # in the guard, and in what it reads by

        def is_temporary(guard: Guard) -> bool:
            # (the argument of getrefcount, and nothing else, is one more)
            return id(guard.owner) in self._live or sys.getrefcount(guard.owner) <= owned[id(guard.owner)] + 1

        self.guards.close(is_temporary)


def _is_container(x: Any) -> bool:
    """Whether what is in it may change, without code of a user's own that says how."""
    if isinstance(x, np.ndarray | list | tuple | dict | set):
        return True
    return isinstance(x, Mapping | MutableSequence | MutableSet) and is_library(type(x).__module__)
