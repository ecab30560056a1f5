"""Repeats: long code is cut into pieces, where it repeats itself so that the pieces are equal.

A simulation does the same few dozen operations a thousand times. Cut anywhere, that would be many pieces no two of which
are alike; cut once a period, it is one piece and its twins.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

MOST = 200
"""Operations of one piece."""
_LEAST = 40
"""Operations of a piece that repeats: with fewer, calls and what is kept in memory between pieces would cost more."""
_TIMES = 3
"""How often something must come, one after the other, to be cut out."""
_SEED = 8
"""Operations by which a repeat is found, before the whole of it is compared."""


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
        following = self._following() if len(self.kinds) >= _TIMES * _LEAST else []
        begin = place = known = end = 0
        while place < len(following):
            period = following[place] - place
            if period != known or place >= end:
                known, end = period, self._end_of_repeats(place, period)
            size = period * -(-_LEAST // period)
            times = (end - place) // size
            if times < _TIMES:
                place += 1
                continue
            yield from _evenly(begin, place)
            for _ in range(times):
                yield from _evenly(place, place + size)
                place += size
            begin = place
        yield from _evenly(begin, len(self.kinds))

    def _following(self) -> list[int]:
        """For each place the next one that begins with operations of the same kinds; far away where there is none."""
        following = [2 * len(self.kinds)] * len(self.kinds)
        seen: dict[tuple[Hashable, ...], int] = {}
        for place, seed in enumerate(zip(*(self.kinds[k:] for k in range(_SEED)), strict=False)):
            if (before := seen.get(seed)) is not None:
                following[before] = place
            seen[seed] = place
        return following

    def _end_of_repeats(self, place: int, period: int) -> int:
        """How far each operation from a place on repeats itself a period later, the last period included."""
        last = len(self.kinds) - period
        while place < last and self._are_alike(place, place + period):
            place += 1
        return place + period

    def _are_alike(self, a: int, b: int) -> bool:
        """Whether two operations are of a kind, and take the results of others from equally far back."""
        if self.kinds[a] != self.kinds[b]:
            return False
        made = self._places
        return [a - made.get(x, a) for x in self.args[a]] == [b - made.get(x, b) for x in self.args[b]]

    @cached_property
    def _places(self) -> dict[Hashable, int]:
        return {result: place for place, result in enumerate(self.results)}


def _evenly(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Parts that aren't too long."""
    for first in range(begin, end, MOST):
        yield first, min(first + MOST, end)
