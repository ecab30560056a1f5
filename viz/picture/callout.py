"""The band above a picture: what it says in words, and a line to the card that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..layout.arrange import Layout
from ..text import clean, width
from .caption import Caption, Line, Run
from .legend import MARGIN
from .scene import Group, Item, Path, Rect, Text

_TITLE = 14.0
_LINE = 13.0
_ROW = 19.0
_PAD = 10.0
_ABOVE = 8.0
_BELOW = 18.0  # from the words to the picture
_NOTCH = 7.0


def caption_width(title: str, lines: Sequence[Line]) -> float:
    """The width that this text needs, in pixels."""
    widths = [width(clean(title), _TITLE, bold=True)] + [_line_width(line) for line in lines]
    return max(widths) + 2 * (MARGIN + _PAD)


def _line_width(line: Line) -> float:
    return sum(width(clean_run(run.text), _LINE, bold=_is_bold(run)) for run in line)


def _is_bold(run: Run) -> bool:
    return run.role in ("receiver", "adjoint", "partial")


def clean_run(text: str) -> str:
    """The words without what can't be drawn; the spaces at their ends stay."""
    inner = clean(text)
    if not inner:
        return " " if text else ""
    return " " * text[0].isspace() + inner + " " * text[-1].isspace()


def band_height(caption: Caption, wide: float) -> float:
    """The height of the band with the gap below it, the same for all captions of one room and width."""
    room = max(caption.room, len(caption.lines))
    if not (caption.title or room):
        return 0.0
    # a line that is too long is broken; the longest of a series says into how many
    breaks = max(1, -(-int(max(caption.width, 1.0)) // int(max(wide, 1.0))))
    own = sum(len(broken(line, wide)) for line in caption.lines)
    return _ABOVE + 2 * _PAD + _ROW * (1 + max(room * breaks, own)) + _BELOW


def broken(line: Line, wide: float) -> list[Line]:
    """A line as several of them that fit into the band."""
    room = wide - 2 * (MARGIN + _PAD)
    if _line_width(line) <= room:
        return [line]
    rows: list[list[Run]] = [[]]
    used = 0.0
    for run in line:
        for word in _words(run.text):
            piece = Run(word, run.role, run.sign)
            long = _line_width((piece,))
            if used + long > room and rows[-1]:
                rows.append([Run("    ")])
                used = _line_width(tuple(rows[-1]))
            rows[-1].append(piece)
            used += long
    return [tuple(row) for row in rows]


def _words(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        word += character
        if character.isspace():
            yield word
            word = ""
    if word:
        yield word


def callout(caption: Caption, layout: Layout, wide: float) -> Iterator[Item]:
    """The words in their frame, which points at the card, and a line down to it where nothing stands in its way.

    Args:
        caption: the words.
        layout: the positions in the picture.
        wide: the width of the picture.
    """
    rows = [row for line in caption.lines for row in broken(line, wide)]
    texts = [width(clean(caption.title), _TITLE, bold=True), *map(_line_width, rows)]
    across = min(max(texts) + 2 * _PAD, wide - 2 * MARGIN)
    bottom = band_height(caption, wide) - _BELOW
    high = 2 * _PAD + _ROW * (1 + len(rows))
    near = layout.nodes.get(caption.near)
    middle = near.x + near.width / 2 if near is not None else 0.0
    x = max(MARGIN, min(middle - across / 2, wide - MARGIN - across)) if near is not None else MARGIN
    y = bottom - high
    parts = list(_words_in(caption, rows, x, y, across, high))
    if near is not None:
        middle = max(x + 2 * _NOTCH, min(middle, x + across - 2 * _NOTCH))
        corners = ((middle - _NOTCH, bottom), (middle, bottom + _NOTCH), (middle + _NOTCH, bottom))
        parts += [
            Path((("M", (corners[0],)), *(("L", (p,)) for p in corners[1:]), ("Z", ())), "callout-notch"),
            Path((("M", (corners[0],)), *(("L", (p,)) for p in corners[1:])), "callout-edge"),
        ]
        if near.x < middle < near.right and _is_free(layout, caption.near, middle, near.y):
            parts.append(Path((("M", ((middle, bottom + _NOTCH),)), ("L", ((middle, near.y - 5.0),))), "lead"))
    yield Group(parts, kind="callout", id=caption.near)


def _is_free(layout: Layout, near: str, x: float, y: float) -> bool:
    """Whether nothing stands above a card at ``x``: no other card, nothing on wires, no wire."""
    for key, place in layout.nodes.items():
        if key != near and place.x - place.lead - 4.0 < x < place.right + 4.0 and place.y < y:
            return False
    for route in layout.edges:
        for start in range(0, len(route) - 3, 3):
            across = [point[0] for point in route[start : start + 4]]  # a curve stays inside its points
            if min(across) - 4.0 < x < max(across) + 4.0 and min(p[1] for p in route[start : start + 4]) < y:
                return False
    return True


def _words_in(caption: Caption, rows: Sequence[Line], x: float, y: float, across: float, high: float) -> Iterator[Item]:
    yield Rect(x, y, across, high, "callout-box", 7.0)
    line = y + _PAD + 13.0
    yield Text(x + _PAD, line, clean(caption.title), _TITLE, "strong")
    for row in rows:
        line += _ROW
        left = x + _PAD
        for run in row:
            text = clean_run(run.text)
            if text.strip():
                yield Text(left + width(" ", _LINE) * text.startswith(" "), line, text.strip(), _LINE, _style(run))
            left += width(text, _LINE, bold=_is_bold(run))


def _style(run: Run) -> str:
    if run.role == "receiver":
        return "text-ready"
    if run.role == "adjoint":
        return f"bold-{('neg', 'zero', 'pos')[(run.sign > 0) - (run.sign < 0) + 1]}"
    return {"partial": "strong", "faint": "faint"}.get(run.role, "ink")
