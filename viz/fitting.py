"""A view and a layout inside a budget: as much of a graph as there is room for, and a word on what was left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .graph.boxes import Boxes
from .graph.budget import Budget
from .graph.ladder import Recipe, Rung, ladder_of
from .graph.reading import Reading
from .graph.view import GraphView
from .layout.arrange import Box, Layout, Method, arrange
from .picture.compose import card_boxes

_GAP, _ROW_GAP = 40.0, 14.0  # about what layouts leave between columns and between rows
_PAGE_BYTES, _NODE_BYTES, _WIRE_BYTES, _CELL_BYTES = 4_000, 1_000, 600, 70  # about what each takes in an SVG
_NAMED, _FOLDED = 4, 50  # how often a name stands in it; bytes of a constant in an operation
_NEAR = 1.05  # how much larger than said a picture may be

Cards = Callable[[GraphView], Mapping[str, Box]]


@dataclass(frozen=True)
class Fitted:
    """What is drawn of a graph.

    Attributes:
        boxes: which numbers are drawn together.
        view: what is in them, with their gradients.
        layout: where it stands.
        notes: what was done to make it so small; none if nothing.
    """

    boxes: Boxes
    view: GraphView
    layout: Layout
    notes: tuple[str, ...] = ()


def fitted(
    reading: Reading,
    recipe: Recipe,
    budget: Budget,
    method: Method = "auto",
    cards: Cards = card_boxes,
    view_of: Callable[[Boxes], GraphView] = GraphView.over,
) -> Fitted:
    """The most detailed picture of a graph that is inside a budget.

    Args:
        reading: the graph.
        recipe: what was asked for; it is drawn so if there is room.
        budget: the limits. One too small for a single box is a ValueError.
        method: as in `arrange`.
        cards: the sizes of a view's cards.
        view_of: the view of boxes, with the gradients that its Values have or with others.
    """
    first = ""
    for rung in ladder_of(reading, recipe, budget.boxes):
        excess = _too_many(rung, budget)
        if not excess:
            boxes = Boxes(rung.partition)
            view = view_of(boxes)
            rooms = cards(view)
            excess = _too_large(view, rooms, budget)
        if not excess:
            layout = arrange(view, rooms, method, budget.width if budget.width < math.inf else None)
            excess = _outgrown(layout, budget)
        if not excess:
            return Fitted(boxes, view, layout, (_note(reading, first, rung.done),) if first else ())
        first = first or excess
    raise ValueError(f"budget: a picture of one box, the smallest there is, has {excess}; pass a larger one.")


def _too_many(rung: Rung, budget: Budget) -> str:
    """What a view has more of than there may be; "" if it hasn't."""
    boxes = rung.partition.count()
    if boxes > budget.boxes:
        return _exceeds(boxes, "boxes", budget.boxes)
    wires = len(rung.partition.pairs()) if budget.wires < math.inf else 0
    return _exceeds(wires, "wires", budget.wires) if wires > budget.wires else ""


def _too_large(view: GraphView, rooms: Mapping[str, Box], budget: Budget) -> str:
    """The same of bytes and pixels, as far as they can be told without a layout."""
    size = _bytes(view)
    if size > budget.bytes:
        return _exceeds(size, "bytes", budget.bytes)
    wide = max(room.width + room.lead for room in rooms.values())
    if wide > budget.width:
        return _exceeds(wide, "pixels of width", budget.width)
    high = sum(_bands(view, rooms, budget.width))
    return _exceeds(high, "pixels of height", budget.height) if high > budget.height else ""


def _bytes(view: GraphView) -> int:
    """About how long the SVG is."""
    cells = sum(len(e.strip.cells) * len(e.strip.cells[0]) for e in view.edges if e.strip is not None)
    names = sum(len(n.label.encode(errors="replace")) + len(n.scope) for n in view.nodes)
    drawn = _PAGE_BYTES + _NODE_BYTES * len(view.nodes) + _WIRE_BYTES * len(view.edges) + _CELL_BYTES * cells
    return drawn + _NAMED * names + _FOLDED * sum(len(n.folded) for n in view.nodes)


def _outgrown(layout: Layout, budget: Budget) -> str:
    if layout.width > _NEAR * budget.width:
        return _exceeds(layout.width, "pixels of width", budget.width)
    if layout.height > _NEAR * budget.height:
        return _exceeds(layout.height, "pixels of height", budget.height)
    return ""


def _exceeds(found: float, what: str, limit: float) -> str:
    return f"{math.ceil(found):,} {what}, more than the budget of {limit:,}"


def _bands(view: GraphView, rooms: Mapping[str, Box], width: float) -> Iterator[float]:
    """About how high the picture is: columns by rank, in bands as wide as the page."""
    used, highest = 0.0, 0.0
    for column in _columns(view):
        wide = max(rooms[node].width + rooms[node].lead for node in column) + _GAP
        high = sum(rooms[node].height + _ROW_GAP for node in column)
        if used and used + wide > width:
            yield highest
            used, highest = 0.0, 0.0
        used, highest = used + wide, max(highest, high)
    yield highest


def _columns(view: GraphView) -> list[list[str]]:
    """The nodes by their longest distance from what has no operands, which stands beside the first that uses it."""
    rank = {node.id: 0 for node in view.nodes}
    order = {node.id: i for i, node in enumerate(view.nodes)}
    forward = [edge for edge in view.edges if order[edge.source] < order[edge.target]]
    forward.sort(key=lambda edge: order[edge.target])
    for edge in forward:
        rank[edge.target] = max(rank[edge.target], rank[edge.source] + 1)
    leaves = rank.keys() - {edge.target for edge in forward}
    beside: dict[str, int] = {}
    for edge in forward:
        beside[edge.source] = min(beside.get(edge.source, rank[edge.target]), rank[edge.target])
    columns: list[list[str]] = [[] for _ in range(max(rank.values()) + 1)]
    for node, place in rank.items():
        columns[beside.get(node, 1) - 1 if node in leaves else place].append(node)
    return columns


def _note(reading: Reading, excess: str, done: str) -> str:
    cure = "pass a larger budget= or draw a part of the graph to see more"
    if not any(reading.levels):
        cure = f'name parts of it with `with scope("name"):`, {cure}'
    return f"All of it would have {excess}, so {done}; {cure}."
