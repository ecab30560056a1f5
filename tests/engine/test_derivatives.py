"""First and higher derivatives of every operation against mpmath and the complex step, and the hard points by hand."""

import cmath
import math
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpc, mpf

import autograd
from autograd import Op, Value, check_gradients, derivative, gradients, hessian
from autograd.domain import CONDITION

INF = math.inf
EPSILON, TINY = 2.0**-52, mpf(10) ** -20


def differentiable(op: Op, count: int) -> list[int]:
    return [i for i in range(count) if op.domain_of(i) is not CONDITION]


def smooth(op: Op, point: tuple[Any, ...]) -> bool:
    """Off the kinks and edges, by the declaration's own account, and where a power has a derivative by its exponent."""
    if op.name == "pow":
        return point[0] > 0
    if op.name == "where":
        return True
    if op.name in ("maximum", "minimum"):
        return point[0] != point[1]
    return not op.kinks or all(point[0] != kink for kink in op.kinks)


def tiny(point: tuple[Any, ...]) -> bool:
    """Where the oracle itself would need more digits than it is given."""
    return any(0 < abs(x) < 1e-10 for x in point)


def exact_partial(f: Any, point: tuple[Any, ...], position: int, order: int = 1) -> Any:
    def along(x: Any) -> Any:
        return f(*(x if i == position else (p if isinstance(p, bool) else mpf(p)) for i, p in enumerate(point)))

    with mp.workdps(60):
        return mp.diff(along, mpf(point[position]), order, h=mpf(10) ** -25 * max(mpf(10) ** -15, abs(point[position])))


def leaves_at(op: Op, point: tuple[Any, ...]) -> list[Any]:
    return [x if isinstance(x, bool) else Value(x) for x in point]


def test_partials_against_mpmath(op: Op, oracle: Any, points: Any) -> None:
    entry, checked = oracle(op), 0
    for point in points(op, largest=45.0):
        if not smooth(op, point) or tiny(point):
            continue
        node = op(*leaves_at(op, point))
        if not math.isfinite(node.data):
            continue
        for position in differentiable(op, len(point)):
            exact = exact_partial(entry.f, point, position)
            rounded = float(exact)
            allowed = entry.allowed("partials", point) * EPSILON * max(abs(rounded), entry.partial_scale(*point))
            assert abs(node.partials[position] - rounded) <= allowed + 1e-20, (point, position, rounded)
            checked += 1
    assert checked > 10


def test_partials_against_the_complex_step(op: Op, oracle: Any, points: Any) -> None:
    """Squire and Trapp 1998: f(x + ih) = f(x) + ih f'(x) + O(h^2), with nothing subtracted."""
    entry = oracle(op)
    if not entry.analytic:  # then it has declared its kinks, or its slopes meet where it bends
        assert op.kinks or all(slope(-TINY) == pytest.approx(slope(TINY)) for slope in entry.slopes)
        return
    for point in points(op, largest=10.0):
        if not smooth(op, point) or tiny(point):
            continue
        node = op(*leaves_at(op, point))
        if not math.isfinite(node.data):
            continue
        for position in range(len(point)):
            with mp.workdps(80):
                step = mpf(10) ** -40 * (abs(point[position]) or 1)
                moved = [mpc(x, step if i == position else 0) for i, x in enumerate(point)]
                estimate = float(mp.im(entry.f(*moved)) / step)
            allowed = entry.allowed("partials", point) * EPSILON * max(abs(estimate), entry.partial_scale(*point))
            assert abs(node.partials[position] - estimate) <= allowed + 1e-20, (point, position)


def test_partials_by_the_checker(op: Op) -> None:
    count = op.arity or 3
    for start in (0.3, 0.55, 0.8):
        point = [start + 0.07 * i for i in range(count)]
        if op.name == "where":
            assert check_gradients(lambda a, b: autograd.where(True, a, b), point[1:])
        else:
            assert check_gradients(op, point if count > 1 else point[0])


def test_second_derivatives_against_mpmath(op: Op, oracle: Any) -> None:
    entry, count = oracle(op), op.arity or 3
    for shift in (0.2, 0.45, 0.7, -0.35, 1.3, -2.2):
        point: tuple[Any, ...] = tuple(shift + 0.11 * i for i in range(count))
        if op.name == "where":
            point = (shift > 0, *point[1:])
        try:
            leaves = leaves_at(op, point)
            y = op(*leaves)
        except autograd.DomainError:
            continue
        moving = differentiable(op, count)
        if op.name == "pow" and point[0] < 0:
            continue
        firsts = gradients(y, [leaves[i] for i in moving], record=True)
        for row, first in zip(moving, firsts, strict=True):
            for column in moving:
                second = gradients(first, [leaves[column]])[0] if first.requires_grad else 0.0
                exact = second_partial(entry.f, point, row, column)
                assert second == pytest.approx(exact, rel=1e-12, abs=1e-13), (point, row, column)


def second_partial(f: Any, point: tuple[Any, ...], row: int, column: int) -> float:
    if row == column:
        return float(exact_partial(f, point, row, 2))

    def slope(x: Any) -> Any:
        return exact_partial(f, tuple(x if i == column else p for i, p in enumerate(point)), row)

    with mp.workdps(60):
        h = mpf(10) ** -10
        x = mpf(point[column])
        return float((slope(x + h) - slope(x - h)) / (2 * h))


@pytest.mark.parametrize("name", ["exp", "sin", "tanh", "sigmoid", "atan", "gelu", "silu", "log1p", "sqrt", "softplus"])
@pytest.mark.parametrize("order", [3, 4])
def test_third_and_fourth_derivatives(name: str, order: int, oracle: Any) -> None:
    op = getattr(autograd, name)
    for x in (0.3, 0.9, 1.6):
        with mp.workdps(80):
            exact = float(mp.diff(oracle(op).f, mpf(x), order))
        assert derivative(op, order)(x) == pytest.approx(exact, rel=1e-10, abs=1e-11)


# The hard points


@pytest.mark.parametrize("x", [0.0, -0.0, 1.5, -2.0])
def test_square_and_product_agree_to_the_fourth_order(x: float) -> None:
    expected = (x * x, 2 * x, 2.0, 0.0, 0.0)
    for f in (lambda v: v**2, lambda v: v * v, lambda v: v**2.0):
        found = (f(Value(x)).data, *(derivative(f, order)(x) for order in (1, 2, 3, 4)))
        assert found == expected


@pytest.mark.parametrize(
    ("x", "k", "value", "by_base"),
    [
        (0.0, 0.0, 1.0, 0.0),
        (0.0, 1.0, 0.0, 1.0),
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 3.0, 0.0, 0.0),
        (0.0, 0.5, 0.0, INF),
        (0.0, 1.5, 0.0, 0.0),
        (-2.0, 3.0, -8.0, 12.0),
        (-2.0, 2.0, 4.0, -4.0),
        (-2.0, 1.0, -2.0, 1.0),
        (-2.0, 0.0, 1.0, 0.0),
        (-2.0, -1.0, -0.5, -0.25),
        (-2.0, -3.0, -0.125, -0.1875),
        (4.0, 0.5, 2.0, 0.25),
        (3.0, 0.0, 1.0, 0.0),
    ],
)
def test_powers(x: float, k: float, value: float, by_base: float) -> None:
    v = Value(x)
    y = v**k
    (slope,) = gradients(y, [v])
    assert (y.data, slope) == (value, by_base)
    assert autograd.pow(x, k) == value
    assert autograd.pow(np.array([x]), k)[0] == value


def test_a_power_by_its_exponent() -> None:
    k = Value(3.0)
    assert gradients(2.0**k, [k]) == (pytest.approx(8 * math.log(2), rel=1e-15),)
    assert gradients(0.0**k, [k]) == (0.0,)
    assert math.isnan(gradients(autograd.pow(-2.0, k), [k])[0])  # no derivative exists
    x = Value(-2.0)
    (x**3.0).backward()  # a number as exponent is never asked for it
    assert x.grad == 12.0


@pytest.mark.parametrize("base", [-8.0, -0.5, -1e300])
@pytest.mark.parametrize("exponent", [1 / 3, 0.5, -0.5, 2.5])
def test_a_fractional_power_of_a_negative_base_is_never_complex(base: float, exponent: float) -> None:
    for call in (
        lambda: Value(base) ** exponent,
        lambda: Value(base) ** Value(exponent),
        lambda: autograd.pow(base, exponent),
        lambda: autograd.pow(np.array([1.0, base]), exponent),
    ):
        with pytest.raises(autograd.DomainError, match=r"pow\(x, k\) needs a positive base, or a whole exponent"):
            call()


@pytest.mark.parametrize(
    ("name", "x", "value", "slope"),
    [
        ("abs", 0.0, 0.0, 0.0),
        ("abs", -2.0, 2.0, -1.0),
        ("relu", 0.0, 0.0, 0.0),
        ("relu", 5e-324, 5e-324, 1.0),
        ("relu", -1.0, 0.0, 0.0),
        ("leaky_relu", 0.0, 0.0, 0.01),
        ("elu", 0.0, 0.0, 1.0),
        ("sign", 0.0, 0.0, 0.0),
        ("step", 0.0, 0.0, 0.0),
        ("step", 1e-9, 1.0, 0.0),
        ("sqrt", 0.0, 0.0, INF),
        ("asin", 1.0, math.pi / 2, INF),
        ("acos", 1.0, 0.0, -INF),
    ],
)
def test_kinks_and_edges(name: str, x: float, value: float, slope: float) -> None:
    v = Value(x)
    y = getattr(v, name)()
    y.backward()
    assert (y.data, v.grad) == (value, slope)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties_share_the_gradient(name: str) -> None:
    a, b = Value(2.0), Value(2.0)
    getattr(autograd, name)(a, b).backward()
    assert (a.grad, b.grad) == (0.5, 0.5)
    c = Value(2.0)
    getattr(c, name)(c).backward()
    assert c.grad == 1.0
    larger, smaller = Value(3.0), Value(-3.0)
    getattr(autograd, name)(larger, smaller).backward()
    assert (larger.grad, smaller.grad) == ((1.0, 0.0) if name == "maximum" else (0.0, 1.0))


def test_a_zero_adjoint_stops_at_an_infinite_partial() -> None:
    x = Value(0.0)
    y = x.sqrt() * 0.0
    y.backward()
    assert x.grad == 0.0
    assert gradients(y, [x]) == (0.0,)
    (recorded,) = gradients(y, [x], record=True)
    assert recorded.data == 0.0
    (x * x).sqrt().backward()
    assert math.isnan(x.grad)  # infinity times 0: there is no derivative of |x|, and nothing hides it


def test_the_branch_that_is_not_selected_says_nothing() -> None:
    x = Value(0.0)
    y = autograd.where(x > 0, x.sqrt() * 3, x * 2)
    y.backward()
    assert (y.data, x.grad) == (0.0, 2.0)
    assert gradients(y, [x]) == (2.0,)
    assert gradients(y, [x], record=True)[0].data == 2.0
    unselected = Value(math.nan)
    z = autograd.where(False, unselected * math.inf, x + 1)
    assert z.data == 1.0
    assert gradients(z, [x, unselected]) == (1.0, 0.0)


def test_the_second_derivative_survives_a_zero_adjoint() -> None:
    assert derivative(lambda x: x * x.sin(), order=2)(0.0) == 2.0


def test_where_takes_bools_and_nothing_else() -> None:
    for condition in (Value(1.0), 1.0, "yes"):
        with pytest.raises(TypeError, match=r"the condition of where is a bool, as in where\(x > 0, a, b\)"):
            autograd.where(condition, Value(1.0), 2.0)
    assert autograd.where(np.bool_(True), Value(1.0), 2.0).data == 1.0


# Closed forms


def test_derivatives_of_functions_known_in_closed_form() -> None:
    assert [derivative(lambda x: x**5, n)(2.0) for n in (1, 2, 3, 4, 5, 6)] == [80.0, 160.0, 240.0, 240.0, 120.0, 0.0]
    assert derivative(lambda x: (3 * x).exp(), 3)(0.0) == pytest.approx(27.0, rel=1e-14)
    assert derivative(lambda x: 1 / x, 2)(2.0) == 0.25
    assert derivative(lambda x: x.log(), 4)(1.0) == pytest.approx(-6.0, rel=1e-14)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_what_does_not_depend_on_x(order: int) -> None:
    other = Value(7.0)
    assert derivative(lambda x: 3.0, order)(1.0) == 0.0
    assert derivative(lambda x: other * other, order)(1.0) == 0.0
    assert derivative(lambda x: x.detach() * 2, order)(1.0) == 0.0
    assert derivative(lambda x: x.step(), order)(1.0) == 0.0
    assert derivative(lambda x: x, order)(1.0) == (1.0 if order == 1 else 0.0)


@pytest.mark.parametrize("order", [0, -1, 1.0, True, "1"])
def test_the_order_of_a_derivative_is_a_whole_number(order: Any) -> None:
    with pytest.raises(ValueError, match=f"a whole number from 1 on, got {order!r}"):
        derivative(lambda x: x, order)


def test_hessians_known_in_closed_form() -> None:
    """Rosenbrock's function at its minimum: [[802, -400], [-400, 200]]."""
    rosenbrock = hessian(lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2)
    assert rosenbrock([1.0, 1.0]).tolist() == [[802.0, -400.0], [-400.0, 200.0]]
    assert hessian(lambda xs: xs[0] * xs[1] * xs[2])([2.0, 3.0, 5.0]).tolist() == [[0, 5, 3], [5, 0, 2], [3, 2, 0]]
    assert hessian(lambda x, y: x + 2 * y)([1.0, 1.0]).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert hessian(lambda x, y: 1.0)([1.0, 1.0]).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert hessian(lambda x, y: x * x)([1.0, 1.0]).tolist() == [[2.0, 0.0], [0.0, 0.0]]
    assert hessian(lambda xs: xs[0] ** 3)([2.0]).tolist() == [[12.0]]


def test_the_gradient_of_a_log_sum_exp_is_the_softmax() -> None:
    numbers = [0.5, -1.0, 2.0]
    total = sum(map(math.exp, numbers))
    softmax = [math.exp(x) / total for x in numbers]
    leaves = [Value(x) for x in numbers]
    y = autograd.logsumexp(*leaves)
    assert gradients(y, leaves) == pytest.approx(softmax, rel=1e-15)
    expected = np.diag(softmax) - np.outer(softmax, softmax)
    np.testing.assert_allclose(hessian(autograd.logsumexp)(numbers), expected, rtol=1e-13, atol=1e-15)


def test_the_oracle_itself_can_tell_right_from_wrong() -> None:
    assert exact_partial(mp.sin, (0.5,), 0) == pytest.approx(math.cos(0.5), rel=1e-15)
    assert cmath.sin(0.5 + 1e-30j).imag / 1e-30 == pytest.approx(math.cos(0.5), rel=1e-15)
