"""Reductions: gradient sums of single weights and of lines of weights are put together to those of whole matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..graph.rooted import LineSum, UniformSum
from ..graph.runs import runs
from ..tape import Reduction, SumMatrix, SumOne
from .families import Groups
from .schedule import Schedule


class _Stretch(NamedTuple):
    """The sums of one left row with ``width`` neighbouring right rows, whose slots grow by ``stride``."""

    left: int
    right: int | None
    width: int
    slot: int
    stride: int


def find_reductions(sums: Iterable[UniformSum | LineSum], groups: Groups, schedule: Schedule) -> tuple[Reduction, ...]:
    """Sums over the rows of two families whose slots lie in a regular pattern become a `SumMatrix`, the rest `SumOne`.

    They stay in their order: the sums of one adjoint follow each other, while it is near.
    """
    alike: dict[Any, list[tuple[tuple[int, int], _Stretch]]] = {}
    for stretch in _stretches(sums, groups):
        left, j = groups.order(stretch.left)
        right = None if stretch.right is None else groups.order(stretch.right)
        key = (left, right, stretch.width, stretch.stride)
        alike.setdefault(key, []).append(((j, stretch.slot), stretch))
    return tuple(r for entries in alike.values() for r in _reductions(entries, schedule))


def _stretches(sums: Iterable[UniformSum | LineSum], groups: Groups) -> Iterator[_Stretch]:
    cuts: dict[int, list[list[int]]] = {}
    single: dict[Any, list[tuple[tuple[int, int], UniformSum]]] = {}
    found: dict[Any, LineSum | None] = {}
    for number, total in enumerate(sums):
        if isinstance(total, LineSum):
            found[number] = total
            if total.vec not in cuts:
                cuts[total.vec] = list(_neighbours(groups.graph.args[total.vec], groups))
            continue
        right, k = (None, 0) if total.right is None else groups.order(total.right)
        found[total.left, right] = None
        single.setdefault((total.left, right), []).append(((k, groups.slots.slot(total.uniform)), total))
    for key, line in found.items():
        yield from _of_singles(single[key]) if line is None else _of_line(line, groups, cuts[line.vec])


def _of_singles(entries: list[tuple[tuple[int, int], UniformSum]]) -> Iterator[_Stretch]:
    """Of the sums of one left row with members of one family: runs of neighbours with equal steps in the slots."""
    entries.sort()
    for run in runs([numbers for numbers, _ in entries], entries, steps=(1,)):
        stride = run[1][0][1] - run[0][0][1] if len(run) > 1 else 0
        for part in [run] if stride else [[entry] for entry in run]:  # one slot several times is several sums
            (_, slot), first = part[0]
            yield _Stretch(first.left, first.right, len(part), slot, stride)


def _of_line(total: LineSum, groups: Groups, cuts: list[list[int]]) -> Iterator[_Stretch]:
    """A line cut where the rows of its vec stop being neighbours."""
    (slot, step), left, vec = total
    rows = groups.graph.args[vec]
    for part in cuts:
        stride = (part[1] - part[0]) * step if len(part) > 1 else 0
        yield _Stretch(left, rows[part[0]], len(part), slot + part[0] * step, stride)


def _neighbours(rows: tuple[int, ...], groups: Groups) -> Iterator[list[int]]:
    """The positions in a vec of rows that lie side by side, equally far from each other in the vec."""
    ordered = groups.in_order(list(enumerate(rows)))
    return runs([(*groups.order(row), k) for k, row in ordered], [k for k, _ in ordered], steps=(0, 1))


def _reductions(entries: list[tuple[tuple[int, int], _Stretch]], schedule: Schedule) -> Iterator[Reduction]:
    """Runs of left rows whose stretches look alike."""
    entries.sort()
    for block in runs([numbers for numbers, _ in entries], entries, steps=(1,)):
        (_, slot), first = block[0]
        stride = block[1][0][1] - slot if len(block) > 1 else 0
        if _all_different(len(block), first.width, stride, first.stride):
            yield _reduction(first, len(block), stride, schedule)
        else:
            yield from (_reduction(stretch, 1, 0, schedule) for _, stretch in block)


def _all_different(outputs: int, width: int, stride_j: int, stride_k: int) -> bool:
    """Whether no two of the slots of a matrix are the same."""
    if outputs == 1 or width == 1:
        return bool(stride_j or outputs == 1)
    return abs(stride_j) >= width * abs(stride_k) or 0 < outputs * abs(stride_j) <= abs(stride_k)


def _reduction(first: _Stretch, outputs: int, stride: int, schedule: Schedule) -> Reduction:
    left, right = schedule.row(first.left), None if first.right is None else schedule.row(first.right)
    if outputs * first.width == 1:
        return SumOne(first.slot, left, right)
    return SumMatrix(left, outputs, right, first.width, first.slot, stride, first.stride)
