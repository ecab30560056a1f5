"""A scene as PDF, through matplotlib: the same shapes, in the font that their text was measured in."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..files import optional
from ..picture.scene import Path, Rect, Scene, Text, flat, rounded
from ..picture.theme import Style, styles

_POINTS = 0.75  # a pixel is 1/96 inch, a point 1/72 inch


def render_pdf(scene: Scene, dark: bool = False) -> bytes:
    """The scene as a PDF of one page; the same scene gives the same bytes.

    Raises:
        ImportError: matplotlib isn't installed.
    """
    figures: Any = optional("matplotlib.figure", "matplotlib", "drawing a PDF")
    matplotlib: Any = optional("matplotlib", "matplotlib", "drawing a PDF")
    table = styles(dark)
    figure = figures.Figure(figsize=(scene.width / 96, scene.height / 96), facecolor=table["paper"].fill)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0.0, scene.width), ylim=(scene.height, 0.0))
    axes.set_axis_off()
    for order, shape in enumerate(flat(scene.items)):
        artist = _text(axes, shape, table) if isinstance(shape, Text) else _patch(axes, shape, table)
        artist.set_zorder(order)
    out = io.BytesIO()
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        dates = {"CreationDate": None, "Title": scene.title}
        figure.savefig(out, format="pdf", facecolor=figure.get_facecolor(), metadata=dates)
    return out.getvalue()


def _patch(axes: Any, shape: Rect | Path, table: Mapping[str, Style]) -> Any:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    if isinstance(shape, Rect):
        radius = min(shape.radius, shape.width / 2, shape.height / 2)
        shape = rounded(shape.x, shape.y, shape.width, shape.height, shape.style, radius, radius)
    codes, points = [], []
    for command, where in shape.commands:
        if command == "Z":
            codes.append(Outline.CLOSEPOLY)
            points.append((0.0, 0.0))
        else:
            code = {"M": Outline.MOVETO, "L": Outline.LINETO, "C": Outline.CURVE4}[command]
            codes += [code] * len(where)
            points += list(where)
    style = table[shape.style]
    line = style.line if shape.line is None else shape.line
    patch = PathPatch(
        Outline(points, codes),
        facecolor=style.fill,
        edgecolor=style.stroke,
        linewidth=line * _POINTS if style.stroke != "none" else 0.0,
        linestyle=(0.0, tuple(d / line for d in style.dash)) if style.dash else "solid",
        capstyle="round" if style.round else "butt",
        joinstyle="round",
    )
    return axes.add_artist(patch)


def _text(axes: Any, shape: Text, table: Mapping[str, Style]) -> Any:
    style = table[shape.style]
    return axes.text(
        shape.x,
        shape.y,
        "".join(c if _has_glyph(c, style.bold) else "□" for c in shape.string),
        fontsize=shape.size * _POINTS,
        fontfamily="DejaVu Sans",
        fontweight="bold" if style.bold else "normal",
        fontstyle="italic" if style.italic else "normal",
        color=style.fill,
        horizontalalignment={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
        verticalalignment="baseline",
        parse_math=False,
    )


@cache
def _has_glyph(character: str, bold: bool) -> bool:
    """Whether the font can draw it; what it can't is drawn as an empty square."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    path = findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal"))
    return bool(get_font(path).get_char_index(ord(character)))
