"""Strips of partials between two modules: one square for each, area the size, colour the sign; below it the largest.

G. E. Hinton, T. Shallice, "Lesioning an attractor network: Investigations of acquired dyslexia", Psychological Review
98 (1991), drew weights so.
"""

from __future__ import annotations

import math

from ..graph.nodes import Strip
from ..layout.arrange import Point
from ..text import number, width
from .faces import SIZE
from .scale import GradientScale
from .scene import Group, Item, Rect, Text

_ROOM = 224.0  # pixels that a strip may take
_LARGEST, _SMALLEST = 12.0, 7.0  # of a cell
_PAD = 3.0
_GAP = 4.0
_KEY = 16.0  # the line of the key: a square of full size, and its number


def cell_size(strip: Strip) -> float:
    """The side of a cell, in pixels."""
    return max(_SMALLEST, min(_LARGEST, _ROOM / max(len(strip.cells), len(strip.cells[0]))))


def strip_size(strip: Strip) -> Point:
    """The width of a strip and the height that it needs: wires run through the middle of its squares, above its key."""
    wide, high = _frame(strip)
    return wide, high + _KEY


def _frame(strip: Strip) -> Point:
    cell = cell_size(strip)
    key = cell + 4.0 + width(number(largest_in(strip)), SIZE)
    return max(key, cell * len(strip.cells[0])) + 2 * _PAD, cell * len(strip.cells) + 2 * _PAD + _KEY


def largest_in(strip: Strip) -> float:
    """The magnitude of full size: the largest that is finite."""
    return max((abs(p) for row in strip.cells for p in row if math.isfinite(p)), default=0.0)


def draw_strip(index: int, strip: Strip, tip: Point, title: str) -> Group:
    """The strip of an edge, at the end of its wire: rows are outputs of the target, columns those of the source."""
    cell, largest = cell_size(strip), largest_in(strip)
    wide, high = _frame(strip)
    x, y = tip[0] - _GAP - wide, tip[1] - (high - _KEY) / 2
    items: list[Item] = [Rect(x, y, wide, high, "strip-box", 3.0)]
    left = x + (wide - cell * len(strip.cells[0])) / 2
    for i, row in enumerate(strip.cells):
        for j, partial in enumerate(row):
            middle = (left + (j + 0.5) * cell, y + _PAD + (i + 0.5) * cell)
            items += _square(middle, cell, partial, largest)
    line = y + high - _KEY / 2 - 1.0
    items += _square((x + _PAD + cell / 2, line), cell, largest, largest, "fill-zero")
    items.append(Text(x + _PAD + cell + 4.0, line + 4.3, number(largest), SIZE, "faint"))
    return Group(items, title, f"e{index}", "strip")


def _square(middle: Point, cell: float, partial: float, largest: float, style: str = "") -> list[Item]:
    share = 1.0 if not math.isfinite(partial) else abs(partial) / largest if largest else 0.0
    side = (cell - 1.0) * math.sqrt(share)
    if side < 0.4:
        return []
    style = style or f"fill-{GradientScale.kind(partial)}"
    return [Rect(middle[0] - side / 2, middle[1] - side / 2, side, side, style)]
