import shutil
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from autograd import Parameter, Value, scope
from tests.viz.layout_oracle import crossings, faults, flattened, overlaid, through_lids
from viz.graph.nodes import Cluster, Edge, Node
from viz.graph.view import GraphView
from viz.layout.arrange import Box, Layout, arrange
from viz.layout.bands import breaks
from viz.layout.graphviz_layout import dot_layout
from viz.layout.simplex import tighten
from viz.picture.compose import card_boxes

needs_dot = [pytest.mark.dot, pytest.mark.skipif(shutil.which("dot") is None, reason="needs `dot`")]
methods = pytest.mark.parametrize("method", ["layered", pytest.param("dot", marks=needs_dot)])


def made(count, pairs, clusters=(), seed=0):
    """A view of numbered nodes with cards of any size; clusters are pairs of a path and a list of numbers."""
    rng = np.random.default_rng(seed)
    nodes = tuple(Node(f"n{i}", "op", data=0.0) for i in range(count))
    paths = [path for path, _ in clusters]
    parents = {path: max((p for p in paths if path.startswith(p + ".")), key=len, default="") for path in paths}
    parts = tuple(Cluster(path, parents[path], tuple(f"n{i}" for i in inner)) for path, inner in clusters)
    view = GraphView(nodes, tuple(Edge(f"n{a}", f"n{b}") for a, b in pairs), parts)
    boxes, arrived = {}, Counter(b for _, b in pairs)
    for i in range(count):
        arriving = arrived[i]
        high = max(float(rng.integers(30, 60)), 15.0 * arriving)
        ports = tuple(high * ((k + 0.5) / arriving - 0.5) for k in range(arriving)) if rng.random() < 0.8 else (0.0,)
        boxes[f"n{i}"] = Box(float(rng.integers(40, 120)), high, float(rng.integers(0, 70)), ports or (0.0,))
    return view, boxes


def random_view(seed):
    """Up to 40 nodes, in clusters that may feed each other to and fro, some wires leftwards."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 41))
    pairs = []
    for _ in range(int(rng.integers(0, 2 * count + 1))):
        a, b = sorted(map(int, rng.integers(0, count, 2)))
        if a != b:
            pairs.append((b, a) if rng.random() < 0.03 else (a, b))
    if rng.random() < 0.4:
        return made(count, pairs, (), seed)
    clusters = {path: [] for path in ("a", "a.b", "a.c.d", "e", "e.f")}
    names = [*clusters, "", ""]
    blocky = rng.random() < 0.5  # neighbours share a cluster, so that clusters rather follow each other
    for i in range(count):
        path = names[i * len(names) // count] if blocky else names[int(rng.integers(len(names)))]
        if path:
            clusters[path].append(i)
    return made(count, pairs, tuple(clusters.items()), seed)


@pytest.mark.parametrize("seed", range(25))
def test_nothing_overlaps_is_cut_or_crossed(seed):
    view, boxes = random_view(seed)
    assert faults(view, boxes, arrange(view, boxes)) == []


@pytest.mark.parametrize("seed", range(25))
def test_nor_in_bands(seed):
    view, boxes = random_view(seed)
    layout = arrange(view, boxes, width=700.0)
    assert faults(view, boxes, layout) == []
    assert layout.width <= max(700.0, arrange(view, boxes).width)


SHAPES = {
    "one node": (1, []),
    "no edges": (7, []),
    "a chain": (30, [(i, i + 1) for i in range(29)]),
    "a chain with a shared leaf": (30, [(i, i + 1) for i in range(1, 29)] + [(0, i) for i in range(2, 30)]),
    "a tree": (31, [(i, (i - 1) // 2) for i in range(30, 0, -1)]),
    "several roots": (9, [(0, 3), (1, 3), (1, 4), (2, 5), (2, 6), (0, 7), (2, 8)]),
    "one operand twice": (2, [(0, 1), (0, 1), (0, 1)]),
    "two modules that feed each other": (3, [(0, 1), (1, 0), (1, 2)]),
    "a circle of five": (6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (4, 5)]),
    "everything to everything": (9, [(a, b) for a in range(9) for b in range(a + 1, 9)]),
}


@pytest.mark.parametrize("width", [None, 500.0])
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name, width):
    view, boxes = made(*SHAPES[name])
    assert faults(view, boxes, arrange(view, boxes, width=width)) == []


@pytest.mark.parametrize("name", ["a chain", "a tree", "several roots", "a chain with a shared leaf"])
def test_what_is_planar_is_drawn_so(name):
    view, boxes = made(*SHAPES[name])
    assert crossings(view, arrange(view, boxes)) == 0


def test_the_oracle_sees_faults():
    view, boxes = made(4, [(0, 1), (1, 2)], [("a", [1, 2])])
    layout = arrange(view, boxes)
    for broken, fault in (
        ({"nodes": layout.nodes | {"n3": layout.nodes["n1"]}}, "n3 has another size"),
        ({"nodes": {n: p for n, p in layout.nodes.items() if n != "n3"}}, "other nodes"),
        ({"width": 20.0}, "something is cut"),
        ({"edges": layout.edges[::-1]}, "n0 -> n1 starts elsewhere"),
        ({"clusters": {"a": (((0.0, 0.0), (900.0, 900.0)),)}}, "the frame of a and n0"),
        ({"clusters": {}}, "a has no frame"),
    ):
        assert fault in faults(view, boxes, Layout(**{**vars(layout), **broken})), fault


def test_the_oracle_sees_wires_across_cards():
    view, boxes = made(4, [(0, 1), (2, 3)])
    layout = arrange(view, boxes)
    (x, y), (u, v) = layout.edges[0][0], layout.edges[0][-1]
    over = layout.nodes["n2"]
    detour = ((x, y), (x, y), (over.x, over.middle), (over.right, over.middle), (u, v), (u, v), (u, v))
    broken = Layout(layout.width, layout.height, layout.nodes, (detour, layout.edges[1]))
    assert any("runs across n2" in fault for fault in faults(view, boxes, broken))


def test_a_long_chain_stands_in_lines():
    view, boxes = made(500, [(i, i + 1) for i in range(499)])
    layout = arrange(view, boxes, width=1366.0)
    assert layout.width <= 1366
    assert layout.height < 12_000
    assert faults(view, boxes, layout) == []
    assert crossings(view, layout) == 0


def test_lines_are_read_from_the_top_to_the_bottom():
    view, boxes = made(20, [(i, i + 1) for i in range(19)])
    places = list(arrange(view, boxes, width=600.0).nodes.values())
    assert all(b.x > a.right or b.y > a.bottom for a, b in pairwise(places))
    assert max(p.right for p in places) <= 600


def test_a_frame_that_is_broken_has_an_outline_in_each_band():
    view, boxes = made(20, [(i, i + 1) for i in range(19)], [("a", list(range(3, 17)))])
    layout = arrange(view, boxes, width=600.0)
    assert len(layout.clusters["a"]) > 1
    assert faults(view, boxes, layout) == []


def test_wires_are_straight_where_nothing_is_in_their_way():
    view, _ = made(5, [(0, 3), (1, 3), (2, 3), (3, 4)])
    boxes = {n.id: Box(60.0, 20.0, 20.0) for n in view.nodes} | {"n3": Box(60.0, 120.0, 20.0, (-40.0, 5.0, 45.0))}
    assert all(len({y for _, y in route}) == 1 for route in arrange(view, boxes).edges)
    view, _ = made(8, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5), (0, 6), (6, 7)])
    boxes = {n.id: Box(60.0, 20.0, 20.0, (6.0,)) for n in view.nodes}
    bends = sum(len({y for _, y in route}) - 1 for route in arrange(view, boxes).edges)
    assert bends <= 5  # two of the wires that begin together go round the third: twice two, and one to the spine


def test_wires_go_on_side_by_side():
    view, boxes = made(60, [(i, i + 3) for i in range(57)])
    layout = arrange(view, boxes, width=600.0)
    assert layout.height > 800
    assert faults(view, boxes, layout) == []
    assert overlaid(view, layout) == []
    assert crossings(view, layout) == 0


def test_wires_enter_modules_at_the_left_and_leave_them_at_the_right(network):
    views = [GraphView.of(network(2, 4, 3, 1)), GraphView.of(network(2, 3, 1), fold=False)]
    views.append(made(9, [(0, 1), (1, 2), (2, 3), (3, 8), (4, 3), (1, 5), (2, 6), (7, 2)], [("a", [1, 2, 3])])[0])
    for view in views:
        layout = arrange(view, card_boxes(view))
        assert layout.clusters
        assert through_lids(layout) == set()


def test_wires_of_one_node_leave_its_module_together():
    view, boxes = made(6, [(0, 1), (1, 2), (0, 3), (0, 4), (0, 5)], [("a", [0, 1, 2])])
    layout = arrange(view, boxes)
    rim = layout.nodes["n2"].right  # the last column
    heights = set()
    for route in layout.edges[2:]:
        points = flattened(route)
        heights.add(float(np.interp(rim, points[:, 0], points[:, 1])))
    assert len(heights) == 1


def test_breaks_are_where_few_wires_go_on():
    assert breaks([10.0] * 10, [0, 3, 3, 3, 3, 1, 3, 3, 3, 3], [0.0] * 10, 90.0) == [5]
    assert breaks([10.0] * 10, [0] + [1] * 9, [0.0] * 10, 90.0) == [5]  # of equal length, if nothing else matters
    assert breaks([10.0] * 4, [0, 1, 1, 1], [0.0, float("inf"), 0.0, float("inf")], 30.0) == [2]
    assert breaks([10.0] * 4, [0, 1, 1, 1], [0.0] + [float("inf")] * 3, 30.0) == []


@pytest.mark.parametrize("seed", range(12))
def test_a_cluster_looks_the_same_alone_and_in_the_whole(seed):
    # it is fed by one leaf for each wire that enters, and what it gives is used once
    rng = np.random.default_rng(seed)
    inner = list(range(20, 32))
    pairs = [(a, b) for a in inner for b in inner if a < b and rng.random() < 0.2]
    entering = [(int(rng.integers(0, 20)), int(b)) for b in rng.choice(inner, 5)]
    leaving = [(int(a), int(rng.integers(32, 50))) for a in rng.choice(inner, 4)]
    outside = [(a, b) for a in range(20) for b in range(a + 1, 20) if rng.random() < 0.1]
    outside += [(a, b) for a in range(32, 50) for b in range(a + 1, 50) if rng.random() < 0.1]
    outside += [(int(rng.integers(0, 20)), int(rng.integers(32, 50))) for _ in range(4)]
    clusters = [("c", inner[:8]), ("c.d", inner[8:])]
    whole, boxes = made(50, sorted([*outside, *entering, *pairs, *leaving], key=lambda p: p[1]), clusters, seed)
    users = sorted({a for a, _ in leaving})
    alone_pairs = [(i, b) for i, (_, b) in enumerate(sorted(entering, key=lambda p: p[1]))]
    alone_pairs += pairs + [(a, 32 + i) for i, a in enumerate(users)]
    alone, _ = made(50, sorted(alone_pairs, key=lambda p: p[1]), clusters, seed)
    sizes = {f"n{i}": boxes[f"n{i}"] if i in inner else Box(50.0, 20.0) for i in range(50)}
    one, other = (arrange(v, b) for v, b in ((whole, boxes), (alone, sizes)))
    assert faults(whole, boxes, one) == []
    first = f"n{inner[0]}"
    for node in (f"n{i}" for i in inner):
        offsets = [layout.nodes[node].y - layout.nodes[first].y for layout in (one, other)]
        assert offsets[0] == pytest.approx(offsets[1], abs=1e-6), node
    columns = [_columns(layout, [f"n{i}" for i in inner]) for layout in (one, other)]
    assert columns[0] == columns[1]
    frames = [[y - layout.nodes[first].y for _, y in layout.clusters["c"][0]] for layout in (one, other)]
    assert frames[0] == pytest.approx(frames[1])


def _columns(layout, nodes):
    """The nodes by column, from left to right: those whose cards share an x are in one."""
    columns = []
    for node in sorted(nodes, key=lambda n: layout.nodes[n].right):
        if columns and any(layout.nodes[node].x < layout.nodes[other].right for other in columns[-1]):
            columns[-1].add(node)
        else:
            columns.append({node})
    return columns


@methods
@pytest.mark.parametrize("depth", [None, 1, 2])
def test_a_network_is_laid_out_well(network, method, depth):
    view = GraphView.of(network(2, 4, 3, 1), depth)
    boxes = card_boxes(view)
    layout = arrange(view, boxes, method)
    assert layout.method == method
    assert all(layout.nodes[e.source].right < layout.nodes[e.target].x for e in view.edges)
    if method == "layered":
        assert faults(view, boxes, layout) == []


@methods
def test_the_first_operand_stands_above_the_second(method):
    view = GraphView.of(Value(2.0) ** Value(3.0), fold=False)
    layout = arrange(view, card_boxes(view), method)
    assert layout.nodes["n0"].bottom < layout.nodes["n1"].y


def test_a_chain_of_modules_stands_side_by_side(network):
    view = GraphView.of(network(2, 3, 3, 1))
    layout = arrange(view, card_boxes(view))
    outlines = [layout.clusters[f"layers.{i}"][0] for i in range(3)]
    for left, right in pairwise(outlines):
        assert max(x for x, _ in left) < min(x for x, _ in right)


def test_ranks_grow_along_every_edge_between_modules():
    x = Value(0.5, label="x")
    with scope("a"):
        first, second = x.tanh(), x.exp()
        far = second.sin()
    with scope("b"):
        near = first * Parameter(2.0)
    view = GraphView.of(near + far)
    layout = arrange(view, card_boxes(view))
    for edge in view.edges:
        assert layout.nodes[edge.source].right < layout.nodes[edge.target].x, edge


def test_an_empty_cluster_with_a_full_one_in_it():
    view = GraphView((Node("n0", "op", data=1.0),), (), (Cluster("a"), Cluster("a.b", "a", ("n0",)), Cluster("c")))
    boxes = card_boxes(view)
    layout = arrange(view, boxes)
    assert faults(view, boxes, layout) == []
    assert set(layout.clusters) == {"a", "a.b"}


def test_nothing_at_all():
    assert arrange(GraphView(()), {}).nodes == {}


def test_long_wires_are_not_quadratic():
    n = 3_000
    view, boxes = made(n, [(i, i + 1) for i in range(n - 1)] + [(i, n - 1) for i in range(n - 2)])
    layout = arrange(view, boxes)
    assert sum(map(len, layout.edges)) < 40 * len(view.edges)
    view, boxes = made(n, [(i, i + 1) for i in range(1, n - 1)] + [(0, i) for i in range(2, n)])
    for width in (None, 1366.0):
        assert sum(map(len, arrange(view, boxes, width=width).edges)) < 60 * len(view.edges)


def test_ten_thousand_nodes():
    rng = np.random.default_rng(0)
    pairs = [(i - int(back), i) for i in range(100, 10_000) for back in rng.integers(1, 100, 2)]
    view, boxes = made(10_000, pairs)
    columns, layout = {}, arrange(view, boxes)
    assert all(layout.nodes[e.source].right < layout.nodes[e.target].x for e in view.edges)
    for place in layout.nodes.values():
        columns.setdefault(place.x, []).append(place)
    for column in columns.values():
        column.sort(key=lambda p: p.y)
        assert all(a.bottom < b.y for a, b in pairwise(column))


_PROGRAM = """
from tests.viz.test_layout import random_view
from viz.layout.arrange import arrange
for seed in (3, 8, 21):
    print(arrange(*random_view(seed), width=900.0))
"""


def test_the_same_picture_whatever_the_hash_seed():
    outputs = set()
    for seed in ("1", "2"):
        variables = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run([sys.executable, "-c", _PROGRAM], env=variables, capture_output=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1_000


def test_auto_is_our_own_layout(small, either_dot):
    view = GraphView.of(small())
    assert arrange(view, card_boxes(view)).method == "layered"


@pytest.mark.parametrize("seed", range(20))
def test_the_simplex_finds_the_least_sum(seed):
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 20))
    ends = [sorted(map(int, rng.choice(n, 2, replace=False))) for _ in range(int(rng.integers(1, 50)))]
    arcs = [(a, b, float(rng.integers(-5, 10)), float(rng.integers(0, 4))) for a, b in ends]
    found = tighten([10.0 * i for i in range(n)], arcs, 100_000)
    cost, limits = np.zeros(n), np.zeros((len(arcs), n))
    for row, (a, b, _, weight) in zip(limits, arcs, strict=True):
        cost[[a, b]] += -weight, weight
        row[[a, b]] = 1, -1
    least = np.array([arc[2] for arc in arcs])
    assert (limits @ found <= -least + 1e-9).all()
    assert cost @ found == pytest.approx(linprog(cost, limits, -least, bounds=(None, None)).fun, abs=1e-6)


def test_dot_that_is_not_there_is_an_error(small, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    view = GraphView.of(small())
    with pytest.raises(RuntimeError, match=r"`dot` is not on PATH\. Use layout=\"layered\""):
        arrange(view, card_boxes(view), "dot")


def failing_dot(tmp_path, monkeypatch, script):
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo broken >&2; exit 3", "`dot` failed: broken"),
        ("echo '{}'", "`dot` gave no positions"),
        ("echo nonsense", "`dot` gave no positions"),
    ],
)
def test_a_dot_that_fails_is_an_error(small, tmp_path, monkeypatch, script, message):
    failing_dot(tmp_path, monkeypatch, script)
    view = GraphView.of(small())
    with pytest.raises(RuntimeError, match=message):
        arrange(view, card_boxes(view), "dot")


def test_a_dot_that_hangs_is_stopped(small, tmp_path, monkeypatch):
    failing_dot(tmp_path, monkeypatch, "exec sleep 60")
    view = GraphView.of(small())
    with pytest.raises(RuntimeError, match=r"`dot` took longer than 0\.2 s for 7 nodes"):
        dot_layout(view, card_boxes(view), timeout=0.2)


def test_unknown_method(small):
    view = GraphView.of(small())
    with pytest.raises(ValueError, match="layout='neato' is not known: use one of 'auto', 'dot', 'layered'"):
        arrange(view, card_boxes(view), "neato")


@pytest.mark.dot
@pytest.mark.skipif(shutil.which("dot") is None, reason="needs `dot`")
def test_dot_is_really_there():
    assert b"graphviz" in subprocess.run(["dot", "-V"], capture_output=True, check=True).stderr
