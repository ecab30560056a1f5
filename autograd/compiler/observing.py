"""What modules observe of a batch, such as its means: handing it over, and finding it without training."""

from __future__ import annotations

import numpy as np

from .backend import Floats
from .masks import draw, replaying, states_of
from .trace.run import Trace


def report_observed(trace: Trace, numbers: Floats, samples: int) -> None:
    """Call each observer with its share of the numbers of a batch, and with how many samples it had."""
    at = 0
    for receiver, count in trace.observers:
        if receiver is not None:
            receiver(numbers[at : at + count].tolist(), samples)
        at += count


def observed_of(trace: Trace, arrays: tuple[Floats, ...]) -> list[float]:
    """What would be observed of a batch; with the random numbers that its next replay draws, which are not used up.

    Domains are not tested: this is for those who look for an error.
    """
    if not trace.observed:
        return []
    from .numpy_backend import NumpyBackend
    from .pipeline import to_tape  # here: importing autograd doesn't wait for what only compiling needs

    masks = [np.empty((len(arrays[0]), array.columns)) for array in trace.arrays if array.kind == "mask"]
    with replaying(trace.generators, states_of(trace.generators)):
        draw(trace.generators, masks)
    numbers = np.full(len(trace.observed), np.nan)
    trace.span.load()
    executable = NumpyBackend().build(to_tape(trace, "values", checks=False))
    executable.bind(trace.span.data, trace.span.grad, trace.buffers, numbers)(len(arrays[0]))(*arrays, *masks)
    return list(numbers.tolist())
