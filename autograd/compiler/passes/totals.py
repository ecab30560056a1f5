"""Totals: sums of squares or magnitudes of parameters that lie side by side are one step, however many they are."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ...ops import abs as magnitude
from ...ops import add, mul
from ..graph.graph import Graph, TotalKind
from ..graph.runs import runs
from .chains import count_uses, links, rebuilt, summands

FEWEST = 8
"""Parameters that are worth a total."""


def find_totals(
    graph: Graph, roots: Sequence[int], frozen: NDArray[np.bool_] | None = None
) -> tuple[Graph, tuple[int, ...]]:
    """The same graph, in which what spells out Σ w² or Σ |w| over parameters side by side is a leaf for the sum.

    Those that are ``frozen`` (by their slot) and those that aren't have totals of their own.
    """
    live = graph.live(roots)
    uses = count_uses(graph, roots, live)
    sums = [node for node, kind in enumerate(graph.kinds) if kind is add and live[node] and graph.uniform[node]]
    inside = links(graph, sums, uses)
    chains = [_Chain(graph, node, inside, uses, frozen) for node in sums if node not in inside]
    chains = [chain for chain in chains if chain.totals]
    if not chains:
        return graph, tuple(roots)
    absorbed = {node for chain in chains for node in chain.absorbed}
    return rebuilt(graph, roots, live, absorbed, {chain.end: chain.as_totals for chain in chains})


class _Chain:
    """What a sum adds up: totals by kind and payload, and other nodes; and the nodes that only the sum needed."""

    def __init__(
        self, graph: Graph, end: int, inside: Container[int], uses: Sequence[int], frozen: NDArray[np.bool_] | None
    ) -> None:
        self.end = end
        self.totals: list[tuple[TotalKind, tuple[int, int]]] = []
        self.rest: list[int] = []
        terms: dict[TotalKind, list[tuple[int, int]]] = {"squares": [], "magnitudes": []}
        found, self.absorbed = summands(graph, end, inside)
        for node in found:
            kind = _kind_of_term(graph, node) if uses[node] == 1 else None
            if kind is None:
                self.rest.append(node)
            else:
                terms[kind].append((graph.payload[graph.args[node][0]], node))
        for kind, of_kind in terms.items():
            self._add_runs(kind, sorted(of_kind), frozen)

    def _add_runs(self, kind: TotalKind, terms: list[tuple[int, int]], frozen: NDArray[np.bool_] | None) -> None:
        keys = [(0 if frozen is None else int(frozen[slot]), slot) for slot, _ in terms]
        for run in runs(keys, terms, steps=(0, 1)):
            nodes = [node for _, node in run]
            if len(run) >= FEWEST:
                self.totals.append((kind, (run[0][0], len(run))))
                self.absorbed += nodes
            else:
                self.rest += nodes

    def as_totals(self, new: Graph, names: dict[int, int]) -> int:
        """The sum in another graph, where ``names`` says what its operands are called there."""
        parts = [*(new.leaf(*total) for total in self.totals), *(names[each] for each in self.rest)]
        return reduce(lambda a, b: new.record(add, (a, b)), parts)


def _kind_of_term(graph: Graph, node: int) -> TotalKind | None:
    """Whether this is the square or the magnitude of a parameter."""
    kind, args = graph.kinds[node], graph.args[node]
    if not args or graph.kinds[args[0]] != "parameter":
        return None
    if kind is mul and args[0] == args[1]:
        return "squares"
    return "magnitudes" if kind is magnitude else None
