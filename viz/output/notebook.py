"""What pictures show of themselves in a notebook: all that a front end may ask for, and a page for a series of them.

A notebook that isn't trusted shows what a sanitizer leaves of HTML: images, but no SVG and no frame.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from ..picture.scene import Scene
from ..picture.theme import Theme, styles
from .svg import svg_pieces

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, and metadata by MIME type."""
_WIDEST = 1_600.0  # pixels of a PNG: twice those of a cell, about
_LINE = 20.0  # pixels of a line above a picture
_AROUND = 56.0  # and of all else around it: the buttons, and some air


def bundle(
    makers: Mapping[str, Callable[[], str | bytes]],
    width: float,
    include: Collection[str] | None,
    exclude: Collection[str] | None,
) -> Bundle:
    """What each maker makes, as `_repr_mimebundle_` does; a PNG is left out where resvg-py isn't installed.

    Args:
        makers: by MIME type.
        width: how wide a PNG is shown, in pixels.
        include, exclude: MIME types that are wanted or not.

    >>> bundle({"text/plain": lambda: "a", "text/html": lambda: "<b>a</b>"}, 640, None, ["text/html"])
    ({'text/plain': 'a'}, {})
    """
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    for kind, make in makers.items():
        if (include and kind not in include) or kind in (exclude or ()):
            continue
        try:
            made = make()
        except ImportError:
            continue
        if isinstance(made, bytes):
            data[kind], metadata[kind] = base64.b64encode(made).decode(), {"width": round(width)}
        else:
            data[kind] = made
    return data, metadata


def png_zoom(scene: Scene) -> float:
    """The zoom at which a PNG is sharp in a cell, and no larger than that."""
    return min(2.0, _WIDEST / scene.width)


def player(
    scenes: Sequence[Scene], texts: Sequence[Sequence[str]], theme: Theme, title: str, note: str, instead: str
) -> str:
    """A page that shows one of the pictures and goes back and forward, in a frame of its own.

    The page is self-contained. It may run its script and nothing else: its policy and the frame's sandbox forbid it.

    Args:
        scenes: the pictures, all of one size.
        texts: what stands above each, line by line, the first one bold.
        theme: "light", "dark" or "auto".
        title: of the page.
        note: shown beside the buttons.
        instead: HTML that is put inside of the frame's element: browsers ignore it, and a sanitizer that removes the
            frame leaves it.
    """
    wide, high, lines = scenes[0].width, scenes[0].height, max(map(len, texts))
    page = _page(scenes, texts, theme, escape(title), escape(note), lines)
    # A frame can't take the height of its page: the picture's share shrinks with the width (cqw), the rest doesn't.
    height = f"calc(min(100cqw, {wide:.0f}px) * {high / wide:.4f} + {_LINE * lines + _AROUND:.0f}px)"
    style = f"width:100%;max-width:{wide:.0f}px;height:{height};min-height:300px;border:0;display:block"
    return (
        f'<div style="container-type:inline-size"><iframe sandbox="allow-scripts" title="{escape(title)}" '
        f'style="{style}" srcdoc="{escape(page)}">{instead}</iframe></div>'
    )


def page(scenes: Sequence[Scene], texts: Sequence[Sequence[str]], theme: Theme, title: str, note: str) -> str:
    """The page of `player` alone."""
    return _page(scenes, texts, theme, escape(title), escape(note), max(map(len, texts)))


def _page(
    scenes: Sequence[Scene], texts: Sequence[Sequence[str]], theme: Theme, title: str, note: str, lines: int
) -> str:
    numbers: dict[str, int] = {}  # most of a picture is as it was in the one before: each piece is written once
    frames = [[numbers.setdefault(p, len(numbers)) for p in svg_pieces(scene, theme)] for scene in scenes]
    data = {
        "pieces": list(numbers),
        "frames": frames,
        "texts": [list(text) for text in texts],
        "width": scenes[0].width,
    }
    return Template(Path(__file__).with_name("frames.html").read_text(encoding="utf-8")).substitute(
        title=title,
        note=note,
        lines=f"{_LINE * lines:.0f}px",
        last=len(scenes) - 1,
        scheme="light dark" if theme == "auto" else theme,
        colours=_colours(theme),
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _colours(theme: Theme) -> str:
    light, dark = (
        f":root {{ --paper: {table['paper'].fill}; --ink: {table['ink'].fill}; --faint: {table['faint'].fill}; "
        f"--card: {table['card'].fill}; --line: {table['card'].stroke}; --active: {table['rim-active'].stroke}; }}"
        for table in (styles(dark=False), styles(dark=True))
    )
    if theme == "auto":
        return f"{light} @media (prefers-color-scheme: dark) {{ {dark} }}"
    return dark if theme == "dark" else light
