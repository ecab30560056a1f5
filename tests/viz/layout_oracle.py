"""What is wrong with a layout, by geometry alone: nothing of the layout's own code is used here."""

from collections import defaultdict
from itertools import pairwise

import numpy as np

_SLACK = 0.6  # of a pixel


_T = np.linspace(0, 1, 17)[:, None]
_CUBIC = np.hstack([(1 - _T) ** 3, 3 * (1 - _T) ** 2 * _T, 3 * (1 - _T) * _T**2, _T**3])


def flattened(route):
    """The points of a wire: its curves as 16 straight pieces each."""
    control = np.array(route)
    parts = [control[:1]]
    for i in range(0, len(control) - 1, 3):
        curve = control[i : i + 4]
        straight = (curve == curve[0]).all(0).any()
        parts.append(curve[3:] if straight else (_CUBIC @ curve)[1:])
    return np.vstack(parts)


def faults(view, boxes, layout, whole_wires=True):
    """What is wrong, in words."""
    return [
        *_misplaced(view, boxes, layout),
        *_overlaps(view, layout),
        *_wrong_ends(view, boxes, layout, whole_wires),
        *_covered(view, layout),
        *_wrong_frames(view, layout),
    ]


def _misplaced(view, boxes, layout):
    if list(layout.nodes) != [n.id for n in view.nodes]:
        yield "other nodes"
    for node, place in layout.nodes.items():
        if (place.width, place.height, place.lead) != (boxes[node].width, boxes[node].height, boxes[node].lead):
            yield f"{node} has another size"
    points = [p for place in layout.nodes.values() for p in ((place.x, place.y), (place.right, place.bottom))]
    points += [p for route in layout.edges for p in route]
    points += [p for outlines in layout.clusters.values() for outline in outlines for p in outline]
    xs, ys = zip(*points, strict=True)
    if (
        min(xs) < 0
        or min(ys) < 0
        or max(xs) > layout.width
        or max(ys) > layout.height
        or not np.isfinite(xs + ys).all()
    ):
        yield "something is cut"


def rooms(view, layout):
    """The card of each node with its lead, if wires arrive there: left, top, right, bottom."""
    entered = {e.target for e in view.edges}
    return {n: (p.x - p.lead * (n in entered), p.y, p.right, p.bottom) for n, p in layout.nodes.items()}


def _overlaps(view, layout):
    active = []
    for node, room in sorted(rooms(view, layout).items(), key=lambda item: item[1]):
        active = [(other, r) for other, r in active if r[2] > room[0] + 0.01]
        for other, r in active:
            if r[1] < room[3] - 0.01 and room[1] < r[3] - 0.01:
                yield f"{node} overlaps {other}"
        active.append((node, room))


def _wrong_ends(view, boxes, layout, whole_wires):
    arrived = defaultdict(int)
    for edge, route in zip(view.edges, layout.edges, strict=True):
        name, source, target = f"{edge.source} -> {edge.target}", layout.nodes[edge.source], layout.nodes[edge.target]
        ports = boxes[edge.target].ports
        port = ports[min(arrived[edge.target], len(ports) - 1)]
        arrived[edge.target] += 1
        if (len(route) - 1) % 3:
            yield f"{name}: no chain of curves"
        if whole_wires and not np.allclose(route[0], (source.right, source.middle)):
            yield f"{name} starts elsewhere"
        if not np.allclose(route[-1], (target.x, target.middle + port)):
            yield f"{name} ends elsewhere"
        points = flattened(route)[::-1]
        outside = np.flatnonzero(points[:, 0] < target.x - target.lead + 0.01)
        if (np.abs(points[: outside[0] if len(outside) else None, 1] - route[-1][1]) > 0.01).any():
            yield f"{name} doesn't end level"


def _covered(view, layout):
    """Wires across a card, or what is written left of it."""
    places = list(layout.nodes)
    cards = np.array([(p.x, p.y, p.right, p.bottom) for p in layout.nodes.values()])
    leads = np.array(list(rooms(view, layout).values()))
    for edge, route in zip(view.edges, layout.edges, strict=True):
        points = flattened(route)
        box = np.array([*points.min(0), *points.max(0)])
        for rooms_, mine in ((cards, ()), (leads, (edge.source, edge.target))):
            near = np.flatnonzero((rooms_[:, :2] < box[2:]).all(1) & (rooms_[:, 2:] > box[:2]).all(1))
            for k in near:
                if places[k] not in mine and _crosses(points, rooms_[k]):
                    yield f"{edge.source} -> {edge.target} runs across {places[k]}"


def _crosses(points, room):
    """Whether a chain of straight pieces comes inside of a rectangle, by clipping each (Liang, Barsky 1984)."""
    low, high = room[:2] + _SLACK, room[2:] - _SLACK
    start, step = points[:-1], np.diff(points, axis=0)
    enter, leave = np.zeros(len(step)), np.ones(len(step))
    for axis in (0, 1):
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (low[axis] - start[:, axis]) / step[:, axis], (high[axis] - start[:, axis]) / step[:, axis]
        level = step[:, axis] == 0
        out = (start[:, axis] < low[axis]) | (start[:, axis] > high[axis])
        enter = np.where(level, np.where(out, 2.0, enter), np.maximum(enter, np.minimum(a, b)))
        leave = np.where(level, leave, np.minimum(leave, np.maximum(a, b)))
    return bool((enter < leave).any())


def _wrong_frames(view, layout):
    inner = defaultdict(set)
    parents = {c.path: c.parent for c in view.clusters}
    for cluster in view.clusters:
        path = cluster.path
        while path:
            inner[path] |= set(cluster.nodes)
            path = parents[path]
    boxes = {path: [_bounds(outline) for outline in outlines] for path, outlines in layout.clusters.items()}
    for path, outlines in boxes.items():
        for node, place in layout.nodes.items():
            room = (place.x, place.y, place.right, place.bottom)
            within = sum(_within(room, outline) for outline in outlines)
            touched = sum(_touch(room, outline) for outline in outlines)
            if (within, touched) != ((1, 1) if node in inner[path] else (0, 0)):
                yield f"the frame of {path} and {node}"
        for other, others in boxes.items():
            below = (other + ".").startswith(path + ".") and _is_below(other, path, parents)
            for a in outlines:
                for b in others:
                    if other != path and below and _touch(a, b) and not _within(b, a, 3.0):
                        yield f"the frame of {other} leaves that of {path}"
                    if other != path and not below and not _is_below(path, other, parents) and _touch(a, b):
                        yield f"the frames of {path} and {other} overlap"
    for path, nodes in inner.items():
        if nodes and path not in boxes:
            yield f"{path} has no frame"


def _is_below(path, other, parents):
    while path:
        path = parents[path]
        if path == other:
            return True
    return False


def _bounds(outline):
    xs, ys = zip(*outline, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _within(room, outline, margin=0.0):
    low = min(room[0] - outline[0], room[1] - outline[1])
    return min(low, outline[2] - room[2], outline[3] - room[3]) >= margin


def _touch(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def crossings(view, layout):
    """How many times wires cross: neither those of one source, nor two of them twice within 8 pixels."""
    pieces, sources = [], []
    numbers = {n.id: i for i, n in enumerate(view.nodes)}
    for edge, route in zip(view.edges, layout.edges, strict=True):
        points = flattened(route)
        pieces.append(np.hstack([points[:-1], points[1:]]))
        sources += [numbers[edge.source]] * (len(points) - 1)
    ends, source = np.vstack(pieces), np.array(sources)
    x1, y1, x2, y2 = ends.T
    low, high = np.minimum(x1, x2), np.maximum(x1, x2)
    found = defaultdict(list)
    for i in range(len(ends)):
        j = np.arange(i + 1, len(ends))
        j = j[(source[j] != source[i]) & (low[j] <= high[i]) & (high[j] >= low[i])]
        dx, dy = x2[i] - x1[i], y2[i] - y1[i]
        ex, ey = x2[j] - x1[j], y2[j] - y1[j]
        a, b = dx * (y1[j] - y1[i]) - dy * (x1[j] - x1[i]), dx * (y2[j] - y1[i]) - dy * (x2[j] - x1[i])
        c, d = ex * (y1[i] - y1[j]) - ey * (x1[i] - x1[j]), ex * (y2[i] - y1[j]) - ey * (x2[i] - x1[j])
        hit = (a * b < 0) & (c * d < 0)
        for k, t in zip(j[hit], c[hit] / (c[hit] - d[hit]), strict=True):
            pair = min(source[i], source[k]), max(source[i], source[k])
            x, y = x1[i] + t * dx, y1[i] + t * dy
            if all(abs(x - u) + abs(y - v) > 8 for u, v in found[pair]):
                found[pair].append((x, y))
    return sum(map(len, found.values()))


def overlaid(view, layout):
    """Pairs of wires that run along each other for 12 pixels and more, with neither source nor target in common."""
    found = []
    level = []
    for k, route in enumerate(layout.edges):
        points = flattened(route)
        for (x, y), (u, v) in pairwise(points):
            if abs(x - u) < 0.01 or abs(y - v) < 0.01:
                level.append((k, (x + u) / 2, (y + v) / 2, abs(x - u), abs(y - v)))
    for i, (a, x, y, wide, high) in enumerate(level):
        for b, u, v, wider, higher in level[i + 1 :]:
            one, other = view.edges[a], view.edges[b]
            if one.source == other.source or one.target == other.target:
                continue
            along = (wide + wider) / 2 - abs(x - u) if wide and wider else -1.0
            down = (high + higher) / 2 - abs(y - v) if high and higher else -1.0
            if (along > 12 and abs(y - v) < 1) or (down > 12 and abs(x - u) < 1):
                found.append((a, b))
    return found


def through_lids(layout):
    """Wires that cross the upper or the lower side of a frame, as pairs of an edge and a path."""
    found = set()
    for k, route in enumerate(layout.edges):
        points = flattened(route)
        for path, outlines in layout.clusters.items():
            for left, top, right, bottom in map(_bounds, outlines):
                for y in (top, bottom):
                    cut = np.flatnonzero((points[:-1, 1] - y) * (points[1:, 1] - y) < 0)
                    xs = points[cut, 0]
                    if ((xs > left + 1) & (xs < right - 1)).any():
                        found.add((k, path))
    return found
