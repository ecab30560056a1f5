"""Which modules of Python are libraries, whose code doesn't change while a program is used."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

LIBRARY = frozenset((*sys.stdlib_module_names, "autograd", "numpy", "llvmlite")) - {"__main__"}
"""Packages whose globals don't change what they compute."""


def is_library(module: str) -> bool:
    """Whether a module is of a package whose globals don't change what it computes.

    >>> is_library("numpy.linalg"), is_library("__main__")
    (True, False)
    """
    return module.partition(".")[0] in LIBRARY or module.startswith("namedtuple_")


@functools.lru_cache(maxsize=1024)
def is_installed(module: str) -> bool:
    """Whether a module is a library's, or one that was installed: nobody writes into the code of those.

    >>> is_installed("numpy.linalg"), is_installed("__main__")
    (True, False)
    """
    package = sys.modules.get(module.partition(".")[0])
    file = getattr(package, "__file__", None) or ""
    # What is run by a tool that was installed is the user's own all the same.
    return is_library(module) or (module != "__main__" and ("site-packages" in file or "dist-packages" in file))


def name_of(space: Mapping[str, Any]) -> str:
    """The name of the module whose globals these are; "" for those of code that was executed without one."""
    return str(space.get("__name__", ""))
