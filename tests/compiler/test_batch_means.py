"""Means over the batch in any place of a graph: random functions against NumPy and the complex step; processors."""

import numpy as np
import pytest

import autograd
from autograd import Parameter, compile, nn
from autograd.compiler.backend import InputArray
from autograd.compiler.numpy_backend import NumpyBackend
from autograd.compiler.pipeline import to_tape
from autograd.compiler.tape import Mean
from autograd.compiler.trace.run import trace
from autograd.nn.normalization import batch_mean

COLUMNS, WEIGHTS = 9, 12
ARRAYS = [InputArray("x", COLUMNS, scalar=False)]


class Traced:
    """The functions on traced numbers."""

    tanh, mean = autograd.tanh, staticmethod(batch_mean)


class Complex:
    """The functions on complex arrays, a number a sample; what doesn't depend on the sample is its own mean."""

    tanh = staticmethod(np.tanh)

    @staticmethod
    def mean(x):
        return np.full_like(x, x.mean()) if np.ndim(x) else x


def random_function(seed, steps=7):
    """A function of COLUMNS rows and WEIGHTS numbers, made of layers of up to 9 alike operations."""

    def function(m, x, w):
        rng = np.random.default_rng(seed)
        rows = list(x)

        def pick():
            return rows[rng.integers(max(0, len(rows) - 14), len(rows))]

        for _ in range(steps):
            count = int(rng.integers(1, 10))
            kind = rng.choice(["mean", "centre", "dense", "tanh", "product", "weigh"])
            begin = int(rng.integers(0, len(rows) - count + 1))
            part = rows[begin : begin + count]
            if rng.random() < 0.3:
                part = [part[i] for i in rng.permutation(count)]
            if kind == "mean":
                rows += [m.mean(row) for row in part]
            elif kind == "centre":
                centred = [row - m.mean(row) for row in part]
                rows += [d * (m.mean(d * d) + 0.5) ** -0.5 for d in centred]
            elif kind == "dense":
                rows += [sum((w[(j + k) % WEIGHTS] * row for k, row in enumerate(part)), w[j]) for j in range(count)]
            elif kind == "tanh":
                rows += [m.tanh(row) for row in part]
            elif kind == "product":
                rows += [0.5 * row * pick() for row in part]
            else:
                rows += [w[(j + seed) % WEIGHTS] * row for j, row in enumerate(part)]
        return sum(m.tanh(row) for row in rows[-12:]) + m.mean(rows[-1])

    return function


def reference(function, X, w, step=1e-30):
    """Results, the gradient of their mean by w, and of their sum by X."""
    columns = X.T.astype(complex)
    results = function(Complex, list(columns), list(w.astype(complex))).real
    by_weights = np.empty(len(w))
    for i in range(len(w)):
        moved = w.astype(complex)
        moved[i] += 1j * step
        by_weights[i] = np.mean(function(Complex, list(columns), list(moved)).imag) / step
    by_inputs = np.empty_like(X)
    for place in np.ndindex(X.shape):
        moved = columns.copy()
        moved[place[::-1]] += 1j * step
        by_inputs[place] = np.sum(function(Complex, list(moved), list(w.astype(complex))).imag) / step
    return results, by_weights, by_inputs


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("seed", range(25))
def test_random_functions(backend, seed):
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    rng = np.random.default_rng(100 + seed)
    numbers = rng.normal(size=WEIGHTS)
    weights = [Parameter(number) for number in numbers]
    function = random_function(seed)
    program = compile(lambda x: function(Traced, x, weights), backend=backend)
    for count in (2, int(rng.integers(3, 12)), 17):
        X = rng.normal(size=(count, COLUMNS))
        results, by_weights, by_inputs = reference(function, X, numbers)
        for w in weights:
            w.zero_grad()
        np.testing.assert_allclose(program(X), results, rtol=1e-11, atol=1e-12)
        assert program.backward(X) == pytest.approx(results.mean(), rel=1e-11, abs=1e-12)
        np.testing.assert_allclose([w.grad for w in weights], by_weights, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(program.gradients(X)[0], by_inputs, rtol=1e-10, atol=1e-11)


def test_the_random_functions_have_means_of_all_sorts():
    members = set()
    for seed in range(25):
        function, weights = random_function(seed), [Parameter(1.0) for _ in range(WEIGHTS)]
        tape = to_tape(trace(lambda x, f=function, w=weights: f(Traced, x, w), ARRAYS), "parameters")
        members |= {(unit.members > 1, unit.adjoint) for unit in tape.units if isinstance(unit, Mean)}
    assert members == {(False, False), (True, False), (False, True), (True, True)}


# Processors


def normalized():
    layer = nn.BatchNorm(COLUMNS)
    return lambda x: sum(y**3 for y in layer(x))


def test_every_target_that_runs_here():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    from autograd.compiler.llvm.backend import LlvmBackend
    from autograd.compiler.llvm.machine import AVX2, AVX512, Target, host

    here = host()
    targets = [here]
    if here.triple.startswith("x86_64"):
        targets.append(Target(here.triple, "x86-64"))
        if here.architecture in (AVX2, AVX512):
            targets.append(Target(here.triple, "haswell", "+avx2,+avx,+fma"))
    traced = trace(normalized(), ARRAYS)
    data = traced.span.data
    for count in (2, 3, 9, 16, 33):
        X = np.random.default_rng(count).normal(size=(count, COLUMNS))
        found = []
        for backend in (NumpyBackend(), *map(LlvmBackend, targets)):
            grad, observed = np.zeros(len(data)), np.zeros(len(traced.observed))
            tape = to_tape(traced, "parameters")
            loss = backend.build(tape).bind(data, grad, observed=observed)(count)(X)
            found.append(np.array([loss, *grad, *observed]))
        for other in found[1:]:
            np.testing.assert_allclose(other, found[0], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(found[0][1 + len(data) :][:COLUMNS], X.mean(0), rtol=1e-12)


@pytest.mark.parametrize("name", ["avx512", "neon", "scalar"])
def test_assembly_for_other_processors(name):
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    from autograd.compiler.llvm.emit.functions import Shape
    from autograd.compiler.llvm.emit.kernel import kernel_text
    from autograd.compiler.llvm.machine import Target
    from autograd.optim import SGD
    from tests.compiler.llvm.assembly import emit_assembly

    target = {
        "avx512": Target("x86_64-unknown-linux-gnu", "x86-64-v4", "+avx512f,+avx512dq,+avx512vl,+avx2,+fma"),
        "neon": Target("aarch64-unknown-linux-gnu", "generic", "+neon"),
        "scalar": Target("riscv64-unknown-linux-gnu", "generic-rv64", "+d,+f"),
    }[name]
    tape = to_tape(trace(normalized(), ARRAYS), "parameters")
    for rule in (None, SGD([Parameter(0.0)]).rule):
        assert "run:" in emit_assembly(kernel_text(tape, target.architecture, Shape(3, True, rule)), target)
