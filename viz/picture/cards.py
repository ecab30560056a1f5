"""The card of one node: what is written on it, how large it is, how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..graph.nodes import Edge, Node, module_path
from ..layout.arrange import Box, Place
from ..text import clean, number, shorten, width
from .scene import Group, Item, Rect, Text, rounded
from .theme import GradientScale

Status = Literal["waiting", "ready", "active", "done"]

PORT_PITCH = 27.0  # two lines of edge text
_PAD = 8.0
_HEAD = 24.0
_ROW = 17.0
_BAND = 20.0
_SIZE = 12.0  # of numbers and names
_SMALL = 10.0  # of captions and of what is written on edges
_NARROWEST = 112.0
_LABEL_ROOM = 190.0
_STACK = 4.0  # how far the cards behind a collapsed module stand out


@dataclass(frozen=True, slots=True)
class State:
    """Where a node stands in a backward that is shown step by step.

    Attributes:
        status: "waiting" for contributions, "ready" (complete), "active" (passing on now), "done".
        received: the sum of what it has received so far; None if nothing.
    """

    status: Status
    received: float | None = None


@dataclass(frozen=True)
class Face:
    """Everything that is written on a card.

    Attributes:
        badge: the symbol of the operation; "" for none.
        title: the label; "" for none.
        aside: the id, where the label doesn't tell the node apart.
        rows: pairs of a caption and a number.
        band: caption and number on the coloured band; None where no gradient flows.
        shade: the name of the band's shade.
    """

    badge: str
    title: str
    aside: str
    rows: tuple[tuple[str, str], ...]
    band: tuple[str, str] | None
    shade: str = "none"

    @property
    def has_head(self) -> bool:
        """Whether there is a head line; a bare constant has none."""
        return bool(self.badge or self.title or self.aside)


def _face(node: Node, name: str, scale: GradientScale, state: State | None) -> Face:
    title = clean(node.label)
    if node.kind == "collapsed":
        title = _last_level(title)
    aside = node.id if name != node.label and not (node.kind == "constant" and not node.symbol) else ""
    badge = shorten(clean(node.symbol), _LABEL_ROOM, _SIZE)
    title = shorten(title, _LABEL_ROOM, _SIZE, bold=True)
    band, shade = _band(node, scale, state)
    return Face(badge, title, aside, tuple(_rows(node)), band, shade)


def _last_level(path: str) -> str:
    levels = module_path(path)
    return levels[-1] if levels else path


def _rows(node: Node) -> Iterator[tuple[str, str]]:
    if node.kind != "collapsed":
        assert node.data is not None
        yield ("changed" if node.stale else "data", number(node.data))
        if node.earlier:
            yield "earlier", number(node.earlier)
        return
    yield "operations", str(node.operations)
    if node.parameters:
        yield f"Σ {node.parameters} params", number(node.parameter_sum)
        if node.data is not None:  # else it stands on the band
            yield "‖∇params‖", "–" if node.parameter_norm is None else number(node.parameter_norm)
    if node.data is not None:
        yield "changed" if node.stale else "out", number(node.data)
    else:
        yield "outputs", str(node.outputs)


def _band(node: Node, scale: GradientScale, state: State | None) -> tuple[tuple[str, str] | None, str]:
    if not node.requires_grad:
        return None, "none"
    if state is not None and state.status in ("waiting", "ready"):
        if state.received is None:
            if node.kind == "collapsed" and node.grad is not None:  # its output is done, something inside isn't
                return ("grad", number(node.grad)), scale.shade(node.grad)
            return ("grad", "waiting"), "none"
        if state.status == "waiting":
            return ("so far", number(state.received)), "none"
        return ("grad", number(state.received)), scale.shade(state.received)
    if node.kind == "collapsed" and node.data is None:
        if not node.parameters:
            return None, "none"
        norm = node.parameter_norm
        return (("‖∇params‖", number(norm)) if norm is not None else ("grad", "not run yet")), scale.shade(norm)
    return ("grad", number(node.grad) if node.grad is not None else "not run yet"), scale.shade(node.grad)


def card_box(node: Node, name: str, edges: Sequence[Edge], room_for: Sequence[str] = ()) -> Box:
    """The room for a node.

    Args:
        node: the node.
        name: how it is called in text (`GraphView.names`).
        edges: the edges that arrive at it, in the order of the view.
        room_for: further numbers that the band will show in other frames.
    """
    face = _face(node, name, GradientScale(), None)
    pairs = [*face.rows, *([face.band] if face.band else []), *(("so far", text) for text in room_for)]
    inner = max([_pair_width(caption, text) for caption, text in pairs] + [_head_width(face) if face.has_head else 0.0])
    bare = not face.has_head and face.band is None
    wide = max(width(face.rows[0][1], _SIZE) + 2 * _PAD if bare else _NARROWEST, inner + 2 * _PAD)
    high = 30.0 if bare else _HEAD + _ROW * len(face.rows) + (_BAND if face.band else 3.0)
    ports: tuple[float, ...] = (0.0,)
    lead = 12.0 if edges else 0.0
    if edges and node.kind != "collapsed":
        high = max(high, PORT_PITCH * len(edges))
        ports = tuple(high * ((i + 0.5) / len(edges) - 0.5) for i in range(len(edges)))
        texts = [text for edge in edges for text in edge_texts(edge)]
        lead = max([width(text, _SMALL) for text in texts] + [0.0]) + 16.0
    return Box(float(round(wide + 0.5)), float(round(high + 0.5)), float(round(lead + 0.5)), ports)


def _pair_width(caption: str, text: str) -> float:
    if not caption:
        return width(text, _SIZE)
    return width(caption, _SMALL) + 8.0 + width(text, _SIZE, bold=True)


def _badge_width(badge: str) -> float:
    return max(22.0, width(badge, _SIZE, bold=True) + 12.0)


def _head_width(face: Face) -> float:
    parts = [_badge_width(face.badge)] if face.badge else []
    if face.title:
        parts.append(width(face.title, _SIZE, bold=True))
    if face.aside:
        parts.append(width(face.aside, _SMALL) + 2.0)
    return sum(parts) + 6.0 * (len(parts) - 1)


def edge_texts(edge: Edge) -> tuple[str, str]:
    """What is written above and below an edge: the local partial, and what the backward passes on.

    >>> edge_texts(Edge("n0", "n2", partial=-3.0, contribution=6.0))
    ('∂ -3.0', '← 6.0')
    """
    if edge.count > 1:
        return f"{edge.count} edges", "" if edge.contribution is None else f"← {number(edge.contribution)}"
    above = f"∂ {number(edge.partial)}" if edge.partial is not None else ""
    return above, f"← {number(edge.contribution)}" if edge.contribution is not None else ""


def draw_card(
    node: Node, name: str, place: Place, scale: GradientScale, state: State | None = None, marked: bool = False
) -> Group:
    """The shapes of a node; ``marked`` gives it the rim of a highlighted node."""
    face = _face(node, name, scale, state)
    radius = _radius(node)
    x, y, w, h = place.x, place.y, place.width, place.height
    items: list[Item] = []
    if node.kind == "collapsed":
        items += [Rect(x + k, y + k, w, h, "stack", radius) for k in (_STACK, _STACK / 2)]
    items.append(Rect(x, y, w, h, "card", radius))
    if face.has_head:
        items += _head(node, face, place, radius)
    items += _body(face, place, radius)
    items.append(Rect(x, y, w, h, _rim(node, state, marked), radius))
    return Group(items, tooltip(node, name), node.id)


def _radius(node: Node) -> float:
    return {"input": 10.0, "parameter": 2.0, "constant": 5.0}.get(node.kind, 8.0)


def halo(node: Node, place: Place) -> Rect:
    """The glow of a highlighted card; it is drawn below the edges, so that their arrows stay visible."""
    return Rect(place.x - 6, place.y - 6, place.width + 12, place.height + 12, "halo", _radius(node) + 6)


def _rim(node: Node, state: State | None, marked: bool) -> str:
    if marked or (state is not None and state.status == "active"):
        return "rimactive"
    if state is not None and state.status == "ready":
        return "rimready"
    return {"constant": "rimconstant", "output": "rimoutput"}.get(node.kind, "rim")


def _head(node: Node, face: Face, place: Place, radius: float) -> list[Item]:
    x, y, w = place.x, place.y, place.width
    output = node.kind == "output"
    items: list[Item] = []
    if node.kind in ("input", "parameter", "output"):
        items.append(rounded(x, y, w, _HEAD, f"head{node.kind}", top=radius))
    left = x + _PAD
    line = y + 16.5
    if face.badge:
        wide = _badge_width(face.badge)
        items.append(Rect(left, y + 3.0, wide, 18.0, "badge", 9.0))
        items.append(Text(left + wide / 2, line, face.badge, _SIZE, "strong", "middle"))
        left += wide + 6.0
    if face.title:
        items.append(Text(left, line, face.title, _SIZE, "inkoutput" if output else "strong"))
    if face.aside:
        style = "faintoutput" if output else "faint"
        items.append(Text(place.right - _PAD, line, face.aside, _SMALL, style, "end"))
    return items


def _body(face: Face, place: Place, radius: float) -> Iterator[Item]:
    if not face.has_head and face.band is None:
        yield Text(place.x + place.width / 2, place.middle + 4.2, face.rows[0][1], _SIZE, "ink", "middle")
        return
    # rows share what a tall card (of many operands) has to spare
    head = _HEAD if face.has_head else 2.0
    spare = place.height - head - _ROW * len(face.rows) - (_BAND if face.band else 0.0)
    y = place.y + head + max(0.0, spare) / 2
    for caption, text in face.rows:
        style = "inkstale" if caption == "changed" else "faint"
        yield Text(place.x + _PAD, y + 12.5, caption, _SMALL, style)
        yield Text(place.right - _PAD, y + 12.5, text, _SIZE, "ink", "end")
        y += _ROW
    if face.band:
        top = place.bottom - _BAND
        yield rounded(place.x, top, place.width, _BAND, f"g{face.shade}", bottom=min(radius, _BAND / 2))
        yield Text(place.x + _PAD + 2, top + 14.0, face.band[0], _SMALL, f"t{face.shade}")
        yield Text(place.right - _PAD, top + 14.0, face.band[1], _SIZE, f"t{face.shade}", "end")


def tooltip(node: Node, name: str) -> str:
    """What a card says when one points at it: the same with all digits, and what has no room on it."""
    lines = [f"{clean(name)} ({node.id}, {'operation' if node.kind == 'op' else node.kind})"]
    if node.symbol:
        lines.append(f"operation {clean(node.symbol)}")
    if node.scope:
        lines.append(f"in {clean(node.scope)}")
    if node.kind == "collapsed":
        lines.append(f"{node.operations} operations, {node.parameters} parameters, {node.outputs} used outside")
    if node.data is not None:
        lines.append(f"data = {node.data!r}" + (" (changed since the forward)" if node.stale else ""))
    if node.parameter_norm is not None and node.kind == "collapsed":
        lines.append(f"L2 norm of the parameters' gradients = {node.parameter_norm!r}")
    if not node.requires_grad:
        lines.append("no gradient flows here")
    elif node.grad is not None:
        lines.append(f"grad = {node.grad!r}")
    elif node.data is not None:
        lines.append("backward not run yet")
    if node.earlier:
        lines.append(f"of it {node.earlier!r} from earlier backwards or other graphs")
    return "\n".join(lines)
