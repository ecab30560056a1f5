"""Which backend a program uses."""

from __future__ import annotations

from typing import Any

from ..calls import warn
from .backend import Backend

NAMES = ("auto", "numpy", "llvm")
_warned: list[str] = []


def backend_called(name: Any) -> Backend:
    """The backend of that name; "auto" is LLVM where it works, else NumPy, with one warning that says so.

    Raises:
        CompilerUnavailableError: "llvm", and llvmlite is missing or broken.

    >>> backend_called("numpy").name
    'numpy'
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is no backend; known: {', '.join(NAMES)}")
    from .numpy_backend import NumpyBackend  # here: importing autograd doesn't wait for what only compiling needs

    if name == "numpy":
        return NumpyBackend()
    from .llvm.machine import CompilerUnavailableError

    try:
        from .llvm.backend import LlvmBackend

        return LlvmBackend()
    except CompilerUnavailableError as error:
        if name == "llvm":
            raise
        _warn_once(str(error))
        return NumpyBackend()


def _warn_once(reason: str) -> None:
    if not _warned:
        _warned.append(reason)
        warn(f"autograd.compile uses NumPy, which is many times slower than machine code: {reason}")
