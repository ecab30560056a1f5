"""value_and_grad, jacobian, hessian, hvp: closed forms, eager, of Values, inside of compiled functions."""

import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    Constant,
    Parameter,
    ShapeError,
    TraceError,
    Value,
    compile,
    derivative,
    fit,
    hessian,
    hvp,
    jacobian,
    nn,
    no_grad,
    optim,
    value_and_grad,
)

AT = [0.7, -1.3, 0.4]


def polar(r: Any, a: Any) -> list[Any]:
    return [r * autograd.cos(a), r * autograd.sin(a)]


def cubic(x: Any, y: Any, z: Any) -> Any:
    return x * x * y + y * z * z * z + x


def cubic_hessian(x: float, y: float, z: float) -> list[list[float]]:
    return [[2 * y, 2 * x, 0.0], [2 * x, 0.0, 3 * z * z], [0.0, 3 * z * z, 6 * y * z]]


def test_jacobians_known_in_closed_form() -> None:
    r, a = 2.0, 0.5
    expected = [[math.cos(a), -r * math.sin(a)], [math.sin(a), r * math.cos(a)]]
    assert jacobian(polar)([r, a]) == pytest.approx(np.array(expected), rel=1e-15)
    assert jacobian(lambda xs: polar(*xs))(np.array([r, a])) == pytest.approx(np.array(expected), rel=1e-15)
    assert jacobian(lambda xs: [xs[0], 3.0, xs[1] * 0.0])([1.0, 2.0]).tolist() == [[1, 0], [0, 0], [0, 0]]
    assert jacobian(lambda xs: [])([1.0, 2.0]).shape == (0, 2)
    ps = np.exp(AT) / np.exp(AT).sum()
    assert jacobian(autograd.softmax)(AT) == pytest.approx(np.diag(ps) - np.outer(ps, ps), rel=1e-14)


def in_no_grad(f: Any) -> Any:
    def call(*args: Any) -> Any:
        with no_grad():
            return f(*args)

    return call


CUBES = [
    lambda t: derivative(lambda x: x**3)(t),
    lambda t: jacobian(lambda xs: [xs[0] ** 3])([t])[0][0],
    lambda t: value_and_grad(lambda x: x**3)(t)[1],
    lambda t: value_and_grad(lambda x: x**2 * 1.5)(t)[0] * 2.0,
    lambda t: hessian(lambda xs: xs[0] ** 4)([t])[0][0] / 4.0,
    lambda t: hvp(lambda xs: xs[0] ** 4, [t], [0.25])[0],
]


@pytest.mark.parametrize("slope", CUBES)
def test_derivatives_inside_of_no_grad_are_constants_and_no_zeros(slope: Any) -> None:
    assert in_no_grad(slope)(2.0) == pytest.approx(12.0, rel=1e-15)
    x = Value(2.0)
    found = in_no_grad(slope)(x)
    assert (found.data, found.requires_grad) == (pytest.approx(12.0, rel=1e-15), False)
    for backend in ("numpy", "llvm"):
        program = compile(lambda t: in_no_grad(slope)(t) * t, backend=backend)  # type: ignore[arg-type]
        assert program(np.array([2.0])).tolist() == [pytest.approx(24.0, rel=1e-14)]
        assert program.gradients(np.array([2.0]))[0].tolist() == [pytest.approx(12.0, rel=1e-14)]


@pytest.mark.parametrize("y", [None, "a", True, [1.0]])
def test_what_is_no_number_has_no_derivative(y: Any) -> None:
    with pytest.raises(TypeError, match=r"^derivative: the function must return one number, got "):
        derivative(lambda x: y)(2.0)
    assert derivative(lambda x: 3)(2.0) == 0.0


def test_the_jacobian_of_a_network_by_its_inputs() -> None:
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 2, rng=1))
    state = model.state_dict()
    hidden = np.tanh(state["0.weight"] @ AT + state["0.bias"])
    expected = state["2.weight"] @ np.diag(1 - hidden**2) @ state["0.weight"]
    assert jacobian(model)(AT) == pytest.approx(expected, rel=1e-13)
    assert not any(p.has_grad for p in model.parameters())


def test_hvp_is_the_hessian_times_a_vector() -> None:
    v = [1.0, -2.0, 0.5]
    expected = np.array(cubic_hessian(*AT)) @ v
    assert hvp(cubic, AT, v) == pytest.approx(expected, rel=1e-14)
    assert hvp(lambda xs: cubic(*xs), np.array(AT), np.array(v)) == pytest.approx(expected, rel=1e-14)
    assert hessian(cubic)(AT) @ v == pytest.approx(expected, rel=1e-14)
    assert hvp(lambda xs: 3.0 * xs[0], [1.0, 2.0], [1.0, 1.0]).tolist() == [0.0, 0.0]
    assert hvp(lambda xs: 3.0, [1.0, 2.0], [1.0, 1.0]).tolist() == [0.0, 0.0]


def test_hvp_can_be_differentiated_by_its_direction() -> None:
    v = [Value(1.0), Value(-2.0), Value(0.5)]
    product = hvp(cubic, AT, v)
    for slopes, row in zip((autograd.gradients(y, v) for y in product), cubic_hessian(*AT), strict=True):
        assert slopes == pytest.approx(row, rel=1e-14)


def test_value_and_grad_takes_what_jax_takes() -> None:
    def loss(w: Any, b: Any, x: Any, *, scale: float = 1.0) -> Any:
        return scale * (w[0] * x + w[1] * w[1] + b)

    value, grad = value_and_grad(loss)([3.0, 2.0], 1.0, 5.0)
    assert (value, grad.tolist()) == (20.0, [5.0, 4.0])
    value, (by_b, by_w) = value_and_grad(loss, argnums=(1, 0))(np.array([3.0, 2.0]), 1.0, 5.0, scale=2.0)
    assert (value, by_b, by_w.tolist()) == (40.0, 2.0, [10.0, 8.0])
    value, slope = value_and_grad(loss, argnums=-1)([3.0, 2.0], 1.0, 5.0)
    assert (value, slope) == (20.0, 3.0)
    assert isinstance(value, float)
    assert isinstance(slope, float)
    assert value_and_grad(lambda x: 7.0)(1.0) == (7.0, 0.0)


def test_of_values_they_can_be_differentiated_again() -> None:
    xs = [Value(x) for x in AT]
    value, grad = value_and_grad(lambda v: cubic(*v))(xs)
    assert value.data == pytest.approx(cubic(*AT))
    second = [autograd.gradients(g, xs) for g in grad]
    assert np.array(second) == pytest.approx(np.array(cubic_hessian(*AT)), rel=1e-14)
    rows = jacobian(lambda v: [cubic(*v), v[0]])(xs)
    assert autograd.gradients(rows[0][2], xs) == pytest.approx(cubic_hessian(*AT)[2])
    assert autograd.gradients(hessian(cubic)(xs)[2][2], xs) == pytest.approx([0.0, 6 * AT[2], 6 * AT[1]])
    product = hvp(cubic, xs, [Value(1.0), 0.0, 0.0])
    assert [g.data for g in product] == pytest.approx(cubic_hessian(*AT)[0])
    assert autograd.gradients(product[0], xs) == pytest.approx([0.0, 2.0, 0.0])


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_inside_of_compiled_functions(backend: Any) -> None:
    X = np.random.default_rng(4).normal(size=(6, 3))
    v = [1.0, -2.0, 0.5]

    def everything(x: Any) -> list[Any]:
        value, grad = value_and_grad(lambda xs: cubic(*xs))(x)
        rows = jacobian(lambda xs: [cubic(*xs), xs[0] * xs[2]])(x)
        return [value, *grad, rows[1][0], rows[1][2], *hvp(cubic, x, v), hessian(cubic)(x)[2][2]]

    found = compile(everything, backend)(X)
    for row, (x, y, z) in zip(found, X.tolist(), strict=True):
        second = np.array(cubic_hessian(x, y, z))
        slopes = [2 * x * y + 1, x * x + z**3, 3 * y * z * z]
        expected = [cubic(x, y, z), *slopes, z, x, *(second @ v), second[2, 2]]
        assert row == pytest.approx(expected, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_loss_of_a_jacobian_trains(backend: Any) -> None:
    """Gradient flows through: d/dw of (d(w x²)/dx)² = (2 w x)² is 8 w x²."""
    w, xs = Parameter(3.0), np.array([[0.5], [-2.0]])

    def loss(x: Any) -> Any:
        return jacobian(lambda t: [w * t[0] * t[0]])(x)[0][0] ** 2

    assert compile(loss, backend).backward(xs) == pytest.approx(float(np.mean((6 * xs) ** 2)))
    assert w.grad == pytest.approx(float(np.mean(24 * xs * xs)))


@pytest.mark.parametrize("kind", [float, Value, Constant])
def test_inside_no_grad_they_give_the_same_numbers_as_constants(kind: Any) -> None:
    def ask() -> list[Any]:
        xs = [kind(x) for x in AT]
        value, grad = value_and_grad(lambda x: cubic(*x))(xs)
        found = [jacobian(lambda x, y, z: [x * y, z * z])(xs), hessian(cubic)(xs), hvp(cubic, xs, [1.0, 0.5, -2.0])]
        return [value, *grad, *np.ravel(found[0]), *np.ravel(found[1]), *found[2], derivative(lambda x: x**3)(xs[0])]

    def numbers(found: list[Any]) -> list[float]:
        return [y.data if isinstance(y, Value) else float(y) for y in found]

    expected = numbers(ask())
    with no_grad():
        found = ask()
    assert numbers(found) == expected
    assert np.count_nonzero(expected) > 15
    assert all(isinstance(y, float if kind is float else Constant) for y in found)

    @no_grad()
    def constant(x: Any) -> Any:
        return x * x

    assert derivative(constant)(3.0) == 0.0, "one within the function is meant"


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_slope_within_no_grad_is_a_constant_to_compiled_functions_too(backend: Any) -> None:
    w = Parameter(2.0)

    def gated(x: Any) -> Any:
        with no_grad():
            slope = derivative(lambda t: w * t * t)(x)
        return slope * w

    program = compile(gated, backend)
    assert program.backward([1.0, 3.0]) == (2 * 2 * 1 * 2 + 2 * 2 * 3 * 2) / 2
    assert w.grad == (2 * 2 * 1 + 2 * 2 * 3) / 2, "2 w x, and not 4 w x"


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_a_model_of_slopes_is_validated_by_its_slopes(mode: Any) -> None:
    """Fit evaluates without recording; f = w x**3 has the slope 3 w x**2."""
    w = Parameter(2.0)
    X = np.array([1.0, -2.0])
    history = fit(
        lambda x: derivative(lambda t: w * t**3)(x + Constant(0.0)),
        *(X, np.zeros(2)),
        loss="mse",
        optimizer=optim.SGD([w], lr=0.0),
        epochs=1,
        validation=(X, np.zeros(2)),
        mode=mode,
        progress=False,
    )
    assert history["val_loss"] == history["loss"] == [(6.0**2 + 24.0**2) / 2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: jacobian(lambda x: x[0] * 2.0)([1.0]), TypeError, r"^jacobian is of a function that returns a list"),
        (lambda: jacobian(lambda x: 2.0)([1.0]), TypeError, "for the gradient of one number take value_and_grad"),
        (
            lambda: jacobian(lambda x: None)([1.0]),
            TypeError,
            "^jacobian is of a function that returns a list.*NoneType",
        ),
        (
            lambda: jacobian(lambda x: [x])([1.0]),
            TypeError,
            "^jacobian: the function must return a flat list of numbers",
        ),
        (
            lambda: jacobian(lambda x: x)(1.0),
            TypeError,
            r"^jacobian takes one list of all inputs, \[1.0\], got 1.0",
        ),
        (lambda: jacobian([1.0])([1.0]), TypeError, r"^jacobian takes a function, as in .*, got list"),
        (lambda: value_and_grad(lambda x: [x])(1.0), TypeError, "^value_and_grad: the function must return one number"),
        (lambda: value_and_grad(lambda x: x, 1)(1.0), TypeError, "argnums names argument 1, but the call has 1"),
        (lambda: value_and_grad(1.0), TypeError, "^value_and_grad takes a function, as in .*, got float"),
        (lambda: hessian(lambda x: x)([1.0]), TypeError, "^hessian: the function must return one number, got list"),
        (
            lambda: hessian(lambda x: x)(2.0),
            TypeError,
            r"^hessian takes one list of all inputs, \[2.0\], got 2.0",
        ),
        (lambda: hvp(cubic, AT, [1.0]), ShapeError, "^hvp needs as many numbers in v as in xs, got 1 and 3"),
        (lambda: hvp(lambda x: x, [1.0], [1.0]), TypeError, "^hvp: the function must return one number, got list"),
        (lambda: autograd.derivative(3.0), TypeError, r"^derivative takes a function, as in .*, got float: 3.0"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_refusals_inside_of_compiled_functions() -> None:
    with pytest.raises((TypeError, TraceError), match=r"^jacobian is of a function that returns a list of"):
        compile(lambda x: jacobian(lambda t: t[0])(x)[0][0], "numpy")(np.ones((2, 1)))
