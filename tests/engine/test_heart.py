"""The heart and its fast twin: the same numbers on any graph."""

import inspect
import math

import numpy as np
import pytest

import autograd
from autograd import Constant, Parameter, Value, ancestors, backprop

UNARY = ["tanh", "sigmoid", "exp", "relu", "sqrt", "abs", "neg"]
BINARY = ["add", "sub", "mul", "maximum"]


def random_graph(seed: int) -> tuple[Value, list[Value]]:
    """A graph of all kinds of nodes, in which many are used several times, and its leaves, some with a gradient."""
    rng = np.random.default_rng(seed)
    leaves: list[Value] = [Value(x) for x in rng.uniform(-2, 2, 3)] + [Parameter(x) for x in rng.uniform(-2, 2, 3)]
    for leaf in leaves[::2]:
        leaf.grad = float(rng.normal())
    nodes: list[Value] = [*leaves, Constant(0.5), Value(0.0)]
    for _ in range(int(rng.integers(1, 40))):
        a, b, c = (nodes[int(i)] for i in rng.integers(0, len(nodes), 3))
        kind = int(rng.integers(0, 5))
        if kind == 0:
            nodes.append(autograd.logsumexp(a, b, c))
        elif kind == 1:
            nodes.append(autograd.where(a > b, b, c))
        elif kind == 2:
            bounded = a.tanh()
            name = str(rng.choice(UNARY))
            nodes.append(getattr(bounded * bounded if name == "sqrt" else bounded, name)())
        else:
            nodes.append(getattr(a, str(rng.choice(BINARY)))(b).tanh() if kind == 3 else a * b)
        if abs(nodes[-1].data) > 1e3:
            nodes.pop()
    root = nodes[-1] if nodes[-1].requires_grad else nodes[-1] + leaves[0]
    return root, leaves


@pytest.mark.parametrize("seed", range(300))
def test_the_twin_finds_what_the_definition_says(seed: int) -> None:
    (fast, mine), (slow, its) = random_graph(seed), random_graph(seed)
    for _ in range(2):  # results show the last sweep, leaves add up
        fast.backward(0.5)
        backprop.backward(slow, 0.5)
    found, expected = ([(v.data, v.grad, v.has_grad) for v in ancestors(root)] for root in (fast, slow))
    np.testing.assert_equal(found, expected)
    np.testing.assert_equal([leaf.grad for leaf in mine], [leaf.grad for leaf in its])


@pytest.mark.parametrize("seed", range(40))
def test_recorded_gradients_have_the_numbers_of_the_others(seed: int) -> None:
    root, leaves = random_graph(seed)
    numbers = autograd.gradients(root, leaves)
    recorded = autograd.gradients(root, leaves, record=True)
    assert [g.data for g in recorded] == pytest.approx(numbers, rel=1e-12, abs=1e-300, nan_ok=True)


def test_nothing_flows_through_an_infinite_slope_into_which_nothing_flows() -> None:
    x = Value(0.0)
    for backward in (Value.backward, backprop.backward):
        x.zero_grad()
        backward(x.sqrt() * 0.0 + x)
        assert x.grad == 1.0


def test_generated_methods_can_be_read() -> None:
    text = inspect.getsource(Value.tanh)
    assert text.startswith("def tanh(self):\n")
    assert "y = tanh(x)" in text
    assert inspect.getsource(Value.__rsub__).startswith("def __rsub__(self, other):\n")
    assert "self._view[self.slot]" in inspect.getsource(Parameter.__mul__)
    assert "return unrecorded(y, scope)" in inspect.getsource(Constant.exp)


@pytest.mark.parametrize("names", [("scope", "kind"), ("t1", "node"), ("apply", "op")])
def test_arguments_may_have_any_name(names: tuple[str, str]) -> None:
    a, b = names
    space: dict[str, object] = {}
    exec(f"kernel = lambda m, {a}, {b}: {a} * {b}\npartials = lambda y, {a}, {b}: ({b}, {a})", space)
    product = autograd.op("product_of_any_names", kernel=space["kernel"], partials=space["partials"])
    x, y = Value(3.0), Value(math.pi)
    z = product(x, y)
    z.backward()
    assert (z.data, x.grad, y.grad) == (3.0 * math.pi, math.pi, 3.0)
