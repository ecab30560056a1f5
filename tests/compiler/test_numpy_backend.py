"""Compiled code on the NumPy backend does what eager code does: every operation, random graphs, values, gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import OPS, Parameter, Value, nn
from autograd.compiler import Program
from autograd.testing import DrawnExpression, expressions, points

TOLERANCE = {"rtol": 1e-9, "atol": 1e-11}


def eager_gradients(f, rows, parameters=()):
    """Values, gradients by the inputs, and mean gradients by the parameters, one sample at a time."""
    values, by_inputs, by_parameters = [], [], np.zeros(len(parameters))
    for row in rows:
        leaves = [Value(x) for x in row]
        y = f(leaves)
        y = y if isinstance(y, Value) else Value(y)
        values.append(y.data)
        wanted = [*leaves, *parameters]
        found = autograd.gradients(y, wanted) if y.requires_grad else (0.0,) * len(wanted)
        by_inputs.append(found[: len(leaves)])
        by_parameters += np.array(found[len(leaves) :]) / len(rows)
    return np.array(values), np.array(by_inputs), by_parameters


def assert_same(f, rows, parameters=(), backend="numpy"):
    values, by_inputs, by_parameters = eager_gradients(f, rows, parameters)
    program = Program(f, backend)
    np.testing.assert_allclose(program(rows), values, **TOLERANCE)
    np.testing.assert_allclose(program.gradients(rows)[0], by_inputs, **TOLERANCE)
    for p in parameters:
        p.zero_grad()
    assert program.backward(rows) == pytest.approx(values.mean(), rel=1e-9, abs=1e-11)
    np.testing.assert_allclose([p.grad for p in parameters], by_parameters, **TOLERANCE)


@pytest.mark.parametrize("op", list(OPS.values()), ids=lambda op: op.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_operation(op, data):
    drawn = [data.draw(points(op)) for _ in range(3)]
    size = min(len(point) for point in drawn)
    conditions = [i for i in range(size) if isinstance(drawn[0][i], bool)]
    rows = np.array([[float(x) for x in point[:size]] for point in drawn if len(point) == size])

    def f(xs):
        return op(*(x > 0.5 if i in conditions else x for i, x in enumerate(xs)))

    assert_same(f, rows)


@settings(max_examples=150, deadline=None)
@given(expressions())
def test_random_graphs_of_inputs(expression: DrawnExpression):
    assert_same(expression.build, np.array([expression.point] * 2))


@settings(max_examples=150, deadline=None)
@given(expressions(inputs=st.integers(2, 4)), st.integers(1, 3))
def test_random_graphs_of_inputs_and_parameters(expression: DrawnExpression, count: int):
    count = min(count, len(expression.point) - 1)
    parameters = [Parameter(x) for x in expression.point[:count]]
    rows = np.array([expression.point[count:]] * 3)
    assert_same(lambda xs: expression.build([*parameters, *xs]), rows, parameters)


@settings(max_examples=60, deadline=None)
@given(expressions(), st.integers(4, 9))
def test_random_graphs_side_by_side_become_maps(expression: DrawnExpression, width: int):
    k = len(expression.point)
    weights = [Parameter(0.5 + 0.1 * j) for j in range(width)]

    def f(xs):
        total = 0.0
        for j in range(width):
            total = total + weights[j] * expression.build(xs[j * k : (j + 1) * k])
        return total

    assert_same(f, np.array([expression.point * width] * 2), weights)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 8, 9, 16, 31, 64, 67])
def test_batches_of_any_size(batch):
    rng = np.random.default_rng(batch)
    w = [Parameter(x) for x in rng.normal(size=8)]

    def f(xs):
        hidden = [autograd.tanh(w[j] * xs[0] + w[j + 4] * xs[1]) for j in range(4)]
        return hidden[0] * hidden[1] + hidden[2] * hidden[3]

    assert_same(f, rng.normal(size=(batch, 2)), w)


def test_many_samples_run_in_blocks(monkeypatch):
    monkeypatch.setattr("autograd.compiler.numpy_backend._BLOCK_BYTES", 200)
    w = Parameter(0.3)
    assert_same(lambda xs: autograd.exp(w * xs[0]) * xs[1], np.random.default_rng(0).normal(size=(23, 2)), [w])


def test_a_mean_over_the_batch_takes_it_in_one_block(monkeypatch):
    monkeypatch.setattr("autograd.compiler.numpy_backend._BLOCK_BYTES", 200)
    rows = np.random.default_rng(0).normal(size=(23, 2))
    found = Program(nn.BatchNorm(2, eps=0.0, affine=False), "numpy")(rows)
    np.testing.assert_allclose(found, (rows - rows.mean(0)) / rows.std(0), rtol=1e-12)
