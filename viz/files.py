"""Files of pictures: written whole or not at all, with errors that name the cure."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

__all__ = ["check_format", "optional", "write_whole"]


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write `content` to `path` in one step: the file is there with all of it, or as it was before.

    Raises:
        FileNotFoundError: the folder doesn't exist; the message says how to make it.
    """
    target = Path(path)
    folder = target.parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"the folder {str(folder)!r} for {target.name!r} does not exist. "
            f"Create it first: Path({str(folder)!r}).mkdir(parents=True)."
        )
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files that only the owner may read; a picture is an ordinary file
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_format(path: str | os.PathLike[str], known: Iterable[str]) -> str:
    """Return the format that the name of a file asks for, in lower case.

    >>> check_format("graph.SVG", ["svg", "png"])
    'svg'
    """
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
