"""Checks: which operations that the user wrote may meet an operand outside of its domain."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ...domain import NONNEGATIVE, NONZERO, POSITIVE, REAL
from ...operation import Op
from ...ops import add, mul
from .graph import Graph

_HOLD_POSITIVE = (POSITIVE, NONNEGATIVE, NONZERO)


def find_checked(graph: Graph, written: Iterable[int]) -> set[int]:
    """Those of the nodes that must be tested.

    >>> from autograd import log
    >>> graph = Graph(); x = graph.leaf("input", 0)
    >>> find_checked(graph, [x, graph.record(log, (x,))])
    {1}
    """
    positive = _positive(graph)
    return {node for node in written if _can_refuse(graph, node, positive)}


def _can_refuse(graph: Graph, node: int, positive: set[int]) -> bool:
    op = graph.kinds[node]
    return (
        isinstance(op, Op)
        and _has_domain(op)
        and (
            op.refuses is not None
            or any(
                op.domain_of(i) is not REAL and not (arg in positive and op.domain_of(i) in _HOLD_POSITIVE)
                for i, arg in enumerate(graph.args[node])
            )
        )
    )


@lru_cache(maxsize=4096)
def _has_domain(op: Op) -> bool:
    return op.refuses is not None or any(domain is not REAL for domain in op.domain)


def _positive(graph: Graph) -> set[int]:
    """Rows that are above zero or NaN whatever their operands are: a square plus a positive number."""
    found: set[int] = set()
    for node, kind in enumerate(graph.kinds):
        if kind is add:
            a, b = graph.args[node]
            square = b if a in graph.numbers else a
            if _is_square(graph, square) and graph.numbers.get(a + b - square, 0.0) > 0.0:
                found.add(node)
    return found


def _is_square(graph: Graph, node: int) -> bool:
    args = graph.args[node]
    return graph.kinds[node] is mul and args[0] == args[1]
