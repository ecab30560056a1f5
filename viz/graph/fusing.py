"""Chains of ``+`` as one sum."""

from __future__ import annotations

import numpy as np

from autograd.ops import add

from .partition import Partition


def fuse_sums(partition: Partition) -> None:
    """Make one box of additions of which one is the operand of the other, and of nothing else, in the same module.

    The last of them may have a label, the others have none.
    """
    reading = partition.reading
    is_sum = np.array([value.op is add for value in reading.values]) & partition.is_open
    adds = is_sum.copy()
    for place, box in partition.boxes.items():  # where 0 + x is x, it is what x is
        is_sum[place] &= is_sum[box.shown]
    target, part = partition.into[reading.user], reading.operand
    chained = (
        adds[reading.user]
        & (target >= 0)
        & is_sum[target]
        & is_sum[part]
        & (partition.into[part] == part)
        & (target != part)
        & (reading.uses[part] == 1)
        & ~reading.is_root[part]
    )
    pairs = [(int(target[k]), int(part[k])) for k in np.flatnonzero(chained) if _joins(partition, target[k], part[k])]
    partition.join(pairs)
    for _, inner in pairs:
        box = partition.box(int(partition.into[inner]))
        box.group = "sum"
        if inner in partition.boxes:
            box.folded += partition.boxes.pop(inner).folded


def _joins(partition: Partition, box: int, part: int) -> bool:
    """Whether a sum without a name stands in the same module as the one that it goes into."""
    reading = partition.reading
    inner, outer = partition.shown(part), partition.shown(box)
    same = reading.home[inner] == reading.home[outer]
    return bool(same) and not reading.values[inner].label and not reading.values[part].label


def operands_in_order(partition: Partition, place: int) -> list[int]:
    """The links that lead into a sum, or to the constants folded into it, as they stand in the formula."""
    reading, found = partition.reading, list[int]()
    stack = list(reversed(reading.links(partition.shown(place))))
    while stack:
        link = stack.pop()
        operand = int(reading.operand[link])
        if partition.into[operand] == place and not reading.is_leaf[operand]:
            stack += reversed(reading.links(operand))
        else:
            found.append(link)
    return found
