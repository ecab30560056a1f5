"""Scenes to PNG, and pictures to GIF, without system libraries."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from ..files import optional
from ..picture.scene import Rect, Scene, Text
from ..text import clean
from .fonts import FAMILY, spelled, usual_files
from .svg import Window, plain_svg

_NEAR = 8  # Pillow takes colours that differ by less for one another
_PIXELS = 30e6  # a larger picture is drawn smaller, so that it can be opened


def _rendered(svg: str, others: Iterable[str] = (), **how: Any) -> bytes:
    """resvg knows no fonts but those of these files, so that a picture is the same on each machine that has them."""
    resvg = optional("resvg_py", "resvg-py", "drawing a PNG")
    files = [*usual_files(), *others]
    how |= {"dpi": 96, "font_files": files, "sans_serif_family": FAMILY, "skip_system_fonts": bool(files)}
    return bytes(resvg.svg_to_bytes(svg_string=svg, **how))


def scene_png(scene: Scene, dark: bool = False, zoom: float = 2.0) -> bytes:
    """A scene as PNG.

    Args:
        scene: the picture.
        dark: the theme.
        zoom: pixels of the PNG for each pixel of the scene; less if it would exceed 30 million in all, with a warning.

    Raises:
        ImportError: resvg-py isn't installed.
    """
    most = largest_zoom(scene)
    if zoom > most:
        warnings.warn(
            f"a PNG of {scene.width * zoom:,.0f} x {scene.height * zoom:,.0f} pixels couldn't be opened by much: it is "
            f"drawn with zoom {most:.2g} in place of {zoom:.2g}. Save it as SVG, or draw a part of the graph.",
            stacklevel=3,
        )
    return drawn(scene, dark, min(zoom, most))


def largest_zoom(scene: Scene) -> float:
    """The zoom at which a PNG has as many pixels as can be opened."""
    return math.sqrt(_PIXELS / (scene.width * scene.height))


def drawn(scene: Scene, dark: bool, zoom: float, window: Window | None = None) -> bytes:
    """A scene, or the window of it with these sides in pixels of the result, as PNG."""
    window = window or (0, 0, math.ceil(scene.width * zoom), math.ceil(scene.height * zoom))
    left, upper, right, lower = (side / zoom for side in window)
    shapes = [
        shape
        for shape, sides in scene.extents
        if any(x < right and x_end > left and y < lower and y_end > upper for x, y, x_end, y_end in sides)
    ]
    paper = Rect(-1.0, -1.0, scene.width + 2.0, scene.height + 2.0, "paper")
    runs = (run for shape in shapes if isinstance(shape, Text) for run in spelled(clean(shape.string)))
    others = sorted({face.file for _, face in runs if face is not None})
    return _rendered(plain_svg([paper, *shapes], dark, window, zoom), others)


def gif_of(images: Iterable[Any], milliseconds: Sequence[int], colours: Any = None) -> bytes:
    """Pillow's images in RGB, of one size, as an animated GIF that starts anew at its end.

    Args:
        images: the frames.
        milliseconds: how long each is shown.
        colours: an image that has the colours of all of them, if there is one.
    """
    # no dithering: text stays sharp, and a colour is the same from frame to frame
    palette = None if colours is None else palette_of(colours)
    return gif_of_frames([picture.quantize(256, dither=0, palette=palette) for picture in images], milliseconds)


def gif_of_frames(frames: Sequence[Any], milliseconds: Sequence[int]) -> bytes:
    """The same of images that have palettes."""
    out = io.BytesIO()
    frames[0].save(
        out,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=list(milliseconds),
        loop=0,
        optimize=False,
        disposal=1,
    )
    return out.getvalue()


def palette_of(picture: Any) -> Any:
    """256 colours of a picture; that of its corner, the paper, is kept as it is, since a page goes on around it."""
    found = picture.quantize(256, dither=0)
    paper, entries = picture.getpixel((0, 0)), found.getpalette()
    for place in range(0, len(entries), 3):
        if max(abs(a - b) for a, b in zip(entries[place : place + 3], paper, strict=True)) <= _NEAR:
            entries[place : place + 3] = paper
    found.putpalette(entries)
    return found
