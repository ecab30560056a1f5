"""Programs that do the same again and again (convolutions, recurrent cells, simulations): compiled as one function for
all of it, they do what eager code does."""

import math
import random

import numpy as np
import pytest

import autograd
from autograd import DomainError, Parameter, Value, maximum, nn, optim, tanh
from autograd.compiler import Program
from autograd.compiler.llvm.emit import functions as emit_functions
from autograd.training import fit


def parameters(count, seed=0):
    return [Parameter(x) for x in np.random.default_rng(seed).normal(size=count) * 0.4]


def dot(weights, xs, start=0.0):
    total = start
    for w, x in zip(weights, xs, strict=True):
        total = total + w * x
    return total


class Convolution:
    """A 3x3 convolution of 8x8 pixels by 4 filters, the largest of each 2x2 square, and a linear layer."""

    inputs, size, filters = 64, 8, 4

    def __init__(self, shared):
        self.shared = shared
        self.weights = parameters(4 * 10 * (1 if shared else 36) + 3 * 37)

    def filter(self, k, place):
        begin = 10 * (k if self.shared else 4 * place + k)
        return self.weights[begin : begin + 10]

    def __call__(self, x):
        places, rows = range(self.size - 2), [x[8 * i : 8 * i + 8] for i in range(8)]
        features = []
        for k in range(self.filters):
            pixels = [[self.pixel(rows, k, i, j) for j in places] for i in places]
            for i in range(0, len(places), 2):
                for j in range(0, len(places), 2):
                    above, below = pixels[i], pixels[i + 1]
                    features.append(maximum(maximum(above[j], above[j + 1]), maximum(below[j], below[j + 1])))
        last = self.weights[-3 * 37 :]
        return sum(tanh(dot(last[37 * j : 37 * j + 36], features, last[37 * j + 36])) for j in range(3))

    def pixel(self, rows, k, i, j):
        *weights, bias = self.filter(k, 6 * i + j)
        return dot(weights, [rows[i + a][j + b] for a in range(3) for b in range(3)], bias).relu()


class Recurrent:
    """Nine steps of a layer of 5 that is given 17 numbers a step."""

    inputs = 9 * 17

    def __init__(self):
        self.weights = parameters(5 * 23 + 5)

    def __call__(self, x):
        h = [0.0] * 5
        for t in range(9):
            given = [*x[17 * t : 17 * t + 17], *h]
            h = [tanh(dot(self.weights[23 * j : 23 * j + 22], given, self.weights[23 * j + 22])) for j in range(5)]
        return dot(self.weights[-5:], h)


class Simulation:
    """A pendulum that is pushed now and then, with friction, in steps of Heun's method."""

    inputs = 2

    def __init__(self):
        self.weights = parameters(2)

    def slope(self, angle, speed):
        return speed, -(self.weights[0] * angle.sin()) - self.weights[1] * speed * self.weights[1]

    def __call__(self, x):
        angle, speed = x
        for step in range(60):
            a, b = self.slope(angle, speed)
            c, d = self.slope(angle + a * 0.1, speed + b * 0.1)
            angle, speed = angle + (a + c) * 0.05, speed + (b + d) * 0.05 + math.sin(step) * 0.01
        return angle * angle + speed


class RandomCell:
    """A cell of random operations on a state of three, on weights and on one input, a step for each input."""

    inputs = 40

    def __init__(self, seed):
        choice = random.Random(seed)
        self.weights = parameters(4, seed)
        self.code = [
            (choice.randrange(7), choice.randrange(99), choice.randrange(99)) for _ in range(choice.randrange(8, 25))
        ]
        self.stays = choice.random() < 0.5

    def cell(self, state, x):
        known = [*state, x, *self.weights]
        for op, a, b in self.code:
            u, v = known[-1 - a % 2], known[b % len(known)]
            known.append((u + v, u - v, u * v, tanh(u), u / (v * v + 1.0), maximum(u, v), u.sigmoid() * 0.7)[op])
        return [tanh(known[-1 - k] + (state[k] if self.stays else x)) for k in range(3)]

    def __call__(self, xs):
        state = [0.1 * xs[0], xs[1], xs[2]]
        for x in xs:
            state = self.cell(state, x)
        return state[0] + state[1] * state[2]


PROGRAMS = {
    "convolution": lambda: Convolution(shared=True),
    "own weights at each place": lambda: Convolution(shared=False),
    "recurrent": Recurrent,
    "simulation": Simulation,
    **{f"cell {seed}": lambda seed=seed: RandomCell(seed) for seed in range(12)},
}


def eager(f, rows):
    loss, by_inputs = 0.0, []
    for row in rows.tolist():
        leaves = [Value(x) for x in row]
        y = f(leaves)
        loss += y.data / len(rows)
        by_inputs.append(autograd.gradients(y, leaves))
        y.backward(1.0 / len(rows))
    return loss, [w.grad for w in f.weights], by_inputs


@pytest.fixture
def twins(monkeypatch):
    """How many units and gradient sums each function of the compiled kernels is for."""
    counts, find = [], emit_functions.find_twins

    def spy(*args):
        found = find(*args)
        counts.extend(len(one.members) for one in found)
        return found

    monkeypatch.setattr(emit_functions, "find_twins", spy)
    return counts


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_repeated_programs_do_what_eager_code_does(name, backend, twins):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    f = PROGRAMS[name]()
    rows = np.random.default_rng(1).normal(size=(11 if f.inputs < 50 else 3, f.inputs))
    loss, by_weights, by_inputs = eager(f, rows)
    for w in f.weights:
        w.zero_grad()
    program = Program(f, backend)
    assert program.backward(rows) == pytest.approx(loss, rel=1e-10, abs=1e-12)
    np.testing.assert_allclose([w.grad for w in f.weights], by_weights, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(program.gradients(rows)[0], by_inputs, rtol=1e-9, atol=1e-11)
    assert backend == "numpy" or sum(count for count in twins if count > 1) > sum(twins) / 2


@pytest.mark.parametrize("step", [0, 17, 39])
def test_an_argument_outside_a_domain_is_found_in_whichever_repeat_it_is(step, twins):
    pytest.importorskip("llvmlite")

    def f(xs):
        total = xs[0]
        for x in xs:
            total = (total + x.log()) * 0.9 + (total * total + 1.0).sqrt() * x
        return total

    program, rows = Program(f, "llvm"), np.ones((11, 40))
    assert np.isfinite(program(rows)).all()
    assert max(twins) > 4
    rows[9, step] = -1.0
    with pytest.raises(DomainError, match="log"):
        program(rows)


class Network(nn.Module):
    """A convolution as a module."""

    def __init__(self, shared):
        self.convolution = Convolution(shared)
        self.weights = self.convolution.weights

    def forward(self, x):
        return self.convolution(x)


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, lr=0.02, momentum=0.9), lambda p: optim.Adam(p, lr=0.01)])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("direct", [True, False])
def test_a_training_does_what_an_eager_one_does(make, shared, direct, twins, monkeypatch):
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(emit_functions, "pays", lambda *_: direct)
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(6, 64)), rng.normal(size=6)
    found = []
    for mode in ("eager", "compiled"):
        model = Network(shared)
        history = fit(
            model,
            X,
            Y,
            loss="mse",
            optimizer=make(model.parameters()),
            epochs=2,
            batch_size=4,
            progress=False,
            mode=mode,
        )
        found.append([*history["loss"], *(w.data for w in model.weights)])
    np.testing.assert_allclose(*found, rtol=1e-8, atol=1e-10)
    assert max(twins) >= 20
