"""The partials between boxes, against closed forms and finite differences."""

import math

import numpy as np
import pytest

import viz.graph.strips as strips
from autograd import Value, scope
from viz.graph.nodes import Strip
from viz.graph.view import GraphView


def layer(path, weights, inputs, activate):
    with scope(path):
        return [activate(sum(w * x for w, x in zip(row, inputs, strict=True))) for row in weights]


def two_layers(n, m, seed=0, activate=lambda v: v.tanh()):
    """A sum over two layers, and the weights and outputs of the second."""
    rng = np.random.default_rng(seed)
    x = [Value(float(v)) for v in rng.normal(size=3)]
    first, second = rng.normal(size=(n, 3)).tolist(), rng.normal(size=(m, n))
    hidden = layer("first", first, x, activate)
    outputs = layer("second", [[Value(w) for w in row] for row in second.tolist()], hidden, activate)
    return sum(outputs), second, np.array([y.data for y in outputs])


def between(view, source, target):
    ids = {n.label: n.id for n in view.nodes}
    (edge,) = (e for e in view.edges if (e.source, e.target) == (ids[source], ids[target]))
    return edge


@pytest.mark.parametrize(("n", "m"), [(4, 3), (1, 5), (6, 1)])
def test_the_strip_of_a_layer_is_its_weights_times_the_slopes(n, m):
    root, weights, y = two_layers(n, m)
    edge = between(GraphView.of(root, depth=1), "first", "second")
    assert isinstance(edge.strip, Strip)
    assert (edge.strip.rows, edge.strip.columns, edge.strip.block) == (m, n, (1, 1))
    assert np.array(edge.strip.cells) == pytest.approx(weights * (1 - y**2)[:, None], rel=1e-12)
    assert edge.partial is None
    root.backward()
    assert (between(GraphView.of(root, depth=1), "first", "second").contribution is None) == (n > 1)


def test_one_by_one_is_a_partial():
    root, weights, y = two_layers(1, 1)
    root.backward()
    edge = between(GraphView.of(root.tanh(), depth=1), "first", "second")
    assert edge.strip is None
    assert edge.partial == pytest.approx(weights[0, 0] * (1 - y[0] ** 2))
    assert edge.contribution == pytest.approx(edge.partial * root.grad)


def test_a_number_into_a_neuron_has_the_partial_of_the_whole_neuron(network):
    root = network(2, 1)
    root.backward()
    view = GraphView.of(root, depth=2)
    nodes = {n.id: n for n in view.nodes}
    arriving = [e for e in view.edges if nodes[e.target].kind == "collapsed"]
    assert len(arriving) == 2
    for edge in arriving:
        assert edge.contribution == pytest.approx(edge.partial * nodes[edge.target].grad)
        assert edge.contribution == pytest.approx(nodes[edge.source].grad)


def test_many_cells_are_blocks_of_the_largest():
    root, weights, y = two_layers(70, 33)
    strip = between(GraphView.of(root, depth=1), "first", "second").strip
    assert (strip.rows, strip.columns, strip.block) == (33, 70, (2, 3))
    exact = weights * (1 - y**2)[:, None]
    assert np.array(strip.cells).shape == (17, 24)
    for i, row in enumerate(strip.cells):
        for j, cell in enumerate(row):
            block = exact[2 * i : 2 * i + 2, 3 * j : 3 * j + 3]
            assert abs(cell) == pytest.approx(np.abs(block).max(), rel=1e-12)
            assert np.isclose(block, cell, rtol=1e-12).any()


def formula(numbers):
    """Two outputs of three inputs, with numbers that are used more than once."""
    a, b, c = numbers
    p = a * b + c
    q = p.tanh() * a if isinstance(p, Value) else math.tanh(p) * a
    r = p * q + (b - c) * (b - c)
    return [q * r, p * p * r - a]


def test_partials_of_a_module_agree_with_finite_differences():
    rng = np.random.default_rng(1)
    for _ in range(10):
        numbers = rng.normal(size=3).tolist()
        with scope("before"):
            inputs = [Value(v) * 1.0 for v in numbers]
        with scope("module"):
            outputs = formula(inputs)
        with scope("after"):
            root = outputs[0] * outputs[1]
        view = GraphView.of(root, depth=1)
        strip = between(view, "before", "module").strip
        for j in range(3):
            up, down = ([v + h * (i == j) for i, v in enumerate(numbers)] for h in (1e-6, -1e-6))
            slopes = [(u - d) / 2e-6 for u, d in zip(formula(up), formula(down), strict=True)]
            assert [row[j] for row in strip.cells] == pytest.approx(slopes, rel=1e-6, abs=1e-7)
        assert between(view, "module", "after").strip.cells[0] == pytest.approx([o.data for o in outputs[::-1]])


def test_numbers_without_gradient_are_not_in_a_strip():
    (x,) = (Value(2.0),)
    with scope("first"):
        a, b, c = x * 2.0, x * 3.0, (x * 5.0).detach()
    with scope("second"):
        y = a * b * c
        z = c * 7.0
    root = y * z
    strip = between(GraphView.of(root, depth=1), "first", "second").strip
    assert (strip.rows, strip.columns, strip.cells) == (1, 2, ((60.0, 40.0),))


def test_strips_that_take_too_long_are_left_out(monkeypatch):
    root, *_ = two_layers(5, 4)
    monkeypatch.setattr(strips, "_NUMBERS", 20)
    edge = between(GraphView.of(root, depth=1), "first", "second")
    assert (edge.strip, edge.partial, edge.count) == (None, None, 20)


def test_nothing_flows_through_an_infinite_slope_where_nothing_arrives():
    x = Value(0.0)
    with scope("first"):
        a, b = x * 1.0, x + 1.0
    with scope("second"):
        y = a.sqrt() * 0.0 + b
    strip = between(GraphView.of(y * 2.0, depth=1), "first", "second").strip
    assert strip.cells == ((0.0, 1.0),)


@pytest.mark.parametrize("most", range(1, 60))
def test_a_strip_is_whole_or_not_there(monkeypatch, most):
    root, *_ = two_layers(2, 1)
    whole = between(GraphView.of(root, depth=1), "first", "second").strip
    monkeypatch.setattr(strips, "_NUMBERS", most)
    assert between(GraphView.of(root, depth=1), "first", "second").strip in (None, whole)
