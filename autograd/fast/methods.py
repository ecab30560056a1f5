"""The operators and methods of Value, made from the table: their source is text, generated and compiled at first use.

Calling the table's lambdas for each operation takes two to three times as long; a test holds the generated code equal
to kernel and partials. ``inspect.getsource(Value.tanh)`` shows it, and debuggers step through it. What type checkers
and editors see is `methods.pyi`, generated from the same table.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any

from ..declare import on_declaration
from ..documentation import documentation
from ..formula import python_namespace
from ..operation import OPS, Op
from ..scopes import Scope, current
from .source import IN_PLACE, OPERATORS, can_be_generated, method_names, method_source, unrecorded_source

_NAMESPACE: dict[str, Any] = {**python_namespace(), "current": current, "new": object.__new__, "carriers": set()}
"""The globals of generated methods; `install` adds what is Value's."""


class ValueMethods:
    """Base of Value that carries the generated operators and methods."""

    __slots__ = ()


class _Lazy:
    """A method that is generated when somebody first looks at it: most never are."""

    def __init__(self, holder: type, name: str, make: Callable[[], Any]) -> None:
        self._holder, self._name, self._make = holder, name, make

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        method = self._make()
        setattr(self._holder, self._name, method)
        return method.__get__(instance, owner)


def in_place(node: Any, result: Any) -> Any:
    """What ``node += x`` is inside `no_grad`: a leaf takes the number of the result, as in PyTorch."""
    if node.op is not None:
        return result
    trace = current().trace
    if trace is not None:
        raise trace.refused("a change in place", node.describe(), "place")
    if result is NotImplemented:
        return result
    node.data = result._data
    return node


def refuse_number(node: Any, other: Any) -> None:
    """Outside of `no_grad` ``p -= 0.1 * p.grad`` would name a new Value p and leave the Parameter as it is."""
    if isinstance(other, Real):
        raise TypeError(
            f"{node.describe()} is a Parameter, which this would not change: do it inside `with no_grad():`, or "
            f"write p.data -= ...; a formula is written out, y = p - ..."
        )


def install(value: type, leaf: type, constant: type, apply: Callable[..., Any]) -> set[Op]:
    """Give ``value`` a method for every operation, declared now or later; ``constant`` has those that record nothing.

    Returns the operations that have a method of their name (the set grows as more are declared).
    """

    def unrecorded(number: float, scope: Scope) -> Any:
        """A constant without a history, as operations give it inside `no_grad`."""
        node: Any = object.__new__(constant)
        node._a = node._b = node._pa = node._pb = node.op = node._grad = None
        node._data, node._label, node._scope = number, "", scope
        return node

    _NAMESPACE.update(Value=value, Constant=constant, apply=apply, unrecorded=unrecorded)
    _NAMESPACE.update(in_place=in_place, refuse_number=refuse_number)
    _NAMESPACE["carriers"].update((value, leaf))
    installed: set[Op] = set()
    own_names = set(dir(value)) | set(dir(constant))

    def add(op: Op) -> None:
        for name, swap in method_names(op):
            if name in own_names and op.name not in OPERATORS:
                continue  # an operation called "data" or "grad" stays a function
            holders = (ValueMethods, method_source), (constant, unrecorded_source)
            if op.arity not in (1, 2):
                for holder, _ in holders:
                    if name in vars(holder):  # what an earlier declaration of this name has left
                        delattr(holder, name)
                continue
            for holder, source in holders:
                _give(holder, name, op, swap, source)
            installed.add(op)
        if op.name in IN_PLACE:
            for holder, source in ((ValueMethods, method_source), (constant, unrecorded_source)):
                _give(holder, IN_PLACE[op.name], op, False, source)

    on_declaration(add)
    return installed


def _give(holder: type, name: str, op: Op, swap: bool, source: Callable[[Op, str, bool], str]) -> None:
    general = not can_be_generated(op) or (op.attributes and source is unrecorded_source)

    def make() -> Any:
        if general:
            return _documented(_general(op, swap), op, name)
        return _documented(_executed(source(op, name, swap), op, name, holder.__name__), op, name)

    is_lazy = not name.startswith("__") or name in IN_PLACE.values()
    setattr(holder, name, _Lazy(holder, name, make) if is_lazy else make())


def specialize(kind: type, number: str) -> None:
    """Give a subclass of Value its own operators, in which ``number`` is the source text of self's number."""
    _NAMESPACE["carriers"].add(kind)
    for op in map(OPS.__getitem__, ("add", "sub", "mul", "div")):
        for name, swap in (*method_names(op), (IN_PLACE[op.name], False)):
            _give(kind, name, op, swap, partial(method_source, number=number))


def _executed(source: str, op: Op, name: str, holder: str) -> Any:
    filename = f"<generated {holder}.{name} of {op.name}>"
    linecache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename
    # The method's name belongs to the holder: as a global it would hide the function of that name which it calls.
    made: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), {**_NAMESPACE, "op": op}, made)
    return made[name]


def _general(op: Op, swap: bool) -> Any:
    apply = _NAMESPACE["apply"]
    if op.arity == 1:
        return lambda self, *more, **attributes: apply(*op.called((self, *more), attributes))
    if swap:
        return lambda self, other, **attributes: apply(op.bind(**attributes), (other, self))
    return lambda self, other, **attributes: apply(op.bind(**attributes), (self, other))


def _documented(method: Any, op: Op, name: str) -> Any:
    method.__name__ = name
    method.__qualname__ = f"Value.{name}"
    method.__doc__ = documentation(op)
    return method
