import json
import shutil
import subprocess

import pytest

from autograd import Value, scope
from viz import draw
from viz.graph.view import GraphView
from viz.output.dot import render_dot

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="needs `dot`")

LABELS = [
    ('"]; evil [label="x', '"]; evil [label="x'),
    ("<script>", "<script>"),
    ("<b>html-like</b>", "<b>html-like</b>"),
    (r"\N \G end\ ".strip(), r"\N \G end\ ".strip()),
    ("🦉 漢字", "🦉 漢字"),
    ("nul\x00 \x1b", "nul"),
    ("a\nb", "a b"),
    ("&lt; &amp;", "&lt; &amp;"),
    ("digraph", "digraph"),
]


def parsed(dot):
    done = subprocess.run(["dot", "-Tjson"], input=dot.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    return json.loads(done.stdout)


def shown_text(thing):
    return [op["text"] for op in thing.get("_ldraw_", []) if op["op"] == "T"]


@pytest.mark.dot
@needs_dot
@pytest.mark.parametrize(("label", "shown"), LABELS)
def test_hostile_labels_through_dot(label, shown):
    with scope("outer"):
        a = Value(2.0, label=label)
        root = a * 3.0
    with scope(label.replace(".", "")):
        root = root.tanh()
    graph = parsed(render_dot(GraphView.of(root, fold=False)))
    things = graph["objects"]
    nodes = [t for t in things if not t["name"].startswith("cluster_")]
    assert [n["name"] for n in nodes] == ["n0", "n1", "n2", "n3"]
    assert shown_text(nodes[0])[0].strip() == shown
    frames = [t for t in things if t["name"].startswith("cluster_")]
    assert shown in [line.strip() for frame in frames for line in shown_text(frame)]
    assert len(graph["edges"]) == 3


@pytest.mark.dot
@needs_dot
def test_dot_draws_the_network(network):
    root = network(2, 3, 1)
    root.backward()
    for depth in (None, 1, 2):
        view = GraphView.of(root, depth)
        graph = parsed(render_dot(view, dark=True))
        frames = [t for t in graph["objects"] if t["name"].startswith("cluster_")]
        assert len(graph["objects"]) - len(frames) == len(view.nodes)
        assert len(graph["edges"]) == len(view.edges)
        assert len(frames) == len(view.clusters)


def test_what_is_not_finite_is_marked():
    x = Value(0.0, label="x")
    root = x.sqrt() + x
    root.backward()
    first = next(line for line in render_dot(GraphView.of(root)).splitlines() if line.startswith("  n0 ["))
    assert "first ∞ of the gradients" in first
    assert "penwidth=3" in first


def test_a_box_says_the_same_as_its_card():
    x = Value(3.0, label="x" * 300)
    root = x * 2.0 - x
    root.backward()
    line = next(line for line in render_dot(GraphView.of(root)).splitlines() if line.startswith("  n0 ["))
    label, tip = (part.partition('"')[0] for part in line.split('="')[-2:])
    assert label.partition("\\n")[2] == "3\\n∇ 1\\n= −1 + 2"
    assert tip.startswith("x" * 300 + " (n0, input)\\n")


def test_dot_text_needs_no_dot(small, either_dot):
    assert draw(small(), layout="layered").dot().startswith("digraph glassgrad {\n")
    assert either_dot == (shutil.which("dot") is not None)


@pytest.mark.parametrize("run", [False, True])
def test_golden_small(small, golden, run):
    root = small()
    if run:
        root.backward()
    golden(f"small_{'run' if run else 'new'}.gv", draw(root, layout="layered").dot())


def test_golden_network(network, golden):
    root = network(2, 2, 1)
    root.backward()
    golden("network.gv", draw(root, layout="layered").dot())
    golden("network_neurons.gv", draw(root, layout="layered", depth=2).dot())
