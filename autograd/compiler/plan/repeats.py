"""Repeats: long code is cut into pieces, where it repeats itself so that the pieces are equal.

A simulation does the same few dozen operations a thousand times. Cut anywhere, that would be many pieces no two of
which are alike; cut once a period, it is one piece and its twins.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

MOST = 200
"""Operations of one piece."""
_LEAST = 40
"""Operations of a piece that repeats: with fewer, calls and what is kept in memory between pieces would cost more."""
_TIMES = 3
"""How often something must come, one after the other, to be cut out."""
_SEED = 16
"""Operations by which a repeat is found, before the whole of it is compared."""
_WEIGHTS = np.cumprod(np.full(_SEED, 0x9E3779B97F4A7C15, dtype=np.uint64))


@dataclass(frozen=True)
class Code:
    """Operations one after the other: of each its kind, the names of its arguments, and the name of its result."""

    kinds: Sequence[Hashable]
    args: Sequence[Sequence[Hashable]]
    results: Sequence[Hashable]

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Begin and end of each piece.

        >>> kinds = [*range(50), *range(50), *range(50), 7, 8]
        >>> list(Code(kinds, [()] * 152, range(152)).pieces())
        [(0, 50), (50, 100), (100, 150), (150, 152)]
        """
        if not self._may_repeat():
            yield from _evenly(0, len(self.kinds))
            return
        marks = self._marks()
        for begin, end in _cut(marks, MOST):  # first what repeats within something longer that repeats as well
            for first, last in _cut(marks[begin:end], len(marks)):
                yield from _evenly(begin + first, begin + last)

    def _may_repeat(self) -> bool:
        """Whether many operations are in the company of the same kinds as others are: marks take time to make."""
        if len(self.kinds) < _TIMES * _LEAST:
            return False
        known: dict[Hashable, int] = {}
        kinds = np.array([known.setdefault(kind, len(known)) for kind in self.kinds], dtype=np.uint64)
        seeds = np.convolve(kinds, _WEIGHTS, mode="valid")  # equal for equal ones, and for hardly any others
        return len(np.unique(seeds)) < 0.75 * len(kinds)

    def _marks(self) -> list[int]:
        """Equal numbers for operations of a kind that take the results of others from equally far back.

        What is further back than a piece is long is something from outside, wherever it is.
        """
        places = {result: place for place, result in enumerate(self.results)}
        known: dict[Hashable, int] = {}
        marks = []
        for place, (kind, args) in enumerate(zip(self.kinds, self.args, strict=True)):
            mark = kind, *[far if (far := place - places.get(arg, place)) < MOST else 0 for arg in args]
            marks.append(known.setdefault(mark, len(known)))
        return marks


def _cut(marks: Sequence[int], longest: int) -> Iterator[tuple[int, int]]:
    """Begin and end of what comes several times, one after the other and after no more than that, and of the rest."""
    begin = place = 0
    ends: dict[int, int] = {}
    following = _following(marks) if len(marks) >= _TIMES * _LEAST else ()
    while place < len(following):
        period = following[place] - place
        if place >= ends.get(period, 0) - period:
            ends[period] = _end_of_repeats(marks, place, period)
        size = period * -(-_LEAST // period)
        times = (ends[period] - place) // size
        if times < _TIMES or period > longest:
            place += 1
            continue
        yield begin, place
        yield from ((place + k * size, place + (k + 1) * size) for k in range(times))
        begin = place = place + times * size
    yield begin, len(marks)


def _seeds(marks: Sequence[Hashable]) -> Iterator[tuple[Hashable, ...]]:
    return zip(*(marks[k:] for k in range(_SEED)), strict=False)


def _following(marks: Sequence[int]) -> list[int]:
    """For each place the next one that begins with the same operations; far away where there is none."""
    following = [2 * len(marks)] * len(marks)
    seen: dict[tuple[Hashable, ...], int] = {}
    for place, seed in enumerate(_seeds(marks)):
        if (before := seen.get(seed)) is not None:
            following[before] = place
        seen[seed] = place
    return following


def _end_of_repeats(marks: Sequence[int], place: int, period: int) -> int:
    """How far each operation from a place on repeats itself a period later, the last period included."""
    last = len(marks) - period
    while place < last and marks[place] == marks[place + period]:
        place += 1
    return place + period


def _evenly(begin: int, end: int) -> Iterator[tuple[int, int]]:
    for first in range(begin, end, MOST):
        yield first, min(first + MOST, end)
