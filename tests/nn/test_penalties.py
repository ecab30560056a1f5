"""L1 and L2 against NumPy, their gradients, and which parameters they count."""

import math

import numpy as np
import pytest

from autograd import Parameter, Value, check_gradients, nn
from autograd.nn import penalties

NORMS = {
    "l1": (penalties.l1, lambda w: np.abs(w).sum(), np.sign),
    "l2": (penalties.l2, lambda w: w @ w, lambda w: 2 * w),
}


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("bias", [False, True])
def test_against_numpy(name: str, bias: bool) -> None:
    penalty, norm, slope = NORMS[name]
    model = nn.MLP(3, [4, 2], rng=0)
    for i, p in enumerate(model.biases()):
        p.data = i - 1.5
    state = model.state_dict()
    numbers = np.concatenate([a.ravel() for key, a in state.items() if bias or key.endswith("weight")])
    total = penalty(model, 0.25, bias=bias)
    assert total.data == pytest.approx(0.25 * norm(numbers), rel=1e-14)
    total.backward()
    for key, p in model.named_parameters():
        counts = bias or not key.endswith(".b")
        assert p.grad == pytest.approx(0.25 * slope(p.data) if counts else 0.0)
        assert p.has_grad is counts
    assert penalty(model.parameters(), 0.25, bias=bias).data == pytest.approx(total.data, rel=1e-14)


@pytest.mark.parametrize("name", NORMS)
def test_gradients(name: str) -> None:
    assert check_gradients(lambda ws: NORMS[name][0](ws, 0.3), at=[0.5, -2.0, 1.5])


def test_what_counts_as_a_bias() -> None:
    labels = ["b", "bias", "b0", "bias12", "beta", "w0", "", "wb"]
    params = [Parameter(1.0, label=label) for label in labels]
    assert penalties.l1(params, 1.0).data == 4.0
    assert penalties.l1(params, 1.0, bias=True).data == 8.0
    module = nn.Module()
    module.b = Parameter(3.0, label="renamed")
    module.w = Parameter(2.0, label="b")
    assert penalties.l1(module, 1.0).data == 2.0, "a module goes by its attributes, not by labels"


def test_shared_parameters_count_once() -> None:
    w = Parameter(2.0)
    assert penalties.l2([w, w], 1.0).data == 4.0
    shared = nn.Linear(1, 1, init=[[3.0]])
    assert penalties.l2(nn.Sequential(shared, shared), 1.0).data == 9.0


def test_iterators_and_plain_values() -> None:
    assert penalties.l1(iter([Value(-2.0), Value(3.0)]), 2.0).data == 10.0
    assert penalties.l2([Value(2.0)], 0.0).data == 0.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: penalties.l1([Value(1.0)], -0.1),
            ValueError,
            "lam of penalties.l1 is a finite number from 0 on, got -0.1",
        ),
        (lambda: penalties.l2([Value(1.0)], math.inf), ValueError, "lam of penalties.l2 is a finite number .* got inf"),
        (lambda: penalties.l2([Value(1.0)], "x"), TypeError, "lam of penalties.l2 holds a real number, got str: 'x'"),
        (
            lambda: penalties.l1([], 0.1),
            ValueError,
            r"penalties.l1 found no weights in \[\]; bias=True counts biases too",
        ),
        (
            lambda: penalties.l1(nn.Tanh(), 0.1, bias=True),
            ValueError,
            r"^penalties.l1 found no weights in Tanh\(\)$",
        ),
        (lambda: penalties.l1([1.0], 0.1), TypeError, "takes a module or a list of Parameters, got float: 1.0"),
        (lambda: penalties.l1(3, 0.1), TypeError, "takes a module or a list of Parameters, got int: 3"),
    ],
)
def test_errors(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
