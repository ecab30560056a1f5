"""Colours of the pictures, light and dark. Each means one thing.

Negative is blue, positive orange: a pair that all common kinds of colour blindness tell apart. Every style has a name,
which is its class in SVG, and every colour has one, which is a variable there: one drawing can carry both themes, and a
page can change them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

Theme = Literal["light", "dark", "auto"]
THEMES = ("light", "dark", "auto")

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "ink": "#16202c",
    "faint": "#566373",
    "line": "#8a95a1",
    "card": "#ffffff",
    "input": "#e6f4ec",
    "parameter": "#efe8fa",
    "constant": "#f1f3f5",
    "neg": "#1d5fa8",
    "pos": "#b04600",
    "zero": "#7a8590",
    "odd": "#a3195b",
    "active": "#6d28d9",
    "halo": "#f1e9fe",
    "ready": "#0b6b4d",
    "frame0": "#f5f7fa",
    "frame1": "#eaeef3",
    "frameline": "#c6ced8",
    "stale": "#8a5a00",
}
DARK: Mapping[str, str] = {
    "paper": "#12161c",
    "ink": "#eef2f6",
    "faint": "#a9b5c2",
    "line": "#7d8997",
    "card": "#1d242d",
    "input": "#17372d",
    "parameter": "#332a49",
    "constant": "#262e38",
    "neg": "#79bbf5",
    "pos": "#ffa04a",
    "zero": "#7d8997",
    "odd": "#ff8fc0",
    "active": "#c4a1ff",
    "halo": "#2f2347",
    "ready": "#43d3a2",
    "frame0": "#181e26",
    "frame1": "#1f2731",
    "frameline": "#3d4854",
    "stale": "#ffc95c",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How a shape or text looks; colours by name (`STYLES`) or as "#rrggbb" (`styles`), "none" for nothing."""

    fill: str = "none"
    stroke: str = "none"
    line: float = 1.0
    dash: tuple[float, ...] = ()
    bold: bool = False
    italic: bool = False
    round: bool = False


def _both(name: str) -> dict[str, Style]:
    """A wire, what is written in its colour (also in bold), and what is filled with it."""
    return {
        f"wire-{name}": Style(stroke=name, line=1.2, round=True),
        f"text-{name}": Style(name),
        f"bold-{name}": Style(name, bold=True),
        f"fill-{name}": Style(name),
    }


_NOW: Mapping[str, Style] = {
    "paper": Style("paper"),
    "ink": Style("ink"),
    "strong": Style("ink", bold=True),
    "strong-faint": Style("faint", bold=True),
    "faint": Style("faint"),
    "card": Style("card", "line"),
    "card-input": Style("input", "line"),
    "card-parameter": Style("parameter", "line"),
    "card-constant": Style("constant", "line", dash=(3.0, 2.0)),
    "card-output": Style("card", "ink", 2.0),
    "card-collapsed": Style("card", "line"),
    "card-dim": Style("card", "frameline", dash=(2.0, 3.0)),
    "rim-active": Style(stroke="active", line=3.0),
    "rim-ready": Style(stroke="ready", line=2.0, dash=(5.0, 3.0)),
    "rim-odd": Style(stroke="odd", line=3.0),
    "halo": Style("halo"),
    "stack": Style("card", "line"),
    "pill-box": Style("paper", "line", 0.8),
    "pill-active": Style("halo", "active", 1.2),
    "strip-box": Style("paper", "line", 0.8),
    "frame0": Style("frame0", "frameline"),
    "frame1": Style("frame1", "frameline"),
    "callout-box": Style("halo", "active", 1.2),
    "callout-notch": Style("halo"),
    "callout-edge": Style(stroke="active", line=1.2),
    "lead": Style(stroke="active", line=1.2, dash=(2.0, 3.0)),
    "chevron": Style(stroke="active", line=2.2, round=True),
    "chevron-under": Style(stroke="paper", line=5.0, round=True),
    "note-box": Style("paper"),
    "note-mark": Style("stale"),
    "rule": Style("frameline"),
    "text-active": Style("active", bold=True),
    "text-ready": Style("ready", bold=True),
    "text-stale": Style("stale", bold=True),
    "value-stale": Style("stale"),
    "wire-none": Style(stroke="zero", line=1.2, round=True),
    "wire-constant": Style(stroke="zero", line=1.2, dash=(2.0, 3.0)),
    "wire-active": Style(stroke="active", line=2.4, round=True),
    "wire-dim": Style(stroke="zero", line=1.0, dash=(1.0, 4.0)),
    **_both("zero"),
    **_both("neg"),
    **_both("pos"),
    **_both("odd"),
    "text-zero": Style("faint"),
    "bold-zero": Style("faint", bold=True),
}


# cards that the gradient hasn't reached yet, in a backward that is shown step by step
STYLES: Mapping[str, Style] = dict(_NOW) | {
    f"{name}-later": replace(style, stroke="frameline") for name, style in _NOW.items() if name.startswith("card")
}


@cache
def styles(dark: bool) -> Mapping[str, Style]:
    """Every named style with the colours of a theme.

    >>> styles(dark=False)["paper"].fill
    '#ffffff'
    """
    colours = {**(DARK if dark else LIGHT), "none": "none"}
    return {
        name: replace(style, fill=colours[style.fill], stroke=colours[style.stroke]) for name, style in STYLES.items()
    }


def check_theme(theme: str) -> None:
    """Raise ValueError for a theme that isn't known."""
    if theme not in THEMES:
        raise ValueError(f"theme={theme!r} is not known: use one of {', '.join(map(repr, THEMES))}.")


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.1), from 0 for black to 1 for white."""
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """The contrast ratio of two colours (WCAG 2.1), from 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)
