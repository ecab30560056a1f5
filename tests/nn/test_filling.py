"""Filling arrays as PyTorch does: moments against the published formulas, gains, refusals."""

import math
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, ParameterArray, ShapeError, compile, nn
from autograd.nn import init

SHAPE = (200, 50)
# (what fills, its standard deviation for nin = 50 and nout = 200, whether it is uniform), worked out by hand.
FILLED = {
    "kaiming_uniform_": (lambda w: init.kaiming_uniform_(w, rng=1), 0.2, True),
    "kaiming_uniform_, Linear's": (
        lambda w: init.kaiming_uniform_(w, math.sqrt(5), rng=1),
        0.0816496580927726,
        True,
    ),
    "kaiming_normal_": (lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu", rng=1), 0.1, False),
    "kaiming_normal_, tanh": (lambda w: init.kaiming_normal_(w, nonlinearity="tanh", rng=1), 0.2357022603955158, False),
    "xavier_uniform_": (lambda w: init.xavier_uniform_(w, rng=1), 0.08944271909999159, True),
    "xavier_normal_": (lambda w: init.xavier_normal_(w, gain=2.0, rng=1), 0.17888543819998318, False),
    "uniform_": (lambda w: init.uniform_(w, -0.5, 0.5, rng=1), 0.28867513459481287, True),
    "normal_": (lambda w: init.normal_(w, std=0.02, rng=1), 0.02, False),
}


@pytest.mark.parametrize(("fill", "std", "is_uniform"), FILLED.values(), ids=list(FILLED))
def test_moments_are_those_of_the_formula(fill: Any, std: float, is_uniform: bool) -> None:
    weight = ParameterArray(np.zeros(SHAPE))
    assert fill(weight) is weight
    n, draws = weight.size, weight.data
    assert abs(draws.mean()) <= 5 * std / math.sqrt(n)
    kurtosis = 1.8 if is_uniform else 3.0
    assert abs(draws.var() - std**2) <= 5 * std**2 * math.sqrt((kurtosis - 1) / n)
    assert np.mean((draws / std) ** 4) == pytest.approx(kurtosis, abs=0.35)
    if is_uniform:
        assert 0.99 * math.sqrt(3.0) * std < np.abs(draws).max() <= math.sqrt(3.0) * std
    again = ParameterArray(np.zeros(SHAPE))
    fill(again)
    assert again.data.tobytes() == draws.tobytes()


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        *(("linear", None, 1.0), ("sigmoid", None, 1.0), ("tanh", None, 5 / 3), ("relu", None, 2**0.5)),
        *(("leaky_relu", None, (2 / 1.0001) ** 0.5), ("leaky_relu", 1.0, 1.0), ("selu", None, 0.75)),
    ],
)
def test_gains(name: str, param: float | None, gain: float) -> None:
    assert init.calculate_gain(name, param) == pytest.approx(gain, rel=1e-15)


def test_a_layer_is_filled_where_it_is() -> None:
    layer = nn.Linear(2, 3, rng=0)
    program = compile(lambda x: layer(x)[1], "numpy")
    face = layer.neurons[1].w[0]
    init.constant_(layer.weight, 2.0)
    init.zeros_(layer.bias)
    assert program(np.array([[1.0, 3.0]])).tolist() == [8.0]
    assert face.data == 2.0
    init.normal_(layer.weight, mean=7.0, std=0.0)
    init.ones_(layer.bias)
    assert program(np.array([[1.0, 3.0]])).tolist() == [29.0]
    assert init.constant_(face, 5.0) is face
    assert layer.weight.data.tolist() == [[7.0, 7.0], [5.0, 7.0], [7.0, 7.0]]
    assert init.zeros_(Parameter(1.0)).data == 0.0


def test_pytorch_names_as_schemes_of_a_layer() -> None:
    layer = nn.Linear(50, 200, init="kaiming_uniform", rng=1)
    assert np.array_equal(layer.weight.data, init.kaiming_uniform_(ParameterArray(np.zeros(SHAPE)), rng=1).data)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda w: init.xavier_uniform_(w[0]), ShapeError, r"is said by a weight \(nout, nin\), got ParameterArray"),
        (
            lambda w: init.kaiming_normal_(w.data),
            TypeError,
            "^what is filled is a ParameterArray, as layer.weight",
        ),
        (lambda w: init.zeros_(3.0), TypeError, "^what is filled is a ParameterArray"),
        (lambda w: init.kaiming_normal_(w, mode="fan"), ValueError, "^mode is 'fan_in' or 'fan_out', got 'fan'"),
        (lambda w: init.kaiming_normal_(w, nonlinearity="gelu"), ValueError, "^'gelu' has no gain; known: linear, "),
        (lambda w: init.normal_(w, std=-1.0), ValueError, "^a standard deviation is a finite number from 0 on"),
        (lambda w: init.uniform_(w, 1.0, 0.0), ValueError, "^uniform needs finite bounds"),
        (lambda w: init.constant_(w, "1"), TypeError, "^val of constant_ holds a real number"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    weight = ParameterArray([[1.0, 2.0]])
    with pytest.raises(error, match=message):
        call(weight)
    assert weight.data.tolist() == [[1.0, 2.0]]
