"""Many steps of an optimizer in one call of compiled code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..optim import Optimizer
from .backend import Floats, Held, Train
from .masks import draw
from .observing import report_observed
from .program import Program
from .specialisation import Specialisation


def compiled_steps(
    program: Program, optimizer: Optimizer, arrays: tuple[Floats, ...], clip_norm: float | None = None
) -> Steps | None:
    """Steps of the optimizer on these samples; None where the backend can't, or the program has others, or frozen ones.

    The program gives the loss of one sample; ``arrays`` are C-contiguous float64, a row for each sample. With a
    ``clip_norm`` gradients are scaled as `optim.clip_grad_norm_` does it.
    """
    specialisation = program.specialise(*arrays)
    traced, rule = specialisation.trace, optimizer.rule
    executable = program.executable("parameters", specialisation)
    if traced.span.places != optimizer.span.places or traced.frozen:
        return None
    if clip_norm is not None:
        from .llvm.clipped import Clipped  # here, so that importing autograd stays fast

        rule = Clipped.around(rule)
    masks = [np.empty((len(arrays[0]), array.columns)) for array in traced.arrays if array.kind == "mask"]
    held = Held(traced.span.data, tuple(optimizer.state.values()), traced.buffers)
    train = executable.train(rule, (*arrays, *masks), held)
    return None if train is None else Steps(program, specialisation, optimizer, train, masks, clip_norm)


class Steps:
    """Steps bound to samples, parameters and the optimizer's state; good as long as `is_current`."""

    def __init__(
        self,
        program: Program,
        specialisation: Specialisation,
        optimizer: Optimizer,
        train: Train,
        masks: list[Floats],
        clip_norm: float | None,
    ) -> None:
        self._span, self._program = specialisation.trace.span, program
        self._specialisation, self._optimizer = specialisation, optimizer
        self._bound = optimizer.rule, optimizer.state
        self._train, self._masks = train, masks
        self.generators = specialisation.trace.generators
        self.mask_columns = [mask.shape[1] for mask in masks]
        self.observed = np.empty((0, len(specialisation.trace.observed)))
        """What was observed of each batch of the last run."""
        self._is_anybody_told = any(receiver is not None for receiver, _ in specialisation.trace.observers)
        self._clipping = () if clip_norm is None else (clip_norm, 1.0)

    def is_current(self, program: Program, optimizer: Optimizer) -> bool:
        """Whether these, the model and its parameters are as they were bound; the learning rate may change."""
        if program is not self._program or optimizer is not self._optimizer:
            return False
        rule, state = self._bound
        return optimizer.state is state and optimizer.rule is rule and bool(self._specialisation.is_current())

    def run(
        self, order: NDArray[np.int64] | None, firsts: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> tuple[int, Floats]:
        """Make a step for each batch ``order[first : first + count]``; how many succeeded, and the losses of each.

        Without an order the samples are taken as they lie, and steps of the same samples don't read them again.
        The first that fails (a number isn't finite, an argument is outside a domain) and those behind it are not made.
        Masks are drawn for all of the batches.
        """
        total = int(counts.sum())
        draw(self.generators, [mask[:total] for mask in self._masks])
        scalars = self._scalars(len(counts))
        self.observed = np.empty((len(counts), self.observed.shape[1]))
        self._span.load()
        with self._specialisation.notice.here():
            done, losses = self._train(firsts, counts, scalars, order, self.observed)
        self._span.save()
        self._optimizer.t += done
        return done, losses

    def _scalars(self, steps: int) -> Floats:
        """The optimizer's numbers of the next steps, a row each."""
        optimizer, first = self._optimizer, self._optimizer.t + 1
        asked = 1 if optimizer.is_steady else steps
        numbers = [(*optimizer.scalars(t).values(), *self._clipping) for t in range(first, first + asked)]
        rows = np.empty((steps, len(numbers[0])))
        rows[:] = numbers
        return rows

    def report_observed(self, counts: NDArray[np.int64]) -> None:
        """Tell modules what they wanted to know of the first batches of the last run, those of the steps that count."""
        if not self._is_anybody_told:
            return
        for numbers, samples in zip(self.observed, counts, strict=False):
            report_observed(self._specialisation.trace, numbers, int(samples))
