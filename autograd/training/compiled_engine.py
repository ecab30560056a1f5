"""The compiled engine: whole stretches of an epoch in machine code, with the eager one for all that goes wrong."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.masks import draw, rewound, states_of
from ..compiler.program import Program
from ..compiler.steps import Steps, compiled_steps
from ..data.samples import Samples
from ..errors import GlassgradError, TraceError
from ..nn.statistics import pending
from .engine import EagerEngine, Engine, EpochLoss, Evaluation, Orders, Task, check_batches
from .modes import in_mode

_STRETCH = 0.1
"""Seconds that one call of compiled code should take: Ctrl-C waits for its end."""
_SAMPLES_AHEAD = 1 << 21
"""Samples of all epochs that are run as one: their order takes 16 MiB then."""


def engine_for(mode: str, task: Task) -> Engine:
    """The engine of a mode: "compiled", "eager", or "auto", which is eager where the model can't be traced.

    Raises:
        TraceError: "compiled", and the model or the loss can't be traced.
    """
    eager = EagerEngine(task)
    if mode == "eager":
        return eager
    try:
        return CompiledEngine(task, eager, strict=mode == "compiled")
    except TraceError as error:
        if mode == "compiled":
            raise
        _warn(error)
        return eager


def _warn(error: TraceError) -> None:
    warnings.warn(
        f"fit runs this model eagerly, many times slower than compiled, because it can't be traced: {error}",
        stacklevel=2,
    )


class CompiledEngine:
    """Runs the program of loss(model(x), y) for each batch.

    Where the optimizer's parameters are just the program's and nothing is to be called between steps, many steps are
    one call. What fails in compiled code is done once more by the eager engine, whose errors name sample and operation.
    """

    def __init__(self, task: Task, eager: EagerEngine, strict: bool) -> None:
        self.task, self._eager, self._strict = task, eager, strict
        self._arrays = _floats(task.samples)
        self._program = Program(self._loss)
        self._penalty = None if task.penalty is None else Program(lambda _: task.penalty())  # type: ignore[misc]
        self._predictor: Program | None = Program(self._predict)
        self._is_single = True
        self._converted: dict[int, tuple[Samples, tuple[Any, Any]]] = {}
        self._buffers: dict[int, tuple[Any, Any]] = {}
        self._steps: Steps | None = None
        self._stretch = 16
        self._goes_ahead = True
        self._checked: Steps | None = None
        """The steps whose sizes of batches the modules have accepted."""
        with in_mode(task.state.model, training=True):
            self._program.trace(*self._arrays)

    def _loss(self, x: Any, y: Any) -> Any:
        loss = self.task.loss(self.task.state.model(x), y)
        return loss if self.task.penalty is None else loss + self.task.penalty()

    def _predict(self, x: Any, y: Any) -> list[Any]:
        prediction = self.task.state.model(x)
        self._is_single = not isinstance(prediction, list | tuple)
        return [self.task.loss(prediction, y), *([prediction] if self._is_single else prediction)]

    # Epochs

    def run_epoch(self, order: NDArray[np.intp], batch_size: int) -> EpochLoss:
        """See `Engine.run_epoch`."""
        check_batches(self.task.state.model, len(order), batch_size)
        order = np.ascontiguousarray(order, dtype=np.int64)
        steps = self._current_steps()
        firsts = np.arange(0, len(order), batch_size, dtype=np.int64)
        counts = np.minimum(batch_size, len(order) - firsts)
        if steps is not None:
            return EpochLoss(self._stretches(steps, order, firsts, counts) / len(order), 0.0)
        loss = penalty = 0.0
        for first, count in zip(firsts, counts, strict=True):
            chosen = order[first : first + count]
            one_loss, one_penalty = self._one_step(chosen)
            loss += one_loss * len(chosen)
            penalty += one_penalty
        return EpochLoss(loss / len(order), penalty / len(counts))

    def run_ahead(self, orders: Orders, batch_size: int, most: int) -> list[float]:
        """See `Engine.run_ahead`. An epoch alone costs 60 µs beside its steps, a step of a small model 2."""
        samples = len(self.task.samples)
        firsts = np.arange(0, samples, batch_size, dtype=np.int64)
        epochs = min(most, self._stretch // len(firsts), _SAMPLES_AHEAD // samples)
        steps = self._current_steps() if epochs > 1 and self._goes_ahead else None
        if steps is None or steps.mask_columns:  # there are random numbers for one epoch only
            return []
        if steps is not self._checked:  # walking through the modules takes 40 µs
            check_batches(self.task.state.model, samples, batch_size)
            self._checked = steps
        counts = np.tile(np.minimum(batch_size, samples - firsts), epochs)
        order = orders.ahead(epochs)
        offsets = np.arange(epochs) * (0 if order is None else samples)
        firsts = np.add.outer(offsets, firsts).ravel()
        losses = self._all_or_none(steps, None if order is None else order.ravel(), firsts, counts)
        if losses is None:
            return []
        orders.take(epochs)
        means: list[float] = ((losses * counts).reshape(epochs, -1).sum(axis=1) / samples).tolist()
        return means

    def _all_or_none(self, steps: Steps, order: Any, firsts: Any, counts: Any) -> Any:
        """The losses of all these steps; None if one fails: then none is made, and nothing is tried ahead again."""
        history = self.task.state.history
        before = self._snapshot()
        with self.task.interrupts.held():
            start = time.perf_counter()
            done, losses = steps.run(order, firsts, counts)
            if done < len(counts) or not self.task.trained.is_finite():
                self._put_back(before)
                self._goes_ahead = False
                return None
            steps.hand_over(counts)
            history.steps += done
            history.samples_seen += int(counts.sum())
            self._lengthen(done, time.perf_counter() - start)
        return losses

    def _lengthen(self, steps: int, seconds: float) -> None:
        """Make stretches longer if so many steps took so little time, at once as far as that seems right."""
        if seconds < _STRETCH / 2:
            self._stretch = max(self._stretch, min(64 * self._stretch, int(steps * _STRETCH / 2 / seconds)))

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

    def _current_steps(self) -> Steps | None:
        """Steps for whole stretches, None where something must be done between two steps."""
        if self._penalty is not None or self.task.callbacks.watch_steps:
            return None
        if self._steps is None or not self._steps.is_current():
            self._steps = compiled_steps(self._program, self.task.state.optimizer, self._arrays)
        return self._steps

    def _stretches(self, steps: Steps, order: Any, firsts: Any, counts: Any) -> float:
        """All the steps of an epoch; the sum of the losses."""
        total, at = 0.0, 0
        while at < len(counts):
            chunk = slice(at, at + self._stretch)
            start = time.perf_counter()
            before = states_of(steps.generators)
            done, losses = self._whole_stretch(steps, order, firsts[chunk], counts[chunk])
            seconds = time.perf_counter() - start
            total += float(losses[:done] @ counts[chunk][:done])
            at += done
            if done < len(counts[chunk]):
                total += self._eager_step(
                    steps, before, order[firsts[at] : firsts[at] + counts[at]], counts[chunk][:done]
                )
                at += 1
            else:
                self._lengthen(done, seconds)
        return total

    def _whole_stretch(self, steps: Steps, order: Any, firsts: Any, counts: Any) -> tuple[int, Any]:
        """As many of these steps as succeed. A step to infinite parameters is undone with all that came with it."""
        task, history = self.task, self.task.state.history
        before = self._snapshot()
        with task.interrupts.held():
            done, losses = steps.run(order, firsts, counts)
            if not task.trained.is_finite():
                self._put_back(before)
                done, self._stretch = 0, 1  # the next ones are made one by one, until the step that does it is found
            steps.hand_over(counts[:done])
            history.steps += done
            history.samples_seen += int(counts[:done].sum())
        return done, losses

    def _eager_step(self, steps: Steps, before: list[Any], chosen: Any, made: Any) -> float:
        """The step that failed, by the eager engine: it says what is wrong, or can do what compiled code couldn't."""
        for generator, state in zip(steps.generators, before, strict=True):
            generator.bit_generator.state = state
        draw(steps.generators, [np.empty((int(made.sum()), mask)) for mask in steps.mask_columns])
        loss, _ = self._eager.batch(chosen.tolist())
        return loss

    # One step at a time

    def _one_step(self, chosen: Any) -> tuple[float, float]:
        """The mean loss of a batch and the penalty, before the step that is made."""
        with pending():
            return self._one_pending_step(chosen)

    def _one_pending_step(self, chosen: Any) -> tuple[float, float]:
        task = self.task
        X, Y = self._gathered(chosen)
        penalty = 0.0 if self._penalty is None else float(self._penalty(_NOTHING)[0])
        generators = self._program.trace(*self._arrays).trace.generators
        before = states_of(generators)
        task.trained.zero_grad()
        try:
            loss = self._program.backward(X, Y) - penalty
        except (GlassgradError, ArithmeticError):
            with rewound(generators, before):
                self._eager.gradients(chosen.tolist())  # raises the error that names everything
            raise
        try:
            task.callbacks.before_step(task.state)
        except BaseException:
            task.trained.zero_grad()
            raise
        self._eager.step(len(chosen))
        return loss, penalty

    def _gathered(self, chosen: Any) -> tuple[Any, Any]:
        """The samples of a batch, in arrays that stay the same for batches of one size."""
        if len(chosen) not in self._buffers:
            x, y = (np.empty((len(chosen), *array.shape[1:])) for array in self._arrays)
            self._buffers[len(chosen)] = x, y
        buffers = self._buffers[len(chosen)]
        for array, buffer in zip(self._arrays, buffers, strict=True):
            np.take(array, chosen, axis=0, out=buffer)
        return buffers

    # Evaluation

    def evaluate(self, samples: Samples, what: str) -> Evaluation:
        """See `Engine.evaluate`."""
        found = self._evaluated(samples)
        return self._eager.evaluate(samples, what) if found is None else found

    def _evaluated(self, samples: Samples) -> Evaluation | None:
        """None where compiled code can't vouch for the result."""
        if self._predictor is None:
            return None
        if id(samples) not in self._converted:
            self._converted[id(samples)] = samples, _floats(samples)
        try:
            with in_mode(self.task.state.model, training=False):
                results = self._predictor(*self._converted[id(samples)][1])
        except TraceError as error:
            if self._strict:
                raise
            _warn(error)
            self._predictor = None
            return None
        except (GlassgradError, ArithmeticError):
            return None
        losses = results[:, 0]
        if not np.isfinite(losses).all():
            return None
        return Evaluation(float(losses.mean()), results[:, 1] if self._is_single else results[:, 1:])


_NOTHING = np.zeros(1)


def _floats(samples: Samples) -> tuple[Any, Any]:
    return np.ascontiguousarray(samples.X, dtype=np.float64), np.ascontiguousarray(samples.Y, dtype=np.float64)
