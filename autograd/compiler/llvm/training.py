"""Trainings: many steps of an optimizer in one compiled call."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import ShapeError
from ...optim.rule import Rule
from ..backend import Floats, Held, Integers, is_plain
from ..tape import Tape
from .kernel import Kernel, Memory, gather


class _Ready(NamedTuple):
    """The memory of a kernel, and where it finds the numbers of buffers."""

    memory: Memory
    buffers: Floats


def _address(array: NDArray[Any]) -> int:
    """Where an array of ours begins, in a quarter of the time that NumPy takes to say it."""
    return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Training:
    """Many steps of an optimizer in one call, bound to the arrays of a training. Threads must take turns."""

    tape: Tape
    kernel: Callable[[Integers], Kernel]
    """A kernel with the rule for steps of so many samples each."""
    rule: Rule
    arrays: tuple[Floats, ...]
    held: Held
    shapes: tuple[tuple[int, ...], ...]
    """Those that the arrays had when this was bound."""
    ready: dict[Kernel, _Ready] = field(default_factory=dict)

    def __call__(
        self,
        firsts: Integers,
        counts: Integers,
        scalars: Floats,
        index: Integers | None = None,
        observed: Floats | None = None,
    ) -> tuple[int, Floats]:
        """Make steps, each on some samples, and change parameters and state.

        Args:
            firsts: for each step the number of its first sample.
            counts: for each step how many samples it takes, at least 1.
            scalars: for each step a row with the rule's ``scalars``.
            index: the rows of the arrays to which sample numbers refer; without it the rows in their order. Rows of
                masks are used up one after the other in any case.
            observed: is given a row a step: what the tape observes of its batch.

        All are int64 or float64 and C-contiguous.

        Returns:
            How many steps succeeded, and the mean loss of each. A step fails where `Failure` would be raised: its loss
            comes last, the parameters are as they were before it, and no further step is made.

        Raises:
            ValueError: the scalars have another shape.
            ShapeError: an array has changed its shape or its dtype since this was bound.
        """
        for array, shape in zip(self.arrays, self.shapes, strict=True):
            if array.shape != shape or not is_plain(array):
                raise ShapeError(
                    f"the data of a training changed while it went on, from float64 of shape {shape} to "
                    f"{array.dtype} of shape {array.shape}; change its numbers, or train again: fit(...)"
                )
        wanted = len(counts), len(self.rule.scalars)
        if scalars.shape != wanted:
            raise ValueError(
                f"scalars must have shape {wanted}, a row a step with a number a name, got {scalars.shape}"
            )
        kernel = self.kernel(counts)
        memory, live = self.ready.get(kernel) or self._prepare(kernel)
        if self.held.buffers:
            gather(self.held.buffers, live)
        losses = np.full(len(counts), np.nan)
        kernel.fill(memory, self.arrays)  # they may lie elsewhere now
        block, place = memory.block, kernel.arguments.place
        given: dict[str, NDArray[Any] | None]
        given = {"index": index, "firsts": firsts, "counts": counts, "losses": losses, "scalars": scalars}
        for name, one in given.items():
            block[place(name)] = 0 if one is None else _address(one)
        block[place("observed")] = 0 if observed is None or not observed.size else _address(observed)
        block[place("steps")] = len(counts)
        block[place("repack")] = index is not None or self._changes(firsts, counts)
        kernel.function(memory.address)
        done = int(block[place("done")])
        return done, losses[: done + 1]

    def _prepare(self, kernel: Kernel) -> _Ready:
        """Memory for a kernel, with the addresses of all that never moves."""
        memory, live = Memory(kernel), np.empty(self.tape.buffers)
        kernel.fill(memory, self.held.states, "state", parameters=self.held.data, buffers=live)
        self.ready[kernel] = ready = _Ready(memory, live)
        return ready

    def _changes(self, firsts: Integers, counts: Integers) -> bool:
        """Whether steps have different rows."""
        has_masks = any(array.kind == "mask" for array in self.tape.arrays)
        return has_masks or bool(np.ptp(firsts) or np.ptp(counts))
