"""Fusing: a map of a dense block's outputs is computed in the block, so that what lies between needs no memory."""

from __future__ import annotations

from collections.abc import Collection

from ..graph.graph import DOT
from .families import Family, Groups


class Fusion:
    """Which family is computed inside which dense block."""

    def __init__(self, groups: Groups, kept: Collection[int]) -> None:
        self.groups = groups
        self.home: dict[int, int] = {}
        """By number of a map: the number of its dense block."""
        self._ready = [family.level for family in groups.families]
        self._users = self._users_of_members(kept)
        for number, family in enumerate(groups.families):
            if family.kind == "map":
                self._fuse(number, family)
        for number in range(len(groups.families) - 1, -1, -1):
            if groups.families[number].kind == "map":
                self._sink(number, groups.families[number])

    def ready(self, node: int) -> int:
        """A number that grows along every dependence between units: when a row is there at the earliest."""
        place = self.groups.place.get(node)
        if place is None or self.groups.families[place.family].kind == "bundle":
            return self.groups.levels[node]
        return self._ready[place.family]

    def epilogues(self) -> dict[int, list[int]]:
        """By dense block the maps that are fused into it, operands before results."""
        found: dict[int, list[int]] = {}
        for number in sorted(self.home, key=lambda number: (self.groups.families[number].level, number)):
            found.setdefault(self.home[number], []).append(number)
        return found

    # A map of outputs

    def _fuse(self, number: int, family: Family) -> None:
        """Give a map the latest dense block of whose outputs it is made, if all else is there before the block."""
        aligned = {self._block(node, arg, family) for node in family.members[:1] for arg in self._args(node)}
        blocks = [block for block in aligned if block is not None]
        if blocks:
            block = max(blocks, key=lambda block: self._ready[block])
            if self._fits(family, block):
                self._settle(number, block)

    def _fits(self, family: Family, block: int) -> bool:
        return all(
            self._block(node, arg, family) == block or self.ready(arg) < self._ready[block]
            for node in family.members
            for arg in self._args(node)
        )

    def _block(self, node: int, other: int | None, family: Family) -> int | None:
        """The dense block that computes ``other`` for the same member as ``node``, an operand or user of it."""
        there = None if other is None else self.groups.place.get(other)
        if there is None or there.member != self.groups.place[node].member:
            return None
        block = there.family if self.groups.families[there.family].kind == "dense" else self.home.get(there.family)
        whole = block is not None and len(self.groups.families[block].members) == len(family.members)
        return block if whole else None

    # A map that only maps of one block use, like the derivative of an activation

    def _sink(self, number: int, family: Family) -> None:
        blocks = {self._block(node, user, family) for node in family.members for user in self._users[node]}
        block = blocks.pop() if len(blocks) == 1 else None
        if block is None or block == self.home.get(number):
            return
        args = {arg for node in family.members for arg in self._args(node)}
        if all(self.ready(arg) < self._ready[block] and self._is_stored_anyway(arg, number) for arg in args):
            self._settle(number, block)

    def _is_stored_anyway(self, arg: int, number: int) -> bool:
        """Whether a row needs memory even if this map is computed where its operands are."""
        if number not in self.home or arg not in self._users:
            return True
        return any(user is None or self._home_of(user) != self.home[number] for user in self._users[arg])

    def _home_of(self, node: int) -> int | None:
        place = self.groups.place.get(node)
        return None if place is None else self.home.get(place.family)

    def _settle(self, number: int, block: int) -> None:
        self.home[number] = block
        self._ready[number] = self._ready[block]

    def _args(self, node: int) -> list[int]:
        graph = self.groups.graph
        return [arg for arg in graph.args[node] if not graph.uniform[arg]]

    def _users_of_members(self, kept: Collection[int]) -> dict[int, list[int | None]]:
        """Who uses the members of blocks and maps; None stands for a result, a gradient sum, or a sum of products."""
        graph, groups = self.groups.graph, self.groups
        users: dict[int, list[int | None]] = {
            node: [] for family in groups.families if family.kind in ("dense", "map") for node in family.members
        }
        for user, args in enumerate(graph.args):
            for arg in args:
                if arg in users:
                    users[arg].append(None if graph.kinds[user] == DOT else user)
        for node in kept:
            if node in users:
                users[node].append(None)
        return users
