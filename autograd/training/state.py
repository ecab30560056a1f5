"""What a callback sees of a training run, and how callbacks are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..optim import Optimizer, ReduceLROnPlateau, Schedule
from .history import History

Callback: TypeAlias = Callable[["State"], Any]


@dataclass(eq=False)
class State:
    """A training run at one moment.

    Attributes:
        epoch: the epoch that is running or has just finished, counted from 0: the index into the history's lists.
        history: the numbers so far; its ``steps`` count the steps of the optimizer.
        model: what is trained.
        optimizer: what moves its parameters.
        stopping: whether `stop` was called.
    """

    model: Any
    optimizer: Optimizer
    history: History = field(default_factory=History)
    epoch: int = 0
    stopping: bool = False

    def stop(self) -> None:
        """End the training after this epoch."""
        self.stopping = True


class Callbacks:
    """Functions called with the `State` after each epoch; their methods of these names, if any, for each batch:

    ``before_step(state)`` when the gradients of the batch are complete (to clip or to watch them), and
    ``after_step(state)`` when the parameters have moved (for a schedule that counts steps).
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        if callable(callbacks):
            raise TypeError(
                f"callbacks must be a list of functions of the state, got {callbacks!r}; write callbacks=[...]"
            )
        self._after_epoch = list(callbacks)
        for each in self._after_epoch:
            if isinstance(each, Schedule):
                kind = type(each).__name__
                raise TypeError(
                    f"a callback is a function of the state, got the schedule {kind}; "
                    f"write callbacks=[lambda state: schedule.step()] to step it after each epoch"
                )
            if isinstance(each, ReduceLROnPlateau):
                raise TypeError(
                    "a callback is a function of the state, got ReduceLROnPlateau; write "
                    "callbacks=[lambda state: plateau.step(state.history['val_loss'][-1])]"
                )
            if not callable(each):
                raise TypeError(f"a callback is a function of the state, got {type(each).__name__}: {each!r}")
        self._before_step = _methods(self._after_epoch, "before_step")
        self._after_step = _methods(self._after_epoch, "after_step")

    @property
    def watch_epochs(self) -> bool:
        """Whether anything is called for each epoch."""
        return bool(self._after_epoch)

    @property
    def watch_steps(self) -> bool:
        """Whether anything is called for each batch."""
        return bool(self._before_step or self._after_step)

    def before_step(self, state: State) -> None:
        """The gradients of a batch are complete."""
        for each in self._before_step:
            each(state)

    def after_step(self, state: State) -> None:
        """The parameters have moved."""
        for each in self._after_step:
            each(state)

    def after_epoch(self, state: State) -> None:
        """An epoch is finished and recorded."""
        for each in self._after_epoch:
            each(state)


def _methods(objects: Sequence[Any], name: str) -> list[Callback]:
    return [getattr(each, name) for each in objects if callable(getattr(each, name, None))]
