"""What a training run leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


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
        if self.epochs and row.keys() != self._rows.keys():
            raise ValueError(f"an epoch has the numbers {', '.join(self._rows)}, got {', '.join(row)}")
        for name, x in row.items():
            self._rows.setdefault(name, []).append(float(x))
        self.epochs += 1

    def extend(self, columns: Mapping[str, Sequence[float]]) -> None:
        """Add several finished epochs: by each name a number for each epoch."""
        epochs = len(next(iter(columns.values())))
        if epochs:
            self.append({name: column[0] for name, column in columns.items()})
            for name, column in columns.items():
                self._rows[name] += column[1:]
            self.epochs += epochs - 1

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
