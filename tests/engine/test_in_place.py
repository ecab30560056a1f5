"""Changes in place inside `no_grad`, beside what they mean elsewhere; NumPy says what the numbers are."""

import importlib.util
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Constant, Parameter, ParameterArray, ShapeError, TraceError, Value, compile, nn, no_grad, optim
from autograd.nn.losses import mse

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
SIGNS = [operator.iadd, operator.isub, operator.imul, operator.itruediv]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("kind", [Value, Parameter])
def test_a_leaf_takes_the_number_itself(kind: Any, sign: Callable[..., Any]) -> None:
    for other in (3.0, 3, np.float64(3.0), True, Value(3.0), Constant(3.0), Value(1.0) * 3.0):
        leaf = kind(2.0, label="leaf")
        leaf.grad = 7.0
        with no_grad():
            result = sign(leaf, other)
        number = other.data if isinstance(other, Value) else float(other)
        assert result is leaf
        assert (leaf.data, leaf.grad, leaf.label, leaf.op) == (sign(2.0, number), 7.0, "leaf", None)
        (leaf * 2.0).backward()
        assert leaf.grad == 9.0


@pytest.mark.parametrize("sign", SIGNS)
def test_elsewhere_they_mean_what_the_operators_mean(sign: Callable[..., Any]) -> None:
    for kind, other in ((Value, 3.0), (Value, Value(3.0)), (Parameter, Value(3.0)), (Parameter, Parameter(3.0))):
        leaf = kind(2.0)
        result = sign(leaf, other)
        assert result is not leaf
        assert (leaf.data, result.data, result.args[0]) == (2.0, sign(2.0, 3.0), leaf)
        result.backward()
        assert leaf.has_grad
    with no_grad():
        for other in (Constant(2.0), Value(1.0) + 1.0):  # no leaf that carries gradient
            if other.requires_grad:
                continue
            result = sign(other, 3.0)
            assert (result is other, other.data, result.data) == (False, 2.0, sign(2.0, 3.0))
    y = Value(1.0) + 1.0
    with no_grad():
        result = sign(y, 3.0)
    assert (result is y, y.data, result.requires_grad) == (False, 2.0, False)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_parameter_that_a_number_would_not_change_is_refused(sign: Callable[..., Any]) -> None:
    """``p -= 0.1 * p.grad`` outside of no_grad would train nothing, in silence; PyTorch refuses it too."""
    w, frozen = Parameter(2.0, label="w"), Parameter(2.0).requires_grad_(False)
    for number in (3.0, 3, np.float64(3.0), np.int64(3), True):
        with pytest.raises(TypeError, match=r"'w' \(data=2.0\).* inside `with no_grad\(\):`, or write p.data -= "):
            sign(w, number)
        assert sign(frozen, number).data == sign(2.0, number)
    for backend in BACKENDS:
        with pytest.raises(TypeError, match="would not change"):
            compile(lambda x: sign(w, 3.0) * x, backend=backend)([1.0])
        program = compile(lambda x: sign(w, x) + 1.0, backend=backend)
        np.testing.assert_allclose(program([3.0, 4.0]), [sign(2.0, 3.0) + 1.0, sign(2.0, 4.0) + 1.0], rtol=1e-15)
    assert (w.data, w.grad) == (2.0, 0.0)


def test_what_is_refused_changes_nothing() -> None:
    w = Parameter(2.0)
    with no_grad(), pytest.raises(ZeroDivisionError):
        w /= 0
    with no_grad(), pytest.raises(TypeError, match="a formula of Values holds a real number, got str"):
        w -= "a"
    assert w.data == 2.0


def test_arrays_rows_and_faces() -> None:
    model = nn.MLP(3, [4, 1], rng=0)
    layer = model.layers[0]
    weight, expected, g = layer.weight, layer.weight.data.copy(), np.arange(12.0).reshape(4, 3)
    with no_grad():
        layer.weight -= 0.1 * g
        layer.weight *= 2
        layer.weight /= np.array([1.0, 2.0, 4.0])
        layer.weight += layer.weight
        layer.weight[1] -= 1.0
        layer.weight[2, 0] += 5.0
        layer.weight[:, 2] *= np.array([1.0, 2.0, 3.0, 4.0])
        layer.neurons[3].w -= [1.0, 2.0, 3.0]
        layer.neurons[3].w[1] *= 3
        layer.neurons[0].b += 0.25
        model.parameters()[0] -= 10.0
    expected = 2 * (expected - 0.1 * g) / [1.0, 2.0, 4.0]
    expected += expected
    expected[1] -= 1.0
    expected[2, 0] += 5.0
    expected[:, 2] *= [1.0, 2.0, 3.0, 4.0]
    expected[3] -= [1.0, 2.0, 3.0]
    expected[3, 1] *= 3
    expected[0, 0] -= 10.0
    assert layer.weight is weight
    np.testing.assert_allclose(weight.data, expected, rtol=1e-15)
    assert layer.bias.data.tolist() == [0.25, 0.0, 0.0, 0.0]


def test_arrays_outside_of_no_grad_are_lists_as_ever() -> None:
    weight, bias = ParameterArray([[1.0, 2.0]]), Parameter(3.0)
    for change in (operator.isub, operator.imul, operator.itruediv, operator.iadd):
        with pytest.raises(TypeError, match=r"has no arithmetic: .*inside no_grad\(\) weight -= \.\.\. changes them"):
            change(weight, 1.0)
    row = weight[0]
    row += [bias]
    assert [p.data for p in row] == [1.0, 2.0, 3.0]
    with no_grad():
        row = weight[0]
        row += [bias]  # a list: its items come behind
    assert [p.data for p in row] == [1.0, 2.0, 3.0]
    assert weight.data.tolist() == [[1.0, 2.0]]


def test_wrong_numbers_for_an_array_are_refused() -> None:
    weight = ParameterArray([[1.0, 2.0]], label="weight")
    with no_grad():
        with pytest.raises(ShapeError, match=r"label='weight'\) can't be changed by numbers of the shape \(3,\)"):
            weight -= np.ones(3)
        with pytest.raises(ShapeError, match=r"shape \(2, 2\)"):
            weight -= np.ones((2, 2))
        with pytest.raises(TypeError, match=r"a change of ParameterArray.* holds real numbers, got str"):
            weight -= "a"
        with pytest.raises(TypeError, match="keeps its place"):
            weight[0] = weight[0, 0]
    with pytest.raises(TypeError, match=r"can't be changed: write a number, params\[0\]\.data"):
        nn.Linear(1, 1).parameters()[0] = Parameter(1.0)
    assert weight.data.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("change", [lambda w, x: operator.isub(w, x), lambda w, _: operator.imul(w, 2.0)])
@pytest.mark.parametrize("target", [lambda layer: layer.neurons[0].b, lambda layer: layer.weight])
def test_a_compiled_function_changes_nothing(target: Any, change: Any) -> None:
    layer = nn.Linear(1, 1, rng=0)
    before = layer.state_dict()

    def f(x: Any) -> Any:
        with no_grad():
            change(target(layer), x)
        return layer([x])

    with pytest.raises(TraceError, match=r"a change in place of .*: a compiled function computes and changes nothing"):
        compile(f, backend="numpy")(np.ones(2))
    assert all((array == before[name]).all() for name, array in layer.state_dict().items())


def test_sums_in_a_compiled_function_are_sums() -> None:
    def f(x: Any) -> Any:
        total = 0.0
        for k in range(4):
            total += k * x
        total -= x / 2
        with no_grad():
            total *= 2
        return total + x

    X = np.array([1.0, -2.0])
    for backend in BACKENDS:
        np.testing.assert_allclose(compile(f, backend=backend)(X), 12.0 * X)
    assert f(Value(1.0)).data == 12.0


@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_a_loop_in_pytorchs_manner_is_plain_gradient_descent(backend: Any) -> None:
    X, Y = np.linspace(-1, 1, 8).reshape(4, 2), np.array([1.0, -1.0, 0.5, 0.0])
    by_hand, by_sgd = (nn.MLP(2, [3, 1], activation="tanh", rng=0) for _ in range(2))
    sgd = optim.SGD(by_sgd, lr=0.1)

    def backward(model: nn.Module) -> None:
        model.zero_grad()
        if backend is None:
            for x, y in zip(X.tolist(), Y.tolist(), strict=True):
                mse(model(x), y).backward(1 / 4)
        else:
            programs[model].backward(X, Y)

    programs = {m: compile(lambda x, y, m=m: mse(m(x), y), backend=backend or "numpy") for m in (by_hand, by_sgd)}
    for step in range(5):
        backward(by_hand)
        with no_grad():
            if step % 2:
                for p in by_hand.parameters():
                    p -= 0.1 * p.grad
            else:
                for array in by_hand.parameters().arrays:
                    array -= 0.1 * array.grad
        backward(by_sgd)
        sgd.step()
    for mine, its in zip(by_hand.state_dict().values(), by_sgd.state_dict().values(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-13)
