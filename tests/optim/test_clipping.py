"""Gradient clipping against PyTorch's numbers and closed forms."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Parameter
from autograd.errors import NonFiniteError
from autograd.optim import SGD, clip_grad_norm_, clip_grad_value_

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "pytorch_sequences.json").read_text(encoding="utf-8"))


def with_gradients(numbers: list[float]) -> list[Parameter]:
    params = [Parameter(1.0, label=f"p{i}") for i in range(len(numbers))]
    for p, g in zip(params, numbers, strict=True):
        p.grad = g
    return params


def grads(params: list[Parameter]) -> list[float]:
    return [p.grad for p in params]


@pytest.mark.parametrize("case", REFERENCE["clipping"], ids=lambda c: f"{c['max_norm']}-{c['norm_type']}")
def test_clipping_agrees_with_pytorch(case: dict[str, Any]) -> None:
    params = with_gradients(REFERENCE["gradients"][1])
    norm = clip_grad_norm_(params, case["max_norm"], float(case["norm_type"]))
    assert norm == pytest.approx(case["norm"], rel=1e-13)
    assert grads(params) == pytest.approx(case["grad"], rel=1e-13, abs=1e-18)


def test_three_and_four_become_three_fifths_and_four_fifths() -> None:
    params = with_gradients([3.0, -4.0])
    assert clip_grad_norm_(params, 1.0) == 5.0
    assert grads(params) == pytest.approx([3 / 5.000001, -4 / 5.000001], rel=1e-15)


@pytest.mark.parametrize(("order", "norm"), [(1.0, 7.0), (2.0, 5.0), (math.inf, 4.0), (0.5, 7 + 2 * math.sqrt(12))])
def test_norms(order: float, norm: float) -> None:
    params = with_gradients([3.0, -4.0, 0.0])
    assert clip_grad_norm_(params, math.inf, order) == pytest.approx(norm, rel=1e-15)
    assert grads(params) == [3.0, -4.0, 0.0]


def test_small_gradients_stay_as_they_are() -> None:
    params = with_gradients([0.3, -0.4])
    assert clip_grad_norm_(params, 1.0) == pytest.approx(0.5)
    assert grads(params) == [0.3, -0.4]
    assert clip_grad_norm_(with_gradients([0.0, 0.0]), 1.0) == 0.0


@pytest.mark.parametrize("size", [1e200, 1e-200, 5e-324])
def test_the_norm_neither_overflows_nor_vanishes(size: float) -> None:
    assert clip_grad_norm_(with_gradients([3 * size, 4 * size]), 1.0) == pytest.approx(5 * size)


def test_only_the_given_parameters_are_clipped() -> None:
    params = with_gradients([3.0, 100.0, 4.0])
    opt = SGD(params, lr=1.0)
    assert clip_grad_norm_([params[2], params[0]], 1.0) == 5.0
    assert params[1].grad == 100.0
    opt.step()
    assert [p.data for p in params] == pytest.approx([1 - 3 / 5.000001, -99.0, 1 - 4 / 5.000001])


@pytest.mark.parametrize(("bad", "norm"), [(math.inf, math.inf), (-math.inf, math.inf), (math.nan, math.nan)])
@pytest.mark.parametrize("order", [1.0, 2.0, math.inf])
def test_a_norm_that_is_not_finite_can_be_an_error(bad: float, norm: float, order: float) -> None:
    params = with_gradients([1.0, bad])
    message = f"clip_grad_norm_: the gradients' norm is {norm}; that of params[1] 'p1' is {bad}; look at"
    with pytest.raises(NonFiniteError, match=re.escape(message)):
        clip_grad_norm_(params, 1.0, order, error_if_nonfinite=True)
    np.testing.assert_array_equal(grads(params), [1.0, bad])
    np.testing.assert_equal(clip_grad_norm_(params, 1.0, order), norm)
    # As in PyTorch: everything is scaled by 1 / inf, or by NaN.
    np.testing.assert_array_equal(grads(params), [0.0 if norm == math.inf else math.nan, math.nan])


def test_values_are_brought_into_the_bounds() -> None:
    params = with_gradients([-3.0, -0.5, 0.0, 0.25, 7.0, math.inf, math.nan])
    clip_grad_value_(iter(params), 0.5)
    np.testing.assert_array_equal(grads(params), [-0.5, -0.5, 0.0, 0.25, 0.5, 0.5, math.nan])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda p: clip_grad_norm_(p, -1.0),
            ValueError,
            "clip_grad_norm_: max_norm must be a finite number in [0, inf)",
        ),
        (lambda p: clip_grad_norm_(p, math.nan), ValueError, "clip_grad_norm_: max_norm must be a finite number"),
        (lambda p: clip_grad_norm_(p, "1"), TypeError, "clip_grad_norm_: max_norm must be a number"),
        (
            lambda p: clip_grad_norm_(p, 1.0, 0.0),
            ValueError,
            "clip_grad_norm_: norm_type must be a finite number in (0,",
        ),
        (lambda p: clip_grad_norm_([], 1.0), ValueError, "clip_grad_norm_: there are no parameters"),
        (lambda p: clip_grad_norm_([*p, 1.0], 1.0), TypeError, "clip_grad_norm_: params[2] is a float"),
        (lambda p: clip_grad_value_(p, -1.0), ValueError, "clip_grad_value_: clip_value must be a finite number"),
        (lambda p: clip_grad_value_(p[0], 1.0), TypeError, "clip_grad_value_: params is a Parameter, not a list"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, error: type[Exception], message: str) -> None:
    params = with_gradients([3.0, 4.0])
    with pytest.raises(error, match=re.escape(message)):
        call(params)
    assert grads(params) == [3.0, 4.0]
