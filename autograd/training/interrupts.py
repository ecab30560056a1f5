"""Ctrl-C that never tears a step apart."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any


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

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, Ctrl-C waits: until the end of the outermost one."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        if self._waiting and not self._holds:
            self._waiting = False
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: Any) -> None:  # noqa: ARG002 (the signature that signal asks for)
        if not self._holds:
            raise KeyboardInterrupt
        self._waiting = True
