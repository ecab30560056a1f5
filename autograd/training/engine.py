"""How an epoch is run: the protocol between `fit` and what computes, and the eager one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples
from ..data.sampling import batches
from ..errors import ShapeError
from ..nn.module import Module
from ..nn.statistics import commit, pending
from ..scopes import no_grad
from ..training import nonfinite
from ..value import Value, real_number
from .interrupts import Interrupts
from .modes import in_mode
from .parameters import Trained
from .state import Callbacks, State


@dataclass(frozen=True, eq=False)
class Task:
    """Everything that an engine needs; checked before it is made."""

    state: State
    samples: Samples
    loss: Callable[[Any, Any], Any]
    penalty: Callable[[], Any] | None
    trained: Trained
    callbacks: Callbacks
    interrupts: Interrupts


class EpochLoss(NamedTuple):
    """Means of one epoch, as the parameters moved: of the loss over samples, of the penalty over batches."""

    loss: float
    penalty: float


class Evaluation(NamedTuple):
    """The mean loss over samples, and all predictions, shape (n,) or (n, outputs)."""

    loss: float
    predictions: NDArray[np.float64]


class Orders:
    """The orders in which the epochs to come take the samples: as they lie, or drawn one after the other.

    >>> orders = Orders(3, None); orders.ahead(2), orders.take()
    (None, array([0, 1, 2]))
    """

    def __init__(self, samples: int, random: np.random.Generator | None) -> None:
        self._samples, self._random = samples, random
        self._drawn: list[NDArray[np.intp]] = []

    def ahead(self, epochs: int) -> NDArray[np.int64] | None:
        """The orders of the next epochs, shape (epochs, samples), which are not taken yet; None for as they lie."""
        if self._random is None:
            return None
        self._drawn += [self._random.permutation(self._samples) for _ in range(epochs - len(self._drawn))]
        return np.array(self._drawn[:epochs], dtype=np.int64)

    def take(self, epochs: int = 1) -> NDArray[np.intp]:
        """The order of the next epoch (of the last of several), which is gone then."""
        if self._random is None:
            return np.arange(self._samples)
        self.ahead(epochs)
        last = self._drawn[epochs - 1]
        del self._drawn[:epochs]
        return last


class Engine(Protocol):
    """What computes for `fit`. It counts steps and samples in the state's history and calls the step callbacks.

    After an error or an interruption the parameters are those of the last finished step.
    """

    def run_epoch(self, order: NDArray[np.intp], batch_size: int) -> EpochLoss:
        """One step of the optimizer for each batch of the samples in this order, the last one smaller, in train mode.

        The gradient is that of the mean over the batch's own size, plus the penalty's.
        """

    def run_ahead(self, orders: Orders, batch_size: int, most: int) -> list[float]:
        """Whole epochs, at most so many, as one piece if that pays; their losses.

        Nothing can be done between them. None is run if that doesn't pay, or if something goes wrong in them: then
        `run_epoch` is to be called. Interrupts wait meanwhile.
        """

    def evaluate(self, samples: Samples, what: str) -> Evaluation:
        """Losses and predictions in eval mode; nothing is changed. ``what`` names the samples in errors."""


def rows(array: NDArray[Any]) -> list[Any]:
    """Samples as models written for numbers take them: each a number or a list of numbers.

    >>> rows(np.array([[1.0, 2.0]])), rows(np.array([3]))
    ([[1.0, 2.0]], [3])
    """
    listed: list[Any] = array.tolist()
    return listed


def sample_loss(task: Task, x: Any, y: Any) -> Value:
    """The loss of one sample. A TypeError if it is no Value."""
    return _loss_of(task, task.state.model(x), y)


def trial_losses(task: Task, samples: Samples) -> list[Value]:
    """The loss of the first sample; of as many as there are at most two if the model takes whole batches only."""
    few = 2 if needs_batch(task.state.model) else 1
    return _losses(task, rows(samples.X[:few]), rows(samples.Y[:few]))


def needs_batch(model: Any) -> bool:
    """Whether something in the model takes only whole batches, as it is now.

    >>> from autograd import nn
    >>> model = nn.Sequential(nn.BatchNorm(2)); needs_batch(model), needs_batch(model.eval())
    (True, False)
    """
    return isinstance(model, Module) and any(module.needs_batch for module in model.modules())


def check_batches(model: Any, samples: int, batch_size: int) -> None:
    """Let the modules refuse the sizes of the batches that an epoch will have."""
    if not isinstance(model, Module):
        return
    sizes = {min(batch_size, samples), samples % batch_size or batch_size}
    for size in sorted(sizes):
        try:
            for module in model.modules():
                module.check_batch(size)
        except Exception as error:
            error.add_note(f"in fit: {samples} samples in batches of {batch_size} make one of {size}")
            raise


def _losses(task: Task, xs: list[Any], ys: list[Any]) -> list[Value]:
    model = task.state.model
    predictions = model.forward_batch(xs) if needs_batch(model) else map(model, xs)
    return [_loss_of(task, prediction, y) for prediction, y in zip(predictions, ys, strict=True)]


def _loss_of(task: Task, prediction: Any, y: Any) -> Value:
    loss = task.loss(prediction, y)
    if not isinstance(loss, Value):
        raise TypeError(
            f"the loss must be a Value, got {type(loss).__name__}: {loss!r}; compute it from the prediction by "
            f"operations of autograd, and don't take .data or float() on the way"
        )
    return loss


class EagerEngine:
    """One sample at a time: build its graph, go backward with seed 1/N, forget it.

    Where a module needs the whole batch, the batch is one graph.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._inputs, self._targets = rows(task.samples.X), rows(task.samples.Y)

    def run_epoch(self, order: NDArray[np.intp], batch_size: int) -> EpochLoss:
        """See `Engine.run_epoch`."""
        check_batches(self.task.state.model, len(order), batch_size)
        losses, penalties = 0.0, []
        for batch in batches((order,), batch_size, shuffle=False):
            chosen = batch[0].tolist()
            loss, penalty = self.batch(chosen)
            losses += loss
            penalties.append(penalty)
        return EpochLoss(losses / len(order), sum(penalties) / len(penalties))

    def run_ahead(self, orders: Orders, batch_size: int, most: int) -> list[float]:  # noqa: ARG002 (never pays)
        """See `Engine.run_ahead`."""
        return []

    def evaluate(self, samples: Samples, what: str) -> Evaluation:
        """See `Engine.evaluate`."""
        model = self.task.state.model
        pairs = list(zip(rows(samples.X), rows(samples.Y), strict=True))
        with in_mode(model, training=False):
            with no_grad():
                losses, predictions = self._forward(pairs, what)
            wrong = next((i for i, number in enumerate(losses) if not math.isfinite(number)), None)
            if wrong is not None:  # no graph was kept, so that sample is computed once more with one
                raise nonfinite.loss_error(self._again(pairs, wrong), self._where(wrong, what), self._cure())
        return Evaluation(sum(losses) / len(losses), _stacked(predictions))

    def _forward(self, pairs: list[tuple[Any, Any]], what: str) -> tuple[list[float], list[Any]]:
        losses, predictions = [], []
        for i, (prediction, (_, y)) in enumerate(zip(self._predictions(pairs, what), pairs, strict=True)):
            try:
                loss = self.task.loss(prediction, y)
            except Exception as error:
                error.add_note(f"in fit: {self._where(i, what)}")
                raise
            losses.append(_numbers(loss))
            predictions.append(_numbers(prediction))
        return losses, predictions

    def _predictions(self, pairs: list[tuple[Any, Any]], what: str) -> Iterator[Any]:
        model = self.task.state.model
        if self._takes_whole_batches():
            yield from model.forward_batch([x for x, _ in pairs])
            return
        for i, (x, _) in enumerate(pairs):
            try:
                prediction = model(x)
            except Exception as error:
                error.add_note(f"in fit: {self._where(i, what)}")
                raise
            yield prediction

    def _again(self, pairs: list[tuple[Any, Any]], i: int) -> Value:
        """The loss of one sample, with a graph."""
        if not self._takes_whole_batches():
            return sample_loss(self.task, *pairs[i])
        return _losses(self.task, [x for x, _ in pairs], [y for _, y in pairs])[i]

    def _takes_whole_batches(self) -> bool:
        return needs_batch(self.task.state.model)

    def batch(self, chosen: list[int]) -> tuple[float, float]:
        """A step for these samples; the sum of their losses, and the penalty."""
        with pending():
            found = self.gradients(chosen)
            self.step(len(chosen))
        return found

    def gradients(self, chosen: list[int]) -> tuple[float, float]:
        """Fill ``grad`` with the gradient of the batch; the sum of its losses, and the penalty."""
        trained = self.task.trained
        trained.zero_grad()
        seed = 1.0 / len(chosen)
        total = 0.0
        try:
            if self._takes_whole_batches():
                total = self._whole(chosen, seed)
            else:
                for i in chosen:
                    total += self._sample(i, seed)
            penalty = self._penalty()
            self.task.callbacks.before_step(self.task.state)
        except BaseException:
            trained.zero_grad()  # half a batch's gradient is no gradient
            raise
        return total, penalty

    def _sample(self, i: int, seed: float) -> float:
        try:
            loss = sample_loss(self.task, self._inputs[i], self._targets[i])
        except Exception as error:
            error.add_note(f"in fit: {self._where(i)}")
            raise
        number = loss.data
        if not math.isfinite(number):
            raise nonfinite.loss_error(loss, self._where(i), self._cure())
        loss.backward(seed)
        if not self.task.trained.has_finite_gradients():
            raise nonfinite.gradient_error(loss, seed, self._where(i), self._cure())
        return number

    def _whole(self, chosen: list[int], seed: float) -> float:
        where = f"a batch of {len(chosen)} samples, the first is row {chosen[0]} of X, in {self._when()}"
        try:
            losses = _losses(self.task, [self._inputs[i] for i in chosen], [self._targets[i] for i in chosen])
        except Exception as error:
            error.add_note(f"in fit: {where}")
            raise
        for i, loss in zip(chosen, losses, strict=True):
            if not math.isfinite(loss.data):
                raise nonfinite.loss_error(loss, self._where(i), self._cure())
        total = reduce(add, losses)
        total.backward(seed)
        if not self.task.trained.has_finite_gradients():
            raise nonfinite.gradient_error(total, seed, where, self._cure())
        return float(total.data)

    def _penalty(self) -> float:
        if self.task.penalty is None:
            return 0.0
        penalty = self.task.penalty()
        where = f"the penalty in {self._when()}"
        if not math.isfinite(penalty.data):
            raise nonfinite.loss_error(penalty, where, self._cure())
        penalty.backward()
        if not self.task.trained.has_finite_gradients():
            raise nonfinite.gradient_error(penalty, 1.0, where, self._cure())
        return float(penalty.data)

    def step(self, size: int) -> None:
        """One step of the optimizer, whole or not at all."""
        task, trained = self.task, self.task.trained
        before = trained.copy()
        with task.interrupts.held():
            try:
                task.state.optimizer.step()
                if not trained.is_finite():
                    raise nonfinite.step_error(*trained.first_infinite(before), self._when(), self._cure())
            except BaseException:
                trained.restore(before)
                raise
            commit()
            task.state.history.steps += 1
            task.state.history.samples_seen += size
        task.callbacks.after_step(task.state)

    def _where(self, i: int, what: str = "") -> str:
        return f"{what}sample {i} (row {i} of {what}X) in {self._when()}"

    def _when(self) -> str:
        return f"epoch {self.task.state.epoch}, step {self.task.state.history.steps}, all counted from 0"

    def _cure(self) -> str:
        return (
            f"Try a smaller learning rate (it is {self.task.state.optimizer.lr:g}), standardized inputs "
            f"(autograd.data.standardize), or a callback that clips gradients (autograd.optim.clip_grad_norm_). "
            f"The parameters are those of the last finished step"
        )


def _numbers(prediction: Any) -> Any:
    if isinstance(prediction, list | tuple):
        return [_numbers(each) for each in prediction]
    return prediction.data if isinstance(prediction, Value) else real_number(prediction, "a prediction")


def _stacked(predictions: list[Any]) -> NDArray[np.float64]:
    try:
        return np.array(predictions, dtype=np.float64)
    except ValueError:
        raise ShapeError("the model gives different numbers of outputs for different samples") from None
