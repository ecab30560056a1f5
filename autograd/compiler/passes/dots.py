"""Dots: chains of + of products become sums of products with any number of terms, wherever they stand."""

from __future__ import annotations

from collections.abc import Container, Sequence

from ...ops import add, mul
from ..graph.graph import Graph
from ..graph.runs import MOST_LINES, lines
from .chains import count_uses, links, rebuilt, summands

FEWEST = 4
"""Terms that are worth a product and a list of rows."""


def find_dots(graph: Graph, roots: Sequence[int]) -> tuple[Graph, tuple[int, ...]]:
    """The same graph, without what the roots don't need, in which every ``b + w0 * x0 + w1 * x1 + ...`` is one dot.

    A term is a product that is used nowhere else, of a uniform (it depends on parameters and constants alone) and a
    row. What else stands in the chain is added to the dot: uniforms as its bias, rows behind it. A sum over
    parameters that lie in lines is the same kind of node as a neuron of a traced layer.

    >>> graph = Graph(); x, y = graph.leaf("input", 0), graph.leaf("input", 1)
    >>> u, v = graph.leaf("parameter", 0), graph.leaf("parameter", 1)
    >>> total = graph.record(add, (graph.record(mul, (u, x)), graph.record(mul, (v, y))))
    >>> found, (root,) = find_dots(graph, [total]); found.kinds[root], len(list(found.terms(root)))
    ('dot', 2)
    """
    live = graph.live(roots)
    uses = count_uses(graph, roots, live)
    sums = [node for node, kind in enumerate(graph.kinds) if kind is add and live[node] and not graph.uniform[node]]
    inside = links(graph, sums, uses)
    chains = [_Chain(graph, node, inside, uses) for node in sums if node not in inside]
    chains = [chain for chain in chains if worth_a_dot(graph, [coefficient for coefficient, _ in chain.terms])]
    absorbed = {node for chain in chains for node in chain.absorbed}
    return rebuilt(graph, roots, live, absorbed, {chain.end: chain.as_dot for chain in chains})


class _Chain:
    """What a chain of additions adds up, and the nodes that are gone once it is a dot."""

    def __init__(self, graph: Graph, end: int, inside: Container[int], uses: Sequence[int]) -> None:
        self.end = end
        self.terms: list[tuple[int, int]] = []
        self.biases: list[int] = []
        self.rest: list[int] = []
        found, self.absorbed = summands(graph, end, inside)
        for node in found:
            if graph.uniform[node]:
                self.biases.append(node)
            elif uses[node] == 1 and (term := _term(graph, node)) is not None:
                self.terms.append(term)
                self.absorbed.append(node)
            else:
                self.rest.append(node)

    def as_dot(self, new: Graph, names: dict[int, int]) -> int:
        """The chain in another graph, where ``names`` says what its operands are called there."""
        bias = None
        for node in self.biases:
            bias = names[node] if bias is None else new.record(add, (bias, names[node]))
        terms = [(names[u], names[row]) for u, row in self.terms]
        total = _as_product(new, terms, bias)
        if total is None:
            total = new.dot(terms, bias)
        for node in self.rest:
            total = new.record(add, (total, names[node]))
        return total


def _term(graph: Graph, node: int) -> tuple[int, int] | None:
    """The coefficient and the row of a product; None if it is something else."""
    if graph.kinds[node] is not mul:
        return None
    a, b = graph.args[node]
    if graph.uniform[a] == graph.uniform[b]:
        return None
    return (a, b) if graph.uniform[a] else (b, a)


def worth_a_dot(graph: Graph, coefficients: Sequence[int]) -> bool:
    """Whether a dot is better than products and sums: for two terms, or one whose coefficient is no constant."""
    return len(coefficients) > 1 or (len(coefficients) == 1 and coefficients[0] not in graph.numbers)


def _as_product(new: Graph, terms: Sequence[tuple[int, int]], bias: int | None) -> int | None:
    """Parameters in a few lines, times rows: one node whatever their number. None if they are something else."""
    if len(terms) < FEWEST or {new.kinds[u] for u, _ in terms} != {"parameter"}:
        return None
    found = lines([new.payload[u] for u, _ in terms], MOST_LINES)
    if found is None:
        return None
    rows = [row for _, row in terms]
    return new.product([(new.vec(tuple(rows[part])), line) for line, part in found], bias)
