"""What `fit` and its engines tell each other of an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.samples import numbers
from ..nn.module import Module
from .callbacks import Interrupts, State
from .data import Floats
from .options import Options


class Task(NamedTuple):
    """A training that can begin: everything that an engine needs."""

    options: Options
    state: State
    interrupts: Interrupts

    def transformed(self, X: Floats, chosen: NDArray[np.intp]) -> Floats:
        """The inputs of the samples with these numbers as they are trained on; ``X`` may be changed."""
        if self.options.transform is None:
            return X
        try:
            return self.options.transform(X)
        except Exception as error:
            error.add_note(f"in fit: the transform of {batch_of(chosen)}, in epoch {self.state.epoch}")
            raise

    def check_transformed(self, X: Floats, chosen: NDArray[np.intp]) -> None:
        """Refuse NaN and infinities that a transform made. Compiled code finds them, but doesn't say where."""
        if self.options.transform is not None:
            try:
                numbers(X, "the transformed batch", copy=False)
            except ValueError as error:
                error.add_note(f"in fit: the transform of {batch_of(chosen)}, in {self.moment()}")
                raise

    def moment(self) -> str:
        """In words, when it is."""
        return f"epoch {self.state.epoch}, step {self.state.history.steps}, all counted from 0"


def batch_of(chosen: NDArray[np.intp]) -> str:
    """In words, a batch of the samples with these numbers."""
    return f"a batch of {len(chosen)} samples, the first is row {chosen[0]} of X"


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


def needs_batch(model: Any) -> bool:
    """Whether something in the model takes only whole batches, as it is now.

    >>> from autograd import nn
    >>> model = nn.Sequential(nn.BatchNorm(2)); needs_batch(model), needs_batch(model.eval())
    (True, False)
    """
    return isinstance(model, Module) and any(module.needs_batch for module in model.modules())


def check_batches(task: Task) -> None:
    """Let the modules refuse the sizes of the batches that an epoch has."""
    model, samples, batch_size = task.state.model, len(task.options.data), task.options.batch_size
    if not isinstance(model, Module):
        return
    for size in sorted({min(batch_size, samples), samples % batch_size or batch_size}):
        try:
            for module in model.modules():
                module.check_batch(size)
        except Exception as error:
            error.add_note(f"in fit: {samples} samples in batches of {batch_size} make one of {size}")
            raise


@contextmanager
def in_mode(model: Any, training: bool) -> Iterator[None]:
    """Inside, the model and all its modules are in train or eval mode; after it each is as it was.

    A model without ``train`` and ``eval`` (a plain function) is left alone.

    >>> from autograd import nn
    >>> model = nn.Dropout(0.5)
    >>> with in_mode(model, training=False): model.training
    False
    >>> model.training
    True
    """
    switch = getattr(model, "train" if training else "eval", None)
    if not callable(switch):
        yield
        return
    before = [(module, module.training) for module in _modules(model)]
    if any(was != training for _, was in before):
        switch()
    try:
        yield
    finally:
        for module, was in before:
            if module.training != was:
                module.training = was


def _modules(model: Any) -> list[Any]:
    """The model and what is in it, as far as these have a mode."""
    listed = getattr(model, "modules", None)
    everything = listed() if callable(listed) else [model]
    return [module for module in everything if hasattr(module, "training")]
