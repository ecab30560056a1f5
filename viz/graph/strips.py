"""The local partials of what is drawn as one box: of what comes out by what goes in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from .nodes import Strip
from .partition import Partition, Wire

_CELLS = 32  # in a row or a column: more can't be told apart
_NUMBERS = 600_000  # visited in all strips of a picture: a second


def local_partials(
    partition: Partition, wires: Sequence[Wire], outputs: Mapping[int, Sequence[int]]
) -> list[Strip | float | None]:
    """Of each wire that leads to a collapsed box its partials, exact; None where there is nothing to say.

    It is one number where one comes in and one comes out, and a strip where a module gets what several numbers of one
    box are. A box whose outputs were made of too many numbers has neither.

    Args:
        partition: which numbers are drawn together.
        wires: between those boxes.
        outputs: of each collapsed box the numbers that are used outside of it.
    """
    inside = _Inside(partition)
    found: list[Strip | float | None] = [None] * len(wires)
    by_target: dict[int, list[int]] = {}
    for i, wire in enumerate(wires):
        if partition.is_collapsed(wire.target):
            by_target.setdefault(wire.target, []).append(i)
    for target, arriving in by_target.items():
        tops = [i for i in outputs[target] if partition.reading.carries[i]]
        columns = {i: _columns(partition, wires[i]) for i in arriving}
        is_module = partition.group(target) == "module"
        wanted = [
            i
            for i in arriving
            if (len(tops) == len(columns[i]) == 1)
            or (is_module and columns[i] and (len(tops) == 1 or partition.is_collapsed(wires[i].source)))
        ]
        rows = inside.slopes(target, tops) if wanted else []
        for i in wanted if rows else ():
            found[i] = _cells(rows, columns[i])
    return found


def _columns(partition: Partition, wire: Wire) -> list[int]:
    """The numbers that a wire brings, as far as they carry gradient."""
    operand, partial, _ = partition.reading.tables
    return sorted({operand[link] for link in wire.links if partial[link] is not None})


class _Inside:
    """Reverse sweeps that stay in one box."""

    def __init__(self, partition: Partition) -> None:
        self.reading = partition.reading
        self.into: list[int] = partition.into.tolist()
        self.left = _NUMBERS

    def slopes(self, place: int, outputs: Sequence[int]) -> list[dict[int, float]]:
        """Of each output of a box the partials by what comes from outside; none at all if it takes too long."""
        rows = []
        for output in outputs:
            rows.append(self._sweep(place, output))
            if self.left <= 0:  # the last sweep may have stopped on its way
                return []
        return rows

    def _sweep(self, place: int, output: int) -> dict[int, float]:
        """Backpropagation from one output, over what it was made of in this box."""
        operand, partial, first, into = *self.reading.tables, self.into
        outside: dict[int, float] = {}
        adjoint, waiting = {output: 1.0}, [-output]
        while waiting and self.left > 0:
            self.left -= 1
            number = -heappop(waiting)
            above = adjoint.pop(number)
            for link in range(first[number], first[number + 1]):
                slope, below = partial[link], operand[link]
                if slope is None:
                    continue
                share = above * slope if above else 0.0  # as in `chain`
                if into[below] != place:
                    outside[below] = outside.get(below, 0.0) + share
                elif below in adjoint:
                    adjoint[below] += share
                elif first[below] < first[below + 1]:  # leaves inside have nothing below them
                    adjoint[below] = share
                    heappush(waiting, -below)
        return outside


def _cells(rows: list[dict[int, float]], columns: list[int]) -> Strip | float:
    """One number, or a strip; of each block, where there are too many, the one of the largest magnitude."""
    if len(rows) == len(columns) == 1:
        return rows[0].get(columns[0], 0.0)
    down, across = math.ceil(len(rows) / _CELLS), math.ceil(len(columns) / _CELLS)
    cells = [[0.0] * math.ceil(len(columns) / across) for _ in range(math.ceil(len(rows) / down))]
    position = {column: i // across for i, column in enumerate(columns)}
    for i, row in enumerate(rows):
        line = cells[i // down]
        for column, slope in row.items():
            j = position.get(column)
            if j is not None and not abs(slope) <= abs(line[j]) and line[j] == line[j]:  # NaN is the largest
                line[j] = slope
    return Strip(tuple(map(tuple, cells)), len(rows), len(columns))
