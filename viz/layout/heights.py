"""The heights of blocks whose order is known: none overlaps another, wires are straight where they can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .blocks import Block, gap
from .simplex import Arc, tighten

Pull = tuple[int, int, float, float]  # two blocks, how much lower the second wants to be, how much
_SWEEPS = 16
_SMALL = 4_000  # up to so many blocks and wires the wires are made straight
_WORK = 4_000_000  # points that the search for straight wires may visit


def stacked(blocks: Sequence[Block], order: Sequence[int], wish: Sequence[float]) -> list[float]:
    """Heights near to the wishes: the mean of pushing down and pushing up, both of which keep the gaps."""
    down = _pushed(blocks, order, wish, 1.0)
    up = _pushed(blocks, order[::-1], wish, -1.0)
    return [(a + b) / 2 for a, b in zip(down, up, strict=True)]


def _pushed(blocks: Sequence[Block], order: Sequence[int], wish: Sequence[float], sign: float) -> list[float]:
    at = list(wish)
    last: dict[int, int] = {}  # for each rank the last block
    for k in order:
        block = blocks[k]
        place = wish[k] * sign
        for r in range(block.first, block.last + 1):
            other = last.get(r, -1)
            if other >= 0:
                place = max(place, at[other] * sign + _distance(blocks, other, k, sign))
            last[r] = k
        at[k] = place * sign
    return at


def _distance(blocks: Sequence[Block], first: int, second: int, sign: float) -> float:
    upper, lower = (blocks[first], blocks[second]) if sign > 0 else (blocks[second], blocks[first])
    return upper.bottom - lower.top + gap(upper, lower)


def settled(blocks: Sequence[Block], order: Sequence[int], pulls: Sequence[Pull]) -> list[float]:
    """The height of each block.

    Args:
        blocks: what to place.
        order: their numbers from top to bottom.
        pulls: which blocks want to be level with each other.
    """
    near: list[list[tuple[int, float, float]]] = [[] for _ in blocks]
    for a, b, lower, weight in pulls:
        near[a].append((b, -lower, weight))
        near[b].append((a, lower, weight))
    at = stacked(blocks, order, [-(block.top + block.bottom) / 2 for block in blocks])
    for _ in range(_SWEEPS if len(blocks) <= _SMALL else _SWEEPS // 2):
        wish = [
            (at[k] + sum(w * (at[o] + d) for o, d, w in others) / sum(w for _, _, w in others)) / 2 if others else at[k]
            for k, others in enumerate(near)
        ]
        at = stacked(blocks, order, wish)
    if len(blocks) + len(pulls) > _SMALL:
        return at
    arcs: list[Arc] = list(_gaps(blocks, order))
    start = list(at)
    for a, b, lower, weight in pulls:  # a point above both ends pulls them level
        arcs += [(len(start), a, 0.0, weight), (len(start), b, lower, weight)]
        start.append(min(at[a], at[b] - lower))
    return tighten(start, arcs, _WORK)[: len(blocks)]


def _gaps(blocks: Sequence[Block], order: Sequence[int]) -> Iterator[Arc]:
    last: dict[int, int] = {}
    pairs: dict[tuple[int, int], None] = {}
    for k in order:
        for r in range(blocks[k].first, blocks[k].last + 1):
            if r in last:
                pairs[last[r], k] = None
            last[r] = k
    for upper, lower in pairs:
        yield upper, lower, _distance(blocks, upper, lower, 1.0), 0.0
