"""Boxes: a graph, read once, and which of its numbers are drawn together; what doesn't depend on any gradient."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from autograd import Value

from .folding import drop_zeros, fold_constants
from .fusing import fuse_sums, operands_in_order
from .modules import checked_depth, checked_paths, collapse_modules, paths_at
from .nodes import Cluster, Folded, Strip, common_path
from .partition import Box, Partition, Wire
from .reading import Reading
from .strips import local_partials


class Boxes:
    """The boxes of a picture, with the Values in each and the wires between them.

    The gradients come later (`GraphView.over`), so one of these serves for every step of a backward.

    >>> a = Value(2.0, label="a")
    >>> boxes = Boxes.of(a * 3.0)
    >>> {id: [value.data for value in values] for id, values in boxes.members.items()}
    {'n0': [2.0], 'n2': [3.0, 6.0]}
    """

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.reading: Reading = partition.reading
        self.places = partition.in_order()

    @classmethod
    def of(
        cls,
        roots: Value | Sequence[Value],
        depth: int | None = None,
        constants: bool = True,
        *,
        collapse: Collection[str] = (),
        fold: bool = True,
    ) -> Boxes:
        """Read a graph and share it out among boxes; the arguments are those of `GraphView.of`."""
        checked_depth(depth)
        reading = Reading(roots)
        return cls(shared_out(reading, depth, constants, checked_paths(reading, collapse), fold))

    @cached_property
    def ids(self) -> dict[Value, str]:
        """The id of the box that each Value is drawn in; those that are left out aren't in it."""
        into = self.partition.into.tolist()
        names = {place: f"n{place}" for place in self.places}
        return {value: names[place] for value, place in zip(self.reading.values, into, strict=True) if place >= 0}

    @cached_property
    def members(self) -> dict[str, tuple[Value, ...]]:
        """The Values in each box, operands before results."""
        values = self.reading.values
        return {f"n{place}": tuple(values[i] for i in inside) for place, inside in self.inside.items()}

    @cached_property
    def inside(self) -> dict[int, list[int]]:
        """The places of the numbers in each box, in order."""
        into = self.partition.into
        order = np.argsort(into, kind="stable")[np.count_nonzero(into < 0) :]
        ends = np.flatnonzero(np.diff(into[order], append=-1)) + 1
        parts = {int(into[part[0]]): part.tolist() for part in np.split(order, ends[:-1])}
        return {place: parts[place] for place in self.places}

    def box(self, place: int) -> Box:
        """What there is to say of a box."""
        return self.partition.boxes.get(place) or Box(place)

    def is_collapsed(self, place: int) -> bool:
        """Whether a box stands for numbers that aren't one step."""
        return self.partition.is_collapsed(place)

    @cached_property
    def wires(self) -> tuple[Wire, ...]:
        """The wires, in the order of their targets, and there of the operands."""
        reading, into = self.reading, self.partition.into
        crossing = self.partition.crossing()
        sources, targets = into[reading.operand[crossing]].tolist(), into[reading.user[crossing]].tolist()
        collapsed = {place for place in self.places if self.is_collapsed(place)}
        merged: dict[tuple[int, int, int], list[int]] = {}
        for link, source, target in zip(crossing.tolist(), sources, targets, strict=True):
            merges = target in collapsed or (source in collapsed and self.partition.group(source) == "rank")
            argument = -1 if merges else self._argument(target, link)
            merged.setdefault((target, argument, source), []).append(link)
        return tuple(
            Wire(source, target, max(argument, 0), tuple(links))
            for (target, argument, source), links in sorted(merged.items(), key=self._by_target)
        )

    def _by_target(self, item: tuple[tuple[int, int, int], list[int]]) -> tuple[int, int, int]:
        (target, argument, _), links = item
        return self._turn[target], argument, links[0]

    @cached_property
    def _turn(self) -> dict[int, int]:
        return {place: i for i, place in enumerate(self.places)}

    def _argument(self, target: int, link: int) -> int:
        order = self._positions.get(target)
        return int(self.reading.argument[link]) if order is None else order[link]

    @cached_property
    def _positions(self) -> dict[int, dict[int, int]]:
        """Of each sum, the position of each link among what it adds up."""
        return {
            place: {link: i for i, link in enumerate(self._addends(place))}
            for place, box in self.partition.boxes.items()
            if box.group == "sum"
        }

    def _addends(self, place: int) -> list[int]:
        """The links of a sum: those that come from other boxes, and constants that aren't an idle zero."""
        hidden = {i for i in self.inside[place] if self.reading.is_leaf[i]} - set(self._constants(place))
        return [k for k in operands_in_order(self.partition, place) if int(self.reading.operand[k]) not in hidden]

    def _constants(self, place: int) -> list[int]:
        box = self.box(place)
        idle = box.group == "sum"
        return [i for i in box.folded if not idle or self.reading.values[i].data != 0]

    def folded(self, place: int) -> tuple[Folded, ...]:
        """The constants that are written into a box's operation, in the order of the operands."""
        reading = self.reading
        links = {int(reading.operand[k]): k for i in self.inside[place] for k in reading.links(i)}
        found = [(self._argument(place, links[i]), i) for i in self._constants(place)]
        return tuple(Folded(argument, reading.values[i].data, f"n{i}") for argument, i in sorted(found))

    def terms(self, place: int) -> int:
        """How many numbers a sum adds up."""
        return len(self._positions[place])

    @cached_property
    def outputs(self) -> dict[int, list[int]]:
        """Of each box that is collapsed, the numbers that are used outside of it; roots count."""
        used = np.zeros(len(self.reading), bool)
        used[self.reading.operand[self.partition.crossing()]] = True
        used |= self.reading.is_root
        return {p: [i for i in self.inside[p] if used[i]] for p in self.places if self.is_collapsed(p)}

    @cached_property
    def local_partials(self) -> list[Strip | float | None]:
        """Of each wire that leads to a collapsed module the partials of what comes out of that."""
        return local_partials(self.partition, self.wires, self.outputs)

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        """The frames around what isn't collapsed, outer ones first."""
        direct: dict[tuple[str, ...], list[str]] = {}
        for place in self.places:
            path = self.frames(place)
            for end in range(1, len(path) + 1):
                direct.setdefault(path[:end], [])
            if path:
                direct[path].append(f"n{place}")
        return tuple(
            Cluster(".".join(path), ".".join(path[:-1]), tuple(nodes)) for path, nodes in sorted(direct.items())
        )

    def frames(self, place: int) -> tuple[str, ...]:
        """The modules around a box."""
        box, reading = self.box(place), self.reading
        levels: tuple[str, ...] = reading.levels[reading.home[box.shown]]
        if box.group == "rank":
            return common_path({reading.levels[i] for i in np.unique(reading.home[self.inside[place]]).tolist()})
        if box.group != "module":
            return levels
        length = sum(len(".".join(levels[:end])) < len(box.label) for end in range(1, len(levels) + 1))
        return levels[:length]


def _by_target(item: tuple[tuple[int, int, int], list[int]]) -> tuple[int, int, int]:
    (target, argument, _), links = item
    return target, argument, links[0]


def shared_out(
    reading: Reading, depth: int | None, constants: bool, collapse: Collection[str] = (), fold: bool = True
) -> Partition:
    """The graph's numbers in boxes: modules first, then what isn't a step of its own."""
    partition = Partition(reading, constants)
    paths = {*collapse, *(paths_at(reading, depth) if depth is not None else ())}
    if paths:
        collapse_modules(partition, paths)
    if fold:
        drop_zeros(partition)
        fold_constants(partition)
        fuse_sums(partition)
    return partition
