"""Source text of the methods of Value, and of their type stub. Text in, text out: nothing is executed here."""

from __future__ import annotations

import re
from itertools import accumulate
from math import isfinite

from ..domain import REAL
from ..formula import Expression, Expressions, PythonSource, inline, literal
from ..operation import OPS, Op

OPERATORS = {
    "add": ("__add__", "__radd__"),
    "sub": ("__sub__", "__rsub__"),
    "mul": ("__mul__", "__rmul__"),
    "div": ("__truediv__", "__rtruediv__"),
    "pow": ("__pow__", "__rpow__"),
    "neg": ("__neg__",),
    "abs": ("__abs__",),
}
"""Python's operators, by the operation that each of them is."""
IN_PLACE = {"add": "__iadd__", "sub": "__isub__", "mul": "__imul__", "div": "__itruediv__"}
"""Those that change a leaf where nothing is recorded, and elsewhere mean what the operators mean."""


def method_names(op: Op) -> list[tuple[str, bool]]:
    """Names under which an operation is a method, and whether self is its second argument there."""
    special = OPERATORS.get(op.name, ())
    return [(op.name, False), *((name, index == 1) for index, name in enumerate(special))]


_LOCALS = {"self", "other", "y", "scope", "kind", "node", "constant", "op", "apply", "current", "new", "carriers"}


def can_be_generated(op: Op) -> bool:
    """Whether the names of its arguments and attributes can be names in a generated method."""
    names = (*op.argument_names, *op.attributes)
    return _LOCALS.isdisjoint(names) and not any(re.fullmatch(r"t\d+", name) for name in names)


def method_source(op: Op, name: str, swap: bool, number: str = "self._data") -> str:
    """The fast method: numbers computed inline, a node made with as few steps as Python has.

    What is rare (a constant, a domain error, no_grad, an unknown operand, attributes) goes to ``apply``. ``number`` is
    source text of self's number, where a class has a faster way to it.
    """
    return _unary(op, name, number) if op.arity == 1 else _binary(op, name, swap, number)


def unrecorded_source(op: Op, name: str, swap: bool) -> str:
    """The method where nothing is recorded: numbers to a number without a history. It is that of `Constant`."""
    names = op.argument_names
    binary = len(names) == 2
    others = ", other" if binary else ""
    general = f"apply(op, ({'other, self' if swap else 'self' + others + ('' if binary else ',')}))"
    mine, its = (names[::-1] if swap else names) if binary else (names[0], "")
    body = _Body(op)
    lines = [
        f"def {name}(self{others}):",
        "scope = current()",
        "if scope.recording or scope.trace is not None:",
        f"    return {general}",
        f"{mine} = self._data",
    ]
    if binary:
        lines += [
            "kind = other.__class__",
            "if kind in carriers or kind is Constant:",
            f"    {its} = other._data",
            "elif kind is float or (kind is int and other.bit_length() < 1024):",
            f"    {its} = other + 0.0",
            "else:",
            f"    return {general}",
        ]
    lines += [*body.guard(general), *body.value(), "return unrecorded(y, scope)"]
    return "\n    ".join(lines) + "\n"


class _Body:
    """The inlined arithmetic of one operation: its domain test, its value ``y``, its partials."""

    def __init__(self, op: Op) -> None:
        names = op.argument_names
        self._source = PythonSource(
            nonzero=[name for i, name in enumerate(names) if op.domain_of(i).excludes_zero],
        )
        share = self._source.shared
        variables = tuple(map(Expression.variable, names))
        outside = [
            Expression.of(condition) for _, condition in op.outside(Expressions(), variables) if condition is not False
        ]
        self._outside = [share(inline(e)) for e in outside]
        self._value = share(inline(op.kernel_expression))
        self._partials = [share(inline(e)) for e in op.partial_expressions]

    def _lines(self, target: str, expression: Expression) -> list[str]:
        text = self._source.text(expression)
        lines, self._source.lines = self._source.lines, []
        return [*lines, f"{target} = {_bare(text)}"]

    def guard(self, general: str) -> list[str]:
        """Statements that leave for the general way where an argument is outside."""
        test = " or ".join(self._source.text(e) for e in self._outside)
        lines, self._source.lines = self._source.lines, []
        return [*lines, f"if {test}:", f"    return {general}"] if test else lines

    def value(self) -> list[str]:
        """Statements that compute y."""
        lines = self._lines("y", self._value)
        self._source.name(self._value, "y")
        return lines

    def partial(self, position: int, target: str) -> list[str]:
        """Statements that compute one partial; call `value` first."""
        return self._lines(target, self._partials[position])


def _bare(text: str) -> str:
    """The same without brackets around all of it."""
    if not text.startswith("("):
        return text
    depths = list(accumulate((c == "(") - (c == ")") for c in text))
    return text[1:-1] if 0 not in depths[:-1] else text


def _unary(op: Op, name: str, number: str) -> str:
    body = _Body(op)
    (x,) = op.argument_names
    attributes = "".join(f", {a}={literal(v)}" for a, v in op.attributes.items())
    is_default = "".join(f" or {a} != {literal(v)}" for a, v in op.attributes.items())
    bound = "op" if not op.attributes else f"op.bind({', '.join(f'{a}={a}' for a in op.attributes)})"
    general = f"apply({bound}, (self,))"
    lines = [f"def {name}(self{attributes}):", "scope = current()", f"{x} = {number}"]
    if op.attributes:
        lines += [f"if not scope.recording{is_default}:", f"    return {general}"]
    else:
        lines += ["if not scope.recording:", f"    return Constant.{name}(self)"]
    lines += [
        *body.guard(general),
        *body.value(),
        *_node("node", "Value", "y", "op", "self", "None"),
        *body.partial(0, "node._pa"),
        "node._pb = None",
        "return node",
    ]
    return "\n    ".join(lines) + "\n"


def _binary(op: Op, name: str, swap: bool, number: str) -> str:
    a, b = op.argument_names
    first, second = ("other", "self") if swap else ("self", "other")
    mine, its = (b, a) if swap else (a, b)
    general = f"apply(op, ({first}, {second}))"
    both, one = _Body(op), _Body(op)
    position = 1 if swap else 0
    kept, dropped = ("node._pb", "node._pa") if swap else ("node._pa", "node._pb")

    with_value = [
        f"{its} = other._data",
        f"{mine} = {number}",
        *both.guard(general),
        *both.value(),
        *_node("node", "Value", "y", "op", first, second),
        *both.partial(0, "node._pa"),
        *both.partial(1, "node._pb"),
        "return node",
    ]
    constant = _node("constant", "Constant", its, "None", "None", "None")
    with_number = [
        f"{its} = other + 0.0",
        f"{mine} = {number}",
        *one.guard(general),
        *one.value(),
        *constant,
        "constant._pa = None",
        "constant._pb = None",
        *_node("node", "Value", "y", "op", *(("constant", "self") if swap else ("self", "constant"))),
        *one.partial(position, kept),
        f"{dropped} = None",
        "return node",
    ]
    unrecorded = f"Constant.{name}(self, other)"
    changes = name in IN_PLACE.values()
    if changes:
        unrecorded = f"in_place(self, {unrecorded})"
    by_number = [
        "    if kind is float or (kind is int and other.bit_length() < 1024):",
        *(f"        {line}" for line in with_number),
    ]
    if changes and number != "self._data":
        by_number = ["    refuse_number(self, other)"]  # of a Parameter, whose number would stay as it is
    attributes = "" if not op.attributes else ", **attributes"
    lines = [f"def {name}(self, other{attributes}):", "scope = current()"]
    if not attributes:
        lines += [
            "kind = other.__class__",
            "if scope.recording:",
            "    if kind is Value or kind in carriers:",
            *(f"        {line}" for line in with_value),
            *by_number,
            f"    return {general}",
            f"return {unrecorded}",
        ]
    else:
        lines += [f"return apply(op.bind(**attributes), ({first}, {second}))"]
    return "\n    ".join(lines) + "\n"


def _node(name: str, kind: str, data: str, op: str, a: str, b: str) -> list[str]:
    return [
        f"{name} = new({kind})",
        f"{name}._data = {data}",
        f"{name}._grad = None",
        f"{name}.op = {op}",
        f"{name}._a = {a}",
        f"{name}._b = {b}",
        f'{name}._label = ""',
        f"{name}._scope = scope",
    ]


def stub() -> str:
    """The text of `methods.pyi`: what type checkers and editors know of the generated methods."""
    lines = [
        "# Generated from the operation table by `make stub`. Don't edit.",
        "from collections.abc import Callable",
        "from typing import Any, SupportsFloat",
        "",
        "from ..operation import Op",
        "from ..value import Value",
        "",
        "class ValueMethods:",
        "    __slots__ = ()",
    ]
    for op in OPS.values():
        if op.arity not in (1, 2):
            continue
        for name, _ in method_names(op):
            lines += _stub_method(op, name)
    lines += ["", "def install(value: type, leaf: type, constant: type, apply: Callable[..., Any]) -> set[Op]: ..."]
    lines += ["def specialize(kind: type, number: str) -> None: ..."]
    lines += ["def in_place(node: Any, result: Any) -> Any: ..."]
    return "\n".join(lines) + "\n"


def _stub_method(op: Op, name: str) -> list[str]:
    other = ", other: Value | SupportsFloat" if op.arity == 2 else ""
    attributes = "".join(
        f", {a}: float = {v!r}" if isfinite(v) else f", {a}: float | None = None" for a, v in op.attributes.items()
    )
    domain = "".join(f"; {arg} {d.text}" for arg, d in zip(op.argument_names, op.domain, strict=True) if d is not REAL)
    return [
        f"    def {name}(self{other}{attributes}) -> Value:",
        f'        """{op.doc}{domain}."""',
    ]
