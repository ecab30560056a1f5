"""Waiting for work in C that no signal of Python's can stop, so that Ctrl-C is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
_SLICE = 0.1
"""Seconds of one wait: on Windows none can be interrupted before its end."""


class SharedWork(Generic[T]):
    """Work by its key, each in a thread of its own. Who asks for what is being done already waits for the same.

    Whoever waits can be interrupted. The work can't: it goes on in the background, where nobody sees a part of it, and
    who asks again meanwhile needn't begin anew. It doesn't keep the process from ending.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Future[T]] = {}

    def done(self, key: str, work: Callable[[], T]) -> T:
        """What ``work()`` returns or raises."""
        with self._lock:
            future = self._running.get(key)
            if future is None:
                future = self._running[key] = Future()
                threading.Thread(target=self._do, args=(key, work, future), daemon=True).start()
        while True:
            try:
                return future.result(_SLICE)
            except FutureTimeoutError:
                if future.done():  # just now, or it was the work's own
                    return future.result()

    def _do(self, key: str, work: Callable[[], T], future: Future[T]) -> None:
        finish: Callable[[], None]
        try:
            finish = partial(future.set_result, work())
        except BaseException as error:
            finish = partial(future.set_exception, error)
        with self._lock:
            del self._running[key]
        finish()
