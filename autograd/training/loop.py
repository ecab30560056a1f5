"""`fit`: the training loop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..progress import progress_bar
from ..randomness import Seed
from ..scopes import no_grad
from ..value import Value
from .best import Best
from .engine import EpochLoss, Orders
from .history import History
from .metrics import Metric, measured
from .modes import in_mode
from .preparation import Plan, prepared
from .state import Callback


def fit(
    model: Callable[[Any], Any],
    X: ArrayLike,
    Y: ArrayLike,
    *,
    loss: Callable[[Any, Any], Any] | str,
    optimizer: Any,
    epochs: int,
    batch_size: int | None = None,
    validation: tuple[ArrayLike, ArrayLike] | float | None = None,
    metrics: Sequence[str | Metric] = (),
    callbacks: Sequence[Callback] = (),
    patience: int | None = None,
    penalty: Callable[[], Value] | None = None,
    transform: Callable[[NDArray[np.float64], np.random.Generator], ArrayLike] | None = None,
    clip_norm: float | None = None,
    seed: Seed = 0,
    progress: bool = True,
    mode: str = "auto",
) -> History:
    """Train ``model``: minimize the mean of ``loss`` over the samples (plus ``penalty``) by steps of ``optimizer``.

    Ctrl-C stops it, after a tenth of a second or the step that is being made, and keeps what was learnt: the parameters
    are those of the last finished step, a line on stderr says so, and the history is returned as ever. The model's
    train and eval modes are afterwards what they were.
    Epochs, steps and samples are counted from 0.

    Args:
        model: a module, or any function of one sample's inputs (a list of k numbers, or one number where X is (n,))
            that gives a Value or a list of Values. It trains in train mode, and is evaluated in eval mode.
        X: inputs, shape (n, k) or (n,); finite numbers. Arrays are live: what callbacks write into them counts from the
            next epoch on. Those of float64 that lie row by row are read where they are; others are converted once, and
            again after each epoch if there are callbacks. Lists are copied.
        Y: targets, shape (n,) or (n, m); integers stay integers, so that they can be class indices. As live as X.
        loss: ``loss(prediction, target)`` of one sample -> Value, or the name of one of `autograd.nn.losses`.
        optimizer: an optimizer over the model's parameters, or a function that makes one from them, like ``Adam``.
        epochs: how often every sample is seen, at least 0.
        batch_size: samples a step; the last batch may be smaller, each is averaged over its own size. None: all
            samples in one step, in their order. Else the order of an epoch is drawn from ``seed``.
        validation: (X, Y), or the share of the samples that is set aside (drawn from ``seed``). Evaluated after
            each epoch: ``val_loss``.
        metrics: names ("accuracy", "mse", "mae") or functions of all predictions and targets -> number. Measured after
            each epoch in eval mode, on the training set and (as ``val_<name>``) on the validation set.
        callbacks: called with the `State` after each epoch; ``state.stop()`` ends the training. Their methods
            ``before_step(state)`` and ``after_step(state)``, if they have them, are called for each batch.
        patience: end when so many epochs in a row have not lowered the validation loss; without validation, the
            training set's loss in eval mode plus the penalty, recorded as ``watched``. With a patience the parameters
            of the best epoch are put back at the end, however the training ended (errors excepted).
        penalty: ``penalty()`` -> Value that is added once a batch, as ``lambda: l2(model, 1e-3)``.
        transform: ``transform(X_batch, rng)`` -> the inputs to train on instead, of the same shape (batch, k) or
            (batch,), for each batch anew: noise, shifts and other augmentation. It may change the batch in place, and
            must return it. Never applied when the model is evaluated.
        clip_norm: scale the gradients of each batch by `optim.clip_grad_norm_` to this norm at most, before callbacks
            see them. Costs next to nothing; a callback that clips has to be called for each batch.
        seed: a Generator, a seed, or None for fresh entropy: for the order of samples, the validation share, and the
            Generator of the transform.
        progress: a progress bar, on stderr or in the notebook.
        mode: "compiled" traces model and loss once and runs whole stretches of epochs as machine code; "eager" runs
            them as they are written, sample by sample; "auto" is compiled, and with one warning eager where they can't
            be traced. The numbers are the same to rounding, about 1e-12 after some hundred steps. They can part where
            rounding is all there is: a gradient that is zero in truth, as that of a bias right before `nn.BatchNorm`,
            comes out as 1e-18 with a sign of its own, and Adam and its like make a whole step of that.
            What a callback changes, numbers that model, loss and penalty read included, counts in either mode.

    Returns:
        A `History`: ``history["loss"]`` is the mean of the losses that the steps of each epoch were made from (so the
        parameters move meanwhile), without the ``penalty``, which is recorded by that name.

    Raises:
        TypeError, ValueError, ShapeError: an argument doesn't fit; nothing has been changed then.
        TraceError: the mode is "compiled", and the model or the loss can't be traced.
        NonFiniteError: a loss, a gradient or a step became NaN or infinite. Names the first operation, its scope and
            the sample; the parameters are those before that step.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> w = Parameter(0.0)
    >>> history = fit(lambda x: w * x, [1.0, 2.0], [3.0, 6.0], loss=lambda p, y: (p - y) ** 2,
    ...               optimizer=SGD([w], lr=0.1), epochs=20, progress=False)
    >>> round(w.data, 6), history
    (2.999997, History(20 epochs, loss=8.185e-11))
    """
    plan = prepared(
        model,
        X,
        Y,
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        validation=validation,
        metrics=metrics,
        callbacks=callbacks,
        patience=patience,
        penalty=penalty,
        transform=transform,
        clip_norm=clip_norm,
        seed=seed,
        mode=mode,
    )
    with plan.task.interrupts, in_mode(model, training=True):
        return _run(plan, progress)


def _run(plan: Plan, progress: bool) -> History:
    state, history = plan.task.state, plan.task.state.history
    best = None if plan.patience is None else Best(plan.task.trained, plan.patience, plan.task.state.model)
    try:
        _epochs(plan, best, progress)
    except KeyboardInterrupt:
        history.stop_reason = "interrupted"
        sys.stderr.write(
            f"interrupted in epoch {state.epoch}: kept what was learnt in {history.steps} steps"
            f"{', the best epoch' if best and history.epochs else ''}\n"
        )
    if best is not None:
        best.restore()
    return history


def _epochs(plan: Plan, best: Best | None, progress: bool) -> None:
    state, history, task = plan.task.state, plan.task.state.history, plan.task
    orders, end = _orders(plan), history.epochs + plan.epochs
    with progress_bar(total=plan.epochs, desc="fit", unit="epoch", disable=not progress) as bar:
        while history.epochs < end:
            state.epoch = history.epochs
            ahead = _run_ahead(plan, orders, end - history.epochs)
            if ahead:
                bar.set_postfix({"loss": f"{history['loss'][-1]:.4g}"}, refresh=False)
                bar.update(ahead)
                continue
            row = _row(plan, plan.engine.run_epoch(orders.take(), plan.batch_size))
            with task.interrupts.held():
                history.append(row)
                if best is not None:
                    best.offer(row[history.watched])
            if progress:
                bar.set_postfix({name: f"{x:.4g}" for name, x in row.items()}, refresh=False)
                bar.update()
            task.callbacks.after_epoch(state)
            if task.callbacks.watch_epochs:
                plan.refresh()
            if state.stopping or (best is not None and best.lost_patience):
                # A run that was over anyway has not been stopped.
                if history.epochs < end:
                    history.stop_reason = "callback" if state.stopping else "patience"
                return


def _run_ahead(plan: Plan, orders: Orders, most: int) -> int:
    """Run at most so many epochs in one piece where only the loss is wanted of them; how many."""
    task, history = plan.task, plan.task.state.history
    if plan.metrics or plan.validation is not None or plan.patience is not None or task.callbacks.watch_epochs:
        return 0
    with task.interrupts.held():
        epochs = plan.engine.run_ahead(orders, plan.batch_size, most)
        if epochs:
            history.extend(epochs)
        task.state.epoch = max(task.state.epoch, history.epochs - 1)
    return len(epochs.get("loss", ()))


def _orders(plan: Plan) -> Orders:
    n = len(plan.task.data)
    return Orders(n, None if plan.batch_size >= n else plan.random)


def _row(plan: Plan, epoch: EpochLoss) -> dict[str, float]:
    """The numbers of an epoch by name, in the order in which they are shown."""
    penalty = plan.task.penalty
    row = {"loss": epoch.loss}
    if penalty is not None:
        row["penalty"] = epoch.penalty
    if plan.metrics or (plan.patience is not None and plan.validation is None):
        trained = plan.engine.evaluate(plan.task.data, "")
        for name, metric in plan.metrics.items():
            row[name] = measured(name, metric, trained.predictions, plan.task.data.Y)
        if plan.patience is not None and plan.validation is None:
            row["watched"] = trained.loss + _number(penalty)
    if plan.validation is not None:
        held_out = plan.engine.evaluate(plan.validation, "validation ")
        row["val_loss"] = held_out.loss
        for name, metric in plan.metrics.items():
            row[f"val_{name}"] = measured(name, metric, held_out.predictions, plan.validation.Y)
    return row


def _number(penalty: Callable[[], Value] | None) -> float:
    if penalty is None:
        return 0.0
    with no_grad():
        return penalty().data
