"""Where pickles of version 0.1 look for the lists and dicts of modules, before anything else that has moved."""

from typing import Any

from ..parameter import old_pickle


def __getattr__(name: str) -> Any:
    if name in ("WatchedList", "WatchedDict"):
        raise old_pickle()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
