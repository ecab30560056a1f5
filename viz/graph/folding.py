"""What isn't a step of its own: constants go into their operation, and ``0 +`` disappears."""

from __future__ import annotations

import numpy as np

from autograd.ops import add

from .partition import Box, Partition
from .reading import Places


def drop_zeros(partition: Partition) -> None:
    """Let ``0 + x`` be x, where nothing else uses x and the sum has no name: so Python's `sum` begins."""
    reading, values, pairs = partition.reading, partition.reading.values, []
    for link in _foldable(partition).tolist():
        zero, total = int(reading.operand[link]), int(reading.user[link])
        if values[total].op is not add or values[zero].data != 0 or values[zero].label or values[total].label:
            continue
        other = int(reading.operand[2 * reading.first[total] + 1 - link])
        if reading.is_root[total] or reading.is_root[other] or reading.uses[other] > 1 or not partition.is_open[other]:
            continue
        if other in reading.stale:  # then it is another number
            continue
        partition.boxes[total] = partition.boxes.pop(other, Box(other))
        pairs += [(total, other), (total, zero)]
    partition.join(pairs)


def fold_constants(partition: Partition) -> None:
    """Write each constant that is used once, and has no label, into the operation that uses it."""
    reading, pairs = partition.reading, []
    for link in _foldable(partition).tolist():
        constant, box = int(reading.operand[link]), int(partition.into[reading.user[link]])
        if partition.into[constant] == constant and not reading.values[constant].label:
            partition.box(box).folded.append(constant)
            pairs.append((box, constant))
    partition.join(pairs)


def _foldable(partition: Partition) -> Places:
    """Links from a constant that is used nowhere else to an operation that carries gradient."""
    reading = partition.reading
    constant = reading.is_leaf & ~reading.carries & (reading.uses == 1) & ~reading.is_root
    user = reading.carries & partition.is_open
    return np.flatnonzero(constant[reading.operand] & user[reading.user])
