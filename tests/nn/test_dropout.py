"""Dropout: expectation, blocked gradients, the documented stream, evaluation, errors."""

import copy
import math
import pickle

import numpy as np
import pytest

from autograd import Constant, Parameter, Value, check_graph, compile, gradients, nn, no_grad


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_the_expectation_holds_and_the_share_is_p(p: float) -> None:
    n = 20_000
    out = np.array([v.data for v in nn.Dropout(p, rng=4)([3.0] * n)])
    kept = 3.0 / (1 - p)
    assert set(np.unique(out)) <= {0.0, kept}
    deviation = math.sqrt(p * (1 - p) / n)
    assert abs((out == 0).mean() - p) <= 5 * deviation
    assert abs(out.mean() - 3.0) <= 5 * kept * deviation


def test_the_stream_is_one_draw_a_neuron_in_the_order_of_the_samples() -> None:
    layer = nn.Dropout(0.4, rng=9)
    masks = [[v.data != 0.0 for v in layer([1.0] * 7)] for _ in range(5)]
    assert masks == (np.random.default_rng(9).random((5, 7)) >= 0.4).tolist()
    single = nn.Dropout(0.4, rng=9)
    assert [single(Value(1.0)).data != 0.0 for _ in range(35)] == [keep for row in masks for keep in row]


def test_what_was_dropped_is_blocked() -> None:
    xs = [Value(float(i + 1)) for i in range(40)]
    out = nn.Dropout(0.5, rng=0)(xs)
    sum(out, Value(0.0)).backward()
    dropped = [v.label == "dropped" for v in out]
    assert 5 < sum(dropped) < 35
    for x, y, gone in zip(xs, out, dropped, strict=True):
        assert y.data == (0.0 if gone else 2.0 * x.data)
        assert x.grad == (0.0 if gone else 2.0)
        assert y.op.name == "mul"
        assert y.args[0] is x
        assert isinstance(y.args[1], Constant)
        assert y.args[1].data == (0.0 if gone else 2.0)
        assert y.requires_grad
    assert check_graph(sum(out, Value(0.0)))


def test_weights_behind_a_dropped_neuron_get_no_gradient() -> None:
    model = nn.Sequential(nn.Linear(1, 8, init=np.ones((8, 1))), nn.Dropout(0.5, rng=3), nn.Linear(8, 1, rng=0))
    y = model([1.0])
    y.backward()
    dropped = [term.args[1].label == "dropped" for term in _products(y)]
    grads = [neuron.w[0].grad for neuron in model[0].neurons]
    assert [g == 0.0 for g in grads] == dropped
    assert 0 < sum(dropped) < 8


def _products(y):
    found = []
    while y.op is not None:
        y, product = y.args
        found.append(product)
    return found[::-1]


def test_plain_inputs_become_constants_that_the_graph_shows() -> None:
    out = nn.Dropout(0.5, rng=2)([1.0, 1.0, np.float32(1.0), 1])
    assert [type(v) for v in out] == [Constant] * 4
    assert [v.label == "dropped" for v in out] == [v.data == 0.0 for v in out]
    assert out[0].op.name == "mul"
    with no_grad():
        assert {v.data for v in nn.Dropout(0.5, rng=2)([Value(1.0)] * 20)} == {0.0, 2.0}


def test_evaluation_is_the_identity_and_draws_nothing() -> None:
    layer = nn.Dropout(0.5, rng=1).eval()
    x = [Value(1.0), Value(2.0)]
    assert layer(x) is x
    assert layer(x[0]) is x[0]
    trained = layer.train()(x)
    assert [v.data for v in trained] == [v.data for v in nn.Dropout(0.5, rng=1)(x)]
    assert gradients(trained[0], x)[1] == 0.0


def test_a_trace_draws_the_stream_of_eager_code_also_for_what_is_no_traced_number() -> None:
    w, X = Parameter(2.0), np.arange(1.0, 9.0).reshape(4, 2)

    def total(model):
        return lambda x: sum((u * k for k, u in enumerate(model([x[0], w, 3.0, x[1]]), 1)), 0.0)

    eager = total(nn.Dropout(0.5, rng=1))
    expected = [eager(row).data for row in X.tolist()]
    for backend in ("numpy", "llvm"):
        assert compile(total(nn.Dropout(0.5, rng=1)), backend=backend)(X).tolist() == expected


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_go_on_with_the_same_stream(copier) -> None:
    layer = nn.Dropout(0.5, rng=1)
    layer([1.0] * 3)
    twin = copier(layer)
    assert [v.data for v in twin([1.0] * 30)] == [v.data for v in layer([1.0] * 30)]


def test_seeds() -> None:
    def mask(rng):
        return [v.data for v in nn.Dropout(0.5, rng=rng)([1.0] * 60)]

    assert mask(5) == mask(5) == mask(np.random.default_rng(5))
    assert mask(5) != mask(6)
    assert mask(None) != mask(None)


@pytest.mark.parametrize("p", [1.0, -0.1, 1.5, math.nan, math.inf])
def test_a_share_outside_is_refused_and_nothing_changes(p: float) -> None:
    message = rf"p of Dropout is the share of neurons to drop, from 0 to below 1, got {p}"
    with pytest.raises(ValueError, match=message):
        nn.Dropout(p)
    layer = nn.Dropout(0.3)
    with pytest.raises(ValueError, match=message):
        layer.p = p
    assert layer.p == 0.3


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match=r"p of Dropout holds a real number, got str: '0.5'"):
        nn.Dropout("0.5")
    with pytest.raises(TypeError, match="rng must be a seed"):
        nn.Dropout(0.5, rng="seed")
