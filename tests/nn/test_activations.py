"""Activation modules, and activations inside neurons: values, gradients, names, errors."""

import copy
import math
import pickle

import mpmath
import numpy as np
import pytest

import autograd
from autograd import Value, check_gradients, nn
from autograd.nn.activations import ACTIVATIONS

# Closed forms over mpmath, which knows nothing of the table.
ORACLES = {
    "ReLU": (nn.ReLU, lambda x: max(x, 0)),
    "LeakyReLU": (nn.LeakyReLU, lambda x: x if x > 0 else x / mpmath.mpf(100)),
    "ELU": (nn.ELU, lambda x: x if x > 0 else mpmath.expm1(x)),
    "GELU": (nn.GELU, lambda x: x * mpmath.ncdf(x)),
    "SiLU": (nn.SiLU, lambda x: x / (1 + mpmath.exp(-x))),
    "Sigmoid": (nn.Sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "Tanh": (nn.Tanh, mpmath.tanh),
    "Softplus": (nn.Softplus, lambda x: mpmath.log(1 + mpmath.exp(x))),
}
POINTS = [-30.0, -2.5, -0.75, -1e-3, 1e-3, 0.5, 1.0, 4.0, 30.0]


def test_the_battery_has_every_activation() -> None:
    assert set(ORACLES) == {row.module for row in ACTIVATIONS.values()}


@pytest.mark.parametrize("name", ORACLES)
def test_values_and_slopes_against_mpmath(name: str) -> None:
    kind, oracle = ORACLES[name]
    with mpmath.workdps(40):
        for x in POINTS:
            leaf = Value(x)
            y = kind()(leaf)
            y.backward()
            assert y.data == pytest.approx(float(oracle(mpmath.mpf(x))), rel=1e-13, abs=1e-300)
            assert leaf.grad == pytest.approx(float(mpmath.diff(oracle, mpmath.mpf(x), h=1e-12)), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("name", ORACLES)
def test_lists_rows_numbers_and_values(name: str) -> None:
    module = ORACLES[name][0]()
    single = module(Value(0.5))
    assert isinstance(single, Value)
    expected = [module(x) for x in (0.5, -1.0)]
    assert [v.data for v in module([Value(0.5), Value(-1.0)])] == expected
    assert module(np.array([0.5, -1.0])) == expected
    assert module((0.5, -1.0)) == expected
    assert single.data == expected[0]
    assert module.parameters() == []
    assert check_gradients(module, at=0.7)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies(name: str, copier) -> None:
    module = ORACLES[name][0]()
    assert repr(copier(module)) == repr(module)
    assert copier(module)(-0.5) == module(-0.5)


@pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
def test_the_same_activation_by_every_way_of_naming_it(row) -> None:
    kind = ORACLES[row.module][0]
    results = {
        nn.Neuron(1, activation=given, init=[[0.75]])([Value(-0.5)]).data
        for given in (row.op.name, row.op, kind, kind())
    }
    assert results == {kind()(-0.375)}
    assert repr(nn.Neuron(1, activation=row.op.name)) == f"Neuron(1, {row.op.name}; 2 parameters)"


def test_attributes() -> None:
    assert nn.LeakyReLU(0.2)(-1.0) == -0.2
    assert nn.ELU(alpha=2.0)(-1.0) == pytest.approx(2 * math.expm1(-1))
    module = nn.LeakyReLU()
    module.slope = 0.5
    assert module([Value(-1.0)])[0].data == -0.5
    assert [repr(m) for m in (nn.LeakyReLU(0.2), nn.ELU(), nn.GELU())] == [
        "LeakyReLU(slope=0.2)",
        "ELU(alpha=1.0)",
        "GELU()",
    ]
    neuron = nn.Neuron(1, activation=nn.LeakyReLU(0.2), init=[[1.0]])
    assert neuron([-1.0]).data == -0.2
    assert repr(neuron) == "Neuron(1, leaky_relu(slope=0.2); 2 parameters)"


def test_any_callable_and_own_operations() -> None:
    cube = autograd.op("nn_test_cube", kernel=lambda xp, x: x * x * x, partials=lambda y, x: (3 * x * x,))
    assert nn.Neuron(1, activation=cube, init=[[2.0]])([1.0]).data == 8.0
    assert nn.Neuron(1, activation=lambda v: v * v, init=[[3.0]])([1.0]).data == 9.0
    assert repr(nn.Neuron(1, activation=cube)) == "Neuron(1, nn_test_cube; 2 parameters)"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: nn.MLP(2, [3, 1], activation="rleu"),
            ValueError,
            "'rleu' is not an activation; known: relu, leaky_relu, elu, gelu, silu, softplus, sigmoid, tanh",
        ),
        (lambda: nn.Neuron(2, activation=3), ValueError, "3 is not an activation; known: relu"),
        (lambda: nn.ReLU(0.1), TypeError, r"write ReLU\(\)\(x\), or the function, autograd.relu\(x\)"),
        (lambda: nn.LeakyReLU(alpha=0.1), TypeError, "LeakyReLU has no argument alpha; it is called slope here"),
        (lambda: nn.LeakyReLU("a"), TypeError, "slope of LeakyReLU holds a real number, got str: 'a'"),
        (lambda: nn.Tanh()("abc"), TypeError, r"Tanh\(\) takes a list of numbers or Values, got str: 'abc'"),
        (lambda: nn.Tanh()(np.ones((2, 3))), autograd.ShapeError, r"one sample at a time.*shape \(2, 3\)"),
    ],
)
def test_errors(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
