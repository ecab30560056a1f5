"""SVG text to PNG, and PNGs to GIF, without system libraries."""

from __future__ import annotations

import importlib.util
import io
import math
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..files import optional
from ..picture.scene import Rect, Scene
from .svg import Window, plain_svg

_NEAR = 8  # Pillow takes colours that differ by less for one another
_PIXELS = 30e6  # a larger picture is drawn smaller, so that it can be opened


def png_bytes(svg: str, width: float, height: float, zoom: float = 2.0) -> bytes:
    """An SVG as PNG.

    Args:
        svg: the text.
        width, height: its size in pixels.
        zoom: pixels of the PNG for each pixel of the SVG; less if it would exceed 30 million in all.

    Raises:
        ImportError: resvg-py isn't installed.
    """
    resvg = optional("resvg_py", "resvg-py", "drawing a PNG")
    zoom = min(zoom, math.sqrt(_PIXELS / (width * height)))
    return bytes(
        resvg.svg_to_bytes(svg_string=svg, zoom=zoom, dpi=96, font_files=_font_files(), sans_serif_family="DejaVu Sans")
    )


@cache
def _font_files() -> list[str]:
    """The font that the text was measured in comes with matplotlib; found without importing it."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    fonts = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf")
    return [str(fonts / name) for name in names if (fonts / name).is_file()]


def scene_png(scene: Scene, dark: bool = False, zoom: float = 2.0) -> bytes:
    """A scene as PNG.

    Args:
        scene: the picture.
        dark: the theme.
        zoom: pixels of the PNG for each pixel of the scene; less if it would exceed 30 million in all, with a warning.

    Raises:
        ImportError: resvg-py isn't installed.
    """
    most = math.sqrt(_PIXELS / (scene.width * scene.height))
    if zoom > most:
        warnings.warn(
            f"a PNG of {scene.width * zoom:,.0f} x {scene.height * zoom:,.0f} pixels couldn't be opened by much: it is "
            f"drawn with zoom {most:.2g} in place of {zoom:.2g}. Save it as SVG, or draw a part of the graph.",
            stacklevel=3,
        )
    return drawn(scene, dark, min(zoom, most))


def drawn(scene: Scene, dark: bool, zoom: float, window: Window | None = None) -> bytes:
    """A scene, or the window of it with these sides in pixels of the result, as PNG."""
    resvg = optional("resvg_py", "resvg-py", "drawing a PNG")
    window = window or (0, 0, math.ceil(scene.width * zoom), math.ceil(scene.height * zoom))
    left, upper, right, lower = (side / zoom for side in window)
    shapes = [
        shape
        for shape, sides in scene.extents
        if any(x < right and x_end > left and y < lower and y_end > upper for x, y, x_end, y_end in sides)
    ]
    paper = Rect(-1.0, -1.0, scene.width + 2.0, scene.height + 2.0, "paper")
    svg = plain_svg([paper, *shapes], dark, window, zoom)
    return bytes(resvg.svg_to_bytes(svg_string=svg, dpi=96, font_files=_font_files(), sans_serif_family="DejaVu Sans"))


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
