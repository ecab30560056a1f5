"""The legend below a picture: what occurs in it, each thing said once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..graph.nodes import Edge, Kind, Node
from ..graph.view import GraphView
from ..text import clean, number, shorten, width, wrap
from .cards import corner
from .faces import SIZE, SO_FAR
from .scale import GradientScale
from .scene import Group, Item, Path, Rect, Text
from .wires import draw_pill, is_several, pill_text, pill_width

MARGIN = 14.0
_ROW = 20.0
_LINE = 16.0
_GAP = 14.0  # between two entries
_KINDS: Mapping[Kind, str] = {
    "input": "input",
    "parameter": "parameter",
    "constant": "constant",
    "output": "output",
    "collapsed": "several drawn as one",
}
_STATES = (("active", "passes back now"), ("ready", "gradient complete"))
_WIDTHS = 1.2, 3.4
# an entry: its width, and a function that draws it at (x, y), y being the middle of the row
Entry = tuple[float, Callable[[float, float], Iterator[Item]]]


def legend(
    view: GraphView,
    scale: GradientScale,
    steps: bool,
    notes: Sequence[str],
    wide: float,
    top: float,
) -> tuple[list[Item], float]:
    """The shapes of the legend, and the y where it ends.

    Args:
        view: the picture's content; only what occurs in it is explained.
        scale: the sizes of the gradients.
        steps: whether it is one of a series that shows a backward step by step.
        notes: what the picture says about itself.
        wide: the width of the picture.
        top: where the legend may start.
    """
    items: list[Item] = [Rect(MARGIN, top + 0.5, wide - 2 * MARGIN, 0.8, "rule")]
    x, y = MARGIN, top + 6.0
    for entry_width, draw in _entries(view, scale, steps):
        if x > MARGIN and x + entry_width > wide - MARGIN:
            x, y = MARGIN, y + _ROW
        items += draw(x, y + _ROW / 2)
        x += entry_width + _GAP
    y += _ROW + 6.0
    for note in notes:
        rows = wrap(clean(note), wide - 2 * MARGIN - 12.0, SIZE)
        high = _LINE * len(rows)
        box = Rect(MARGIN, y, wide - 2 * MARGIN, high + 4.0, "note-box")
        parts: list[Item] = [box, Rect(MARGIN, y + 2.0, 3.0, high, "note-mark")]
        parts += [Text(MARGIN + 12.0, y + 13.0 + _LINE * i, row, SIZE, "ink") for i, row in enumerate(rows)]
        items.append(Group(parts, kind="note"))
        y += high + 8.0
    return items, y


def _entries(view: GraphView, scale: GradientScale, steps: bool) -> Iterator[Entry]:
    yield from _gradients(view, steps)
    yield from _wires(view, scale)
    for kind, words in _KINDS.items():
        found = next((n for n in view.nodes if n.kind == kind), None)
        if found is not None:
            yield _worded(words, 22.0, _swatch(found))
    for status, words in _STATES if steps else ():
        yield _worded(words, 22.0, _rim_swatch(f"rim-{status}"))
    if any(n.bad for n in view.nodes):
        yield _worded("first that isn't finite", 22.0, _rim_swatch("rim-odd"))


def _gradients(view: GraphView, steps: bool) -> Iterator[Entry]:
    outputs = [n for n in view.nodes if n.output]
    label = shorten(clean(outputs[0].label), 90.0, SIZE) if len(outputs) == 1 and outputs[0].label else ""
    if any(n.requires_grad for n in view.nodes):
        yield _worded(f"gradient{f' of {label}' if label else ''}", 8.0, _glyph("∇"))
    norms = [n for n in view.nodes if n.data is None and n.parameters]
    if norms:
        yield _worded("norm over its parameters", width("‖∇‖", SIZE), _glyph("‖∇‖"))
    got = [n.grad for n in view.nodes if n.requires_grad and n.data is not None] + [n.parameter_norm for n in norms]
    if None in got or steps:
        yield _worded("not run yet" if not steps else "not reached yet", 7.0, _glyph("–"))
    if steps and any(len(n.terms) > 1 for n in view.nodes):
        yield _worded("more to come", width(SO_FAR, SIZE), _glyph(SO_FAR))
    if any(len(n.terms) > 1 for n in view.nodes):
        yield _worded("a term for each use", width("= a + b", SIZE), _glyph("= a + b"))


def _wires(view: GraphView, scale: GradientScale) -> Iterator[Entry]:
    edge = next((e for e in view.edges if pill_text(e) and e.count == 1), None)
    if edge is not None:
        example = Edge(edge.source, edge.target, partial=edge.partial)
        yield _worded("local partial, unless 1", pill_width(pill_text(example)), _pill(example))
    kinds = {scale.kind(e.contribution) if e.requires_grad else "constant" for e in view.edges}
    kinds |= {scale.kind(p) for e in view.edges if e.strip for row in e.strip.cells for p in row}
    kinds |= {scale.kind(n.grad) for n in view.nodes if n.requires_grad and n.data is not None}
    for kind, words in (("neg", "negative"), ("pos", "positive"), ("zero", "zero"), ("odd", "not finite")):
        if kind in kinds:
            yield _worded(words, 18.0, _line(f"wire-{kind}", 3.0 if kind != "zero" else 1.2))
    if any(is_several(e) and e.requires_grad for e in view.edges):
        yield _worded("of several numbers", 18.0, _line("wire-none", 2.6))
    if "constant" in kinds:
        yield _worded("no gradient", 18.0, _line("wire-constant"))
    flowing = [e for e in view.edges if e.contribution]
    if flowing:
        yield _ticks(scale)
    if any(e.strip for e in view.edges):
        yield _worded(_strip_words(view), 14.0, _squares)


def _strip_words(view: GraphView) -> str:
    blocks = {e.strip.block for e in view.edges if e.strip} - {(1, 1)}
    words = "local partials, a row for each output; area the size, the largest below"
    if blocks:
        words += "; a square is the largest of " + " or ".join(f"{a} × {b}" for a, b in sorted(blocks))
    return words


def _worded(words: str, sign: float, draw: Callable[[float, float], Iterator[Item]]) -> Entry:
    def both(x: float, y: float) -> Iterator[Item]:
        yield from draw(x, y)
        yield Text(x + sign + 6.0, y + 4.3, words, SIZE, "faint")

    return sign + 6.0 + width(words, SIZE), both


def _glyph(glyph: str) -> Callable[[float, float], Iterator[Item]]:
    def draw(x: float, y: float) -> Iterator[Item]:
        yield Text(x, y + 4.3, glyph, SIZE, "ink")

    return draw


def _pill(edge: Edge) -> Callable[[float, float], Iterator[Item]]:
    def draw(x: float, y: float) -> Iterator[Item]:
        yield from draw_pill(0, edge, (x + pill_width(pill_text(edge)) + 4.0, y), False, False).items

    return draw


def _line(style: str, line: float | None = None) -> Callable[[float, float], Iterator[Item]]:
    def draw(x: float, y: float) -> Iterator[Item]:
        yield Path((("M", ((x, y),)), ("L", ((x + 18.0, y),))), style, line)

    return draw


def _ticks(scale: GradientScale) -> Entry:
    """Lines as wide as wires with such gradients, and what is too large for the scale."""
    texts = [number(float(f"{tick:.2g}")) for tick in scale.ticks]
    if scale.beyond:
        texts[0] = f"{texts[0]} or more, to {number(max(scale.beyond), 2)}"
    steps = [22.0 + width(text, SIZE) + 10.0 for text in texts]
    word = "size"

    def draw(x: float, y: float) -> Iterator[Item]:
        yield Text(x, y + 4.3, word, SIZE, "faint")
        x += width(word, SIZE) + 8.0
        for tick, text, step in zip(scale.ticks, texts, steps, strict=True):
            line = _WIDTHS[0] + _WIDTHS[1] * scale.share(tick)
            yield Path((("M", ((x, y),)), ("L", ((x + 18.0, y),))), "wire-zero", line)
            yield Text(x + 22.0, y + 4.3, text, SIZE, "faint")
            x += step

    return width(word, SIZE) + 8.0 + sum(steps) - 10.0, draw


def _squares(x: float, y: float) -> Iterator[Item]:
    yield Rect(x, y - 5.0, 10.0, 10.0, "fill-pos")
    yield Rect(x + 10.0, y - 2.0, 4.0, 4.0, "fill-neg")


def _swatch(node: Node) -> Callable[[float, float], Iterator[Item]]:
    def draw(x: float, y: float) -> Iterator[Item]:
        if node.kind == "collapsed":
            yield Rect(x + 2.0, y - 5.0, 20.0, 14.0, "stack", 3.0)
        style = "card-output" if node.kind == "output" else f"card-{node.kind}"
        yield Rect(x, y - 7.0, 20.0, 14.0, style, min(7.0, corner(node)))

    return draw


def _rim_swatch(style: str) -> Callable[[float, float], Iterator[Item]]:
    def draw(x: float, y: float) -> Iterator[Item]:
        yield Rect(x, y - 7.0, 20.0, 14.0, "card", 4.0)
        yield Rect(x, y - 7.0, 20.0, 14.0, style, 4.0)

    return draw
