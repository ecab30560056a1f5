"""SVG text to PNG, and PNGs to GIF, without system libraries."""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..files import optional

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


def gif_bytes(pngs: Iterable[bytes], milliseconds: Sequence[int]) -> bytes:
    """PNGs of one size as an animated GIF that starts anew at its end.

    Args:
        pngs: the frames.
        milliseconds: how long each is shown.

    Raises:
        ImportError: Pillow isn't installed.
    """
    image: Any = optional("PIL.Image", "Pillow", "an animated GIF")

    def opened() -> Iterator[Any]:
        for png in pngs:
            with image.open(io.BytesIO(png)) as picture:
                yield picture.convert("RGB")

    return gif_of(opened(), milliseconds)


def gif_of(images: Iterable[Any], milliseconds: Sequence[int], colours: Any = None) -> bytes:
    """The same of Pillow's images in RGB; ``colours`` is one that has the colours of all of them, if there is one."""
    # no dithering: text stays sharp, and a colour is the same from frame to frame
    palette = None if colours is None else _palette(colours)
    frames = [picture.quantize(256, dither=0, palette=palette) for picture in images]
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


def _palette(picture: Any) -> Any:
    """256 colours of a picture; that of its corner, the paper, is kept as it is, since a page goes on around it."""
    found = picture.quantize(256, dither=0)
    paper, entries = picture.getpixel((0, 0)), found.getpalette()
    for place in range(0, len(entries), 3):
        if max(abs(a - b) for a, b in zip(entries[place : place + 3], paper, strict=True)) <= _NEAR:
            entries[place : place + 3] = paper
    found.putpalette(entries)
    return found
