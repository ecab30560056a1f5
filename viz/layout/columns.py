"""From ranks and heights to positions: columns, bands, and the corridors between bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from .arrange import Box
from .bands import PITCH
from .blocks import Block
from .clusters import Part
from .wires import Wiring

MARGIN = 16.0
RANK_GAP = 20.0
_FRAME_GAP = 14.0  # between frames
LANE = 5.0  # between wires that run below everything
_STEEP = 60.0  # at most so much wider where wires are steep
_LANES = 14.0  # above the first of them
_CORRIDOR = 14.0  # above and below the wires that go on to the next band
_FRAME = 6.0  # from a frame to the columns in it
_NESTED = 5.0  # from a frame to the one in it


@dataclass(frozen=True, slots=True)
class Column:
    """A rank.

    Attributes:
        x: where it starts.
        lead: the room for what is written on incoming wires; cards stand right of it, if they aren't too wide.
        end: where it ends.
        enter, leave: where wires are level from, and until; the frames that begin or end here are between them.
    """

    x: float
    lead: float
    end: float
    enter: float
    leave: float


@dataclass
class Grid:
    """Where columns and bands are.

    Attributes:
        columns: one for each rank.
        y: of each item.
        bottoms: of each band, lanes included; wires to the next band run below it.
        lanes: the y of each edge that runs below everything.
        onward: the dummies at the end of each band, from top to bottom.
        pads: for each part how far its frame stands out from its columns.
    """

    columns: list[Column]
    y: list[float]
    bottoms: list[float]
    lanes: dict[int, float]
    onward: list[list[int]]
    pads: list[float]


def grid(wiring: Wiring, boxes: Sequence[Box], whole: Block, parts: Sequence[Part], outer: Sequence[int]) -> Grid:
    """Put bands below each other and columns beside each other.

    Args:
        wiring, boxes: the items.
        whole, parts: the heights, and the frames.
        outer: for each cluster the one around it; -1 for none.
    """
    bands = wiring.bands()
    y = [whole.ys[i] for i in range(len(wiring.rank))]
    count = bands[-1] + 1
    onward: list[list[int]] = [[] for _ in range(count)]
    for item in wiring.ends:
        if wiring.rank[item] in wiring.exits:
            onward[bands[wiring.rank[item]]].append(item)
    for items in onward:
        items.sort(key=lambda item: (y[item], item))
    tops, ends = [float("inf")] * count, [float("-inf")] * count
    for item, height in enumerate(y):
        band, half = bands[wiring.rank[item]], boxes[item].height / 2 if item < wiring.n else 0.0
        tops[band], ends[band] = min(tops[band], height - half), max(ends[band], height + half)
    for part in parts:
        upper, lower = part.extent(y)
        tops[part.band], ends[part.band] = min(tops[part.band], upper), max(ends[part.band], lower)
    lane = _lanes(wiring)
    below: list[list[int]] = [[] for _ in range(count)]
    for k in lane:
        below[bands[wiring.rank[wiring.pairs[k][0]]]].append(k)
    start, bottoms, lanes = MARGIN, list[float](), dict[int, float]()
    shifts = []
    for band in range(count):
        shifts.append(start - tops[band])
        start = ends[band] + shifts[band]
        lanes |= {k: start + _LANES + LANE * lane[k] for k in below[band]}
        start = max([start, *(lanes[k] for k in below[band])])
        bottoms.append(start)
        start += 2 * _CORRIDOR + PITCH * max(0, len(onward[band]) - 1)
    y = [height + shifts[bands[wiring.rank[item]]] for item, height in enumerate(y)]
    pads = _pads(parts, outer)
    return Grid(_columns(wiring, boxes, y, parts, pads, onward), y, bottoms, lanes, onward, pads)


def _lanes(wiring: Wiring) -> dict[int, int]:
    """The lane of each edge that runs below everything; edges to one node share theirs."""
    spans: dict[int, tuple[int, int]] = {}
    for k in sorted(wiring.around):
        source, target = wiring.pairs[k]
        first, last = spans.get(target, (wiring.rank[target], wiring.rank[target]))
        spans[target] = min(first, wiring.rank[source]), max(last, wiring.rank[source])
    free: list[tuple[int, int]] = []  # (the rank where a lane ends, its number)
    lane: dict[int, int] = {}
    for target in sorted(spans, key=lambda t: (spans[t], t)):
        first, last = spans[target]
        number = heappop(free)[1] if free and free[0][0] < first else len(free)
        lane[target] = number
        heappush(free, (last, number))
    return {k: lane[wiring.pairs[k][1]] for k in sorted(wiring.around)}


def _pads(parts: Sequence[Part], outer: Sequence[int]) -> list[float]:
    """How far each frame stands out from its columns, so that it also is outside of those in it."""
    inner = [0] * len(outer)  # how many frames are in each other there
    for cluster in range(len(outer) - 1, -1, -1):
        if outer[cluster] >= 0:
            inner[outer[cluster]] = max(inner[outer[cluster]], inner[cluster] + 1)
    return [_FRAME + _NESTED * inner[part.cluster] for part in parts]


def _columns(
    wiring: Wiring,
    boxes: Sequence[Box],
    y: Sequence[float],
    parts: Sequence[Part],
    pads: Sequence[float],
    onward: Sequence[Sequence[int]],
) -> list[Column]:
    bands = wiring.bands()
    entered = {b for _, b in wiring.pairs}
    lead, width, steep = [0.0] * len(bands), [0.0] * len(bands), [0.0] * len(bands)
    for i, box in enumerate(boxes):
        rank = wiring.rank[i]
        width[rank] = max(width[rank], box.width)
        if i in entered:
            lead[rank] = max(lead[rank], box.lead)
            width[rank] = max(width[rank], box.lead + box.width)
    for rank, slope in _slopes(wiring, y):
        steep[rank] = max(steep[rank], slope)
    before, after = [0.0] * len(bands), [0.0] * len(bands)  # the room for frames
    for part, pad in zip(parts, pads, strict=True):
        before[part.block.first] = max(before[part.block.first], pad)
        after[part.block.last] = max(after[part.block.last], pad)
    wires = max(map(len, onward))
    left = MARGIN + (_CORRIDOR + PITCH * wires if wires else 0.0)
    columns: list[Column] = []
    x = left
    for rank, band in enumerate(bands):
        if not rank or bands[rank - 1] != band:
            x = left + before[rank]
        end = x + width[rank]
        columns.append(Column(x, lead[rank], end, x - before[rank], end + after[rank]))
        ahead = before[rank + 1] if rank + 1 < len(bands) else 0.0
        room = RANK_GAP if not after[rank] + ahead else _FRAME_GAP
        x = end + after[rank] + room + ahead + min(_STEEP, steep[rank] / 14)
    return columns


def _slopes(wiring: Wiring, y: Sequence[float]) -> Iterator[tuple[int, float]]:
    """How far wires go up or down behind a rank."""
    for segment, line in zip(wiring.segments, wiring.line, strict=True):
        first, last = wiring.rank[segment.start], wiring.rank[segment.end] - 1
        start, end = y[segment.start], y[segment.end] + segment.port
        if line >= 0:
            yield first, abs(y[line] - start)
            yield last, abs(y[line] - end)
        elif first not in wiring.exits:
            yield first, abs(start - end)
