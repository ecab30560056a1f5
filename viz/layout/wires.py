"""Wires: the waypoints where they enter and leave clusters and bands, and the buses that those of one node share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .ranks import acyclic, ranked

Home = tuple[int, ...]
_LONGEST = 20_000  # ranks that all buses together may span (or three times as many as there are nodes)


@dataclass(frozen=True)
class Segment:
    """A wire, or the part of a wire between two waypoints.

    Attributes:
        start, end: nodes or waypoints.
        port: how far below the middle of ``end`` it arrives.
    """

    start: int
    end: int
    port: float = 0.0


@dataclass(frozen=True)
class Bus:
    """Segments from one place that run together as far as they go the same way.

    Attributes:
        source: the node or waypoint.
        segments: their numbers.
        home: the clusters around it, outermost first.
    """

    source: int
    segments: tuple[int, ...]
    home: Home


@dataclass
class Wiring:
    """Items are nodes (0 to n - 1, in the order of the view), then waypoints, then buses.

    A wire enters a cluster at its first rank and leaves it at its last one, so that it has its place in there, and so
    that a cluster looks the same whatever is outside. It also goes on from band to band through two waypoints.

    Attributes:
        n: how many nodes there are.
        pairs: the edges.
        ports: for each edge the offset of its port from the middle of the target.
        rank: of each item; of a bus the first.
        home: the clusters (once it is `broken`: their parts) around each item, outermost first.
        parts: the cluster and the band of each part.
        backward: edges that point leftwards.
        around: edges that run below everything: those, and, where there are more long wires than can be seen, the
            longest.
        exits: the last ranks of all bands but the last; the wires that go on stand there and in the next rank.
        segments: of all wires.
        into: for each waypoint the segment that leads to it.
        last: for each edge its last segment; -1 for those in ``around``.
        starts, ends: the waypoints at which buses start and end.
        buses: what is still to be laid.
        line: for each segment the item of its bus; -1 where it needs none.
    """

    n: int
    pairs: list[tuple[int, int]]
    ports: list[float]
    rank: list[int]
    home: list[Home]
    backward: set[int]
    parts: list[tuple[int, int]] = field(default_factory=list)
    around: set[int] = field(default_factory=set)
    exits: set[int] = field(default_factory=set)
    segments: list[Segment] = field(default_factory=list)
    into: dict[int, int] = field(default_factory=dict)
    last: list[int] = field(default_factory=list)
    starts: set[int] = field(default_factory=set)
    ends: set[int] = field(default_factory=set)
    buses: list[Bus] = field(default_factory=list)
    line: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, pairs: list[tuple[int, int]], ports: list[float], home: list[Home], clusters: int) -> Wiring:
        """Rank the nodes; no wires yet."""
        forward = acyclic(len(home), pairs)
        ahead = [pair for pair, ok in zip(pairs, forward, strict=True) if ok]
        backward = {k for k, ok in enumerate(forward) if not ok}
        return cls(len(home), pairs, ports, ranked(home, ahead, clusters), home, backward)

    def broken(self, cuts: Sequence[int]) -> Wiring:
        """The same with wires, and with two more ranks, for the wires that go on, before each rank of ``cuts``."""
        band = [sum(cut <= r for cut in cuts) for r in range(max(self.rank, default=0) + 1)]
        rank = [r + 2 * band[r] for r in self.rank]
        parts = sorted({(cluster, band[r]) for home, r in zip(self.home, self.rank, strict=True) for cluster in home})
        number = {part: i for i, part in enumerate(parts)}
        home = [tuple(number[c, band[r]] for c in home) for home, r in zip(self.home, self.rank, strict=True)]
        exits = {cut + 2 * i for i, cut in enumerate(sorted(cuts))}
        wiring = Wiring(self.n, self.pairs, self.ports, rank, home, self.backward, parts, exits=exits)
        wiring.around = self.backward | wiring._too_long()
        _Ways(wiring).lay_out()
        return wiring

    def bands(self) -> list[int]:
        """The band of each rank."""
        bands = [0]
        for rank in range(max(self.rank, default=0)):
            bands.append(bands[-1] + (rank in self.exits))
        return bands

    def span(self, bus: Bus) -> tuple[int, int]:
        """The first and the last rank between the source of a bus and its farthest end."""
        return self.rank[bus.source] + 1, max(self.rank[self.segments[s].end] for s in bus.segments) - 1

    def lay(self, bus: Bus, first: int) -> int:
        """Make the item of a bus, which begins at this rank."""
        item = len(self.rank)
        self.rank.append(first)
        self.home.append(bus.home)
        for s in bus.segments:
            end = self.segments[s].end
            if self.rank[end] > self.rank[bus.source] + 1 or end in self.ends or bus.source in self.starts:
                self.line[s] = item
        return item

    def _too_long(self) -> set[int]:
        """The longest wires, until buses are about as many ranks long as there are nodes: else a sum over all of a long
        chain would be quadratic."""
        reach = self.rank[: self.n]
        for k, (source, target) in enumerate(self.pairs):
            if k not in self.backward:
                reach[source] = max(reach[source], self.rank[target])
        left = max(_LONGEST, 3 * self.n)
        dropped = set()
        for length, source in sorted((r - self.rank[i] - 1, i) for i, r in enumerate(reach)):
            left -= max(0, length)
            if left < 0:
                dropped.add(source)
        return {k for k, (a, b) in enumerate(self.pairs) if a in dropped and self.rank[b] > self.rank[a] + 1}


class _Ways:
    """Finds the waypoints and segments of all edges."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.bands = wiring.bands()
        self.first: dict[int, int] = {}
        self.final: dict[int, int] = {}
        for home, rank in zip(wiring.home, wiring.rank, strict=True):
            for part in home:
                self.first[part] = min(self.first.get(part, rank), rank)
                self.final[part] = max(self.final.get(part, rank), rank)
        self.leaving: dict[tuple[int, int], int] = {}  # (node, part): where its wires leave it
        self.going_on: dict[int, list[int]] = defaultdict(list)  # the waypoints at which a node's wires enter bands

    def lay_out(self) -> None:
        wiring = self.wiring
        for k, (source, target) in enumerate(wiring.pairs):
            if k in wiring.around:
                wiring.last.append(-1)
                continue
            here = self._into_cluster(self._into_band(self._out_of_cluster(source, target), source, target), target)
            wiring.last.append(self._segment(here, target, wiring.ports[k]))
        groups: dict[tuple[int, Home], list[int]] = defaultdict(list)
        for s, segment in enumerate(wiring.segments):
            home = common(wiring.home[segment.start], wiring.home[segment.end])
            groups[segment.start, home].append(s)
        wiring.buses = [Bus(source, tuple(segments), home) for (source, home), segments in groups.items()]
        wiring.line = [-1] * len(wiring.segments)

    def _out_of_cluster(self, source: int, target: int) -> int:
        wiring, here = self.wiring, source
        inside = len(common(wiring.home[source], wiring.home[target]))
        for depth in range(len(wiring.home[source]), inside, -1):
            part = wiring.home[source][depth - 1]
            if wiring.rank[here] < self.final[part] < wiring.rank[target]:
                if (source, part) not in self.leaving:
                    point = self._waypoint(here, self.final[part], wiring.home[source][:depth])
                    wiring.ends.add(point)
                    self.leaving[source, part] = point
                here = self.leaving[source, part]
        return here

    def _into_band(self, here: int, source: int, target: int) -> int:
        wiring, found = self.wiring, self.going_on[source]
        bands = self.bands[wiring.rank[target]] - self.bands[wiring.rank[source]]
        while len(found) < bands:
            here = found[-1] if found else here
            rank = self._next_exit(here)
            exit_ = self._waypoint(here, rank, ())
            entry = self._waypoint(exit_, rank + 1, ())
            wiring.ends.add(exit_)
            wiring.starts.add(entry)
            found.append(entry)
        return found[bands - 1] if bands else here

    def _next_exit(self, here: int) -> int:
        rank = self.wiring.rank[here]
        while rank not in self.wiring.exits:
            rank += 1
        return rank

    def _into_cluster(self, here: int, target: int) -> int:
        wiring = self.wiring
        homes = wiring.home[target]
        for depth, part in enumerate(homes):
            if depth + 1 < len(homes) and self.first[homes[depth + 1]] == self.first[part]:
                continue  # the inner one has the place
            outside = wiring.home[here][: depth + 1] != homes[: depth + 1]
            if outside and wiring.rank[here] < self.first[part] < wiring.rank[target]:
                here = self._waypoint(here, self.first[part], homes[: depth + 1])
                wiring.starts.add(here)
        return here

    def _waypoint(self, here: int, rank: int, home: Home) -> int:
        wiring = self.wiring
        wiring.rank.append(rank)
        wiring.home.append(home)
        point = len(wiring.rank) - 1
        wiring.into[point] = self._segment(here, point, 0.0)
        return point

    def _segment(self, start: int, end: int, port: float) -> int:
        self.wiring.segments.append(Segment(start, end, port))
        return len(self.wiring.segments) - 1


def common(a: Home, b: Home) -> Home:
    """The clusters that both share, from the outermost on.

    >>> common((0, 1, 2), (0, 1, 3))
    (0, 1)
    """
    length = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        length += 1
    return a[:length]
