"""The compiled engine: whole stretches of an epoch in machine code, with the eager one for all that goes wrong."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calls import warn
from ..compiler.masks import draw, rewind, states_of
from ..compiler.plan.sum_slots import reached
from ..compiler.program import Program
from ..compiler.steps import Steps, compiled_steps
from ..errors import GlassgradError, TraceError
from ..nn.statistics import pending
from ..parameter_list import ParameterList
from ..scopes import current
from .data import Data, Floats
from .eager import EagerEngine, checked_penalty
from .engine import EpochLoss, Evaluation, Orders, Task, check_batches, in_mode, needs_batch

_STRETCH = 0.1
"""Seconds that one call of compiled code should take: Ctrl-C waits for its end."""
_SAMPLES_AHEAD = 1 << 21
"""Samples of all epochs that are run as one: their order takes 16 MiB then."""
_NUMBERS_AHEAD = 1 << 19
"""Numbers that are transformed before they are trained on, if an epoch has no more."""
_PIECE = 8192
"""Samples that are evaluated in one call."""


_KEPT = 2
"""Trainings whose programs are kept for the next one like it: of a model, or of two in turn."""
_kept: list[Programs] = []


def warn_of_eager(error: TraceError) -> None:
    """Say that a model runs as it is written, and why."""
    warn(f"fit runs this model eagerly, many times slower than compiled, because it can't be traced: {error}")


class CompiledEngine(EagerEngine):
    """Runs the program of loss(model(x), y), plus the penalty, for each batch.

    Where the optimizer's parameters are just the program's and nothing is to be called between steps, many steps are
    one call. What fails in compiled code is done once more by the eager engine, whose errors name sample and operation.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._options = task.options
        options, self._arrays = task.options, task.options.data.floats
        if options.transform is not None:
            # What is trained on instead: in the order of an epoch, or of some short ones, transformed.
            rows = len(options.data) * max(1, _NUMBERS_AHEAD // options.data.X.size)
            X, Y = (np.zeros((rows, *array.shape[1:])) for array in self._arrays)
            self._arrays = X, Y
        self._programs = programs_of(task.state.model, options.loss, options.penalty)
        self._can_evaluate = True
        self._steps: Steps | None = None
        samples, size = len(options.data), options.batch_size
        self._firsts = np.arange(0, samples, size, dtype=np.int64)
        self._counts = np.minimum(size, samples - self._firsts)
        self._stretch = 1
        """Steps of a call: more when it is known how long they take."""
        with in_mode(task.state.model, training=True):
            self._specialisation = self._programs.loss.specialise(*self._arrays)

    def depends_on(self, parameters: ParameterList) -> bool:
        """Whether the loss, or the penalty, depends on any of these."""
        self._programs.loss.executable("parameters", self._specialisation)
        positions = self._specialisation.trace.span.positions(parameters.slots())
        return bool(reached(self._specialisation.tapes["parameters"])[positions[positions >= 0]].any())

    # Epochs

    def run_epoch(self, order: NDArray[np.intp]) -> EpochLoss:
        """See `EagerEngine.run_epoch`."""
        order = np.ascontiguousarray(order, dtype=np.int64)
        steps = self._current_steps()
        if steps is not None:
            loss, penalty = self._stretches(steps, order)
        else:
            batches = zip(self._firsts, self._counts, strict=True)
            loss, penalty = map(sum, zip(*(self._one_step(order[at : at + n]) for at, n in batches), strict=True))
        return EpochLoss(loss / len(order), penalty / len(self._counts))

    def run_ahead(self, orders: Orders, most: int) -> dict[str, list[float]]:
        """See `EagerEngine.run_ahead`. An epoch alone costs 60 µs beside its steps, a step of a small model 2."""
        samples, transform = len(self._options.data), self._options.transform
        most_samples = _SAMPLES_AHEAD if transform is None else len(self._arrays[0])
        epochs = min(most, self._stretch // len(self._firsts), most_samples // samples)
        if epochs < 2:
            return {}
        steps = self._current_steps()
        if steps is None or steps.mask_columns:  # there are random numbers for one epoch only
            return {}
        counts, order = np.tile(self._counts, epochs), orders.ahead(epochs)
        if transform is not None and order is None:
            order = np.tile(np.arange(samples), (epochs, 1))
        offsets = np.arange(epochs) * (0 if order is None else samples)
        firsts = np.add.outer(offsets, self._firsts).ravel()
        rows = None if order is None else order.ravel()
        if transform is not None:
            before = transform.state
            self._fill(rows, firsts, counts)
        losses, penalties = self._made(steps, rows, firsts, counts, all_or_nothing=True)
        if len(losses) < len(counts):
            if transform is not None:
                transform.state = before
            return {}
        orders.take(epochs)
        means = (losses * counts).reshape(epochs, -1).sum(axis=1) / samples
        found: dict[str, list[float]] = {"loss": means.tolist()}
        if self._options.penalty is not None:
            found["penalty"] = penalties.reshape(epochs, -1).mean(axis=1).tolist()
        return found

    def _current_steps(self) -> Steps | None:
        """Steps for whole stretches, None where something must be done between two steps.

        The modules are asked about the sizes of batches when steps are made: walking through them takes 40 µs.
        """
        optimizer, program = self.task.state.optimizer, self._current_programs().loss
        if self._options.callbacks.watch_steps:
            check_batches(self.task)
        elif self._steps is None or not self._steps.is_current(program, optimizer):
            check_batches(self.task)
            optimizer.look_for_more()
            self._steps = compiled_steps(program, optimizer, self._arrays, self._options.clip_norm)
        return self._steps

    def _current_programs(self) -> Programs:
        """Those of the model, which a callback may have replaced."""
        model = self.task.state.model
        if self._programs.parts[0] is not model:
            self._programs = programs_of(model, self._options.loss, self._options.penalty)
        return self._programs

    # Many steps in one call

    def _stretches(self, steps: Steps, order: NDArray[np.int64]) -> tuple[float, float]:
        """All the steps of an epoch; the sums of the losses of all samples, and of the penalties."""
        firsts, counts, transform = self._firsts, self._counts, self._options.transform
        losses, penalties = np.empty((2, len(counts)))  # summed at the end, so that the stretches make no difference
        at = filled = 0
        while at < len(counts):
            chunk = slice(at, at + self._stretch)
            if transform is not None:
                self._fill(order, firsts[filled : chunk.stop], counts[filled : chunk.stop])
                filled = max(filled, chunk.stop)
            before = states_of(steps.generators)
            made = self._made(steps, order, firsts[chunk], counts[chunk], all_or_nothing=False)
            done = len(made[0])
            losses[at : at + done], penalties[at : at + done] = made
            at += done
            if done < len(counts[chunk]):
                batch = slice(firsts[at], firsts[at] + counts[at])
                total, penalties[at] = self._eager_step(steps, before, order, batch, int(counts[chunk][:done].sum()))
                losses[at] = total / counts[at]
                at += 1
        return float(losses @ counts), float(penalties.sum())

    def _fill(self, order: Any, firsts: Any, counts: Any) -> None:
        """Transform batches of an epoch, into the arrays that are trained on."""
        if not len(firsts):
            return
        all_rows = slice(firsts[0], firsts[-1] + counts[-1])
        for array, target in zip(self._options.data.floats, self._arrays, strict=True):
            array.take(order[all_rows], 0, target[all_rows], "clip")  # "raise" would make a copy on the way
        for first, count in zip(firsts.tolist(), counts.tolist(), strict=True):
            X = self._arrays[0][first : first + count]
            batch = self.task.transformed(X, order[first : first + count])
            if batch is not X:
                X[...] = batch

    def _made(self, steps: Steps, order: Any, firsts: Any, counts: Any, all_or_nothing: bool) -> tuple[Floats, Floats]:
        """Make steps up to one that fails; if one fails, or has infinite parameters, perhaps none of them.

        The mean loss and the penalty of each that was made.
        """
        task, history = self.task, self.task.state.history
        put_back = self._snapshot()
        with task.interrupts.held():
            start = time.perf_counter()
            done, losses = steps.run(order if task.options.transform is None else None, firsts, counts)
            seconds = time.perf_counter() - start
            if (all_or_nothing and done < len(counts)) or not task.options.trained.is_finite():
                put_back()
                self._stretch = 1  # the next ones are made one by one, until the step that does it is found
                done = 0
            made = counts[:done]
            steps.report_observed(made)
            history.steps += done
            history.samples_seen += int(made.sum())
            if done == len(counts):
                # At once as far as seems right, as the first call may have been the first for other reasons too.
                self._stretch = max(1, min(64 * max(self._stretch, done), int(done * _STRETCH / 2 / seconds)))
        if task.options.penalty is None:
            return losses[:done], np.zeros(done)
        penalties = steps.observed[:done, -1]
        return losses[:done] - penalties, penalties

    def _snapshot(self) -> Callable[[], None]:
        """What puts parameters, the optimizer's state and its count of steps back to what they are now."""
        optimizer, trained = self.task.state.optimizer, self._options.trained
        numbers, t = trained.copy(), optimizer.t
        kept = {name: array.copy() for name, array in optimizer.state.items()}

        def put_back() -> None:
            trained.restore(numbers)
            for name, array in optimizer.state.items():
                array[:] = kept[name]
            optimizer.t = t

        return put_back

    def _eager_step(self, steps: Steps, before: list[Any], order: Any, batch: slice, made: int) -> tuple[float, float]:
        """The step that failed, by the eager engine: it says what is wrong, or can do what compiled code couldn't."""
        rewind(steps.generators, before)
        draw(steps.generators, [np.empty((made, columns)) for columns in steps.mask_columns])
        return self.batch(order[batch], None if self._options.transform is None else self._arrays[0][batch])

    # One step at a time

    def _one_step(self, chosen: Any) -> tuple[float, float]:
        """The sum of the losses of a batch and the penalty, before the step that is made."""
        task = self.task
        # As the eager engine sees them: a step callback may have changed them.
        Y = task.options.data.Y[chosen].astype(np.float64, copy=False)
        X = task.transformed(task.options.data.X[chosen], chosen)
        program = self._current_programs().loss
        generators = program.specialise(X, Y).trace.generators
        before = states_of(generators)
        with pending():
            task.options.trained.zero_grad()
            try:
                loss = program.backward(X, Y)
                penalty = 0.0 if task.options.penalty is None else float(program.observed[-1])
            except (GlassgradError, ArithmeticError):
                rewind(generators, before)  # eager code says what is wrong, or can do what compiled code couldn't
                found = self.gradients(chosen, X)
            else:
                found = (loss - penalty) * len(chosen), penalty
                self.prepare_step()
            self.step(len(chosen))
        return found

    # Evaluation

    def evaluate(self, data: Data, what: str) -> Evaluation:
        """See `EagerEngine.evaluate`."""
        found = self._evaluated(data) if self._can_evaluate else None
        return super().evaluate(data, what) if found is None else found

    def _evaluated(self, data: Data) -> Evaluation | None:
        """None where compiled code can't vouch for the result."""
        programs, (X, Y) = self._current_programs(), data.floats
        try:
            with in_mode(self.task.state.model, training=False):
                size = len(X) if len(X) <= _PIECE or needs_batch(self.task.state.model) else _PIECE
                pieces = [programs.results(X[k : k + size], Y[k : k + size]) for k in range(0, len(X), size)]
        except TraceError as error:
            if self._options.mode == "compiled":
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


class Programs:
    """What a training computes, compiled. All that is called is in closure cells, so that guards see it change.

    Attributes:
        loss: the loss of a sample, with the penalty, which is the last number that is observed of a batch.
        results: the loss of a sample without it, and the prediction.
    """

    def __init__(self, model: Any, loss: Any, penalty: Callable[[], Any] | None) -> None:
        self.parts = model, loss, penalty
        self.is_single = True

        def trained(x: Any, y: Any) -> Any:
            return loss(model(x), y)

        def penalized(x: Any, y: Any) -> Any:
            without = loss(model(x), y)
            extra = checked_penalty(penalty())  # type: ignore[misc]
            tracer = current().trace
            if tracer is not None:
                tracer.observe(None, (extra,))
            return without + extra

        def evaluated(x: Any, y: Any) -> list[Any]:
            prediction = model(x)
            self.is_single = not isinstance(prediction, list | tuple)
            return [loss(prediction, y), *([prediction] if self.is_single else prediction)]

        self.loss = Program(trained if penalty is None else penalized)
        self.results = Program(evaluated)


def programs_of(model: Any, loss: Any, penalty: Callable[[], Any] | None) -> Programs:
    """The programs of these functions: those of an earlier training, if it had the same.

    The last few are kept, with what they refer to; whether their traces are still true is for guards to say.
    """
    parts = model, loss, penalty
    found = next((each for each in _kept if all(map(_are_same, parts, each.parts))), None)
    if found is None:
        found = Programs(*parts)
    else:
        _kept.remove(found)
    _kept[:] = [found, *_kept[: _KEPT - 1]]
    return found


def _are_same(f: Any, g: Any) -> bool:
    """Whether two things are one, or functions written in one place over the same variables.

    >>> make = lambda: lambda x: x; _are_same(make(), make()), _are_same(make, lambda: 1)
    (True, False)
    """
    if f is g:
        return True
    if type(f) is not FunctionType or type(g) is not FunctionType:
        return False
    return (
        f.__code__ == g.__code__
        and f.__globals__ is g.__globals__
        and all(map(operator.is_, f.__closure__ or (), g.__closure__ or ()))
        and not any((f.__defaults__, f.__kwdefaults__, g.__defaults__, g.__kwdefaults__))
    )
