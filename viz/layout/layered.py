"""Our own layered layout, in the manner of Sugiyama: ranks, order in each rank, coordinates, routes.

K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE Transactions
on Systems, Man, and Cybernetics 11 (1981). Two things differ from the textbook, to stay linear on networks of numbers:
all long edges of one node share one chain of dummies (a bus), and clusters are laid out from the inside to the outside,
each then being a rigid rectangle for the cluster around it (`rigid.py`), so that frames never overlap.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ..graph.view import GraphView
from .arrange import Box, Layout, Place, Point
from .rigid import Block, Join, pack
from .rows import settle

_FRAME = 8.0  # between a frame and what is in it
_TITLE = 18.0  # for the name of a cluster
_RANK_GAP = 36.0
_MARGIN = 16.0
_BENDS_SHOWN = 64
_OUTSIDE = -1  # the "cluster" around everything


def layered_layout(view: GraphView, boxes: Mapping[str, Box]) -> Layout:
    """Place the nodes of ``view`` in ranks from left to right; about linear time, deterministic."""
    return _Layered(view, boxes).layout()


class _Layered:
    """Items are nodes (0 to n - 1, in the order of the view) followed by dummies; each stands in one rank."""

    def __init__(self, view: GraphView, boxes: Mapping[str, Box]) -> None:
        self.view = view
        self.index = {node.id: i for i, node in enumerate(view.nodes)}
        self.boxes = [boxes[node.id] for node in view.nodes]
        self.pairs = [(self.index[e.source], self.index[e.target]) for e in view.edges]
        self.ports = self._edge_ports()
        self.home = self._homes()
        self.forward = _acyclic(len(self.boxes), self.pairs)
        self.rank = self._ranks()
        self.half = [box.height / 2 for box in self.boxes]
        self.joins: list[Join] = []
        self.bus: list[list[int]] = [[] for _ in self.boxes]
        self._wire()

    def _edge_ports(self) -> list[float]:
        arrived: dict[int, int] = defaultdict(int)
        offsets = []
        for _, target in self.pairs:
            ports = self.boxes[target].ports
            offsets.append(ports[min(arrived[target], len(ports) - 1)])
            arrived[target] += 1
        return offsets

    def _homes(self) -> list[tuple[int, ...]]:
        """The clusters around each node, outermost first, as numbers."""
        around: dict[str, tuple[int, ...]] = {"": ()}
        homes: list[tuple[int, ...]] = [() for _ in self.view.nodes]
        for number, cluster in enumerate(self.view.clusters):
            around[cluster.path] = (*around[cluster.parent], number)
            for node in cluster.nodes:
                homes[self.index[node]] = around[cluster.path]
        return homes

    def _ranks(self) -> list[int]:
        pairs = [pair for pair, ok in zip(self.pairs, self.forward, strict=True) if ok]
        made = {b for _, b in pairs}
        # a module's own leaves (parameters) stand one rank before their first use: from another module to there it is
        # two ranks, so that layers stand side by side
        led = {b for a, b in pairs if a not in made and self.home[a] and self.home[a][:1] == self.home[b][:1]}
        steps = []
        for a, b in pairs:
            foreign = bool(self.home[a]) and self.home[a][:1] != self.home[b][:1]
            steps.append((a, b, 2 if foreign and b in led else 1))
        return _longest_paths(steps, self.home)

    def _wire(self) -> None:
        """Split each edge into steps of one rank, along dummies that the edges of one source share."""
        targets: dict[int, list[int]] = defaultdict(list)
        for k, (source, _) in enumerate(self.pairs):
            if self.forward[k]:
                targets[source].append(k)
        for source, edges in targets.items():
            reach = max(self.rank[self.pairs[k][1]] for k in edges)
            home = _common([self.home[source], *(self.home[self.pairs[k][1]] for k in edges)])
            chain = [source]
            for rank in range(self.rank[source] + 1, reach):
                chain.append(self._dummy(rank, home))
                self.joins.append((chain[-2], chain[-1], 0.0))
            for k in edges:
                target = self.pairs[k][1]
                self.joins.append((chain[self.rank[target] - self.rank[source] - 1], target, self.ports[k]))
            self.bus[source] = chain

    def _dummy(self, rank: int, home: tuple[int, ...]) -> int:
        self.rank.append(rank)
        self.home.append(home)
        self.half.append(0.0)
        return len(self.rank) - 1

    # Heights --------------------------------------------------------------------------------------------------

    def _place(self) -> tuple[list[float], dict[int, Block]]:
        """The y of each item, and where each cluster ended."""
        order = _depth_first(len(self.rank), self.joins)
        inside: dict[int, list[int]] = defaultdict(list)
        for item in order:
            inside[self.home[item][-1] if self.home[item] else _OUTSIDE].append(item)
        joins: dict[int, list[Join]] = defaultdict(list)
        for join in self.joins:
            shared = _common([self.home[join[0]], self.home[join[1]]])
            joins[shared[-1] if shared else _OUTSIDE].append(join)
        when = {item: i for i, item in enumerate(order)}
        number = {c.path: i for i, c in enumerate(self.view.clusters)} | {"": _OUTSIDE}
        blocks: dict[int, Block] = {}
        parts: dict[int, list[Block]] = defaultdict(list)
        for cluster in (*range(len(self.view.clusters) - 1, -1, -1), _OUTSIDE):
            children = parts[cluster]
            if children:
                loose = [Block.of(items, self.rank, self.half) for items in self._loose(inside[cluster])]
                together = sorted([*children, *loose], key=lambda block: min(when[i] for i in block.ys))
                block = pack(together, joins[cluster])
            else:
                ys = settle(inside[cluster], self.rank, self.half, joins[cluster])
                block = Block.at(ys, self.rank, self.half)
            if cluster != _OUTSIDE:
                block = block.framed(_FRAME, _TITLE)
                parts[number[self.view.clusters[cluster].parent]].append(block)
            blocks[cluster] = block
        return [blocks[_OUTSIDE].ys[i] for i in range(len(self.rank))], blocks

    def _loose(self, items: Sequence[int]) -> list[list[int]]:
        """Nodes one by one, buses whole."""
        n = len(self.boxes)
        dummies = set(items)
        singles = [[item] for item in items if item < n]
        return singles + [chain[1:] for chain in self.bus if len(chain) > 1 and chain[1] in dummies]

    # Positions ------------------------------------------------------------------------------------------------

    def layout(self) -> Layout:
        y, blocks = self._place()
        top = blocks[_OUTSIDE].top if y else 0.0
        y = [value - top + _MARGIN for value in y]
        columns = self._columns(y)
        nodes = {}
        entered = {b for _, b, _ in self.joins}
        for i, (node, box) in enumerate(zip(self.view.nodes, self.boxes, strict=True)):
            start, lead, end = columns[self.rank[i]]
            x = start + lead if i in entered else end - box.width
            nodes[node.id] = Place(x, y[i] - box.height / 2, box.width, box.height, box.lead)
        edges = self._routes(columns, nodes, y)
        frames = self._frames(columns, blocks, y)
        shown = [point for outline in (*frames.values(), *edges) for point in outline]
        return Layout(
            max([p.right for p in nodes.values()] + [x for x, _ in shown], default=0.0) + _MARGIN,
            max([p.bottom for p in nodes.values()] + [y for _, y in shown], default=0.0) + _MARGIN,
            nodes,
            edges,
            frames,
            "layered",
        )

    def _columns(self, y: Sequence[float]) -> list[tuple[float, float, float]]:
        """For each rank: where it starts, the room for edge labels, where it ends."""
        rows: list[list[int]] = [[] for _ in range(max(self.rank, default=-1) + 1)]
        for i in range(len(self.boxes)):
            rows[self.rank[i]].append(i)
        steep = [0.0] * len(rows)
        for a, b, port in self.joins:
            steep[self.rank[a]] = max(steep[self.rank[a]], abs(y[a] - y[b] - port))
        entered = {b for _, b, _ in self.joins}
        columns = []
        room = 5.0 * max(map(len, self.home), default=0)  # for the frames that end between two ranks
        x = _MARGIN + room
        for r, row in enumerate(rows):
            lead = max((self.boxes[i].lead for i in row if i in entered), default=0.0)
            width = max((self.boxes[i].width for i in row), default=0.0)
            columns.append((x, lead, x + lead + width))
            x += lead + width + _RANK_GAP + min(60.0, steep[r] / 14) + room / 2
        return columns

    def _routes(
        self, columns: Sequence[tuple[float, float, float]], nodes: Mapping[str, Place], y: Sequence[float]
    ) -> tuple[tuple[Point, ...], ...]:
        routes = []
        bends = [self._bends(chain, y) for chain in self.bus]
        for k, (source, target) in enumerate(self.pairs):
            start, end = nodes[self.view.nodes[source].id], nodes[self.view.nodes[target].id]
            goal = (end.x, end.middle + self.ports[k])
            path: list[Point] = [(start.right, start.middle)]
            if self.forward[k]:
                last = self.rank[target] - 1
                runs = [run for run in bends[source][:_BENDS_SHOWN] if run[0] <= last]
                if len(runs) == _BENDS_SHOWN and last < self.rank[self.bus[source][-1]]:
                    # the longest edge shows the whole bus: this one shows where it leaves it, else many long edges
                    # would need quadratic room
                    place = bisect_right(bends[source], (last, math.inf, 0.0))
                    runs = bends[source][max(0, place - _BENDS_SHOWN) : place]
                    path = [(columns[runs[0][0]][0], runs[0][2])]
                elif len(runs) == _BENDS_SHOWN:
                    runs = bends[source]
                for first, reach, height in runs:
                    _curve(path, (columns[first][0], height))
                    _line(path, (columns[int(min(reach, last))][2], height))
                _curve(path, (end.x - end.lead, goal[1]))
            else:
                below = max(p.bottom for p in nodes.values() if end.x - 60 < p.right and p.x < start.right + 60)
                _detour(path, (end.x - end.lead, goal[1]), below + 14.0 + 8.0 * (k % 4))
            _line(path, goal)
            routes.append(tuple(path))
        return tuple(routes)

    def _bends(self, chain: Sequence[int], y: Sequence[float]) -> list[tuple[int, float, float]]:
        """The straight runs of a bus: first rank, last rank, height."""
        runs: list[tuple[int, float, float]] = []
        for dummy in chain[1:]:
            rank = self.rank[dummy]
            if runs and abs(runs[-1][2] - y[dummy]) < 0.05:
                runs[-1] = (runs[-1][0], rank, runs[-1][2])
            else:
                runs.append((rank, rank, y[dummy]))
        return runs

    def _frames(
        self, columns: Sequence[tuple[float, float, float]], blocks: Mapping[int, Block], y: Sequence[float]
    ) -> dict[str, tuple[Point, ...]]:
        depth = {"": 0}
        for cluster in self.view.clusters:
            depth[cluster.path] = depth[cluster.parent] + 1
        deepest = max(depth.values())
        frames: dict[str, tuple[Point, ...]] = {}
        for number, cluster in enumerate(self.view.clusters):
            block = blocks[number]
            item = next(iter(block.ys))
            shift = y[item] - block.ys[item]
            pad = 6.0 + 5.0 * (deepest - depth[cluster.path])
            left, right = columns[block.first][0] - pad, columns[block.last][2] + pad
            upper, lower = block.top + shift, block.bottom + shift
            frames[cluster.path] = ((left, upper), (right, upper), (right, lower), (left, lower))
        return frames


def _common(homes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The clusters that all of them share, from the outermost on."""
    first = homes[0]
    length = min(map(len, homes))
    for other in homes[1:]:
        while first[:length] != other[:length]:
            length -= 1
    return first[:length]


def _acyclic(n: int, pairs: Sequence[tuple[int, int]]) -> list[bool]:
    """For each edge whether it may point rightwards: False for those that close a cycle (a module used twice)."""
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


def _longest_paths(steps: Sequence[tuple[int, int, int]], home: Sequence[tuple[int, ...]]) -> list[int]:
    """Ranks by the longest path from the leaves; then what is cheap to move is pulled to its first use."""
    n = len(home)
    outs: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    ins: list[list[int]] = [[] for _ in range(n)]
    for a, b, length in steps:
        outs[a].append((b, length))
        ins[b].append(a)
    waiting = [len(sources) for sources in ins]
    rank = [0] * n
    order = [i for i in range(n) if not waiting[i]]
    for a in order:  # grows while it is read
        for b, length in outs[a]:
            rank[b] = max(rank[b], rank[a] + length)
            waiting[b] -= 1
            if not waiting[b]:
                order.append(b)
    # A product of a parameter and a shared number moves to its sum: the parameter comes along, and the shared number
    # (or one of another module) has a bus anyway. This keeps a sum of many products narrow.
    for v in reversed(order):
        if outs[v] and all(not ins[a] or len(outs[a]) > 1 or home[a] != home[v] for a in ins[v]):
            rank[v] = max(rank[v], min(rank[b] - length for b, length in outs[v]))
    first = min(rank, default=0)
    return [r - first for r in rank]


def _depth_first(n: int, joins: Sequence[Join]) -> list[int]:
    """All items, depth first from the outputs, operands from top to bottom: for a tree this has no crossing."""
    left: list[list[int]] = [[] for _ in range(n)]
    final = [True] * n
    for a, b, _ in joins:
        left[b].append(a)
        final[a] = False
    order: list[int] = []
    seen = [False] * n
    stack = [i for i in range(n) if final[i]]
    while stack:
        item = stack.pop()
        if not seen[item]:
            seen[item] = True
            order.append(item)
            stack.extend(a for a in reversed(left[item]) if not seen[a])
    return order


def _curve(path: list[Point], end: Point) -> None:
    (x, y), reach = path[-1], (end[0] - path[-1][0]) / 2
    path += [(x + reach, y), (end[0] - reach, end[1]), end]


def _line(path: list[Point], end: Point) -> None:
    (x, y) = path[-1]
    path += [((2 * x + end[0]) / 3, (2 * y + end[1]) / 3), ((x + 2 * end[0]) / 3, (y + 2 * end[1]) / 3), end]


def _detour(path: list[Point], end: Point, below: float) -> None:
    """Back to an earlier rank, under everything that is between."""
    (x, y), (goal_x, goal_y) = path[-1], end
    path += [(x + 26.0, y), (x + 26.0, below), (x - 10.0, below)]
    _line(path, (goal_x + 10.0, below))
    path += [(goal_x - 26.0, below), (goal_x - 26.0, goal_y), end]
