"""From a view and a layout to the shapes of the whole picture: frames, wires, cards, words above, legend below."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from ..graph.nodes import Edge
from ..graph.view import GraphView
from ..layout.arrange import Box, Layout, Point
from ..text import brief, clean, shorten
from .callout import band_height, callout
from .caption import Caption
from .cards import card_box, draw_card, halo
from .faces import SIZE, State
from .fans import fanned
from .legend import legend
from .scale import GradientScale
from .scene import Group, Item, Scene, Text, polygon
from .strips import draw_strip
from .wires import draw_chevron, draw_pill, draw_wire, edge_tooltip, pill_text

_NARROWEST = 320.0  # below it neither legend nor formulas have room
_WIDEST = 1_366.0  # longer formulas are broken into lines


def card_boxes(view: GraphView, room_for: Mapping[str, Sequence[str]] | None = None) -> dict[str, Box]:
    """The room for each node of ``view``; ``room_for`` lists further numbers that a card will show."""
    arriving = _arriving(view)
    more = room_for or {}
    return {n.id: card_box(n, arriving[n.id], more.get(n.id, ())) for n in view.nodes}


def _arriving(view: GraphView) -> Mapping[str, list[Edge]]:
    arriving: dict[str, list[Edge]] = defaultdict(list)
    for edge in view.edges:
        arriving[edge.target].append(edge)
    return arriving


def gradient_scale(view: GraphView) -> GradientScale:
    """The scale that covers all gradients and contributions of ``view``."""
    return GradientScale.over(
        [n.grad for n in view.nodes]
        + [n.parameter_norm for n in view.nodes if n.data is None]
        + [e.contribution for e in view.edges]
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
    whole: GraphView | None = None,
) -> Scene:
    """Put a picture together.

    Args:
        view: what is drawn.
        layout: where it stands.
        scale: the sizes of the gradients.
        states: where each node is in a backward that is shown step by step; None for a still picture.
        marked: ids of nodes to highlight.
        dimmed: ids of nodes to grey, with the wires at them.
        lit: indices of edges (in the view) on which the gradient goes back now.
        caption: text above the picture.
        notes: remarks on the picture itself, such as that modules were collapsed.
        whole: the view that the legend explains, so that the pictures of a series have the same; None for this one.
    """
    wide = float(math.ceil(max(layout.width, _NARROWEST, min(caption.width, _WIDEST) if caption else 0.0)))
    band = band_height(caption, wide) if caption else 0.0
    moved = fanned(whole or view, _shifted(layout, (wide - layout.width) / 2, band))
    names = view.names()
    items: list[Item] = [*_frames(view, moved)]
    bright = {k for k, state in (states or {}).items() if state.status == "active"} | set(marked)
    arriving = _arriving(view)
    items += [halo(n, moved.nodes[n.id], arriving[n.id]) for n in view.nodes if n.id in bright]
    future = {k for k, state in (states or {}).items() if state.status in ("waiting", "ready")}
    items += _edges(view, moved, names, scale, lit, dimmed, future)
    for n in view.nodes:
        where, state = moved.nodes[n.id], (states or {}).get(n.id)
        is_marked, is_dim = n.id in marked, n.id in dimmed
        items.append(draw_card(n, names[n.id], where, scale, arriving[n.id], state, is_marked, is_dim))
    if caption is not None and band:
        items += callout(caption, moved, wide)
    below, bottom = legend(whole or view, scale, states is not None, notes, wide, band + layout.height)
    title = clean(caption.title) if caption and caption.title else f"Computation graph of {_outputs(view)}"
    return Scene(wide, bottom, [*items, *below], title, _description(view, caption, notes))


def _outputs(view: GraphView) -> str:
    names = view.names()
    outputs = [names[n.id] for n in view.nodes if n.output] or [names[view.nodes[-1].id]]
    return ", ".join(brief(name) for name in outputs)


def _description(view: GraphView, caption: Caption | None, notes: Sequence[str]) -> str:
    boxes, wires = len(view.nodes), len(view.edges)
    counts = f"{boxes:,} box{'es' * (boxes != 1)} and {wires:,} wire{'s' * (wires != 1)}"
    parts = [f"{counts}, from the inputs to {_outputs(view)}."]
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


def _frames(view: GraphView, layout: Layout) -> Iterator[Item]:
    depth = {"": 0}
    for cluster in view.clusters:
        depth[cluster.path] = depth[cluster.parent] + 1
        for outline in layout.clusters.get(cluster.path, ()):
            x = min(p[0] for p in outline)
            y = min(p[1] for p in outline if p[0] <= x + 1e-6)
            # the upper side starts there; the title must end before the first corner after it
            corner = min((p[0] for p in outline if p[0] > x + 1e-6), default=x)
            name = shorten(clean(cluster.name), corner - x - 16.0, SIZE)
            style = f"frame{(depth[cluster.path] + 1) % 2}"
            parts: list[Item] = [polygon(outline, style), Text(x + 8.0, y + 14.0, name, SIZE, "faint")]
            yield Group(parts, f"module {clean(cluster.path)}", cluster.path, "module")


def _edges(
    view: GraphView,
    layout: Layout,
    names: dict[str, str],
    scale: GradientScale,
    lit: Collection[int],
    dimmed: Collection[str],
    future: Collection[str],
) -> Iterator[Item]:
    bright = set(lit)
    dim = [edge.source in dimmed or edge.target in dimmed for edge in view.edges]

    def level(i: int) -> tuple[bool, bool, float]:
        """Thin wires lie above thick ones, grey ones below all, those of now above all."""
        share = scale.share(view.edges[i].contribution)
        return i in bright, share > 0, -share

    order = sorted(range(len(view.edges)), key=level)
    for i in order:
        edge = view.edges[i]
        yield draw_wire(i, edge, layout.edges[i], edge_tooltip(edge, names), scale, i in bright, dim[i])
    for i, edge in enumerate(view.edges):
        tip = layout.edges[i][-1]
        if edge.strip is not None:
            yield draw_strip(i, edge.strip, tip, edge_tooltip(edge, names))
        elif pill_text(edge):
            faint = dim[i] or edge.target in future
            yield draw_pill(i, edge, tip, i in bright, faint, edge_tooltip(edge, names))
        if i in bright:
            yield draw_chevron(i, tip, layout.nodes[edge.target].lead)
