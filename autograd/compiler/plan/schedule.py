"""Scheduling: in which order units run, which rows are stored, and in which slots."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ..graph.graph import VEC
from ..tape import Row
from .families import Groups
from .fusion import Fusion
from .repeats import Code


@dataclass
class PlannedUnit:
    """A unit before it is written down: single nodes, or a family with the maps that are fused into it."""

    nodes: list[int] = field(default_factory=list)
    """All that is computed here, in order."""
    family: int | None = None
    epilogue: list[int] = field(default_factory=list)


class Schedule:
    """The units in their order, and where each stored row lies."""

    def __init__(self, groups: Groups, fusion: Fusion, kept: Collection[int], seed: int) -> None:
        self.groups, self.fusion, self.kept, self.seed = groups, fusion, kept, seed
        self._epilogues = fusion.epilogues()
        self.planned = list(self._plan())
        self.unit: dict[int, int] = {
            node: number for number, planned in enumerate(self.planned) for node in planned.nodes
        }
        self._last_use = self._find_last_uses()
        self._rows: dict[int, Row] = {}
        self.scratch = self._allocate()

    def row(self, node: int) -> Row:
        """Where a row lies."""
        kind = self.groups.graph.kinds[node]
        if kind == "seed":
            return Row("input", self.seed)
        return Row("input", self.groups.graph.payload[node]) if kind == "input" else self._rows[node]

    def stored(self, node: int) -> Row | None:
        """Where a row is kept for other units; None if it isn't."""
        return self._rows.get(node)

    # The order

    def _plan(self) -> Iterator[PlannedUnit]:
        """Families, and pieces of single nodes that follow each other."""
        kinds, singles = self.groups.graph.kinds, list[int]()
        for unit in self._in_order():
            if unit >= 0:
                if kinds[unit] is not VEC:  # it stands in the order so that its rows are there
                    singles.append(unit)
                continue
            yield from self._plan_singles(singles)
            singles = []
            yield PlannedUnit(self._members(unit), ~unit, self._epilogues.get(~unit, []))
        yield from self._plan_singles(singles)

    def _plan_singles(self, nodes: list[int]) -> Iterator[PlannedUnit]:
        """Single nodes that follow each other, cut into pieces."""
        kinds, args = self.groups.graph.kinds, self.groups.graph.args
        code = Code([kinds[node] for node in nodes], [args[node] for node in nodes], nodes)
        for begin, end in code.pieces():
            yield PlannedUnit(nodes[begin:end])

    def _in_order(self) -> Iterator[int]:
        """Units (a node, or ~family) in the order in which the function asks for them, each behind what it needs."""
        units, args = self._units(), self.groups.graph.args
        done: set[int] = set()
        for unit in units:
            if unit is None or unit in done:
                continue
            if unit >= 0 and all([units[arg] in done or units[arg] is None for arg in args[unit]]):  # noqa: C419 (faster)
                done.add(unit)
                yield unit
                continue
            waiting = [unit]
            while waiting:
                top = waiting[-1]
                missing = [] if top in done else [need for need in self._needs(top, units) if need not in done]
                if missing:
                    waiting += reversed(missing)
                    continue
                waiting.pop()
                if top not in done:
                    done.add(top)
                    yield top

    def _units(self) -> list[int | None]:
        """For each node which unit computes it: itself, ~family, or None for inputs and uniforms."""
        groups, home = self.groups, self.fusion.home
        units: list[int | None] = [node if level >= 0 else None for node, level in enumerate(groups.levels)]
        for number, family in enumerate(groups.families):
            if family.kind in ("dense", "map", "mean"):
                for node in family.members:
                    units[node] = ~home.get(number, number)
        return units

    def _members(self, unit: int) -> list[int]:
        if unit >= 0:
            return [unit]
        families = (~unit, *self._epilogues.get(~unit, ()))
        return [node for number in families for node in self.groups.families[number].members]

    def _needs(self, unit: int, units: list[int | None]) -> list[int]:
        args = self.groups.graph.args
        if unit >= 0:
            return [need for arg in args[unit] if (need := units[arg]) is not None]
        needs = {units[arg]: None for node in self._members(unit) for arg in args[node]}
        return [need for need in needs if need is not None and need != unit]

    # What is stored, and where

    def _find_last_uses(self) -> dict[int, int]:
        """For each row that other units need the last unit that does (the number of units: to the end)."""
        graph, levels, unit = self.groups.graph, self.groups.levels, self.unit
        kinds, last = graph.kinds, dict[int, int]()
        for number, planned in enumerate(self.planned):  # in their order: what is written last is the latest
            vecs = set()
            for node in planned.nodes:
                for arg in graph.args[node]:
                    if kinds[arg] is VEC:
                        vecs.add(arg)
                    elif levels[arg] >= 0 and unit[arg] != number:
                        last[arg] = number
            for row in graph.rows(vecs):
                if levels[row] >= 0 and unit[row] != number:
                    last[row] = number
        last.update(dict.fromkeys(self.kept, len(self.planned)))
        return {node: number for node, number in last.items() if levels[node] >= 0}

    def _allocate(self) -> int:
        """Give each block of rows its slots, and use them again when nobody needs the rows any more; slots in all."""
        unit, last_use = self.unit, self._last_use
        born: list[list[list[int]]] = [[] for _ in self.planned]
        for block in self._blocks():
            born[min([unit[node] for node in block])].append(block)
        dying: list[list[tuple[int, int]]] = [[] for _ in range(len(self.planned) + 1)]
        free: dict[int, list[int]] = {}
        places: list[Row] = []  # made once for a slot, however often it is used again
        for blocks, ending in zip(born, dying, strict=False):
            for block in blocks:
                size = len(block)
                known = free.get(size)
                first = known.pop() if known else len(places)
                while len(places) < first + size:
                    places.append(Row("scratch", len(places)))
                for slot, node in enumerate(block, first):
                    self._rows[node] = places[slot]
                dying[max([last_use.get(node, 0) for node in block])].append((size, first))
            for size, first in ending:  # only now: a unit may not write over what it reads
                free.setdefault(size, []).append(first)
        return len(places)

    def _blocks(self) -> Iterator[list[int]]:
        """Rows that lie side by side: families of which someone else needs a member, and single rows."""
        groups, seen = self.groups, set()
        for node in sorted(self._last_use):
            place = groups.place.get(node)
            if place is None:
                yield [node]
            elif place.family not in seen:
                seen.add(place.family)
                yield groups.families[place.family].members
