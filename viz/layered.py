"""Our own layered layout, in the manner of Sugiyama: ranks, order in each rank, coordinates, routes.

K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE Transactions
on Systems, Man, and Cybernetics 11 (1981). Two things differ from the textbook, to stay linear on networks of numbers:
all long edges of one node share one chain of dummies (a bus), and the coordinates of a rank are an exact least-squares
fit under the order (isotonic regression by pooling adjacent violators).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from viz.layout import Box, Layout, Place, Point
from viz.view import GraphView

__all__ = ["layered_layout"]

_NODE_GAP: Final = 16.0  # between two cards of a rank
_WIRE_GAP: Final = 9.0  # beside a dummy
_FRAME_GAP: Final = 12.0  # for each frame of a cluster that is crossed
_TITLE_GAP: Final = 16.0  # above the first card of a cluster
_RANK_GAP: Final = 34.0
_MARGIN: Final = 16.0
_SWEEPS: Final = 8


def layered_layout(view: GraphView, boxes: Mapping[str, Box]) -> Layout:
    """Place the nodes of `view` in ranks from left to right; about linear time, deterministic."""
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
        n = len(view.nodes)
        self.forward = _acyclic(n, self.pairs)
        self.rank = _ranks(n, [p for p, ok in zip(self.pairs, self.forward, strict=True) if ok])
        self.y = [0.0] * n
        self.left: list[list[tuple[int, float]]] = [[] for _ in range(n)]
        self.right: list[list[tuple[int, float]]] = [[] for _ in range(n)]
        self.bus: list[list[int]] = [[] for _ in range(n)]
        self._wire()
        self.rows: list[list[int]] = [[] for _ in range(max(self.rank, default=-1) + 1)]
        for item in self._first_order():
            self.rows[self.rank[item]].append(item)

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
        number = {c.path: i for i, c in enumerate(self.view.clusters)}
        around: dict[str, tuple[int, ...]] = {"": ()}
        homes: list[tuple[int, ...]] = [() for _ in self.view.nodes]
        for cluster in self.view.clusters:
            around[cluster.path] = (*around[cluster.parent], number[cluster.path])
            for node in cluster.nodes:
                homes[self.index[node]] = around[cluster.path]
        return homes

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
                self._join(chain[-2], chain[-1], 0.0)
            for k in edges:
                target = self.pairs[k][1]
                self._join(chain[self.rank[target] - self.rank[source] - 1], target, self.ports[k])
            self.bus[source] = chain

    def _dummy(self, rank: int, home: tuple[int, ...]) -> int:
        self.rank.append(rank)
        self.home.append(home)
        self.y.append(0.0)
        self.left.append([])
        self.right.append([])
        return len(self.rank) - 1

    def _join(self, a: int, b: int, port: float) -> None:
        self.right[a].append((b, port))
        self.left[b].append((a, port))

    def _first_order(self) -> list[int]:
        """Depth first from the outputs, operands from top to bottom: for a tree this has no crossing."""
        order: list[int] = []
        seen = [False] * len(self.rank)
        stack = [i for i in range(len(self.rank)) if not self.right[i]]
        while stack:
            item = stack.pop()
            if seen[item]:
                continue
            seen[item] = True
            order.append(item)
            stack.extend(a for a, _ in reversed(self.left[item]) if not seen[a])
        return order + [i for i in range(len(seen)) if not seen[i]]

    # Order and coordinates ------------------------------------------------------------------------------------

    def _settle(self) -> None:
        best: tuple[int, list[list[int]]] | None = None
        small = len(self.rank) < 1_500
        self._index_positions()
        for sweep in range(_SWEEPS):
            self._sort_rows(sweep % 2 == 0)
            if small:
                crossings = self._crossings()
                if best is None or crossings < best[0]:
                    best = (crossings, [list(row) for row in self.rows])
        if best is not None:
            self.rows = best[1]
        self._coordinates(6)

    def _index_positions(self) -> None:
        for row in self.rows:
            for place, item in enumerate(row):
                self.y[item] = place - (len(row) - 1) / 2

    def _sort_rows(self, rightwards: bool) -> None:
        """Sort each rank by the mean of its neighbours; a cluster moves as one, by its mean over all ranks."""
        means = self._cluster_means()
        y = self.y
        rows = self.rows if rightwards else self.rows[::-1]
        near = self.left if rightwards else self.right
        for row in rows:
            wish = {}
            for item in row:
                neighbours = near[item]
                wish[item] = (
                    sum(y[a] for a, _ in neighbours) / len(neighbours) if neighbours else y[item]
                )
            row.sort(key=lambda item: (*((means[c], c) for c in self.home[item]), (wish[item], -1)))  # noqa: B023
            for place, item in enumerate(row):
                y[item] = place - (len(row) - 1) / 2

    def _cluster_means(self) -> list[float]:
        total = [0.0] * len(self.view.clusters)
        count = [0] * len(total)
        for item, clusters in enumerate(self.home):
            for c in clusters:
                total[c] += self.y[item]
                count[c] += 1
        return [t / k if k else 0.0 for t, k in zip(total, count, strict=True)]

    def _crossings(self) -> int:
        place = {item: i for row in self.rows for i, item in enumerate(row)}
        crossings = 0
        for row in self.rows:
            ends = [
                (place[b], port) for a in row for b, port in sorted(self.right[a], key=lambda s: (place[s[0]], s[1]))
            ]
            crossings += _inversions(ends)
        return crossings

    def _coordinates(self, sweeps: int) -> None:
        gaps = [self._gaps(row) for row in self.rows]
        for row, gap in zip(self.rows, gaps, strict=True):
            start = -sum(gap) / 2
            for i, item in enumerate(row):
                self.y[item] = start
                start += gap[i] if i < len(gap) else 0.0
        for sweep in range(sweeps):
            both = sweep >= sweeps - 2
            order = range(len(self.rows)) if sweep % 2 == 0 else range(len(self.rows) - 1, -1, -1)
            for r in order:
                self._fit(self.rows[r], gaps[r], sweep % 2 == 0 or both, sweep % 2 == 1 or both)

    def _gaps(self, row: Sequence[int]) -> list[float]:
        gaps = []
        n = len(self.boxes)
        for a, b in zip(row, row[1:], strict=False):
            shared = len(_common([self.home[a], self.home[b]]))
            leaving, entering = len(self.home[a]) - shared, len(self.home[b]) - shared
            half_a = self.boxes[a].height / 2 if a < n else 0.0
            half_b = self.boxes[b].height / 2 if b < n else 0.0
            gap = _NODE_GAP if a < n and b < n else _WIRE_GAP
            gaps.append(half_a + half_b + gap + _FRAME_GAP * (leaving + entering) + _TITLE_GAP * entering)
        return gaps

    def _fit(self, row: Sequence[int], gaps: Sequence[float], left: bool, right: bool) -> None:
        wishes: list[float] = []
        weights: list[float] = []
        n = len(self.boxes)
        for item in row:
            total = weight = 0.0
            if left:
                for a, port in self.left[item]:
                    pull = 4.0 if item >= n and a >= n else 1.0  # a bus should be straight
                    total += pull * (self.y[a] - port)
                    weight += pull
            if right:
                for b, port in self.right[item]:
                    pull = 4.0 if item >= n and b >= n else 1.0
                    total += pull * (self.y[b] + port)
                    weight += pull
            wishes.append(total / weight if weight else self.y[item])
            weights.append(weight or 0.01)
        for item, y in zip(row, _isotonic(wishes, weights, gaps), strict=True):
            self.y[item] = y

    # Positions ------------------------------------------------------------------------------------------------

    def layout(self) -> Layout:
        self._settle()
        columns = self._columns()
        frames = self._frames(columns)
        top = min(
            [self.y[i] - b.height / 2 for i, b in enumerate(self.boxes)]
            + [y for outline in frames.values() for _, y in outline]
            + [self.y[i] for i in range(len(self.boxes), len(self.y))],
            default=0.0,
        )
        shift = _MARGIN - top
        self.y = [y + shift for y in self.y]
        frames = {path: tuple((x, y + shift) for x, y in outline) for path, outline in frames.items()}
        nodes = {}
        for i, (node, box) in enumerate(zip(self.view.nodes, self.boxes, strict=True)):
            start, lead, end = columns[self.rank[i]]
            x = start + lead if self.left[i] else end - box.width
            nodes[node.id] = Place(x, self.y[i] - box.height / 2, box.width, box.height, box.lead)
        edges = self._routes(columns, nodes)
        xs = [x for outline in frames.values() for x, _ in outline] + [p.right for p in nodes.values()]
        ys = [y for outline in frames.values() for _, y in outline] + [p.bottom for p in nodes.values()]
        ys += [y for edge in edges for _, y in edge]
        return Layout(
            max(xs, default=0.0) + _MARGIN, max(ys, default=0.0) + _MARGIN, nodes, edges, frames, "layered"
        )

    def _columns(self) -> list[tuple[float, float, float]]:
        """For each rank: where it starts, the room for edge labels, where it ends."""
        columns = []
        x = _MARGIN + (6.0 + max(map(len, self.home), default=0) * 4.0 if self.view.clusters else 0.0)
        n = len(self.boxes)
        for row in self.rows:
            boxes = [self.boxes[i] for i in row if i < n]
            lead = max((self.boxes[i].lead for i in row if i < n and self.left[i]), default=0.0)
            width = max((b.width for b in boxes), default=0.0)
            columns.append((x, lead, x + lead + width))
            steep = max((abs(self.y[a] - self.y[b]) for a in row for b, _ in self.right[a]), default=0.0)
            x += lead + width + _RANK_GAP + min(70.0, steep / 14)
        return columns

    def _routes(
        self, columns: Sequence[tuple[float, float, float]], nodes: Mapping[str, Place]
    ) -> tuple[tuple[Point, ...], ...]:
        routes = []
        for k, (source, target) in enumerate(self.pairs):
            start, end = nodes[self.view.nodes[source].id], nodes[self.view.nodes[target].id]
            goal = (end.x, end.middle + self.ports[k])
            path: list[Point] = [(start.right, start.middle)]
            if self.forward[k]:
                for dummy in self.bus[source][1 : self.rank[target] - self.rank[source]]:
                    column = columns[self.rank[dummy]]
                    _curve(path, (column[0], self.y[dummy]))
                    _line(path, (column[2], self.y[dummy]))
                _curve(path, (end.x - end.lead, goal[1]))
                _line(path, goal)
            else:
                _detour(path, (end.x - end.lead, goal[1]), min(start.y, end.y) - 30.0)
                _line(path, goal)
            routes.append(tuple(path))
        return tuple(routes)

    def _frames(self, columns: Sequence[tuple[float, float, float]]) -> dict[str, tuple[Point, ...]]:
        spans: list[dict[int, tuple[float, float]]] = [{} for _ in self.view.clusters]
        n = len(self.boxes)
        for item, clusters in enumerate(self.home):
            half = self.boxes[item].height / 2 if item < n else 0.0
            top, bottom = self.y[item] - half, self.y[item] + half
            for level, c in enumerate(clusters):
                pad = 5.0 + 6.0 * (len(clusters) - 1 - level)
                title = _TITLE_GAP * (len(clusters) - level)
                span = spans[c].get(self.rank[item], (top - pad - title, bottom + pad))
                spans[c][self.rank[item]] = (min(span[0], top - pad - title), max(span[1], bottom + pad))
        depth = _depths(self.view)
        deepest = max(depth, default=0)
        return {
            cluster.path: self._outline(c, spans[c], columns, 6.0 + 4.0 * (deepest - depth[c]))
            for c, cluster in enumerate(self.view.clusters)
            if spans[c]
        }

    def _outline(
        self,
        cluster: int,
        spans: Mapping[int, tuple[float, float]],
        columns: Sequence[tuple[float, float, float]],
        pad: float,
    ) -> tuple[Point, ...]:
        """A rectangle if nothing foreign is inside it, else a band that follows the cluster from rank to rank."""
        ranks = sorted(spans)
        top, bottom = min(s[0] for s in spans.values()), max(s[1] for s in spans.values())
        if not self._foreign(cluster, range(ranks[0], ranks[-1] + 1), top, bottom):
            spans = {ranks[0]: (top, bottom), ranks[-1]: (top, bottom)}
            ranks = sorted(spans)
        upper: list[Point] = []
        lower: list[Point] = []
        for r in ranks:
            for x in (columns[r][0] - pad, columns[r][2] + pad):
                upper.append((x, spans[r][0]))
                lower.append((x, spans[r][1]))
        return _straightened(upper + lower[::-1])

    def _foreign(self, cluster: int, ranks: range, top: float, bottom: float) -> bool:
        n = len(self.boxes)
        for r in ranks:
            for item in self.rows[r]:
                half = self.boxes[item].height / 2 if item < n else 0.0
                if cluster not in self.home[item] and top < self.y[item] + half and self.y[item] - half < bottom:
                    return True
        return False


def _common(homes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The clusters that all of them share, from the outermost on."""
    first = homes[0]
    length = min(map(len, homes))
    for other in homes[1:]:
        while first[:length] != other[:length]:
            length -= 1
    return first[:length]


def _depths(view: GraphView) -> list[int]:
    depth = {"": 0}
    for cluster in view.clusters:
        depth[cluster.path] = depth[cluster.parent] + 1
    return [depth[cluster.path] for cluster in view.clusters]


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
            k = next(edges, None)
            if k is None:
                state[node] = 2
                stack.pop()
                continue
            b = pairs[k][1]
            forward[k] = state[b] != 1
            if state[b] == 0:
                state[b] = 1
                stack.append((b, iter(outgoing[b])))
    return forward


def _ranks(n: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Longest path from the leaves; then what is cheap to move is pulled to its first use."""
    outs: list[list[int]] = [[] for _ in range(n)]
    ins: list[list[int]] = [[] for _ in range(n)]
    for a, b in pairs:
        outs[a].append(b)
        ins[b].append(a)
    waiting = [len(sources) for sources in ins]
    rank = [0] * n
    order = [i for i in range(n) if not waiting[i]]
    for a in order:
        for b in outs[a]:
            rank[b] = max(rank[b], rank[a] + 1)
            waiting[b] -= 1
            if not waiting[b]:
                order.append(b)
    # A product of a parameter and a shared number moves to its sum: the parameter comes along, and the shared number
    # has a bus anyway. This keeps a sum of many products narrow.
    for v in reversed(order):
        if outs[v] and all(not ins[a] or len(outs[a]) > 1 for a in ins[v]):
            rank[v] = max(rank[v], min(rank[b] for b in outs[v]) - 1)
    return rank


def _inversions(ends: Sequence[tuple[int, float]]) -> int:
    """How many pairs of edges cross, by merge sort."""
    if len(ends) < 2:
        return 0
    half = len(ends) // 2
    a, b = ends[:half], ends[half:]
    count = _inversions(a) + _inversions(b)
    a, b = sorted(a), sorted(b)
    i = 0
    for end in b:
        while i < len(a) and a[i] <= end:
            i += 1
        count += len(a) - i
    return count


def _isotonic(wishes: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The positions closest to the wishes (weighted squares) that keep order and gaps: pool adjacent violators."""
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[tuple[float, float, int]] = []  # (mean, weight, length)
    for wish, weight, offset in zip(wishes, weights, offsets, strict=False):
        mean, length = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, heavy, long = blocks.pop()
            mean = (other * heavy + mean * weight) / (heavy + weight)
            weight += heavy
            length += long
        blocks.append((mean, weight, length))
    means = [mean for mean, _, length in blocks for _ in range(length)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _straightened(outline: Sequence[Point]) -> tuple[Point, ...]:
    """Leave out points on a straight line."""
    kept = []
    n = len(outline)
    for i, (x, y) in enumerate(outline):
        (ax, ay), (bx, by) = outline[i - 1], outline[(i + 1) % n]
        if abs((x - ax) * (by - y) - (y - ay) * (bx - x)) > 1e-6:
            kept.append((x, y))
    return tuple(kept)


def _curve(path: list[Point], end: Point) -> None:
    (x, y), reach = path[-1], (end[0] - path[-1][0]) / 2
    path += [(x + reach, y), (end[0] - reach, end[1]), end]


def _line(path: list[Point], end: Point) -> None:
    (x, y) = path[-1]
    path += [((2 * x + end[0]) / 3, (2 * y + end[1]) / 3), ((x + 2 * end[0]) / 3, (y + 2 * end[1]) / 3), end]


def _detour(path: list[Point], end: Point, above: float) -> None:
    """Back to an earlier rank, over what is between."""
    (x, y), middle = path[-1], ((path[-1][0] + end[0]) / 2, above)
    path += [(x + 60.0, y), (x + 60.0, above), middle, (end[0] - 60.0, above), (end[0] - 60.0, end[1]), end]
