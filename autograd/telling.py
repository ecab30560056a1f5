"""Telling of changes: whoever has read something is told, once, when it is set."""

from __future__ import annotations

import weakref
from typing import Any

Readers = dict[Any, list[tuple["weakref.ref[Any]", Any]]]
"""By attribute or item: who has read it, and a note of that. Whoever sets it tells each, once."""


def tell(readers: Readers | None, name: Any) -> None:
    """Say that this attribute or item was set to those who have read it: they are stale, and get their note back."""
    if readers:
        for reference, note in readers.pop(name, ()):
            reader = reference()
            if reader is not None:
                reader.changed.append(note)
                reader.stale = True
