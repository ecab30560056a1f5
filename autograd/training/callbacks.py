"""What a callback sees of a training run, how callbacks are called, and Ctrl-C, which never tears a step apart."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
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
    """Functions of the `State` to call after each epoch; their methods of these names, if any, for each batch.

    Attributes:
        before_step: called when the gradients of the batch are complete (to clip or to watch them).
        after_step: called when the parameters have moved (for a schedule that counts steps).
        after_epoch: called when an epoch is finished and recorded.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        if callable(callbacks):
            raise TypeError(
                f"callbacks must be a list of functions of the state, got {callbacks!r}; write callbacks=[...]"
            )
        self.after_epoch = list(callbacks)
        for each in self.after_epoch:
            kind, got = type(each).__name__, "a callback is a function of the state, got"
            if isinstance(each, Schedule):
                cure = "callbacks=[lambda state: schedule.step()] to step it after each epoch"
                raise TypeError(f"{got} the schedule {kind}; write {cure}")
            if isinstance(each, ReduceLROnPlateau):
                cure = "callbacks=[lambda state: plateau.step(state.history['val_loss'][-1])]"
                raise TypeError(f"{got} {kind}; write {cure}")
            if not callable(each):
                raise TypeError(f"{got} {kind}: {each!r}")
        self.before_step, self.after_step = self._methods("before_step"), self._methods("after_step")

    def _methods(self, name: str) -> list[Callback]:
        return [getattr(each, name) for each in self.after_epoch if callable(getattr(each, name, None))]

    @property
    def watch_steps(self) -> bool:
        """Whether anything is called for each batch."""
        return bool(self.before_step or self.after_step)


def tell(callbacks: Iterable[Callback], state: State) -> None:
    """Call these, in order."""
    for each in callbacks:
        each(state)


class _Held:
    """What `Interrupts.held` gives: a third of the time of a generator, as small models enter it at each step."""

    __slots__ = ("_interrupts",)

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._interrupts._holds += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        interrupts = self._interrupts
        interrupts._holds -= 1
        if interrupts._waiting and not interrupts._holds and kind is None:
            interrupts._waiting = False
            raise KeyboardInterrupt


class Interrupts:
    """Inside, Ctrl-C raises KeyboardInterrupt as ever, except in `held`, where it waits until the end of that.

    Where Python's own handler isn't in force (another one was set, or this is no main thread) nothing is changed.

    >>> with Interrupts() as interrupts, interrupts.held(): pass
    """

    def __init__(self) -> None:
        self._holds = 0
        self._waiting = False
        self._previous: Any = None

    def __enter__(self) -> Interrupts:
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def held(self) -> _Held:
        """Inside, Ctrl-C waits: until the end of the outermost one."""
        return _Held(self)

    def _handle(self, number: int, frame: Any) -> None:  # noqa: ARG002 (the signature that signal asks for)
        if not self._holds:
            raise KeyboardInterrupt
        self._waiting = True
