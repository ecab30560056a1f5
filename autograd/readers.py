"""Objects that tell their readers: who has read an attribute or an item of one is told when that is set.

The compiler reads while it traces, so that a call of a program need not compare what was read. `nn` makes its modules,
and the lists and dicts that modules hold, of the classes below; neither of the two knows of the other.
"""

from __future__ import annotations

import weakref
from typing import Any, ClassVar, Protocol, TypeAlias


class Reader(Protocol):
    """Who reads: what it has read is in its notes."""

    stale: bool
    changed: list[Any]
    """The notes of what was set since; each is told once."""


Readers: TypeAlias = dict[Any, list[tuple["weakref.ref[Reader]", Any]]]
"""By attribute or item: who has read it, and a note of that. "*" stands for all items."""


class HasReaders(Protocol):
    """What keeps its readers itself."""

    readers: Readers | None


class Telling:
    """Base of objects whose attributes tell; where their readers are noted is no attribute of their own.

    >>> class Model(Telling):
    ...     def __init__(self): self._own = TellingList()
    >>> model, reader = Model(), type("Reader", (), {"stale": False, "changed": []})()
    >>> add_reader(model, "rate", reader, "a note"); tell(model._own.readers, "rate"); reader.stale, reader.changed
    (True, ['a note'])
    """

    __slots__ = ()
    _own: Any
    """What has the attribute ``readers``."""
    _workings: ClassVar[frozenset[str]] = frozenset({"_own"})
    """Attributes of which nobody is told."""
    _told_properties: ClassVar[frozenset[str]] = frozenset()
    """Properties that tell as plain attributes do."""


class TellingList(list[Any]):
    """Base of lists whose items tell."""

    readers: Readers | None = None


class TellingDict(dict[Any, Any]):
    """Base of dicts whose items tell."""

    readers: Readers | None = None


def add_reader(owner: Telling | HasReaders, name: Any, reader: Reader, note: Any) -> None:
    """Have the owner tell a reader, which it doesn't keep alive, when this attribute or item is set."""
    book = owner._own if isinstance(owner, Telling) else owner
    if book.readers is None:
        book.readers = {}
    known = book.readers.setdefault(name, [])
    known[:] = [entry for entry in known if entry[0]() is not None]
    known.append((weakref.ref(reader), note))


def tell(readers: Readers | None, name: Any) -> None:
    """Say that this attribute or item was set to those who have read it: they are stale, and get their note back."""
    if readers:
        for reference, note in readers.pop(name, ()):
            reader = reference()
            if reader is not None:
                reader.changed.append(note)
                reader.stale = True
