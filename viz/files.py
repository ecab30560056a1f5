"""Files of pictures: their formats, and the packages that some of them need."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType


def check_format(path: str | os.PathLike[str], known: Iterable[str]) -> str:
    """The format that the name of a file asks for, in lower case.

    >>> check_format("graph.SVG", ["svg", "png"])
    'svg'
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a picture is saved under the name of a file, as 'graph.svg', got {path!r}")
    suffix = Path(path).suffix.lower().removeprefix(".")
    formats = list(known)
    if suffix not in formats:
        asked = f"format {suffix!r}" if suffix else "a file name without a format"
        raise ValueError(
            f"{asked} ({str(path)!r}) is not known: end the file name in one of "
            f"{', '.join('.' + known for known in formats)}."
        )
    return suffix


def optional(module: str, package: str, purpose: str) -> ModuleType:
    """Import a module that only some outputs need.

    Raises:
        ImportError: it isn't installed; the message names the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f'{purpose} needs {package}: pip install "glassgrad[viz]"') from error
