"""Chains of additions: what they add up, and the graph in which something simpler stands in their place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Sequence

from ..graph.graph import Graph


def count_uses(graph: Graph, roots: Sequence[int], live: bytearray) -> list[int]:
    """How often each node is an operand of a live one; a result, which is needed as it is, counts as two more."""
    uses = [0] * len(graph)
    for node, args in enumerate(graph.args):
        for arg in args if live[node] else ():
            uses[arg] += 1
    for root in roots:
        uses[root] += 2
    return uses


def links(graph: Graph, sums: Sequence[int], uses: Sequence[int]) -> set[int]:
    """Those of the additions that are used by one other of them alone."""
    alone = {node for node in sums if uses[node] == 1}
    return alone.intersection(arg for node in sums for arg in graph.args[node])


def summands(graph: Graph, end: int, inside: Container[int]) -> tuple[list[int], list[int]]:
    """What a chain adds up, from left to right, and the additions ``inside`` of it; ``end`` is its last addition."""
    found, passed = [], []
    waiting = list(reversed(graph.args[end]))
    while waiting:
        node = waiting.pop()
        if node in inside:
            waiting += reversed(graph.args[node])
            passed.append(node)
        else:
            found.append(node)
    return found, passed


def rebuilt(
    old: Graph,
    roots: Sequence[int],
    live: bytearray,
    absorbed: Collection[int],
    written: Mapping[int, Callable[[Graph, dict[int, int]], int]],
) -> tuple[Graph, tuple[int, ...]]:
    """The new graph and roots: without what isn't live or is absorbed, and with what ``written`` makes of some nodes.

    These functions get the new graph, and the names of nodes in it.
    """
    new = Graph()
    names: dict[int, int] = {}
    for node in range(len(old)):
        if live[node] and node not in absorbed:
            write = written.get(node)
            names[node] = old.copy_into(new, node, names) if write is None else write(new, names)
    return new, tuple(names[root] for root in roots)
