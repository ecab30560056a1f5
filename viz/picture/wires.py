"""The wires: each is the gradient on its way back. Its colour is the sign, its width the size, on it the partial."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..graph.nodes import Edge
from ..layout.arrange import Point
from ..text import clean, number, width
from .faces import SIZE
from .scale import GradientScale
from .scene import Group, Item, Path, Rect, Text

PILL = 17.0  # the height of a pill
_THIN, _THICK = 1.2, 3.4
_GAP = 4.0  # between a pill and its card


def pill_text(edge: Edge) -> str:
    """What stands on the end of a wire: the local partial, unless it is 1 or known to nobody.

    >>> pill_text(Edge("n0", "n2", partial=-3.0)), pill_text(Edge("n0", "n2", partial=1.0))
    ('×−3', '')
    """
    if edge.count > 1:
        return f"{edge.count:,} wires"
    return "" if edge.partial is None or edge.partial == 1 else f"×{number(edge.partial)}"


def pill_width(text: str) -> float:
    """The width of a pill."""
    return width(text, SIZE) + 10.0


def wire_style(edge: Edge, scale: GradientScale) -> str:
    """The style of a wire by what flows back on it."""
    return f"wire-{scale.kind(edge.contribution)}" if edge.requires_grad else "wire-constant"


def draw_wire(
    index: int, edge: Edge, route: Sequence[Point], title: str, scale: GradientScale, lit: bool, dim: bool
) -> Group:
    """The line of an edge.

    Args:
        index: of the edge in the view.
        edge: the edge.
        route: a chain of cubic curves.
        title: what it says when one points at it.
        scale: the sizes of the gradients.
        lit: it is active in a backward that is shown step by step: violet, with a chevron the way the gradient goes.
        dim: it is greyed.
    """
    style = "wire-dim" if dim else "wire-active" if lit else wire_style(edge, scale)
    line = None if dim else _THIN + _THICK * scale.share(edge.contribution) if edge.requires_grad else None
    if lit and line is not None:
        line = max(line, 2.4)
    items: list[Item] = [wire(route, style, line)]
    if lit:
        items += _chevron(*_middle(route))
    return Group(items, title, f"e{index}", f"{style.replace('-', ' ')}")


def draw_pill(index: int, edge: Edge, tip: Point, lit: bool, dim: bool, title: str = "") -> Group:
    """The local partial of an edge, at the end of its wire."""
    text = pill_text(edge)
    wide = pill_width(text)
    x = tip[0] - _GAP - wide
    style = "pill-active" if lit else "pill-box"
    ink = "faint" if dim or edge.count > 1 else "text-odd" if not _finite(edge) else "ink"
    return Group(
        [
            Rect(x, tip[1] - PILL / 2, wide, PILL, style, PILL / 2),
            Text(x + wide / 2, tip[1] + 4.3, text, SIZE, ink, "middle"),
        ],
        title,
        f"e{index}",
        "pill",
    )


def _finite(edge: Edge) -> bool:
    return edge.partial is None or math.isfinite(edge.partial)


def wire(route: Sequence[Point], style: str, line: float | None = None) -> Path:
    """The path of a wire: a straight line where a curve is one."""
    commands: list[tuple[str, tuple[Point, ...]]] = [("M", (route[0],))]
    for i in range(1, len(route) - 1, 3):
        a, b, end = route[i : i + 3]
        if route[i - 1][1] == a[1] == b[1] == end[1]:
            commands.append(("L", (end,)))
        else:
            commands.append(("C", (a, b, end)))
    return Path(tuple(commands), style, line)


def _middle(route: Sequence[Point]) -> tuple[Point, Point]:
    """A point on the longest curve of a route, and the direction there, from the source on."""
    start = max(range(0, len(route) - 3, 3), key=lambda i: abs(route[i + 3][0] - route[i][0]))
    p, a, b, q = route[start : start + 4]
    point = ((p[0] + 3 * a[0] + 3 * b[0] + q[0]) / 8, (p[1] + 3 * a[1] + 3 * b[1] + q[1]) / 8)
    dx, dy = q[0] + b[0] - a[0] - p[0], q[1] + b[1] - a[1] - p[1]
    long = math.hypot(dx, dy) or 1.0
    return point, (dx / long, dy / long)


def _chevron(point: Point, way: Point) -> list[Item]:
    """An open arrow against the way of the wire: gradients go back."""
    (x, y), (dx, dy) = point, way
    tip = (x - 4.0 * dx, y - 4.0 * dy)
    ends = [(x + 3.0 * dx + k * 5.0 * dy, y + 3.0 * dy - k * 5.0 * dx) for k in (1, -1)]
    commands = (("M", (ends[0],)), ("L", (tip,)), ("L", (ends[1],)))
    return [Path(commands, "chevron-under"), Path(commands, "chevron")]


def edge_tooltip(edge: Edge, names: dict[str, str]) -> str:
    """What an edge says when one points at it."""
    lines = [f"{clean(names[edge.source])} → {clean(names[edge.target])}"]
    if edge.count > 1:
        lines.append(f"{edge.count} edges of the graph")
    if edge.partial is not None:
        formula = f" = {clean(edge.formula)}" if edge.formula else ""
        lines.append(f"local partial{formula} = {edge.partial!r}")
    if edge.strip is not None:
        lines.append(f"{edge.strip.rows} × {edge.strip.columns} local partials")
    if not edge.requires_grad:
        lines.append("no gradient flows here")
    elif edge.contribution is not None:
        lines.append(f"passed back: adjoint × partial = {edge.contribution!r}")
    return "\n".join(lines)
