"""One cluster, without what is in its inner clusters: which wires share a bus, in which order blocks stand, how high."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence

from .blocks import Block, joined
from .heights import Pull, settled
from .order import ordered
from .sifting import Link
from .wires import Bus, Wiring

_SPINE = 4.0
_BUS = 2.0
_LEAF = 0.5
_SPLITS = 60  # buses that are tried in two, at most
_TRIAL = 30_000  # pairs of wires that each trial may look at


def level(wiring: Wiring, fixed: Sequence[Block], buses: Sequence[Bus]) -> Block:
    """Place cards, frames and buses beside and below each other, as one block; lays the buses."""
    arranged = _Level(wiring, fixed, buses)
    order = arranged.divided(arranged.first_order())
    blocks = list(fixed)
    for bus in arranged.buses:
        items = wiring.lay(bus)
        start = 0
        for first, last in arranged.pieces(bus):
            blocks.append(Block.bus(items[start : start + last + 1 - first], first))
            start += last + 1 - first
    _, links = arranged.built()
    return joined(blocks, settled(blocks, order, list(_pulls(blocks, links, wiring))))


class _Level:
    def __init__(self, wiring: Wiring, fixed: Sequence[Block], buses: Sequence[Bus]) -> None:
        self.wiring, self.fixed, self.buses = wiring, fixed, list(buses)
        self.owner = {item: k for k, block in enumerate(fixed) for item in block.ys if item < wiring.n}
        self.ends = sorted(wiring.exits)

    def pieces(self, bus: Bus) -> list[tuple[int, int]]:
        """The first and the last rank of a bus in each band."""
        first, stop = self.wiring.span(bus)
        found = []
        while first < stop:
            place = bisect_left(self.ends, first)
            last = min(stop - 1, self.ends[place]) if place < len(self.ends) else stop - 1
            found.append((first, last))
            first = last + 1
        return found

    def built(self) -> tuple[list[Block], list[Link]]:
        """All blocks, those of buses still without items, and the wires between them."""
        wiring, blocks, links = self.wiring, list(self.fixed), []
        for bus in self.buses:
            block = self.owner[bus.source]
            leave = self.fixed[block].ys[bus.source]
            steps = [(wiring.rank[bus.source], block, leave)]  # where each piece starts, its block, the height in it
            for first, last in self.pieces(bus):
                links.append(Link(steps[-1][1], len(blocks), first - 1, steps[-1][2], 0.0))
                steps.append((first, len(blocks), 0.0))
                blocks.append(Block({}, first, last, 0.0, 0.0, "bus"))
            starts = [start for start, _, _ in steps]
            for k in bus.edges:
                target = wiring.pairs[k][1]
                rank = wiring.rank[target] - 1
                _, block, leave = steps[bisect_left(starts, rank + 1) - 1]
                other, port = self.owner[target], wiring.ports[k]
                arrive = self.fixed[other].ys[target] + port
                if other != block:
                    links.append(Link(block, other, rank, leave, arrive, port))
        return blocks, links

    def first_order(self) -> tuple[list[int], int]:
        blocks, links = self.built()
        return ordered(blocks, links, _depth_first(blocks, links))

    def divided(self, found: tuple[list[int], int]) -> list[int]:
        """Take wires out of their bus where that makes fewer crossings: one above, one below of what is between."""
        order, crossings = found
        tried, changed = 0, False
        for bus in list(self.buses):
            far = [k for k in bus.edges if self.wiring.rank[self.wiring.pairs[k][1]] > self.wiring.rank[bus.source] + 1]
            for k in sorted(far, key=lambda k: -self.wiring.rank[self.wiring.pairs[k][1]]) if len(far) > 1 else ():
                tried += 1
                if not crossings or tried > _SPLITS:
                    break
                rest = tuple(other for other in bus.edges if other != k)
                where, before = self.buses.index(bus), list(self.buses)
                halves = Bus(bus.source, rest, bus.home), Bus(bus.source, (k,), bus.home)
                start = self._with(order, where, halves)
                blocks, links = self.built()
                trial, count = ordered(blocks, links, start, _TRIAL, starts=False)
                if count < crossings:
                    order, crossings, bus, changed = trial, count, halves[0], True
                    far.remove(k)
                    if len(far) < 2:
                        break
                else:
                    self.buses = before
        if changed and crossings:
            blocks, links = self.built()
            order, _ = ordered(blocks, links, order)
        return order

    def _with(self, order: Sequence[int], where: int, halves: tuple[Bus, Bus]) -> list[int]:
        """Replace a bus by two; the order with both where the one was."""
        old = self._numbers()
        names = {number: (b, rank) for (b, rank), number in old.items()}
        self.buses[where : where + 1] = halves
        new = self._numbers()
        found: list[int] = []
        for number in order:
            if number < len(self.fixed):
                found.append(number)
                continue
            b, piece = names[number]
            heirs = [b] if b < where else [b + 1] if b > where else [b, b + 1]
            found += [new[heir, piece] for heir in heirs if (heir, piece) in new]
        return found

    def _numbers(self) -> dict[tuple[int, int], int]:
        """The block of each piece of each bus."""
        found: dict[tuple[int, int], int] = {}
        number = len(self.fixed)
        for b, bus in enumerate(self.buses):
            for piece in range(len(self.pieces(bus))):
                found[b, piece] = number
                number += 1
        return found


def _depth_first(blocks: Sequence[Block], links: Sequence[Link]) -> list[int]:
    """The blocks depth first from the last ones, operands from top to bottom: for a tree this has no crossing."""
    left: list[list[tuple[float, int]]] = [[] for _ in blocks]
    final = [True] * len(blocks)
    for link in links:
        left[link.right].append((link.arrive, link.left))
        final[link.left] = False
    order: list[int] = []
    seen = [False] * len(blocks)
    roots = [k for k in range(len(blocks)) if final[k]]
    for root in (*roots, *range(len(blocks))):  # clusters that feed each other have no last one
        stack = [root]
        while stack:
            block = stack.pop()
            if not seen[block]:
                seen[block] = True
                order.append(block)
                near = sorted(left[block], key=lambda end: end[0])
                stack.extend(k for _, k in reversed(near) if not seen[k])
    return order


def _pulls(blocks: Sequence[Block], links: Sequence[Link], wiring: Wiring) -> list[Pull]:
    """What wants to be level.

    The longest chain that leads to a card is its spine (the running total of a sum): it is drawn straight, and what is
    added comes from the side, without regard to ports: else the spine would sink by a port at each step.
    """
    arriving: list[list[Link]] = [[] for _ in blocks]
    for link in links:
        if link.rank not in wiring.exits:
            arriving[link.right].append(link)
    depth = [0] * len(blocks)
    pulls = []
    for k in sorted(range(len(blocks)), key=lambda k: blocks[k].first):
        depths = sorted((depth[link.left] for link in arriving[k]), reverse=True)
        depth[k] = 1 + depths[0] if depths else 0
        has_spine = blocks[k].kind == "card" and len(depths) > 1 and depths[0] > depths[1]
        for link in arriving[k]:
            spine = has_spine and depth[link.left] == depths[0]
            leaf = not arriving[link.left] and blocks[link.left].kind == "card"
            weight = _SPINE if spine else _BUS if blocks[k].kind == "bus" else _LEAF if leaf else 1.0
            lower = link.leave - link.arrive + (link.port if spine else 0.0)
            pulls.append((link.left, link.right, lower, weight))
    return pulls
