"""Runs: stretches of a list whose numbers grow by equal steps, as the slots of a neuron's weights do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple


def runs(numbers: Sequence[tuple[int, ...]], items: Sequence[Any], steps: tuple[int, ...] = ()) -> Iterator[list[Any]]:
    """Cut ``items`` where their ``numbers`` stop growing by equal steps; the first of these must be ``steps``.

    >>> list(runs([(0,), (5,), (6,), (7,)], "abcd"))
    [['a'], ['b', 'c', 'd']]
    """
    begin = 0
    while begin < len(items):
        end, stride = begin + 1, None
        while end < len(items):
            step = tuple([b - a for a, b in zip(numbers[end - 1], numbers[end], strict=True)])
            if step[: len(steps)] != steps or (stride is not None and step != stride):
                break
            stride = step
            end += 1
        if end == begin + 2 < len(items):
            end = begin + 1  # two of anything grow by equal steps: the second may belong to what follows
        yield list(items[begin:end])
        begin = end


MOST_LINES = 4
"""Lines that the parameters of a product may have; where there are more nothing is regular."""


class Line(NamedTuple):
    """The parameters in ``slot``, ``slot + step``, ``slot + 2 * step``, ..."""

    slot: int
    step: int


def lines(slots: list[int], most: int) -> list[tuple[Line, slice]] | None:
    """The lines that these slots are made of, and which of them each takes; None if there are more than ``most``.

    >>> lines([7, 8, 9, 2, 4], most=2)
    [(Line(slot=7, step=1), slice(0, 3, None)), (Line(slot=2, step=2), slice(3, 5, None))]
    """
    found: list[tuple[Line, slice]] = []
    begin, count = 0, len(slots)
    while begin < count:
        step = slots[begin + 1] - slots[begin] if begin + 1 < count else 1
        end = begin + 1
        while end < count and slots[end] - slots[end - 1] == step:
            end += 1
        if end == begin + 2 < count:  # as in `runs`
            step, end = 1, begin + 1
        if step == 0 or len(found) == most:
            return None
        found.append((Line(slots[begin], step), slice(begin, end)))
        begin = end
    return found
