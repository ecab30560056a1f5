"""The order of the items in each rank, and their heights, where no clusters are among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from .rigid import Join, isotonic

_NODE_GAP = 16.0  # between two cards of a rank
_WIRE_GAP = 9.0  # beside a dummy
_ORDER_SWEEPS = 8
_HEIGHT_SWEEPS = 8
_COUNTED = 1_500  # up to so many items, crossings are counted and the best order is kept

Near = Mapping[int, Sequence[tuple[int, float]]]
Pull = tuple[int, float, float]  # the other item, what to add to its y, the weight
_SPINE = 30.0
_LEAF = 0.2
_WIRE = 4.0


def settle(items: Sequence[int], rank: Sequence[int], half: Sequence[float], joins: Sequence[Join]) -> dict[int, float]:
    """The y of each item.

    Args:
        items: in a good first order.
        rank: the rank of each item.
        half: half the height of each item; 0 for dummies.
        joins: pairs of items of adjacent ranks, with the offset of the port at the right one.
    """
    left: dict[int, list[tuple[int, float]]] = {i: [] for i in items}
    right: dict[int, list[tuple[int, float]]] = {i: [] for i in items}
    for a, b, port in joins:
        right[a].append((b, port))
        left[b].append((a, port))
    lowest = min((rank[i] for i in items), default=0)
    rows: list[list[int]] = [[] for _ in range(max((rank[i] for i in items), default=-1) + 1 - lowest)]
    for item in items:
        rows[rank[item] - lowest].append(item)
    rows = _ordered(rows, left, right)
    return _heights(rows, half, *_pulls(rows, half, left))


def _ordered(rows: list[list[int]], left: Near, right: Near) -> list[list[int]]:
    """Sort each rank by the mean of its neighbours, to and fro; keep the order with the fewest crossings."""
    y = {item: place - (len(row) - 1) / 2 for row in rows for place, item in enumerate(row)}
    counted = len(y) <= _COUNTED
    best = [list(row) for row in rows]
    fewest = _crossings(rows, right) if counted else 1
    for sweep in range(_ORDER_SWEEPS if fewest else 0):
        rightwards = sweep % 2 == 0
        near = left if rightwards else right
        for row in rows if rightwards else rows[::-1]:
            wish = {i: sum(y[a] for a, _ in near[i]) / len(near[i]) if near[i] else y[i] for i in row}
            row.sort(key=wish.__getitem__)
            for place, item in enumerate(row):
                y[item] = place - (len(row) - 1) / 2
        crossings = _crossings(rows, right) if counted else 0
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
        if not counted:
            best = rows
    return best


def _crossings(rows: Sequence[Sequence[int]], right: Near) -> int:
    place = {item: i for row in rows for i, item in enumerate(row)}
    crossings = 0
    for row in rows:
        # two edges that leave one item never cross, so its ends are listed from top to bottom
        crossings += _inversions([end for a in row for end in sorted((place[b], port) for b, port in right[a])])
    return crossings


def _inversions(ends: Sequence[tuple[int, float]]) -> int:
    """How many pairs of edges cross, by merge sort."""
    if len(ends) < 2:
        return 0
    half = len(ends) // 2
    a, b = ends[:half], ends[half:]
    count = _inversions(a) + _inversions(b)
    a, b = sorted(a), sorted(b)
    i = 0
    for end in b:
        while i < len(a) and a[i] <= end:
            i += 1
        count += len(a) - i
    return count


def _pulls(
    rows: Sequence[Sequence[int]], half: Sequence[float], left: Near
) -> tuple[dict[int, list[Pull]], dict[int, list[Pull]]]:
    """What pulls each item from the left and from the right.

    The longest chain that leads to an item is its spine (the running total of a sum): it is drawn straight, and what is
    added comes from the side. Else the spine would sink by a port at each step. Buses are straight as well.
    """
    from_left: dict[int, list[Pull]] = {}
    from_right: dict[int, list[Pull]] = {item: [] for row in rows for item in row}
    depth: dict[int, int] = {}
    for row in rows:
        for item in row:
            depths = sorted((depth[a] for a, _ in left[item]), reverse=True)
            depth[item] = 1 + depths[0] if depths else 0
            has_spine = len(depths) > 1 and depths[0] > depths[1]
            from_left[item] = pulls = []
            for a, port in left[item]:
                wire = not half[item] and not half[a]
                spine = has_spine and depth[a] == depths[0]
                leaf = not left[a] and bool(half[a])  # a leaf comes to its user, not the user to it
                pull = _SPINE if spine else _WIRE if wire else _LEAF if leaf else 1.0
                offset = 0.0 if spine else port
                pulls.append((a, -offset, pull))
                from_right[a].append((item, offset, pull))
    return from_left, from_right


def _heights(
    rows: Sequence[Sequence[int]],
    half: Sequence[float],
    from_left: Mapping[int, Sequence[Pull]],
    from_right: Mapping[int, Sequence[Pull]],
) -> dict[int, float]:
    y: dict[int, float] = {}
    gaps = [_gaps(row, half) for row in rows]
    for row, gap in zip(rows, gaps, strict=True):
        y.update(zip(row, isotonic([0.0] * len(row), [1.0] * len(row), gap), strict=True))
    for sweep in range(_HEIGHT_SWEEPS):
        sides = [from_left, from_right] if sweep >= _HEIGHT_SWEEPS - 3 else [(from_left, from_right)[sweep % 2]]
        order = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        for r in order:
            wishes = [_wish(item, y, sides) for item in rows[r]]
            places = isotonic([w for w, _ in wishes], [w for _, w in wishes], gaps[r])
            y.update(zip(rows[r], places, strict=True))
    return y


def _wish(item: int, y: Mapping[int, float], sides: Sequence[Mapping[int, Sequence[Pull]]]) -> tuple[float, float]:
    """Where the item would like to be, and how much."""
    total = weight = 0.0
    for side in sides:
        for other, offset, pull in side[item]:
            total += pull * (y[other] + offset)
            weight += pull
    return (total / weight, weight) if weight else (y[item], 0.01)


def _gaps(row: Sequence[int], half: Sequence[float]) -> list[float]:
    return [half[a] + half[b] + (_NODE_GAP if half[a] and half[b] else _WIRE_GAP) for a, b in pairwise(row)]
