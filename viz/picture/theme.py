"""Colours of the pictures, light and dark, and the scale on which gradients are coloured.

Negative is blue, positive orange: a pair that all common kinds of colour blindness tell apart. Every style has a name;
the SVG uses the names as classes, so that one drawing can carry both themes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ..text import number

Theme = Literal["light", "dark", "auto"]
THEMES = ("light", "dark", "auto")
STEPS = 7  # shades on each side of zero
_DECADES = 3.0  # the scale is linear below the largest gradient / 10**_DECADES


@dataclass(frozen=True, slots=True)
class Style:
    """How a shape or text looks; colours as "#rrggbb", "none" for nothing."""

    fill: str = "none"
    stroke: str = "none"
    line: float = 1.0
    dash: tuple[float, ...] = ()
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class _Palette:
    paper: str
    ink: str
    faint: str
    line: str
    card: str
    zero: str
    negative: str
    positive: str
    wire_zero: str
    wire_negative: str
    wire_positive: str
    unknown: str
    strange: str
    parameter: str
    input: str
    badge: str
    frames: tuple[str, str]
    frame_line: str
    active: str
    halo: str
    ready: str
    note: str
    stale: str


_LIGHT = _Palette(
    paper="#ffffff",
    ink="#16202c",
    faint="#566373",
    line="#77828f",
    card="#ffffff",
    zero="#eceef0",
    negative="#2166ac",
    positive="#d95f02",
    wire_zero="#98a1ab",
    wire_negative="#2166ac",
    wire_positive="#c95502",
    unknown="#f4f5f6",
    strange="#a3195b",
    parameter="#e9e0f5",
    input="#d8efe6",
    badge="#e4e8ed",
    frames=("#f5f7fa", "#eaeef3"),
    frame_line="#c6ced8",
    active="#6d28d9",
    halo="#e3d4fb",
    ready="#0f7b5a",
    note="#fff4d6",
    stale="#8a5a00",
)
_DARK = _Palette(
    paper="#12161c",
    ink="#eef2f6",
    faint="#a4b0bd",
    line="#7d8997",
    card="#1d242d",
    zero="#333c47",
    negative="#5aa9f0",
    positive="#ff9a3d",
    wire_zero="#6d7885",
    wire_negative="#5aa9f0",
    wire_positive="#ff9a3d",
    unknown="#242c36",
    strange="#ff6fae",
    parameter="#40345a",
    input="#1f4a3d",
    badge="#323c48",
    frames=("#181e26", "#1f2731"),
    frame_line="#3d4854",
    active="#c4a1ff",
    halo="#4a3476",
    ready="#43d3a2",
    note="#4a3a10",
    stale="#ffc95c",
)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(a: str, b: str, share: float) -> str:
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in zip(_rgb(a), _rgb(b), strict=True))


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.1), from 0 for black to 1 for white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """The contrast ratio of two colours (WCAG 2.1), from 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@cache
def styles(dark: bool) -> Mapping[str, Style]:
    """Every named style of a theme.

    >>> styles(dark=False)["paper"].fill
    '#ffffff'
    """
    p = _DARK if dark else _LIGHT
    table = {
        "paper": Style(p.paper),
        "ink": Style(p.ink),
        "strong": Style(p.ink, bold=True),
        "faint": Style(p.faint),
        "card": Style(p.card),
        "badge": Style(p.badge),
        "headinput": Style(p.input),
        "headparameter": Style(p.parameter),
        "headoutput": Style(p.ink),
        "inkoutput": Style(p.paper, bold=True),
        "faintoutput": Style(_mix(p.ink, p.paper, 0.75)),
        "rim": Style(stroke=p.line, line=1.2),
        "rimconstant": Style(stroke=p.line, line=1.2, dash=(4.0, 3.0)),
        "rimoutput": Style(stroke=p.ink, line=2.4),
        "rimactive": Style(stroke=p.active, line=3.5),
        "rimready": Style(stroke=p.ready, line=2.4, dash=(6.0, 3.0)),
        "rimdim": Style(stroke=p.frame_line, line=1.2, dash=(2.0, 3.0)),
        "halo": Style(p.halo),
        "stack": Style(p.card, p.line, 1.0),
        "frame0": Style(p.frames[0], p.frame_line, 1.0),
        "frame1": Style(p.frames[1], p.frame_line, 1.0),
        "inkactive": Style(p.active, bold=True),
        "inkready": Style(p.ready, bold=True),
        "inkstale": Style(p.stale, bold=True),
        "note": Style(p.note, p.stale, 1.0),
        "gnone": Style(p.unknown),
        "tnone": Style(p.faint, italic=True),
        "godd": Style(p.strange),
        "todd": Style(p.paper, bold=True),
        "eodd": Style(stroke=p.strange, line=2.4),
        "aodd": Style(p.strange),
        "enone": Style(stroke=p.wire_zero, line=1.2),
        "anone": Style(p.wire_zero),
        "edim": Style(stroke=p.frame_line, line=1.2, dash=(2.0, 3.0)),
        "adim": Style(p.frame_line),
        "econstant": Style(stroke=p.wire_zero, line=1.1, dash=(4.0, 3.0)),
        "eactive": Style(stroke=p.active, line=3.2),
        "aactive": Style(p.active),
    }
    for step in range(-STEPS, STEPS + 1):
        share = abs(step) / STEPS
        fill = _mix(p.zero, p.negative if step < 0 else p.positive, share)
        wire = _mix(p.wire_zero, p.wire_negative if step < 0 else p.wire_positive, share**0.6)
        name = step_name(step)
        table[f"g{name}"] = Style(fill)
        table[f"t{name}"] = Style(max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, fill)), bold=True)
        table[f"e{name}"] = Style(stroke=wire, line=1.2 + 1.4 * share)
        table[f"a{name}"] = Style(wire)
    return table


def step_name(step: int) -> str:
    """The name of a shade: "m3" (minus), "0", "p3" (plus)."""
    return f"{'m' if step < 0 else 'p'}{abs(step)}" if step else "0"


def check_theme(theme: str) -> None:
    """Raise ValueError for a theme that isn't known."""
    if theme not in THEMES:
        raise ValueError(f"theme={theme!r} is not known: use one of {', '.join(map(repr, THEMES))}.")


@dataclass(frozen=True)
class GradientScale:
    """Gradients to shades: logarithmic on both sides of zero, linear close to it.

    Attributes:
        largest: the largest finite magnitude in the picture, in units of the gradients; 0 if all are zero.

    >>> scale = GradientScale.over([-2.0, 0.5, None])
    >>> scale.shade(-2.0), scale.shade(0.0), scale.shade(None), scale.shade(float("nan"))
    ('m7', '0', 'none', 'odd')
    """

    largest: float = 0.0

    @classmethod
    def over(cls, gradients: Iterable[float | None]) -> GradientScale:
        """Make the scale on which the largest of these has the strongest colour."""
        return cls(max((abs(g) for g in gradients if g is not None and math.isfinite(g)), default=0.0))

    def shade(self, gradient: float | None) -> str:
        """The name of the shade: "none" (not run), "odd" (not finite), "0", "m1".."m7", "p1".."p7"."""
        if gradient is None:
            return "none"
        if not math.isfinite(gradient):
            return "odd"
        if gradient == 0 or self.largest == 0:
            return "0"
        share = math.log1p(abs(gradient) / self.largest * 10**_DECADES) / math.log1p(10**_DECADES)
        return step_name(int(math.copysign(max(1, min(STEPS, math.ceil(share * STEPS))), gradient)))

    def ticks(self) -> tuple[str, str, str]:
        """What is written at the left end, the middle and the right end of the legend's bar."""
        end = number(self.largest, 3)
        return f"-{end}", "0", f"+{end}"
