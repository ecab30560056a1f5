"""The order of blocks from top to bottom, with few crossings: several starts, then the best one shaken and sifted."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from .blocks import Block
from .heights import stacked
from .sifting import Link, Sifter

_SWEEPS = 20
_SWEEPS_LARGE = 8
_LARGE = 2_000  # blocks; more are only sorted by where their neighbours stand
_WORK = 300_000  # pairs of wires that may be looked at
_WORK_EACH = 5_000  # for each link, where there are few
_SHAKES = 120
_STARTS = 4  # random ones


def ordered(
    blocks: Sequence[Block], links: Sequence[Link], start: Sequence[int], work: int = _WORK, starts: bool = True
) -> tuple[list[int], int]:
    """The numbers of the blocks from top to bottom, and how many crossings there are (0 where they aren't counted).

    Args:
        blocks: what to order.
        links: the wires between them.
        start: a good first order.
        work: about how many pairs of wires may be looked at.
        starts: whether to look far from the start as well.
    """
    if len(blocks) > _LARGE:
        return _by_neighbours(blocks, links, list(start), _SWEEPS_LARGE), 0
    work = min(work, _WORK_EACH * len(links))
    sifter = Sifter(blocks, links)
    best, fewest = list(start), -1
    for order in _starts(blocks, links, list(start)) if starts else [list(start)]:
        sifter.load(order)
        sifter.sift(order, work)
        crossings = sifter.crossings()
        if fewest < 0 or crossings < fewest:
            best, fewest = sifter.order(), crossings
        if not fewest or sifter.work >= work // 2:
            break
    if starts and fewest:
        best, fewest = _shaken(sifter, best, fewest, work)
    return best, fewest


def _starts(blocks: Sequence[Block], links: Sequence[Link], start: list[int]) -> Iterator[list[int]]:
    """First orders, the promising ones first."""
    yield _by_neighbours(blocks, links, list(start), _SWEEPS)
    yield start
    yield _by_neighbours(blocks, links, start[::-1], _SWEEPS)
    yield start[::-1]
    chance = random.Random(0)
    for _ in range(_STARTS):
        order = list(start)
        chance.shuffle(order)
        yield order


def _shaken(sifter: Sifter, best: list[int], fewest: int, work: int) -> tuple[list[int], int]:
    """Move a few blocks anywhere and sift what that concerns, again and again: keep what is no worse."""
    chance = random.Random(1)
    sifter.load(best)
    kept, crossings = best, fewest
    for _ in range(_SHAKES):
        if sifter.work >= work or not fewest:
            break
        dirty: dict[int, None] = {}
        for _ in range(chance.randint(1, 4)):
            block = chance.randrange(sifter.n)
            rivals = sifter.sorted_rivals(block)
            if rivals:
                sifter.move(block, rivals, chance.randint(0, len(rivals)))
                dirty |= dict.fromkeys(sifter.near[block]) | dict.fromkeys(sifter.rivals[block])
        sifter.sift(dirty, work)
        found = sifter.crossings()
        if found <= crossings:
            kept, crossings = sifter.order(), found
            if found < fewest:
                best, fewest = kept, found
        else:
            sifter.load(kept)
    return best, fewest


def _by_neighbours(blocks: Sequence[Block], links: Sequence[Link], order: list[int], sweeps: int) -> list[int]:
    """Move each block to the mean of its neighbours, again and again, and stack them in the order of their wishes."""
    near: list[list[tuple[int, float]]] = [[] for _ in blocks]
    for link in links:
        near[link.left].append((link.right, link.arrive - link.leave))
        near[link.right].append((link.left, link.leave - link.arrive))
    middle = [(block.top + block.bottom) / 2 for block in blocks]
    at = stacked(blocks, order, [-m for m in middle])  # around one middle, whatever overlaps
    for _ in range(sweeps):
        wish = [(at[k] + _mean(at, others)) / 2 if others else at[k] for k, others in enumerate(near)]
        # rounded, so that the last bits don't decide between equals, which keep their order
        order.sort(key=lambda k: round(wish[k] + middle[k], 2))
        at = stacked(blocks, order, wish)
    return order


def _mean(at: Sequence[float], near: Sequence[tuple[int, float]]) -> float:
    return sum(at[other] + offset for other, offset in near) / len(near)
