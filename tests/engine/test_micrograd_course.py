"""Exercises in the manner of a first course on micrograd, in its order: slopes, graphs, backward by hand, a network.

They are written as students write them: with labels, `_backward` in topological order, `p.data += -rate * p.grad`.
The oracles are finite differences and the closed forms of the chain rule.
"""

import math
import random
from itertools import pairwise

import pytest

from autograd import Value, manual_seed, no_grad
from autograd.nn import MLP, Layer, Neuron
from tests.engine.topological import topological

# From slopes to a graph


def slope(f, *at, by):
    """The slope of f by one of its arguments, from both sides."""
    h = 1e-5
    up, down = list(at), list(at)
    up[by] += h
    down[by] -= h
    return (f(*up) - f(*down)) / (2 * h)


def expression(a, b, c, f):
    return (a * b + c) * f


def test_an_expression_with_labels_and_its_slopes() -> None:
    numbers = (1.5, -2.0, 7.0, 0.5)
    a, b, c, f = (Value(x, label=label) for x, label in zip(numbers, "abcf", strict=True))
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    L = d * f
    L.label = "L"
    assert repr(L) == "Value(data=2.0, grad=0.0, label='L')"
    assert (L._op, {v.label for v in L._prev}, e._op, d._op) == ("*", {"d", "f"}, "*", "+")
    L.backward()
    for k, leaf in enumerate((a, b, c, f)):
        assert leaf.grad == pytest.approx(slope(expression, *numbers, by=k), rel=1e-8)
    for v in (a, b, c, f):
        v.data += 0.01 * v.grad
    assert expression(a, b, c, f).data > L.data, "a step up the gradient"
    assert L.data == 2.0


def test_gradients_written_by_hand_and_passed_on_by_hand() -> None:
    a, b, c = Value(3.0), Value(-4.0), Value(2.0)
    d = a * b
    e = d + c
    e.grad = 1.0
    e._backward()
    assert (d.grad, c.grad) == (1.0, 1.0)
    d._backward()
    assert (a.grad, b.grad) == (-4.0, 3.0)
    a.grad = b.grad = 0.0
    d._backward()
    assert (a.grad, b.grad) == (-4.0, 3.0)


def nodes_and_edges(root):
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def tanh_neuron():
    leaves = {name: Value(x, label=name) for name, x in zip(("x1", "x2", "w1", "w2", "b"), NEURON, strict=True)}
    n = leaves["x1"] * leaves["w1"] + leaves["x2"] * leaves["w2"] + leaves["b"]
    n.label = "n"
    return leaves, n


NEURON = (2.0, -1.0, -0.5, 1.5, 2.2)


def test_a_neuron_by_hand() -> None:
    leaves, n = tanh_neuron()
    o = n.tanh()
    o.label = "o"
    o.grad = 1.0
    for node in reversed(topological(o)):
        node._backward()
    local = 1 - math.tanh(n.data) ** 2
    assert o.data == math.tanh(n.data)
    assert n.grad == pytest.approx(local, rel=1e-14)
    x1, x2, w1, w2, _ = NEURON
    expected = {"x1": w1 * local, "x2": w2 * local, "w1": x1 * local, "w2": x2 * local, "b": local}
    assert {name: v.grad for name, v in leaves.items()} == pytest.approx(expected, rel=1e-14)
    nodes, edges = nodes_and_edges(o)
    assert (len(nodes), len(edges)) == (10, 9)
    rows = [f"{{ {v.label} | data {v.data:.4f} | grad {v.grad:.4f} }} {v._op}" for v in nodes]
    assert sum(row.endswith(" *") for row in rows) == 2


def test_the_neuron_by_its_exponential() -> None:
    leaves, n = tanh_neuron()
    e = (2 * n).exp()
    o = (e - 1) / (e + 1)
    o.backward()
    by_tanh, m = tanh_neuron()
    p = m.tanh()
    p.backward()
    assert o.data == pytest.approx(p.data, rel=1e-14)
    assert [v.grad for v in leaves.values()] == pytest.approx([v.grad for v in by_tanh.values()], rel=1e-12)


def test_what_is_used_twice_gets_both_shares() -> None:
    a = Value(3.0, label="a")
    (a + a).backward()
    assert a.grad == 2.0
    a, b = Value(-2.0), Value(3.0)
    d, e = a * b, a + b
    f = d * e
    f.backward()
    assert (a.grad, b.grad) == (2 * -2.0 * 3.0 + 9.0, 2 * -2.0 * 3.0 + 4.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: 2 * a + a * 2 - a / 2 + 1 - a + 1 + a,
        lambda a: 2 - a,
        lambda a: 1.0 / a,
        lambda a: a**3 + a**-1 + 2**a,
        lambda a: -a,
        lambda a: sum([a, a * a, 1.0]),
    ],
)
def test_numbers_on_either_side(f) -> None:
    a = Value(0.75)
    y = f(a)
    y.backward()
    assert y.data == pytest.approx(f(0.75), rel=1e-14)
    assert a.grad == pytest.approx(slope(f, 0.75, by=0), rel=1e-8)


# Neurons, layers, a network, and the loop


class MyNeuron:
    """As students write it first, of plain Values."""

    def __init__(self, nin: int) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(random.uniform(-1, 1))

    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).tanh()

    def parameters(self):
        return [*self.w, self.b]


def mine(nin, nouts):
    sizes = [nin, *nouts]
    layers = [[MyNeuron(a) for _ in range(b)] for a, b in pairwise(sizes)]

    def forward(x):
        for layer in layers:
            x = [neuron(x) for neuron in layer]
        return x[0]

    return forward, [p for layer in layers for neuron in layer for p in neuron.parameters()]


XS = [[1.5, -0.5, 0.25], [-1.0, 2.0, 0.75], [0.5, 0.5, -2.0], [-0.75, -1.5, 1.0]]
YS = [1.0, -1.0, 1.0, -1.0]


def theirs():
    manual_seed(3)
    model = MLP(3, [4, 4, 1], activation="tanh")
    manual_seed(None)
    return model, model.parameters()


def by_values():
    random.seed(3)
    return mine(3, [4, 4, 1])


def squares(model):
    return sum((out - y) ** 2 for y, out in zip(YS, map(model, XS), strict=True))


@pytest.mark.parametrize("make", [by_values, theirs])
def test_the_loop_by_hand(make) -> None:
    model, parameters = make()
    assert len(parameters) == 41
    losses = []
    for _ in range(60):
        loss = squares(model)
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data += -0.05 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.1 * losses[0]
    assert [(model(x) > 0) == (y > 0) for x, y in zip(XS, YS, strict=True)] == [True] * 4


@pytest.mark.parametrize("make", [by_values, theirs])
def test_a_forgotten_zero_grad_adds_up(make) -> None:
    model, parameters = make()
    first = squares(model)
    first.backward()
    once = [p.grad for p in parameters]
    squares(model).backward()
    assert [p.grad for p in parameters] == pytest.approx([2 * g for g in once], rel=1e-12)


@pytest.mark.parametrize("make", [by_values, theirs])
def test_the_loop_in_place_with_momentum_on_the_parameters(make) -> None:
    model, parameters = make()
    for p in parameters:
        p.velocity = 0.0
    before = squares(model).data
    for _ in range(40):
        for p in parameters:
            p.grad = 0.0
        squares(model).backward()
        with no_grad():
            for p in parameters:
                p.velocity = 0.5 * p.velocity - 0.05 * p.grad
                p += p.velocity
    assert squares(model).data < 0.2 * before


def test_the_same_seed_the_same_network() -> None:
    outputs = [theirs()[0](XS[0]).data for _ in range(2)]
    assert outputs[0] == outputs[1]
    manual_seed(1)
    assert len(Neuron(2).parameters()) == 3
    assert len(Layer(2, 3)([1.0, 2.0])) == 3
    manual_seed(None)


def test_a_margin_loss_with_bools_and_an_accuracy() -> None:
    model, parameters = theirs()
    scores = list(map(model, XS))
    losses = [(1 + -y * s).relu() for y, s in zip(YS, scores, strict=True)]
    gated = [(1 - y * s.data > 0) * (1 - y * s) for y, s in zip(YS, scores, strict=True)]
    assert [a.data for a in losses] == [b.data for b in gated]
    alpha = 1e-2
    total = sum(losses) * (1.0 / len(losses)) + alpha * sum(p * p for p in parameters)
    total.backward()
    assert all(p.has_grad for p in parameters)
    accuracy = sum((y > 0) == (s.data > 0) for y, s in zip(YS, scores, strict=True)) / len(YS)
    assert 0.0 <= accuracy <= 1.0
