"""`has_grad` after a backward and after each way to zero gradients, eager and compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, ParameterArray, compile, nn
from autograd.optim import SGD

X = np.array([[1.0, 2.0], [3.0, -1.0]])


@pytest.fixture(params=["eager", "numpy", "llvm"])
def backward(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Makes a function of one sample something that goes backward from its mean."""
    if request.param == "eager":
        return lambda f: lambda: (sum(f(x) for x in X.tolist()) / len(X)).backward()
    if request.param == "llvm":
        pytest.importorskip("llvmlite")

    def compiled(f: Any) -> Callable[[], object]:
        program = compile(f, backend=request.param)
        return lambda: program.backward(X)

    return compiled


def marks(parameters: Any) -> list[bool]:
    return [p.has_grad for p in parameters]


def test_a_lone_parameter(backward: Any) -> None:
    w, other = Parameter(2.0), Parameter(3.0)
    run = backward(lambda x: w * x[0] + other * x[1])
    for _ in range(2):
        run()
        assert (w.has_grad, w.grad) == (True, 2.0)
        w.zero_grad()
        assert (w.has_grad, w.grad, other.has_grad) == (False, 0.0, True)


@pytest.mark.parametrize(
    ("zeroed", "left"),
    [
        (lambda w: w, [False] * 6),
        (lambda w: w[1], [True] * 3 + [False] * 3),
        (lambda w: w[:, 1], [True, False, True] * 2),
        (lambda w: w[0, 2], [True, True, False] + [True] * 3),
        (lambda w: SGD(w, lr=0.1), [False] * 6),
        (lambda w: SGD([w[1]], lr=0.1), [True] * 3 + [False] * 3),
        (lambda w: SGD([w[0, 2]], lr=0.1), [True, True, False] + [True] * 3),
    ],
)
def test_an_array_and_parts_of_it(backward: Any, zeroed: Any, left: list[bool]) -> None:
    w = ParameterArray(np.arange(6.0).reshape(2, 3))
    part = zeroed(w)
    run = backward(lambda x: sum((p * x[0] for p in w.faces()), 0.0))
    for _ in range(2):
        run()
        assert marks(w.faces()) == [True] * 6
        part.zero_grad()
        assert marks(w.faces()) == left
        assert np.array_equal(w.grad.ravel() != 0.0, left)


@pytest.mark.parametrize("of", [lambda model: model, lambda model: SGD(model.parameters(), lr=0.1)])
def test_a_model(backward: Any, of: Any) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    run, zeroed = backward(model), of(model)
    for _ in range(2):
        run()
        assert all(marks(model.parameters()))
        zeroed.zero_grad()
        assert not any(marks(model.parameters()))
    run()
    model.layers[0].zero_grad()
    assert marks(model.parameters()) == [False] * 9 + [True] * 4


@pytest.mark.parametrize("size", [5, 20_000])
def test_what_the_result_does_not_depend_on_has_no_gradient(backward: Any, size: int) -> None:
    w = ParameterArray(np.ones(size))
    far = [ParameterArray(np.ones(9000)), Parameter(2.0)]  # in other memory
    run = backward(lambda x: w[1] * x[0] + (w[3] * far[1]).tanh() + far[0][7] * x[1])
    for _ in range(2):
        run()
        assert [i for i, p in enumerate(w) if p.has_grad] == [1, 3]
        assert [i for i, p in enumerate(far[0]) if p.has_grad] == [7]
        assert far[1].has_grad
        w.zero_grad()
        assert not any(marks(w))
    w[0].grad = 5.0  # a mark of one's own stays
    run()
    assert [i for i, p in enumerate(w) if p.has_grad] == [0, 1, 3]
