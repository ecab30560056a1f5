"""Wires of one card that go one way with opposite signs are drawn side by side: one upon the other would be grey."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ..graph.view import GraphView
from ..layout.arrange import Layout, Point

_ASIDE = 2.2  # pixels, about half the width of a thick wire
_LEVEL = 5  # the last points of a route: it ends at its port


def fanned(view: GraphView, layout: Layout) -> Layout:
    """The layout with the wires of each card that has negative and positive ones moved apart by their signs."""
    signs: dict[str, set[bool]] = defaultdict(set)
    for edge in view.edges:
        if edge.contribution:
            signs[edge.source].add(edge.contribution > 0)
    routes = [
        _moved(route, _ASIDE if edge.contribution > 0 else -_ASIDE)
        if edge.contribution and len(signs[edge.source]) > 1
        else route
        for edge, route in zip(view.edges, layout.edges, strict=True)
    ]
    return replace(layout, edges=tuple(routes))


def _moved(route: Sequence[Point], aside: float) -> tuple[Point, ...]:
    x, y = route[0]  # it leaves its card where all do, only higher or lower
    if all(abs(level - y) < 2 * _ASIDE for _, level in route):
        return tuple(route)  # nearly straight, it stays so
    return (
        (x, y + aside),
        *((x + aside, y + aside) for x, y in route[1:-_LEVEL]),
        *route[max(1, len(route) - _LEVEL) :],
    )
