"""Totals: sums of squares or magnitudes of parameters that lie side by side are one step, however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from ...ops import abs as magnitude
from ...ops import add, mul
from ..graph.graph import Graph, TotalKind
from ..graph.runs import runs

FEWEST = 8
"""Parameters that are worth a total."""


def find_totals(graph: Graph, roots: Sequence[int]) -> tuple[Graph, tuple[int, ...]]:
    """The same graph, in which what spells out Σ w² or Σ |w| over parameters side by side is a leaf for the sum.

    >>> graph = Graph(); squares = [graph.record(mul, (w, w)) for w in (graph.leaf("parameter", k) for k in range(9))]
    >>> total = squares[0]
    >>> for square in squares[1:]: total = graph.record(add, (total, square))
    >>> found, (root,) = find_totals(graph, [total]); found.kinds[root], found.payload[root]
    ('squares', (0, 9))
    """
    finder = _Finder(graph, roots)
    return finder.rebuilt() if finder.chains else (graph, tuple(roots))


class _Chain(NamedTuple):
    """What a sum adds up: totals by kind and payload, and other nodes."""

    totals: list[tuple[TotalKind, tuple[int, int]]]
    rest: list[int]


class _Finder:
    def __init__(self, graph: Graph, roots: Sequence[int]) -> None:
        self.graph, self.roots = graph, roots
        self.live = graph.live(roots)
        self.uses = self._count_uses()
        self.chains: dict[int, _Chain] = {}
        """By the last addition of a sum."""
        self.absorbed = bytearray(len(graph))
        """Which nodes only such a sum needed."""
        sums = [node for node in range(len(graph)) if self._is_sum(node)]
        self.inside = {arg for node in sums for arg in graph.args[node] if self._is_sum(arg) and self.uses[arg] == 1}
        for node in sums:
            if node not in self.inside:
                self._look_at(node)

    def _count_uses(self) -> list[int]:
        uses = [0] * len(self.graph)
        for node, args in enumerate(self.graph.args):
            for arg in args if self.live[node] else ():
                uses[arg] += 1
        for root in self.roots:
            uses[root] += 2  # a result is needed as it is
        return uses

    def _is_sum(self, node: int) -> bool:
        return self.graph.kinds[node] is add and self.graph.uniform[node] and bool(self.live[node])

    def _look_at(self, end: int) -> None:
        graph, chain = self.graph, _Chain([], [])
        terms: dict[TotalKind, list[tuple[int, int]]] = {"squares": [], "magnitudes": []}
        links, waiting = [], list(reversed(graph.args[end]))
        while waiting:
            node = waiting.pop()
            kind = self._kind_of_term(node)
            if node in self.inside:
                waiting += reversed(graph.args[node])
                links.append(node)
            elif kind is not None:
                terms[kind].append((graph.payload[graph.args[node][0]], node))
            else:
                chain.rest.append(node)
        for kind, found in terms.items():
            found.sort()
            for run in runs([(slot,) for slot, _ in found], found, steps=(1,)):
                if len(run) >= FEWEST:
                    chain.totals.append((kind, (run[0][0], len(run))))
                    links += [node for _, node in run]
                else:
                    chain.rest.extend(node for _, node in run)
        if chain.totals:
            self.chains[end] = chain
            for node in links:
                self.absorbed[node] = 1

    def _kind_of_term(self, node: int) -> TotalKind | None:
        graph = self.graph
        kind, args = graph.kinds[node], graph.args[node]
        if self.uses[node] != 1 or not args or graph.kinds[args[0]] != "parameter":
            return None
        if kind is mul and args[0] == args[1]:
            return "squares"
        return "magnitudes" if kind is magnitude else None

    def rebuilt(self) -> tuple[Graph, tuple[int, ...]]:
        """The new graph and roots."""
        old, new = self.graph, Graph()
        names: dict[int, int] = {}
        for node in range(len(old)):
            if not self.live[node] or self.absorbed[node]:
                continue
            chain = self.chains.get(node)
            if chain is None:
                names[node] = old.copy_into(new, node, names)
                continue
            parts = [*(new.leaf(*total) for total in chain.totals), *(names[each] for each in chain.rest)]
            names[node] = reduce(lambda a, b: new.record(add, (a, b)), parts)
        return new, tuple(names[root] for root in self.roots)
