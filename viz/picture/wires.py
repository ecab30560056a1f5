"""The wires: each is the gradient on its way back. Its colour is the sign, its width the size, on it the partial."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..graph.nodes import Edge
from ..layout.arrange import Point
from ..text import brief, clean, number, width
from .faces import SIZE
from .scale import GradientScale
from .scene import Group, Path, Rect, Text

PILL = 17.0  # the height of a pill
_THIN, _THICK = 1.2, 3.4
_SEVERAL = 2.6  # of wires of several numbers in one
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
        lit: it is active in a backward that is shown step by step.
        dim: it is greyed.
    """
    style = "wire-dim" if dim else "wire-active" if lit else wire_style(edge, scale)
    line = None if dim else _THIN + _THICK * scale.share(edge.contribution) if edge.requires_grad else None
    if is_several(edge) and line is not None:
        line = _SEVERAL
    if lit and line is not None:
        line = max(line, 2.4)
    return Group([wire(route, style, line)], title, f"e{index}", f"{style.replace('-', ' ')}")


def is_several(edge: Edge) -> bool:
    """Whether this is wires of several numbers in one: what they pass back together has neither sign nor size."""
    return edge.count > 1 and edge.contribution is None


def draw_pill(index: int, edge: Edge, tip: Point, lit: bool, faint: bool, title: str = "") -> Group:
    """The local partial of an edge, at the end of its wire; faint where no gradient has come yet, or it is greyed."""
    text = pill_text(edge)
    wide = pill_width(text)
    x = tip[0] - _GAP - wide
    style = "pill-active" if lit else "pill-box"
    ink = "faint" if faint or edge.count > 1 else "text-odd" if not _finite(edge) else "ink"
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


def draw_chevron(index: int, tip: Point, lead: float) -> Group:
    """The way the gradient goes: back, on the level end of an active wire, left of all pills there.

    Args:
        index: of the edge in the view.
        tip: the end of the wire, at a card.
        lead: the room left of the card for what stands on wires.
    """
    x, y = tip[0] - lead + 1.5, tip[1]
    commands = (("M", ((x + 5.0, y - 5.5),)), ("L", ((x, y),)), ("L", ((x + 5.0, y + 5.5),)))
    return Group([Path(commands, "chevron-under"), Path(commands, "chevron")], id=f"e{index}", kind="chevron")


def edge_tooltip(edge: Edge, names: dict[str, str]) -> str:
    """What an edge says when one points at it."""
    lines = [f"{brief(names[edge.source])} → {brief(names[edge.target])}"]
    if edge.count > 1:
        lines.append(f"{edge.count} edges of the graph")
    if edge.partial is not None:
        formula = f" = {clean(edge.formula)}" if edge.formula else ""
        lines.append(f"local partial{formula} = {edge.partial!r}")
    if edge.strip is not None:
        high, wide = edge.strip.block
        each = f", a square the largest of {high} × {wide}" if high * wide > 1 else ""
        lines.append(f"{edge.strip.rows} × {edge.strip.columns} local partials{each}")
    if not edge.requires_grad:
        lines.append("no gradient flows here")
    elif edge.contribution is not None:
        lines.append(f"passed back: adjoint × partial = {edge.contribution!r}")
    return "\n".join(lines)
