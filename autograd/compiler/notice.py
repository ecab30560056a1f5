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


class _Compile:
    """One compile: how long its parts have taken together, and whether that has been said."""

    def __init__(self, name: str) -> None:
        self.name, self.stage = name, ""
        self.seconds = 0.0
        self.is_told = False
        self.is_busy = False

    def tell(self) -> None:
        """Write the line."""
        self.is_told = True
        if sys.stderr is not None:  # as in a program without a console
            from tqdm import tqdm  # here, so that importing autograd stays fast; it writes above a bar, if there is one

            what = f"compiling {self.name}" if self.name else "compiling"
            tqdm.write(f"{what} takes a while: {self.stage} (Ctrl-C stops it)", file=sys.stderr)


_current: ContextVar[_Compile | None] = ContextVar("glassgrad_compile", default=None)


@contextmanager
def one_compile(name: str) -> Iterator[None]:
    """What is `busy` inside belongs together: its seconds are added up, and the line is written once."""
    token = _current.set(_Compile(name))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def busy(stage: str) -> Iterator[None]:
    """Inside something is done that may take long; ``stage`` says what, and how large it is.

    >>> with one_compile("f"), busy("tracing it"): pass
    """
    compile = _current.get() or _Compile("")
    compile.stage = stage
    if compile.is_told or compile.is_busy:
        yield
        return
    timer = threading.Timer(max(SECONDS - compile.seconds, 0.0), compile.tell)
    timer.daemon = True
    start = time.perf_counter()
    timer.start()
    compile.is_busy = True
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # a line that is being written is whole before anything else is
        compile.is_busy = False
        compile.seconds += time.perf_counter() - start
