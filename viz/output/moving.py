"""Scenes as an animated GIF, of which only what changes is drawn, and only that is written."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import itemgetter
from typing import Any

from ..files import optional
from ..picture.scene import Item, Scene, flat, parts_of
from ..picture.theme import DARK, LIGHT
from .raster import drawn, gif_of_frames
from .svg import Window, svg_pieces

_NEAR = 8
_GROUNDS = ("paper", "card", "frame0", "frame1", "halo", "parameter", "input")
_LINES = ("ink", "faint", "neg", "pos", "zero", "active", "ready", "line", "odd", "stale")
_TILE = 24  # pixels
_START = 20_000  # pixels that are drawn in the time that a window costs besides


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
    palette = _palette(image, DARK if dark else LIGHT)
    jobs: list[tuple[Scene, Window | None]] = [(stock[0], None)]
    steps = list(_changes(stock, zoom))
    jobs += [(scene, window) for scene, windows in steps for window in windows]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # the program that draws runs beside Python
        parts = pool.map(lambda job: _opened(image, drawn(job[0], dark, zoom, job[1])), jobs)
        frames = [next(parts).quantize(palette=palette, dither=0)]
        for _, windows in steps:
            frame = frames[-1].copy()
            for window in windows:
                frame.paste(next(parts).quantize(palette=palette, dither=0), window[:2])
            frames.append(frame)
    return gif_of_frames(frames, milliseconds)


def _palette(image: Any, colours: Mapping[str, str]) -> Any:
    """The colours of a theme as they are, and what lies between a line or letter and the ground under it."""
    table = {name: tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5)) for name, colour in colours.items()}
    found = list(dict.fromkeys(table.values()))
    for share in (0.5, 0.25, 0.75, 0.1):
        for ground in _GROUNDS:
            for line in _LINES:
                pairs = zip(table[line], table[ground], strict=True)
                mixed = tuple(round(share * a + (1 - share) * b) for a, b in pairs)
                # Pillow takes colours that differ by less for one another
                if all(max(abs(a - b) for a, b in zip(mixed, known, strict=True)) > _NEAR for known in found):
                    found.append(mixed)
    made = image.new("P", (1, 1))
    made.putpalette([part for colour in found[:256] for part in colour])
    return made


def _changes(scenes: Sequence[Scene], zoom: float) -> Iterator[tuple[Scene, list[Window]]]:
    """Each scene but the first, with the windows in which it differs from the one before."""
    before: dict[str, Item] = {}
    for scene in scenes:
        pieces = dict(zip(svg_pieces(scene)[2:-1], scene.items, strict=True))
        if before:
            changed = [pieces.get(key) or before[key] for key in before.keys() ^ pieces.keys()]
            whole = (0, 0, math.ceil(scene.width * zoom), math.ceil(scene.height * zoom))
            yield scene, _merged(list(_windows(changed, zoom, whole)))
        before = pieces


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


def _merged(windows: list[Window]) -> list[Window]:
    """Fewer of them, where one costs less to draw than two; such windows may overlap others."""
    kept: list[Window] = []
    for window in windows:
        for other in list(kept):
            both = _around(window, other)
            if _area(both) < _area(window) + _area(other) + _START:
                kept.remove(other)
                window = both
        kept.append(window)
    return kept if len(kept) == len(windows) else _merged(kept)


def _around(a: Window, b: Window) -> Window:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _area(window: Window) -> int:
    return (window[2] - window[0]) * (window[3] - window[1])


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
