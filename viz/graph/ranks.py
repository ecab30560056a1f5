"""The last resort: boxes that are about as far from the leaves, as one."""

from __future__ import annotations

from .neighbours import draw_together
from .partition import Partition


def merge_ranks(partition: Partition, most: int) -> None:
    """Draw numbers by their distance from the leaves, in at most ``most`` stretches of it.

    In each stretch the operations are one box, and so are the leaves that are used there first. Outputs that nothing
    else uses stay, if they are no more than ``most``.
    """
    rank, first_use = _ranks(partition)
    reading = partition.reading
    highest = max(rank.values())
    length = -(-highest // most) if highest else 1
    roots = [place for place in rank if reading.is_root[place] and place not in first_use]
    kept = set(roots) if len(roots) <= most else set()
    together: dict[int, int] = {}
    last: dict[tuple[bool, int], int] = {}
    for place in sorted(rank, reverse=True):
        is_leaf = rank[place] == 0
        stretch = (first_use.get(place, 1) if is_leaf else rank[place]) - 1
        together[place] = place if place in kept else last.setdefault((is_leaf, stretch // length), place)
    draw_together(partition, together)


def merge_all(partition: Partition) -> None:
    """Draw everything as one box."""
    places = partition.places().tolist()
    draw_together(partition, dict.fromkeys(places, places[-1]))


def _ranks(partition: Partition) -> tuple[dict[int, int], dict[int, int]]:
    """Of each box its longest distance from a leaf, and, where it is used, the lowest rank that uses it."""
    turn = {place: i for i, place in enumerate(partition.in_order())}
    rank = dict.fromkeys(turn, 0)
    pairs = [(source, target) for source, target in partition.pairs() if turn[source] < turn[target]]
    for source, target in sorted(pairs, key=lambda pair: turn[pair[1]]):
        rank[target] = max(rank[target], rank[source] + 1)
    first_use: dict[int, int] = {}
    for source, target in pairs:
        first_use[source] = min(first_use.get(source, rank[target]), rank[target])
    return rank, first_use
