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
        return "-" if self.at_least is None else verdict(self.ratio, Goal("x", self.at_least, self.aim))

    def cells(self) -> list[str]:
        """The row as text."""
        numbers = [self.why if x is None else digits(x) for x in (self.ours, self.peer)]
        times = ["-" if x is None else f"{rounded(x)}x" for x in (self.ratio, self.at_least, self.aim)]
        return [self.what, self.unit, *numbers, self.peer_name, *times, self.verdict]


@dataclass(frozen=True)
class Goal:
    """What a number is to reach.

    >>> goal = Goal("x PyTorch", 7, 11); goal.text(9.5), goal.bounds(), verdict(9.5, goal)
    ('9.5x PyTorch', ['7', '11'], 'yes')
    >>> goal = Goal("s", 0.5, None, more=False); goal.text(0.25), goal.bounds(), verdict(0.25, goal), verdict(1.0, goal)
    ('0.25 s', ['<= 0.5', '-'], 'yes', 'NO')
    """

    what: str
    """What the number counts."""
    at_least: float
    """What it must reach."""
    aim: float | None = None
    more: bool = True
    """Whether more is better."""

    def text(self, value: float | None) -> str:
        """The number with what it counts."""
        return "-" if value is None else f"{digits(value)}{' ' * (self.what[0] != 'x')}{self.what}"

    def bounds(self) -> list[str]:
        """What it must reach and what it should, as text."""
        return ["-" if x is None else f"{'' if self.more else '<= '}{rounded(x)}" for x in (self.at_least, self.aim)]


def verdict(value: float | None, goal: Goal) -> str:
    """Whether a number reaches what it should."""
    if value is None:
        return "-"
    reached = [
        bound is not None and (value >= bound if goal.more else value <= bound) for bound in (goal.aim, goal.at_least)
    ]
    return "yes, the aim" if reached[0] else "yes" if reached[1] else "NO"


HEAD = ["measured", "unit", "Glassgrad", "peer", "which", "peer / ours", "at least", "aim", "reached"]


def digits(x: float) -> str:
    """Four digits.

    >>> digits(12.3456), digits(118500.0)
    ('12.35', '1.185e+05')
    """
    return f"{x:.4g}"


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
