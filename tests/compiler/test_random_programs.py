"""Random programs of sums of products in odd lines: eager code, NumPy and machine code agree on everything."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, ParameterArray, Value, compile, dot, gradients, where

ACTIVATIONS: list[Callable[[Any], Any]] = [
    lambda t: t.tanh(),
    lambda t: t.sigmoid(),
    lambda t: t.relu(),
    lambda t: t.sin(),
    lambda t: (t * t + 1.0).log(),
    lambda t: -t,
    lambda t: abs(t),
    lambda t: t * 0.5,
]


class Draw:
    """What is drawn for one layer: arrays of parameters, an activation, and how numbers are taken from those before."""

    def __init__(self, seed: int, arrays: list[ParameterArray], bias: ParameterArray, lone: list[Parameter]) -> None:
        chance = random.Random(seed)
        self.W, self.bias, self.lone = chance.choice(arrays), bias, lone
        self.act, self.step = chance.choice(ACTIVATIONS), chance.choice([1, 1, 2, 3])
        self.rows, self.columns = self.W.shape
        self.width = chance.choice([2, 3])

    def take(self, h: list[Any], count: int) -> list[Any]:
        return [h[i * self.step % len(h)] for i in range(count)]


def plain(d: Draw, h: list[Any]) -> list[Any]:
    return [d.act(dot(row, d.take(h, d.columns), start=d.bias[i % len(d.bias)])) for i, row in enumerate(d.W)]


def columns(d: Draw, h: list[Any]) -> list[Any]:
    return [d.act(dot(d.W[:, j], d.take(h, d.rows))) for j in range(d.columns)]


def every_other(d: Draw, h: list[Any]) -> list[Any]:
    return [d.act(dot(row, d.take(h, d.columns), start=0.3)) for row in d.W[:: d.width]]


def backwards(d: Draw, h: list[Any]) -> list[Any]:
    turned = [dot(row[::-1], d.take(h, d.columns)) for row in d.W]
    return [d.act(t) for t in (*turned, *(dot(row, d.take(h, d.columns)) for row in d.W[::-1]))]


def tied(d: Draw, h: list[Any]) -> list[Any]:
    code = plain(d, h)
    return [dot(d.W[:, j], code, start=h[0]) for j in range(d.columns)]


def overlapping(d: Draw, h: list[Any]) -> list[Any]:
    flat = [w for row in d.W for w in row]
    return [d.act(dot(flat[i : i + d.width], d.take(h, d.width))) for i in range(min(9, len(flat) - d.width + 1))]


def apart(d: Draw, h: list[Any]) -> list[Any]:
    n = len(d.lone)
    total = sum(a * b for a, b in zip(d.lone[::-1], d.take(h, n), strict=True))
    return [d.act(dot(d.lone, d.take(h, n), start=d.bias[0])), d.act(total), *h[:3]]


def mixed(d: Draw, h: list[Any]) -> list[Any]:
    ws = [d.W[i % d.rows, 0] if i % 2 else d.bias[i % len(d.bias)] for i in range(len(h))]
    return [dot(ws, h, start=1.0), dot(h, ws, start=h[0] * h[-1]), dot(h, h) * 0.1, *h]


def elementwise(d: Draw, h: list[Any]) -> list[Any]:
    centred = [t - sum(h) / len(h) for t in h]
    n = len(d.bias)
    return [
        where(t > d.bias[0], d.act(t) * d.bias[i % n], t * d.lone[0] + d.lone[i % n]) for i, t in enumerate(centred)
    ]


def differentiated(d: Draw, h: list[Any]) -> list[Any]:
    y = sum(d.act(t) * w for t, w in zip(h, d.lone * 9, strict=False)) + d.W[0, 0] * d.bias[0]
    by_h, by_w, by_b = gradients(y, [h[0], d.lone[0], d.bias[0]], record=True)
    return [by_h + h[0], by_w, by_b * d.lone[-1], *h[:4]]


LAYERS = [plain, columns, every_other, backwards, tied, overlapping, apart, mixed, elementwise, differentiated]


def program_of(seed: int) -> tuple[Callable[..., Any], int, list[Any]]:
    """A function of one sample, how many numbers it takes, and its parameters."""
    chance, numbers = random.Random(seed), np.random.default_rng(seed)
    k = chance.choice([1, 2, 3, 5, 8, 13])
    shapes = [chance.choice([(3, k), (k, k), (k, 3), (8, k)]) for _ in range(2)]
    arrays = [ParameterArray(numbers.normal(size=shape)) for shape in shapes]
    bias = ParameterArray(numbers.normal(size=k))
    lone = [Parameter(w) for w in numbers.normal(size=k).tolist()]
    layers = [
        (chance.choice(LAYERS), Draw(chance.randrange(1 << 20), arrays, bias, lone))
        for _ in range(chance.randint(2, 6))
    ]

    def f(x: list[Any], y: Any) -> Any:
        h = x
        for layer, drawn in layers:
            h = layer(drawn, h)
            h = [t * (1.0 / (1.0 + 0.1 * len(h))) for t in h]
        return sum((t - y) ** 2 for t in h) * (1.0 / len(h)) + sum(abs(w) for w in lone) * 0.01

    return f, k, [*(w for W in arrays for row in W for w in row), *bias, *lone]


@pytest.mark.parametrize("seed", range(20))
def test_three_ways_to_run_it_agree(seed: int) -> None:
    f, k, parameters = program_of(seed)
    samples = (1, 3, 7, 64)[seed % 4]
    numbers = np.random.default_rng(seed)
    X, Y = numbers.normal(size=(samples, k)), numbers.normal(size=samples)
    values, by_inputs = [], []
    for row, target in zip(X.tolist(), Y.tolist(), strict=True):
        x, y = [Value(number) for number in row], Value(target)
        result = f(x, y)
        result.backward(1.0 / samples)
        values.append(result.data)
        by_inputs.append([each.grad * samples for each in (*x, y)])
    expected = [np.array(values), np.array([p.grad for p in parameters]), np.array(by_inputs)]
    for backend in ("numpy", "llvm"):
        program = compile(f, backend=backend)
        for p in parameters:
            p.grad = 0.0
        found = [program(X, Y)]
        program.backward(X, Y)
        found.append(np.array([p.grad for p in parameters]))
        by_x, by_y = program.gradients(X, Y)
        found.append(np.column_stack([by_x, by_y]))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11 * (1.0 + np.abs(other).max()))
