"""One cluster, its inner clusters being done: which wires share a bus, in which order blocks stand, how high."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from .blocks import Block, joined
from .heights import Pull, settled
from .order import ordered
from .sifting import Link
from .wires import Bus, Wiring

_SPINE = 4.0
_BUS = 2.0
_LEAF = 0.5
_SPLITS = 40  # buses that are tried in two, at most
_TRIAL = 10_000  # pairs of wires that each trial may look at


def level(wiring: Wiring, fixed: Sequence[Block], buses: Sequence[Bus]) -> Block:
    """Place cards, frames and buses beside and below each other, as one block; lays the buses."""
    arranged = _Level(wiring, fixed, buses)
    order = arranged.divided(*arranged.first_order())
    blocks, links = arranged.built()
    for bus, line in zip(arranged.buses, arranged.lines, strict=True):
        if line >= 0:
            first, last = blocks[line].first, blocks[line].last
            blocks[line] = Block.bus([wiring.lay(bus, first), *arranged.points[line]], first, last)
    return joined(blocks, settled(blocks, order, list(_pulls(blocks, links, wiring))))


class _Level:
    """Blocks, numbered: those that are given, then a bus each for those of ``buses`` that need one (``lines``)."""

    def __init__(self, wiring: Wiring, fixed: Sequence[Block], buses: Sequence[Bus]) -> None:
        self.wiring, self.fixed, self.buses = wiring, fixed, list(buses)
        self.lines: list[int] = []
        self.points: dict[int, list[int]] = {}  # the waypoints on each line
        self.owner = {item: k for k, block in enumerate(fixed) for item in block.ys}

    def built(self) -> tuple[list[Block], list[Link]]:
        """All blocks, buses still without items, and the wires between them."""
        wiring, blocks = self.wiring, list(self.fixed)
        where = dict(self.owner)
        self.lines, self.points = [], {}
        for bus in self.buses:
            first, last = wiring.span(bus)
            points = []
            if bus.source in wiring.starts and bus.source not in where:
                first = wiring.rank[bus.source]
                points.append(bus.source)
            for s in bus.segments:
                end = wiring.segments[s].end
                if end in wiring.ends and end not in self.owner:
                    last = wiring.rank[end]
                    points.append(end)
            self.lines.append(len(blocks) if first <= last else -1)
            if first <= last:
                where.update(dict.fromkeys(points, len(blocks)))
                self.points[len(blocks)] = points
                blocks.append(Block({}, first, last, 0.0, 0.0, "bus"))
        links: list[Link] = []
        for bus, line in zip(self.buses, self.lines, strict=True):
            links += self._links(bus, line, blocks, where)
        return blocks, links

    def _links(self, bus: Bus, line: int, blocks: Sequence[Block], where: Mapping[int, int]) -> Iterator[Link]:
        wiring = self.wiring
        source, rank = where[bus.source], wiring.rank[bus.source]
        leave = blocks[source].ys.get(bus.source, 0.0)
        if line >= 0 and line != source:
            yield Link(source, line, rank, leave, 0.0)
        for s in bus.segments:
            segment = wiring.segments[s]
            target = where[segment.end]
            if target != line:
                arrive = blocks[target].ys.get(segment.end, 0.0) + segment.port
                before = wiring.rank[segment.end] - 1
                if line >= 0 and before >= blocks[line].first:
                    yield Link(line, target, before, 0.0, arrive, segment.port)
                elif target != source:
                    yield Link(source, target, before, leave, arrive, segment.port)

    def first_order(self) -> tuple[list[int], int]:
        """An order, and how many crossings it has."""
        blocks, links = self.built()
        return ordered(blocks, links, _depth_first(blocks, links))

    def divided(self, order: list[int], crossings: int) -> list[int]:
        """Take wires out of their bus where that makes fewer crossings: one above, one below of what is between."""
        tries, fewest = 0, crossings
        for bus in list(self.buses):
            far = self._far(bus)
            for s in far if len(far) > 1 else ():
                if not fewest or tries >= _SPLITS or len(bus.segments) < 2:
                    break
                tries += 1
                rest = tuple(other for other in bus.segments if other != s)
                before = list(self.buses)
                halves = replace(bus, segments=rest), replace(bus, segments=(s,))
                start = self._with(order, self.buses.index(bus), halves)
                blocks, links = self.built()
                found, count = ordered(blocks, links, start, _TRIAL, starts=False)
                if count < fewest:
                    order, fewest, bus = found, count, halves[0]
                else:
                    self.buses = before
        if 0 < fewest < crossings:
            blocks, links = self.built()
            order, _ = ordered(blocks, links, order)
        return order

    def _far(self, bus: Bus) -> list[int]:
        """The segments of a bus that aren't short anyway, the longest first."""
        rank, ends = self.wiring.rank, {s: self.wiring.segments[s].end for s in bus.segments}
        far = [s for s, end in ends.items() if rank[end] > rank[bus.source] + 1]
        return sorted(far, key=lambda s: -rank[ends[s]])

    def _with(self, order: Sequence[int], where: int, halves: tuple[Bus, Bus]) -> list[int]:
        """Replace a bus by two; the order with both where the one was."""
        self.built()
        old = {line: b for b, line in enumerate(self.lines) if line >= 0}
        self.buses[where : where + 1] = halves
        self.built()
        found: list[int] = []
        for number in order:
            if number < len(self.fixed):
                found.append(number)
                continue
            b = old[number]
            heirs = (b,) if b < where else (b + 1,) if b > where else (b, b + 1)
            found += [self.lines[heir] for heir in heirs if self.lines[heir] >= 0]
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
