"""The card of one node: how large it is, how it is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..graph.nodes import Edge, Node
from ..layout.arrange import Box, Place
from ..text import clean, point_parts, width
from .faces import SIZE, SO_FAR, Face, State, face_of
from .scale import GradientScale
from .scene import Group, Item, Rect, Text
from .strips import strip_size
from .wires import PILL, pill_text, pill_width

_PAD = 6.0
_LINE = 15.0
_FIRST = 14.5  # from the upper side to the base line of the first line
_NARROWEST = 52.0
_PITCH = 12.0  # between two ports without pills
_STACK = 3.0  # how far the cards behind a collapsed module stand out
_LEAD = 9.0
_SPACE = 6.0  # between words and numbers


def card_box(node: Node, edges: Sequence[Edge], room_for: Sequence[str] = ()) -> Box:
    """The room for a node.

    Args:
        node: the node.
        edges: the edges that arrive at it, in the order of the view.
        room_for: further numbers that the card will show in place of its gradient in other frames.
    """
    face = face_of(node, _operands(edges), GradientScale())
    wide, high = _card_size(node, face, room_for)
    heads = [_head_size(edge) for edge in edges]
    pitch = max([h + 2.0 for _, h in heads] + [_PITCH])
    ports: tuple[float, ...] = (0.0,)
    lead = 0.0
    if edges:
        high = max(high, pitch * len(edges))  # of a strip as well, which is as high as the room, not as the card
        ports = tuple(pitch * (i - (len(edges) - 1) / 2) for i in range(len(edges)))
        lead = max(w for w, _ in heads) + _LEAD
    return Box(float(math.ceil(wide)), float(math.ceil(high)), float(math.ceil(lead)), ports)


def _head_size(edge: Edge) -> tuple[float, float]:
    """The size of what stands on the end of a wire."""
    if edge.strip is not None:
        return strip_size(edge.strip)
    text = pill_text(edge)
    return (pill_width(text), PILL) if text else (0.0, 0.0)


def _card_size(node: Node, face: Face, room_for: Sequence[str]) -> tuple[float, float]:
    titles = [width(face.label, SIZE, bold=True)] if face.label else []
    titles += [width(face.operation, SIZE)] if face.operation else []
    title = sum(titles) + 6.0 * max(0, len(titles) - 1)
    before, after = _columns(face, room_for)
    signs = [face.sign] + [SO_FAR] * bool(room_for)
    sign = max(width(text, SIZE) for text in signs)
    # what stands left of the numbers, and they: all are as wide as the widest column, decimal points below each other
    left = max(title + _SPACE if title and face.value else 0.0, sign + _SPACE if face.sign else 0.0)
    inner = max(left + before + after, title)
    inner = max([inner, *(width(text, SIZE, bold=style != "faint") for text, style in face.extras)])
    return max(inner + 2 * _PAD, 0.0 if node.kind == "constant" else _NARROWEST), _content(face)


def _content(face: Face) -> float:
    """The height of all lines."""
    lines = bool(_first_line(face)) + bool(face.sign) + len(face.extras)
    return 7.0 + _LINE * lines + (2.0 if face.sign else 0.0)


def _first_line(face: Face) -> str:
    return face.label + face.operation + face.value


def _columns(face: Face, room_for: Sequence[str] = ()) -> tuple[float, float]:
    """The widths of what stands before the decimal points and after them.

    What has no point ends where the others do.
    """
    texts = (face.value, face.gradient, *room_for)
    parts = [point_parts(text) for text in texts]
    after = max(width(b, SIZE) for _, b in parts)
    before = [width(a, SIZE) if b else width(a, SIZE) - after for a, b in parts]
    return max(0.0, *before), after


def draw_card(
    node: Node,
    name: str,
    place: Place,
    scale: GradientScale,
    edges: Sequence[Edge],
    state: State | None = None,
    marked: bool = False,
    dim: bool = False,
) -> Group:
    """The shapes of a node.

    Args:
        node: the node.
        name: what it is called in text.
        place: where it stands.
        scale: the sizes of the gradients.
        edges: the wires that arrive at it.
        state: where it stands in a backward that is shown step by step.
        marked: gives it the rim of a highlighted node.
        dim: takes its colours; what is written stays readable, since the zeros are what is to be seen.
    """
    face = face_of(node, _operands(edges), scale, state)
    place = card_place(node, place, edges)
    x, y, w, h = place.x, place.y, place.width, place.height
    future = state is not None and state.status == "waiting"
    radius = corner(node)
    items: list[Item] = []
    if node.kind == "collapsed":
        items += [Rect(x + k, y + k, w, h, "stack", radius) for k in (_STACK, _STACK / 2)]
    style = "card-dim" if dim else card_style(node) + "-later" * future
    items.append(Rect(x, y, w, h, style, radius))
    items += _written(face, place, dim, future)
    rim = _rim(node, state, marked)
    if rim:
        items.append(Rect(x, y, w, h, rim, radius))
    status = f" {state.status}" if state is not None else ""
    return Group(items, tooltip(node, name), node.id, f"node {node.kind}{status}{' dim' * dim}")


def card_place(node: Node, place: Place, edges: Sequence[Edge]) -> Place:
    """Where the card itself stands: a strip beside it may be higher than it."""
    if all(edge.strip is None for edge in edges):
        return place
    pills = (len(edges) - 1) / len(edges) * place.height + PILL if len(edges) > 1 else 0.0
    high = min(place.height, max(_content(face_of(node, _operands(edges), GradientScale())), pills))
    return replace(place, y=place.y + (place.height - high) / 2, height=high)


def _operands(edges: Sequence[Edge]) -> int:
    return sum(edge.count for edge in edges)


def corner(node: Node) -> float:
    """The radius of the corners of a card, by its kind."""
    return {"input": 10.0, "parameter": 2.0, "constant": 3.0}.get(node.kind, 6.0)


def card_style(node: Node) -> str:
    """The style of a card, by its kind."""
    if node.output:
        return "card-output"
    return "card" if node.kind == "op" else f"card-{node.kind}"


def _rim(node: Node, state: State | None, marked: bool) -> str:
    if marked or (state is not None and state.status == "active"):
        return "rim-active"
    if node.bad:
        return "rim-odd"
    return "rim-ready" if state is not None and state.status == "ready" else ""


def halo(node: Node, place: Place, edges: Sequence[Edge]) -> Rect:
    """The glow of a highlighted card."""
    place = card_place(node, place, edges)
    return Rect(place.x - 5, place.y - 5, place.width + 10, place.height + 10, "halo", corner(node) + 5)


def _written(face: Face, place: Place, dim: bool, future: bool) -> Iterator[Item]:
    # lines share what a tall card (of many operands) has to spare
    line = place.y + (place.height - _content(face)) / 2 + _FIRST
    left, right = place.x + _PAD, place.right - _PAD
    point = right - _columns(face)[1]
    if _first_line(face):
        if face.label:
            yield Text(left, line, face.label, SIZE, "strong-faint" if future else "strong")
        if face.operation:
            after = width(face.label, SIZE, bold=True) + 6.0 if face.label else 0.0
            yield Text(left + after, line, face.operation, SIZE, "faint")
        if face.value:
            fades = dim or (future and face.value_style == "ink")
            yield _number(face.value, point, right, line, "faint" if fades else face.value_style)
        line += _LINE
    if face.sign:
        style = "faint" if dim else face.gradient_style
        yield Text(left, line, face.sign, SIZE, style if face.sign == "∇" else "faint")
        yield _number(face.gradient, point, right, line, style)
        if face.share and not dim:
            fill = style.replace("text-", "fill-") if style.startswith("text-") else "fill-zero"
            yield Rect(left, line + 3.0, max(1.0, (right - left) * face.share), 2.0, fill, 1.0)
        line += _LINE + 2.0
    for text, style in face.extras:
        yield Text(left, line, text, SIZE, style)
        line += _LINE


def _number(text: str, point: float, right: float, line: float, style: str) -> Text:
    """A number whose decimal point stands at ``point``; where it has none, its end at ``right``."""
    after = point_parts(text)[1]
    return Text(point + width(after, SIZE) if after else right, line, text, SIZE, style, "end")


def tooltip(node: Node, name: str) -> str:
    """What a card says when one points at it: the same with all digits, and what has no room on it."""
    lines = [f"{clean(name)} ({node.id}, {'operation' if node.kind == 'op' else node.kind})"]
    if node.symbol:
        lines.append(f"operation {clean(node.symbol)}")
    lines += [f"with the constant {folded.data!r} ({folded.id})" for folded in node.folded]
    if node.scope:
        lines.append(f"in {clean(node.scope)}")
    if node.kind == "collapsed":
        lines.append(f"{node.operations} operations, {node.parameters} parameters, {node.outputs} used outside")
    if node.data is not None:
        lines.append(f"data = {node.data!r}" + (" (changed since the forward)" if node.stale else ""))
    if node.parameter_norm is not None and node.kind == "collapsed":
        lines.append(f"L2 norm of the parameters' gradients = {node.parameter_norm!r}")
    if not node.requires_grad:
        lines.append("no gradient flows here")
    elif node.grad is not None:
        lines.append(f"grad = {node.grad!r}")
    elif node.data is not None:
        lines.append("backward not run yet")
    if 1 < len(node.terms) <= 50:
        lines.append("= " + " + ".join(f"({t!r})" if t < 0 else repr(t) for t in node.terms))
    if node.earlier:
        lines.append(f"of it {node.earlier!r} from earlier backwards or other graphs")
    return "\n".join(lines)
