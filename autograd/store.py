"""Where the numbers of parameters lie: flat memory, in which nothing is ever moved."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .readers import Readers

_SHARED = 1 << 15
"""Slots of a store that small parameters share, so that those made one after the other lie side by side."""
_SMALL = 1 << 13
"""Slots up to which parameters are put into a shared store. A few of them may keep all of it alive: half a megabyte."""
_FEW = 10_000
"""Slots up to which zeroing copies zeros, which takes two thirds of the time but as many zeros."""

_numbers = itertools.count()


def aligned_zeros(count: int, kind: Any = np.float64) -> NDArray[Any]:
    """Zeros that begin at a multiple of 64 bytes, as wide vectors like it.

    >>> aligned_zeros(3).ctypes.data % 64
    0
    """
    size = np.dtype(kind).itemsize
    array = np.zeros(count + 64 // size, dtype=kind)
    begin = -array.ctypes.data % 64 // size
    return array[begin : begin + count]


class Store:
    """Numbers and gradients of parameters: flat arrays, and whether a backward has reached each.

    Attributes:
        data, grad: float64, shape (slots,).
        reached: uint8, shape (slots,): 1 where a backward has come since the gradient was zeroed.
        frozen: bool, shape (slots,): where no gradient flows and no step is made; None where nothing is frozen yet.
        readers: who is told when that changes.
        number: grows from store to store.
    """

    __slots__ = (
        "__weakref__",
        "data",
        "data_view",
        "frozen",
        "grad",
        "grad_view",
        "number",
        "reached",
        "reached_view",
        "readers",
        "used",
    )

    def __init__(self, slots: int) -> None:
        self.data, self.grad = aligned_zeros(slots), aligned_zeros(slots)
        self.reached = aligned_zeros(slots, np.uint8)
        # Indexing a memoryview gives a Python float, twice as fast as indexing the array.
        self.data_view: Any = memoryview(self.data)  # type: ignore[arg-type]
        self.grad_view: Any = memoryview(self.grad)  # type: ignore[arg-type]
        self.reached_view: Any = memoryview(self.reached)  # type: ignore[arg-type]
        self.number = next(_numbers)
        self.used = 0
        self.frozen: NDArray[np.bool_] | None = None
        self.readers: Readers | None = None

    def flags(self) -> NDArray[np.bool_]:
        """``frozen``, made if there is none yet."""
        if self.frozen is None:
            self.frozen = np.zeros(len(self.data), dtype=np.bool_)
        return self.frozen

    @property
    def left(self) -> int:
        """Slots that nobody has taken."""
        return len(self.data) - self.used


class _Rooms(threading.local):
    """The stores in which a thread puts its next parameters."""

    reserved: Store | None = None
    shared: Store | None = None


_rooms = _Rooms()


def make_room(slots: int) -> None:
    """Have the next ``slots`` parameters that this thread makes lie side by side."""
    if _rooms.reserved is not None and _rooms.reserved.left >= slots:
        return
    if slots > _SMALL:
        _rooms.reserved = Store(slots)
    elif _rooms.shared is None or _rooms.shared.left < slots:
        _rooms.shared = Store(_SHARED)


def take(slots: int) -> tuple[Store, int]:
    """A store with so many free slots, and the first of them; they are taken."""
    store = _rooms.reserved
    if store is None or store.left < slots:
        store = _rooms.shared
        if slots > _SMALL:
            store = Store(slots)
        elif store is None or store.left < slots:
            store = _rooms.shared = Store(_SHARED)
    begin = store.used
    store.used += slots
    if store is _rooms.reserved and not store.left:
        _rooms.reserved = None
    return store, begin


class Place(NamedTuple):
    """Slots ``begin`` to ``end`` of a store."""

    store: Store
    begin: int
    end: int


class Span:
    """Parameters as one flat range, in the order in which they lie in memory.

    Where they lie side by side ``data`` and ``grad`` are views of their store. Elsewhere they are copies: `load` them
    before they are read, `save` them when they have changed.

    Attributes:
        places: runs of slots, in order, which don't touch.
        size: how many parameters.
        data, grad: float64, shape (size,).
        datas, grads: views of the parameters' own memory, one for each place.
        is_view: whether ``data`` and ``grad`` are such a view.

    >>> store = Store(4); span = Span([Place(store, 2, 4), Place(store, 0, 2)])
    >>> span.data[3] = 7.0; store.data, span.is_view
    (array([0., 0., 0., 7.]), True)
    """

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = _merged(places)
        self._runs = [_Run(place) for place in self.places]
        self.size = sum(len(run.data) for run in self._runs)
        self.is_view = len(self._runs) == 1
        self.datas = [run.data for run in self._runs]
        self.grads = [run.grad for run in self._runs]
        if self.is_view:
            self.data, self.grad = self._runs[0].data, self._runs[0].grad
        else:
            self.data, self.grad = np.zeros(self.size), np.zeros(self.size)

    def covers(self, place: Place) -> bool:
        """Whether all of these slots are in the span."""
        return any(
            mine is place.store and begin <= place.begin and place.end <= end for mine, begin, end in self.places
        )

    def positions(self, slots: Iterable[tuple[Store, NDArray[np.intp]]]) -> NDArray[np.intp]:
        """Where these slots are in the span, one after the other; -1 for those outside."""
        runs: dict[Store, list[tuple[int, int, int]]] = {}
        before = 0
        for store, begin, end in self.places:
            runs.setdefault(store, []).append((begin, end, before - begin))
            before += end - begin
        tables = {store: np.array(mine).T for store, mine in runs.items()}
        nothing = np.zeros((3, 1), dtype=np.intp)
        found = []
        for store, numbers in slots:
            begins, ends, shifts = tables.get(store, nothing)
            run = np.searchsorted(begins, numbers, side="right") - 1  # the last that begins there or before, or -1
            found.append(np.where((run >= 0) & (numbers < ends[run]), numbers + shifts[run], -1))
        return np.concatenate(found) if found else np.zeros(0, dtype=np.intp)

    def pieces(self) -> Iterator[tuple[Place, int, bool]]:
        """Its places in pieces that are frozen or not: each with its first position in the span, and whether it is."""
        at = 0
        for store, begin, end in self.places:
            flags = None if store.frozen is None else store.frozen[begin:end]
            changes = [] if flags is None else (np.flatnonzero(flags[1:] != flags[:-1]) + 1).tolist()
            for first, last in pairwise((0, *changes, end - begin)):
                yield Place(store, begin + first, begin + last), at + first, flags is not None and bool(flags[first])
            at += end - begin

    def frozen(self) -> tuple[tuple[int, int], ...]:
        """The positions of what is frozen, as runs from the first to behind the last."""
        return tuple((at, at + place.end - place.begin) for place, at, is_frozen in self.pieces() if is_frozen)

    def count_frozen(self) -> int:
        """How many of them are frozen."""
        return sum(end - begin for begin, end in self.frozen())

    def trained(self) -> Span:
        """What isn't frozen of it; the span itself where nothing is."""
        if all(place.store.frozen is None for place in self.places):
            return self
        return Span(place for place, _, is_frozen in self.pieces() if not is_frozen)

    def load(self) -> None:
        """Fetch the numbers and gradients, where they are copies."""
        if not self.is_view and self._runs:
            np.concatenate([run.data for run in self._runs], out=self.data)
            np.concatenate([run.grad for run in self._runs], out=self.grad)

    def save(self) -> None:
        """Write numbers and gradients back, where they are copies."""
        if not self.is_view:
            begin = 0
            for run in self._runs:
                end = begin + len(run.data)
                run.data[:], run.grad[:] = self.data[begin:end], self.grad[begin:end]
                begin = end

    def zero_grad(self, set_to_none: bool = True) -> None:  # noqa: ARG002 (zero is what None reads as)
        """Set every gradient to zero, and forget that a backward has been there."""
        for run in self._runs:
            if run.zeros is None:
                run.grad.fill(0.0)
                run.marks.fill(0)
            else:
                run.grad_view[:] = run.zeros
                run.reached[:] = run.none

    def mark_reached(self, which: NDArray[np.uint8] | None = None) -> None:
        """Note that a backward has reached all of them, or those where ``which``, shape (size,), is 1."""
        end = 0
        for run in self._runs:
            if which is not None:
                begin, end = end, end + len(run.marks)
                run.marks |= which[begin:end]
            elif run.zeros is None:
                run.marks.fill(1)
            else:
                run.reached[:] = run.all


class _Run:
    """Slots side by side, and what they are overwritten with if they are few."""

    __slots__ = ("all", "data", "grad", "grad_view", "marks", "none", "reached", "zeros")

    def __init__(self, place: Place) -> None:
        store, begin, end = place
        size = end - begin
        self.data, self.grad = store.data[begin:end], store.grad[begin:end]
        self.grad_view, self.reached = store.grad_view[begin:end], store.reached_view[begin:end]
        self.marks = store.reached[begin:end]
        few = size if size <= _FEW else 0
        self.none, self.all = bytes(few), bytes([1]) * few
        self.zeros = memoryview(bytes(8 * size)).cast("d") if few else None


def _merged(places: Iterable[Place]) -> tuple[Place, ...]:
    """Runs in memory order; those that touch or overlap are one."""
    merged: list[Place] = []
    for place in sorted(places, key=lambda place: (place.store.number, place.begin)):
        last = merged[-1] if merged else None
        if last is not None and last.store is place.store and place.begin <= last.end:
            merged[-1] = Place(last.store, last.begin, max(last.end, place.end))
        elif place.begin < place.end:
            merged.append(place)
    return tuple(merged)
