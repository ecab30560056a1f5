"""Pictures that would be too large: what they show instead, and what they say of it."""

import math
from itertools import pairwise

import numpy as np
import pytest

from autograd import Value, ancestors, nn, scope
from viz import Budget, draw
from viz.fitting import fitted
from viz.graph.boxes import Boxes
from viz.graph.budget import PAGE
from viz.graph.ladder import Recipe, ladder_of
from viz.graph.reading import Reading
from viz.graph.view import GraphView


def products(n):
    return sum(Value(float(i)) * Value(2.0) for i in range(n))


def leaves(n):
    return sum(Value(float(i)) for i in range(n))


def chain(n):
    x = Value(0.5)
    for i in range(n):
        x = x.tanh() if i % 2 else x * 1.01
    return x


def random_graph(n, seed=0):
    rng = np.random.default_rng(seed)
    values = [Value(float(v)) for v in rng.normal(size=50)]
    while len(values) < n:
        a, b = rng.integers(max(0, len(values) - 400), len(values), size=2)
        values.append((values[a] + values[b]).tanh() if rng.random() < 0.3 else values[a] * values[b])
    return values[-1] + values[-2]


def outputs(n):
    x = Value(1.0)
    return [x * float(i) for i in range(n)]


def unrolled(n):
    """A cell that is used again and again: as one box it is before and after what is between."""
    h = Value(0.1)
    for _ in range(n):
        with scope("cell"):
            h = (h * 2.0).tanh()
        h = h.exp() + h
    return h


def deep_inputs(n):
    """Operations of few kinds, each with leaves of its own."""
    x = Value(0.5)
    for _ in range(n):
        x = (x * Value(1.01)).tanh() + Value(0.1).exp()
    return x


GRAPHS = {
    "products": (products, 1_000),
    "leaves": (leaves, 16_538),
    "chain": (chain, 5_000),
    "random": (random_graph, 10_000),
    "outputs": (outputs, 2_000),
    "unrolled": (unrolled, 500),
    "deep_inputs": (deep_inputs, 700),
}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("budget", [PAGE, 40, 7, 1])
def test_a_picture_is_inside_its_budget_and_says_what_it_did(name, budget):
    make, size = GRAPHS[name]
    limits = Budget.of(budget)
    drawing = draw(make(size), budget=budget, layout="layered")
    assert len(drawing.view.nodes) <= limits.boxes
    assert len(drawing.view.edges) <= limits.wires
    assert len(drawing.svg()) <= limits.bytes
    (note,) = drawing.notes
    assert note.startswith("All of it would have ")
    assert f"more than the budget of {limits.boxes:,}, so " in note
    assert "pass a larger budget=" in note
    assert ("with scope(" in note) == (name != "unrolled")
    assert note in drawing.text


@pytest.mark.parametrize("sizes", [(2, 60, 60, 1), (2, 16, 16, 1), (20, 12, 10, 1)])
def test_networks_become_layers_with_strips(network, sizes):
    drawing = draw(network(*sizes), layout="layered")
    labels = [n.label for n in drawing.view.nodes if n.group == "module"]
    assert labels == [f"layers.{i}" for i in range(len(sizes) - 1)]
    strips = [(e.strip.rows, e.strip.columns) for e in drawing.view.edges if e.strip is not None]
    inner = [(m, n) for n, m in pairwise(sizes[1:])]
    assert strips == ([(sizes[1], sizes[0])] if sizes[0] > 3 else []) + inner
    assert "so modules are drawn as one box each, at depth 1; pass" in drawing.notes[0]


def test_a_gathered_input_has_the_partials_of_its_layer():
    rng = np.random.default_rng(0)
    weights, x = rng.normal(size=(5, 40)), rng.normal(size=40)
    inputs = [Value(float(v)) for v in x]
    with scope("layer"):
        outputs = [sum(float(w) * v for w, v in zip(row, inputs, strict=True)).tanh() for row in weights]
    view = draw(sum(outputs), budget=20, depth=1).view
    (edge,) = (e for e in view.edges if e.strip is not None)
    assert {n.id: n.label for n in view.nodes}[edge.source] == "40 inputs"
    y = np.tanh(weights @ x)
    exact = weights * (1 - y**2)[:, None]
    assert edge.strip.block == (1, 2)
    pairs = np.abs(exact).reshape(5, 20, 2).max(axis=2)
    assert np.abs(edge.strip.cells) == pytest.approx(pairs, rel=1e-12)


def test_of_modules_that_repeat_the_first_is_open(network):
    drawing = draw(network(2, 6, 6, 1), budget=100, layout="layered")
    boxes = [n.label for n in drawing.view.nodes if n.group == "module"]
    assert boxes == [f"layers.{i}.neurons.{k}" for i in (0, 1) for k in range(1, 6)]
    assert {"layers.0.neurons.0", "layers.1.neurons.0"} < {c.path for c in drawing.view.clusters}
    assert "of modules that repeat the first is open" in drawing.notes[0]
    for sizes, budget in (((2, 6, 6, 1), 15), ((2, 8, 8, 1), 100)):  # too small; and a tangle of 64 wires
        less = draw(network(*sizes), budget=budget, layout="layered")
        assert [n.label for n in less.view.nodes if n.group == "module"] == ["layers.0", "layers.1", "layers.2"]


def test_a_network_without_modules_is_layers_of_numbers_of_one_kind():
    rng = np.random.default_rng(0)
    values = [Value(float(v)) for v in rng.normal(size=5)]
    for size in (16, 16, 1):
        rows = [[Value(float(w)) for w in rng.normal(size=len(values))] for _ in range(size)]
        values = [sum(w * v for w, v in zip(row, values, strict=True)).tanh() for row in rows]
    view = draw(values[0], layout="layered").view
    expected = ["16 Σ", "16 tanh", "16 Σ", "16 tanh"] + [
        f"{n} {what}" for n in (80, 256, 16) for what in ("inputs", "×")
    ]
    assert sorted(n.label for n in view.nodes if n.group == "rank") == sorted(expected)
    assert [n.kind for n in view.nodes].count("input") == 5  # few enough to be shown
    assert view.nodes[-1].data == values[0].data
    assert forward_only(view)


def forward_only(view):
    """Whether no wire leads back to a node above it."""
    order = {n.id: i for i, n in enumerate(view.nodes)}
    return all(order[e.source] < order[e.target] for e in view.edges)


@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "unrolled"])
def test_every_stage_has_each_number_once_and_no_circle(name):
    make, size = GRAPHS[name]
    root = make(size // 10)
    reading = Reading(root)
    counts = []
    for rung in ladder_of(reading, Recipe(), 50):
        boxes = Boxes(rung.partition)
        view = GraphView.over(boxes)
        listed = [v for members in boxes.members.values() for v in members]
        assert sorted(map(id, listed)) == sorted(map(id, reading.values))
        assert forward_only(view)
        counts.append(len(view.nodes))
    assert counts[-1] == 1
    assert any(n.output for n in view.nodes)


def test_outputs_stay_visible_while_there_is_room():
    drawing = draw([random_graph(3_000), random_graph(1_000, seed=1)], layout="layered")
    assert [n.kind for n in drawing.view.nodes if n.output] == ["output", "output"]


def test_outputs_that_are_used_as_well_are_no_neighbours():
    squares = [Value(float(i)) ** 2 for i in range(12)]
    view = draw([*squares[:6], sum(squares)], budget=20).view
    assert [n.label or n.symbol for n in view.nodes if n.output] == ["^"] * 6 + ["Σ"]


def test_what_was_asked_for_stays(network):
    root = network(2, 16, 16, 1)
    reading = Reading(root)
    asked = Recipe.of(reading, None, True, ["layers.1"], True)
    for rung in ladder_of(reading, asked, 300):
        if "distance" not in rung.done and "everything" not in rung.done:
            labels = {n.label for n in GraphView.over(Boxes(rung.partition)).nodes}
            assert "layers.1" in labels
    assert draw(root, depth=1, budget=8).notes == ()
    assert draw(root, constants=False, budget=10).view.nodes[0].requires_grad
    unfolded = draw(root, depth=1, fold=False, budget=8, layout="layered")
    assert "so constants and sums are folded" in unfolded.notes[0]


def test_a_larger_budget_shows_more(network):
    root = network(2, 8, 8, 1)
    counts = [len(draw(root, budget=b, layout="layered").view.nodes) for b in (1, 3, 10, 40, 100, 1_000)]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == 230
    assert draw(root, budget=230, layout="layered").notes == ()


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"wires": 20}, "299 wires, more than the budget of 20"),
        ({"bytes": 40_000}, "bytes, more than the budget of 40,000"),
        ({"height": 500}, "pixels of height, more than the budget of 500"),
    ],
)
def test_each_limit_counts(network, limits, what):
    budget = Budget(**{"boxes": math.inf, "wires": math.inf, "bytes": math.inf, "height": math.inf, **limits})
    drawing = draw(network(2, 8, 8, 1), budget=budget, layout="layered")
    assert what in drawing.notes[0]
    assert len(drawing.view.edges) <= budget.wires
    assert len(drawing.svg()) <= budget.bytes
    assert drawing.layout.height <= 1.05 * budget.height


@pytest.mark.parametrize("label", ["L" * 10_000, "漢" * 5_000, "<&" * 5_000])
def test_long_names_count_as_bytes(label):
    x = Value(1.0, label=label)
    for _ in range(60):
        x = x.tanh()
        x.label = label
    drawing = draw(x)
    assert len(drawing.svg().encode()) < PAGE.bytes
    assert "bytes, more than the budget of 1,000,000" in drawing.notes[0]


def test_a_budget_too_small_for_one_box(small):
    with pytest.raises(ValueError, match=r"one box, the smallest there is, has \d+ pixels of width, more than .* 20; "):
        draw(small(), budget=Budget(width=20))
    with pytest.raises(ValueError, match=r"\d+ bytes, more than the budget of 10; pass a larger one"):
        draw(small(), budget=Budget(bytes=10))


@pytest.mark.parametrize("budget", [0, -3, True, "page", None, math.nan, 0.5])
def test_what_is_no_budget(budget):
    with pytest.raises(ValueError, match=r"budget=.* is not a number of boxes: pass an int of at least 1, such as 300"):
        draw(Value(1.0), budget=budget)


@pytest.mark.parametrize(("name", "limit"), [("boxes", 0), ("wires", -1), ("width", math.nan), ("height", "1")])
def test_limits_are_positive_numbers(name, limit):
    with pytest.raises(ValueError, match=f"budget: {name}={limit!r} is no limit of a picture: pass a number of at l"):
        Budget(**{name: limit})


def test_a_budget_of_any_size_draws_everything(network):
    budget = Budget(math.inf, math.inf, math.inf, math.inf, math.inf)
    root = network(2, 16, 16, 1)
    assert len(draw(root, budget=budget, fold=False, layout="layered").view.nodes) == len(ancestors(root))


def test_modules_of_the_library_are_found():
    model = nn.MLP(8, [16, 16, 1], rng=0)
    loss = model([0.1 * i for i in range(8)]) ** 2
    reading = Reading(loss)
    assert [reading.homes[i] for i in reading.home] == [v.scope for v in reading.values]
    picked = fitted(reading, Recipe(), PAGE, "layered")
    assert [n.label for n in picked.view.nodes if n.group == "module"] == ["layers.0", "layers.1", "layers.2"]
