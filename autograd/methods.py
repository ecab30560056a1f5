"""The operators and methods of Value, made from the table: their source is text, generated and compiled at import.

Calling the table's lambdas for each operation was measured two to three times too slow; a test holds the generated code
equal to kernel and partials. What type checkers and editors see is `methods.pyi`, generated from the same table.
"""

from __future__ import annotations

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
            setattr(ValueMethods, name, _documented(_compiled(op, swap, namespace), op, name))
            plain = (
                _general(op, swap, apply)
                if op.attributes
                else _compiled_at_first_call(op, swap, name, constant, namespace)
            )
            setattr(constant, name, _documented(plain, op, name))
            installed.add(op)

    on_declaration(add)
    return installed


def _compiled_at_first_call(op: Op, swap: bool, name: str, constant: type, namespace: dict[str, Any]) -> Any:
    """A method of ``constant`` that puts the generated one in its place when it is needed: most never are."""

    def method(self: Any, *other: Any) -> Any:
        compiled = _documented(_executed(unrecorded_source(op, swap), op, namespace), op, name)
        setattr(constant, name, compiled)
        return compiled(self, *other)

    return method


def specialize(kind: type, number: str, namespace: dict[str, Any]) -> None:
    """Give a subclass of Value its own operators, in which ``number`` is the source text of self's number."""
    for op_name in ("add", "sub", "mul", "div"):
        for name, swap in method_names(OPS[op_name]):
            setattr(kind, name, _documented(_compiled(OPS[op_name], swap, namespace, number), OPS[op_name], name))


def _compiled(op: Op, swap: bool, namespace: dict[str, Any], number: str = "self._data") -> Any:
    return _executed(method_source(op, swap, number), op, namespace)


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
