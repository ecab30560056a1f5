"""Progress bars: on stderr in a terminal, and in a notebook as one output that is drawn over."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def progress_bar(iterable: Iterable[Any] | None = None, **options: Any) -> tqdm[Any]:
    """A bar of ``tqdm`` with these options.

    In a notebook it needs no ipywidgets, and what is saved or converted has its last state in one line: a bar on
    stderr leaves a red line there for each update, a widget what it showed first.

    >>> [2 * i for i in progress_bar(range(3), disable=True)]
    [0, 2, 4]
    """
    from tqdm import tqdm  # here, so that importing autograd stays fast

    if in_notebook():
        options["file"] = _Output()
    return tqdm(iterable, **options)


def in_notebook() -> bool:
    """Whether this runs in a kernel of Jupyter, and not in a terminal, that of IPython included.

    >>> in_notebook()
    False
    """
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class _Output:
    """What a bar writes to: the last line is shown, where the one before was."""

    encoding = "utf-8"  # tqdm asks whether it may draw blocks

    def __init__(self) -> None:
        self._line = ""
        self._shown: Any = None

    def write(self, text: str) -> None:
        self._line = text.strip("\r\n ") if "\r" in text else self._line

    def flush(self) -> None:
        content = {"text/plain": self._line}
        if self._shown is None and self._line:  # a bar inside of another one first moves down
            self._shown = import_module("IPython.display").display(content, raw=True, display_id=True)
        elif self._shown is not None:
            self._shown.update(content, raw=True)
