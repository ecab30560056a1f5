"""Positions from Graphviz: the program ``dot``, in a child process with a time limit."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ..graph.view import GraphView
from .arrange import Box, Layout, Outline, Place, Point

_TIMEOUT = 20.0  # seconds
_MARGIN = 16.0
_CURE = 'Use layout="layered", which needs no program.'


def dot_layout(view: GraphView, boxes: Mapping[str, Box], timeout: float = _TIMEOUT) -> Layout:
    """Place the nodes of ``view`` with Graphviz.

    Raises:
        RuntimeError: ``dot`` is not on PATH, fails, or takes longer than ``timeout`` seconds.
    """
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(f"the Graphviz program `dot` is not on PATH. {_CURE}")
    source = "\n".join(_source(view, boxes))
    try:
        done = subprocess.run(
            [program, "-Tjson0"], input=source.encode(), capture_output=True, timeout=timeout, check=True
        )
        return _read(view, boxes, json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"`dot` took longer than {timeout:g} s for {len(view.nodes)} nodes. {_CURE}") from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"`dot` failed: {error.stderr.decode(errors='replace').strip()[:300]}. {_CURE}") from None
    except (OSError, ValueError, LookupError) as error:
        raise RuntimeError(f"`dot` gave no positions ({error}). {_CURE}") from None


def _source(view: GraphView, boxes: Mapping[str, Box]) -> Iterator[str]:
    yield "digraph {"
    yield '  graph [rankdir=LR nodesep=0.2 ranksep=0.5 fontname="DejaVu Sans" fontsize=11]'
    yield "  node [shape=plain fontsize=6] edge [arrowhead=none tailport=e headport=w]"
    for node in view.nodes:
        yield f"  {node.id} [label={_table(boxes[node.id])}]"
    yield from _clusters(view)
    arrived: dict[str, int] = defaultdict(int)
    for i, edge in enumerate(view.edges):
        ports = len(boxes[edge.target].ports)
        port = f":p{min(arrived[edge.target], ports - 1)}:w"
        arrived[edge.target] += 1
        # the id survives into the output; the order of the edges there need not
        yield f'  {edge.source}:e -> {edge.target}{port} [id="e{i}"]'
    yield "}"


def _clusters(view: GraphView) -> Iterator[str]:
    children: dict[str, list[int]] = defaultdict(list)
    for i, cluster in enumerate(view.clusters):
        children[cluster.parent].append(i)
    stack = list(reversed(children[""]))
    while stack:
        i = stack.pop()
        if i < 0:
            yield "  }"
            continue
        cluster = view.clusters[i]
        yield f'  subgraph cluster_{i} {{ margin=10 label="frame" labeljust=l {"; ".join(cluster.nodes)}'
        stack.append(-1)
        stack.extend(reversed(children[cluster.path]))


def _table(box: Box) -> str:
    """A table without text whose cells have exactly the size of the card, with a port for each edge."""
    rows = len(box.ports)
    # each port is in the middle of its row, so rows span what is nearer to it than to its neighbours
    height = max(2, round(box.height / rows))
    lead, width = max(1, round(box.lead)), max(1, round(box.width))
    cells = [
        f'<TD PORT="p{r}" FIXEDSIZE="TRUE" WIDTH="{lead}" HEIGHT="{height}"></TD>'
        + (f'<TD ROWSPAN="{rows}" FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height * rows}"></TD>' if r == 0 else "")
        for r in range(rows)
    ]
    body = "".join(f"<TR>{cell}</TR>" for cell in cells)
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{body}</TABLE>>'


def _read(view: GraphView, boxes: Mapping[str, Box], drawn: Mapping[str, Any]) -> Layout:
    _, _, width, height = map(float, drawn["bb"].split(","))

    def point(text: str) -> Point:
        x, y = text.split(",")
        return float(x) + _MARGIN, height - float(y) + _MARGIN

    nodes: dict[str, Place] = {}
    frames: dict[str, tuple[Outline, ...]] = {}
    for thing in drawn.get("objects", ()):
        name = thing["name"]
        if name.startswith("cluster_"):
            x0, y0, x1, y1 = map(float, thing["bb"].split(","))
            (left, bottom), (right, top) = point(f"{x0},{y0}"), point(f"{x1},{y1}")
            path = view.clusters[int(name.removeprefix("cluster_"))].path
            frames[path] = (((left, top), (right, top), (right, bottom), (left, bottom)),)
        else:
            box = boxes[name]
            x, y = point(thing["pos"])
            left = x - (box.lead + box.width) / 2 + box.lead
            nodes[name] = Place(left, y - box.height / 2, box.width, box.height, box.lead)
    routes = {e["id"]: e["pos"] for e in drawn.get("edges", ())}
    arrived: dict[str, int] = defaultdict(int)
    edges = []
    for i, edge in enumerate(view.edges):
        place, ports = nodes[edge.target], boxes[edge.target].ports
        goal = (place.x, place.middle + ports[min(arrived[edge.target], len(ports) - 1)])
        arrived[edge.target] += 1
        edges.append(_route([point(p) for p in routes[f"e{i}"].split()], nodes[edge.source], goal, place.lead))
    ordered = {c.path: frames[c.path] for c in view.clusters if c.path in frames}
    nodes = {n.id: nodes[n.id] for n in view.nodes}
    return Layout(width + 2 * _MARGIN, height + 2 * _MARGIN, nodes, tuple(edges), ordered, "dot")


def _route(points: list[Point], source: Place, goal: Point, lead: float) -> tuple[Point, ...]:
    """Move the ends of a spline onto the cards exactly (dot works in whole points), then lead it to the card."""
    start, end = (source.right, source.middle), (goal[0] - lead, goal[1])
    (dx, dy), (ex, ey) = (
        (start[0] - points[0][0], start[1] - points[0][1]),
        (end[0] - points[-1][0], end[1] - points[-1][1]),
    )
    points[0], points[1] = start, (points[1][0] + dx, points[1][1] + dy)
    points[-1], points[-2] = end, (points[-2][0] + ex, points[-2][1] + ey)
    third = lead / 3
    return (*points, (end[0] + third, end[1]), (end[0] + 2 * third, end[1]), goal)
