"""Tidying: what nobody needs is dropped, and each `where` becomes one operation with the comparisons it depends on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from ...domain import REAL
from ...operation import Op
from ...ops import div, mul, where
from ..graph.conditions import ALIAS, BOTH, EITHER, IDENTITY, IS_CONDITION, Tree, selection
from ..graph.graph import Graph, constant_key
from ..graph.partials import recipe_of_kernel

MANY = 32
"""Operands from which on an operation is spelled out as what its kernel does."""
_MOST_COMPARED = 16
"""Numbers that one selection compares at most; conditions made of more are kept as rows of zeros and ones."""
_REWRITTEN = IS_CONDITION | {IDENTITY, ALIAS, where, div}


class _Condition(NamedTuple):
    """A condition over numbers of the new graph."""

    tree: Tree
    compared: tuple[int, ...]


Names: TypeAlias = dict[int, int]


def tidy(graph: Graph, roots: Iterable[int], written: int | None = None) -> tuple[Graph, Names]:
    """The part of the graph that the roots need, without conditions and without identities; and the new names of nodes.

    Nodes from ``written`` on are derivatives, which nobody wrote: there a division by a number whose inverse is known
    becomes a product.
    """
    new = Graph()
    names: Names = {}
    conditions: dict[int, _Condition] = {}
    live = graph.live(roots)
    written = len(graph) if written is None else written
    for node, kind in enumerate(graph.kinds):
        if not live[node]:
            continue
        args = graph.args[node]
        if kind not in _REWRITTEN and len(args) < MANY:
            names[node] = graph.copy_into(new, node, names)
        elif kind in IS_CONDITION:
            of = conditions if kind is BOTH or kind is EITHER else names
            conditions[node] = _condition(new, kind, *[of[arg] for arg in args])
        elif kind is IDENTITY or kind is ALIAS:
            names[node] = names[args[0]]
        elif kind is where and args[0] in conditions:
            names[node] = _selected(new, conditions[args[0]], names[args[1]], names[args[2]])
        elif node >= written and kind is div and (inverse := _inverse(graph, node, live)) is not None:
            names[node] = new.record(mul, (names[args[0]], names[inverse]))
        else:
            spelled_out = _spelled_out(graph, new, node, names) if len(args) >= MANY else None
            names[node] = graph.copy_into(new, node, names) if spelled_out is None else spelled_out
    return new, names


def _inverse(graph: Graph, node: int, live: bytearray) -> int | None:
    """The node of 1 / b that stands before the division a / b, if one does."""
    one = graph.known.get(constant_key(1.0))
    inverse = graph.known.get((div, (one, graph.args[node][1])))
    return inverse if inverse is not None and inverse < node and live[inverse] else None


def _spelled_out(graph: Graph, new: Graph, node: int, names: Names) -> int | None:
    """An operation of many operands as the steps of its kernel, which may be the same for whole lists of numbers.

    None where these are no operations, or where the operands have a domain: it belongs to the operation.
    """
    op, args = graph.kinds[node], graph.args[node]
    if not isinstance(op, Op) or op.domain_of(0) is not REAL or op.refuses is not None:
        return None
    recipe = recipe_of_kernel(op, len(args))
    if recipe is None:
        return None
    values: list[Any] = [names[arg] for arg in args]
    for step in recipe.steps:
        if isinstance(step, float):
            values.append(new.constant(step))
            continue
        kind, operands = step[0], [values[place] for place in step[1]]
        if kind in IS_CONDITION:
            values.append(_condition(new, kind, *operands))
        elif kind is where:
            values.append(_selected(new, *operands))
        else:
            values.append(new.record(kind, tuple(operands)))
    return int(values[recipe.results[0]])


def _condition(new: Graph, kind: Op, left: Any, right: Any) -> _Condition:
    if kind is not BOTH and kind is not EITHER:
        return _Condition((kind.symbol, 0, 1), (left, right))
    if len(left.compared) + len(right.compared) > _MOST_COMPARED:
        left, right = _as_number(new, left), _as_number(new, right)
    moved = _moved(right.tree, len(left.compared))
    return _Condition((kind.symbol, left.tree, moved), left.compared + right.compared)


def _moved(tree: Tree, by: int) -> Tree:
    if isinstance(tree, int):
        return tree + by
    return tree[0], _moved(tree[1], by), _moved(tree[2], by)


def _as_number(new: Graph, condition: _Condition) -> _Condition:
    number = _selected(new, condition, new.constant(1.0), new.constant(0.0))
    return _Condition((">", 0, 1), (number, new.constant(0.5)))


def _selected(new: Graph, condition: _Condition, a: int, b: int) -> int:
    return new.record(selection(condition.tree), (*condition.compared, a, b))
