"""What pictures show of themselves in a notebook: all that a front end may ask for, and a page for a series of them.

A notebook that isn't trusted shows what a sanitizer leaves of HTML: images, but no SVG and no frame.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape
from typing import Any

from ..picture.caption import Caption
from ..picture.scene import Scene
from ..picture.theme import Theme
from .page import page
from .raster import largest_zoom

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, and metadata by MIME type."""
_WIDEST = 1_600.0  # pixels of a PNG: twice those of a cell, about
_LINE = 22.0  # pixels of a line above a picture
_AROUND = 150.0  # and of all else around it: the title, the buttons, a note, and some air
_ASIDE = 40.0  # and beside it


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
    return min(2.0, _WIDEST / scene.width, largest_zoom(scene))


def player(
    scenes: Sequence[Scene], captions: Sequence[Caption], theme: Theme, title: str, note: str, instead: str
) -> str:
    """The `page` of these pictures in a frame of its own, which a sandbox keeps apart from the notebook.

    Args:
        scenes, captions, theme, title, note: as for `page`.
        instead: HTML that is put inside of the frame's element: browsers ignore it, and a sanitizer that removes the
            frame leaves it.
    """
    wide, high, lines = scenes[0].width, scenes[0].height, max(len(caption.lines) for caption in captions)
    # A frame can't take the height of its page: the picture's share shrinks with the width (cqw), the rest doesn't.
    height = f"calc(min(100cqw, {wide:.0f}px) * {high / wide:.4f} + {_LINE * (1 + lines) + _AROUND:.0f}px)"
    style = f"width:100%;max-width:{wide + _ASIDE:.0f}px;height:{height};min-height:300px;border:0;display:block"
    return (
        f'<div style="container-type:inline-size"><iframe sandbox="allow-scripts" title="{escape(title)}" '
        f'style="{style}" srcdoc="{escape(page(scenes, captions, theme, title, note))}">{instead}</iframe></div>'
    )
