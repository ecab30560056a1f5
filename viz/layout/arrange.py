"""Where everything stands: one type for positions, which both Graphviz and our own layout fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..graph.view import GraphView

Point = tuple[float, float]
Outline = tuple[Point, ...]
Method = Literal["auto", "dot", "layered"]
METHODS = ("auto", "dot", "layered")


@dataclass(frozen=True, slots=True)
class Box:
    """The room that a node needs, in pixels.

    Attributes:
        width, height: of the card.
        lead: room on the left of the card for what is written on the incoming edges.
        ports: where incoming edges arrive, as offsets from the middle of the left side, in the order in which
            `GraphView.edges` lists them; one port means that all of them arrive there.
    """

    width: float
    height: float
    lead: float = 10.0
    ports: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card stands: its left upper corner and size, y growing downwards."""

    x: float
    y: float
    width: float
    height: float
    lead: float = 10.0

    @property
    def right(self) -> float:
        """The x of the right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower side."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The y of the middle."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Layout:
    """Positions of a whole picture, from (0, 0) to (width, height).

    Attributes:
        nodes: the place of each node by id.
        edges: for each edge of the view a chain of cubic Bezier curves: a start, then three points a curve. It ends
            at the left side of the card that it leads to.
        clusters: the outlines for each cluster path, outer clusters first: one, or one in each band that it is in.
        method: which layout it was, "dot" or "layered".

    >>> Layout(100.0, 50.0, {"n0": Place(10.0, 10.0, 80.0, 30.0)}, ()).nodes["n0"].middle
    25.0
    """

    width: float
    height: float
    nodes: Mapping[str, Place]
    edges: tuple[tuple[Point, ...], ...]
    clusters: Mapping[str, tuple[Outline, ...]] = field(default_factory=dict)
    method: str = "layered"


def arrange(view: GraphView, boxes: Mapping[str, Box], method: Method = "auto", width: float | None = None) -> Layout:
    """Place the nodes of ``view`` from left to right.

    In our own layout the order, the columns and the heights inside of a cluster depend on nothing but the cluster and
    on which of its nodes are joined with the outside, as long as it isn't broken into bands, nor feeds a module that
    feeds it: a page can open one box and shift the rest. Only how wide a column is depends on all that stands in it.

    Args:
        view: what to place.
        boxes: the room for each node id.
        method: "auto" and "layered" are our own layout: it needs nothing, takes about linear time and is the same on
            each machine. "dot" runs Graphviz, which needs 3 s for 2,900 nodes and over 150 s for 10,000.
        width: our own layout breaks a wider picture into bands, one below the other like lines of text, where that is
            possible without cutting a column. None: one band.

    Raises:
        ValueError: an unknown method.
        RuntimeError: method "dot", and it isn't there, fails or takes too long.

    >>> from autograd import Value
    >>> view = GraphView.of(Value(1.0) * Value(2.0))
    >>> layout = arrange(view, {n.id: Box(100.0, 50.0) for n in view.nodes})
    >>> layout.nodes["n2"].x > layout.nodes["n0"].right
    True
    """
    from .graphviz_layout import dot_layout
    from .layered import layered_layout

    if method not in METHODS:
        raise ValueError(f"layout={method!r} is not known: use one of {', '.join(map(repr, METHODS))}.")
    return dot_layout(view, boxes) if method == "dot" else layered_layout(view, boxes, width)
