"""The value of every operation over the whole range of float64, against mpmath, in each world."""

import math
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import autograd
from autograd import Constant, DomainError, Op, Value, declare
from tests.engine.operations import INF, NAN, ORACLES


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def ulps_off(got: float, exact: Any, scale: float) -> float:
    """Distance from the exact value in units of the last place of that value (or of ``scale`` if it is larger)."""
    rounded = float(exact)
    if math.isinf(rounded) or math.isinf(got):
        return 0.0 if got == rounded else INF
    return float(abs(mpf(got) - exact) / mpf(math.ulp(max(abs(rounded), scale))))


def exact_values(f: Any, args: list[tuple[Any, ...]]) -> list[Any]:
    with mp.workprec(1300):  # so much, because sin(1e308) needs all digits of 1e308 / pi
        return [f(*(x if isinstance(x, bool) else mpf(x) for x in point)) for point in args]


def worst(op: Op, which: str, entry: Any, args: list[tuple[Any, ...]], got: list[float]) -> tuple[float, Any]:
    """The largest error, as a share of what is allowed, and where it is."""
    shares = []
    for point, y, exact in zip(args, got, exact_values(entry.f, args), strict=True):
        off, allowed = ulps_off(y, exact, entry.scale(*point)), entry.allowed(which, point)
        shares.append((0.0 if off == 0 else (off / allowed if allowed else INF), (point, y, float(exact))))
    return max(shares, key=lambda share: share[0])


def test_every_operation_has_its_oracle_and_is_exported(op: Op, oracle: Any) -> None:
    assert op.name in autograd.ops.__all__, f'add "{op.name}" to __all__ in autograd/ops.py'
    count = op.arity or 3
    assert len(oracle(op).slopes) == (count if op.name != "where" else 0), "a slope for each argument"
    assert (oracle(op).at_infinity is not None) == (op.arity == 1), "limits of a function of one number"


def test_no_oracle_and_no_export_is_left_over() -> None:
    assert set(ORACLES) == set(autograd.ops.__all__) == set(declare._BUILT_IN)


def test_values_over_floats(op: Op, oracle: Any, points: Any) -> None:
    args = points(op)
    assert len(args) > 15
    share, where = worst(op, "floats", oracle(op), args, [op(*point) for point in args])
    assert share <= 1, where


def test_values_over_arrays(op: Op, oracle: Any, points: Any) -> None:
    args = points(op)
    results = op(*map(np.array, zip(*args, strict=True)))
    assert results.dtype == np.float64
    share, where = worst(op, "arrays", oracle(op), args, results.tolist())
    assert share <= 1, where


def test_values_of_values(op: Op, points: Any) -> None:
    for point in points(op):
        leaves = [x if isinstance(x, bool) else Value(x) for x in point]
        assert same(op(*leaves).data, op(*point)), point


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "erf", "erfc", "gelu", "silu", "elu", "atan"])
@pytest.mark.parametrize("x", [1000.0, -1000.0, 1e308, -1e308])
def test_far_out_values_and_gradients_are_finite(name: str, x: float) -> None:
    v = Value(x)
    y = getattr(v, name)()
    y.backward()
    assert math.isfinite(y.data)
    assert math.isfinite(v.grad)


@pytest.mark.parametrize(("xs", "y"), [((1000.0, 1000.0), 1000.0 + math.log(2)), ((-1000.0, 1000.0), 1000.0)])
def test_log_sum_exp_far_out(xs: tuple[float, ...], y: float) -> None:
    leaves = [Value(x) for x in xs]
    result = autograd.logsumexp(*leaves)
    result.backward()
    assert result.data == y
    assert sum(leaf.grad for leaf in leaves) == pytest.approx(1.0, abs=1e-15)


def test_values_are_always_python_floats(op: Op, points: Any) -> None:
    point = points(op)[0]
    assert type(op(*point)) is float
    assert type(op(*(np.float64(x) if not isinstance(x, bool) else x for x in point))) is float
    assert type(op(*(Value(x) if not isinstance(x, bool) else x for x in point)).data) is float


# Infinities and NaN


@pytest.mark.parametrize("end", [0, 1], ids=["-inf", "+inf"])
def test_limits_at_infinity(unary: Op, end: int, oracle: Any) -> None:
    x, limit = (-INF, INF)[end], oracle(unary).at_infinity[end]
    if limit is None:
        for call in (lambda: unary(x), lambda: unary(Value(x)), lambda: unary(np.array([x]))):
            with pytest.raises(DomainError):
                call()
        return
    assert same(unary(x), limit)
    assert same(unary(Value(x)).data, limit)
    assert same(unary(np.array([x]))[0], limit)


def test_nan_passes_through_every_argument(op: Op) -> None:
    count = op.arity or 3
    for position in range(count):
        point: list[Any] = [NAN if i == position else 1.5 for i in range(count)]
        if op.name == "where":
            if position == 0:
                continue
            point[0] = position == 1
        elif op.name == "asin" or op.name == "acos":
            point = [NAN]
        assert math.isnan(op(*point))
        assert math.isnan(op(*(x if isinstance(x, bool) else Value(x) for x in point)).data)
        assert np.isnan(op(*map(np.array, point)))


def test_ieee_has_two_powers_that_nan_does_not_change() -> None:
    assert autograd.pow(NAN, 0.0) == 1.0
    assert autograd.pow(1.0, NAN) == 1.0


@pytest.mark.parametrize(
    ("compute", "result"),
    [
        (lambda v: v(1e308) * 10, INF),
        (lambda v: v(-1e308) * 10, -INF),
        (lambda v: v(1e308) + 1e308, INF),
        (lambda v: v(1e-300) / 1e300, 0.0),
        (lambda v: v(1e300) / 1e-300, INF),
        (lambda v: v(10.0) ** 400, INF),
        (lambda v: v(-10.0) ** 401, -INF),
        (lambda v: v(-10.0) ** 400, INF),
        (lambda v: autograd.exp(v(1000.0)), INF),
        (lambda v: autograd.sinh(v(-1000.0)), -INF),
        (lambda v: autograd.cosh(v(-1000.0)), INF),
        (lambda v: autograd.expm1(v(1000.0)), INF),
        (lambda v: 1 / (1 + autograd.exp(-v(-1000.0))), 0.0),
        (lambda v: v(INF) - v(INF), NAN),
        (lambda v: autograd.logsumexp(v(-INF), v(-INF)), -INF),
        (lambda v: autograd.logsumexp(v(INF), v(0.0)), INF),
    ],
)
def test_overflow_is_an_infinity_without_an_error(compute: Any, result: float) -> None:
    assert same(compute(Value).data, result)
    assert same(float(compute(np.float64) if result == 0.0 else compute(lambda x: Value(x).detach()).data), result)


def test_a_users_own_sigmoid_is_right_through_an_infinity() -> None:
    x = Value(-1000.0)
    y = 1 / (1 + (-x).exp())
    y.backward()
    assert (y.data, x.grad) == (0.0, 0.0)


@pytest.mark.parametrize("x", [5e-324, -5e-324, 2.5e-310])
@pytest.mark.parametrize("name", ["sin", "tan", "asin", "atan", "sinh", "tanh", "expm1", "log1p", "abs", "relu", "elu"])
def test_subnormals_are_not_flushed(name: str, x: float) -> None:
    f = getattr(autograd, name)
    expected = {"abs": abs(x), "relu": max(x, 0.0)}.get(name, x)
    assert f(x) == expected
    assert f(np.array([x]))[0] == expected
    assert f(Value(x)).data == expected


# Arrays


def test_arrays_broadcast() -> None:
    a, b = np.array([[1.0], [2.0]]), np.array([3.0, 4.0])
    assert autograd.mul(a, b).tolist() == [[3.0, 4.0], [6.0, 8.0]]
    assert autograd.maximum(a, 1.5).tolist() == [[1.5], [2.0]]
    assert autograd.where(b > 3, b, 0.0).tolist() == [0.0, 4.0]
    assert autograd.tanh(np.array([0, 1], dtype=np.int8)).tolist() == [0.0, math.tanh(1)]


@pytest.mark.parametrize("array", [np.array([1j]), np.array(["1"]), np.array([None]), np.array([Value(1.0)])])
def test_arrays_that_hold_no_real_numbers_are_refused(array: Any) -> None:
    with pytest.raises(TypeError, match=r"tanh takes arrays of real numbers, got one of .* and shape \(1,\)"):
        autograd.tanh(array)


@pytest.mark.parametrize("x", ["1", None, 1j, [1.0], object()])
def test_what_is_no_number_is_named(x: Any) -> None:
    with pytest.raises(TypeError, match=f"tanh takes Values, real numbers or NumPy arrays, got {type(x).__name__}"):
        autograd.tanh(x)


def test_the_stranger_is_named_and_not_the_value_beside_it() -> None:
    with pytest.raises(TypeError, match="got object"):
        autograd.add(Value(1.0), object())


def test_the_wrong_number_of_arguments() -> None:
    with pytest.raises(TypeError, match=r"maximum\(a, b\) takes 2 arguments, got 1"):
        autograd.maximum(1.0)
    with pytest.raises(TypeError, match="logsumexp needs at least one argument"):
        autograd.logsumexp()
    with pytest.raises(TypeError, match="tanh has no argument slope; it has: none"):
        autograd.tanh(1.0, slope=2.0)
    with pytest.raises(TypeError, match="leaky_relu has no argument alpha; it is called slope here; it has: slope"):
        autograd.leaky_relu(Value(1.0), alpha=2.0)
    with pytest.raises(TypeError, match=r"leaky_relu\(x\) takes 1 argument, then slope=0.01, got 3"):
        autograd.leaky_relu(Value(1.0), 0.2, 0.3)
    with pytest.raises(TypeError, match=r"leaky_relu got slope twice: 0.2 in its place, and 0.3"):
        autograd.leaky_relu(Value(1.0), 0.2, slope=0.3)
    with pytest.raises(TypeError, match=r"the attribute slope of leaky_relu is a plain number.*got str: 'steep'"):
        autograd.leaky_relu(Value(1.0), slope="steep")


def test_attributes() -> None:
    bound = autograd.leaky_relu.bind(slope=0.2)
    assert bound(-2.0) == autograd.leaky_relu(-2.0, slope=0.2) == Value(-2.0).leaky_relu(slope=0.2).data == -0.4
    assert bound(np.array([-2.0])).tolist() == [-0.4]
    assert autograd.leaky_relu.bind(slope=0.01) is autograd.leaky_relu
    assert autograd.elu(-1.0, alpha=2.0) == pytest.approx(2 * math.expm1(-1.0), rel=1e-15)
    x = Value(-2.0)
    x.leaky_relu(0.2).backward()
    assert x.grad == 0.2
    assert autograd.leaky_relu(-2.0, 0.2) == Constant(-2.0).leaky_relu(0.2).data == -0.4
    assert autograd.leaky_relu(Value(-2.0), slope=None).data == -0.02
    assert repr(bound) == "<Op leaky_relu, slope=0.2>"


@pytest.mark.parametrize(
    ("x", "bounds", "value", "slope"),
    [
        (2.0, {"min": -1.0, "max": 1.0}, 1.0, 0.0),
        (-2.0, {"min": -1.0, "max": 1.0}, -1.0, 0.0),
        (0.25, {"min": -1.0, "max": 1.0}, 0.25, 1.0),
        (1.0, {"max": 1.0}, 1.0, 1.0),
        (-1.0, {"min": -1.0, "max": None}, -1.0, 1.0),
        (5.0, {"min": 3.0, "max": 2.0}, 2.0, 0.0),
        (5.0, {}, 5.0, 1.0),
    ],
)
def test_clamp_is_that_of_pytorch(x: float, bounds: dict[str, float | None], value: float, slope: float) -> None:
    leaf = Value(x)
    y = leaf.clamp(**bounds)
    y.backward()
    assert (y.data, leaf.grad) == (value, slope)
    assert autograd.clamp(x, *bounds.values() if "min" in bounds else (None, *bounds.values())) == value
    assert autograd.clamp(np.array([x]), **bounds).tolist() == [value]
    for backend in ("numpy", "llvm"):
        program = autograd.compile(lambda v: 3.0 * autograd.clamp(v, **bounds), backend)
        assert program(np.array([x])).tolist() == [3.0 * value]
        assert program.gradients(np.array([x]))[0].tolist() == [3.0 * slope]
    assert math.isnan(autograd.clamp(math.nan, 0.0, 1.0))
