"""Random networks of layers, convolutions, shared weights and odd ends: compiled code does what eager code does.

Each network is drawn from a seed as lists of numbers, computed from earlier lists: sums of products with weights in
some regular or irregular pattern, operations on aligned, shifted or shared members, sums, penalties.
"""

import random

import numpy as np
import pytest

import autograd
from autograd import Parameter, Value, leaky_relu, maximum, relu, sigmoid, sqrt, tanh, where
from autograd.compiler import Program

ONE = (
    tanh,
    relu,
    sigmoid,
    abs,
    lambda v: leaky_relu(v, slope=0.2),
    lambda v: where(v > 0.1, v, v * 0.5),
    lambda v: tanh(v).exp(),
    lambda v: sqrt(v * v + 0.5),
    lambda v: v.detach(),
)
TWO = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (b * b + 1.0),
    maximum,
    lambda a, b: where(a > b, a * b, b),
)


class Network:
    """A function of a list of inputs, the same at each call."""

    def __init__(self, seed):
        choice = random.Random(seed)
        self.seed = seed
        self.inputs = choice.choice([1, 2, 4, 5, 8])
        numbers = np.random.default_rng(seed).normal(size=choice.choice([0, 3, 10, 40, 100]))
        self.weights = [Parameter(x) for x in numbers]

    def __call__(self, xs):
        choice = random.Random(self.seed + 1)
        lists = [list(xs)]
        for _ in range(choice.randrange(1, 8)):
            made = choice.choice(STEPS)(self.weights, lists, choice)
            lists.append(made)
        total = 0.0 * xs[0]
        for value in (value for made in lists[1:] for value in made):
            total = total + (tanh(value * 0.3) if choice.random() < 0.5 else value * 0.1)
        if choice.random() < 0.3:
            total = total + sum(w * w for w in self.weights) * 0.01
        return total


def sums_of_products(weights, lists, choice):
    if not weights:
        return sums(weights, lists, choice)
    rows = list(choice.choice(lists)) + (list(choice.choice(lists)) if choice.random() < 0.3 else [])
    rows = rows[:12]
    if choice.random() < 0.2:
        choice.shuffle(rows)
    begin, step_j = choice.randrange(len(weights)), choice.choice([0, 1, len(rows), len(rows) + 1])
    step_k, scaled, biased = choice.choice([1, 1, 1, 2, 0]), choice.random() < 0.15, choice.random() < 0.6
    made = []
    for j in range(choice.choice([1, 2, 4, 5, 6])):
        slots = [(begin + j * step_j + k * step_k) % len(weights) for k in range(len(rows) + 1)]
        total = weights[slots[-1]] if biased else 0.0
        for slot, row in zip(slots, rows, strict=False):
            total = total + (weights[slot] * weights[0] if scaled else weights[slot]) * row
        made.append(total)
    return made[::-1] if choice.random() < 0.3 else made


def one_by_one(_, lists, choice):
    op = choice.choice(ONE)
    return [op(value) for value in choice.choice(lists)]


def two_lists(_, lists, choice):
    op, a, b = choice.choice(TWO), choice.choice(lists), choice.choice(lists)
    shift = choice.randrange(2) if min(len(a), len(b)) > 4 else 0
    return [op(p, q) for p, q in zip(a[shift:], b, strict=False)]


def a_list_and_one(_, lists, choice):
    op, shared = choice.choice(TWO), choice.choice(choice.choice(lists))
    return [op(value, shared) for value in choice.choice(lists)]


def gains(weights, lists, choice):
    if not weights:
        return one_by_one(weights, lists, choice)
    op, begin = choice.choice(TWO), choice.randrange(len(weights))
    return [op(weights[(begin + i) % len(weights)], value) for i, value in enumerate(choice.choice(lists))]


def sums(_, lists, choice):
    values = choice.choice(lists)
    mean = sum(values) * (1.0 / len(values))
    return [mean, tanh(mean)]


STEPS = (sums_of_products, sums_of_products, sums_of_products, one_by_one, two_lists, a_list_and_one, gains, sums)


def eager(f, rows):
    for w in f.weights:
        w.zero_grad()
    loss, by_inputs = 0.0, []
    for row in rows.tolist():
        leaves = [Value(x) for x in row]
        y = f(leaves)
        loss += y.data / len(rows)
        by_inputs.append(autograd.gradients(y, leaves))
        y.backward(1.0 / len(rows))
    return loss, [w.grad for w in f.weights], by_inputs


def assert_same(seed, backend):
    f = Network(seed)
    rows = np.random.default_rng(seed + 1).normal(size=(1 + seed % 11, f.inputs))
    loss, by_weights, by_inputs = eager(f, rows)
    for w in f.weights:
        w.zero_grad()
    program = Program(f, backend)
    assert program.backward(rows) == pytest.approx(loss, rel=1e-10, abs=1e-11)
    np.testing.assert_allclose([w.grad for w in f.weights], by_weights, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(program.gradients(rows)[0], by_inputs, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("seed", range(60))
def test_numpy(seed):
    assert_same(seed, "numpy")


@pytest.mark.parametrize("seed", range(60, 80))
def test_llvm(seed):
    pytest.importorskip("llvmlite")
    assert_same(seed, "llvm")
