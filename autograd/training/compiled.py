"""The compiled engine: whole stretches of an epoch in machine code, with the eager one for all that goes wrong."""

from __future__ import annotations

import time
import warnings
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiler.masks import draw, replaying, states_of
from ..compiler.plan.sum_slots import reached
from ..compiler.steps import Steps, compiled_steps
from ..errors import GlassgradError, TraceError
from ..nn.statistics import pending
from ..parameter_list import ParameterList
from .data import Data
from .eager import EagerEngine
from .engine import EpochLoss, Evaluation, Orders, Task, check_batches, needs_batch
from .modes import in_mode
from .programs import Programs, programs_of

_STRETCH = 0.1
"""Seconds that one call of compiled code should take: Ctrl-C waits for its end."""
_SAMPLES_AHEAD = 1 << 21
"""Samples of all epochs that are run as one: their order takes 16 MiB then."""
_NUMBERS_AHEAD = 1 << 19
"""Numbers that are transformed before they are trained on, if an epoch has no more."""
_PIECE = 8192
"""Samples that are evaluated in one call."""


@lru_cache(maxsize=4)
def _parts(samples: int, batch_size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first sample of each batch, and how many it has."""
    firsts = np.arange(0, samples, batch_size, dtype=np.int64)
    return firsts, np.minimum(batch_size, samples - firsts)


class Made(NamedTuple):
    """Steps that succeeded: of each the mean loss, and the penalty."""

    losses: NDArray[np.float64]
    penalties: NDArray[np.float64]


def warn_of_eager(error: TraceError) -> None:
    """Say that a model runs as it is written, and why."""
    warnings.warn(
        f"fit runs this model eagerly, many times slower than compiled, because it can't be traced: {error}",
        stacklevel=2,
    )


class CompiledEngine:
    """Runs the program of loss(model(x), y), plus the penalty, for each batch.

    Where the optimizer's parameters are just the program's and nothing is to be called between steps, many steps are
    one call. What fails in compiled code is done once more by the eager engine, whose errors name sample and operation.
    """

    def __init__(self, task: Task, strict: bool) -> None:
        self.task, self._eager, self._strict = task, EagerEngine(task), strict
        self._arrays = task.data.floats
        if task.transform is not None:
            # What is trained on instead: in the order of an epoch, or of some short ones, transformed.
            rows = len(task.data) * max(1, _NUMBERS_AHEAD // task.data.X.size)
            X, Y = (np.zeros((rows, *array.shape[1:])) for array in self._arrays)
            self._arrays = X, Y
        self._programs = programs_of(task.state.model, task.loss, task.penalty)
        self._can_evaluate = True
        self._batches: dict[int, tuple[Any, Any]] = {}
        self._steps: Steps | None = None
        self._checked: Steps | None = None
        """The steps whose sizes of batches the modules have accepted."""
        self._stretch = 1
        """Steps of a call: more when it is known how long they take."""
        self._goes_ahead = True
        with in_mode(task.state.model, training=True):
            self._specialisation = self._programs.loss.specialise(*self._arrays)

    def depends_on(self, parameters: ParameterList) -> bool:
        """Whether the loss, or the penalty, depends on any of these."""
        self._programs.loss.executable("parameters", self._specialisation)
        positions = self._specialisation.trace.span.positions(parameters.slots())
        return bool(reached(self._specialisation.tapes["parameters"])[positions[positions >= 0]].any())

    # Epochs

    def run_epoch(self, order: NDArray[np.intp], batch_size: int) -> EpochLoss:
        """See `Engine.run_epoch`."""
        order = np.ascontiguousarray(order, dtype=np.int64)
        firsts, counts = _parts(len(order), batch_size)
        steps = self._current_steps()
        self._check_batches(steps, len(order), batch_size)
        if steps is not None:
            loss, penalty = self._stretches(steps, order, firsts, counts)
        else:
            made = [self._one_step(order[first : first + count]) for first, count in zip(firsts, counts, strict=True)]
            loss, penalty = map(sum, zip(*made, strict=True))
        return EpochLoss(loss / len(order), penalty / len(counts))

    def run_ahead(self, orders: Orders, batch_size: int, most: int) -> dict[str, list[float]]:
        """See `Engine.run_ahead`. An epoch alone costs 60 µs beside its steps, a step of a small model 2."""
        samples = len(self.task.data)
        firsts, counts = _parts(samples, batch_size)
        most_samples = _SAMPLES_AHEAD if self.task.transform is None else len(self._arrays[0])
        epochs = min(most, self._stretch // len(firsts), most_samples // samples)
        if epochs < 2 or not self._goes_ahead:
            return {}
        steps = self._current_steps()
        if steps is None or steps.mask_columns:  # there are random numbers for one epoch only
            return {}
        self._check_batches(steps, samples, batch_size)
        counts = np.tile(counts, epochs)
        transform, order = self.task.transform, orders.ahead(epochs)
        if transform is not None and order is None:
            order = np.tile(np.arange(samples), (epochs, 1))
        offsets = np.arange(epochs) * (0 if order is None else samples)
        firsts = np.add.outer(offsets, firsts).ravel()
        rows = None if order is None else order.ravel()
        if transform is not None:
            before = transform.state
            self._fill(rows, firsts, counts)
        made = self._made(steps, rows if transform is None else None, firsts, counts, or_none=True)
        if len(made.losses) < len(counts):
            self._goes_ahead = False
            if transform is not None:
                transform.state = before
            return {}
        orders.take(epochs)
        losses = (made.losses * counts).reshape(epochs, -1).sum(axis=1) / samples
        found: dict[str, list[float]] = {"loss": losses.tolist()}
        if self.task.penalty is not None:
            found["penalty"] = made.penalties.reshape(epochs, -1).mean(axis=1).tolist()
        return found

    def _check_batches(self, steps: Steps | None, samples: int, batch_size: int) -> None:
        """Let the modules refuse sizes, once for the steps of a training: walking through them takes 40 µs."""
        if steps is None or steps is not self._checked:
            check_batches(self.task.state.model, samples, batch_size)
            self._checked = steps

    def _current_steps(self) -> Steps | None:
        """Steps for whole stretches, None where something must be done between two steps."""
        if self.task.callbacks.watch_steps:
            return None
        optimizer, program = self.task.state.optimizer, self._current_programs().loss
        if self._steps is None or not self._steps.is_current(program, optimizer):
            optimizer.look_for_more()
            self._steps = compiled_steps(program, optimizer, self._arrays, self.task.clip_norm)
        return self._steps

    def _current_programs(self) -> Programs:
        """Those of the model, which a callback may have replaced."""
        model = self.task.state.model
        if self._programs.parts[0] is not model:
            self._programs = programs_of(model, self.task.loss, self.task.penalty)
        return self._programs

    # Many steps in one call

    def _stretches(self, steps: Steps, order: Any, firsts: Any, counts: Any) -> tuple[float, float]:
        """All the steps of an epoch; the sums of the losses of all samples, and of the penalties."""
        loss = penalty = 0.0
        at = filled = 0
        while at < len(counts):
            chunk = slice(at, at + self._stretch)
            if self.task.transform is not None:
                self._fill(order, firsts[filled : chunk.stop], counts[filled : chunk.stop])
                filled = max(filled, chunk.stop)
            before = states_of(steps.generators)
            rows = None if self.task.transform is not None else order
            made = self._made(steps, rows, firsts[chunk], counts[chunk], or_none=False)
            done = len(made.losses)
            loss += float(made.losses @ counts[chunk][:done])
            penalty += float(made.penalties.sum())
            at += done
            if done < len(counts[chunk]):
                batch = slice(firsts[at], firsts[at] + counts[at])
                one_loss, one_penalty = self._eager_step(steps, before, order, batch, int(counts[chunk][:done].sum()))
                loss, penalty, at = loss + one_loss, penalty + one_penalty, at + 1
        return loss, penalty

    def _fill(self, order: Any, firsts: Any, counts: Any) -> None:
        """Transform batches of an epoch, into the arrays that are trained on."""
        if not len(firsts):
            return
        all_rows = slice(firsts[0], firsts[-1] + counts[-1])
        for array, target in zip(self.task.data.floats, self._arrays, strict=True):
            array.take(order[all_rows], 0, target[all_rows], "clip")  # "raise" would make a copy on the way
        for first, count in zip(firsts.tolist(), counts.tolist(), strict=True):
            X = self._arrays[0][first : first + count]
            batch = self.task.transformed(X, order[first : first + count])
            if batch is not X:
                X[...] = batch

    def _made(self, steps: Steps, order: Any, firsts: Any, counts: Any, or_none: bool) -> Made:
        """Make steps up to one that fails; if one fails, or has infinite parameters, perhaps none of them."""
        task, history = self.task, self.task.state.history
        before = self._snapshot()
        with task.interrupts.held():
            start = time.perf_counter()
            done, losses = steps.run(order, firsts, counts)
            seconds = time.perf_counter() - start
            if (or_none and done < len(counts)) or not task.trained.is_finite():
                self._put_back(before)
                self._stretch = 1  # the next ones are made one by one, until the step that does it is found
                done = 0
            made = counts[:done]
            steps.report_observed(made)
            history.steps += done
            history.samples_seen += int(made.sum())
            if done == len(counts):
                # At once as far as seems right, as the first call may have been the first for other reasons too.
                self._stretch = max(1, min(64 * max(self._stretch, done), int(done * _STRETCH / 2 / seconds)))
        if task.penalty is None:
            return Made(losses[:done], np.zeros(done))
        penalties = steps.observed[:done, -1]
        return Made(losses[:done] - penalties, penalties)

    def _snapshot(self) -> tuple[Any, dict[str, Any], int]:
        """Parameters, the optimizer's state and its count of steps."""
        optimizer = self.task.state.optimizer
        return self.task.trained.copy(), {name: array.copy() for name, array in optimizer.state.items()}, optimizer.t

    def _put_back(self, before: tuple[Any, dict[str, Any], int]) -> None:
        """Undo steps: what `_snapshot` gave is so again."""
        optimizer = self.task.state.optimizer
        self.task.trained.restore(before[0])
        for name, array in optimizer.state.items():
            array[:] = before[1][name]
        optimizer.t = before[2]

    def _eager_step(self, steps: Steps, before: list[Any], order: Any, batch: slice, made: int) -> tuple[float, float]:
        """The step that failed, by the eager engine: it says what is wrong, or can do what compiled code couldn't."""
        for generator, state in zip(steps.generators, before, strict=True):
            generator.bit_generator.state = state
        draw(steps.generators, [np.empty((made, columns)) for columns in steps.mask_columns])
        return self._eager.batch(order[batch], None if self.task.transform is None else self._arrays[0][batch])

    # One step at a time

    def _one_step(self, chosen: Any) -> tuple[float, float]:
        """The sum of the losses of a batch and the penalty, before the step that is made."""
        task = self.task
        if len(chosen) not in self._batches:
            x, y = (np.empty((len(chosen), *each.shape[1:])) for each in self._arrays)
            self._batches[len(chosen)] = x, y
        X, Y = batch = self._batches[len(chosen)]
        for array, target in zip((task.data.X, task.data.Y), batch, strict=True):
            target[...] = array[chosen]  # as the eager engine sees them: a step callback may have changed them
        X = task.transformed(X, chosen)
        program = self._current_programs().loss
        generators = program.specialise(X, Y).trace.generators
        before = states_of(generators)
        with pending():
            task.trained.zero_grad()
            try:
                loss = program.backward(X, Y)
                penalty = 0.0 if task.penalty is None else float(program.observed[-1])
            except (GlassgradError, ArithmeticError):
                with replaying(generators, before):  # it says what is wrong, or can do what compiled code couldn't
                    found = self._eager.gradients(chosen, X)
            else:
                found = (loss - penalty) * len(chosen), penalty
                self._eager.prepare_step()
            self._eager.step(len(chosen))
        return found

    # Evaluation

    def evaluate(self, data: Data, what: str) -> Evaluation:
        """See `Engine.evaluate`."""
        found = self._evaluated(data) if self._can_evaluate else None
        return self._eager.evaluate(data, what) if found is None else found

    def _evaluated(self, data: Data) -> Evaluation | None:
        """None where compiled code can't vouch for the result."""
        programs, (X, Y) = self._current_programs(), data.floats
        try:
            with in_mode(self.task.state.model, training=False):
                size = len(X) if len(X) <= _PIECE or needs_batch(self.task.state.model) else _PIECE
                pieces = [programs.results(X[k : k + size], Y[k : k + size]) for k in range(0, len(X), size)]
        except TraceError as error:
            if self._strict:
                raise
            warn_of_eager(error)
            self._can_evaluate = False
            return None
        except (GlassgradError, ArithmeticError):
            return None
        results = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        losses = results[:, 0]
        if not np.isfinite(losses).all():
            return None
        return Evaluation(float(losses.mean()), results[:, 1] if programs.is_single else results[:, 1:])
