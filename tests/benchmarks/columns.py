"""What the tables share that show their players side by side: PyTorch in two ways, and cells without a number."""

from __future__ import annotations

import dataclasses

from arena import Entry, Outcome
from table import digits

PYTORCH, AS_IT_COMES = "PyTorch", "PyTorch, float32, all cores"
ROUGHLY = 0.02
"""How far float32 may lie from float64."""
LACKING = "unexpected keyword argument"
"""What a version says that hasn't yet what a row is about."""


def pytorch(module: str, function: str, *arguments: str, patience: float = 300.0) -> Entry:
    """PyTorch with our numbers, float64, on one core as we are."""
    given = ("float64", *arguments)
    return Entry(PYTORCH, f"pytorch_{module}", function, given, "torch", patience=patience)


def as_it_comes(entry: Entry) -> Entry:
    """The same with PyTorch's defaults, for honesty."""
    given = ("float32", *entry.arguments[1:])
    return dataclasses.replace(entry, name=AS_IT_COMES, arguments=given, tolerance=ROUGHLY, all_cores=True)


def told(outcome: Outcome | None, number: float | None) -> str:
    """The number, or why there is none."""
    if number is not None:
        return digits(number)
    return "-" if outcome is None or LACKING in outcome.why else outcome.why or "-"


def median(outcome: Outcome | None, unit: float) -> float | None:
    """The median of a step in a unit of so many seconds."""
    return None if outcome is None or outcome.median is None else outcome.median / unit
