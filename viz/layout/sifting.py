"""Sifting: one block after the other is tried at all places, and stands where it makes the fewest crossings.

Since a bus is one block, two buses never cross along their way: this is the global sifting of C. Bachmaier,
F. Brandenburg, W. Brunner, F. Hübner, "Global k-level crossing reduction", Journal of Graph Algorithms and Applications
15 (2011).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .blocks import Block

_SPACE = 1 << 20  # between the places of two neighbours, so that many more fit between them


@dataclass(frozen=True, slots=True)
class Link:
    """A wire between neighbouring ranks, from one block to another.

    Attributes:
        left, right: the blocks.
        rank: of the left end.
        leave, arrive: the heights of its ends, each relative to its block.
        port: the part of ``arrive`` by which its port is below the middle of the card.
    """

    left: int
    right: int
    rank: int
    leave: float
    arrive: float
    port: float = 0.0


End = tuple[float, int]  # where a wire ends among all ends of that rank; the block there
Wire = tuple[int, float, int, int, float]  # left block, how far down in it (0 to 1), rank, right block, how far down


class Sifter:
    """Blocks in an order that becomes better.

    A block that spans several ranks also has a wire to itself between each two of them, which others may cross.

    Attributes:
        work: how many pairs of wires have been looked at.
    """

    def __init__(self, blocks: Sequence[Block], links: Sequence[Link]) -> None:
        self.n = n = len(blocks)
        self.work = 0
        size = max([1.0, *(abs(y) for b in blocks for y in (b.top, b.bottom))]) * 2.1
        wires = [(x.left, 0.5 + x.leave / size, x.rank, x.right, 0.5 + x.arrive / size) for x in links]
        at_rank: dict[int, list[int]] = defaultdict(list)
        for k, block in enumerate(blocks):
            wires += [(k, 0.5, rank, k, 0.5) for rank in range(block.first, block.last)]
            for rank in range(block.first, block.last + 1):
                at_rank[rank].append(k)
        self.wires: list[Wire] = wires
        # for each block and side (0 right, 1 left) by rank: the other block of each wire, and how far down in it
        self.ends: list[tuple[dict[int, list[tuple[int, float]]], ...]] = [({}, {}) for _ in range(n)]
        for left, leave, rank, right, arrive in wires:
            self.ends[left][0].setdefault(rank, []).append((right, arrive))
            self.ends[right][1].setdefault(rank + 1, []).append((left, leave))
        self.rivals = [
            sorted({other for rank in range(block.first, block.last + 1) for other in at_rank[rank]} - {k})
            for k, block in enumerate(blocks)
        ]
        near: list[set[int]] = [set() for _ in range(n)]
        for left, _, _, right, _ in wires:
            near[left].add(right)
            near[right].add(left)
        self.near = [sorted(others) for others in near]
        self.place = [0] * n
        self.keys: list[tuple[dict[int, list[End]], ...]] = []

    def load(self, order: Iterable[int]) -> None:
        """Take this order."""
        for i, k in enumerate(order):
            self.place[k] = i * _SPACE
        self.keys = [self._keys(k) for k in range(self.n)]

    def order(self) -> list[int]:
        """The blocks from top to bottom."""
        return sorted(range(self.n), key=lambda k: (self.place[k], k))

    def crossings(self) -> int:
        """How many pairs of wires cross."""
        gaps: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for left, leave, rank, right, arrive in self.wires:
            gaps[rank].append((self.place[left] + leave, self.place[right] + arrive))
        count = 0
        for ends in gaps.values():
            seen: list[float] = []
            for _, end in sorted(ends):  # those that leave one item are sorted by their other ends, so they don't count
                count += len(seen) - bisect_right(seen, end)
                insort(seen, end)
        return count

    def sift(self, dirty: Iterable[int], work: int) -> None:
        """Move blocks until no single one can be moved to an advantage, or so much work is done.

        Args:
            dirty: where to begin; all blocks that a move concerns follow.
            work: an upper limit for the attribute of that name.
        """
        waiting = dict.fromkeys(dirty)
        while waiting and self.work < work:
            block = next(iter(waiting))
            del waiting[block]
            if self._improve(block):
                waiting |= dict.fromkeys(self.near[block])
                waiting |= dict.fromkeys(self.rivals[block])
                waiting.pop(block, None)

    def move(self, block: int, rivals: Sequence[int], before: int) -> None:
        """Put a block among its rivals (sorted), before the one with this index."""
        place = self.place
        upper = place[rivals[before - 1]] if before else place[rivals[0]] - 2 * _SPACE
        lower = place[rivals[before]] if before < len(rivals) else upper + 2 * _SPACE
        place[block] = (upper + lower) // 2
        if lower - upper < 8:
            self.load(self.order())
            return
        for k in {block, *self.near[block]}:
            self.keys[k] = self._keys(k)

    def sorted_rivals(self, block: int) -> list[int]:
        """What shares a rank with a block, from top to bottom."""
        return sorted(self.rivals[block], key=self.place.__getitem__)

    def _keys(self, block: int) -> tuple[dict[int, list[End]], ...]:
        place = self.place
        return tuple(
            {rank: [(place[other] + down, other) for other, down in ends] for rank, ends in side.items()}
            for side in self.ends[block]
        )

    def _improve(self, block: int) -> bool:
        """Put a block where it makes the fewest crossings; whether it moved."""
        rivals = self.sorted_rivals(block)
        now = self.place[block]
        total = best = at_now = 0
        where = 0
        for i, rival in enumerate(rivals):
            total -= self._difference(block, rival)
            if self.place[rival] < now:
                at_now = total
            if total < best:
                best, where = total, i + 1
        if best >= at_now:
            return False
        self.move(block, rivals, where)
        return True

    def _difference(self, upper: int, lower: int) -> int:
        """Crossings with ``upper`` above ``lower``, minus those with ``lower`` above ``upper``."""
        here = self.place[lower] - 0.5  # where ``upper`` is now taken to be
        pair = (upper, lower)
        difference = 0
        for mine, theirs in zip(self.keys[upper], self.keys[lower], strict=True):
            for rank in mine if len(mine) <= len(theirs) else theirs:
                ends, others = mine.get(rank), theirs.get(rank)
                if not ends or not others:
                    continue
                self.work += len(ends) * len(others)
                for end, a in ends:
                    if a == upper:
                        end = here
                    for other, b in others:
                        if b in pair:
                            if a in pair:
                                continue
                            if b == upper:
                                other = here
                        if end > other:
                            difference += 1
                        elif end < other:
                            difference -= 1
        self.work += 1
        return difference
