"""The way of each wire, as cubic Bezier curves: level in the columns, bent only in the gaps between them.

So no wire crosses a card or what is written left of it, and two wires cross only where their order changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from .arrange import Place, Point
from .bands import PITCH
from .columns import Grid
from .wires import Wiring

_SHOWN = 64  # level pieces of a bus that each wire repeats
_CORRIDOR = 12.0
_ROUND = 6.0  # the radius of corners

Piece = tuple[int, float, float]  # a rank that it ends in, where it starts and its height


def routes(wiring: Wiring, grid: Grid, places: Sequence[Place]) -> tuple[tuple[Point, ...], ...]:
    """The curves of each edge: a start, then three points a curve."""
    router = _Router(wiring, grid, places)
    return tuple(router.route(k) for k in range(len(wiring.pairs)))


class _Router:
    def __init__(self, wiring: Wiring, grid: Grid, places: Sequence[Place]) -> None:
        self.wiring, self.grid, self.places = wiring, grid, places
        self.columns, self.bands = grid.columns, wiring.bands()
        self.turn = {item: i for items in grid.onward for i, item in enumerate(items)}
        self.runs: dict[int, list[list[int]]] = {}  # by the first dummy of a bus

    def _runs(self, bus: Sequence[int]) -> list[list[int]]:
        """The pieces of a bus that are level: the dummies of each band."""
        runs: list[list[int]] = []
        for item in bus[1:]:
            if not runs or self.wiring.rank[item] - 1 in self.wiring.exits:
                runs.append([])
            runs[-1].append(item)
        return runs

    def route(self, k: int) -> tuple[Point, ...]:
        wiring, columns = self.wiring, self.columns
        source, target = wiring.pairs[k]
        start, end = self.places[source], self.places[target]
        goal = (end.x, end.middle + wiring.ports[k])
        path: list[Point] = [(start.right, start.middle)]
        entry = columns[wiring.rank[target]].x
        if k in wiring.around:
            self._around(path, k, (entry, goal[1]))
        else:
            self._along(path, k, wiring.rank[target])
            _curve(path, (entry, goal[1]))
        _line(path, goal)
        return tuple(path)

    def _along(self, path: list[Point], k: int, stop: int) -> None:
        """Follow the bus to the end of the rank before ``stop``."""
        wiring, columns, y = self.wiring, self.columns, self.grid.y
        source = wiring.pairs[k][0]
        bus = wiring.chain[k]
        _line(path, (columns[wiring.rank[source]].end, path[0][1]))
        if len(bus) > 1 and bus[1] not in self.runs:
            self.runs[bus[1]] = self._runs(bus)
        runs = [run for run in self.runs[bus[1]] if wiring.rank[run[0]] < stop] if len(bus) > 1 else []
        if len(runs) > _SHOWN and stop <= wiring.rank[bus[-1]]:
            # the longest wire shows the whole bus, this one where it leaves it: else many long wires would need
            # quadratic room
            runs = runs[-1:]
            path[:] = [(columns[wiring.rank[runs[0][0]]].x, y[runs[0][0]])]
        for i, run in enumerate(runs):
            first, last = run[0], min(wiring.rank[run[-1]], stop - 1)
            point = (columns[wiring.rank[first]].x, y[first])
            if path[-1] != point:
                if i:
                    self._onward(path, runs[i - 1][-1], point)
                else:
                    _curve(path, point)
            _line(path, (columns[last].end, y[first]))

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
        leave = columns[wiring.rank[source]].end
        _line(path, (leave, path[0][1]))
        if k in wiring.backward:
            right, left = leave + 8.0, entry[0] - 8.0
            _corners(path, [(right, path[-1][1]), (right, below), (left, below), (left, entry[1]), entry])
        else:
            _curve(path, (columns[wiring.rank[source] + 1].x, below))
            _line(path, (columns[wiring.rank[target] - 1].end, below))
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
    for corner, after in zip(points, points[1:], strict=False):
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
