"""Formulas as plain data, read off the table of operations.

A formula is a number, the result ("y"), an operand by its position ("0", "1", ...), or a tuple: a sign or the name of a
function, and what that is applied to. ``1 − y·y`` is ``("-", 1.0, ("*", "y", "y"))``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd import Op
from autograd.formula import Expression

Formula = float | str | tuple[Any, ...]
COMPARISONS = ("<", "<=", ">", ">=")
_SIZE = 40  # parts of a formula: beyond it nobody reads one
_HEADS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "power": "^"}


def partial_formulas(op: Op, count: int) -> tuple[Formula | None, ...]:
    """The partials of an operation by each of ``count`` operands; None for one that is too long to be read.

    >>> from autograd import tanh
    >>> partial_formulas(tanh, 1)
    (('-', 1.0, ('*', 'y', 'y')),)
    """
    names = op.names_for(count)
    made = op.partials(Expression.variable("y"), *map(Expression.variable, names), **op.attributes)
    places = places_of(names)
    return tuple(as_formula(Expression.of(each), places, _SIZE) for each in made)


def own_formula(op: Op, count: int) -> tuple[Any, ...]:
    """The operation itself as a formula of its operands.

    >>> from autograd.ops import mul, tanh
    >>> own_formula(mul, 2), own_formula(tanh, 1)
    (('*', '0', '1'), ('tanh', '0'))
    """
    return (_HEADS.get(op.name, op.name), *map(str, range(count)))


def places_of(names: Sequence[str]) -> dict[str, str]:
    """What the result and the operands with these names are called in a formula."""
    return {"y": "y", **{name: str(i) for i, name in enumerate(names)}}


def as_formula(expression: Expression, places: Mapping[str, str], most: float = math.inf) -> Formula | None:
    """An expression as a formula; None if it has more than so many parts."""
    left = [most]

    def plain(e: Expression) -> Formula | None:
        left[0] -= 1
        if left[0] < 0:
            return None
        if e.head == "variable":
            return places[e.payload]
        if e.head == "number":
            return float(e.payload)
        if isinstance(e.head, Op) and e.head.attributes:
            return None
        name = e.head if isinstance(e.head, str) else e.head.name
        parts = [plain(arg) for arg in e.args]
        return None if None in parts else (_HEADS.get(name, name), *parts)

    return plain(expression)


def variables(formula: Formula) -> frozenset[str]:
    """The result and the operands that are in the formula."""
    if isinstance(formula, str):
        return frozenset({formula})
    return frozenset[str]().union(*map(variables, formula[1:])) if isinstance(formula, tuple) else frozenset()


def numbers(formula: Formula, place: str = "#") -> dict[str, float]:
    """The numbers in a formula, each by its place."""
    if isinstance(formula, float):
        return {place: formula}
    if isinstance(formula, str):
        return {}
    found: dict[str, float] = {}
    for i, part in enumerate(formula[1:]):
        found |= numbers(part, f"{place}.{i}")
    return found


def opened(formula: Formula, place: str = "#") -> Formula:
    """The formula with its numbers as variables, since they are printed as well."""
    if isinstance(formula, float):
        return place
    if isinstance(formula, str):
        return formula
    return (formula[0], *(opened(part, f"{place}.{i}") for i, part in enumerate(formula[1:])))
