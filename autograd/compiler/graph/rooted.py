"""What the stages of the compiler that rewrite a graph hand on to each other."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from .gradients import Gradients
from .graph import Graph


class RootedGraph(NamedTuple):
    """A graph at one stage, as a value: nodes are only ever added, so the first ``size`` stay what they are."""

    graph: Graph
    roots: tuple[int, ...]
    """The results, and then what is observed."""
    size: int
    checked: Set[int] = frozenset()
    """The operations whose operands may be outside of a domain, where that is known."""
    gradients: Gradients = Gradients()

    @classmethod
    def of(cls, graph: Graph, roots: tuple[int, ...]) -> RootedGraph:
        """The graph as it is now.

        >>> graph = Graph(); RootedGraph.of(graph, (graph.leaf("input", 0),)).size
        1
        """
        return cls(graph, roots, len(graph))
