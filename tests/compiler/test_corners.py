"""Corners in which a pass was once wrong without a test: each is a program against a closed form, on both backends."""

import functools
import importlib.util
import itertools
import math
import operator
from typing import Any

import numpy as np
import pytest

from autograd import (
    OPS,
    DomainError,
    NonFiniteError,
    Op,
    Parameter,
    ParameterArray,
    ShapeError,
    compile,
    dot,
    exp,
    nn,
    op,
    where,
)
from autograd import log as log_of
from autograd import logsumexp as logsumexp_of
from autograd.domain import CONDITION, POSITIVE
from autograd.nn.penalties import l1, l2
from tests.engine.operations import BUILT_IN

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
X = np.random.default_rng(0).uniform(-1.5, 1.5, (6, 2))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_operations_of_three_arguments_mix_parameters_and_rows(order: tuple[int, ...], backend: Any) -> None:
    """A parameter in any place, also in the first and the last one, leaves the result a number of the sample."""
    w, v = Parameter(0.5), Parameter(-0.25)

    def f(x: Any) -> Any:
        three = [w, x[0], v]
        return logsumexp_of(*(three[k] for k in order)) + where(w > 0.0, x[1], 0.0) * 3.0

    exact = np.log(math.exp(0.5) + np.exp(X[:, 0]) + math.exp(-0.25)) + 3.0 * X[:, 1]
    program = compile(f, backend=backend)
    np.testing.assert_allclose(program(X), exact, rtol=1e-12)
    by_x = np.exp(X[:, 0] - exact + 3.0 * X[:, 1])
    np.testing.assert_allclose(program.gradients(X)[0], np.stack([by_x, np.full(6, 3.0)], axis=1), rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_one_array_of_four_is_exchanged(place: int, backend: Any) -> None:
    arrays = [np.full(3, float(k + 1)) for k in range(4)]
    program = compile(lambda a, b, c, d: a + 10.0 * b + 100.0 * c + 1000.0 * d, backend=backend)
    assert program(*arrays).tolist() == [4321.0] * 3
    arrays[place] = np.full(3, 7.0)
    exact = sum(10.0**k * array[0] for k, array in enumerate(arrays))
    assert program(*arrays).tolist() == [exact] * 3
    assert program.backward(*arrays) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [5, 37, 45, 77])
def test_a_gradient_that_overflows_is_found_wherever_it_stands(count: int, backend: Any) -> None:
    weights = [Parameter(0.0) for _ in range(count)]

    def f(xs: Any) -> Any:
        total = weights[0] * xs[0]
        for w, x in zip(weights[1:], xs[1:], strict=True):
            total = total + w * x
        return total * 1e10  # the sum is 0, each weight's gradient 1e10 times its x

    program, rows = compile(f, backend=backend), np.ones((3, count))
    assert program.backward(rows) == 0.0
    for w in weights:
        w.zero_grad()
    for place in range(count):
        rows[1, place] = 1e300
        with pytest.raises(NonFiniteError, match="isn't finite"):
            program.backward(rows)
        assert [w.grad for w in weights] == [0.0] * count
        rows[1, place] = 1.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_square_plus_what_may_be_negative_stays_tested(backend: Any) -> None:
    w = Parameter(-4.0)
    x, y = np.array([3.0, 1.0]), np.array([1.0, -4.0])
    for f in (lambda x, y: log_of(x * x + y), lambda x, y: log_of(y + x * x), lambda x, y: log_of(x * x + w) + y):
        program = compile(f, backend=backend)
        assert np.isfinite(program(np.full(2, 3.0), np.ones(2))).all()
        with pytest.raises(DomainError, match=r"log.*-3.*row 1, "):
            program(x, y)
    always = compile(lambda x: log_of(x * x + 1.0), backend=backend)
    np.testing.assert_allclose(always(x), np.log1p(x * x), rtol=1e-15)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_an_operation_refuses_of_its_arguments_together_is_tested(backend: Any) -> None:
    program = compile(lambda x, k: x**k, backend=backend)
    assert program(np.array([-2.0, 4.0]), np.array([3.0, 0.5])).tolist() == [-8.0, 2.0]
    with pytest.raises(DomainError, match=r"pow.* needs a positive base.*x = -4\.0.*k = 0\.5.*row 1, "):
        program(np.array([-2.0, -4.0]), np.array([3.0, 0.5]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_choice_shuts_off_an_infinite_slope_by_a_parameter(backend: Any) -> None:
    w = Parameter(0.0)
    program = compile(lambda x: where(x > 1.0, w**x, 0.0), backend=backend)
    assert program.backward(np.array([2.0, 0.5])) == 0.0
    assert w.grad == 0.0  # the slope at 0.5 is infinite, but nobody asked


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("divisor", [5e-324, Parameter(5e-324)], ids=["number", "parameter"])
def test_a_choice_shuts_off_an_infinite_slope_that_all_samples_share(divisor: Any, backend: Any) -> None:
    program = compile(lambda x: where(x > 1.0, x / divisor, 3.0 * x), backend=backend)
    assert program.gradients(np.array([0.5, 0.25]))[0].tolist() == [3.0, 3.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_number_of_parameters_that_rows_and_other_such_numbers_use(backend: Any) -> None:
    w, v = Parameter(0.5), Parameter(2.0)

    def f(x: Any) -> Any:
        e = exp(w)
        return e * x[0] + (e * v) * x[1]

    compile(f, backend=backend).backward(X)
    a, b = X.mean(0)
    assert w.grad == pytest.approx(math.exp(0.5) * (a + 2.0 * b), rel=1e-12)
    assert v.grad == pytest.approx(math.exp(0.5) * b, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_neurons_with_the_same_number_as_their_bias(backend: Any) -> None:
    weights = np.random.default_rng(3).normal(size=(5, 2))
    rows = [[Parameter(w) for w in row] for row in weights]
    program = compile(lambda x: [dot(row, x, start=0.5) for row in rows], backend=backend)
    np.testing.assert_allclose(program(X), X @ weights.T + 0.5, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_operation_on_many_columns_is_tested(backend: Any) -> None:
    program, rows = compile(lambda x: [log_of(each) for each in x], backend=backend), np.full((3, 6), 2.0)
    np.testing.assert_allclose(program(rows), math.log(2.0), rtol=1e-15)
    for column in range(6):
        rows[1, column] = -1.0
        with pytest.raises(DomainError, match=r"log.*-1\.0.*row 1, "):
            program(rows)
        rows[1, column] = 2.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_operation_of_very_many_arguments_keeps_its_domain(backend: Any) -> None:
    total = op(
        "corner_total",
        kernel=lambda xp, *xs: functools.reduce(operator.add, xs),
        partials=lambda y, *xs: (1.0,) * len(xs),
        domain=(POSITIVE,),
    )
    program, rows = compile(lambda x: total(*x), backend=backend), np.ones((3, 40))
    assert program(rows).tolist() == [40.0] * 3
    rows[2, 39] = -1.0
    with pytest.raises(DomainError, match=r"corner_total.*-1\.0.*row 2, "):
        program(rows)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_infinite_loss_with_finite_gradients_is_refused(backend: Any) -> None:
    w = Parameter(1.0)
    program = compile(lambda x: w + x * x, backend=backend)
    with pytest.raises(NonFiniteError, match="the loss is inf"):
        program.backward(np.array([1.0, 1e200]))
    assert not w.has_grad


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_array_has_as_many_rows(backend: Any) -> None:
    program = compile(lambda a, b, c: a + b + c, backend=backend)
    for lengths in ((3, 3, 2), (3, 2, 3), (2, 3, 3)):
        with pytest.raises(ShapeError, match="their lengths differ"):
            program(*map(np.ones, lengths))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_sum_of_magnitudes_has_no_slope_at_zero(backend: Any) -> None:
    weights = ParameterArray(np.tile([0.0, 2.0, -3.0], 13))
    program = compile(lambda x: x + l1([*weights], 0.5), backend=backend)
    assert program.backward(np.zeros(3)) == pytest.approx(0.5 * 13 * 5.0, rel=1e-14)
    np.testing.assert_allclose(weights.grad, 0.5 * np.tile([0.0, 1.0, -1.0], 13), rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_penalty_of_one_run_is_not_in_the_next(backend: Any) -> None:
    layer = nn.Linear(8, 8, rng=0)
    program = compile(lambda x: sum(layer(x)) + l2(layer, 0.5, bias=True), backend=backend)
    rows = np.random.default_rng(1).normal(size=(3, 8))
    for times in (1, 2):
        program.backward(rows)
        np.testing.assert_allclose(layer.weight.grad, times * (layer.weight.data + rows.mean(0)), rtol=1e-12)
        np.testing.assert_allclose(layer.bias.grad, times * (layer.bias.data + 1.0), rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_penalty_on_weights_that_nothing_else_uses(backend: Any) -> None:
    layer, other = nn.Linear(8, 8, rng=0), nn.Linear(8, 8, rng=1)
    program = compile(lambda x: sum(layer(x)) + l2(other, 0.5), backend=backend)
    for times in (1, 2):
        program.backward(np.zeros((3, 8)))
        np.testing.assert_allclose(other.weight.grad, times * other.weight.data, rtol=1e-12)
        np.testing.assert_array_equal(layer.bias.grad, np.full(8, float(times)))


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_blocks_that_each_want_a_row_of_the_other(backend: Any) -> None:
    """A_j B_1 and B_j A_1: neither block can be computed with both of its maps inside."""
    rng = np.random.default_rng(2)
    rows, first, second = rng.normal(size=(6, 5)), rng.normal(size=(6, 2)), rng.normal(size=(6, 3))
    a, b = ([[Parameter(w) for w in row] for row in matrix] for matrix in (first, second))

    def f(x: Any) -> Any:
        A = [row[0] * x[0] + row[1] * x[1] for row in a]
        B = [row[0] * x[2] + row[1] * x[3] + row[2] * x[4] for row in b]
        mixed = [(p * B[1]).tanh() for p in A] + [(q * A[1]).tanh() for q in B]
        total = mixed[0]
        for each in mixed[1:]:
            total = total + each
        return total

    A, B = rows[:, :2] @ first.T, rows[:, 2:] @ second.T
    exact = np.tanh(A * B[:, 1:2]).sum(axis=1) + np.tanh(B * A[:, 1:2]).sum(axis=1)
    program = compile(f, backend=backend)
    np.testing.assert_allclose(program(rows), exact, rtol=1e-12)
    assert program.backward(rows) == pytest.approx(exact.mean(), rel=1e-12)


def edges(op: Op, position: int) -> list[float]:
    """The ends of the domain that belong to it, and numbers next to those that don't; 0, and the ends of float64."""
    domain = op.domain_of(position)
    ends = [x for x in (domain.low, domain.high) if math.isfinite(x)]
    beside = [math.nextafter(x, away) for x in ends for away in (-math.inf, math.inf)]
    return [x for x in (*ends, *beside, 0.0, 5e-324, -5e-324, 1e308, -1e308, 2.0) if not domain.outside(x)]


@pytest.mark.parametrize("op", [op for op in BUILT_IN if op.arity in (1, 2)], ids=lambda op: op.name)
def test_singular_is_said_of_just_the_operations_with_infinite_partials(op: Op) -> None:
    """Elsewhere a zero adjoint is multiplied by the partial without a look, and must not meet an infinity."""
    names = op.argument_names
    found = False
    for point in itertools.product(*(edges(op, i) for i in range(len(names)))):
        try:
            op.check(list(point))
        except DomainError:
            continue
        partials = op.partials_at(op.value(*point), point)
        found |= not all(map(math.isfinite, partials))
    assert op.singular or not found, "say singular=True in its declaration"


MASKED = {"acos": 1.0, "asin": -1.0, "sqrt": 0.0, "log": 5e-324, "log1p": -1.0 + 2.0**-53, "exp": 800.0, "sinh": -800.0}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", MASKED)
def test_a_choice_shuts_off_an_infinite_slope(name: str, backend: Any) -> None:
    op, edge = OPS[name], MASKED[name]
    w = Parameter(1.0)
    program = compile(lambda x: where((x > edge) | (x < edge), op(x), 0.0) + w * x, backend=backend)
    xs = np.array([0.5, edge, 0.25])
    exact = np.array([op.partials_at(op.value(x), (x,))[0] + 1.0 for x in xs.tolist()])
    exact[1] = 1.0
    np.testing.assert_allclose(program.gradients(xs)[0], exact, rtol=1e-12)
    program.backward(xs)
    assert w.grad == pytest.approx(xs.mean(), rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_dropout_of_nothing_draws_as_dropout_does(backend: Any) -> None:
    """Layers that share a generator: p = 0 takes its numbers too, or those of the next layer are others."""

    def model() -> Any:
        rng = np.random.default_rng(7)
        return nn.Sequential(nn.Dropout(0.0, rng=rng), nn.Dropout(0.5, rng=rng))

    rng = np.random.default_rng(7)
    rows = np.ones((4, 2))
    kept = np.array([rng.random((2, 2))[1] >= 0.5 for _ in range(4)])  # a sample: two numbers for each of the layers
    eager, compiled = model(), model()
    found = [[each.data for each in eager([Parameter(1.0), Parameter(1.0)])] for _ in range(4)]
    assert found == (2.0 * kept).tolist()
    compiled_rows = compile(lambda x: compiled(x), backend=backend)(rows)
    assert sorted(set(compiled_rows.ravel())) == [0.0, 2.0]


def test_conditions_are_the_only_arguments_without_a_partial() -> None:
    assert [op.name for op in BUILT_IN if CONDITION in op.domain] == ["where"]
