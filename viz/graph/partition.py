"""Which numbers share a box."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np

from .nodes import Group
from .reading import Flags, Places, Reading


@dataclass(slots=True)
class Box:
    """What there is to say of a box that isn't one number alone.

    Attributes:
        shown: the place of the number whose name, operation and data it shows.
        group: what it was made of.
        label: what it is called; "" for the label of the number shown.
        folded: places of the constants that are written into it.
    """

    shown: int
    group: Group = ""
    label: str = ""
    folded: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wire:
    """What leads from one box to another: places of boxes, the position among the operands, links of the graph."""

    source: int
    target: int
    argument: int
    links: tuple[int, ...]


class Partition:
    """The numbers of a graph, shared out among boxes. A box is known by its last number, which others use.

    Attributes:
        reading: the graph.
        into: of each place the place of its box; -1 where it is left out.
        boxes: the boxes that aren't one number alone, by place.
        is_open: of each place whether it is in no module that is drawn as one box.

    >>> from autograd import Value
    >>> partition = Partition(Reading(Value(1.0) * 2.0))
    >>> partition.join([(2, 1)])
    >>> partition.into.tolist()
    [0, 2, 2]
    """

    def __init__(self, reading: Reading, constants: bool = True) -> None:
        self.reading = reading
        self.into: Places = np.arange(len(reading))
        self.boxes: dict[int, Box] = {}
        self.is_open: Flags = np.ones(len(reading), bool)
        if not constants:
            self.is_open = reading.carries | reading.is_root
            self.into[~self.is_open] = -1

    def box(self, place: int) -> Box:
        """The box of this place, which is noted as one that isn't a number alone."""
        return self.boxes.setdefault(place, Box(place))

    def shown(self, place: int) -> int:
        """The number that the box of this place shows."""
        return self.boxes[place].shown if place in self.boxes else place

    def group(self, place: int) -> Group:
        """What a box was made of."""
        return self.boxes[place].group if place in self.boxes else ""

    def is_collapsed(self, place: int) -> bool:
        """Whether a box stands for numbers that aren't one step."""
        return self.group(place) in ("module", "rank")

    def path(self, place: int) -> str:
        """The module that a box is, or lies in."""
        if self.group(place) == "module":
            return self.boxes[place].label
        path: str = self.reading.homes[self.reading.home[self.shown(place)]]
        return path

    def pairs(self) -> list[tuple[int, int]]:
        """The pairs of boxes that have a wire between them, source and target, in the order of the targets."""
        links, size = self.crossing(), len(self.into)
        codes = np.unique(self.into[self.reading.user[links]] * size + self.into[self.reading.operand[links]])
        return list(zip((codes % size).tolist(), (codes // size).tolist(), strict=True))

    def join(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Put boxes into others: of each pair the second into the first, which may itself go into another."""
        target = np.arange(len(self.into))
        for box, part in pairs:
            target[part] = box
        while not np.array_equal(further := target[target], target):
            target = further
        self.into = np.where(self.into < 0, -1, target[self.into])

    def count(self) -> int:
        """How many boxes there are."""
        return len(self.places())

    def places(self) -> Places:
        """The boxes, by their last numbers."""
        kept = self.into[self.into >= 0]
        return np.flatnonzero(np.bincount(kept, minlength=len(self.into)))

    def in_order(self) -> list[int]:
        """The boxes, sources before targets; in a circle (of a module that is used twice) the first comes first."""
        places: list[int] = self.places().tolist()
        pairs = self.pairs()
        if all(source < target for source, target in pairs):
            return places
        users: dict[int, list[int]] = defaultdict(list)
        for source, target in pairs:
            users[source].append(target)
        waits = Counter(target for _, target in pairs)
        ready = [place for place in places if not waits[place]]
        order: dict[int, None] = {}
        for first in places:
            while ready or first not in order:
                place = heappop(ready) if ready else first
                order[place] = None
                for user in users[place]:
                    waits[user] -= 1
                    if not waits[user] and user not in order:
                        heappush(ready, user)
        return list(order)

    def crossing(self) -> Places:
        """The links that lead from one box to another."""
        source, target = self.into[self.reading.operand], self.into[self.reading.user]
        return np.flatnonzero((source != target) & (source >= 0) & (target >= 0))
