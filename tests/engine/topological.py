"""The order of a backward as micrograd's people write it down, by ``_prev``."""

from autograd import Value


def topological(root: Value) -> list[Value]:
    """All nodes of a graph, operands before results."""
    order: list[Value] = []
    visited: set[Value] = set()

    def build(v: Value) -> None:
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build(child)
            order.append(v)

    build(root)
    return order
