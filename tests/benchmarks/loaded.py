"""The modules of `make bench` for the tests: they are scripts, and import each other by bare names."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

FOLDER = Path(__file__).parent
MODULES = (
    "workloads",
    "dag",
    "table",
    "arena",
    "player",
    "compiled",
    "run",
    "environments",
    "byhand",
    "columns",
    "costs",
    "firsts",
    "people",
    "pictures",
    "weights",
    "peers.by_hand",
    "peers.c",
    "peers.glassgrad_first",
    "peers.glassgrad_fit",
    "peers.glassgrad_fresh",
    "peers.glassgrad_people",
    "peers.glassgrad_weights",
    "peers.tensors",
)


@contextlib.contextmanager
def loaded() -> Iterator[SimpleNamespace]:
    """All of them by their last names; afterwards nothing is left in ``sys``."""
    path, before = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(FOLDER))
    try:
        yield SimpleNamespace(**{name.rpartition(".")[2]: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FOLDER)):
                del sys.modules[name]
