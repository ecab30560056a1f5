"""Totals: sums of squares or magnitudes of parameters that lie side by side are one step, however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...ops import abs as magnitude
from ...ops import add, mul
from ..graph.nodes import Nodes, Total
from ..graph.runs import runs

FEWEST = 8
"""Parameters that are worth a total."""


def find_totals(
    nodes: Nodes, roots: Sequence[int], frozen: NDArray[np.bool_] | None = None
) -> tuple[Nodes, tuple[int, ...]]:
    """The same graph, in which what spells out Σ w² or Σ |w| over parameters side by side is a leaf for the sum.

    Those that are ``frozen`` (by their slot) and those that aren't have totals of their own.

    >>> nodes = Nodes(); squares = [nodes.record(mul, (w, w)) for w in (nodes.leaf("parameter", k) for k in range(9))]
    >>> total = squares[0]
    >>> for square in squares[1:]: total = nodes.record(add, (total, square))
    >>> found, (root,) = find_totals(nodes, [total]); found.kinds[root], found.payload[root]
    ('squares', (0, 9))
    """
    finder = _Finder(nodes, roots, frozen)
    return finder.rebuilt() if finder.chains else (nodes, tuple(roots))


class _Chain(NamedTuple):
    """What a sum adds up: totals by kind and payload, and other nodes."""

    totals: list[tuple[Total, tuple[int, int]]]
    rest: list[int]


class _Finder:
    def __init__(self, nodes: Nodes, roots: Sequence[int], frozen: NDArray[np.bool_] | None) -> None:
        self.nodes, self.roots, self.frozen = nodes, roots, frozen
        self.live = nodes.live(roots)
        self.uses = self._count_uses()
        self.chains: dict[int, _Chain] = {}
        """By the last addition of a sum."""
        self.absorbed = bytearray(len(nodes))
        """Which nodes only such a sum needed."""
        sums = [node for node in range(len(nodes)) if self._is_sum(node)]
        self.inside = {arg for node in sums for arg in nodes.args[node] if self._is_sum(arg) and self.uses[arg] == 1}
        for node in sums:
            if node not in self.inside:
                self._look_at(node)

    def _count_uses(self) -> list[int]:
        uses = [0] * len(self.nodes)
        for node, args in enumerate(self.nodes.args):
            for arg in args if self.live[node] else ():
                uses[arg] += 1
        for root in self.roots:
            uses[root] += 2  # a result is needed as it is
        return uses

    def _is_sum(self, node: int) -> bool:
        return self.nodes.kinds[node] is add and self.nodes.uniform[node] and bool(self.live[node])

    def _look_at(self, end: int) -> None:
        nodes, chain = self.nodes, _Chain([], [])
        terms: dict[Total, list[tuple[int, int]]] = {"squares": [], "magnitudes": []}
        links, waiting = [], list(reversed(nodes.args[end]))
        while waiting:
            node = waiting.pop()
            kind = self._kind_of_term(node)
            if node in self.inside:
                waiting += reversed(nodes.args[node])
                links.append(node)
            elif kind is not None:
                terms[kind].append((nodes.payload[nodes.args[node][0]], node))
            else:
                chain.rest.append(node)
        for kind, found in terms.items():
            found.sort()
            for run in runs([(self._is_frozen(slot), slot) for slot, _ in found], found, steps=(0, 1)):
                if len(run) >= FEWEST:
                    chain.totals.append((kind, (run[0][0], len(run))))
                    links += [node for _, node in run]
                else:
                    chain.rest.extend(node for _, node in run)
        if chain.totals:
            self.chains[end] = chain
            for node in links:
                self.absorbed[node] = 1

    def _is_frozen(self, slot: int) -> int:
        return 0 if self.frozen is None else int(self.frozen[slot])

    def _kind_of_term(self, node: int) -> Total | None:
        nodes = self.nodes
        kind, args = nodes.kinds[node], nodes.args[node]
        if self.uses[node] != 1 or not args or nodes.kinds[args[0]] != "parameter":
            return None
        if kind is mul and args[0] == args[1]:
            return "squares"
        return "magnitudes" if kind is magnitude else None

    def rebuilt(self) -> tuple[Nodes, tuple[int, ...]]:
        """The new graph and roots."""
        old, new = self.nodes, Nodes()
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
