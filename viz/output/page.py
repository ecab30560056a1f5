"""A series of pictures as one page: it goes back and forward, plays, and needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from ..picture.callout import clean_run
from ..picture.caption import Caption, Run
from ..picture.scene import Scene
from ..picture.theme import DARK, LIGHT, Theme, check_theme
from ..text import clean
from .svg import svg_pieces

_COLOURS = ("paper", "ink", "faint", "card", "line", "active", "ready", "neg", "pos")


def page(scenes: Sequence[Scene], captions: Sequence[Caption], theme: Theme, title: str, note: str = "") -> str:
    """One self-contained page that shows the pictures one by one, each with its text.

    It may run its own script and nothing else, and load nothing: its policy forbids it. Labels are data to it.

    Args:
        scenes: the pictures, all of one size.
        captions: what stands above each.
        theme: "light" and "dark" are fixed, "auto" follows the reader's system; all are printed light.
        title: of the page.
        note: shown below the picture.

    Raises:
        ValueError: there is no picture, not one caption for each, they differ in size, or the theme isn't known.

    >>> shown = page([Scene(10.0, 10.0, [], "A")], [Caption("only <step>")], "light", "A & B")
    >>> "<title>A &amp; B</title>" in shown, "only \\\\u003cstep>" in shown
    (True, True)
    """
    check_theme(theme)
    if not scenes or len(scenes) != len(captions):
        raise ValueError(f"a page has one caption for each of its pictures, got {len(captions)} for {len(scenes)}.")
    sizes = {(scene.width, scene.height) for scene in scenes}
    if len(sizes) > 1:
        raise ValueError(f"the pictures of a page have one size, got {sorted(sizes)[:3]}: make them on one layout.")
    numbers: dict[str, int] = {}  # most of a picture is as it was in the one before: each piece is written once
    frames = [[numbers.setdefault(p, len(numbers)) for p in svg_pieces(scene, theme)] for scene in scenes]
    data = {
        "pieces": list(numbers),
        "frames": frames,
        "captions": [[[[clean(c.title), "title"]], *(list(map(_run, line)) for line in c.lines)] for c in captions],
        "width": scenes[0].width,
        "height": scenes[0].height,
    }
    script = _part("page.js")
    return Template(_part("page.html")).substitute(
        title=escape(clean(title)),
        note=escape(clean(note)),
        last=len(scenes),
        scheme="light dark" if theme == "auto" else theme,
        colours=_colours(theme),
        style=_part("page.css"),
        digest=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        script=script,
    )


def _run(run: Run) -> list[str]:
    sign = ("neg", "zero", "pos")[(run.sign > 0) - (run.sign < 0) + 1]
    kind = f"adjoint {sign}" if run.role == "adjoint" else run.role
    return [clean_run(run.text), kind] if kind else [clean_run(run.text)]


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _colours(theme: Theme) -> str:
    light, dark = (
        f":root {{ {'; '.join(f'--{name}: {table[name]}' for name in _COLOURS)}; }}" for table in (LIGHT, DARK)
    )
    if theme == "auto":
        return f"{light}\n@media screen and (prefers-color-scheme: dark) {{ {dark} }}"
    return f"{light}\n@media screen {{ {dark} }}" if theme == "dark" else light
