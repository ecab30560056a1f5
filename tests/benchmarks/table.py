"""Rows of measurements, and the one table that is printed and written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison. ``peer`` is None where the other program isn't installed or doesn't take part."""

    what: str
    unit: str
    ours: float
    peer: float | None
    peer_name: str
    target: str
    reached: bool | None = None

    @property
    def ratio(self) -> str:
        """How many times the peer's number ours goes into."""
        return "-" if self.peer is None else f"{self.peer / self.ours:.3g}x"

    def cells(self) -> list[str]:
        """The row as text."""
        peer = "not installed" if self.peer is None else f"{self.peer:.4g}"
        verdict = {True: "yes", False: "NO", None: "-"}[self.reached]
        return [self.what, self.unit, f"{self.ours:.4g}", peer, self.peer_name, self.ratio, self.target, verdict]


HEAD = ["measured", "unit", "Glassgrad", "peer", "which", "peer / ours", "target", "reached"]


def markdown(rows: list[Row]) -> str:
    """A Markdown table, aligned so that it also reads well in a terminal."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text) + "\n"
