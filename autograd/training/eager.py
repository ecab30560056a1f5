"""The eager engine: one sample at a time, as it is written. What the compiled one is measured by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import blame
from ..checks import is_node
from ..data.sampling import batches
from ..errors import ShapeError
from ..nn.recording import numbers_of
from ..nn.statistics import commit, pending
from ..optim import clip_grad_norm_
from ..scopes import no_grad
from ..value import Value
from .callbacks import tell
from .data import Data, Floats
from .engine import EpochLoss, Evaluation, Orders, Task, batch_of, check_batches, in_mode, needs_batch

_PIECE = 4096
"""Samples whose numbers are made Python objects at a time."""


def sample_loss(task: Task, data: Data, i: int, most: int | None = None) -> Value:
    """The loss of one sample, with its graph; where the model takes whole batches, in one of the first ``most``."""
    these = slice(most) if needs_batch(task.state.model) else slice(i, i + 1)
    return _losses(task, data.X[these].tolist(), data.Y[these].tolist())[i - (these.start or 0)]


def _losses(task: Task, xs: list[Any], ys: list[Any]) -> list[Value]:
    model = task.state.model
    predictions = model.forward_batch(xs) if needs_batch(model) else map(model, xs)
    return [_loss_of(task, prediction, y) for prediction, y in zip(predictions, ys, strict=True)]


def _loss_of(task: Task, prediction: Any, y: Any) -> Value:
    loss = task.options.loss(prediction, y)
    if not isinstance(loss, Value):
        raise TypeError(
            f"the loss must be a Value, got {type(loss).__name__}: {loss!r}; compute it from the prediction by "
            f"operations of autograd, and don't take .data or float() on the way"
        )
    return loss


def checked_penalty(penalty: Any) -> Any:
    """What a penalty gave, if that is a Value, or stands for one in a trace."""
    if not isinstance(penalty, Value) and not is_node(penalty):
        raise TypeError(f"fit: the penalty must be a Value, got {type(penalty).__name__}: {penalty!r}")
    return penalty


class EagerEngine:
    """One sample at a time: build its graph, go backward with seed 1/N, forget it.

    Where a module needs the whole batch, the batch is one graph. It counts steps and samples in the state's history and
    calls the step callbacks. After an error or an interruption the parameters are those of the last finished step.
    """

    def __init__(self, task: Task) -> None:
        self.task = task

    def run_epoch(self, order: NDArray[np.intp]) -> EpochLoss:
        """One step of the optimizer for each batch of the samples in this order, the last one smaller, in train mode.

        The gradient is that of the mean over the batch's own size, plus the penalty's.
        """
        check_batches(self.task)
        losses, penalties = 0.0, []
        for (chosen,) in batches((order,), self.task.options.batch_size, shuffle=False):
            loss, penalty = self.batch(chosen)
            losses += loss
            penalties.append(penalty)
        return EpochLoss(losses / len(order), sum(penalties) / len(penalties))

    def run_ahead(self, orders: Orders, most: int) -> dict[str, list[float]]:  # noqa: ARG002 (never pays)
        """Whole epochs, at most so many, as one piece if that pays; by name a number for each of them.

        Nothing can be done between them. None is run if that doesn't pay, or if something goes wrong in them: then
        `run_epoch` is to be called. Interrupts wait meanwhile.
        """
        return {}

    def evaluate(self, data: Data, what: str) -> Evaluation:
        """Losses and predictions in eval mode; nothing is changed. ``what`` names the samples in errors."""
        model = self.task.state.model
        with in_mode(model, training=False):
            with no_grad():
                losses, predictions = self._forward(data, what)
            wrong = next((i for i, number in enumerate(losses) if not math.isfinite(number)), None)
            if wrong is not None:  # no graph was kept, so that sample is computed once more with one
                raise blame.loss_error(sample_loss(self.task, data, wrong), self._where(wrong, what), self._cure())
        return Evaluation(sum(losses) / len(losses), _stacked(predictions))

    def _forward(self, data: Data, what: str) -> tuple[list[float], list[Any]]:
        model = self.task.state.model
        losses, predictions = [], []
        made = model.forward_batch(data.X.tolist()) if needs_batch(model) else map(model, _each(data.X))
        try:
            for prediction, y in zip(made, _each(data.Y), strict=True):
                loss = numbers_of(self.task.options.loss(prediction, y), "a prediction")
                predictions.append(numbers_of(prediction, "a prediction"))
                losses.append(loss)
        except Exception as error:
            error.add_note(f"in fit: {self._where(len(losses), what)}")
            raise
        return losses, predictions

    def batch(self, chosen: NDArray[np.intp], X: Floats | None = None) -> tuple[float, float]:
        """A step for these samples, whose inputs are ``X`` if they are transformed already.

        Returns the sum of their losses, and the penalty.
        """
        with pending():
            found = self.gradients(chosen, X)
            self.step(len(chosen))
        return found

    def gradients(self, chosen: NDArray[np.intp], X: Floats | None = None) -> tuple[float, float]:
        """Fill ``grad`` with the gradient of the batch; the sum of its losses, and the penalty."""
        task, trained = self.task, self.task.options.trained
        if X is None:
            X = task.transformed(task.options.data.X[chosen], chosen)
        task.check_transformed(X, chosen)
        xs, ys = X.tolist(), task.options.data.Y[chosen].tolist()
        trained.zero_grad()
        seed = 1.0 / len(chosen)
        try:
            if needs_batch(task.state.model):
                total = self._whole(chosen, xs, ys, seed)
            else:
                total = sum(self._sample(*sample, seed) for sample in zip(chosen.tolist(), xs, ys, strict=True))
            penalty = self._penalty()
        except BaseException:
            trained.zero_grad()  # half a batch's gradient is no gradient
            raise
        self.prepare_step()
        return total, penalty

    def prepare_step(self) -> None:
        """What is done with the complete gradients before the optimizer has them."""
        task = self.task
        try:
            if task.options.clip_norm is not None:
                clip_grad_norm_(task.state.optimizer.params, task.options.clip_norm)
            tell(task.options.callbacks.before_step, task.state)
        except BaseException:
            task.options.trained.zero_grad()
            raise

    def _sample(self, i: int, x: Any, y: Any, seed: float) -> float:
        where = self._where(i)
        try:
            loss = _loss_of(self.task, self.task.state.model(x), y)
        except Exception as error:
            error.add_note(f"in fit: {where}")
            raise
        return self._backward(loss, seed, where)

    def _whole(self, chosen: NDArray[np.intp], xs: list[Any], ys: list[Any], seed: float) -> float:
        where = f"{batch_of(chosen)}, in {self.task.moment()}"
        try:
            losses = _losses(self.task, xs, ys)
        except Exception as error:
            error.add_note(f"in fit: {where}")
            raise
        for i, loss in zip(chosen, losses, strict=True):
            if not math.isfinite(loss.data):
                raise blame.loss_error(loss, self._where(i), self._cure())
        return self._backward(reduce(add, losses), seed, where)

    def _penalty(self) -> float:
        if self.task.options.penalty is None:
            return 0.0
        penalty = self.task.options.penalty()
        if math.isfinite(penalty.data) and not penalty.requires_grad:  # all that it is about may be frozen
            return float(penalty.data)
        return self._backward(penalty, 1.0, f"the penalty in {self.task.moment()}")

    def _backward(self, loss: Value, seed: float, where: str) -> float:
        """Go backward from a number, which must be finite, as all gradients must be then; the number."""
        if not math.isfinite(loss.data):
            raise blame.loss_error(loss, where, self._cure())
        loss.backward(seed)
        if not self.task.options.trained.has_finite_gradients():
            raise blame.gradient_error(loss, seed, where, self._cure())
        return float(loss.data)

    def step(self, size: int) -> None:
        """One step of the optimizer, whole or not at all."""
        task, trained = self.task, self.task.options.trained
        before = trained.copy()
        with task.interrupts.held():
            try:
                task.state.optimizer.step()
                if not trained.is_finite():
                    raise blame.step_error(*trained.first_infinite(before), task.moment(), self._cure())
            except BaseException:
                trained.restore(before)
                raise
            commit()
            task.state.history.steps += 1
            task.state.history.samples_seen += size
        tell(task.options.callbacks.after_step, task.state)

    def _where(self, i: int, what: str = "") -> str:
        return f"{what}sample {i} (row {i} of {what}X) in {self.task.moment()}"

    def _cure(self) -> str:
        return (
            f"Try a smaller learning rate (it is {self.task.state.optimizer.lr:g}), standardized inputs "
            f"(autograd.data.standardize), or clipped gradients (fit(..., clip_norm=1.0)). "
            f"The parameters are those of the last finished step"
        )


def _each(array: NDArray[Any]) -> Iterator[Any]:
    """The samples of an array one by one, a piece after the other."""
    for begin in range(0, len(array), _PIECE):
        yield from array[begin : begin + _PIECE].tolist()


def _stacked(predictions: list[Any]) -> NDArray[np.float64]:
    try:
        return np.array(predictions, dtype=np.float64)
    except ValueError:
        raise ShapeError("the model gives different numbers of outputs for different samples") from None
