"""What code for micrograd asks of a Value: its names, `_backward` by hand, its constructor."""

import math
import random

import pytest

from autograd import Constant, Parameter, TraceError, Value, compile, manual_seed, no_grad, sigmoid, where
from autograd.nn import MLP
from tests.engine.topological import topological


def test_names_of_the_graph() -> None:
    a, b = Value(2.0), Value(3.0)
    c = a * b
    assert c._prev == {a, b}
    assert (a + a)._prev == {a}
    assert a._prev == set()
    assert [node.data for node in (a + 1.0)._prev - {a}] == [1.0]


@pytest.mark.parametrize(
    ("make", "spelled"),
    [
        (lambda a, b: a, ""),
        (lambda a, b: a + b, "+"),
        (lambda a, b: 1 + a, "+"),
        (lambda a, b: a * b, "*"),
        (lambda a, b: a - b, "-"),
        (lambda a, b: -a, "-"),
        (lambda a, b: a / b, "/"),
        (lambda a, b: a**3, "**3"),
        (lambda a, b: a**-1, "**-1"),
        (lambda a, b: a**0.5, "**0.5"),
        (lambda a, b: a**b, "**"),
        (lambda a, b: 2**b, "**"),
        (lambda a, b: a.relu(), "ReLU"),
        (lambda a, b: a.tanh(), "tanh"),
        (lambda a, b: a.exp(), "exp"),
        (lambda a, b: a.log(), "log"),
    ],
)
def test_op_as_micrograd_writes_it(make, spelled) -> None:
    assert make(Value(2.0), Value(3.0))._op == spelled


def test_backward_of_one_node_passes_its_gradient_on_and_nothing_else() -> None:
    a, b, w = Value(2.0), Value(-3.0), Parameter(4.0)
    c = a * b
    d = c + w
    d.grad = 0.5
    d._backward()
    assert [v.grad for v in (d, c, w, a, b)] == [0.5, 0.5, 0.5, 0.0, 0.0]
    assert (w.has_grad, a.has_grad) == (True, False)
    c._backward()
    assert [v.grad for v in (a, b)] == [-1.5, 1.0]
    c._backward()
    assert [v.grad for v in (a, b)] == [-3.0, 2.0], "it adds, as often as it is called"
    a._backward()  # a leaf has nobody to pass it on to
    assert (a.data, a.grad, c.grad) == (2.0, -3.0, 0.5)


def test_backward_of_one_node_with_an_operand_twice_with_constants_and_with_zero() -> None:
    a = Value(3.0)
    double = a + a
    double.grad = 1.0
    double._backward()
    assert a.grad == 2.0
    shifted = a * 5.0 + Constant(1.0)
    shifted.grad = 1.0
    shifted._backward()
    assert next(arg for arg in shifted.args if arg.requires_grad).grad == 1.0
    zero = Value(0.0)
    root = zero.sqrt()
    root._backward()
    assert zero.grad == 0.0, "what nothing flows into passes nothing on, not even through an infinite slope"


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: (x * y + x.exp()).tanh() - y / x + x**3,
        lambda x, y: ((x + y).relu() * x - 1.0) ** 2 + x * x * x,
        lambda x, y: sigmoid(x * y) + where(x > y, x, y) * x.maximum(y),
    ],
)
def test_all_nodes_by_hand_in_topological_order_are_backward(f) -> None:
    first, second = [Value(0.7), Value(-0.4)], [Value(0.7), Value(-0.4)]
    root = f(*first)
    root.grad = 1.0
    for node in reversed(topological(root)):
        node._backward()
    f(*second).backward()
    assert [x.grad for x in first] == pytest.approx([x.grad for x in second], rel=1e-14)


def test_the_constructor_takes_what_nothing_has_to_be_differentiated_through() -> None:
    for v in (Value(2.0, (), ""), Value(2.0, set(), "+"), Value(2.0, _children=(), _op="+"), Value(2.0, "", "")):
        assert (v.data, v.args, v.label) == (2.0, (), "")
    assert Value(2.0, "x").label == Value(2.0, (), "", "x").label == Value(2.0, (), label="x").label == "x"
    assert Value(2.0, (Constant(1.0),), "+").data == 2.0
    with no_grad():
        assert Value(2.0, (Value(1.0),), "tanh").data == 2.0
    with pytest.raises(TypeError, match="a label is a string"):
        Value(2.0, label=3)


def test_what_would_cut_the_graph_is_refused_with_the_cure() -> None:
    x = Value(0.5, label="x")
    with pytest.raises(TypeError, match=r"no gradient could flow back to 'x' .* my_tanh = autograd\.op\('my_tanh'"):
        Value(math.tanh(x.data), (x,), "tanh")
    with pytest.raises(TypeError, match=r"my_op = autograd\.op\('my_op', kernel=lambda xp, x0, x1"):
        Value(1.0, (x, 2.0 * x), "+")


def test_a_backward_of_ones_own_would_not_be_called_and_is_refused() -> None:
    for out in (Value(0.5), Parameter(0.5), Value(0.5) * 2.0):
        with pytest.raises(TypeError, match=r"_backward of .* can't be set: .* my_op = autograd\.op\('my_op', kernel="):
            out._backward = lambda: None


def test_what_differs_is_as_the_readme_says() -> None:
    a, b = Value(3.0), Value(2.0)
    with pytest.raises(AttributeError):
        (a * b).m = 0
    assert [len(y._prev & {a, b}) for y in (a - b, a / b, -a)] == [2, 2, 1]
    assert all(arg.op is None for y in (a - b, a / b, -a) for arg in y.args), "one node each"
    y = (a * b).tanh() * a  # micrograd's inner nodes keep what they had, so that its a would get more
    y.backward()
    once = a.grad, b.grad
    y.backward()
    assert (a.grad, b.grad) == (2 * once[0], 2 * once[1])
    pairs = []
    for seed in (random.seed, manual_seed):
        seed(0)
        first = MLP(2, [1]).parameters()[0].data
        seed(0)
        pairs.append(first == MLP(2, [1]).parameters()[0].data)
    manual_seed(None)
    assert pairs == [False, True]
    with pytest.raises(TraceError, match="Make it a Parameter to train it"):
        compile(lambda x: a * x, backend="numpy")([1.0])


def test_a_network_has_relu_but_in_the_last_layer_and_the_courses_tanh_where_asked_for() -> None:
    x = [0.3, -1.1]
    for named, f in (({}, lambda z: max(z, 0.0)), ({"activation": "tanh"}, math.tanh)):
        model = MLP(2, [3, 2], rng=1, **named)
        (w, c), (u, d) = ((layer.weight.data, layer.bias.data) for layer in model.layers)
        hidden = [f(row @ x + shift) for row, shift in zip(w, c, strict=True)]
        assert [y.data for y in model(x)] == pytest.approx((u @ hidden + d).tolist(), rel=1e-14)


def test_attributes_for_an_optimizer_by_hand() -> None:
    model = MLP(2, [3, 1], rng=0)
    for p in model.parameters():
        p.m, p.v = 0.0, 0.0
    loss = model([1.0, -1.0]) ** 2
    loss.backward()
    for p in model.parameters():
        p.m = 0.9 * p.m + 0.1 * p.grad
        p.data -= 0.1 * p.m
    assert any(p.m != 0.0 for p in model.parameters())
