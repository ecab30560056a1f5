"""Scenes as an animated GIF, of which only what changes is drawn, and only that is written."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from ..files import optional
from ..picture.scene import Item, Scene, flat, parts_of
from .raster import drawn, gif_of_frames, palette_of
from .svg import Window, svg_pieces

_TILE = 24  # pixels


def series_gif(scenes: Iterable[Scene], dark: bool, zoom: float, milliseconds: Sequence[int]) -> bytes:
    """Scenes of one size as a GIF that starts anew at its end.

    Args:
        scenes: the frames.
        dark: the theme.
        zoom: pixels of the GIF for each of a scene's.
        milliseconds: how long each is shown.

    Raises:
        ImportError: Pillow or resvg-py isn't installed.
    """
    image: Any = optional("PIL.Image", "Pillow", "an animated GIF")
    stock = list(scenes)
    # what is drawn in the middle has some of each colour: it has known gradients and unknown ones
    palette = palette_of(_opened(image, drawn(stock[len(stock) // 2], dark, zoom)))
    frames: list[Any] = []
    before: dict[str, Item] = {}
    for scene in stock:
        pieces = dict(zip(svg_pieces(scene)[2:-1], scene.items, strict=True))
        whole = (0, 0, math.ceil(scene.width * zoom), math.ceil(scene.height * zoom))
        if not frames:
            frames.append(_opened(image, drawn(scene, dark, zoom)).quantize(palette=palette, dither=0))
        else:
            changed = [pieces.get(key) or before[key] for key in before.keys() ^ pieces.keys()]
            frame = frames[-1].copy()
            for window in _windows(changed, zoom, whole):
                part = _opened(image, drawn(scene, dark, zoom, window))
                frame.paste(part.quantize(palette=palette, dither=0), window[:2])
            frames.append(frame)
        before = pieces
    return gif_of_frames(frames, milliseconds)


def _opened(image: Any, png: bytes) -> Any:
    with image.open(io.BytesIO(png)) as picture:
        return picture.convert("RGB")


def _windows(items: Iterable[Item], zoom: float, whole: Window) -> Iterator[Window]:
    """Windows, none overlapping another, that cover these items: tiles, since a wire crosses much that stays."""
    tiles: set[tuple[int, int]] = set()
    for shape in flat(list(items)):
        for left, upper, right, lower in parts_of(shape):
            across = range(max(0, int(left * zoom)) // _TILE, math.ceil(right * zoom) // _TILE + 1)
            down = range(max(0, int(upper * zoom)) // _TILE, math.ceil(lower * zoom) // _TILE + 1)
            tiles.update((y, x) for y in down for x in across)
    runs: dict[tuple[int, int], tuple[int, int]] = {}  # the rows of a run that goes on, by its columns
    for row, group in groupby(sorted(tiles), key=itemgetter(0)):
        found = set(_runs([x for _, x in group]))
        for columns in [c for c, (_, last) in runs.items() if c not in found or last < row - 1]:
            yield _window(columns, runs.pop(columns), whole)
        runs |= {columns: (runs.get(columns, (row, row))[0], row) for columns in found}
    yield from (_window(columns, rows, whole) for columns, rows in runs.items())


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last of numbers that follow each other."""
    start = 0
    for i, place in enumerate(places):
        if i + 1 == len(places) or places[i + 1] != place + 1:
            yield places[start], place
            start = i + 1


def _window(columns: tuple[int, int], rows: tuple[int, int], whole: Window) -> Window:
    _, _, wide, high = whole
    right, lower = min(wide, (columns[1] + 1) * _TILE), min(high, (rows[1] + 1) * _TILE)
    return min(right - 1, columns[0] * _TILE), min(lower - 1, rows[0] * _TILE), right, lower
