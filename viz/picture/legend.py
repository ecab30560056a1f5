"""The legend below a picture: the kinds of nodes, what stands on an edge, the colours of the gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..graph.nodes import Kind
from ..graph.view import GraphView
from ..text import width
from .cards import State
from .scene import Item, Rect, Text, rounded
from .theme import STEPS, GradientScale, step_name

_SIZE = 11.0
_MARGIN = 18.0
_ROW = 26.0
_WORDS: Mapping[Kind, str] = {
    "input": "input",
    "parameter": "parameter",
    "constant": "constant, no gradient",
    "op": "operation",
    "output": "output",
    "collapsed": "module drawn as one",
}
_STATES = (
    ("active", "passing back now"),
    ("ready", "ready: gradient complete"),
    ("waiting", "waiting"),
    ("done", "done"),
)
# an entry: its width, and a function that draws it at (x, y), y being the middle of the row
Entry = tuple[float, Callable[[float, float], Iterator[Item]]]


def legend(
    view: GraphView,
    scale: GradientScale,
    states: Mapping[str, State] | None,
    wide: float,
    top: float,
    size: float,
) -> tuple[list[Item], float]:
    """The shapes of the legend, and the y where it ends.

    Args:
        view: the picture's content; only what occurs in it is explained.
        scale: the colours of the gradients.
        states: the states of a backward that is shown step by step, if it is.
        wide: the width of the picture.
        top: where the legend may start.
        size: how much larger than usual it is drawn.
    """
    items: list[Item] = []
    x, y = _MARGIN * size, top + 14.0 * size
    items.append(Rect(x, top + 0.5, wide - 2 * x, 0.8, "badge"))
    for entry_width, draw in _entries(view, scale, states, size):
        if x > _MARGIN * size and x + entry_width > wide - _MARGIN * size:
            x, y = _MARGIN * size, y + _ROW * size
        items += draw(x, y + _ROW * size / 2 - 4.0 * size)
        x += entry_width + 20.0 * size
    return items, y + (_ROW + 6.0) * size


def _entries(view: GraphView, scale: GradientScale, states: Mapping[str, State] | None, size: float) -> Iterator[Entry]:
    kinds = {n.kind for n in view.nodes}
    for kind, words in _WORDS.items():
        if kind in kinds:
            yield _worded(words, 26.0, size, _swatch(kind, size))
    if any(e.count == 1 and e.partial is not None for e in view.edges) and kinds - {"collapsed"}:
        yield _worded("local partial", 12.0, size, _glyph("∂", size))
    if any(e.contribution is not None for e in view.edges):
        yield _worded("passed back = gradient × ∂", 14.0, size, _glyph("←", size))
    if any(n.stale for n in view.nodes):
        yield _worded("since the forward", 52.0, size, _glyph("changed", size, "inkstale"))
    if any(n.earlier for n in view.nodes):
        yield _worded("from other backwards", 46.0, size, _glyph("earlier", size))
    if states is not None:
        for status, words in _STATES:
            yield _worded(words, 26.0, size, _state_swatch(status, size))
    elif any(n.requires_grad and n.grad is None and n.parameter_norm is None for n in view.nodes):
        yield _worded("gradient not run yet", 26.0, size, _band_swatch("gnone", size))
    if any(scale.shade(n.grad) == "odd" for n in view.nodes):
        yield _worded("not finite", 26.0, size, _band_swatch("godd", size))
    if any(n.grad is not None for n in view.nodes) or states is not None:
        yield _bar(scale, size)


def _worded(words: str, sign: float, size: float, draw: Callable[[float, float], Iterator[Item]]) -> Entry:
    def both(x: float, y: float) -> Iterator[Item]:
        yield from draw(x, y)
        yield Text(x + (sign + 6.0) * size, y + 4.0 * size, words, _SIZE * size, "ink")

    return (sign + 6.0) * size + width(words, _SIZE * size), both


def _glyph(glyph: str, size: float, style: str = "faint") -> Callable[[float, float], Iterator[Item]]:
    def draw(x: float, y: float) -> Iterator[Item]:
        yield Text(x, y + 4.0 * size, glyph, _SIZE * size, style)

    return draw


def _swatch(kind: Kind, size: float) -> Callable[[float, float], Iterator[Item]]:
    radius = {"input": 8.0, "parameter": 1.0, "constant": 3.0}.get(kind, 5.0) * size

    def draw(x: float, y: float) -> Iterator[Item]:
        w, h, y = 26.0 * size, 16.0 * size, y - 8.0 * size
        if kind == "collapsed":
            yield Rect(x + 3.0 * size, y + 3.0 * size, w, h, "stack", radius)
        yield Rect(x, y, w, h, "card", radius)
        if kind in ("input", "parameter", "output"):
            yield rounded(x, y, w, h / 2, f"head{kind}", top=min(radius, h / 2))
        if kind == "op":
            yield Rect(x + 8.0 * size, y + 3.0 * size, 10.0 * size, 10.0 * size, "badge", 5.0 * size)
        yield Rect(x, y, w, h, {"constant": "rimconstant", "output": "rimoutput"}.get(kind, "rim"), radius)

    return draw


def _state_swatch(status: str, size: float) -> Callable[[float, float], Iterator[Item]]:
    rim = {"active": "rimactive", "ready": "rimready"}.get(status, "rim")
    shade = {"waiting": "gnone"}.get(status, "gp3")

    def draw(x: float, y: float) -> Iterator[Item]:
        w, h, y = 26.0 * size, 16.0 * size, y - 8.0 * size
        if status == "active":
            yield Rect(x - 3.0 * size, y - 3.0 * size, w + 6.0 * size, h + 6.0 * size, "halo", 6.0 * size)
        yield Rect(x, y, w, h, "card", 4.0 * size)
        if status != "active":
            yield rounded(x, y + h / 2, w, h / 2, shade, bottom=4.0 * size)
        yield Rect(x, y, w, h, rim, 4.0 * size)

    return draw


def _band_swatch(style: str, size: float) -> Callable[[float, float], Iterator[Item]]:
    def draw(x: float, y: float) -> Iterator[Item]:
        yield Rect(x, y - 6.0 * size, 26.0 * size, 12.0 * size, style, 2.0 * size)
        yield Rect(x, y - 6.0 * size, 26.0 * size, 12.0 * size, "rim", 2.0 * size)

    return draw


def _bar(scale: GradientScale, size: float) -> Entry:
    low, zero, high = scale.ticks()
    font = _SIZE * size
    before, after = width(f"grad {low}", font) + 6.0 * size, width(f"{high} (log)", font) + 6.0 * size
    cell = 13.0 * size
    length = cell * (2 * STEPS + 1)

    def draw(x: float, y: float) -> Iterator[Item]:
        yield Text(x + before - 6.0 * size, y + 4.0 * size, f"grad {low}", font, "ink", "end")
        for i, step in enumerate(range(-STEPS, STEPS + 1)):
            yield Rect(x + before + i * cell, y - 7.0 * size, cell, 14.0 * size, f"g{step_name(step)}")
        middle = x + before + (STEPS + 0.5) * cell
        yield Text(middle, y + 4.0 * size, zero, font, "t0", "middle")
        yield Text(x + before + length + 6.0 * size, y + 4.0 * size, f"{high} (log)", font, "ink")

    return before + length + after, draw
