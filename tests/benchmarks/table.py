"""Rows of measurements, and the tables that are printed and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison: how many times ours goes into the peer's number, and how often it should.

    ``ours`` or ``peer`` is None where there is no number; ``why`` says what came instead of it.
    """

    what: str
    unit: str
    ours: float | None
    peer: float | None
    peer_name: str
    at_least: float | None = None
    aim: float | None = None
    why: str = "not measured"

    @property
    def ratio(self) -> float | None:
        """The peer's number divided by ours."""
        return None if self.peer is None or self.ours is None else self.peer / self.ours

    @property
    def verdict(self) -> str:
        """Whether the ratio reaches what it should."""
        if self.ratio is None or self.at_least is None:
            return "-"
        if self.aim is not None and self.ratio >= self.aim:
            return "yes, the aim"
        return "yes" if self.ratio >= self.at_least else "NO"

    def cells(self) -> list[str]:
        """The row as text."""
        numbers = [self.why if x is None else f"{x:.4g}" for x in (self.ours, self.peer)]
        times = ["-" if x is None else f"{rounded(x)}x" for x in (self.ratio, self.at_least, self.aim)]
        return [self.what, self.unit, *numbers, self.peer_name, *times, self.verdict]


HEAD = ["measured", "unit", "Glassgrad", "peer", "which", "peer / ours", "at least", "aim", "reached"]


def rounded(x: float) -> str:
    """Three digits, without an exponent.

    >>> rounded(123456.0), rounded(0.4567), rounded(2.0)
    ('123000', '0.457', '2')
    """
    return f"{float(f'{x:.3g}'):.10g}"


def markdown(rows: Sequence[Row]) -> str:
    """The table of comparisons."""
    return grid(HEAD, [row.cells() for row in rows])


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, aligned so that it also reads well in a terminal."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text) + "\n"
