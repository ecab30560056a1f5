"""All passes together, on networks of several kinds: a program computes what eager code does."""

import numpy as np
import pytest

import autograd
from autograd import Parameter, nn
from autograd.compiler import Program
from autograd.compiler.backend import InputArray
from autograd.compiler.pipeline import to_tape
from autograd.compiler.tape import Dense, Map, Row, Straight, SumMatrix
from autograd.compiler.tape import SumOne as SumOfRows
from autograd.compiler.trace.run import trace


def assert_equals_eager(f, parameters, *arrays, tolerance=1e-11):
    """Mean loss, parameters' gradients and input gradients of a program are those of eager code."""
    for p in parameters:
        p.zero_grad()
    losses, by_inputs = 0.0, []
    for row in zip(*(a.tolist() for a in arrays), strict=True):
        leaves = [[autograd.Value(x) for x in part] if isinstance(part, list) else autograd.Value(part) for part in row]
        loss = f(*leaves)
        loss.backward(1.0 / len(arrays[0]))
        losses += loss.data / len(arrays[0])
        flat = [leaf for part in leaves for leaf in (part if isinstance(part, list) else [part])]
        by_inputs.append([leaf.grad * len(arrays[0]) for leaf in flat])
    expected = [p.grad for p in parameters]
    for p in parameters:
        p.zero_grad()
    program = Program(f, "numpy")
    assert program.backward(*arrays) == pytest.approx(losses, rel=tolerance)
    np.testing.assert_allclose([p.grad for p in parameters], expected, rtol=tolerance, atol=tolerance)
    found = [g.reshape(len(g), -1) for g in program.gradients(*arrays)]
    np.testing.assert_allclose(np.concatenate(found, axis=1), by_inputs, rtol=tolerance, atol=tolerance)
    return program


def tape_of(program, goal="parameters"):
    return program._specialisations.known[0].tapes[goal]


def units(tape, kind):
    return [unit for unit in tape.units if isinstance(unit, kind)]


def rows(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def weights(count, seed=1):
    """Parameters that lie side by side."""
    return Parameter.many(np.random.default_rng(seed).normal(size=count) * 0.5)


def test_a_network_is_a_few_dense_blocks():
    model = nn.MLP(3, [8, 8, 1], rng=0)
    program = assert_equals_eager(
        lambda x, y: (1.0 - y * model(x)).relu(), model.parameters(), rows((9, 3)), rows(9, 2)
    )
    tape = tape_of(program)
    assert [unit.outputs for unit in units(tape, Dense)] == [8, 8, 8, 8]
    assert all(isinstance(r, SumMatrix) for r in tape.reductions[1:])
    assert sum(len(unit.code) for unit in units(tape, Straight)) < 12


def test_a_recurrent_network_accumulates_and_has_several_segments():
    size, steps = 4, 3
    w = weights(size * (size + 2 + 1))

    def f(xs):
        h = [autograd.tanh(xs[0] * w[j]) for j in range(size)]
        for t in range(steps):
            both = [*xs[2 * t : 2 * t + 2], *h]
            new = []
            for j in range(size):
                row = w[j * (size + 3) : (j + 1) * (size + 3)]
                total = row[-1]
                for weight, x in zip(row, both, strict=False):
                    total = total + weight * x
                new.append(total.tanh())
            h = new
        return sum(h)

    program = assert_equals_eager(f, w, rows((7, 2 * steps)))
    dense = units(tape_of(program), Dense)
    assert [len(unit.segments) for unit in dense[:3]] == [2, 2, 2]
    slots = [r.slot for r in tape_of(program).reductions if isinstance(r, SumMatrix)]
    assert len(slots) > len(set(slots))  # several sums into the same weights


def test_a_convolution_shares_weights():
    w = weights(3)
    f = lambda xs: sum((w[0] * xs[i] + w[1] * xs[i + 1] + w[2] * xs[i + 2]).relu() for i in range(8))
    assert_equals_eager(f, w, rows((5, 10)))


def test_two_heads_over_the_same_rows():
    w = weights(4 * 3 + 5 * 3 + 7)

    def f(xs):
        h = [w[12 + j] * xs[0] + w[17 + j] * xs[1] + w[22 + j] * xs[2] for j in range(5)]
        g = [xs[0] * w[3 * j] + xs[1] * w[3 * j + 1] + xs[2] * w[3 * j + 2] for j in range(4)]
        return sum(a.tanh() for a in h) * sum(b.exp() for b in g)

    program = assert_equals_eager(f, w, rows((5, 3)))
    assert sorted(unit.outputs for unit in units(tape_of(program), Dense))[-2:] == [4, 5]


def test_tied_weights_and_a_residual():
    w = weights(16)

    def f(xs):
        h = xs
        for _ in range(2):
            mixed = []
            for j in range(4):
                total = w[4 * j] * h[0]
                for k in range(1, 4):
                    total = total + w[4 * j + k] * h[k]
                mixed.append(total)
            h = [a + b.tanh() for a, b in zip(h, mixed, strict=True)]
        return sum(a * b for a, b in zip(h, xs, strict=True))

    assert_equals_eager(f, w, rows((6, 4)))


def test_computed_weights_and_penalties():
    w = weights(12)

    def f(xs):
        scales = [autograd.sqrt(w[3 * j] ** 2 + w[3 * j + 1] ** 2 + 1.0) for j in range(4)]
        out = [(w[3 * j] / scales[j]) * xs[0] + (w[3 * j + 1] / scales[j]) * xs[1] + w[3 * j + 2] for j in range(4)]
        return sum(out) ** 2 + 0.1 * sum(p * p for p in w)

    assert_equals_eager(f, w, rows((6, 2)))


def test_layer_normalization_and_gains():
    w = weights(10)

    def f(xs):
        mean = sum(xs) / 5.0
        spread = autograd.sqrt(sum((x - mean) ** 2 for x in xs) / 5.0 + 1e-5)
        return sum((w[j] * (x - mean) / spread + w[5 + j]).tanh() for j, x in enumerate(xs))

    assert_equals_eager(f, w, rows((6, 5)))


def test_softmax_attention():
    w = weights(8)

    def f(xs):
        scores = [w[j] * xs[j] for j in range(4)]
        top = autograd.logsumexp(*scores)
        return sum((s - top).exp() * (w[4 + j] * xs[j]) for j, s in enumerate(scores))

    assert_equals_eager(f, w, rows((6, 4)))


def test_the_same_row_twice_in_a_sum():
    w = weights(8)
    f = lambda xs: sum((w[j] * xs[0] + w[4 + j] * xs[0]).tanh() for j in range(4))
    assert_equals_eager(f, w, rows((6, 1)))


@pytest.mark.parametrize(("step_j", "step_k"), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 4), (4, 1), (2, 1)])
def test_no_slot_stands_twice_in_a_matrix_of_gradient_sums(step_j, step_k):
    w = weights(20)
    f = lambda xs: sum((sum(w[step_j * j + step_k * k] * xs[k] for k in range(4))).tanh() for j in range(4))
    program = assert_equals_eager(f, w, rows((6, 4)))
    for r in tape_of(program).reductions:
        if isinstance(r, SumMatrix):
            slots = {r.slot + j * r.stride_j + k * r.stride_k for j in range(r.outputs) for k in range(r.inputs)}
            assert len(slots) == r.outputs * r.inputs


def test_constant_filters_are_dense_too():
    def f(xs):
        out = [sum(0.25 * (j + k + 1) * x for k, x in enumerate(xs)) for j in range(4)]
        return sum(o.tanh() for o in out)

    assert_equals_eager(f, [], rows((6, 5)))


def test_uniforms_alone_and_inputs_alone():
    w = weights(2)
    assert_equals_eager(lambda x, y: w[0] * w[1] + 0.0 * x, w, rows(5), rows(5, 2))
    assert_equals_eager(lambda x, y: x + 0.0 * w[0] * y, w, rows(5), rows(5, 2))


def test_selections_by_parameters_and_by_rows():
    w = weights(3)
    f = lambda x, y: (
        autograd.where(w[0] > w[1], w[2] * x, y) + autograd.where(x > w[0], x * y, w[1]) + autograd.maximum(w[0], w[2])
    )
    assert_equals_eager(f, w, rows(9), rows(9, 2))


def test_leaky_relu_and_friends_stay_in_maps():
    model = nn.MLP(3, [6, 6, 1], activation="leaky_relu", rng=0)
    program = assert_equals_eager(lambda x: model(x) ** 2, model.parameters(), rows((9, 3)))
    assert max(len(unit.code) for unit in units(tape_of(program), Straight)) < 12


def test_a_wide_single_output_is_a_loop():
    w = weights(41)
    f = lambda xs: autograd.sigmoid(w[40] + sum(a * x for a, x in zip(w, xs, strict=False)))
    program = assert_equals_eager(f, w, rows((9, 40)))
    (dense,) = [unit for unit in units(tape_of(program), Dense) if unit.outputs == 1]
    assert dense.segments[0].count == 40
    outers = [(r.outputs, r.inputs) for r in tape_of(program).reductions if isinstance(r, SumMatrix)]
    assert outers == [(1, 40)]


def test_values_alone_need_no_seed_and_no_reductions():
    tape = to_tape(trace(lambda x: [x[0] * 2.0, x[1]], [InputArray("x", 2, scalar=False)]), "values")
    assert (tape.seeded, tape.reductions, tape.columns) == (False, (), 2)
    assert tape.results[1] == Row("input", 1)


def test_maps_without_a_block_are_units():
    tape = to_tape(trace(lambda x: [v.exp() for v in x], [InputArray("x", 6, scalar=False)]), "values")
    (unit,) = tape.units
    assert isinstance(unit, Map)
    assert unit.members == 6


def test_single_sums_remain_where_nothing_is_regular():
    w = weights(3)
    tape = to_tape(
        trace(lambda x: w[0] * x[0] + w[2] * x[1] * x[0], [InputArray("x", 2, scalar=False)]),
        "parameters",
    )
    assert all(isinstance(r, SumOfRows) for r in tape.reductions)


def test_large_graphs_take_linear_time():
    def f(x):
        for k in range(30_000):
            x = (x * 0.5).sin() + (0.1 if k % 3 else 0.2)
        return x

    program = Program(f, "numpy")
    assert np.isfinite(program.gradients(np.array([0.3, 0.4]))[0]).all()
    assert tape_of(program, "inputs").scratch > 0


@pytest.mark.parametrize(("number", "checked"), [(1.0, False), (1e-300, False), (-1.0, True)])
@pytest.mark.parametrize("function", [autograd.log, autograd.sqrt, lambda x: 1.0 / x], ids=["log", "sqrt", "inverse"])
@pytest.mark.parametrize("first", [False, True])
def test_a_square_plus_a_positive_number_is_inside_every_domain_and_not_tested(number, checked, function, first):
    def f(x):
        return function(number + x * x if first else x * x + number)

    tape = to_tape(trace(f, [InputArray("x", 1, scalar=True)]), "values")
    assert any(item.checked for unit in tape.units for item in unit.code) is checked


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_zero_adjoint_times_an_infinite_partial_is_zero_on_every_backend(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    program = Program(lambda x, y: y * autograd.sqrt(x), backend)
    by_x, by_y = program.gradients(np.array([0.0, 0.0, 4.0]), np.array([0.0, -0.0, 2.0]))
    assert by_x.tolist() == [0.0, 0.0, 0.5]
    assert by_y.tolist() == [0.0, 0.0, 2.0]
