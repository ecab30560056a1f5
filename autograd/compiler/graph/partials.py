"""Recipes: formulas of an operation as steps that record nodes, read once from its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from ...formula import Expression, Expressions
from ...namespaces import FUNCTIONS
from ...operation import OPS, Op
from ...ops import add, div, mul, neg, pow, sub
from .conditions import CONDITIONS
from .graph import Graph

RecipeStep: TypeAlias = "tuple[Op, tuple[int, ...]] | float"
"""An operation of earlier values, or a number. Values are the given ones and then what each step gives."""

_OPERATIONS: dict[str, Op] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": div,
    "neg": neg,
    "power": pow,
    **CONDITIONS,
    **{name: OPS[name] for name in FUNCTIONS if name in OPS},
}


class Recipe(NamedTuple):
    """Steps, and the places of the values that are wanted."""

    steps: tuple[RecipeStep, ...]
    results: tuple[int, ...]


def partials(
    graph: Graph, node: int, positions: tuple[int, ...], record: Callable[[Op, tuple[int, ...]], int] | None = None
) -> list[int]:
    """The nodes of the partial derivatives of ``node`` by its operands at these positions.

    ``record`` adds an operation to the graph, by default as `Graph.record` does.

    >>> graph = Graph(); x, y = graph.leaf("input", 0), graph.leaf("input", 1)
    >>> partials(graph, graph.record(mul, (x, y)), (0, 1)) == [y, x]
    True
    """
    op, args = graph.kinds[node], graph.args[node]
    assert isinstance(op, Op)
    values = [node, *args]
    record = record or graph.record
    steps, results = _recipe_of_partials(op, len(args), positions)
    for step in steps:
        if isinstance(step, float):
            values.append(graph.constant(step))
        else:
            values.append(record(step[0], tuple(map(values.__getitem__, step[1]))))
    return [values[place] for place in results]


@lru_cache(maxsize=4096)
def _recipe_of_partials(op: Op, count: int, positions: tuple[int, ...]) -> Recipe:
    """All of them at once: each of the n partials of an n-ary operation has been computed from n arguments."""
    names = op.names_for(count)
    found = op.partials(Expression.variable("y"), *map(Expression.variable, names), **op.attributes)
    return _recipe([found[position] for position in positions], ("y", *names))


@lru_cache(maxsize=256)
def recipe_of_kernel(op: Op, count: int) -> Recipe | None:
    """The kernel, from the operands; None if it has a function that is no operation of the table."""
    names = op.names_for(count)
    kernel = op.kernel(Expressions(), *map(Expression.variable, names), **op.attributes)
    try:
        return _recipe([kernel], names)
    except KeyError:
        return None


def _recipe(wanted: Iterable[Any], names: Sequence[str]) -> Recipe:
    places = {name: place for place, name in enumerate(names)}
    steps: list[RecipeStep] = []
    done: dict[int, int] = {}
    results = [Expression.of(e) for e in wanted]
    for result in results:
        waiting = [result]
        while waiting:  # not by recursion: a sum of a thousand terms is as deep
            e = waiting[-1]
            missing = [arg for arg in e.args if id(arg) not in done]
            if missing:
                waiting += reversed(missing)
                continue
            waiting.pop()
            if e.head == "variable":
                done[id(e)] = places[e.payload]
            elif id(e) not in done:
                done[id(e)] = len(places) + len(steps)
                steps.append(_step(e, tuple([done[id(arg)] for arg in e.args])))
    return Recipe(tuple(steps), tuple([done[id(result)] for result in results]))


def _step(e: Expression, args: tuple[int, ...]) -> RecipeStep:
    if e.head == "number":
        return float(e.payload)
    return (_OPERATIONS[e.head] if isinstance(e.head, str) else e.head), args
