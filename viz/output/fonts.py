"""Fonts for what is written: that in which text is measured, and for letters that it lacks those of the machine."""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

FAMILY = "DejaVu Sans"
MISSING = "□"
# of several fonts that have a letter, those whose names begin so come first
_FIRST = ("Noto Sans", "NanumGothic", "Source Han Sans", "Hiragino", "Yu Gothic", "Malgun", "Microsoft", "PingFang")


class Face(NamedTuple):
    """A font of the machine."""

    family: str
    file: str


def spelled(text: str) -> list[tuple[str, Face | None]]:
    """The text in runs, each with the font that has its letters; None is the usual one.

    What no font has becomes an empty square, and signs that only say how others look are left out with them.

    >>> spelled("x²")
    [('x²', None)]
    """
    if all(c < "\u0250" for c in text):
        return [(text, None)]
    return [("".join(c for c, _ in run), face) for face, run in groupby(_letters(text), key=lambda pair: pair[1])]


def _letters(text: str) -> Iterator[tuple[str, Face | None]]:
    for c in text:
        face = None if _has_usual(c) else _other(c)
        if c in "\u200d\ufe0e\ufe0f":
            continue
        known = face is not None or _has_usual(c)
        yield (c, face) if known else (MISSING, None)


def usual_files() -> list[str]:
    """The files of the usual font, which come with matplotlib; found without importing it."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    fonts = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf")
    return [str(fonts / name) for name in names if (fonts / name).is_file()]


def advance(text: str, size: float, bold: bool, face: Face | None) -> float:
    """How wide the letters of one run are, in a font of ``size`` pixels."""
    file = face.file if face else usual_files()[1 if bold else 0]
    return size * sum(_glyphs(file).advance(c) for c in text)


def turns(text: str) -> bool:
    """Whether letters of it are written from right to left, or join each other: their places must be found."""
    return any(unicodedata.bidirectional(c) in ("R", "AL", "AN") or unicodedata.category(c) == "Mc" for c in text)


@cache
def _has_usual(character: str) -> bool:
    files = usual_files()
    return not files or _glyphs(files[0]).has(character)


@cache
def _other(character: str) -> Face | None:
    return next((face for face in _faces() if _glyphs(face.file).has(character)), None)


class _Glyphs:
    """Which letters a font has, and how wide they are."""

    def __init__(self, file: str) -> None:
        from matplotlib.font_manager import get_font

        self.font = get_font(file)

    def has(self, character: str) -> bool:
        return bool(self.font.get_char_index(ord(character)))

    def advance(self, character: str) -> float:
        """In parts of the font's size."""
        self.font.set_size(100.0, 72.0)
        return float(self.font.load_char(ord(character)).linearHoriAdvance) / 6_553_600


_glyphs = cache(_Glyphs)


@cache
def _faces() -> list[Face]:
    """The machine's upright fonts of usual weight, in an order that doesn't depend on where their files are."""
    if not usual_files():
        return []
    from matplotlib.font_manager import findSystemFonts

    found = []
    for file in findSystemFonts():
        try:
            font = _glyphs(file).font
        except (OSError, RuntimeError, ValueError):  # a file that is no font, or one that is broken
            continue
        if font.style_name in ("Regular", "Book", "Roman", "Medium") and font.scalable:
            rank = next((i for i, name in enumerate(_FIRST) if font.family_name.startswith(name)), len(_FIRST))
            found.append((rank, font.family_name, file))
    return [Face(family, file) for _, family, file in sorted(found)]
