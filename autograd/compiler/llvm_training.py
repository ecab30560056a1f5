"""Trainings: many steps of an optimizer in one compiled call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import ShapeError
from ..optim.rule import Rule
from .backend import Floats, is_plain
from .llvm_kernel import Kernel, Memory, gather
from .tape import Tape

Integers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """What an optimizer holds: the parameters' numbers, and the arrays of its rule in the rule's order; and buffers."""

    data: Floats
    states: tuple[Floats, ...]
    buffers: tuple[Floats, ...] = ()


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
            scalars: for each step a row with the rule's `scalars`.
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
        wanted = len(counts), len(self.rule.scalars(1))
        if scalars.shape != wanted:
            raise ValueError(
                f"scalars must have shape {wanted}, a row a step with a number a name, got {scalars.shape}"
            )
        kernel = self.kernel(counts)
        memory = kernel.take()
        losses = np.full(len(counts), np.nan)
        live = np.empty(self.tape.buffers)
        if self.held.buffers:
            gather(self.held.buffers, live)
        kernel.fill(memory, self.arrays, parameters=self.held.data, index=index, firsts=firsts, counts=counts)
        kernel.fill(memory, self.held.states, "state", losses=losses, scalars=scalars)
        kernel.fill(memory, buffers=live, observed=observed)
        self._run(kernel, memory, len(counts), index is not None or self._changes(firsts, counts))
        done = int(memory.block[kernel.arguments.place("done")])
        kernel.free.append(memory)
        return done, losses[: done + 1]

    def _run(self, kernel: Kernel, memory: Memory, steps: int, repack: bool) -> None:
        memory.block[kernel.arguments.place("steps")] = steps
        memory.block[kernel.arguments.place("repack")] = repack
        kernel.function(memory.address)

    def _changes(self, firsts: Integers, counts: Integers) -> bool:
        """Whether steps have different rows."""
        has_masks = any(array.kind == "mask" for array in self.tape.arrays)
        return has_masks or bool(np.ptp(firsts) or np.ptp(counts))
