"""Functions of lists: sum, mean, softmax, log_softmax against Python, NumPy and mpmath, eager and compiled."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import autograd
from autograd import Parameter, ParameterArray, ShapeError, Value, check_gradients, compile

mp = mpmath.mpf
ROWS = [[0.5], [0.0, 0.0], [1.0, -2.0, 0.5], [30.0, 0.0, -30.0], [1000.0, -1000.0, 999.0], [-1e300, 0.0, 1e-300]]


def exact_softmax(xs: list[float]) -> list[Any]:
    with mpmath.workdps(60):
        largest = max(map(mp, xs))
        powers = [mpmath.exp(mp(x) - largest) for x in xs]
        return [p / sum(powers) for p in powers]


@pytest.mark.parametrize("xs", ROWS)
def test_softmax_against_mpmath(xs: list[float]) -> None:
    exact = exact_softmax(xs)
    tolerance = 4e-15
    found = autograd.softmax([Value(x) for x in xs])
    for values in (autograd.softmax(xs), autograd.softmax(np.array(xs), dim=-1), [v.data for v in found]):
        assert values == pytest.approx(list(map(float, exact)), rel=tolerance, abs=1e-320)
    assert math.fsum(v.data for v in found) == pytest.approx(1.0, abs=tolerance)


@pytest.mark.parametrize("xs", ROWS)
def test_log_softmax_against_mpmath(xs: list[float]) -> None:
    with mpmath.workdps(60):
        total = max(map(mp, xs)) + mpmath.log(sum(mpmath.exp(mp(x) - max(map(mp, xs))) for x in xs))
        exact = [float(mp(x) - total) for x in xs]
    assert autograd.log_softmax(xs) == pytest.approx(exact, rel=1e-15, abs=1e-15)
    assert [v.data for v in autograd.log_softmax(map(Value, xs), 1)] == autograd.log_softmax(xs)


def test_the_jacobian_of_softmax() -> None:
    """dp_i/dx_j = p_i (1[i = j] - p_j)."""
    xs = [0.3, -1.2, 2.0]
    ps = list(map(float, exact_softmax(xs)))
    for i in range(3):
        leaves = list(map(Value, xs))
        autograd.softmax(leaves)[i].backward()
        assert [x.grad for x in leaves] == pytest.approx([ps[i] * ((i == j) - ps[j]) for j in range(3)], rel=1e-14)
        assert check_gradients(lambda x, i=i: autograd.log_softmax(x)[i], at=xs)


def test_a_masked_logit_has_no_share() -> None:
    leaves = [Value(1.0), Value(-math.inf), Value(1.0)]
    shares = autograd.softmax(leaves)
    shares[0].backward()
    assert [s.data for s in shares] == pytest.approx([0.5, 0.0, 0.5])
    assert [x.grad for x in leaves] == pytest.approx([0.25, 0.0, -0.25])


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_compiled_they_are_the_same(backend: Any) -> None:
    X = np.random.default_rng(3).normal(size=(7, 4)) * 5
    program = compile(
        lambda x: [*autograd.softmax(x), *autograd.log_softmax(x), autograd.sum(v * v for v in x), autograd.mean(x)],
        backend,
    )
    exact = np.array([[float(p) for p in exact_softmax(row)] for row in X.tolist()])
    found = program(X)
    assert found[:, :4] == pytest.approx(exact, rel=1e-13)
    assert found[:, 4:8] == pytest.approx(np.log(exact), rel=1e-12)
    assert found[:, 8] == pytest.approx((X**2).sum(axis=1), rel=1e-14)
    assert found[:, 9] == pytest.approx(X.mean(axis=1), rel=1e-13)
    (slopes,) = compile(lambda x: autograd.softmax(x)[0], backend).gradients(X)
    assert slopes == pytest.approx(exact[:, :1] * (np.eye(4)[0] - exact), rel=1e-11, abs=1e-16)


@pytest.mark.parametrize(
    "make", [list, tuple, iter, np.array, lambda xs: (x for x in xs), set, dict.fromkeys, ParameterArray]
)
def test_sum_is_pythons(make: Callable[[list[float]], Any]) -> None:
    numbers = [0.5, -2.0, 7.0]
    found = autograd.sum(make(numbers))
    assert getattr(found, "data", found) == sum(numbers)
    assert autograd.sum([]) == 0
    assert autograd.sum([[1], [2]], []) == [1, 2]
    assert autograd.sum(numbers, start=1) == 6.5


def test_sum_and_mean_show_what_there_is() -> None:
    a, b = Value(1.0), Parameter(2.0)
    assert autograd.sum([a]) is a
    assert len(autograd.ancestors(autograd.sum([a, b]))) == 3, "no addition to zero"
    mean = autograd.mean([a, b, 3.0])
    mean.backward()
    assert (mean.data, a.grad, b.grad) == (2.0, 1 / 3, 1 / 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: autograd.sum(5.0), TypeError, r"^sum takes a list of numbers or Values, got float: 5.0; write sum"),
        (lambda: autograd.mean(Value(1.0)), TypeError, "^mean takes a list of numbers or Values, got Value"),
        (lambda: autograd.softmax("ab"), TypeError, "^softmax takes a list of numbers or Values, got str: 'ab'"),
        (lambda: autograd.mean([]), ShapeError, "^mean of no numbers: it needs at least one$"),
        (lambda: autograd.softmax([]), ShapeError, "^softmax of no numbers: it needs at least one$"),
        (lambda: autograd.sum(np.ones((2, 3))), ShapeError, r"shape \(2, 3\); write \[sum\(row\) for row in X\]$"),
        (lambda: autograd.log_softmax([1.0], dim=0), ValueError, "^log_softmax is over the numbers of one sample"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
