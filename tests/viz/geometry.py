"""What an SVG shows, read off its text alone: boxes of cards, pills and words, points of wires; and what is wrong."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font, LoadFlags

SPACE = "{http://www.w3.org/2000/svg}"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SLACK = 0.6  # pixels; coordinates in the file have one decimal


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float
    name: str = ""

    def overlaps(self, other: Box, slack: float = SLACK) -> bool:
        return (
            self.left < other.right - slack
            and other.left < self.right - slack
            and self.top < other.bottom - slack
            and other.top < self.bottom - slack
        )

    def holds(self, other: Box) -> bool:
        return (
            self.left - SLACK <= other.left
            and other.right <= self.right + SLACK
            and self.top - SLACK <= other.top
            and other.bottom <= self.bottom + SLACK
        )

    def has(self, x: float, y: float, slack: float = 1.5) -> bool:
        return self.left + slack < x < self.right - slack and self.top + slack < y < self.bottom - slack


@dataclass
class Picture:
    """Everything with a place; ``name`` of a word is its text, of all else its id."""

    width: float
    height: float
    cards: list[Box] = field(default_factory=list)
    pills: list[Box] = field(default_factory=list)
    strips: list[Box] = field(default_factory=list)
    callouts: list[Box] = field(default_factory=list)
    words: list[tuple[Box, float, Box | None]] = field(default_factory=list)  # where, size, and what it is written on
    wires: list[tuple[str, str, list[tuple[float, float]]]] = field(default_factory=list)  # id, class, points


@cache
def _font(bold: bool) -> FT2Font:
    font = FT2Font(str(FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")))
    font.set_size(100.0, 72.0)
    return font


@cache
def _advance(character: str, bold: bool) -> float:
    glyph = _font(bold).load_char(ord(character), flags=LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / 100


def _is_known(text: str) -> bool:
    return all(_font(False).get_char_index(ord(c)) for c in text)


def _word(element: ET.Element, bold: set[str]) -> Box:
    text, size = element.text or "", float(element.get("font-size", "0"))
    heavy = element.get("class", "") in bold
    # what the font doesn't have is drawn in another one, as wide as that is
    wide = sum(_advance(c, heavy) for c in text) * size if _is_known(text) else 0.0
    left = float(element.get("x", "0")) - wide * {"middle": 0.5, "end": 1.0}.get(element.get("text-anchor", ""), 0.0)
    line = float(element.get("y", "0"))
    return Box(left, line - 0.76 * size, left + wide, line + 0.22 * size, text)


def _rect(element: ET.Element, name: str) -> Box:
    x, y, w, h = (float(element.get(key, "0")) for key in ("x", "y", "width", "height"))
    return Box(x, y, x + w, y + h, name)


def points_of(d: str) -> list[tuple[float, float]]:
    """Points of a path, a few pixels apart."""
    points: list[tuple[float, float]] = []
    for command, rest in re.findall(r"([MLCZ])([^MLCZ]*)", d):
        ends = [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+),([-\d.]+)", rest)]
        if command == "M":
            points.append(ends[0])
        elif command in "LC":
            curve = [points[-1], *ends] if command == "C" else [points[-1], points[-1], ends[0], ends[0]]
            steps = max(4, math.ceil(math.dist(curve[0], curve[3]) / 3))
            points += [_at(curve, k / steps) for k in range(1, steps + 1)]
    return points


def _at(curve: Sequence[tuple[float, float]], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    return (
        sum(w * p[0] for w, p in zip(weights, curve, strict=True)),
        sum(w * p[1] for w, p in zip(weights, curve, strict=True)),
    )


def read(svg: str) -> Picture:
    """Read a picture off its SVG."""
    tree = ET.fromstring(svg)
    picture = Picture(float(tree.get("width", "0")), float(tree.get("height", "0")))
    rules = "".join(style.text or "" for style in tree.iter(SPACE + "style"))
    bold = set(re.findall(r"\.(gg-[\w-]+)\{[^}]*font-weight:bold", rules))
    _walk(tree, picture, bold, None)
    return picture


def _walk(element: ET.Element, picture: Picture, bold: set[str], ground: Box | None) -> None:
    kinds = element.get("class", "").split()
    name = element.get("data-id", "")
    found = {"gg-node": picture.cards, "gg-pill": picture.pills, "gg-strip": picture.strips}
    found["gg-callout"] = picture.callouts
    for kind, stock in found.items():
        if element.tag == SPACE + "g" and kind in kinds:
            rects = element.findall(SPACE + "rect")
            cards = [r for r in rects if kind != "gg-node" or r.get("class", "").startswith("gg-card")]
            ground = _rect(cards[0], name)
            stock.append(ground)
    for child in element:
        if child.tag == SPACE + "g":
            _walk(child, picture, bold, ground)
        elif child.tag == SPACE + "text":
            picture.words.append((_word(child, bold), float(child.get("font-size", "0")), ground))
        elif child.tag == SPACE + "path" and "gg-wire" in kinds and "gg-wire" in child.get("class", ""):
            picture.wires.append((name, child.get("class", ""), points_of(child.get("d", ""))))


def faults(picture: Picture, ends: dict[str, tuple[str, str]]) -> Iterator[str]:
    """What is wrong with a picture.

    Args:
        picture: what was read.
        ends: for the id of each wire the ids of the cards that it joins.
    """
    page = Box(0.0, 0.0, picture.width, picture.height)
    solid = [*picture.cards, *picture.pills, *picture.strips, *picture.callouts]
    words = [word for word, _, _ in picture.words]
    for box in (*solid, *words):
        if not page.holds(box):
            yield f"{box.name!r} lies outside of the picture"
    for a, b in combinations(solid, 2):
        if a.overlaps(b):
            yield f"{a.name!r} overlaps {b.name!r}"
    for a, b in combinations(words, 2):
        if a.overlaps(b):
            yield f"the words {a.name!r} overlap {b.name!r}"
    for word, size, ground in picture.words:
        if size < 12:
            yield f"the words {word.name!r} are {size} px high"
        if ground is not None and ground not in picture.strips and not ground.holds(word):
            yield f"the words {word.name!r} stick out of {ground.name!r}"
    loose = [word for word, _, ground in picture.words if ground is None or ground in picture.strips]
    loose += picture.callouts
    others = [*picture.pills, *picture.strips]
    for name, _, points in picture.wires:
        for x, y in points:
            if not (-SLACK <= x <= picture.width + SLACK and -SLACK <= y <= picture.height + SLACK):
                yield f"wire {name} leaves the picture"
            yield from (f"wire {name} crosses card {b.name}" for b in _hit(picture.cards, x, y, ends[name]))
            yield from (f"wire {name} crosses the pill of {b.name}" for b in _hit(others, x, y, (name,)))
            yield from (f"wire {name} crosses the words {b.name!r}" for b in _hit(loose, x, y, ()))


def _hit(boxes: Sequence[Box], x: float, y: float, but: Sequence[str]) -> list[Box]:
    return [box for box in boxes if box.has(x, y) and box.name not in but]
