"""From a view and a layout to the shapes of the whole picture: frames, edges, cards, text above, legend below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from ..graph.nodes import Edge
from ..graph.view import GraphView
from ..layout.arrange import Box, Layout, Point
from ..text import clean, shorten, width, wrap
from .caption import Caption, Line, plain
from .cards import State, card_box, draw_card, edge_texts, halo
from .legend import legend
from .scene import Group, Item, Path, Rect, Scene, Text, polygon
from .theme import GradientScale

_SMALL = 10.0
_MARGIN = 18.0
_NARROWEST = 640.0  # below it neither legend nor formulas have room
_WIDEST = 1_400.0  # longer lines are cut
_ARROW = 8.0
_TITLE = 16.0
_LINE = 13.0
# styles by how their names start; a card stays what it is
_GREY = {"rim": "rimdim", "e": "edim", "a": "adim", "g": "gnone", "head": "gnone", "badge": "gnone"}


def caption_width(title: str, lines: Sequence[Line]) -> float:
    """The width that this text needs, in pixels."""
    widths = [width(clean(title), _TITLE, bold=True), *(width(clean(plain(line)), _LINE) for line in lines)]
    return max(widths) + 2 * _MARGIN + 4.0


def card_boxes(view: GraphView, room_for: Mapping[str, Sequence[str]] | None = None) -> dict[str, Box]:
    """The room for each node of ``view``; ``room_for`` lists further numbers that a node's band will show."""
    arriving: dict[str, list[Edge]] = defaultdict(list)
    for edge in view.edges:
        arriving[edge.target].append(edge)
    names = view.names()
    more = room_for or {}
    return {n.id: card_box(n, names[n.id], arriving[n.id], more.get(n.id, ())) for n in view.nodes}


def gradient_scale(view: GraphView) -> GradientScale:
    """The scale that covers all gradients and contributions of ``view``."""
    return GradientScale.over(
        [n.grad for n in view.nodes] + [n.parameter_norm for n in view.nodes] + [e.contribution for e in view.edges]
    )


def picture(
    view: GraphView,
    layout: Layout,
    *,
    scale: GradientScale,
    states: Mapping[str, State] | None = None,
    marked: Collection[str] = (),
    dimmed: Collection[str] = (),
    lit: Collection[int] = (),
    caption: Caption | None = None,
    notes: Sequence[str] = (),
) -> Scene:
    """Put a picture together.

    Args:
        view: what is drawn.
        layout: where it stands.
        scale: the colours of the gradients.
        states: where each node is in a backward that is shown step by step; None for a still picture.
        marked: ids of nodes to highlight.
        dimmed: ids of nodes to grey, with the edges at them.
        lit: indices of edges (in the view) to highlight.
        caption: text above the picture.
        notes: remarks on the picture itself, such as that modules were collapsed.
    """
    size = max(1.0, min(4.0, layout.width / 2_000))  # what is read from afar grows with the picture
    wide = max(layout.width, _NARROWEST * size, min(caption.width, _WIDEST) * size if caption else 0.0)
    above, top = _heading(caption, notes, wide, size)
    names = view.names()
    shift = (wide - layout.width) / 2
    moved = _shifted(layout, shift, top)
    items: list[Item] = list(above)
    items += _frames(view, moved)
    bright = {k for k, state in (states or {}).items() if state.status == "active"} | set(marked)
    items += [halo(n, moved.nodes[n.id]) for n in view.nodes if n.id in bright]
    items += _edges(view, moved, names, scale, lit, dimmed)
    for n in view.nodes:
        card = draw_card(n, names[n.id], moved.nodes[n.id], scale, (states or {}).get(n.id), n.id in marked)
        items.append(_greyed(card) if n.id in dimmed else card)
    below, bottom = legend(view, scale, states, wide, top + layout.height, size)
    items += below
    title = clean(caption.title) if caption and caption.title else "Computation graph"
    return Scene(wide, bottom, items, title, _description(view, caption, notes))


def _description(view: GraphView, caption: Caption | None, notes: Sequence[str]) -> str:
    names = view.names()
    last = view.nodes[-1]
    parts = [f"{len(view.nodes)} nodes and {len(view.edges)} edges, from the inputs to {names[last.id]}."]
    if caption:
        parts += caption.texts
    parts += notes
    return clean(" ".join(parts))


def _shifted(layout: Layout, dx: float, dy: float) -> Layout:
    def move(points: Sequence[Point]) -> tuple[Point, ...]:
        return tuple((x + dx, y + dy) for x, y in points)

    return replace(
        layout,
        nodes={k: replace(p, x=p.x + dx, y=p.y + dy) for k, p in layout.nodes.items()},
        edges=tuple(map(move, layout.edges)),
        clusters={path: tuple(map(move, outlines)) for path, outlines in layout.clusters.items()},
    )


def _heading(caption: Caption | None, notes: Sequence[str], wide: float, size: float) -> tuple[list[Item], float]:
    items: list[Item] = []
    y = 8.0 * size
    room = wide - 2 * _MARGIN * size
    if caption is not None and (caption.title or caption.room or caption.lines):
        y += 20.0 * size
        title = shorten(clean(caption.title), room, _TITLE * size, bold=True)
        items.append(Text(_MARGIN * size, y, title, _TITLE * size, "strong"))
        for line in caption.texts:
            y += 20.0 * size
            items.append(Text(_MARGIN * size, y, shorten(clean(line), room, _LINE * size), _LINE * size, "ink"))
        y += 20.0 * size * max(0, caption.room - len(caption.lines)) + 12.0 * size
    for note in notes:
        lines = wrap(clean(note), room - 20.0 * size, 12.0 * size)
        high = (16.0 * len(lines) + 12.0) * size
        items.append(Rect(_MARGIN * size, y, room, high, "note", 6.0 * size))
        for i, line in enumerate(lines):
            baseline = y + (18.0 + 16.0 * i) * size
            items.append(Text((_MARGIN + 10.0) * size, baseline, line, 12.0 * size, "ink"))
        y += high + 6.0 * size
    return items, y


def _frames(view: GraphView, layout: Layout) -> Iterator[Item]:
    depth = {"": 0}
    for cluster in view.clusters:
        depth[cluster.path] = depth[cluster.parent] + 1
        for outline in layout.clusters.get(cluster.path, ()):
            x = min(p[0] for p in outline)
            y = min(p[1] for p in outline if p[0] <= x + 1e-6)
            # the upper side starts there; the title must end before the first corner after it
            corner = min((p[0] for p in outline if p[0] > x + 1e-6), default=x)
            name = shorten(clean(cluster.name), corner - x - 16.0, _SMALL)
            yield Group(
                [
                    polygon(outline, f"frame{(depth[cluster.path] + 1) % 2}"),
                    Text(x + 8.0, y + 13.0, name, _SMALL, "faint"),
                ],
                f"module {clean(cluster.path)}",
            )


def _edges(
    view: GraphView,
    layout: Layout,
    names: Mapping[str, str],
    scale: GradientScale,
    lit: Collection[int],
    dimmed: Collection[str],
) -> Iterator[Item]:
    texts: list[Item] = []
    collapsed = {n.id for n in view.nodes if n.kind == "collapsed"}
    bright = set(lit)
    for i in sorted(range(len(view.edges)), key=bright.__contains__):  # lit edges lie above the others
        edge, route = view.edges[i], layout.edges[i]
        shade = "active" if i in bright else _edge_shade(edge, scale)
        arrow = "none" if shade == "constant" else shade
        wire = [_wire(route, f"e{shade}"), _arrow(route[-1], f"a{arrow}", 5.2 if i in bright else 3.6)]
        is_dim = edge.source in dimmed or edge.target in dimmed
        yield Group([_greyed(shape) for shape in wire] if is_dim else wire, edge_tooltip(edge, names), f"e{i}")
        if edge.target not in collapsed:
            labels = _edge_labels(edge, route[-1], i in bright)
            texts += map(_greyed, labels) if is_dim else labels
    yield from texts


def _greyed(item: Item) -> Item:
    """The same without its colours; what is written stays readable, since the zeros are what is to be seen."""
    if isinstance(item, Group):
        return replace(item, items=[_greyed(part) for part in item.items])
    if isinstance(item, Text):
        return replace(item, style="faint")
    return replace(
        item, style=next((grey for start, grey in _GREY.items() if item.style.startswith(start)), item.style)
    )


def _edge_shade(edge: Edge, scale: GradientScale) -> str:
    return scale.shade(edge.contribution) if edge.requires_grad else "constant"


def _wire(route: Sequence[Point], style: str) -> Path:
    commands: list[tuple[str, tuple[Point, ...]]] = [("M", (route[0],))]
    for i in range(1, len(route) - 1, 3):
        a, b, end = route[i : i + 3]
        if route[i - 1][1] == a[1] == b[1] == end[1]:
            commands.append(("L", (end,)))
        else:
            commands.append(("C", (a, b, end)))
    x, y = route[-1]
    commands[-1] = ("L", ((x - _ARROW * 0.6, y),))  # every route ends level, at its card; the arrow covers the rest
    return Path(tuple(commands), style)


def _arrow(tip: Point, style: str, half: float) -> Path:
    x, y = tip
    return polygon([(x, y), (x - _ARROW, y - half), (x - _ARROW, y + half)], style)


def _edge_labels(edge: Edge, tip: Point, bright: bool) -> Iterator[Item]:
    above, below = edge_texts(edge)
    right = tip[0] - _ARROW - 3.0
    if above:
        yield Text(right, tip[1] - 3.5, above, _SMALL, "faint", "end")
    if below:
        yield Text(right, tip[1] + 10.5, below, _SMALL, "inkactive" if bright else "ink", "end")


def edge_tooltip(edge: Edge, names: Mapping[str, str]) -> str:
    """What an edge says when one points at it."""
    lines = [f"{clean(names[edge.source])} → {clean(names[edge.target])}"]
    if edge.count > 1:
        lines.append(f"{edge.count} edges of the graph")
    if edge.partial is not None:
        formula = f" = {clean(edge.formula)}" if edge.formula else ""
        lines.append(f"local partial{formula} = {edge.partial!r}")
    if not edge.requires_grad:
        lines.append("no gradient flows here")
    elif edge.contribution is not None:
        lines.append(f"passed back: adjoint × partial = {edge.contribution!r}")
    return "\n".join(lines)
