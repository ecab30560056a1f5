"""An SVG read back, as somebody who doesn't know how it was drawn: where everything stands, and in which colour."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import ImageFont

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
ASCENT, DESCENT = 0.76, 0.24  # of the letters of DejaVu Sans, in sizes of the font


@dataclass(frozen=True)
class Area:
    """A rectangle of the page."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Area, slack: float) -> bool:
        """Whether they have more than ``slack`` pixels in common in both directions."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        return wide > slack and min(self.bottom, other.bottom) - max(self.top, other.top) > slack

    def holds(self, other: Area, slack: float) -> bool:
        """Whether the other sticks out by no more than ``slack``."""
        across = self.left - slack <= other.left and other.right <= self.right + slack
        return across and self.top - slack <= other.top and other.bottom <= self.bottom + slack

    def contains(self, points: NDArray[np.float64], margin: float = 0.0) -> NDArray[np.bool_]:
        """Which of the points (n, 2) lie inside, by more than ``margin``."""
        x, y = points.T
        across = (self.left + margin < x) & (x < self.right - margin)
        found: NDArray[np.bool_] = across & (self.top + margin < y) & (y < self.bottom - margin)
        return found

    @property
    def middle(self) -> NDArray[np.float64]:
        return np.array([[(self.left + self.right) / 2, (self.top + self.bottom) / 2]])


@dataclass
class Words:
    """A line of text, the group that it belongs to, and the colours of its letters and of what is behind."""

    text: str
    area: Area
    size: float
    kind: str
    ink: str
    paper: str


@dataclass
class Part:
    """A group: a node, a pill, a strip, a note, a module, a wire."""

    kinds: tuple[str, ...]
    id: str
    boxes: list[Area] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    path: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    line: float = 0.0
    ink: str = ""

    @property
    def kind(self) -> str:
        return self.kinds[0]

    @property
    def area(self) -> Area:
        """The first box that isn't a card behind the card."""
        return self.boxes[0]


@dataclass
class Picture:
    """Everything of an SVG."""

    page: Area
    parts: list[Part]
    words: list[Words]
    paper: str
    grounds: set[str] = field(default_factory=set)
    """The colours of the page and of the frames around modules: what wires run over."""

    def of(self, *kinds: str) -> list[Part]:
        return [part for part in self.parts if part.kind in kinds]


def read(svg: str, dark: bool = False) -> Picture:
    """The parts of a picture, as a reader of a light or dark page sees it."""
    root = ET.fromstring(svg)
    for each in root.iter():
        each.tag = each.tag.rpartition("}")[2]
    colours = _Colours("".join(root.findtext("style") or ""), dark)
    page = Area(0.0, 0.0, float(root.attrib["width"]), float(root.attrib["height"]))
    paper = colours.of("gg-paper", "fill")
    picture = Picture(page, [], [], paper, {paper})
    behind: list[tuple[NDArray[np.float64], str]] = []  # what is filled, in the order of painting
    for part, shape in _shapes(root, Part(("legend",), "")):
        if part not in picture.parts:
            picture.parts.append(part)
        _add(picture, part, shape, colours, behind)
    return picture


def _shapes(element: ET.Element, part: Part) -> Iterator[tuple[Part, ET.Element]]:
    for child in element:
        if child.tag == "g":
            kinds = tuple(word.removeprefix("gg-") for word in child.get("class", "").split())
            inner = part if part.kind != "legend" else Part(kinds or ("group",), child.get("data-id", ""))
            yield from _shapes(child, inner)
        elif child.tag in ("rect", "path", "text"):
            yield part, child


def _add(
    picture: Picture, part: Part, shape: ET.Element, colours: _Colours, behind: list[tuple[NDArray[np.float64], str]]
) -> None:
    name = shape.get("class", "")
    if shape.tag == "text":
        area = _extent(shape, bold="font-weight" in colours.rules[name])
        paper = next((fill for outline, fill in reversed(behind) if _inside(area.middle[0], outline)), picture.paper)
        size = float(shape.attrib["font-size"])
        words = Words("".join(shape.itertext()), area, size, part.kind, colours.of(name, "fill"), paper)
        part.words.append(words)
        picture.words.append(words)
        return
    fill = colours.of(name, "fill")
    if shape.tag == "rect":
        x, y, wide, high = (float(shape.get(key, "0")) for key in ("x", "y", "width", "height"))
        area = Area(x, y, x + wide, y + high)
        outline = np.array([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]])
        if name != "gg-stack":
            part.boxes.append(area)
    else:
        outline = trace(shape.attrib["d"])
        if part.kind in ("wire", "chevron") and not len(part.path):
            part.path, part.ink = outline, colours.of(name, "stroke")
            width = re.search(r"stroke-width:([\d.]+)", shape.get("style", "") + ";" + colours.text(name))
            part.line = float(width[1]) if width else 1.0
    if fill and part.kind == "module":
        picture.grounds.add(fill)
        part.path = outline
    if fill and part.kind != "wire":
        behind.append((outline, fill))


def trace(d: str, step: float = 1.0) -> NDArray[np.float64]:
    """Points along a path of M, L, C and Z, about a pixel from each other."""
    found: list[NDArray[np.float64]] = []
    here = np.zeros(2)
    for letter, numbers in re.findall(r"([MLCZ])([^MLCZ]*)", d):
        points = np.array(re.findall(r"-?[\d.]+", numbers), dtype=float).reshape(-1, 2)
        command, points = ("L", found[0][:1]) if letter == "Z" else (letter, points)
        if command == "M":
            here = points[0]
            found.append(points)
        elif command in ("L", "C"):
            knots = np.array([here, *(points if command == "C" else points[-1:])])
            long = np.abs(np.diff(knots, axis=0)).sum()
            t = np.linspace(0, 1, max(2, int(long / step)))[1:, None]
            if command == "L":
                found.append(knots[0] + t * (knots[1] - knots[0]))
            else:
                a, b, c, e = knots
                found.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * e)
            here = points[-1]
    return np.concatenate(found)


def _inside(point: NDArray[np.float64], outline: NDArray[np.float64]) -> bool:
    """Whether a point lies in a polygon: a ray from it to the right crosses its rim an odd number of times."""
    a, b = outline, np.roll(outline, -1, axis=0)
    straddles = (a[:, 1] > point[1]) != (b[:, 1] > point[1])
    a, b = a[straddles], b[straddles]
    x = a[:, 0] + (point[1] - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    return bool(np.count_nonzero(x > point[0]) % 2)


@cache
def _font(bold: bool) -> tuple[FT2Font, ImageFont.FreeTypeFont]:
    file = str(FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))
    return FT2Font(file), ImageFont.truetype(file, 1000, layout_engine=ImageFont.Layout.BASIC)


@cache
def advance(character: str, bold: bool) -> float:
    """How wide a character is, in sizes of the font; one that the font lacks is taken for a square."""
    charmap, font = _font(bold)
    return font.getlength(character) / 1000 if charmap.get_char_index(ord(character)) else 1.0


def _extent(shape: ET.Element, bold: bool) -> Area:
    x, y, size = (float(shape.attrib[key]) for key in ("x", "y", "font-size"))
    wide = sum(advance(character, bold) for character in "".join(shape.itertext())) * size
    left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[shape.get("text-anchor", "start")]
    return Area(left, y - ASCENT * size, left + wide, y + DESCENT * size)


class _Colours:
    """The style sheet: what each class is filled and stroked with."""

    def __init__(self, css: str, dark: bool) -> None:
        plain = re.sub(r"@media print\{.*?\}\}", "", css)
        night = re.search(r"@media \(prefers-color-scheme:dark\)\{(.*?\})\}", plain)
        plain = plain.replace(night[0], "") if night else plain
        self.variables = dict(re.findall(r"(--gg-\w+):(#\w{6})", plain + (night[1] if night and dark else "")))
        self.rules = dict(re.findall(r"\.gg-\w+ \.(gg-[\w-]+)\{([^}]*)\}", plain))

    def text(self, name: str) -> str:
        return self.rules.get(name, "")

    def of(self, name: str, key: str) -> str:
        """The colour as "#rrggbb", "" for none."""
        found = re.search(rf"(?:^|;){key}:(?:var\((--gg-\w+)\)|(#\w{{6}}))", self.text(name))
        return (found[2] or self.variables[found[1]]) if found else ""


def contrast(a: str, b: str) -> float:
    """The contrast of two colours (WCAG 2.1, "relative luminance" and "contrast ratio"), from 1 to 21."""

    def luminance(colour: str) -> float:
        srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)
