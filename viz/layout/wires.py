"""Long wires: the steps of one rank that they consist of, along buses that wires of one node share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .ranks import acyclic, ranked

Join = tuple[int, int, float]  # a left item, a right item one rank on, and the offset of the port at the right one
_LONGEST = 20_000  # ranks that all buses together may span (or three times as many as there are nodes)


@dataclass(frozen=True)
class Bus:
    """Edges of one node that run together as far as they go the same way.

    Attributes:
        source: the node.
        edges: their numbers.
        home: the clusters around it, outermost first.
    """

    source: int
    edges: tuple[int, ...]
    home: tuple[int, ...]


@dataclass
class Wiring:
    """Items are nodes (0 to n - 1, in the order of the view), then dummies; each stands in one rank.

    Attributes:
        n: how many nodes there are.
        pairs: the edges.
        ports: for each edge the offset of its port from the middle of the target.
        rank, home: of each item: where it stands, and the clusters (later: their parts) around it, outermost first.
        parts: the cluster and the band of each part.
        joins: what connects neighbouring ranks.
        buses: a node has a bus for those of its users that are in its own cluster, one for those in the cluster around,
            and so on, so that a cluster looks the same whatever is outside.
        chain: for each edge the node and the dummies of its bus.
        around: edges that have no bus, but run below everything: those that point leftwards, and, where there are more
            long wires than can be seen, the longest.
        backward: those of them that point leftwards.
        exits: the last ranks of all bands but the last; the wires that go on stand there and in the next rank.
    """

    n: int
    pairs: list[tuple[int, int]]
    ports: list[float]
    rank: list[int]
    home: list[tuple[int, ...]]
    parts: list[tuple[int, int]] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    buses: list[Bus] = field(default_factory=list)
    chain: list[list[int]] = field(default_factory=list)
    around: set[int] = field(default_factory=set)
    backward: set[int] = field(default_factory=set)
    exits: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, pairs: list[tuple[int, int]], ports: list[float], home: list[tuple[int, ...]], clusters: int) -> Wiring:
        """Rank the nodes; no wires yet."""
        forward = acyclic(len(home), pairs)
        ahead = [pair for pair, ok in zip(pairs, forward, strict=True) if ok]
        rank = ranked(home, ahead, clusters)
        backward = {k for k, ok in enumerate(forward) if not ok}
        return cls(len(home), pairs, ports, rank, list(home), backward=backward)

    def broken(self, cuts: Sequence[int]) -> Wiring:
        """The same with two more ranks, for the wires that go on, before each rank of ``cuts``; no wires yet.

        The homes of the new one are parts: a cluster, or as much of it as stands in one band.
        """
        rank = [r + 2 * sum(cut <= r for cut in cuts) for r in self.rank]
        exits = {cut + 2 * i for i, cut in enumerate(sorted(cuts))}
        band = [sum(cut <= r for cut in cuts) for r in self.rank]
        parts = sorted({(cluster, b) for home, b in zip(self.home, band, strict=True) for cluster in home})
        number = {part: i for i, part in enumerate(parts)}
        home = [tuple(number[cluster, b] for cluster in home) for home, b in zip(self.home, band, strict=True)]
        return Wiring(self.n, self.pairs, self.ports, rank, home, parts=parts, backward=self.backward, exits=exits)

    def wire(self) -> Wiring:
        """Gather the edges in buses, which `lay` makes dummies for."""
        uses: dict[int, list[int]] = defaultdict(list)
        for k, (source, _) in enumerate(self.pairs):
            if k not in self.backward:
                uses[source].append(k)
        self.around = self.backward | self._too_long(uses)
        self.chain = [[source] for source, _ in self.pairs]
        for source, edges in uses.items():
            levels: dict[tuple[int, ...], list[int]] = defaultdict(list)
            for k in edges:
                if k not in self.around:
                    levels[common(self.home[source], self.home[self.pairs[k][1]])].append(k)
            self.buses += [Bus(source, tuple(near), home) for home, near in levels.items()]
        return self

    def span(self, bus: Bus) -> tuple[int, int]:
        """The first rank of a bus, and the first rank behind it."""
        return self.rank[bus.source] + 1, max(self.rank[self.pairs[k][1]] for k in bus.edges)

    def lay(self, bus: Bus) -> list[int]:
        """Split the edges of a bus into steps of one rank; the dummies."""
        chain = [bus.source]
        for rank in range(*self.span(bus)):
            self.rank.append(rank)
            self.home.append(bus.home)
            chain.append(len(self.rank) - 1)
            self.joins.append((chain[-2], chain[-1], 0.0))
        for k in bus.edges:
            target = self.pairs[k][1]
            self.chain[k] = chain
            self.joins.append((chain[self.rank[target] - self.rank[bus.source] - 1], target, self.ports[k]))
        return chain[1:]

    def bands(self) -> list[int]:
        """The band of each rank."""
        bands = [0]
        for rank in range(max(self.rank, default=0)):
            bands.append(bands[-1] + (rank in self.exits))
        return bands

    def _too_long(self, uses: dict[int, list[int]]) -> set[int]:
        """The longest wires, until buses are about as many ranks long as there are nodes: else a sum over all of a long
        chain would be quadratic."""
        spans = sorted(
            (max(self.rank[self.pairs[k][1]] for k in edges) - self.rank[source], source)
            for source, edges in uses.items()
        )
        left = max(_LONGEST, 3 * self.n)
        found: set[int] = set()
        for span, source in spans:
            left -= span - 1
            if left < 0:
                found |= {k for k in uses[source] if self.rank[self.pairs[k][1]] > self.rank[source] + 1}
        return found


def common(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
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
