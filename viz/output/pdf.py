"""A scene as PDF, through matplotlib: the same shapes, in the font that their text was measured in."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..files import optional
from ..picture.scene import Path, Rect, Scene, Text, flat, rounded
from ..picture.theme import Style, styles
from ..text import clean
from .fonts import FAMILY, MISSING, spelled, turns

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
    with matplotlib.rc_context({"pdf.fonttype": 42}), _quiet():
        dates = {"CreationDate": None, "Title": scene.title}
        figure.savefig(out, format="pdf", facecolor=figure.get_facecolor(), metadata=dates)
    return out.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks on fonts of other scripts: that one has no bold face, or tables that aren't needed."""
    loggers = [logging.getLogger(name) for name in ("matplotlib.font_manager", "fontTools.subset")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


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
    shown, families = _spelled(shape.string)
    return axes.text(
        shape.x,
        shape.y,
        shown,
        fontsize=shape.size * _POINTS,
        fontfamily=families,
        fontweight="bold" if style.bold else "normal",
        fontstyle="italic" if style.italic else "normal",
        color=style.fill,
        horizontalalignment={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
        verticalalignment="baseline",
        parse_math=False,
    )


def _spelled(text: str) -> tuple[str, list[str]]:
    """The text, and the families of fonts that its letters need."""
    import matplotlib
    from matplotlib.font_manager import fontManager

    runs = spelled(clean(text))
    known = {font.fname for font in fontManager.ttflist}
    for face in {face for _, face in runs if face is not None and face.file not in known}:
        fontManager.addfont(face.file)
    shown = "".join(part for part, _ in runs)
    if turns(shown):
        # before 3.11 matplotlib sets letters one by one from left to right
        if tuple(int(part) for part in matplotlib.__version__.split(".")[:2]) < (3, 11):
            shown = "".join(MISSING if turns(c) else c for c in shown)
        else:
            shown = "\u200e" + shown  # from left to right on the whole, as in SVG
    return shown, [FAMILY, *dict.fromkeys(face.family for _, face in runs if face is not None)]
