"""What histories, models and programs show of themselves in a notebook, as HTML.

It has the colours of the page (``currentColor``), light or dark, and no style, script or link. Every number stands in
the text: a notebook that isn't trusted shows tables, and leaves the curves out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .checks import count

if TYPE_CHECKING:
    from .compiler.program import Program
    from .nn.module import Module
    from .training.history import History

_POINTS = 200
"""Of a curve: as many as it has pixels, about."""
_ROWS = 60
"""Of a table; it is said how many are left out."""
_WIDE, _HIGH, _EDGE = 220.0, 40.0, 3.0
_NUMBER = re.compile(r"(?:; |(?<=\())\d+ parameters?\)$")


def of_history(history: History) -> str:
    """A row for each list of numbers: its curve, where it began, where it stands in the best epoch and at the end."""
    best = history.best_epoch
    facts = count(history.epochs, "epoch")
    if best is not None:
        facts += f"; the best is epoch {best}, by {history.watched}"
    if history.stop_reason:
        facts += f"; stopped: {history.stop_reason}"
    if best is None:
        return _title(type(history).__name__, facts)
    rows = [
        [_code(name), curve(numbers, best), *(f"{numbers[i]:.4g}" for i in (0, best, -1))]
        for name, numbers in history.items()
    ]
    return _title(type(history).__name__, facts) + _table(["", "by epoch", "first", "best epoch", "last"], rows, 3)


def of_model(model: Module) -> str:
    """A row for each module that holds arrays or has nothing below it: what it is, its arrays, how many parameters."""
    buffers = {name for name, _ in model.named_buffers()}
    arrays: dict[str, list[tuple[str, Any]]] = {}
    for name, array in model.state_dict().items():
        arrays.setdefault(name.rpartition(".")[0], []).append((name, array))
    rows, total = [], 0
    for path, module in model.named_modules():
        own = arrays.get(path, [])
        if own or not (module.children() or module.parameters()):
            size = sum(array.size for name, array in own if name not in buffers)
            shapes = ", ".join(f"{name.rpartition('.')[2]} {array.shape}" for name, array in own)
            rows.append([_code(path), _code(_kind(module)), _code(shapes), f"{size:,}"])
            total += size
    different = len(model.parameters())
    facts = f"{different:,} parameter{'s' * (different != 1)}"
    if total > different:
        facts += f" ({total:,} with shared ones counted wherever they stand)"
    return _title(type(model).__name__, facts) + _table(["module", "", "arrays", "parameters"], rows, 1)


def of_program(program: Program) -> str:
    """The first line of its report, and the rest to unfold."""
    first, _, rest = program.explain().partition("\n")
    return (
        f"<details><summary><strong>{type(program).__name__}</strong> {escape(first)}</summary>"
        f'<pre style="text-align: left; white-space: pre-wrap">{escape(rest)}</pre></details>'
    )


def curve(numbers: Sequence[float], mark: int | None = None) -> str:
    """A small SVG of the numbers, lowest to highest over its whole height, with a dot at the index ``mark``.

    >>> curve([2.0, 0.0, 1.0]).count("<polyline"), curve([2.0, 1.0, float("nan"), 0.0, 1.0]).count("<polyline")
    (1, 2)
    """
    finite = [x for x in numbers if math.isfinite(x)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    step = max(1, len(numbers) // _POINTS)
    chosen = sorted({*range(0, len(numbers), step), len(numbers) - 1, *(() if mark is None else (mark,))})

    def point(i: int) -> str:
        # halves, since the whole range may be more than a float can be
        up = (numbers[i] / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
        across = i / max(1, len(numbers) - 1)
        return f"{_EDGE + across * (_WIDE - 2 * _EDGE):.1f},{_HIGH - _EDGE - up * (_HIGH - 2 * _EDGE):.1f}"

    runs = [list(run) for is_finite, run in groupby(chosen, lambda i: math.isfinite(numbers[i])) if is_finite]
    shapes = "".join(f'<polyline points="{" ".join(map(point, run))}"/>' for run in runs)
    if mark is not None and math.isfinite(numbers[mark]):
        x, _, y = point(mark).partition(",")
        shapes += f'<circle cx="{x}" cy="{y}" r="2.5" fill="currentColor"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE:.0f}" height="{_HIGH:.0f}" role="img" '
        f'aria-label="from {numbers[0]:.4g} to {numbers[-1]:.4g}" fill="none" stroke="currentColor" '
        f'stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round">{shapes}</svg>'
    )


def _kind(module: Module) -> str:
    """The module in its own words, if they are one line, without the number of parameters."""
    text = repr(module)
    return type(module).__name__ if "\n" in text else _NUMBER.sub(")", text)


def _title(name: str, facts: str) -> str:
    return f"<div><strong>{escape(name)}</strong> {escape(facts)}</div>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int) -> str:
    """A table; cells are HTML, and the last columns have numbers."""
    sides = ["left"] * (len(heads) - numbers) + ["right"] * numbers
    lines = [_line("th", sides, map(escape, heads)), *(_line("td", sides, row) for row in rows[:_ROWS])]
    more = f"<div>… and {len(rows) - _ROWS:,} more</div>" if len(rows) > _ROWS else ""
    return f"<table>{''.join(lines)}</table>{more}"


def _line(tag: str, sides: Iterable[str], cells: Iterable[str]) -> str:
    inside = (
        f'<{tag} style="text-align: {side}; padding: 2px 10px">{cell}</{tag}>'
        for side, cell in zip(sides, cells, strict=True)
    )
    return f"<tr>{''.join(inside)}</tr>"
