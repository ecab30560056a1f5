"""A picture as a list of shapes, before it becomes SVG or PDF; both writers draw the same list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ..layout.arrange import Point
from ..text import width

Anchor = Literal["start", "middle", "end"]
Sides = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with round corners; ``style`` names a style of the theme."""

    x: float
    y: float
    width: float
    height: float
    style: str
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Path:
    """Moves (M), lines (L), cubic curves (C) and closings (Z), each with its points; ``line`` is its own width."""

    commands: tuple[tuple[str, tuple[Point, ...]], ...]
    style: str
    line: float | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; (x, y) is on its base line at the anchor."""

    x: float
    y: float
    string: str
    size: float
    style: str = "ink"
    anchor: Anchor = "start"


@dataclass(frozen=True)
class Group:
    """Shapes that belong together, with the text that is shown when one points at them.

    Attributes:
        items: the shapes.
        title: the text.
        id: of the node, or of the wire.
        kind: what it is, in words that become classes: "node op", "wire neg", "pill".
    """

    items: Sequence[Item]
    title: str = ""
    id: str = ""
    kind: str = ""


Item = Rect | Path | Text | Group


@dataclass(frozen=True)
class Scene:
    """A whole picture, ``width`` times ``height`` pixels, with a name and a description for those who can't see it."""

    width: float
    height: float
    items: Sequence[Item]
    title: str
    description: str = ""

    @cached_property
    def extents(self) -> Sequence[tuple[Rect | Path | Text, Sequence[Sides]]]:
        """Each shape in the order in which they are drawn, with the sides of its parts."""
        return [(shape, list(parts_of(shape))) for shape in flat(self.items)]


def flat(items: Sequence[Item]) -> Iterator[Rect | Path | Text]:
    """The shapes in the order in which they are drawn, groups opened."""
    for item in items:
        if isinstance(item, Group):
            yield from flat(item.items)
        else:
            yield item


def parts_of(shape: Rect | Path | Text) -> Iterator[Sides]:
    """Left, upper, right and lower side of what a shape may cover: of an open path, of each of its lines and curves.

    >>> list(parts_of(Rect(10.0, 20.0, 30.0, 5.0, "card")))
    [(8.0, 18.0, 42.0, 27.0)]
    """
    if isinstance(shape, Rect):
        yield shape.x - 2.0, shape.y - 2.0, shape.x + shape.width + 2.0, shape.y + shape.height + 2.0
    elif isinstance(shape, Path) and shape.commands[-1][0] == "Z":
        xs, ys = zip(*(point for _, points in shape.commands for point in points), strict=True)
        yield min(xs) - 4.0, min(ys) - 4.0, max(xs) + 4.0, max(ys) + 4.0
    elif isinstance(shape, Path):
        start: tuple[Point, ...] = ()
        for _, points in shape.commands:
            if points:
                xs, ys = zip(*start, *points, strict=True)
                yield min(xs) - 4.0, min(ys) - 4.0, max(xs) + 4.0, max(ys) + 4.0
                start = points[-1:]
    else:
        yield _text_bounds(shape)


def _text_bounds(shape: Text) -> Sides:
    wide = width(shape.string, shape.size, bold=True)
    left = shape.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor]
    return left - 2.0, shape.y - 1.2 * shape.size, left + wide + 2.0, shape.y + 0.5 * shape.size


def polygon(points: Sequence[Point], style: str) -> Path:
    """A closed path through the points."""
    return Path((("M", (points[0],)), *(("L", (p,)) for p in points[1:]), ("Z", ())), style)


def rounded(x: float, y: float, width: float, height: float, style: str, top: float = 0.0, bottom: float = 0.0) -> Path:
    """A rectangle whose upper and lower corners have different radii."""
    right, low, k = x + width, y + height, 0.4477  # a cubic curve of 1 - 0.5523 is nearest to a quarter circle
    return Path(
        (
            ("M", ((x + top, y),)),
            ("L", ((right - top, y),)),
            ("C", ((right - top * k, y), (right, y + top * k), (right, y + top))),
            ("L", ((right, low - bottom),)),
            ("C", ((right, low - bottom * k), (right - bottom * k, low), (right - bottom, low))),
            ("L", ((x + bottom, low),)),
            ("C", ((x + bottom * k, low), (x, low - bottom * k), (x, low - bottom))),
            ("L", ((x, y + top),)),
            ("C", ((x, y + top * k), (x + top * k, y), (x + top, y))),
            ("Z", ()),
        ),
        style,
    )
