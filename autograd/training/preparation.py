"""The arguments of `fit`, checked before anything is changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..backprop import ancestors
from ..checks import whole_number
from ..data.sampling import check_fraction
from ..errors import NonFiniteError, ShapeError, TraceError
from ..nn import losses
from ..nn.module import Module
from ..optim import Optimizer
from ..optim.optimizer import parameter_list
from ..optim.rule import Interval, as_number
from ..parameter_list import ParameterList
from ..randomness import Seed, generator
from ..store import Span
from ..value import Value
from .data import Data
from .eager import EagerEngine, trial_losses
from .engine import Engine, Task
from .interrupts import Interrupts
from .metrics import Metric, named_metrics
from .modes import in_mode
from .parameters import Trained
from .programs import checked_penalty
from .state import Callback, Callbacks, State
from .transform import Transform

MODES = ("auto", "eager", "compiled")


@dataclass(frozen=True, eq=False)
class Plan:
    """A training run that can begin."""

    task: Task
    engine: Engine
    validation: Data | None
    metrics: dict[str, Metric]
    epochs: int
    batch_size: int
    patience: int | None
    random: np.random.Generator

    def refresh(self) -> None:
        """See what callbacks have written into the arrays."""
        self.task.data.refresh()
        if self.validation is not None:
            self.validation.refresh()


def prepared(
    model: Callable[[Any], Any],
    X: ArrayLike,
    Y: ArrayLike,
    *,
    loss: Callable[[Any, Any], Any] | str,
    optimizer: Any,
    epochs: int,
    batch_size: int | None,
    validation: tuple[ArrayLike, ArrayLike] | float | None,
    metrics: Sequence[str | Metric],
    callbacks: Sequence[Callback],
    patience: int | None,
    penalty: Callable[[], Value] | None,
    transform: Callable[[Any, np.random.Generator], Any] | None = None,
    clip_norm: float | None = None,
    seed: Seed,
    mode: str,
) -> Plan:
    """The plan, or an error that says which argument is wrong; see `fit` for the arguments."""
    if not callable(model):
        raise TypeError(f"fit: the model must be callable with one sample's inputs, got {type(model).__name__}")
    if mode not in MODES:
        raise ValueError(f"fit: unknown mode {mode!r}; known are {', '.join(MODES)}")
    epochs = whole_number(epochs, "fit: epochs", 0)
    patience = None if patience is None else whole_number(patience, "fit: patience", 1)
    size = None if batch_size is None else whole_number(batch_size, "fit: batch_size", 1)
    random = generator(seed, "fit: seed")
    data, held_out = _parted(Data(X, Y), validation, random)
    used = _optimizer(optimizer, model)
    used.look_for_more()
    used.refuse_frozen()
    if isinstance(model, Module):
        used.compare_with(model)
    trained = Trained(used.params, *_parameters(model))
    _refuse_nonfinite(trained, model)
    task = Task(
        state=State(model, used),
        data=data,
        loss=_loss(loss),
        penalty=_callable_or_none(penalty, "penalty", "a function without arguments, as in lambda: l2(model, 1e-3)"),
        transform=_transform(transform, random),
        clip_norm=None if clip_norm is None else as_number(clip_norm, "fit: clip_norm", Interval()),
        trained=trained,
        callbacks=Callbacks(callbacks),
        interrupts=Interrupts(),
    )
    chosen = named_metrics(metrics, task.loss)
    return Plan(task, _engine(mode, task, held_out), held_out, chosen, epochs, size or len(data), patience, random)


def _parted(data: Data, validation: Any, random: np.random.Generator) -> tuple[Data, Data | None]:
    """(training samples, validation samples)"""
    if validation is None:
        return data, None
    if isinstance(validation, tuple | list):
        if len(validation) != 2:
            raise ValueError(f"fit: validation must be (X, Y) or a fraction, got {len(validation)} entries")
        held_out = Data(validation[0], validation[1], what="validation ")
        for name, mine, its in (("X", data.X, held_out.X), ("Y", data.Y, held_out.Y)):
            if mine.shape[1:] != its.shape[1:]:
                raise ShapeError(
                    f"validation {name} has shape {its.shape} and {name} has {mine.shape}; they must agree after the "
                    f"number of samples"
                )
        return data, held_out
    check_fraction(validation, "fit: validation is (X, Y) or a share of the samples, which")
    return data.part(validation, random)


def _parameters(model: Any) -> list[ParameterList]:
    """The parameters of a model that has some, as the only item; else nothing."""
    listed = getattr(model, "parameters", None)
    found = listed() if callable(listed) else []
    if not isinstance(found, ParameterList):
        found = list(found)
    return [parameter_list(found, "fit: the model")] if found else []


def _optimizer(optimizer: Any, model: Any) -> Optimizer:
    mine = _parameters(model)
    if not isinstance(optimizer, Optimizer) and callable(optimizer):
        optimizer = optimizer(mine[0] if mine else [])
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer must be one of autograd.optim, as in SGD(model.parameters(), lr=0.1), or a function that "
            f"makes one from parameters, got {type(optimizer).__name__}: {optimizer!r}"
        )
    if mine:
        both = Span([*mine[0].places(), *optimizer.params.places()])
        if both.size == len(mine[0]) + len(optimizer.params):
            raise ValueError(
                f"fit: none of the optimizer's {len(optimizer.params)} parameters is one of the model's "
                f"{len(mine[0])}; make it from this model's parameters, {type(optimizer).__name__}"
                f"(model.parameters(), ...)"
            )
    return optimizer


def _refuse_nonfinite(trained: Trained, model: Any) -> None:
    if trained.is_finite():
        return
    named = getattr(model, "named_parameters", None)
    names = {p: name for name, p in named()} if callable(named) else {}
    for each in trained.lists:
        for position, p in enumerate(each):
            if not math.isfinite(p.data):
                name = names.get(p, p.label) or f"number {position}"
                raise NonFiniteError(
                    f"fit: the parameter {name} is {p.data} before training; initialize the model anew"
                )


def _callable_or_none(given: Any, name: str, what: str) -> Any:
    if given is not None and not callable(given):
        raise TypeError(f"fit: {name} must be {what}, got {type(given).__name__}: {given!r}")
    return given


def _transform(given: Any, random: np.random.Generator) -> Transform | None:
    what = "a function of a batch and a Generator, as in lambda X, rng: X + rng.normal(0, 0.1, X.shape)"
    function = _callable_or_none(given, "transform", what)
    return None if function is None else Transform(function, random)


def _loss(loss: Callable[[Any, Any], Any] | str) -> Callable[[Any, Any], Any]:
    if isinstance(loss, str):
        return losses.by_name(loss)
    if not callable(loss):
        raise TypeError(
            f"fit: loss is a name or a function of (prediction, target), got {type(loss).__name__}: {loss!r}"
        )
    return loss


def _engine(mode: str, task: Task, held_out: Data | None) -> Engine:
    """The engine of a mode, tried out: what doesn't fit raises its error before anything is changed."""
    if mode != "eager":
        from .compiled import CompiledEngine, warn_of_eager  # here, so that importing autograd stays fast

        try:
            engine = CompiledEngine(task, strict=mode == "compiled")
        except TraceError as error:
            if mode == "compiled":
                raise
            _try_out(task, held_out)  # which may say better what is wrong
            warn_of_eager(error)
            return EagerEngine(task)
        if not engine.depends_on(task.state.optimizer.params):
            _try_out(task, held_out)
        return engine
    _try_out(task, held_out)
    return EagerEngine(task)


def _try_out(task: Task, held_out: Data | None) -> None:
    """Run the first sample of each set in eval mode."""
    with in_mode(task.state.model, training=False):
        for data in (task.data, held_out):
            if data is not None:
                terms = [_first_loss(task, data, "" if data is task.data else "validation ")]
        if task.penalty is not None:
            terms.append(checked_penalty(task.penalty()))
    reached = {node for term in terms for node in ancestors(term)}
    if not any(node in task.state.optimizer.params for node in reached):
        raise ValueError(
            "fit: the loss doesn't depend on any parameter of the optimizer, so training can't change it; compute the "
            "loss from the model's prediction, outside no_grad(), without .data or detach()"
        )


def _first_loss(task: Task, data: Data, what: str) -> Value:
    try:
        return trial_losses(task, data)[0]
    except Exception as error:
        error.add_note(f"in fit: {what}sample 0 (row 0 of {what}X), tried before training")
        raise
