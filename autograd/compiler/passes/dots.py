"""Dots: chains of + of products become sums of products with any number of terms, wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence

from ...ops import add, mul
from ..graph.graph import Graph
from ..graph.runs import MOST_LINES, lines

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
    return _Dots(graph, roots).rebuilt()


class _Dots:
    def __init__(self, graph: Graph, roots: Sequence[int]) -> None:
        self.graph, self.roots = graph, roots
        self.live = graph.live(roots)
        self.uses = self._count_uses()
        self.inside = self._chain_links()

    def _count_uses(self) -> list[int]:
        uses = [0] * len(self.graph)
        for node, args in enumerate(self.graph.args):
            if self.live[node]:
                for arg in args:
                    uses[arg] += 1
        for root in self.roots:
            uses[root] += 2  # a result is needed as it is
        return uses

    def _chain_links(self) -> bytearray:
        """Which additions are used by one other addition alone."""
        graph = self.graph
        inside = bytearray(len(graph))
        for node, kind in enumerate(graph.kinds):
            if kind is add and self.live[node]:
                for arg in graph.args[node]:
                    inside[arg] = graph.kinds[arg] is add and self.uses[arg] == 1 and not graph.uniform[arg]
        return inside

    def rebuilt(self) -> tuple[Graph, tuple[int, ...]]:
        """The new graph and roots. Nodes that only a dot needed are not made."""
        old, new = self.graph, Graph()
        names: dict[int, int] = {}
        chains, absorbed = self._chains()
        for node in range(len(old)):
            if not self.live[node] or absorbed[node]:
                continue
            chain = chains.get(node)
            names[node] = old.copy_into(new, node, names) if chain is None else _as_dot(new, chain, names)
        return new, tuple(names[root] for root in self.roots)

    def _chains(self) -> tuple[dict[int, _Chain], bytearray]:
        """The chains that are worth a dot, by their last addition, and the nodes that they take the place of."""
        graph = self.graph
        chains: dict[int, _Chain] = {}
        absorbed = bytearray(len(graph))
        for node, kind in enumerate(graph.kinds):
            if kind is not add or not self.live[node] or self.inside[node] or graph.uniform[node]:
                continue
            chain = self._collect(node)
            if worth_a_dot(graph, [coefficient for coefficient, _ in chain.terms]):
                chains[node] = chain
                for product in chain.absorbed:
                    absorbed[product] = 1
        return chains, absorbed

    def _collect(self, root: int) -> _Chain:
        """The summands of a chain of additions, from left to right."""
        graph, chain = self.graph, _Chain()
        waiting = list(reversed(graph.args[root]))
        while waiting:
            node = waiting.pop()
            if self.inside[node]:
                waiting += reversed(graph.args[node])
                chain.absorbed.append(node)
            elif graph.uniform[node]:
                chain.biases.append(node)
            elif (term := self._term(node)) is not None:
                chain.terms.append(term)
                chain.absorbed.append(node)
            else:
                chain.rest.append(node)
        return chain

    def _term(self, node: int) -> tuple[int, int] | None:
        graph = self.graph
        if graph.kinds[node] is not mul or self.uses[node] != 1:
            return None
        a, b = graph.args[node]
        if graph.uniform[a] == graph.uniform[b]:
            return None
        return (a, b) if graph.uniform[a] else (b, a)


class _Chain:
    """What a chain of additions adds up, and the nodes that are gone once it is a dot."""

    def __init__(self) -> None:
        self.terms: list[tuple[int, int]] = []
        self.biases: list[int] = []
        self.rest: list[int] = []
        self.absorbed: list[int] = []


def worth_a_dot(graph: Graph, coefficients: Sequence[int]) -> bool:
    """Whether a dot is better than products and sums: for two terms, or one whose coefficient is no constant."""
    return len(coefficients) > 1 or (len(coefficients) == 1 and coefficients[0] not in graph.numbers)


def _as_dot(new: Graph, chain: _Chain, names: dict[int, int]) -> int:
    bias = None
    for node in chain.biases:
        bias = names[node] if bias is None else new.record(add, (bias, names[node]))
    terms = [(names[u], names[row]) for u, row in chain.terms]
    total = _as_product(new, terms, bias)
    if total is None:
        total = new.dot(terms, bias)
    for node in chain.rest:
        total = new.record(add, (total, names[node]))
    return total


def _as_product(new: Graph, terms: Sequence[tuple[int, int]], bias: int | None) -> int | None:
    """Parameters in a few lines, times rows: one node whatever their number. None if they are something else."""
    if len(terms) < FEWEST or {new.kinds[u] for u, _ in terms} != {"parameter"}:
        return None
    found = lines([new.payload[u] for u, _ in terms], MOST_LINES)
    if found is None:
        return None
    rows = [row for _, row in terms]
    return new.product([(new.vec(tuple(rows[part])), line) for line, part in found], bias)
