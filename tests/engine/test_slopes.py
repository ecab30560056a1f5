"""No partial loses digits that its argument had: relative errors against closed forms, over all of float64.

A partial p(x) may be off by what rounding the argument does to it, its condition number |x p'(x) / p(x)|, and a few
ulps of its own. This bound is one of relative errors: it holds in the far tails, where p is 1e-300, as it does at 1.
"""

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from autograd import OPS, Op, Value, derivative, tanh
from autograd.compiler import Program
from tests.engine.operations import ORACLES

EPSILON, SMALLEST_NORMAL = 2.0**-52, 2.0**-1022
EAGER, COMPILED = 4.0, 12.0
"""Ulps of a partial's own: compiled code has its own elementary functions, see `test_elementary.ULPS`."""


SLOPES = {name: oracle.slopes[0] for name, oracle in ORACLES.items() if len(oracle.slopes) == 1}
SEVERAL = {name: oracle.slopes for name, oracle in ORACLES.items() if len(oracle.slopes) > 1}
ANGLES = ("sin", "cos", "tan")
ABSOLUTE = {"tanh": 1e-15}
"""What compiled code alone promises, beside a largest slope of 1: see `ops._tanh_slope`."""


def points(op: Op, seed: int = 0) -> list[float]:
    """Of every size, dense where the functions bend, and up to the edges of domains; inside of the domain."""
    rng = np.random.default_rng(seed)
    near_one = 1 - np.exp2(-rng.uniform(1, 52, 30))
    some = [
        *(rng.uniform(-1, 1, 60), rng.uniform(-6, 6, 90), rng.uniform(-45, 45, 90), rng.uniform(-750, 750, 60)),
        rng.choice([-1, 1], 60) * np.exp2(rng.uniform(-1000, 1000, 60)),
        *(near_one, -near_one),
    ]
    xs = np.concatenate(some)
    if op.name in ANGLES:
        xs = xs[np.abs(xs) < 1e5]
    return [x for x in xs.tolist() if not op.domain_of(0).outside(x)]


def condition(slope: Callable[..., Any], point: tuple[float, ...], position: int, exact: Any) -> float:
    """How much larger a relative error in one argument becomes in the slope."""
    if not exact:
        return 0.0
    moved = [mpf(x) for x in point]
    moved[position] *= 1 + mpf(10) ** -30
    return abs(float((slope(*moved) - exact) / exact * mpf(10) ** 30))


def allowed(slope: Callable[..., Any], point: tuple[float, ...], ulps: float) -> tuple[float, float]:
    """The slope, and how far off a partial may be."""
    with mp.workdps(80):
        exact = slope(*map(mpf, point))
        worst = sum(condition(slope, point, i, exact) for i in range(len(point)))
        return float(exact), float(abs(exact)) * EPSILON * ulps * (1 + worst)


def assert_close(found: float, slope: Callable[..., Any], point: tuple[float, ...], ulps: float, more: float) -> None:
    exact, off = allowed(slope, point, ulps)
    if math.isfinite(exact) and (exact == 0 or abs(exact) >= SMALLEST_NORMAL):
        assert abs(found - exact) <= off + more, f"{found} at {point}, not {exact}"


@pytest.mark.parametrize("name", SLOPES)
def test_partials_of_one_number(name: str) -> None:
    op = OPS[name]
    for x in points(op):
        node = op(Value(x))
        if math.isfinite(node.data):
            assert_close(node.partials[0], SLOPES[name], (x,), EAGER, 0.0)


@pytest.mark.parametrize("name", SEVERAL)
def test_partials_of_several_numbers(name: str) -> None:
    op, slopes = OPS[name], SEVERAL[name]
    rng = np.random.default_rng(1)
    largest = 50.0 if name == "pow" else 1e3
    for scale in (1.0, 5.0, largest):
        for point in rng.uniform(0.01 if name == "pow" else -scale, scale, (60, len(slopes))).tolist():
            node = op(*map(Value, point))
            for position, slope in enumerate(slopes):
                assert_close(node.partials[position], slope, tuple(point), EAGER, 0.0)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("name", SLOPES)
def test_partials_of_a_batch(name: str, backend: str) -> None:
    if backend == "llvm" and importlib.util.find_spec("llvmlite") is None:
        pytest.skip("llvmlite is not installed")
    op = OPS[name]
    xs = [x for x in points(op, seed=2) if math.isfinite(op(x))]
    (found,) = Program(op, backend).gradients(np.array(xs))
    for x, partial in zip(xs, found.tolist(), strict=True):
        assert_close(partial, SLOPES[name], (x,), COMPILED, ABSOLUTE.get(name, 0.0))


@pytest.mark.parametrize("x", [1.0, -2.5, 10.0, -20.0, 40.0, 300.0])
def test_higher_derivatives_of_tanh_keep_their_digits_too(x: float) -> None:
    with mp.workdps(400):
        slope, y = mp.sech(mpf(x)) ** 2, mp.tanh(mpf(x))
        exact = [float(slope), float(-2 * y * slope), float(slope * (6 * y * y - 2))]
    found = [derivative(tanh, order)(x) for order in (1, 2, 3)]
    assert found == pytest.approx(exact, rel=1e-13, abs=0.0)


def test_a_careless_partial_is_caught() -> None:
    with pytest.raises(AssertionError, match=r"not 8\.2"):
        assert_close(1.0 - math.tanh(10.0) ** 2, SLOPES["tanh"], (10.0,), EAGER, 0.0)
