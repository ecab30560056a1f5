"""Bindings: a goal of a program connected with its trace, its parameters and its masks, ready for any arrays."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..nn import structure
from .arguments import Signature
from .backend import Executable, Floats, Run
from .lower import Goal
from .masks import draw, states_of
from .observing import hand_over
from .specialisation import Specialisation

_SIZES = 1024
"""Numbers of samples whose runs are kept."""


class Bound:
    """Runs a goal on whatever arrays come.

    Arrays that the code can take as they lie go straight to it; others are converted first, at each call anew. No call
    remembers arrays: what is kept for the next one is a run for each number of samples.
    """

    def __init__(self, goal: Goal, specialisation: Specialisation, code: Executable, signature: Signature) -> None:
        self.goal, self.specialisation = goal, specialisation
        self._signature = signature
        trace, home = specialisation.trace, specialisation.home()
        assert home is not None
        self.store, data, grad = home
        self._first = trace.parameters[0] if self.store is not None else None
        self._version = structure.structure_version()
        self._observed = np.empty(len(trace.observed)) if trace.observed and goal == "parameters" else None
        self._bind = code.bind(data, grad, trace.buffers, self._observed)
        self._runs: dict[int, Run] = {}
        self._samples = 0
        self._masks: list[Floats] = [np.empty((0, a.columns)) for a in trace.arrays if a.kind == "mask"]
        # Masks must not be drawn for arguments that are refused; observers are told how many samples there were.
        self._is_direct = not self._masks and self._observed is None
        self.states: list[Any] = []
        """Those of the generators before the masks of the last run were drawn."""

    def is_current(self) -> bool:
        """Whether modules and parameters are what they were when this was bound."""
        return self._version == structure._version and (self._first is None or self._first.store is self.store)

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        """Run, and return what `backend.Run` does, but never None."""
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
        for module in self.specialisation.trace.modules:
            module.check_batch(samples)
        start = time.perf_counter()
        if len(self._runs) >= _SIZES:
            self._runs.clear()
        with self.specialisation.notice.here():
            run = self._runs[samples] = self._bind(samples)
        self.specialisation.compile_seconds[self.goal] += time.perf_counter() - start
        return run

    def _drawn(self, samples: int) -> tuple[Floats, ...]:
        generators = self.specialisation.trace.generators
        if len(self._masks[0]) < samples:
            self._masks = [np.empty((samples, mask.shape[1])) for mask in self._masks]
        masks = tuple(mask[:samples] for mask in self._masks)
        self.states = states_of(generators)
        draw(generators, masks)
        return masks

    def report(self) -> None:
        """After a run for the parameters' gradients: say that they have some, and tell modules what they observe."""
        store = self.store
        if store is not None:
            store.reached = store.sweeps
        if self._observed is not None:
            hand_over(self.specialisation.trace, self._observed, self._samples)
