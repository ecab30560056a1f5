"""The arguments of `fit`, checked before anything is changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import brief, whole_number
from ..data.sampling import check_fraction
from ..errors import NonFiniteError, ShapeError
from ..intervals import Interval, as_number
from ..nn import losses
from ..nn.module import Module
from ..optim import Optimizer
from ..optim.parameters import parameter_list
from ..parameter_list import ParameterList
from ..randomness import Seed, generator
from ..store import Span
from .callbacks import Callbacks
from .data import Data, Transform
from .history import Trained
from .metrics import Metric, named_metrics

MODES = ("auto", "eager", "compiled")


@dataclass(frozen=True, eq=False, kw_only=True)
class Options:
    """What `fit` takes, which says what it means; here each thing is as training works with it.

    Attributes:
        data: the samples to train on; ``validation`` has the others, if there are.
        trained: the parameters of the optimizer and of the model.
        random: draws the order of the samples.

    Raises:
        TypeError, ValueError, ShapeError, NonFiniteError: an argument doesn't fit; the message says which.
    """

    model: Callable[[Any], Any]
    X: InitVar[ArrayLike]
    Y: InitVar[ArrayLike]
    loss: Callable[[Any, Any], Any]
    optimizer: Optimizer
    epochs: int
    batch_size: int
    validation: Data | None
    metrics: dict[str, Metric]
    callbacks: Callbacks
    patience: int | None
    penalty: Callable[[], Any] | None
    transform: Transform | None
    clip_norm: float | None
    seed: InitVar[Seed]
    progress: bool
    mode: str
    data: Data = field(init=False)
    trained: Trained = field(init=False)
    random: np.random.Generator = field(init=False)

    def __post_init__(self, X: ArrayLike, Y: ArrayLike, seed: Seed) -> None:
        model, given = self.model, dict(vars(self))  # as yet of the types that `fit` takes
        if not callable(model):
            raise TypeError(f"fit: the model must be callable with one sample's inputs, got {type(model).__name__}")
        if self.mode not in MODES:
            raise ValueError(f"fit: unknown mode {self.mode!r}; known are {', '.join(MODES)}")
        found: dict[str, Any] = {"epochs": whole_number(self.epochs, "fit: epochs", 0)}
        for name in ("patience", "batch_size"):
            found[name] = None if given[name] is None else whole_number(given[name], f"fit: {name}", 1)
        found["random"] = random = generator(seed, "fit: seed")
        data, found["validation"] = _parted(Data(X, Y), self.validation, random)
        found["data"], found["batch_size"] = data, found["batch_size"] or len(data)
        mine = _parameters(model)
        found["optimizer"] = optimizer = _optimizer(self.optimizer, mine)
        optimizer.look_for_more()
        optimizer.refuse_frozen()
        if isinstance(model, Module):
            optimizer.compare_with(model)
        found["trained"] = trained = Trained(optimizer.params, *mine)
        _refuse_nonfinite(trained, model)
        found["loss"] = _loss(self.loss)
        _refuse_uncallable(self.penalty, "penalty", "a function without arguments, as in lambda: l2(model, 1e-3)")
        found["transform"] = _transform(self.transform, random)
        if self.clip_norm is not None:
            found["clip_norm"] = as_number(self.clip_norm, "fit: clip_norm", Interval())
        found["callbacks"] = Callbacks(given["callbacks"])
        found["metrics"] = named_metrics(given["metrics"], found["loss"])
        vars(self).update(found)  # frozen from here on

    def refresh(self) -> None:
        """See what callbacks have written into the arrays."""
        self.data.refresh()
        if self.validation is not None:
            self.validation.refresh()


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


def _optimizer(optimizer: Any, mine: list[ParameterList]) -> Optimizer:
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


def _refuse_uncallable(given: Any, name: str, what: str) -> None:
    if given is not None and not callable(given):
        raise TypeError(f"fit: {name} must be {what}, got {type(given).__name__}: {given!r}")


def _transform(given: Any, random: np.random.Generator) -> Transform | None:
    what = "a function of a batch and a Generator, as in lambda X, rng: X + rng.normal(0, 0.1, X.shape)"
    _refuse_uncallable(given, "transform", what)
    if not getattr(given, "takes_rows", True):  # an augmentation, which would see one image in a whole batch
        raise ValueError(f"fit: transform={brief(given)} gets rows of pixels; pass the shape of an image: shape=(8, 8)")
    return None if given is None else Transform(given, random)


def _loss(loss: Callable[[Any, Any], Any] | str) -> Callable[[Any, Any], Any]:
    if isinstance(loss, str):
        return losses.by_name(loss)
    if not callable(loss):
        raise TypeError(
            f"fit: loss is a name or a function of (prediction, target), got {type(loss).__name__}: {loss!r}"
        )
    return loss
