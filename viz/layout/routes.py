"""The way of each wire, as cubic Bezier curves: level in the columns, bent only in the gaps between them.

So no wire crosses a card or what is written left of it, and two wires cross only where their order changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .arrange import Place, Point
from .bands import PITCH
from .columns import Grid
from .wires import Wiring

_SHOWN = 12  # level runs of the wires of one node that each of them repeats; more where there are few wires
_ALL = 6_000
_CORRIDOR = 12.0
_ROUND = 6.0  # the radius of corners


@dataclass(frozen=True, slots=True)
class _Run:
    """A level part of a wire: its first and last rank, its height, the bus or waypoint."""

    first: int
    last: int
    y: float
    item: int


def routes(wiring: Wiring, grid: Grid, places: Sequence[Place]) -> tuple[tuple[Point, ...], ...]:
    """The curves of each edge: a start, then three points a curve."""
    router = _Router(wiring, grid, places)
    return tuple(router.route(k) for k in range(len(wiring.pairs)))


class _Router:
    def __init__(self, wiring: Wiring, grid: Grid, places: Sequence[Place]) -> None:
        self.wiring, self.grid, self.places = wiring, grid, places
        self.columns, self.bands = grid.columns, wiring.bands()
        self.turn = {item: i for items in grid.onward for i, item in enumerate(items)}
        self.shown = max(_SHOWN, _ALL // max(1, len(wiring.pairs)))
        self.longest: dict[int, int] = {}  # of the wires of each node
        for k, (source, target) in enumerate(wiring.pairs):
            best = self.longest.get(source, k)
            if k not in wiring.around and wiring.rank[target] >= wiring.rank[wiring.pairs[best][1]]:
                self.longest[source] = k

    def route(self, k: int) -> tuple[Point, ...]:
        wiring, columns = self.wiring, self.columns
        source, target = wiring.pairs[k]
        start, end = self.places[source], self.places[target]
        goal = (end.x, end.middle + wiring.ports[k])
        path: list[Point] = [(start.right, start.middle)]
        entry = columns[wiring.rank[target]].enter
        _line(path, (columns[wiring.rank[source]].leave, start.middle))
        if k in wiring.around:
            self._around(path, k, (entry, goal[1]))
        else:
            self._along(path, k)
            _curve(path, (entry, goal[1]))
        _line(path, goal)
        return tuple(path)

    def _along(self, path: list[Point], k: int) -> None:
        """Follow the level runs of a wire."""
        columns = self.columns
        runs = self._runs(k)
        if len(runs) > self.shown and self.longest[self.wiring.pairs[k][0]] != k:
            # the longest wire shows the whole way, this one its band: else many long wires would need quadratic room
            entries = [i for i, run in enumerate(runs) if run.item in self.wiring.starts]
            runs = runs[entries[-1] if entries else -1 :]
            path[:] = [(columns[runs[0].first].enter, runs[0].y)]
        before = -1
        for run in runs:
            point = (columns[run.first].enter, run.y)
            if path[-1] != point:
                if before in self.turn:
                    self._onward(path, before, point)
                else:
                    _curve(path, point)
            _line(path, (columns[run.last].leave, run.y))
            before = run.item

    def _runs(self, k: int) -> list[_Run]:
        """The level parts of a wire, from left to right: not more than are shown, unless it is the longest."""
        wiring, y = self.wiring, self.grid.y
        limit = len(wiring.rank) if self.longest[wiring.pairs[k][0]] == k else self.shown + 1
        runs: list[_Run] = []
        s = wiring.last[k]
        while len(runs) < limit:
            segment, line = wiring.segments[s], wiring.line[s]
            first, last = wiring.rank[segment.start] + 1, wiring.rank[segment.end] - 1
            if line >= 0 and first <= last:
                runs.append(_Run(first, last, y[line], line))
            if segment.start < wiring.n:
                break
            rank = wiring.rank[segment.start]
            runs.append(_Run(rank, rank, y[segment.start], segment.start))
            s = wiring.into[segment.start]
        return runs[::-1]

    def _onward(self, path: list[Point], item: int, entry: Point) -> None:
        """From the end of a band to the start of the next, around the wires that are nearer to the corner."""
        band = self.bands[self.wiring.rank[item]]
        turn, turns = self.turn[item], len(self.grid.onward[band])
        outer = PITCH * (turns - 1 - turn)
        right = path[-1][0] + _CORRIDOR + outer
        below = self.grid.bottoms[band] + _CORRIDOR + outer
        left = entry[0] - _CORRIDOR - PITCH * turn
        _corners(path, [(right, path[-1][1]), (right, below), (left, below), (left, entry[1]), entry])

    def _around(self, path: list[Point], k: int, entry: Point) -> None:
        """Below everything."""
        wiring, columns = self.wiring, self.columns
        source, target = wiring.pairs[k]
        below = self.grid.lanes[k]
        leave = columns[wiring.rank[source]].leave
        if k in wiring.backward:
            right, left = leave + 6.0, entry[0] - 6.0
            _corners(path, [(right, path[-1][1]), (right, below), (left, below), (left, entry[1]), entry])
        else:
            _curve(path, (columns[wiring.rank[source] + 1].enter, below))
            _line(path, (columns[wiring.rank[target] - 1].leave, below))
            _curve(path, entry)


def _curve(path: list[Point], end: Point) -> None:
    (x, y), reach = path[-1], (end[0] - path[-1][0]) / 2
    if abs(y - end[1]) < 1e-6:
        _line(path, end)
    else:
        path += [(x + reach, y), (end[0] - reach, end[1]), end]


def _line(path: list[Point], end: Point) -> None:
    """A straight curve; one that goes on level makes the one before it longer."""
    (x, y) = path[-1]
    if abs(x - end[0]) + abs(y - end[1]) < 1e-9:
        return
    if len(path) > 3 and y == end[1] == path[-2][1] == path[-3][1] == path[-4][1]:
        del path[-3:]
        x, y = path[-1]
    path += [((2 * x + end[0]) / 3, (2 * y + end[1]) / 3), ((x + 2 * end[0]) / 3, (y + 2 * end[1]) / 3), end]


def _corners(path: list[Point], points: Sequence[Point]) -> None:
    """Straight lines through ``points``, with round corners at all but the last."""
    for corner, after in pairwise(points):
        before = path[-1]
        near, far = _towards(corner, before), _towards(corner, after)
        _line(path, near)
        path += [_between(near, corner), _between(far, corner), far]
    _line(path, points[-1])


def _towards(corner: Point, other: Point) -> Point:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    share = min(_ROUND, length / 2) / length if length else 0.0
    return corner[0] + dx * share, corner[1] + dy * share


def _between(a: Point, b: Point) -> Point:
    return a[0] + 0.55 * (b[0] - a[0]), a[1] + 0.55 * (b[1] - a[1])
