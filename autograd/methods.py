"""The operators and methods of Value, made from the table: their source is text, generated and compiled at import.

Calling the table's lambdas for each operation was measured two to three times too slow; a test holds the generated code
equal to kernel and partials. What type checkers and editors see is `methods.pyi`, generated from the same table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .declaration import OPS, Op, on_declaration
from .method_source import OPERATORS, method_names, method_source, unrecorded_source


class ValueMethods:
    """Base of Value that carries the generated operators and methods."""

    __slots__ = ()


def install(value: type, constant: type, namespace: dict[str, Any]) -> set[Op]:
    """Give ``value`` a method for every operation, declared now or later; ``constant`` has those that record nothing.

    Returns the operations that have a method of their name (the set grows as more are declared).
    """
    installed: set[Op] = set()
    own_names = set(dir(value)) | set(dir(constant))
    apply = namespace["apply_"]

    def add(op: Op) -> None:
        for name, swap in method_names(op):
            if name in own_names and op.name not in OPERATORS:
                continue  # an operation called "data" or "grad" stays a function
            if op.arity not in (1, 2):
                for holder in (ValueMethods, constant):
                    if name in vars(holder):  # what an earlier declaration of this name has left
                        delattr(holder, name)
                continue
            recorded, plain = partial(method_source, op, swap), partial(unrecorded_source, op, swap)
            if op.name in OPERATORS:
                setattr(ValueMethods, name, _documented(_executed(recorded(), op, namespace), op, name))
            else:
                _compile_at_first_call(ValueMethods, name, op, recorded, namespace)
            if op.attributes:
                setattr(constant, name, _documented(_general(op, swap, apply), op, name))
            else:
                _compile_at_first_call(constant, name, op, plain, namespace)
            installed.add(op)

    on_declaration(add)
    return installed


def _compile_at_first_call(
    holder: type, name: str, op: Op, source: Callable[[], str], namespace: dict[str, Any]
) -> None:
    """Give ``holder`` a method that puts the generated one in its place when it is needed: most never are."""

    def method(self: Any, *others: Any, **attributes: Any) -> Any:
        compiled = _documented(_executed(source(), op, namespace), op, name)
        setattr(holder, name, compiled)
        return compiled(self, *others, **attributes)

    setattr(holder, name, _documented(method, op, name))


def specialize(kind: type, number: str, namespace: dict[str, Any]) -> None:
    """Give a subclass of Value its own operators, in which ``number`` is the source text of self's number."""
    for op in map(OPS.__getitem__, ("add", "sub", "mul", "div")):
        for name, swap in method_names(op):
            setattr(kind, name, _documented(_executed(method_source(op, swap, number), op, namespace), op, name))


def _executed(source: str, op: Op, namespace: dict[str, Any]) -> Any:
    scope = {**namespace, "op_": op}
    exec(compile(source, f"<generated {op.name}>", "exec"), scope)
    return scope["method_"]


def _general(op: Op, swap: bool, apply: Any) -> Any:
    if op.arity == 1:
        return lambda self, **attributes: apply(op.bind(**attributes), (self,))
    if swap:
        return lambda self, other, **attributes: apply(op.bind(**attributes), (other, self))
    return lambda self, other, **attributes: apply(op.bind(**attributes), (self, other))


def _documented(method: Any, op: Op, name: str) -> Any:
    formulas = "; ".join(f"∂y/∂{arg} = {op.partial_formula(i)}" for i, arg in enumerate(op.argument_names))
    domain = "".join(
        f" Domain: {arg} {where.text}."
        for arg, where in zip(op.argument_names, op.domain, strict=True)
        if where.text != "a real number"
    )
    method.__name__ = name
    method.__qualname__ = f"Value.{name}"
    method.__doc__ = f"{op.doc or op.name}.{domain}\n\n{formulas}"
    return method
