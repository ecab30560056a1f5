import shutil
import subprocess

import numpy as np
import pytest

from autograd import Parameter, Value, scope
from viz.graph.nodes import Cluster, Edge, Node
from viz.graph.view import GraphView
from viz.layout.arrange import Box, arrange
from viz.layout.graphviz_layout import dot_layout
from viz.layout.rigid import isotonic
from viz.layout.rows import _inversions
from viz.picture.compose import card_boxes

needs_dot = [pytest.mark.dot, pytest.mark.skipif(shutil.which("dot") is None, reason="needs `dot`")]
methods = pytest.mark.parametrize("method", ["layered", pytest.param("dot", marks=needs_dot)])


def overlaps(layout):
    """Pairs of cards that overlap, by a sweep over x."""
    places = sorted(layout.nodes.values(), key=lambda p: p.x)
    found, active = [], []
    for p in places:
        active = [q for q in active if q.right > p.x + 0.01]
        found += [(p, q) for q in active if p.y < q.bottom - 0.01 and q.y < p.bottom - 0.01]
        active.append(p)
    return found


def inside(outer, points):
    xs, ys = [x for x, _ in outer], [y for _, y in outer]
    return all(min(xs) - 0.6 <= x <= max(xs) + 0.6 and min(ys) - 0.6 <= y <= max(ys) + 0.6 for x, y in points)


def corners(place):
    return [(place.x, place.y), (place.right, place.bottom)]


@methods
@pytest.mark.parametrize("depth", [None, 1, 2])
def test_a_network_is_laid_out_well(network, method, depth):
    view = GraphView.of(network(2, 4, 3, 1), depth)
    layout = arrange(view, card_boxes(view), method)
    assert layout.method == method
    assert set(layout.nodes) == {n.id for n in view.nodes}
    assert overlaps(layout) == []
    for edge, route in zip(view.edges, layout.edges, strict=True):
        source, target = layout.nodes[edge.source], layout.nodes[edge.target]
        assert source.right < target.x  # ranks grow along every edge
        assert (len(route) - 1) % 3 == 0
        assert route[0] == pytest.approx((source.right, source.middle))
        assert route[-1][0] == pytest.approx(target.x)
        assert target.y < route[-1][1] < target.bottom
    canvas = [(0.0, 0.0), (layout.width, layout.height)]
    assert all(inside(canvas, corners(p)) for p in layout.nodes.values())
    assert all(inside(canvas, route) for route in layout.edges)


@methods
def test_frames_hold_their_nodes_and_no_others(network, method):
    view = GraphView.of(network(2, 4, 3, 1))
    layout = arrange(view, card_boxes(view), method)
    scopes = {n.id: n.scope for n in view.nodes}
    for cluster in view.clusters:
        outline = layout.clusters[cluster.path]
        if cluster.parent:
            assert inside(layout.clusters[cluster.parent], outline)
        for node, place in layout.nodes.items():
            within = (scopes[node] + ".").startswith(cluster.path + ".")
            middle = [(place.x + place.width / 2, place.middle)]
            assert inside(outline, corners(place)) if within else not inside(outline, middle), (cluster.path, node)


@methods
def test_the_first_operand_stands_above_the_second(method):
    view = GraphView.of(Value(2.0) ** Value(3.0))
    layout = arrange(view, card_boxes(view), method)
    assert layout.nodes["n0"].bottom < layout.nodes["n1"].y


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs_do_not_overlap(seed):
    rng = np.random.default_rng(seed)
    values = [Value(float(i + 1), label=f"x{i}") for i in range(5)]
    for _ in range(60):
        a, b = (values[int(i)] for i in rng.integers(max(0, len(values) - 20), len(values), 2))
        with scope(["", "a", "b.0", "b.1", "c.0.d"][int(rng.integers(5))] or "top"):
            values.append((a + b) * 0.5)
    root = values[-1]
    for v in values[-15:-1]:
        root = root + v
    for depth in (None, 1):
        view = GraphView.of(root, depth)
        layout = arrange(view, card_boxes(view), "layered")
        assert overlaps(layout) == []
        assert all(np.isfinite([p.x, p.y]).all() for p in layout.nodes.values())


def test_the_layered_layout_is_deterministic(network):
    first, second = (GraphView.of(network(2, 5, 1)) for _ in range(2))
    assert arrange(first, card_boxes(first), "layered") == arrange(second, card_boxes(second), "layered")


def test_a_tree_has_no_crossing(small):
    view = GraphView.of(small())
    places = arrange(view, card_boxes(view), "layered").nodes
    ys = {n.label: places[n.id].middle for n in view.nodes}
    assert ys["a"] < ys["b"]
    assert ys["e"] < ys["c"]
    assert ys["d"] < ys["f"]


def test_ten_thousand_nodes(network):
    view = GraphView.of(network(2, 50, 60, 1), fold=False)
    assert len(view.nodes) > 9_000
    layout = arrange(view, card_boxes(view))  # "auto": too large for dot
    assert layout.method == "layered"
    assert overlaps(layout) == []


def test_a_long_chain_with_a_shared_leaf_stays_small():
    x = Value(0.5, label="x")
    total = x
    for _ in range(2_000):
        total = total + x
    view = GraphView.of(total)
    layout = arrange(view, card_boxes(view), "layered")
    assert sum(map(len, layout.edges)) < 400 * len(view.edges)


def test_modules_that_feed_each_other_are_drawn():
    nodes = tuple(Node(f"n{i}", "collapsed", label=c) for i, c in enumerate("abc"))
    view = GraphView(nodes, (Edge("n0", "n1"), Edge("n1", "n0"), Edge("n1", "n2")))
    layout = arrange(view, {n.id: Box(100.0, 50.0) for n in nodes}, "layered")
    assert overlaps(layout) == []
    assert layout.nodes["n0"].right < layout.nodes["n1"].x < layout.nodes["n2"].x
    assert all(0 <= y <= layout.height for route in layout.edges for _, y in route)


def test_ranks_grow_along_every_edge_between_modules():
    x = Value(0.5, label="x")
    with scope("a"):
        first, second = x.tanh(), x.exp()
        far = second.sin()
    with scope("b"):
        near = first * Parameter(2.0)
    view = GraphView.of(near + far)
    layout = arrange(view, card_boxes(view), "layered")
    for edge in view.edges:
        assert layout.nodes[edge.source].right < layout.nodes[edge.target].x, edge


def test_edges_into_one_port_do_not_cross():
    assert _inversions([(0, 1.0), (0, 1.0), (0, 1.0)]) == 0
    assert _inversions([(1, 0.0), (0, 0.0), (0, 1.0)]) == 2


@pytest.mark.parametrize("depth", [None, 1])
def test_auto_keeps_modules_from_dot(network, either_dot, depth):
    view = GraphView.of(network(2, 3, 1), depth)
    assert arrange(view, card_boxes(view)).method == "layered"


def test_one_node():
    view = GraphView((Node("n0", "output", data=1.0),))
    layout = arrange(view, card_boxes(view))
    assert layout.nodes["n0"].x > 0


def test_an_empty_cluster_with_a_full_one_in_it():
    view = GraphView((Node("n0", "op", data=1.0),), (), (Cluster("a"), Cluster("a.b", "a", ("n0",))))
    layout = arrange(view, card_boxes(view), "layered")
    assert inside(layout.clusters["a"], layout.clusters["a.b"])


def test_auto_takes_dot_where_it_is(small, either_dot):
    view = GraphView.of(small())
    assert arrange(view, card_boxes(view)).method == ("dot" if either_dot else "layered")


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
def test_a_dot_that_fails_is_replaced(small, tmp_path, monkeypatch, script, message):
    failing_dot(tmp_path, monkeypatch, script)
    view = GraphView.of(small())
    assert arrange(view, card_boxes(view)).method == "layered"
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


def test_isotonic_is_the_least_squares_fit():
    rng = np.random.default_rng(0)
    for _ in range(20):
        n = int(rng.integers(1, 8))
        wishes, weights = rng.normal(0, 30, n).tolist(), rng.uniform(0.1, 4, n).tolist()
        gaps = rng.uniform(1, 20, n - 1).tolist()
        got = isotonic(wishes, weights, gaps)
        assert all(b - a >= g - 1e-9 for a, b, g in zip(got, got[1:], gaps, strict=False))
        best = _slow_fit(wishes, weights, gaps)
        cost = [sum(w * (p - q) ** 2 for w, p, q in zip(weights, fit, wishes, strict=True)) for fit in (got, best)]
        assert cost[0] <= cost[1] * (1 + 1e-6) + 1e-6


def _slow_fit(wishes, weights, gaps):
    from scipy.optimize import minimize

    w, d = np.array(weights), np.array(wishes)
    start = np.cumsum([min(wishes), *gaps])
    limits = [{"type": "ineq", "fun": lambda y, i=i, g=g: y[i + 1] - y[i] - g} for i, g in enumerate(gaps)]
    return minimize(lambda y: float(np.sum(w * (y - d) ** 2)), start, method="SLSQP", constraints=limits).x


@pytest.mark.dot
@pytest.mark.skipif(shutil.which("dot") is None, reason="needs `dot`")
def test_dot_is_really_there():
    assert b"graphviz" in subprocess.run(["dot", "-V"], capture_output=True, check=True).stderr
