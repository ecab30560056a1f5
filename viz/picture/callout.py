"""The band above a picture: what it says in words, and a line to the card that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..layout.arrange import Layout, Place
from ..text import clean, width
from .caption import Caption, Line, Run
from .legend import MARGIN
from .scene import Group, Item, Path, Rect, Text

_TITLE = 14.0
_LINE = 13.0
_ROW = 19.0
_PAD = 10.0


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
    return 2 * _PAD + _ROW * (1 + max(room * breaks, own)) + 18.0


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


def callout(caption: Caption, layout: Layout, wide: float, top: float, blocked: Sequence[Place]) -> Iterator[Item]:
    """The words in their frame, and a line down to the card, if nothing stands in its way.

    Args:
        caption: the words.
        layout: the positions in the picture.
        wide: the width of the picture.
        top: where the band begins.
        blocked: places of cards that the line may not cross.
    """
    rows = [row for line in caption.lines for row in broken(line, wide)]
    texts = [width(clean(caption.title), _TITLE, bold=True), *map(_line_width, rows)]
    across = min(max(texts) + 2 * _PAD, wide - 2 * MARGIN)
    bottom = top + band_height(caption, wide) - 18.0
    high = 2 * _PAD + _ROW * (1 + len(rows))
    near = layout.nodes.get(caption.near)
    middle = near.x + near.width / 2 if near is not None else 0.0
    x = max(MARGIN, min(middle - across / 2, wide - MARGIN - across)) if near is not None else MARGIN
    y = bottom - high
    if near is not None:
        end = near.y - 6.0
        crossed = [p for p in blocked if p.x - 4 < middle < p.right + 4 and p.y < near.y - 1]
        stop = min([end, *(p.y - 6.0 for p in crossed)]) if crossed else end
        if stop > bottom and not crossed:
            yield Path((("M", ((middle, bottom),)), ("L", ((middle, stop),))), "lead")
    yield Group(list(_words_in(caption, rows, x, y, across, high)), kind="callout", id=caption.near)


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
