"""Graphs that people draw: fewer crossings than the first version of the layout had, and never more than Graphviz."""

import shutil

import numpy as np
import pytest

from autograd import Value, gradients, softmax
from autograd import sum as add
from tests.viz.layout_oracle import crossings, faults
from viz.graph.view import GraphView
from viz.layout.arrange import Box, arrange
from viz.text import number, width


def readme():
    a, b = Value(-4.0, label="a"), Value(2.0, label="b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    f = (c - d) ** 2
    return f / 2.0 + 10.0 / f


def neuron():
    x1, x2, w1, w2, b = (
        Value(v, label=n) for v, n in ((2.0, "x1"), (0.0, "x2"), (-3.0, "w1"), (1.0, "w2"), (6.9, "b"))
    )
    first, second = x1 * w1, x2 * w2
    first.label, second.label = "x1w1", "x2w2"
    both = first + second
    both.label = "x1w1 + x2w2"
    return (both + b).tanh()


def logsumexp():
    xs = [Value(x) for x in (1.0, 3.0, -2.0, 0.5)]
    return xs[1] + add((x - xs[1]).exp() for x in xs).log()


def cross_entropy():
    return -softmax([Value(x) for x in (2.0, -1.0, 0.5)])[0].log()


def lstm():
    x, h, c = Value(0.8), Value(-0.3), Value(0.5)

    def gate(squash):
        return squash(Value(0.3) * x + Value(-0.2) * h + Value(0.1))

    i, f, o = (gate(Value.sigmoid) for _ in range(3))
    return o * (f * c + i * gate(Value.tanh)).tanh()


def attention():
    rng = np.random.default_rng(1)
    query, keys, values = (
        [[Value(float(x)) for x in row] for row in rng.normal(size=(count, 2))] for count in (1, 3, 3)
    )
    scores = [add(q * k for q, k in zip(query[0], key, strict=True)) / 1.4 for key in keys]
    weights = softmax(scores)
    out = [add(w * value[j] for w, value in zip(weights, values, strict=True)) for j in range(2)]
    return add(y * y for y in out)


def newton():
    x = Value(1.4)
    for _ in range(3):
        (slope,) = gradients(x - x.log(), [x], record=True)
        (bend,) = gradients(slope, [x], record=True)
        x = x - slope / bend
    return x


def second_order():
    x, y = Value(1.5), Value(-0.5)
    slopes = gradients((x * y).sin() * x.exp() + (x / y).tanh(), [x, y], record=True)
    return slopes[0] * slopes[1] + slopes[0]


# what the first version of the layout made of the same views and boxes
FIRST_VERSION = {
    (readme, True): 8,
    (readme, False): 18,
    (neuron, True): 0,
    (neuron, False): 0,
    (logsumexp, True): 7,
    (logsumexp, False): 7,
    (cross_entropy, True): 3,
    (cross_entropy, False): 3,
    (lstm, True): 22,
    (lstm, False): 22,
    (attention, True): 30,
    (attention, False): 29,
    (newton, True): 12,
    (newton, False): 18,
    (second_order, True): 28,
    (second_order, False): 32,
}
cases = pytest.mark.parametrize(
    ("graph", "fold"), FIRST_VERSION, ids=[f"{graph.__name__}{' folded' * fold}" for graph, fold in FIRST_VERSION]
)


def compact_boxes(view):
    """Cards of two lines, with a port for each wire and room for its partial."""
    arriving = {n.id: [e for e in view.edges if e.target == n.id] for n in view.nodes}
    boxes = {}
    for node in view.nodes:
        edges = arriving[node.id]
        high = max(37.0, 15.0 * len(edges))
        wide = 24.0 + width(node.label, 12.0, bold=True) + width(node.symbol, 12.0) + width(number(node.data), 12.0)
        ports = tuple(high * ((i + 0.5) / len(edges) - 0.5) for i in range(len(edges))) or (0.0,)
        lead = 45.0 if any(e.partial not in (None, 1.0) for e in edges) else 8.0
        boxes[node.id] = Box(max(66.0, wide), high, lead if edges else 0.0, ports)
    return boxes


@cases
def test_fewer_crossings_than_the_first_version(graph, fold):
    view = GraphView.of(graph(), fold=fold)
    boxes = compact_boxes(view)
    layout = arrange(view, boxes)
    assert faults(view, boxes, layout) == []
    found = crossings(view, layout)
    assert found < FIRST_VERSION[graph, fold] or found == 0


@pytest.mark.dot
@pytest.mark.skipif(shutil.which("dot") is None, reason="needs `dot`")
@cases
def test_never_more_crossings_than_dot(graph, fold):
    view = GraphView.of(graph(), fold=fold)
    boxes = compact_boxes(view)
    ours, dots = (crossings(view, arrange(view, boxes, method)) for method in ("layered", "dot"))
    assert ours <= dots


def test_the_readmes_example_fits_a_laptop():
    view = GraphView.of(readme())
    layout = arrange(view, compact_boxes(view))
    assert layout.width <= 1366
    assert layout.height <= 320


@pytest.mark.parametrize("graph", [newton, attention, lstm, second_order])
def test_in_bands_they_fit_as_well(graph):
    view = GraphView.of(graph())
    boxes = compact_boxes(view)
    layout = arrange(view, boxes, width=1366.0)
    assert layout.width <= 1366
    assert faults(view, boxes, layout) == []
