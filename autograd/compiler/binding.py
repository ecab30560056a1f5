"""Bindings: a goal of a program connected with its trace, its parameters and its masks, ready for any arrays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .arguments import Signature
from .backend import Executable, Floats, Goal, Run
from .masks import draw, states_of
from .notice import Notice
from .observing import report_observed
from .trace.run import Trace

if TYPE_CHECKING:
    from .tape import Tape

_SIZES = 1024
"""Numbers of samples whose runs are kept."""


class Bound:
    """Runs a goal on whatever arrays come.

    Arrays that the code can take as they lie go straight to it; others are converted first, at each call anew. No call
    remembers arrays: what is kept for the next one is a run for each number of samples.
    """

    def __init__(
        self, goal: Goal, trace: Trace, tape: Tape, code: Executable, signature: Signature, notice: Notice
    ) -> None:
        self.goal, self.trace = goal, trace
        self._signature, self._notice = signature, notice
        self.seconds = 0.0
        """Time that making runs has taken, compiling for another number of samples included."""
        self._span = trace.span
        self.is_current = trace.guards.hold
        """Whether what the function read is what it was: asked at each call."""
        self.observed: Any = np.empty(len(trace.observed)) if trace.observed and goal == "parameters" else None
        self._bind = code.bind(self._span.data, self._span.grad, trace.buffers, self.observed)
        self._runs: dict[int, Run] = {}
        self._samples = 0
        self._reached: NDArray[np.uint8] | None = None
        """1 for each parameter that the result depends on; None if it depends on all, or nobody is to be told."""
        if goal == "parameters":
            from .plan.sum_slots import reached  # here: importing autograd doesn't wait for what only compiling needs

            found = reached(tape)
            self._reached = None if found.all() else found.view(np.uint8)
        self._masks: list[Floats] = [np.empty((0, a.columns)) for a in trace.arrays if a.kind == "mask"]
        # Masks must not be drawn for arguments that are refused; observers are told how many samples there were.
        self._is_direct = not self._masks and self.observed is None
        self.states: list[Any] = []
        """Those of the generators before the masks of the last run were drawn."""

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        """Run, and return what `backend.Run` does, but never None."""
        if not self._span.is_view:
            self._span.load()
        try:
            run = self._runs[len(arguments[0])]
        except (LookupError, TypeError):  # a new number of samples, or nothing that has one
            return self._run_converted(arguments)
        result = run(*arguments) if self._is_direct else None
        return self._run_converted(arguments) if result is None else result

    def _run_converted(self, arguments: tuple[Any, ...]) -> Any:
        arrays = self._signature.arrays(arguments)
        self._samples = samples = len(arrays[0])
        run = self._runs.get(samples) or self._new_run(samples)
        if self._masks:
            arrays += self._drawn(samples)
        result = run(*arrays)
        if result is None:  # they are the parameters' own gradients
            result = run(*(array.copy() for array in arrays))
        if result is None:
            raise RuntimeError("an array was resized, or got another dtype, while a program was reading it")
        return result

    def _new_run(self, samples: int) -> Run:
        for module in self.trace.modules:
            module.check_batch(samples)
        start = time.perf_counter()
        if len(self._runs) >= _SIZES:
            self._runs.clear()
        with self._notice.here():
            run = self._runs[samples] = self._bind(samples)
        self.seconds += time.perf_counter() - start
        return run

    def _drawn(self, samples: int) -> tuple[Floats, ...]:
        generators = self.trace.generators
        if len(self._masks[0]) < samples:
            self._masks = [np.empty((samples, mask.shape[1])) for mask in self._masks]
        masks = tuple(mask[:samples] for mask in self._masks)
        self.states = states_of(generators)
        draw(generators, masks)
        return masks

    def report(self) -> None:
        """After a run for the parameters' gradients: say that they have some, and tell modules what they observe."""
        if not self._span.is_view:
            self._span.save()
        self._span.mark_reached(self._reached)
        if self.observed is not None:
            report_observed(self.trace, self.observed, self._samples)
