"""Recipes: the partial of an operation as steps that record nodes, read once from its declaration."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from ..declaration import Op
from ..expression import Expression
from ..ops import add, div, mul, neg, pow, sub
from .inner_ops import CONDITIONS
from .nodes import Nodes

Step: TypeAlias = "tuple[Op, tuple[int, ...]] | float"
"""An operation of earlier values, or a number. Values are y, the arguments, and then what each step gives."""

_OPERATIONS: dict[str, Op] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": div,
    "neg": neg,
    "power": pow,
    **CONDITIONS,
}


def partial(nodes: Nodes, node: int, position: int, record: Callable[[Op, tuple[int, ...]], int] | None = None) -> int:
    """The node of the partial derivative of ``node`` by its operand at that position.

    ``record`` adds an operation to the graph, by default as `Nodes.record` does.

    >>> nodes = Nodes(); x = nodes.leaf("input", 0); square = nodes.record(mul, (x, x))
    >>> partial(nodes, square, 0) == x
    True
    """
    op, args = nodes.kinds[node], nodes.args[node]
    assert isinstance(op, Op)
    values = [node, *args]
    record = record or nodes.record
    steps, result = recipe(op, len(args), position)
    for step in steps:
        if isinstance(step, float):
            values.append(nodes.constant(step))
        else:
            values.append(record(step[0], tuple([values[place] for place in step[1]])))
    return values[result]


@lru_cache(maxsize=4096)
def recipe(op: Op, count: int, position: int) -> tuple[tuple[Step, ...], int]:
    """The steps of one partial of an operation with that many arguments, and the place of its value."""
    names = op.names_for(count)
    partials = op.partials(Expression.variable("y"), *map(Expression.variable, names), **op.attributes)
    places = {name: place for place, name in enumerate(("y", *names))}
    steps: list[Step] = []
    done: dict[int, int] = {}

    def place(e: Expression) -> int:
        if e.head == "variable":
            return places[e.payload]
        if id(e) not in done:
            done[id(e)] = _append(steps, e, tuple(map(place, e.args)), len(places))
        return done[id(e)]

    result = place(Expression.of(partials[position]))
    return tuple(steps), result


def _append(steps: list[Step], e: Expression, args: tuple[int, ...], first: int) -> int:
    if e.head == "number":
        steps.append(float(e.payload))
    else:
        steps.append((_OPERATIONS[e.head] if isinstance(e.head, str) else e.head, args))
    return first + len(steps) - 1
