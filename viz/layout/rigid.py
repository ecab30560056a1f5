"""Rectangles that span ranks (clusters, buses, single nodes) stacked so that none overlaps another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

Join = tuple[int, int, float]  # a left item, a right item, and the offset of the port at the right one
_GAP = 12.0
_WIRE_GAP = 9.0
_SWEEPS = 24
_SORTED_SWEEPS = 12  # after these the order stays


@dataclass(frozen=True)
class Block:
    """Items whose heights are fixed relative to each other, and the rectangle around them.

    Attributes:
        ys: the y of each item.
        first, last: the ranks that it spans.
        top, bottom: its extent.
    """

    ys: Mapping[int, float]
    first: int
    last: int
    top: float
    bottom: float

    @classmethod
    def of(cls, items: Sequence[int], rank: Sequence[int], half: Sequence[float]) -> Block:
        """Make a block of items on one line: a node, or a bus."""
        return cls.at(dict.fromkeys(items, 0.0), rank, half)

    @classmethod
    def at(cls, ys: Mapping[int, float], rank: Sequence[int], half: Sequence[float]) -> Block:
        """Make a block of items with given heights."""
        ranks = [rank[i] for i in ys] or [0]
        top = min((y - half[i] for i, y in ys.items()), default=0.0)
        bottom = max((y + half[i] for i, y in ys.items()), default=0.0)
        return cls(ys, min(ranks), max(ranks), top, bottom)

    def framed(self, pad: float, title: float) -> Block:
        """The block with room for a frame and its title."""
        return replace(self, top=self.top - pad - title, bottom=self.bottom + pad)


def pack(blocks: Sequence[Block], joins: Sequence[Join]) -> Block:
    """Stack blocks that share ranks, each as near as possible to what it is joined with, as one block.

    Args:
        blocks: in a good first order from top to bottom.
        joins: edges between items of different blocks; those within one don't matter.
    """
    links = _links(blocks, joins)
    entered = {b for _, b, _ in joins}
    leaves = {k for k, b in enumerate(blocks) if len(b.ys) == 1 and links[k] and not entered & b.ys.keys()}
    order = [k for k in range(len(blocks)) if k not in leaves]
    # a leaf comes to its user, not the user to it
    firm = [[link for link in near if link[0] not in leaves] for near in links]
    at = [-(block.top + block.bottom) / 2 for block in blocks]  # around one middle, whatever overlaps
    for sweep in range(_SWEEPS):
        wish = [(at[k] + _mean(at, near)) / 2 if near else at[k] for k, near in enumerate(firm)]
        if sweep < _SORTED_SWEEPS:
            # rounded, so that the last bits don't decide between equals, which keep their order
            order.sort(key=lambda k: round(wish[k] + (blocks[k].top + blocks[k].bottom) / 2, 2))
        at = _stack(blocks, order, wish)
    for k in leaves:
        at[k] = _mean(at, links[k])
    _insert(blocks, order, sorted(leaves, key=lambda k: (blocks[k].first, round(at[k], 2), k)), at)
    ys = {item: y + at[k] for k, block in enumerate(blocks) for item, y in block.ys.items()}
    return Block(
        ys,
        min(b.first for b in blocks),
        max(b.last for b in blocks),
        min(at[k] + b.top for k, b in enumerate(blocks)),
        max(at[k] + b.bottom for k, b in enumerate(blocks)),
    )


def _links(blocks: Sequence[Block], joins: Sequence[Join]) -> list[list[tuple[int, float]]]:
    """For each block the other blocks that it is joined with, and what to add to their positions to be level."""
    owner = {item: k for k, block in enumerate(blocks) for item in block.ys}
    links: list[list[tuple[int, float]]] = [[] for _ in blocks]
    for a, b, port in joins:
        left, right = owner[a], owner[b]
        if left != right:
            offset = blocks[right].ys[b] + port - blocks[left].ys[a]
            links[left].append((right, offset))
            links[right].append((left, -offset))
    return links


def _insert(blocks: Sequence[Block], firm: Sequence[int], leaves: Sequence[int], at: list[float]) -> None:
    """Put leaves (one rank each, sorted by rank) where there is room, as near to their wish as possible."""
    taken: dict[int, list[tuple[float, float]]] = {blocks[k].first: [] for k in leaves}
    for k in firm:
        for r in range(blocks[k].first, blocks[k].last + 1):
            if r in taken:
                taken[r].append((at[k] + blocks[k].top - _GAP, at[k] + blocks[k].bottom + _GAP))
    for rank, group in groupby(leaves, key=lambda k: blocks[k].first):
        row = list(group)
        if not taken[rank]:
            gaps = [blocks[a].bottom - blocks[b].top + _GAP for a, b in pairwise(row)]
            for k, y in zip(row, isotonic([at[k] for k in row], [1.0] * len(row), gaps), strict=True):
                at[k] = y
            continue
        for k in row:
            at[k] = _free(blocks[k], at[k], sorted(taken[rank]))
            taken[rank].append((at[k] + blocks[k].top - _GAP, at[k] + blocks[k].bottom + _GAP))


def _free(block: Block, wish: float, taken: Sequence[tuple[float, float]]) -> float:
    """The free position nearest to the wish; of two, the lower."""
    best, end = -math.inf, -math.inf  # end: the far side of what is taken so far
    for top, bottom in (*taken, (math.inf, math.inf)):
        low, high = end - block.top, top - block.bottom
        if low <= high:
            place = min(max(wish, low), high)
            if abs(place - wish) <= abs(best - wish) + 1e-6:
                best = place
        end = max(end, bottom)
    return best


def _mean(at: Sequence[float], near: Sequence[tuple[int, float]]) -> float:
    return sum(at[other] + offset for other, offset in near) / len(near)


def _stack(blocks: Sequence[Block], order: Sequence[int], wish: Sequence[float]) -> list[float]:
    """Positions in which no blocks overlap: the mean of pushing down and pushing up, both of which keep the gaps."""
    down = _pushed(blocks, order, wish, 1.0)
    up = _pushed(blocks, order[::-1], wish, -1.0)
    return [(a + b) / 2 for a, b in zip(down, up, strict=True)]


def _pushed(blocks: Sequence[Block], order: Sequence[int], wish: Sequence[float], sign: float) -> list[float]:
    at = list(wish)
    edge: dict[int, tuple[float, bool]] = {}  # for each rank the far side of the last block, and if it is a wire
    for k in order:
        block = blocks[k]
        near, far = (block.top, block.bottom) if sign > 0 else (-block.bottom, -block.top)
        wire = near == far
        place = wish[k] * sign
        for r in range(block.first, block.last + 1):
            if r in edge:
                side, other_wire = edge[r]
                place = max(place, side + (_WIRE_GAP if wire or other_wire else _GAP) - near)
        for r in range(block.first, block.last + 1):
            edge[r] = (place + far, wire)
        at[k] = place * sign
    return at


def isotonic(wishes: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The positions closest to the wishes that keep the order and the gaps.

    Closest in weighted squares; the method is to pool adjacent violators (Barlow, Bartholomew, Bremner, Brunk,
    "Statistical Inference under Order Restrictions", 1972).

    >>> isotonic([0.0, 0.0], [1.0, 1.0], [10.0])
    [-5.0, 5.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[tuple[float, float, int]] = []  # (mean, weight, length)
    for wish, heavy, offset in zip(wishes, weights, offsets, strict=False):
        mean, weight, length = wish - offset, heavy, 1
        while blocks and blocks[-1][0] > mean:
            other, others, long = blocks.pop()
            mean = (other * others + mean * weight) / (others + weight)
            weight += others
            length += long
        blocks.append((mean, weight, length))
    means = [mean for mean, _, length in blocks for _ in range(length)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
