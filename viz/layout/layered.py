"""Our own layered layout, in the manner of Sugiyama: ranks, order, heights, columns, routes.

K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE Transactions
on Systems, Man, and Cybernetics 11 (1981). Three things differ from the textbook: all long wires of one node share a
bus, which is a straight line; clusters are laid out from the inside to the outside, each then being a rigid rectangle
for the cluster around it, so that frames never overlap; and a picture that is too wide is broken into bands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ..graph.view import GraphView
from .arrange import Box, Layout, Place, Point
from .bands import breaks
from .clusters import Part, placed
from .columns import MARGIN, RANK_GAP, Grid, grid
from .routes import routes
from .wires import Wiring

_TRIES = 4
_SMALL = 3_000  # nodes; larger pictures are made once
_CORRIDOR = 28.0  # left and right of a band, for the wires to and from other bands


def layered_layout(view: GraphView, boxes: Mapping[str, Box], width: float | None = None) -> Layout:
    """Place the nodes of ``view`` in ranks from left to right; about linear time, deterministic.

    Args:
        view, boxes: as for `arrange`.
        width: a wider picture is broken into bands where it can be.
    """
    return _Layered(view, boxes).layout(width)


class _Layered:
    def __init__(self, view: GraphView, boxes: Mapping[str, Box]) -> None:
        self.view = view
        self.index = {node.id: i for i, node in enumerate(view.nodes)}
        self.boxes = [boxes[node.id] for node in view.nodes]
        pairs = [(self.index[e.source], self.index[e.target]) for e in view.edges]
        numbers = {cluster.path: i for i, cluster in enumerate(view.clusters)}
        self.outer = [numbers.get(cluster.parent, -1) for cluster in view.clusters]
        self.wiring = Wiring.of(pairs, self._ports(pairs), self._homes(), len(view.clusters))

    def _ports(self, pairs: Sequence[tuple[int, int]]) -> list[float]:
        arrived: dict[int, int] = defaultdict(int)
        offsets = []
        for _, target in pairs:
            ports = self.boxes[target].ports
            offsets.append(ports[min(arrived[target], len(ports) - 1)])
            arrived[target] += 1
        return offsets

    def _homes(self) -> list[tuple[int, ...]]:
        """The clusters around each node, outermost first, as numbers."""
        around: list[tuple[int, ...]] = []
        homes: list[tuple[int, ...]] = [() for _ in self.view.nodes]
        for number, (cluster, outer) in enumerate(zip(self.view.clusters, self.outer, strict=True)):
            around.append((*(around[outer] if outer >= 0 else ()), number))
            for node in cluster.nodes:
                homes[self.index[node]] = around[number]
        return homes

    def layout(self, width: float | None) -> Layout:
        if width is None:
            return self._drawn(())
        tried: dict[tuple[int, ...], Layout] = {}
        for extra in range(_TRIES if self.wiring.n <= _SMALL else 1):  # with room for wider and wider gaps
            cuts = tuple(self._cuts(width, RANK_GAP + 4.0 + 10.0 * extra))
            if cuts not in tried:
                tried[cuts] = self._drawn(cuts)
            if tried[cuts].width <= width:
                return tried[cuts]
        return min(tried.values(), key=lambda layout: layout.width)

    def _cuts(self, width: float, gap: float) -> list[int]:
        """Where to break, if gaps are about as wide as ``gap``."""
        wiring = self.wiring
        count = max(wiring.rank, default=0) + 1
        widths = [0.0] * count
        entered = {b for _, b in wiring.pairs}
        for i, box in enumerate(self.boxes):
            rank = wiring.rank[i]
            widths[rank] = max(widths[rank], box.width + box.lead * (i in entered) + gap)
        if sum(widths) - gap + 2 * MARGIN <= width:
            return []
        reach = list(wiring.rank)
        costs = [0.0] * (count + 1)
        for k, (source, target) in enumerate(wiring.pairs):
            if k in wiring.backward:  # it stays in one band
                for rank in range(wiring.rank[target] + 1, wiring.rank[source] + 1):
                    costs[rank] = float("inf")
            else:
                reach[source] = max(reach[source], wiring.rank[target])
        change = [0] * (count + 1)
        for source, end in enumerate(reach):
            change[wiring.rank[source] + 1] += 1
            change[end + 1] -= 1
        going_on = [0] * count
        for rank in range(1, count):
            going_on[rank] = going_on[rank - 1] + change[rank]
        for first, last in self._spans().values():
            for rank in range(first + 1, last + 1):
                costs[rank] += 6.0  # a frame would be cut
        return breaks(widths, going_on, costs, width - 2 * MARGIN - _CORRIDOR)

    def _spans(self) -> dict[int, tuple[int, int]]:
        """The first and the last rank of each cluster."""
        spans: dict[int, tuple[int, int]] = {}
        for home, rank in zip(self.wiring.home, self.wiring.rank, strict=True):
            for cluster in home:
                first, last = spans.get(cluster, (rank, rank))
                spans[cluster] = min(first, rank), max(last, rank)
        return spans

    def _drawn(self, cuts: Sequence[int]) -> Layout:
        wiring = self.wiring.broken(cuts)
        if not wiring.n:
            return Layout(2 * MARGIN, 2 * MARGIN, {}, ())
        whole, parts = placed(wiring, [box.height / 2 for box in self.boxes])
        where = grid(wiring, self.boxes, whole, parts, self.outer)
        entered = {b for _, b in wiring.pairs}
        places = []
        for i, box in enumerate(self.boxes):
            column = where.columns[wiring.rank[i]]
            x = column.end - box.width
            if i in entered:  # its left side is level with those of the others, where it isn't too wide
                x = min(x, column.x + column.lead)
            places.append(Place(x, where.y[i] - box.height / 2, box.width, box.height, box.lead))
        ways = routes(wiring, where, places)
        frames = self._frames(where, parts)
        shown = [point for way in ways for point in way]
        shown += [point for outlines in frames.values() for outline in outlines for point in outline]
        return Layout(
            max([p.right for p in places] + [x for x, _ in shown]) + MARGIN,
            max([p.bottom for p in places] + [y for _, y in shown]) + MARGIN,
            {node.id: place for node, place in zip(self.view.nodes, places, strict=True)},
            ways,
            frames,
            "layered",
        )

    def _frames(self, where: Grid, parts: Sequence[Part]) -> dict[str, tuple[tuple[Point, ...], ...]]:
        frames: dict[str, tuple[tuple[Point, ...], ...]] = {}
        for part, pad in zip(parts, where.pads, strict=True):
            left, right = where.columns[part.block.first].x - pad, where.columns[part.block.last].end + pad
            upper, lower = part.extent(where.y)
            path = self.view.clusters[part.cluster].path
            frames[path] = (
                *frames.get(path, ()),
                ((left, upper), (right, upper), (right, lower), (left, lower)),
            )
        return frames
