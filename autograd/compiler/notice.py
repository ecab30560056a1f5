"""A line on stderr where compiling takes so long that somebody wonders what is going on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SECONDS = 2.0
"""Of compiling, after which the line is written."""


class Notice:
    """Of one compile: how long its parts have taken together, and whether that has been said."""

    def __init__(self, name: str) -> None:
        self.name, self.seconds, self.is_told = name, 0.0, False
        self._stage, self._is_busy = "", False

    @contextmanager
    def busy(self, stage: str) -> Iterator[None]:
        """Inside something is done that may take long; ``stage`` says what, and how large it is."""
        self._stage = stage
        if self.is_told or self._is_busy:
            yield
            return
        timer = threading.Timer(max(SECONDS - self.seconds, 0.0), self._tell)
        timer.daemon = True
        start = time.perf_counter()
        timer.start()
        self._is_busy = True
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # a line that is being written is whole before anything else is
            self._is_busy = False
            self.seconds += time.perf_counter() - start

    @contextmanager
    def here(self) -> Iterator[None]:
        """What is `busy` inside belongs to this compile."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def _tell(self) -> None:
        self.is_told = True
        if sys.stderr is not None:  # as in a program without a console
            from tqdm import tqdm  # here, so that importing autograd stays fast; it writes above a bar, if there is one

            what = f"compiling {self.name}" if self.name else "compiling"
            tqdm.write(f"{what} takes a while: {self._stage} (Ctrl-C stops it)", file=sys.stderr)


_current: ContextVar[Notice | None] = ContextVar("glassgrad_notice", default=None)


def current_notice() -> Notice:
    """The notice of the compile that is going on here, a new one if there is none."""
    return _current.get() or Notice("")
