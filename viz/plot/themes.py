"""The dark theme of figures: every colour of the style has a counterpart, and a figure is repainted with those."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .style import DARK, TICKS

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_PAINTS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")
Undo = Callable[[], None]


def dark_rules() -> str:
    """What makes an SVG of a light figure follow the reader's system: rules that match the colours it is drawn in."""
    rules = "".join(
        f'[style*="{paint}: {light}"]{{{paint}:{dark}!important}}'
        for light, dark in DARK.items()
        for paint in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"


@contextmanager
def repainted(figure: Figure) -> Iterator[None]:
    """Dark inside, as it was after."""
    undo = repaint(figure)
    try:
        yield
    finally:
        for step in reversed(undo):
            step()


def repaint(figure: Figure) -> list[Undo]:
    """Give everything in the figure its dark colours; what undoes it, first to last."""
    undo = [step for axes in figure.get_axes() for step in _ticks(axes)]
    return undo + repaint_artists(figure.findobj())


def repaint_artists(artists: Iterable[Artist]) -> list[Undo]:
    """The same for single artists, as those that an animation moves."""
    undo: list[Undo] = []
    for artist in artists:
        # what hangs on a text isn't among the figure's children
        box = artist.get_bbox_patch() if hasattr(artist, "get_bbox_patch") else None
        for each in filter(None, (artist, box, getattr(artist, "arrow_patch", None))):
            undo += _map(each) or [step for paint in _PAINTS for step in _paint(each, paint)]
    return undo


def _paint(artist: Artist, paint: str) -> Iterator[Undo]:
    getter, setter = getattr(artist, f"get_{paint}", None), getattr(artist, f"set_{paint}", None)
    if getter is None or setter is None:
        return
    before = getter()
    after = _dark(before)
    if after is not None:
        setter(after)
        yield partial(setter, before)


def _map(artist: Any) -> list[Undo]:
    """A colour map of single colours, as of filled contours, whose artists take their colours from it."""
    from matplotlib.colors import ListedColormap

    if getattr(artist, "get_array", lambda: None)() is None or not hasattr(artist, "get_cmap"):
        return []
    before = artist.get_cmap()
    if not isinstance(before, ListedColormap):
        return []
    after = _dark(before.colors)
    if after is None:
        return []
    artist.set_cmap(ListedColormap(after))
    return [partial(artist.set_cmap, before)]


def _dark(colours: Any) -> Any:
    """The counterpart of a colour, or of each of several; None where nothing has one."""
    from matplotlib.colors import to_hex, to_rgba, to_rgba_array

    if colours is None or (isinstance(colours, str) and colours in ("none", "auto", "inherit")):
        return None
    rows = to_rgba_array(colours)
    found = [DARK.get(to_hex(row[:3])) for row in rows]
    if not any(found):
        return None
    painted = [row if dark is None else to_rgba(dark, row[3]) for row, dark in zip(rows, found, strict=True)]
    is_one = isinstance(colours, str) or (np.ndim(colours) == 1 and not isinstance(colours[0], str))
    return painted[0] if is_one else np.array(painted)


def _ticks(axes: Any) -> Iterator[Undo]:
    """Ticks are made while a figure is drawn: what they will be is told to the axes."""
    for axis in (axes.xaxis, axes.yaxis):
        known = axis.get_tick_params()  # without what comes from the style
        before = {name: known.get(name, light) for name, light in TICKS.items()}
        after = {name: _dark(colour) for name, colour in before.items()}
        axis.set_tick_params(**{name: colour for name, colour in after.items() if colour is not None})
        yield partial(axis.set_tick_params, **before)
