"""Where a picture that is too wide is broken into bands, one below the other like lines of text."""

from __future__ import annotations

from collections.abc import Sequence

PITCH = 10.0  # between the wires that go on to the next band
_BAND = 12.0  # what a band costs, in wires that would go on
_SHORT = 5.0  # what a band without any length costs: squared, so that bands are about equally long
_TOO_WIDE = 1e6  # a single rank that doesn't fit
_TOO_MANY = 20_000  # wires that go on, all breaks together: more can't be followed anyway


def breaks(widths: Sequence[float], going_on: Sequence[int], costs: Sequence[float], room: float) -> list[int]:
    """The ranks that begin a band, so that few wires go on and few bands are needed; [] to leave it as it is.

    Args:
        widths: the width of each rank with the gap behind it.
        going_on: for each rank how many wires go on if it begins a band.
        costs: what else is lost there, in wires; infinite where no break is possible.
        room: the width of a band.

    >>> breaks([40.0] * 6, [0, 1, 5, 1, 1, 1], [0.0] * 6, 140.0)
    [3]
    """
    n = len(widths)
    best = [0.0] + [float("inf")] * n
    start = [0] * (n + 1)
    for end in range(1, n + 1):
        width = PITCH * (going_on[end] if end < n else 0)
        for first in range(end - 1, -1, -1):
            width += widths[first]
            whole = width + PITCH * going_on[first] * (first > 0)
            if whole > room and first < end - 1:
                break
            here = (_BAND + going_on[first] + costs[first] if first else 0.0) + _TOO_WIDE * (whole > room)
            here += _SHORT * max(0.0, 1 - whole / room) ** 2
            if best[first] + here < best[end]:
                best[end], start[end] = best[first] + here, first
    if best[n] == float("inf"):
        return []
    found = []
    while n:
        n = start[n]
        found.append(n)
    cuts = found[-2::-1]
    return cuts if sum(going_on[cut] for cut in cuts) <= _TOO_MANY else []
