"""Which rank (column) each node stands in, such that wires point rightwards and are short.

Ranks are found from the inside to the outside: a cluster has ranks of its own, counted from 0, and is then moved as one
thing by the cluster around it, right of all that feeds it and left of all that it feeds. So its ranks are the same
wherever it stands. Only where modules feed each other to and fro their frames can't be side by side: those are opened,
and their nodes ranked together with what is around them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from .simplex import Arc, tighten

Pair = tuple[int, int]
_WORK = 3_000_000  # points that the search for short wires may visit
_SMALL = 3_000  # up to so many things in a cluster it is searched; else a pull to the first use must do
_WIRE = 2.0  # what a rank of a wire costs


def acyclic(n: int, pairs: Sequence[Pair]) -> list[bool]:
    """For each edge whether it may point rightwards: False for those that close a cycle (a module used twice).

    >>> acyclic(2, [(0, 1), (1, 0)])
    [True, False]
    """
    outgoing: list[list[int]] = [[] for _ in range(n)]
    for k, (a, _) in enumerate(pairs):
        outgoing[a].append(k)
    state = [0] * n  # 0 new, 1 on the path, 2 done
    forward = [True] * len(pairs)
    for start in range(n):
        if state[start]:
            continue
        stack = [(start, iter(outgoing[start]))]
        state[start] = 1
        while stack:
            node, edges = stack[-1]
            k = next(edges, -1)
            if k < 0:
                state[node] = 2
                stack.pop()
                continue
            b = pairs[k][1]
            forward[k] = state[b] != 1
            if state[b] == 0:
                state[b] = 1
                stack.append((b, iter(outgoing[b])))
    return forward


def ranked(homes: Sequence[tuple[int, ...]], pairs: Sequence[Pair], clusters: int) -> list[int]:
    """The rank of each node, from 0 on.

    Args:
        homes: the clusters around each node, outermost first, as numbers; an inner one's is the larger.
        pairs: the edges, without cycles.
        clusters: how many there are.
    """
    return _Ranks(homes, pairs, clusters).rank


class _Ranks:
    """Things are nodes (0 to n - 1) and clusters (from n on); ``parts`` of a thing and where they stand in it."""

    def __init__(self, homes: Sequence[tuple[int, ...]], pairs: Sequence[Pair], clusters: int) -> None:
        self.n = n = len(homes)
        self.rank = [0] * n
        self.parts: dict[int, list[tuple[int, int]]] = {}
        self.length = [1] * (n + clusters)
        inside: dict[int, list[int]] = defaultdict(list)  # -1: outside of all
        parent: dict[int, int] = {}
        for node, home in enumerate(homes):
            inside[home[-1] if home else -1].append(node)
            parent.update(zip(home, (-1, *home), strict=False))
        self.pairs: dict[int, list[Pair]] = defaultdict(list)
        for pair in pairs:
            self.pairs[_shared(homes[pair[0]], homes[pair[1]])].append(pair)
        for cluster in (*sorted(parent, reverse=True), -1):
            things = sorted(inside[cluster], key=lambda t: (t >= n, t))
            self._rank(cluster, things)
            if cluster >= 0:
                inside[parent[cluster]].append(n + cluster)

    def _members(self, thing: int) -> Iterator[tuple[int, int]]:
        """The nodes of a thing, and their ranks in it."""
        stack = [(thing, 0)]
        while stack:
            top, offset = stack.pop()
            if top < self.n:
                yield top, offset
            else:
                stack.extend((part, offset + place) for part, place in self.parts[top])

    def _rank(self, cluster: int, things: list[int]) -> None:
        pairs = self.pairs[cluster]
        while True:
            owner = {node: k for k, thing in enumerate(things) for node, _ in self._members(thing)}
            joins = [(owner[a], owner[b]) for a, b in pairs]
            knots = {k for knot in _knots(len(things), joins) for k in knot if things[k] >= self.n}
            if not knots:
                break
            for k in sorted(knots):
                pairs = pairs + self.pairs[things[k] - self.n]
            opened = [[part for part, _ in self.parts[t]] if k in knots else [t] for k, t in enumerate(things)]
            things = [part for parts in opened for part in parts]
        self.pairs[cluster] = pairs
        arcs = [(a, b, self.length[things[a]]) for a, b in joins]
        place = _longest_paths(len(things), arcs)
        if len(things) <= _SMALL:
            place = _shortened(place, arcs, [a for a, _ in pairs])
        else:
            _pull(place, arcs)
        first = min(place, default=0)
        place = [p - first for p in place]
        if cluster >= 0:
            self.parts[self.n + cluster] = list(zip(things, place, strict=True))
            ends = [p + self.length[t] for t, p in zip(things, place, strict=True)]
            self.length[self.n + cluster] = max(ends, default=1)
            return
        for thing, start in zip(things, place, strict=True):
            for node, offset in self._members(thing):
                self.rank[node] = start + offset


def _shared(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """The innermost cluster that two nodes have in common; -1 for none."""
    shared = -1
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        shared = one
    return shared


def _longest_paths(n: int, arcs: Sequence[tuple[int, int, int]]) -> list[int]:
    outs: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    waiting = [0] * n
    for a, b, least in arcs:
        outs[a].append((b, least))
        waiting[b] += 1
    rank = [0] * n
    order = [i for i in range(n) if not waiting[i]]
    for a in order:  # grows while it is read
        for b, least in outs[a]:
            rank[b] = max(rank[b], rank[a] + least)
            waiting[b] -= 1
            if not waiting[b]:
                order.append(b)
    return rank


def _shortened(place: list[int], arcs: Sequence[tuple[int, int, int]], sources: Sequence[int]) -> list[int]:
    """The places with the least total length of wires. The wires of one node share a bus: the longest one counts."""
    uses: dict[int, list[int]] = defaultdict(list)
    for k, source in enumerate(sources):
        uses[source].append(k)
    start = [float(p) for p in place]
    costs: list[Arc] = []
    for ks in uses.values():
        costs += [(*arcs[k], _WIRE if len(ks) == 1 else 0.0) for k in ks]
        if len(ks) > 1:  # the end of the bus: a point right of all users
            end = len(start)
            start.append(max(start[arcs[k][1]] for k in ks))
            costs += [(arcs[k][1], end, 0.0, 0.0) for k in ks]
            costs.append((arcs[ks[0]][0], end, 0.0, _WIRE))
    return [round(x) for x in tighten(start, costs, _WORK)[: len(place)]]


def _pull(rank: list[int], arcs: Sequence[tuple[int, int, int]]) -> None:
    """Move what is cheap to move to its first use: leaves, and products of a leaf and a number with a bus."""
    n = len(rank)
    outs: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    ins: list[list[int]] = [[] for _ in range(n)]
    for a, b, least in arcs:
        outs[a].append((b, least))
        ins[b].append(a)
    for v in sorted(range(n), key=rank.__getitem__, reverse=True):
        if outs[v] and all(not ins[a] or len(outs[a]) > 1 for a in ins[v]):
            rank[v] = max(rank[v], min(rank[b] - least for b, least in outs[v]))


def _knots(n: int, pairs: Sequence[Pair]) -> list[list[int]]:
    """What can reach each other: strongly connected components of two and more (Tarjan 1972, without recursion)."""
    outs: list[list[int]] = [[] for _ in range(n)]
    for a, b in pairs:
        outs[a].append(b)
    low, number = [0] * n, [0] * n  # 0: not seen
    held, stack, found = [False] * n, list[int](), list[list[int]]()
    count = 0
    for root in range(n):
        if number[root]:
            continue
        count += 1
        number[root] = low[root] = count
        held[root] = True
        stack.append(root)
        path = [(root, iter(outs[root]))]
        while path:
            v, ways = path[-1]
            w = next(ways, -1)
            if w >= 0:
                if not number[w]:
                    count += 1
                    number[w] = low[w] = count
                    held[w] = True
                    stack.append(w)
                    path.append((w, iter(outs[w])))
                elif held[w]:
                    low[v] = min(low[v], number[w])
                continue
            path.pop()
            if path:
                low[path[-1][0]] = min(low[path[-1][0]], low[v])
            if low[v] == number[v]:
                knot: list[int] = []
                while not knot or knot[-1] != v:
                    knot.append(stack.pop())
                    held[knot[-1]] = False
                if len(knot) > 1:
                    found.append(knot)
    return found
