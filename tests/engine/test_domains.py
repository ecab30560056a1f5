"""Outside its domain every operation is an error that says what, where, with which values, and the cure."""

import math
import pickle
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import OPS, Constant, DivisionByZeroError, DomainError, Op, Value, no_grad, scope
from autograd.domain import CONDITION, REAL
from autograd.scopes import unchecked
from tests.engine.operations import ORACLES

CASES = [(OPS[name], point) for name, oracle in ORACLES.items() for point in oracle.outside]
cases = pytest.mark.parametrize(("operation", "point"), CASES, ids=lambda x: getattr(x, "name", str(x)))


def test_the_cases_cover_every_operation_that_has_a_domain(op: Op, oracle: Any) -> None:
    has_domain = op.refuses is not None or any(d is not REAL and d is not CONDITION for d in op.domain)
    assert has_domain == bool(oracle(op).outside)


@cases
def test_in_every_world(operation: Op, point: tuple[float, ...]) -> None:
    def with_one_value(position: int) -> Any:
        return lambda: operation(*(Value(x) if i == position else x for i, x in enumerate(point)))

    calls = [
        lambda: operation(*point),
        lambda: operation(*map(Value, point)),
        lambda: operation(*map(Constant, point)),
        lambda: operation(*map(autograd.Parameter, point)),
        lambda: operation(*(np.array([[x]]) for x in point)),
        lambda: getattr(Value(point[0]), operation.name)(*point[1:]),
        lambda: getattr(Constant(point[0]), operation.name)(*point[1:]),
        *map(with_one_value, range(len(point))),
    ]
    for call in calls:
        with pytest.raises(DomainError, match=rf"{operation.name}\(.*\) needs .*, got .*\. Keep the argument inside"):
            call()
    with no_grad(), pytest.raises(DomainError):
        operation(*map(Value, point))


@cases
def test_the_error_is_also_an_arithmetic_error_and_a_value_error(operation: Op, point: tuple[float, ...]) -> None:
    with pytest.raises(DomainError) as caught:
        operation(*map(Value, point))
    assert isinstance(caught.value, ArithmeticError)
    assert isinstance(caught.value, ValueError)
    by_zero = operation.name == "div" or (operation.name == "pow" and point[0] == 0)
    assert isinstance(caught.value, ZeroDivisionError) == by_zero
    assert isinstance(caught.value, DivisionByZeroError) == by_zero
    assert ("division by zero: " in str(caught.value)) == by_zero
    assert type(pickle.loads(pickle.dumps(caught.value))) is type(caught.value)


@cases
def test_nothing_changes(operation: Op, point: tuple[float, ...]) -> None:
    leaves = [Value(x) for x in point]
    with pytest.raises(DomainError):
        operation(*leaves)
    assert [leaf.data for leaf in leaves] == list(point)
    assert not any(leaf.has_grad for leaf in leaves)
    assert autograd.scopes.current().path == ""


@cases
def test_unchecked_formulas_follow_ieee(operation: Op, point: tuple[float, ...]) -> None:
    with unchecked():
        y = operation(*map(Value, point))
    assert not math.isfinite(y.data)
    with pytest.raises(DomainError):
        operation(*map(Value, point))


def test_a_division_by_minus_zero_follows_ieee() -> None:
    with unchecked():
        quotients = [(Value(a) / b).data for a in (1.0, -1.0) for b in (0.0, -0.0)]
    assert quotients == [math.inf, -math.inf, -math.inf, math.inf]


CURE = (
    "Keep the argument inside, for example with maximum(x, 1e-12) or with a `where` on the input "
    "(a `where` on the result comes too late)."
)
WHERE_ONLY = CURE.replace("maximum(x, 1e-12) or with ", "")


@pytest.mark.parametrize(
    ("operation", "numbers", "cure"),
    [
        (autograd.log1p, (-2.0,), "with maximum(x, -0.999999999999) or with a `where`"),
        (autograd.asin, (2.0,), "with minimum(maximum(x, -1), 1) or with a `where`"),
        (autograd.div, (1.0, 0.0), "for example with a `where` on the input"),
        (autograd.pow, (-1.0, 0.5), "with maximum(x, 1e-12) or with a `where`"),
    ],
)
def test_the_cure_fits_the_domain(operation: Op, numbers: tuple[float, ...], cure: str) -> None:
    with pytest.raises(DomainError) as caught:
        operation(*map(Value, numbers))
    assert cure in str(caught.value)


def test_a_domain_below_a_bound_is_cured_by_a_minimum() -> None:
    assert autograd.Domain("< 1", high=1.0, open=True).cure("t") == "minimum(t, 0.999999999999)"


def test_the_text_for_one_argument() -> None:
    with scope("net"), scope("layers.1"):
        price = Value(-2.5, label="price")
    with pytest.raises(DomainError) as caught:
        price.log()
    assert str(caught.value) == f"log(x) needs x > 0, got x = -2.5 (label 'price', in net.layers.1). {CURE}"


def test_the_text_of_a_division_by_zero() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        Value(1.0) / Value(0.0, label="count")
    assert str(caught.value) == f"division by zero: div(a, b) needs b not 0, got b = 0.0 (label 'count'). {WHERE_ONLY}"
    with pytest.raises(ZeroDivisionError, match=r"got b = 0\.0\. Keep"):
        Value(1.0) / 0


def test_the_text_for_all_arguments() -> None:
    with pytest.raises(DomainError) as caught:
        Value(-8.0, label="base") ** (1 / 3)
    assert str(caught.value) == (
        "pow(x, k) needs a positive base, or a whole exponent (not negative where the base is 0), "
        f"got x = -8.0 (label 'base'), k = 0.3333333333333333. {CURE}"
    )


def test_a_value_without_a_scope_is_placed_where_the_operation_is() -> None:
    x = Value(-1.0)
    with scope("loss"), pytest.raises(DomainError, match=r"got x = -1\.0 \(in loss\)\."):
        x.sqrt()


def test_arrays_name_the_index() -> None:
    with pytest.raises(DomainError, match=r"sqrt\(x\) needs x >= 0, got x = -4\.0 at index \(1, 0\)\. Keep"):
        autograd.sqrt(np.array([[1.0, 2.0], [-4.0, -5.0]]))
    with pytest.raises(ZeroDivisionError, match=r"got b = 0\.0 at index \(2, 0\)"):
        autograd.div(np.ones((1, 2)), np.array([[1.0], [2.0], [0.0]]))
    with pytest.raises(ZeroDivisionError, match=r"got b = 0\.0 at index \(0,\)"):
        autograd.div(np.ones(3), 0.0)
    with pytest.raises(DomainError, match=r"got x = -1\.0 at index \(1,\), k = 0\.5 at index \(1,\)"):
        autograd.pow(np.array([1.0, -1.0]), 0.5)


def test_the_edge_of_a_closed_domain_is_inside() -> None:
    assert autograd.sqrt(0.0) == 0.0
    assert autograd.asin(1.0) == math.pi / 2
    assert autograd.acos(-1.0) == math.pi


def test_domains_describe_themselves() -> None:
    assert autograd.POSITIVE.outside(0.0)
    assert not autograd.NONNEGATIVE.outside(0.0)
    assert autograd.NONZERO.outside(-0.0)
    assert not autograd.UNIT.outside(math.nan)
    assert not autograd.REAL.outside(math.inf)
    assert autograd.POSITIVE.excludes_zero
    assert not autograd.ABOVE_MINUS_ONE.excludes_zero
    assert autograd.Domain("< 3", high=3.0, open=True).outside(3.0)
