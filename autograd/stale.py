"""Stale graphs: leaves whose numbers have changed since something was computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .errors import StaleGraphError
from .scopes import unchecked

if TYPE_CHECKING:
    from .value import Value


def stale_leaves(nodes: Sequence[Value]) -> list[Value]:
    """Those of a graph's leaves whose number isn't the one that these, its nodes, were computed from."""
    with unchecked():
        changed = [node for node in nodes if _changed(node)]
    innocent = _unchanged(nodes) if changed else set()
    suspects = dict.fromkeys(arg for node in changed for arg in _suspects(node, innocent))
    return [arg for arg in suspects if arg.op is None]


def refuse_stale(order: Sequence[Value]) -> None:
    """A StaleGraphError if a node of these has operands with other numbers than it was computed from."""
    with unchecked():
        node = next(filter(_changed, order), None)
    if node is not None:
        names = " or ".join(leaf.describe() for leaf in _suspects(node, _unchanged(order)))
        raise StaleGraphError(
            f"{names} has changed since {node.describe()} was computed from it, so the graph can't be "
            f"differentiated again. Compute it anew from the present numbers, then take gradients(record=True)"
        )


def _changed(node: Value) -> bool:
    if node.op is None:
        return False
    numbers = [arg.data for arg in node.args]
    known = node.partials
    if not _same(node.op.value(*numbers), node.data):
        return True
    partials = node.op.partials_for([p is not None for p in known], node.data, numbers)
    return partials != list(known) and not all(map(_same, partials, known))


def _unchanged(nodes: Sequence[Value]) -> set[Value]:
    """Operands that a product remembers, as the other one's partial, with the number that they still have."""
    found = set()
    for node in nodes:
        if node.op is None or node.op.arity is None:
            continue
        for expression, partial in zip(node.op.partial_expressions, node.partials, strict=True):
            if partial is not None and expression.head == "variable" and expression.payload != "y":
                operand = node.args[node.op.argument_names.index(expression.payload)]
                if _same(operand.data, partial):
                    found.add(operand)
    return found


def _suspects(node: Value, innocent: set[Value]) -> list[Value]:
    """The leaves that may have changed since this node was computed; most often the one."""
    leaves = [arg for arg in dict.fromkeys(node.args) if arg.op is None and arg.requires_grad]
    return [leaf for leaf in leaves if leaf not in innocent] or leaves or list(node.args)


def _same(a: float | None, b: float | None) -> bool:
    """Whether two numbers are equal, NaN being equal to NaN."""
    return a == b or (a is not None and b is not None and a != a and b != b)
