"""Derivatives inside of compiled functions, and programs inside of programs: equal to eager code in all respects."""

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    Constant,
    Parameter,
    ParameterArray,
    TraceError,
    Value,
    compile,
    derivative,
    dot,
    gradients,
    nn,
    no_grad,
    where,
)

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
RNG = np.random.default_rng(0)
WAVE, HEAT = nn.MLP(1, [6, 6, 1], activation="tanh", rng=0), nn.MLP(2, [5, 7, 1], activation="tanh", rng=1)
SCALE = [Parameter(0.7), Parameter(-1.2), Parameter(0.4)]


def oscillator(x: Any) -> Any:
    """u'' + u = 0, with a slope of 1 at 0."""
    u = WAVE([x])
    (u_x,) = gradients(u, [x], record=True)
    (u_xx,) = gradients(u_x, [x], record=True)
    start = derivative(lambda t: WAVE([t]))(x * 0.0)
    return (u_xx + u) ** 2 + (start - 1.0) ** 2


def burgers(xt: Any) -> Any:
    """u_t + u u_x = 0.01 u_xx"""
    u = HEAT(xt)
    u_x, u_t = gradients(u, xt, record=True)
    (u_xx,) = gradients(u_x, [xt[0]], record=True)
    return (u_t + u * u_x - 0.01 * u_xx) ** 2


def boundary(x: Any) -> Any:
    """u'(0) = 1 and u(x) = x: the slope is taken where no sample is."""
    zero = Value(0.0)
    (slope,) = gradients(WAVE([zero]), [zero], record=True)
    return (slope - 1.0) ** 2 + (WAVE([x]) - x) ** 2


def fourth(x: Any) -> Any:
    return derivative(lambda t: (t * SCALE[0]).sin() * t.exp() + t**3.5, order=4)(x) * SCALE[1]


def of_parameters(x: Any) -> Any:
    """The square of a gradient by parameters, some of them in one sum of products."""
    y = dot(SCALE, [x, x * x, x.sin()], start=0.3).tanh()
    return sum(g * g for g in gradients(y, SCALE, record=True))


def between(x: Any) -> Any:
    """By what is neither input nor parameter; by what the result doesn't depend on."""
    hidden = (x * SCALE[0]).exp()
    y = hidden * hidden.log() + where(hidden > 1.0, hidden**2, hidden)
    by_hidden, by_none = gradients(y, [hidden, SCALE[2]], record=True)
    return by_hidden * SCALE[1] + by_none * x


def at_the_edge(x: Any) -> Any:
    """A zero adjoint meets an infinite slope: sqrt at 0, which counts nothing."""
    r = (x * x).sqrt()
    (slope,) = gradients(where(x > 0.5, r * SCALE[0], 0.0), [x], record=True)
    return slope * x


FUNCTIONS: dict[str, tuple[Callable[..., Any], np.ndarray, list[Parameter]]] = {
    "oscillator": (oscillator, RNG.normal(size=9), list(WAVE.parameters())),
    "boundary": (boundary, RNG.normal(size=9), list(WAVE.parameters())),
    "burgers": (burgers, RNG.normal(size=(9, 2)), list(HEAT.parameters())),
    "fourth": (fourth, RNG.uniform(0.2, 1.5, size=9), SCALE),
    "of_parameters": (of_parameters, RNG.normal(size=9), SCALE),
    "between": (between, RNG.normal(size=9), SCALE),
    "at_the_edge": (at_the_edge, np.array([0.0, 0.25, 0.75, 2.0, 0.0]), SCALE),
}


def eager(f: Callable[..., Any], X: np.ndarray, parameters: list[Parameter]) -> tuple[Any, Any, Any]:
    """Values, the mean's gradient by parameters, each value's gradient by its inputs."""
    for p in parameters:
        p.zero_grad()
    values, by_inputs = [], []
    for row in X.tolist():
        leaves = [Value(v) for v in row] if isinstance(row, list) else Value(row)
        y = f(leaves)
        y.backward(1 / len(X))
        values.append(y.data)
        by_inputs.append([leaf.grad * len(X) for leaf in leaves] if isinstance(row, list) else leaves.grad * len(X))
    return np.array(values), np.array([p.grad for p in parameters]), np.array(by_inputs)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled_is_what_eager_is(name: str, backend: Any) -> None:
    f, X, parameters = FUNCTIONS[name]
    values, by_parameters, by_inputs = eager(f, X, parameters)
    program = compile(f, backend=backend)
    np.testing.assert_allclose(program(X), values, rtol=1e-12, atol=1e-12 * np.abs(values).max())
    for p in parameters:
        p.zero_grad()
    assert program.backward(X) == pytest.approx(values.mean(), rel=1e-12)
    scale = np.abs(by_parameters).max()
    np.testing.assert_allclose([p.grad for p in parameters], by_parameters, rtol=1e-12, atol=1e-12 * scale)
    scale = np.abs(by_inputs).max()
    np.testing.assert_allclose(program.gradients(X)[0], by_inputs, rtol=1e-12, atol=1e-12 * scale)
    assert program.inspect(X, sample=3).data == pytest.approx(values[3], rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_closed_forms(backend: Any) -> None:
    X = np.linspace(-1.0, 1.0, 7)
    third = compile(lambda x: derivative(lambda t: t.sin() * t, order=3)(x), backend=backend)
    np.testing.assert_allclose(third(X), -3 * np.sin(X) - X * np.cos(X), rtol=1e-13)
    confused = compile(lambda x: derivative(lambda t: t * x)(x), backend=backend)
    np.testing.assert_allclose(confused(X), X, rtol=1e-15)  # x is a constant to the inner function


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_record_no_gradient_flows(backend: Any) -> None:
    def f(x: Any) -> Any:
        (slope,) = gradients(x**3, [x])
        return slope * x

    X = np.array([1.0, 2.0])
    program = compile(f, backend=backend)
    assert program(X).tolist() == [3.0, 24.0]
    assert program.gradients(X)[0].tolist() == [3.0, 12.0]

    def unrecorded(x: Any) -> Any:
        y = x**3
        with no_grad():
            (slope,) = gradients(y, [x], record=True)
        return slope * x

    assert compile(unrecorded, backend=backend).gradients(X)[0].tolist() == [3.0, 12.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_at_a_fixed_place_it_stays_live(backend: Any) -> None:
    """A boundary condition: the slope at 0.5, whatever the sample is."""

    def f(x: Any) -> Any:
        return derivative(lambda t: (SCALE[0] * t).sin() * t)(0.5) * x

    a = SCALE[0].data
    exact = a * np.cos(a * 0.5) * 0.5 + np.sin(a * 0.5)
    np.testing.assert_allclose(compile(f, backend=backend)(np.array([1.0, 2.0])), [exact, 2 * exact], rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_of_parameters_alone_it_stays_live(backend: Any) -> None:
    w = Parameter(2.0)

    def f(x: Any) -> Any:
        (slope,) = gradients(w**3, [w])
        return slope * x

    program = compile(f, backend=backend)
    assert program(np.array([1.0])).tolist() == [12.0]
    w.data = 3.0
    assert program(np.array([1.0])).tolist() == [27.0]


def test_the_slope_of_a_root_at_zero_is_no_domain_error() -> None:
    def f(x: Any) -> Any:
        (slope,) = gradients(x.sqrt(), [x], record=True)
        return where(x > 0.0, slope, 0.0)

    for backend in BACKENDS:
        assert compile(f, backend=backend)(np.array([4.0, 0.0])).tolist() == [0.25, 0.0]
        with pytest.raises(autograd.DomainError, match="sqrt"):
            compile(f, backend=backend)(np.array([4.0, -1.0]))


def test_derivative_of_values_in_eager_code() -> None:
    x = Value(2.0)
    slope = derivative(lambda t: t**3 * x)(x)
    slope.backward()
    assert (slope.data, x.grad) == (24.0, 36.0)  # 3 t² x at t = x: 3 x³, whose slope is 9 x²
    assert derivative(lambda t: t * t)(3.0) == 6.0
    assert type(derivative(lambda t: t * t)(3.0)) is float


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: gradients(x * 2.0, [Constant(1.0)], record=True)[0], "a plain number is nothing to differentiate"),
        (lambda x: gradients(x * 2.0, [3.0], record=True)[0], "gradients by 3.0.* Make it a Value before y"),
        (lambda x: x.backward(), r"for a derivative in a formula take gradients\(y, xs, record=True\)"),
    ],
)
def test_refusals(f: Callable[..., Any], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        compile(f, backend="numpy")(np.ones(2))


def test_the_mean_of_a_batch_is_refused() -> None:
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.BatchNorm(2))
    with pytest.raises(TraceError, match=r"can't go through the mean of a batch .* call the model in eval mode"):
        compile(lambda x: gradients(sum(model(x)), x, record=True)[0], backend="numpy")(np.ones((3, 2)))


# Programs inside of programs


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_in_a_program_is_its_function(backend: Any) -> None:
    inner = compile(HEAT, backend=backend)
    outer = compile(lambda x, y: (inner(x) - y) ** 2, backend=backend)
    plain = compile(lambda x, y: (HEAT(x) - y) ** 2, backend=backend)
    X, Y = RNG.normal(size=(5, 2)), RNG.normal(size=5)
    inner(X)
    np.testing.assert_array_equal(outer(X, Y), plain(X, Y))
    np.testing.assert_array_equal(outer.gradients(X, Y)[0], plain.gradients(X, Y)[0])
    assert outer.inspect(X, Y, sample=2).data == plain.inspect(X, Y, sample=2).data
    assert inner([Value(1.0), Value(2.0)]).data == HEAT([1.0, 2.0]).data


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda p, x: p(np.ones(3))[0] * x, "called with arrays inside of a compiled function"),
        (lambda p, x: p.backward(x) * x, r"take autograd.gradients\(y, xs, record=True\)"),
        (lambda p, x: p.gradients(x)[0] * x, r"take autograd.gradients\(y, xs, record=True\)"),
        (lambda p, x: p.inspect(x), r"can't run another program's"),
    ],
)
def test_what_a_program_in_a_program_is_not(f: Callable[..., Any], message: str) -> None:
    inner = compile(lambda x: x * x, backend="numpy")
    with pytest.raises(TraceError, match=message):
        compile(lambda x: f(inner, x), backend="numpy")(np.ones(3))


# What NumPy and Python would do with a number


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: np.arctan(x), r"numpy.arctan of 'x'.* Use the functions of autograd: .* x.exp\(\)"),
        (lambda x: np.maximum(x, 0.0), r"numpy.maximum of 'x'.* Use the functions of autograd"),
        (lambda x: x % 2, r"a remainder of 'x'.*Do that to the data before the call"),
        (lambda x: 2 % x, r"a remainder of 'x'"),
        (lambda x: x // 2, r"a remainder of 'x'"),
        (lambda x: np.float64(5.0) // x, r"a remainder of 'x'"),
        (lambda x: divmod(x, 2), r"a remainder of 'x'"),
        (lambda x: np.float64(1.0) == x, r"== of 'x'"),
    ],
)
def test_what_is_refused_says_what_to_write(f: Callable[..., Any], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        compile(f, backend="numpy")(np.ones(3))


def test_numbers_of_numpy_are_numbers() -> None:
    def f(x: Any) -> Any:
        two, three = np.float64(2.0), np.float32(3.0)
        total = two * x + three / x - (two - x) + x**three + two**x
        return total + where(two < x, 1.0, 0.0) + where(three >= x, 10.0, 0.0) + np.dot([1.0, 2.0], [x, x])

    X = np.array([0.5, 1.5, 3.5])
    np.testing.assert_allclose(compile(f, backend="numpy")(X), [f(Value(x)).data for x in X], rtol=1e-14)


@pytest.mark.filterwarnings("ignore:Bitwise inversion")  # of a bool, which Python warns of from 3.12 on
@pytest.mark.parametrize("backend", BACKENDS)
def test_conditions_are_turned_round_in_both_worlds(backend: Any) -> None:
    w = Parameter(2.0)

    def f(x: Any) -> Any:
        return (
            where(~(x > 0.0), 3.0 * x, x)
            + where(~(x > 1.0) & (x > -1.0), 10.0, 20.0)
            + where(~(x > 1.0) | ~(x <= 2.0), 100.0, 200.0)
            + where(~(w > 1.0), 1000.0, 2000.0)
        )

    X = np.array([-2.0, -0.5, 0.5, 1.5, 2.5])
    wanted = [2114.0, 2108.5, 2110.5, 2221.5, 2122.5]
    assert compile(f, backend=backend)(X).tolist() == [f(Value(x)).data for x in X] == wanted
    assert autograd.where(-2, 1.0, 2.0) == 2.0  # ~True
    with pytest.raises(TypeError, match=r"the condition of where is a bool.*got int: 3"):
        where(3, Value(1.0), 2.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_faces_whose_array_nobody_holds(backend: Any) -> None:
    before, ws = (
        autograd.ParameterArray([50.0, 60.0]),
        list(autograd.ParameterArray([1.0, 2.0, 3.0])),
    )  # their array is gone

    def f(x: list[Any]) -> Any:
        y = ws[1] * x[0] * x[1] + autograd.dot(ws, x)
        (slope,) = gradients(y, [x[0]], record=True)
        return slope * ws[0] + before[0]

    X = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]])
    assert compile(f, backend=backend)(X).tolist() == [(2.0 * x + 1.0) * 1.0 + 50.0 for x in X[:, 1].tolist()]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_derivative_by_a_weight_that_lies_between_those_of_a_sum(backend: str) -> None:
    """A column of a matrix is a line with a step; what lies between is in the same memory."""
    table = ParameterArray(np.arange(10.0).reshape(5, 2))

    def slopes(x: Any) -> Any:
        u = dot(table[:, 0], x)
        return [u * slope for slope in gradients(u, [table[1, 0], table[1, 1]], record=True)]

    X = RNG.normal(size=(4, 5))
    u = X @ np.arange(0.0, 10.0, 2.0)
    np.testing.assert_allclose(compile(slopes, backend=backend)(X), np.column_stack([u * X[:, 1], 0.0 * u]), rtol=1e-12)
