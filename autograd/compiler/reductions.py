"""Reductions: gradient sums of single weights are put together to those of whole matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .differentiate import Sum
from .group import Groups, runs
from .schedule import Schedule
from .tape import Outer, Reduction
from .tape import Sum as SumOfRows


def find_reductions(sums: Iterable[Sum], groups: Groups, schedule: Schedule) -> tuple[Reduction, ...]:
    """Sums over the rows of two families whose slots lie in a regular pattern become an `Outer`, the rest `Sum`."""
    matrices: dict[Any, list[tuple[tuple[int, int, int], Sum]]] = {}
    for total in sums:
        left, j = _where(groups, total.left)
        right, k = (None, 0) if total.right is None else _where(groups, total.right)
        matrices.setdefault((left, right), []).append(((j, k, groups.slots.slot(total.uniform)), total))
    return tuple(r for entries in matrices.values() for r in _reductions(entries, schedule))


def _where(groups: Groups, node: int) -> tuple[Any, int]:
    """The family and index of a row; a row of no family is one by itself."""
    place = groups.place.get(node)
    return (("row", node), 0) if place is None else (place.family, place.member)


def _reductions(entries: list[tuple[tuple[int, int, int], Sum]], schedule: Schedule) -> Iterator[Reduction]:
    """First runs of k for each j, of equal steps in the slots; then runs of j of such runs that look alike."""
    entries.sort()
    alike: dict[Any, list[tuple[tuple[int, int], Sum]]] = {}
    for row in _by_left(entries):
        for run in runs([(k, slot) for (_, k, slot), _ in row], row, steps=(1,)):
            stride = run[1][0][2] - run[0][0][2] if len(run) > 1 else 0
            for part in [run] if stride else [[entry] for entry in run]:  # one slot several times is several sums
                (j, k, slot), first = part[0]
                alike.setdefault((k, len(part), stride), []).append(((j, slot), first))
    for (_, width, stride_k), lines in alike.items():
        for block in runs([line[0] for line in lines], lines, steps=(1,)):
            stride_j = block[1][0][1] - block[0][0][1] if len(block) > 1 else 0
            if _all_different(len(block), width, stride_j, stride_k):
                yield _reduction(block[0], len(block), width, stride_j, stride_k, schedule)
            else:
                yield from (_reduction(line, 1, width, 0, stride_k, schedule) for line in block)


def _all_different(outputs: int, width: int, stride_j: int, stride_k: int) -> bool:
    """Whether no two of the slots of a matrix are the same."""
    if outputs == 1 or width == 1:
        return bool(stride_j or outputs == 1)
    return abs(stride_j) >= width * abs(stride_k) or 0 < outputs * abs(stride_j) <= abs(stride_k)


def _reduction(line: Any, outputs: int, width: int, stride_j: int, stride_k: int, schedule: Schedule) -> Reduction:
    (_, slot), first = line
    left, right = schedule.row(first.left), None if first.right is None else schedule.row(first.right)
    if outputs * width == 1:
        return SumOfRows(slot, left, right)
    return Outer(left, outputs, right, width, slot, stride_j, stride_k)


def _by_left(entries: list[tuple[tuple[int, int, int], Sum]]) -> Iterator[list[Any]]:
    rows: dict[int, list[Any]] = {}
    for entry in entries:
        rows.setdefault(entry[0][0], []).append(entry)
    yield from rows.values()
