"""check_gradients can fail: planted errors turn it red, and it names the operation and the edge."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import GradientCheckError, Op, Value, check_gradients, check_graph, no_grad, op, scope
from autograd.check import central_difference, estimate_partial

PLANTED = {
    "wrong sign": lambda y, a, b: (-b * autograd.cos(a * b), a * autograd.cos(a * b)),
    "a factor of 1.001": lambda y, a, b: (b * autograd.cos(a * b), 1.001 * a * autograd.cos(a * b)),
    "swapped": lambda y, a, b: (a * autograd.cos(a * b), b * autograd.cos(a * b)),
    "a missing factor": lambda y, a, b: (autograd.cos(a * b), a * autograd.cos(a * b)),
    "a missing term": lambda y, a, b: (b, a),
    "12345": lambda y, a, b: (12345.0, a * autograd.cos(a * b)),
    "zero": lambda y, a, b: (b * autograd.cos(a * b), 0.0),
    "not a number": lambda y, a, b: (b * autograd.cos(a * b), float("nan")),
    "infinite": lambda y, a, b: (float("inf"), a * autograd.cos(a * b)),
}
RIGHT = lambda y, a, b: (b * autograd.cos(a * b), a * autograd.cos(a * b))
WRONG_BY_B = {"a factor of 1.001", "zero", "not a number"}
KERNELS: dict[str, Callable[..., Any]] = {
    "complex step": lambda m, a, b: m.sin(a * b),
    # m.power is unknown to complex numbers, so the checker has to take differences
    "central differences": lambda m, a, b: m.sin(m.power(a, 1.0) * b),
}


def declared(partials: Callable[..., Any], method: str) -> Op:
    return op("planted", kernel=KERNELS[method], partials=partials)


@pytest.mark.parametrize("method", KERNELS)
@pytest.mark.parametrize("fault", PLANTED)
def test_planted_errors_are_found(fault: str, method: str) -> None:
    wrong = declared(PLANTED[fault], method)
    with pytest.raises(GradientCheckError, match=f"^worst edge: planted, partial by .* {method} gives") as caught:
        check_gradients(lambda a, b: (wrong(a, b) * 2).tanh() + a, at=[0.5, 0.7])
    by_a, by_b = ("partial by a at a = 0.5" in str(caught.value)), ("partial by b at a = 0.5" in str(caught.value))
    assert by_a != by_b
    if fault != "swapped" and fault != "a missing term":
        assert by_b == (fault in WRONG_BY_B)
    assert isinstance(caught.value, AssertionError)


@pytest.mark.parametrize("method", KERNELS)
def test_the_right_partials_pass(method: str) -> None:
    right = declared(RIGHT, method)
    assert check_gradients(lambda a, b: (right(a, b) * 2).tanh() + a, at=[0.5, 0.7]) is True
    assert estimate_partial(right, [0.5, 0.7], 0).method == method


def test_12345_is_not_the_derivative_of_a_square() -> None:
    square = op("square", kernel=lambda xp, x: x * x, partials=lambda y, x: (12345.0,))
    with scope("net"), pytest.raises(GradientCheckError) as caught:
        check_gradients(square, at=3.0)
    assert str(caught.value) == (
        "worst edge: square in net, partial by x at x = 3.0: the declaration gives 12345.0 (12345), "
        "complex step gives 6.0. Correct the partials of 'square'"
    )


def test_an_error_in_a_built_in_operation_would_be_found(op: Op) -> None:
    """Plants a doubled partial into a node of each operation."""
    count = op.arity or 2
    args = [True, Value(0.4), Value(0.9)] if op.name == "where" else [Value(0.4 + 0.5 * i) for i in range(count)]
    node = op(*args)
    assert check_graph(node)
    if op.arity in (1, 2):
        node._pa = 2 * node._pa + 1e-3
    else:
        node._pb = tuple(p if p is None else 2 * p + 1e-3 for p in node._pb)
    with pytest.raises(GradientCheckError, match=f"^worst edge: {op.name}, "):
        check_graph(node)


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a * b.data,
        lambda a, b: a * b + b.detach(),
        lambda a, b: a * Value(b.data * 2),
        lambda a, b: a + hidden(b),
    ],
)
def test_lost_dependence_is_found(f: Any) -> None:
    with pytest.raises(GradientCheckError, match=r"every edge is right, but the gradient by input 1 \(at 0\.7\) is"):
        check_gradients(f, at=[0.5, 0.7])


def hidden(b: Value) -> Value:
    with no_grad():
        return b * 3


def test_functions_of_every_form() -> None:
    assert check_gradients(lambda x: x.sin(), at=1.0)
    assert check_gradients(lambda x: x.sin(), at=np.float64(1.0))
    assert check_gradients(lambda a, b: a / b, at=(1.0, 2.0))
    assert check_gradients(lambda xs: xs[0] / xs[1], at=np.array([1.0, 2.0]))
    assert check_gradients(lambda *xs: sum(xs), at=[1.0, 2.0, 3.0])
    assert check_gradients(autograd.logsumexp, at=[1.0, 2.0, 3.0])
    assert check_gradients(lambda x: Value(1.0).detach(), at=1.0)
    with pytest.raises(TypeError, match=r"the function to check must return a Value, got float: 1\.0"):
        check_gradients(lambda x: 1.0, at=1.0)


def test_kinks_are_passed_over_and_their_neighbourhood_is_not() -> None:
    for f in (abs, Value.relu, lambda x: x.maximum(0.0)):
        for x in (-1.0, 1.0):
            assert check_gradients(f, at=x)
    assert check_graph(Value(0.0).relu())
    assert check_graph(Value(0.0).sqrt())
    wrong = op("wrong_relu", kernel=lambda xp, x: xp.where(x > 0, x, 0.0), partials=lambda y, x: (1.0,), kinks=(0.0,))
    assert check_graph(wrong(Value(0.0)))
    with pytest.raises(GradientCheckError):
        check_graph(wrong(Value(-0.1)))


def test_a_gradient_of_nan_is_found_where_edges_are_passed_over() -> None:
    nowhere = op("nan_at_its_kink", kernel=lambda xp, x: xp.abs(x), partials=lambda y, x: (y / x,), kinks=(0.0,))
    assert check_graph(nowhere(Value(0.0)))
    with pytest.raises(GradientCheckError, match=r"the gradient by input 0 \(at 0\.0\) is nan"):
        check_gradients(nowhere, at=0.0)


def test_tolerances_can_be_chosen() -> None:
    rough = op("rough", kernel=lambda xp, x: x * x, partials=lambda y, x: (2.001 * x,))
    with pytest.raises(GradientCheckError):
        check_graph(rough(Value(1.0)))
    assert check_graph(rough(Value(1.0)), rtol=1e-2)
    assert check_graph(rough(Value(1.0)), atol=1e-2)


def test_central_differences() -> None:
    found = central_difference(lambda x: x**3, 2.0)
    assert found.value == pytest.approx(12.0, abs=1e-9)
    assert abs(found.value - 12.0) <= found.error + 1e-12
