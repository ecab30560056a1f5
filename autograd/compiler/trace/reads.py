"""The methods that note: what classes get instead of their own while a function is traced."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import TraceError
from ...parameter import Parameter
from ...parameter_array import ParameterArray
from ...readers import Telling, TellingDict, TellingList
from ...scopes import current
from ...value import Value
from .globals import keys_of_attributes
from .guards import Guard
from .libraries import is_library, name_of
from .refusals import source_line

if TYPE_CHECKING:
    from .noting import Noting

ABSENT: Any = object()
"""What reading gives where there is nothing."""
READ = "__getattribute__"


def _noting() -> Noting | None:
    tracer = current().trace
    return None if tracer is None else tracer.noting


def plain_read(self: Any, name: str) -> Any:
    """The ``__getattribute__`` of a plain object's class, while it is noted what is read."""
    noting = _noting()
    if noting is None or name[:2] == "__":
        value = object.__getattribute__(self, name)
        if noting is not None and name == "__dict__":
            noting.inside(value, f"vars() of {type(self).__name__}")
        return value
    try:
        value = object.__getattribute__(self, name)
    except AttributeError:
        value = ABSENT
    text, own, held = f"{type(self).__name__}.{name}", class_attribute(type(self), name), _held(self, name)
    if is_computed(own) and (held is ABSENT or hasattr(type(own), "__set__")):  # its code is seen when it runs
        noting.inside(own, text)
        noting.method(type(self), name)
        noting.guards.compare(Guard(self, name, ABSENT, functools.partial(_held, self, name), text))
    else:
        noting.guards.compare(Guard(self, name, value, functools.partial(_plainly, self, name), text))
        frame = sys._getframe(1)
        attribute, key = keys_of_attributes(frame.f_code).get(frame.f_lasti, ("", None))
        if value.__class__ is dict and attribute == name:  # self.config["rate"]
            noting.met(value, key, functools.partial(dict.get, value, key, ABSENT), f"{text}[{key!r}]")
        else:
            noting.inside(value, text)
    return object.__getattribute__(self, name) if value is ABSENT else value  # which raises the error


def _plainly(owner: Any, name: str) -> Any:
    try:
        return object.__getattribute__(owner, name)
    except AttributeError:
        return ABSENT


def _held(owner: Any, name: str) -> Any:
    """An attribute of an object itself, not of its class."""
    try:
        return object.__getattribute__(owner, "__dict__").get(name, ABSENT)
    except AttributeError:  # it has slots
        return ABSENT


def class_attribute(kind: type, name: str) -> Any:
    """What stands in a class, as it stands there."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), ABSENT)


def is_computed(attribute: Any) -> bool:
    """Whether what stands in a class gives something else, or something new, when an object is asked for it."""
    return hasattr(type(attribute), "__get__") and not isinstance(attribute, types.MemberDescriptorType)


def _telling_read(self: Any, name: str) -> Any:
    """The ``__getattribute__`` of objects that tell."""
    noting = _noting()
    if noting is None or name[:2] == "__" or name in type(self)._workings:
        if noting is not None and name == "__dict__" and not is_library(name_of(sys._getframe(1).f_globals)):
            noting.inside(object.__getattribute__(self, name), f"vars() of {type(self).__name__}")
        return object.__getattribute__(self, name)
    try:
        value = object.__getattribute__(self, name)
    except AttributeError:
        _note_attribute(noting, self, name, ABSENT)
        raise
    if isinstance(value, types.MethodType):
        if (id(self), name) in noting.guards.told:
            return value
        noting.method(type(self), name)
        held = _held(self, name)
        if held is not ABSENT:
            noting.inside(held, name)
        read = functools.partial(_held, self, name)
        noting.guards.tell(Guard(self, name, held, read, f"{type(self).__name__}.{name}"))
    else:
        _note_attribute(noting, self, name, value)
    return value


def _note_attribute(noting: Noting, owner: Any, name: str, value: Any) -> None:
    kind = type(owner)
    text = f"{kind.__name__}.{name}"
    guard = Guard(owner, name, value, functools.partial(getattr, owner, name, ABSENT), text)
    held = object.__getattribute__(owner, "__dict__")
    if name in held or name in kind._told_properties or value is ABSENT:
        noting.guards.tell(guard)
    elif not isinstance(getattr(kind, name, None), property):  # the code of a property runs, and is seen
        noting.guards.compare(guard)
    if value is ABSENT and not is_library(kind.__module__):
        noting.met(kind, name, functools.partial(getattr, kind, name, ABSENT), text)
    noting.inside(value, text)


def _item_read(kind: type, method: str) -> Callable[..., Any]:
    original = getattr(kind, method)

    def read(self: Any, *args: Any) -> Any:
        value = original(self, *args)
        noting = _noting()
        if noting is not None:
            exact = method in ("__getitem__", "get") and args[0].__class__ in (int, str)
            if exact and not isinstance(value, Telling):
                item = functools.partial(_item, original, self, args[0])
                noting.guards.tell(Guard(self, args[0], value, item, f"item {args[0]!r}"))
                noting.inside(value, f"item {args[0]!r}")
            else:
                noting.guards.tell(Guard.of_content(self, "a list or dict"))
        return value

    return read


def _item(original: Any, owner: Any, key: Any) -> Any:
    try:
        return original(owner, key)
    except LookupError:
        return ABSENT


def _number_read(name: str, original: property) -> property:
    """``data`` or ``grad`` of a Value in a trace: of a parameter it changes, elsewhere it is noted."""

    def read(self: Any) -> Any:
        value = original.fget(self)  # type: ignore[misc]
        noting = _noting()
        if noting is None:
            return value
        if isinstance(self, ParameterArray) or self.store is not None or self.op is not None:
            what = self.label or "a parameter" if isinstance(self, ParameterArray) or self.store else "a Value"
            raise TraceError(
                f".{name} of {what!r}{source_line()} is a number that the next step changes, and the compiled function "
                f"would go on with the one of now. Write the parameter itself, .detach() of it where no gradient is to "
                f"flow, or give the number as an argument"
            )
        noting.number(self)
        return value

    return property(read, original.fset, doc=original.__doc__)


_LIST_READS = "__iter__ __len__ __getitem__ __contains__ __add__ __reversed__ index count copy"
_DICT_READS = "__iter__ __len__ __getitem__ __contains__ __or__ get keys values items copy"
_ITEM_READS: dict[type, list[str]] = {TellingList: _LIST_READS.split(), TellingDict: _DICT_READS.split()}
_NUMBERS = ((Value, "data"), (Parameter, "data"), (ParameterArray, "data"), (ParameterArray, "grad"))
_originals: dict[tuple[type, str], property] = {}


def patch() -> None:
    """Have objects, lists and dicts that tell, and Values, note what is read of them."""
    setattr(Telling, READ, _telling_read)
    for held, methods in _ITEM_READS.items():
        for method in methods:
            setattr(held, method, _item_read(held, method))
    for kind, name in _NUMBERS:
        _originals[kind, name] = vars(kind)[name]
        setattr(kind, name, _number_read(name, vars(kind)[name]))


def unpatch() -> None:
    """Undo `patch`."""
    delattr(Telling, READ)
    for held, methods in _ITEM_READS.items():
        for method in methods:
            delattr(held, method)
    for (kind, name), original in _originals.items():
        setattr(kind, name, original)
