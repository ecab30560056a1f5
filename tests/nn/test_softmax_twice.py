"""A softmax before cross_entropy is told, from whatever it is made, and nothing else is."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Parameter, Value, compile, exp, fit, logsumexp, nn
from autograd.nn.losses import cross_entropy
from autograd.optim import SGD


def by_logsumexp(zs: list[Any]) -> list[Any]:
    total = logsumexp(*zs)
    return [exp(z - total) for z in zs]


def by_a_sum_each(zs: list[Any]) -> list[Any]:
    return [exp(z - logsumexp(*zs)) for z in zs]


def by_quotient(zs: list[Any]) -> list[Any]:
    es = [z.exp() for z in zs]
    total = sum(es[1:], es[0])
    return [e / total for e in es]


@pytest.mark.parametrize("softmax", [by_logsumexp, by_a_sum_each, by_quotient, autograd.softmax])
@pytest.mark.parametrize("target", [1, [0.0, 1.0, 0.0]])
def test_eager_and_compiled_code_warn(softmax: Callable[[list[Any]], list[Any]], target: Any) -> None:
    with pytest.warns(UserWarning, match="takes the softmax once more.*Give it the logits") as caught:
        cross_entropy(softmax([Value(0.5), Value(1.0), Value(-1.0)]), target)
    assert caught[0].filename == __file__
    for backend in ("numpy", "llvm"):
        with pytest.warns(UserWarning, match="Give it the logits"):
            compile(lambda x: cross_entropy(softmax(x), target), backend=backend)(np.ones((2, 3)))  # type: ignore[arg-type]


def test_fit_warns() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(2, 3, rng=0)

        def forward(self, x: Any) -> Any:
            return by_logsumexp(self.layer(x))

    net = Net()
    with pytest.warns(UserWarning, match="Give it the logits"):
        fit(net, np.ones((2, 2)), [0, 1], loss="cross_entropy", optimizer=SGD(net), epochs=1, progress=False)


@pytest.mark.parametrize(
    "logits",
    [
        lambda zs: zs,
        lambda zs: [z.exp() for z in zs],
        lambda zs: [z / 2.0 for z in zs],
        lambda zs: [z.exp() / 2.0 for z in zs],
        lambda zs: [*by_logsumexp(zs)[:2], zs[2]],
        lambda zs: [exp(z - logsumexp(z, 1.0)) for z in zs],
        lambda zs: [z.data for z in by_logsumexp(zs)],
    ],
)
def test_other_logits_are_left_alone(logits: Callable[[list[Any]], list[Any]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cross_entropy(logits([Parameter(0.5), Parameter(1.0), Parameter(-1.0)]), 1)
