"""Which numbers share a box."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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
        return self.reading.homes[self.reading.home[self.shown(place)]]

    def wires(self) -> int:
        """How many pairs of boxes have a wire between them."""
        links = self.crossing()
        source, target = self.into[self.reading.operand[links]], self.into[self.reading.user[links]]
        return len(np.unique(source * len(self.into) + target))

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
        """The boxes, in order."""
        kept = self.into[self.into >= 0]
        return np.flatnonzero(np.bincount(kept, minlength=len(self.into)))

    def crossing(self) -> Places:
        """The links that lead from one box to another."""
        source, target = self.into[self.reading.operand], self.into[self.reading.user]
        return np.flatnonzero((source != target) & (source >= 0) & (target >= 0))
