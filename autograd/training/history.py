"""What a training run leaves behind: the numbers of its epochs, and its parameters, now or of the best epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..nn.module import Module
from ..parameter import Parameter
from ..parameter_list import ParameterList
from ..store import Span


class History(Mapping[str, list[float]]):
    """A list of numbers by name, one for each finished epoch: ``history["loss"]``. Pickles.

    Which names there are follows from the arguments of `fit`: ``loss``, ``penalty``, ``val_loss``, each metric and
    ``val_`` metric, and ``watched``, which early stopping compares. The mapping's length is the number of names.

    Attributes:
        epochs: finished epochs.
        steps: steps of the optimizer, those of an unfinished epoch included.
        samples_seen: samples that these steps were made from.
        best_epoch: the index into the lists of the epoch with the least watched loss (``val_loss``, else ``loss``),
            the first of equals; None before the first epoch.
        stop_reason: None if all epochs were run, else "interrupted" (Ctrl-C), "patience" or "callback".

    >>> history = History(); history.append({"loss": 2.0}); history.append({"loss": 1.0})
    >>> history["loss"], history.best_epoch, history
    ([2.0, 1.0], 1, History(2 epochs, loss=1))
    """

    def __init__(self) -> None:
        self._rows: dict[str, list[float]] = {}
        self.epochs = 0
        self.steps = 0
        self.samples_seen = 0
        self.stop_reason: str | None = None

    def append(self, row: Mapping[str, float]) -> None:
        """Add the numbers of one finished epoch: the same names as before.

        Raises:
            ValueError: other names. Nothing is changed then.
        """
        self.extend({name: [x] for name, x in row.items()})

    def extend(self, columns: Mapping[str, Sequence[float]]) -> None:
        """Add several finished epochs: by each name a number for each epoch; else as `append`."""
        if self.epochs and columns.keys() != self._rows.keys():
            raise ValueError(f"an epoch has the numbers {', '.join(self._rows)}, got {', '.join(columns)}")
        for name, column in columns.items():
            self._rows.setdefault(name, []).extend(map(float, column))
        self.epochs += len(next(iter(columns.values()), ()))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self._rows:
            known = ", ".join(self._rows) or "nothing yet (no epoch was finished)"
            raise KeyError(f"{name!r} was not recorded; there is: {known}")
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.stop_reason == "interrupted"

    @property
    def watched(self) -> str:
        """The name of the loss that `best_epoch` goes by."""
        return next((name for name in ("watched", "val_loss") if name in self._rows), "loss")

    @property
    def best_epoch(self) -> int | None:
        """The index of the epoch with the least watched loss; None before the first."""
        return min(range(self.epochs), key=self._rows[self.watched].__getitem__) if self.epochs else None

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain Python (for JSON): the lists by name, and the attributes.

        >>> sorted(History().to_dict())
        ['best_epoch', 'epochs', 'lists', 'samples_seen', 'steps', 'stop_reason']
        """
        lists = {name: list(row) for name, row in self._rows.items()}
        attributes = ("best_epoch", "epochs", "samples_seen", "steps", "stop_reason")
        return {"lists": lists, **{name: getattr(self, name) for name in attributes}}

    def __repr__(self) -> str:
        last = "".join(f", {name}={row[-1]:.4g}" for name, row in self._rows.items())
        reason = f", stopped: {self.stop_reason}" if self.stop_reason else ""
        return f"History({self.epochs} epoch{'s' * (self.epochs != 1)}{last}{reason})"

    def _repr_html_(self) -> str:
        from ..notebook import of_history

        return of_history(self)


class Trained:
    """The parameters of an optimizer and of the model.

    >>> from autograd import nn
    >>> model = nn.Linear(1, 1); trained = Trained(model.parameters()); kept = trained.copy()
    >>> model.weight.data[...] = 5.0; trained.restore(kept); bool(model.weight.data[0, 0] == kept[0])
    True
    """

    def __init__(self, *lists: ParameterList) -> None:
        self.lists = lists
        self._span = Span(place for each in lists for place in each.places())
        self.zero_grad = self._span.zero_grad

    def copy(self) -> NDArray[np.float64]:
        """Their numbers now, in memory order."""
        self._span.load()
        return self._span.data.copy()

    def restore(self, numbers: NDArray[np.float64]) -> None:
        """Put back what `copy` gave."""
        self._span.load()
        self._span.data[:] = numbers
        self._span.save()

    def is_finite(self) -> bool:
        """Whether all numbers are finite."""
        return all(map(_is_finite, self._span.datas))

    def has_finite_gradients(self) -> bool:
        """Whether all gradients are finite."""
        return all(map(_is_finite, self._span.grads))

    def first_infinite(self, before: NDArray[np.float64]) -> tuple[Parameter, float]:
        """The first parameter whose number isn't finite, and what it was in ``before``."""
        for each in self.lists:
            for parameter, position in zip(each, self._span.positions(each.slots()), strict=True):
                if not np.isfinite(parameter.data):
                    return parameter, float(before[position])
        raise AssertionError("all parameters are finite")


_MOST = 10_000
"""Numbers of which BLAS makes a product alone: of more it wakes its threads, which keep all cores busy for long."""


def _is_finite(numbers: NDArray[np.float64]) -> bool:
    # A sum of squares takes a third of the time; that of large numbers may be infinite while they aren't.
    is_quick = numbers.size < _MOST and math.isfinite(np.vdot(numbers, numbers))
    return is_quick or bool(np.isfinite(numbers).all())


class Best:
    """Keeps the parameters of the epoch with the least loss, and the buffers of the model, if it is a module.

    >>> from autograd import nn
    >>> model = nn.Linear(1, 1, init=[[1.0]]); best = Best(Trained(model.parameters()), patience=1)
    >>> best.offer(0.5); model.weight.data[0, 0] = 2.0; best.offer(0.7); best.lost_patience
    True
    >>> best.restore(); model.weight.data
    array([[1.]])
    """

    def __init__(self, trained: Trained, patience: int, model: Any = None) -> None:
        self._trained = trained
        self._buffers = model.buffers() if isinstance(model, Module) else []
        self._kept_buffers: list[NDArray[np.float64]] = []
        self._patience = patience
        self._loss = math.inf
        self._kept: NDArray[np.float64] | None = None
        self._waited = 0

    def offer(self, loss: float) -> None:
        """An epoch is finished; ``loss`` is what is watched."""
        if loss < self._loss:
            self._loss, self._kept, self._waited = loss, self._trained.copy(), 0
            self._kept_buffers = [buffer.copy() for buffer in self._buffers]
        else:
            self._waited += 1

    @property
    def lost_patience(self) -> bool:
        """Whether so many epochs in a row were no better."""
        return self._waited >= self._patience

    def restore(self) -> None:
        """Put the best parameters and their buffers back, if there was an epoch."""
        if self._kept is not None:
            self._trained.restore(self._kept)
            for buffer, kept in zip(self._buffers, self._kept_buffers, strict=True):
                buffer[...] = kept
