"""The library of filters, imported when the first filter runs."""

from __future__ import annotations

from typing import Any


def ndimage(what: str) -> Any:
    """The module ``scipy.ndimage``.

    Raises:
        ImportError: SciPy isn't installed; the message says how to.
    """
    try:
        from scipy import ndimage as module
    except ImportError as error:
        raise ImportError(f'{what} needs SciPy, which is not installed: pip install "glassgrad[augment]"') from error
    return module
