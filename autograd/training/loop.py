"""`fit`: the training loop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..backprop import ancestors
from ..calls import public
from ..errors import TraceError
from ..names import LossName, MetricName, Mode
from ..progress import progress_bar
from ..randomness import Seed
from ..scopes import no_grad
from ..value import Value
from .callbacks import Callback, Interrupts, State, tell
from .data import Data
from .eager import EagerEngine, checked_penalty, sample_loss
from .engine import EpochLoss, Orders, Task, in_mode
from .history import Best, History
from .metrics import Metric, measured
from .options import Options


@public
def fit(
    model: Callable[[Any], Any],
    X: ArrayLike,
    Y: ArrayLike,
    *,
    loss: Callable[[Any, Any], Any] | LossName,
    optimizer: Any,
    epochs: int,
    batch_size: int | None = None,
    validation: tuple[ArrayLike, ArrayLike] | float | None = None,
    metrics: Sequence[MetricName | Metric] = (),
    callbacks: Sequence[Callback] = (),
    patience: int | None = None,
    penalty: Callable[[], Value] | None = None,
    transform: Callable[[NDArray[np.float64], np.random.Generator], ArrayLike] | None = None,
    clip_norm: float | None = None,
    seed: Seed = 0,
    progress: bool = True,
    mode: Mode = "auto",
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
        seed: a Generator, a seed, or None (`manual_seed`): for the order of samples, the validation share, and the
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
    task, engine = begun(Options(**locals()))  # all of the arguments, by name
    with task.interrupts, in_mode(model, training=True):
        return run(task, engine)


def begun(options: Options) -> tuple[Task, EagerEngine]:
    """A training that can begin, and the engine of its mode, tried out: what doesn't fit raises its error here."""
    task = Task(options, State(options.model, options.optimizer), Interrupts())
    if options.mode != "eager":
        from .compiled import CompiledEngine, warn_of_eager  # here, so that importing autograd stays fast

        try:
            engine = CompiledEngine(task)
        except TraceError as error:
            if options.mode == "compiled":
                raise
            _try_out(task)  # which may say better what is wrong
            warn_of_eager(error)
            return task, EagerEngine(task)
        if not engine.depends_on(options.optimizer.params):
            _try_out(task)
        return task, engine
    _try_out(task)
    return task, EagerEngine(task)


def _try_out(task: Task) -> None:
    """Run the first sample of each set in eval mode; a batch of two where the model takes whole batches only."""
    options = task.options
    with in_mode(options.model, training=False):
        terms = [_first_loss(task, options.data, "")]
        if options.validation is not None:
            _first_loss(task, options.validation, "validation ")
        if options.penalty is not None:
            terms.append(checked_penalty(options.penalty()))
    if not any(node in options.optimizer.params for term in terms for node in ancestors(term)):
        raise ValueError(
            "fit: the loss doesn't depend on any parameter of the optimizer, so training can't change it; compute the "
            "loss from the model's prediction, outside no_grad(), without .data or detach()"
        )


def _first_loss(task: Task, data: Data, what: str) -> Value:
    try:
        return sample_loss(task, data, 0, most=2)
    except Exception as error:
        error.add_note(f"in fit: {what}sample 0 (row 0 of {what}X), tried before training")
        raise


def run(task: Task, engine: EagerEngine) -> History:
    """All epochs, or as many as are wanted; with a patience the best parameters are there then."""
    options, state, history = task.options, task.state, task.state.history
    best = None if options.patience is None else Best(options.trained, options.patience, state.model)
    try:
        _epochs(task, engine, best)
    except KeyboardInterrupt:
        history.stop_reason = "interrupted"
        sys.stderr.write(
            f"interrupted in epoch {state.epoch}: kept what was learnt in {history.steps} steps"
            f"{', the best epoch' if best and history.epochs else ''}\n"
        )
    if best is not None:
        best.restore()
    return history


def _epochs(task: Task, engine: EagerEngine, best: Best | None) -> None:
    options, state, history = task.options, task.state, task.state.history
    samples = len(options.data)
    orders = Orders(samples, None if options.batch_size >= samples else options.random)
    with progress_bar(total=options.epochs, desc="fit", unit="epoch", disable=not options.progress) as bar:
        while history.epochs < options.epochs:
            state.epoch = history.epochs
            ahead = _run_ahead(task, engine, orders, options.epochs - history.epochs)
            if ahead:
                bar.set_postfix({"loss": f"{history['loss'][-1]:.4g}"}, refresh=False)
                bar.update(ahead)
                continue
            row = _row(task, engine, engine.run_epoch(orders.take()))
            with task.interrupts.held():
                history.append(row)
                if best is not None:
                    best.offer(row[history.watched])
            if options.progress:
                bar.set_postfix({name: f"{x:.4g}" for name, x in row.items()}, refresh=False)
                bar.update()
            if options.callbacks.after_epoch:
                tell(options.callbacks.after_epoch, state)
                options.refresh()
            if state.stopping or (best is not None and best.lost_patience):
                # A run that was over anyway has not been stopped.
                if history.epochs < options.epochs:
                    history.stop_reason = "callback" if state.stopping else "patience"
                return


def _run_ahead(task: Task, engine: EagerEngine, orders: Orders, most: int) -> int:
    """Run at most so many epochs in one piece where only the loss is wanted of them; how many."""
    options, history = task.options, task.state.history
    watched = options.patience is not None or options.validation is not None
    if watched or options.metrics or options.callbacks.after_epoch:
        return 0
    with task.interrupts.held():
        epochs = engine.run_ahead(orders, most)
        if epochs:
            history.extend(epochs)
        task.state.epoch = max(task.state.epoch, history.epochs - 1)
    return len(epochs.get("loss", ()))


def _row(task: Task, engine: EagerEngine, epoch: EpochLoss) -> dict[str, float]:
    """The numbers of an epoch by name, in the order in which they are shown."""
    options = task.options
    row = {"loss": epoch.loss}
    if options.penalty is not None:
        row["penalty"] = epoch.penalty
    watches = options.patience is not None and options.validation is None
    if options.metrics or watches:
        trained = engine.evaluate(options.data, "")
        row |= measured(options.metrics, trained.predictions, options.data.Y)
        if watches:
            row["watched"] = trained.loss + _number(options.penalty)
    if options.validation is not None:
        held_out = engine.evaluate(options.validation, "validation ")
        row["val_loss"] = held_out.loss
        row |= measured(options.metrics, held_out.predictions, options.validation.Y, "val_")
    return row


def _number(penalty: Callable[[], Value] | None) -> float:
    if penalty is None:
        return 0.0
    with no_grad():
        return penalty().data
