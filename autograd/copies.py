"""Copies of nodes: pickle and deepcopy without recursion.

Both recurse into what an object names, so a node first names all of its ancestors, in an order in which each one's
operands are known already. No recursion gets deeper than one node.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .backprop import ancestors

if TYPE_CHECKING:
    from .value import Value

_being_copied: ContextVar[frozenset[Value] | set[Value]] = ContextVar("glassgrad_copied", default=frozenset())


def reduced(node: Value, protocol: Any) -> Any:  # noqa: ARG001 (it is all the same for old ones)
    """`Value.__reduce_ex__`."""
    ancestry = None if node.op is None or node in _being_copied.get() else _Ancestry(node)
    links = node._a, node._b, node._pa, node._pb
    state = (node._data, node._grad, node.op, *links, node._label, node._scope.path)
    return restored, (type(node), ancestry, *state), getattr(node, "__dict__", None) or None  # what was set on it


class _Ancestry:
    """Stands for the ancestors of a node in a pickle; a list of them, made one after the other."""

    def __init__(self, root: Value) -> None:
        self._root = root

    def __reduce__(self) -> Any:
        return list, (), None, self._each()

    def _each(self) -> Iterator[Value]:
        nodes = ancestors(self._root)
        outer = _being_copied.get()
        _being_copied.set({*outer, *nodes})
        try:
            yield from nodes[:-1]
        finally:
            _being_copied.set(outer)


def restored(kind: type[Value], _ancestry: Any, *state: Any) -> Value:
    """The node of which `reduced` gave this."""
    node = object.__new__(kind)
    node._data, node._grad, node.op, node._a, node._b, node._pa, node._pb, node._label, path = state
    node.scope = path
    return node
