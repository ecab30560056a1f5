"""One battery over all update rules and their options, against numbers that PyTorch made."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Parameter
from autograd.intervals import Interval
from autograd.optim import SGD, Adagrad, Adam, AdamW, Momentum, Optimizer, RMSprop
from autograd.optim.rule import Rule, lerp
from autograd.optim.stepping import numpy_step
from tests.optim.optimizers import OPTIMIZERS, TRIED

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "pytorch_sequences.json").read_text(encoding="utf-8"))
CASES = REFERENCE["optimizers"]
GRADIENTS = np.array(REFERENCE["gradients"])
KINDS = {kind.__name__: kind for kind, line in OPTIMIZERS.items() if line.paper is None}


def case_id(case: dict[str, Any]) -> str:
    return f"{case['name']}({', '.join(f'{k}={v}' for k, v in case['options'].items())})"


def set_gradients(params: list[Parameter], numbers: Any) -> None:
    for p, g in zip(params, numbers, strict=True):
        p.grad = g


def check(case: dict[str, Any]) -> None:
    """Make the steps of a case and compare parameters and state with PyTorch's."""
    params = [Parameter(x) for x in REFERENCE["start"]]
    opt = KINDS[case["name"]](params, **case["options"])
    for t, numbers in enumerate(GRADIENTS, start=1):
        set_gradients(params, numbers)
        opt.step()
        if str(t) in case["params"]:
            here = [p.data for p in params]
            np.testing.assert_allclose(here, case["params"][str(t)], rtol=1e-12, atol=1e-15, err_msg=f"step {t}")
        if t == REFERENCE["lr_drop"]["after"]:
            opt.lr *= REFERENCE["lr_drop"]["factor"]
    assert set(opt.state) == set(case["state"])
    for name, numbers in case["state"].items():
        np.testing.assert_allclose(opt.state[name], numbers, rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_sixty_steps_agree_with_pytorch(case: dict[str, Any]) -> None:
    check(case)


PAPERS = [(kind, options) for kind, options in TRIED if OPTIMIZERS[kind].paper]


@pytest.mark.parametrize(("kind", "options"), [*PAPERS, *((kind, {}) for kind, _ in PAPERS)])
def test_forty_steps_agree_with_the_paper(kind: type[Optimizer], options: dict[str, Any]) -> None:
    gradients = np.random.default_rng(4).normal(size=40).tolist()
    formula = OPTIMIZERS[kind].paper
    assert formula is not None
    climbs = {**options}.pop("maximize", False)
    numbers = {name: x for name, x in options.items() if name != "maximize"}
    wanted = list(formula(0.7, [-g if climbs else g for g in gradients], **numbers))
    w = Parameter(0.7)
    found = w.data - np.cumsum(moves(kind([w], **options), w, gradients))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_the_battery_sets_every_option(name: str) -> None:
    tried = {option for case in CASES if case["name"] == name for option in case["options"]}
    assert tried == set(KINDS[name]([Parameter(0.0)]).hyperparameters)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_every_argument_can_be_read_and_is_in_the_rule(case: dict[str, Any]) -> None:
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in case["options"].items()}
    opt = KINDS[case["name"]]([Parameter(0.0)], **options)
    assert {name: getattr(opt, name) for name in options} == options
    constants = {name: x for name, x in options.items() if name != "lr"}
    assert constants.items() <= dict(opt.rule.constants).items()


def without_correction(self: Adam, t: int) -> dict[str, float]:
    return {"step_size": self.lr, "correction": 1.0, "shrink": 1 - self.lr * self.weight_decay}


def forgetful(self: SGD, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
    return p - h["lr"] * g, dict(s)


def eps_inside(self: Adagrad, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
    total = s["sum"] + g * g
    return p - h["lr"] * g / xp.sqrt(total + self.eps), {"sum": total}


@pytest.mark.parametrize(
    ("kind", "method", "wrong", "case"),
    [
        (Adam, "scalars", without_correction, {"name": "Adam", "options": {}}),
        (AdamW, "scalars", without_correction, {"name": "AdamW", "options": {}}),
        (SGD, "update", forgetful, {"name": "SGD", "options": {"lr": 0.02, "momentum": 0.9}}),
        (Adagrad, "update", eps_inside, {"name": "Adagrad", "options": {}}),
        (RMSprop, "scalars", lambda self, t: {"lr": 0.1 * self.lr}, {"name": "RMSprop", "options": {}}),
    ],
)
def test_a_planted_error_turns_the_battery_red(
    monkeypatch: pytest.MonkeyPatch, kind: type[Optimizer], method: str, wrong: Any, case: dict[str, Any]
) -> None:
    (real,) = (c for c in CASES if c["name"] == case["name"] and c["options"] == case["options"])
    check(real)
    monkeypatch.setattr(kind, method, wrong)
    with pytest.raises(AssertionError):
        check(real)


# -- the formula over NumPy arrays ---------------------------------------------------------------------------------


class Awkward(Optimizer):
    """Uses old numbers after the new ones are known, swaps states, keeps one and gives one result twice."""

    initial_state = {"a": 1.0, "b": 2.0, "kept": 3.0, "twin": 4.0, "other_twin": 5.0, "was": 0.0, "top": 0.5}  # noqa: RUF012

    def update(self, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
        new = xp.where(g > 0, p - h["lr"] * g, 1.0 - p)
        high = xp.maximum(new, s["a"])
        low = xp.where((s["b"] <= high), -high, 2.0 / s["b"])
        twin = low + 0.5 * new
        late = p + s["twin"] * g + (3.0 - s["a"]) + xp.where(new >= p, 0.25, 0.5) + xp.where(p < g, p, g)
        new_state = {"a": s["b"], "b": s["a"], "kept": s["kept"], "twin": twin, "other_twin": twin, "was": p}
        new_state["top"] = xp.where(s["top"] > new, s["top"], new)
        return new + 0.0 * late, new_state


@pytest.mark.parametrize("count", [1, 50, 20_000])
def test_any_formula_is_run_as_it_is_written(count: int) -> None:
    rng = np.random.default_rng(3)
    opt = Awkward([Parameter(0.0)])
    p, g = rng.normal(size=count), rng.normal(size=count)
    state = {name: np.full(count, start) for name, start in opt.initial_state.items()}
    wanted_p, wanted = p.copy(), {name: x.copy() for name, x in state.items()}
    step = numpy_step(opt.rule, p, g, tuple(state.values()))
    step.fill([0.1])
    for _ in range(4):
        wanted_p, wanted = opt.update(np, wanted_p, g, wanted, {"lr": 0.1})
        step.run()
        np.testing.assert_array_equal(p, wanted_p)
        for name, x in wanted.items():
            np.testing.assert_array_equal(state[name], x, err_msg=name)


@pytest.mark.parametrize("name", ["p", "g", "s"])
def test_a_formula_cannot_change_its_arrays(name: str) -> None:
    class Changing(Momentum):
        def update(self, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
            row = {"p": p, "g": g, "s": s["momentum_buffer"]}[name]
            row *= 2.0
            return p, dict(s)

    w = Parameter(1.0)
    w.grad = 1.0
    with pytest.raises(TypeError, match=r"Changing\.update can't change its arrays: write p = p - x instead of p -= x"):
        Changing([w]).step()
    assert (w.data, w.grad) == (1.0, 1.0)


@pytest.mark.parametrize("on", ["g", "h"])
def test_a_formula_cannot_branch_on_its_arrays(on: str) -> None:
    class Branching(SGD):
        def update(self, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
            return (p - g if (g if on == "g" else h["lr"]) > 0 else p), {}

    with pytest.raises(TypeError, match=r"Branching\.update can't branch on its arrays: write xp\.where"):
        Branching([Parameter(1.0)]).step()


def test_rules_are_equal_where_formula_and_constants_are_whatever_the_rate() -> None:
    def rule(kind: type[Optimizer], **options: Any) -> Rule:
        return kind([Parameter(0.0)], **options).rule

    assert rule(Adam) == rule(Adam, lr=3.0)
    assert hash(rule(Adam)) == hash(rule(Adam, lr=3.0))
    others = [rule(Adam, eps=1e-7), rule(Adam, betas=(0.9, 0.99)), rule(Adam, maximize=True), rule(AdamW), rule(SGD)]
    assert len({rule(Adam), *others}) == 1 + len(others)


# -- closed forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weight", "found"), [(0.0, 1e16), (1.0, 1.0), (0.5, 5e15 + 1)])
def test_an_average_that_keeps_all_or_nothing_is_exact(weight: float, found: float) -> None:
    assert lerp(1e16, 1.0, weight) == found


def test_sgd_on_a_quadratic_shrinks_geometrically() -> None:
    w = Parameter(3.0)
    opt = SGD([w], lr=0.1)
    for _ in range(20):
        opt.zero_grad()
        (w * w).backward()
        opt.step()
    assert math.isclose(w.data, 3.0 * (1 - 2 * 0.1) ** 20, rel_tol=1e-13)


def test_momentum_under_a_constant_force_reaches_its_terminal_velocity() -> None:
    w = Parameter(0.0, label="w")
    opt = Momentum([w], lr=0.1)
    w.grad = 1.0
    for _ in range(400):
        before = w.data
        opt.step()
    assert math.isclose(before - w.data, 0.1 / (1 - 0.9), rel_tol=1e-12)


def test_momentum_is_sgd_with_momentum() -> None:
    gradients = [1.0, -2.0, 0.5]
    for options in ({}, {"momentum": 0.5, "nesterov": True}):
        a, b = Parameter(0.0), Parameter(0.0)
        same = moves(SGD([b], **{"momentum": 0.9, **options}), b, gradients)
        assert moves(Momentum([a], **options), a, gradients).tolist() == same.tolist()


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize("g", [-1e4, -0.3, 1e-3, 7.0])
def test_the_first_step_of_adam_is_the_rate_down_the_gradient(kind: type[Optimizer], g: float) -> None:
    w = Parameter(1.0)
    w.grad = g
    kind([w], lr=0.01, eps=0.0, weight_decay=0.0).step()
    assert math.isclose(w.data, 1.0 - 0.01 * math.copysign(1, g), rel_tol=1e-14)


def test_adamw_without_a_gradient_only_shrinks() -> None:
    w = Parameter(2.0)
    w.grad = 0.0  # as a backward leaves it that finds no slope
    opt = AdamW([w], lr=0.1, weight_decay=0.5)
    for _ in range(10):
        opt.step()
    assert math.isclose(w.data, 2.0 * 0.95**10, rel_tol=1e-14)


def moves(opt: Optimizer, w: Parameter, gradients: list[float]) -> np.ndarray[Any, Any]:
    places = [w.data]
    for g in gradients:
        w.grad = g
        opt.step()
        places.append(w.data)
    return -np.diff(places)


def test_adagrad_slows_down_with_the_root_of_time() -> None:
    w = Parameter(0.0)
    sizes = moves(Adagrad([w], lr=0.1, eps=0.0), w, [2.0] * 50)
    np.testing.assert_allclose(sizes, 0.1 / np.sqrt(np.arange(1, 51)), rtol=1e-12)


def test_rmsprop_recovers_from_a_large_gradient_and_adagrad_does_not() -> None:
    gradients = [100.0] + [0.1] * 2000
    a, r = Parameter(0.0), Parameter(0.0)
    adagrad = moves(Adagrad([a], lr=0.01), a, gradients)
    rmsprop = moves(RMSprop([r], lr=0.01), r, gradients)
    assert math.isclose(rmsprop[1], 0.01 * 0.1 / math.sqrt(0.99 * 0.01 * 100.0**2 + 0.01 * 0.1**2), rel_tol=1e-6)
    assert math.isclose(rmsprop[-1], 0.01, rel_tol=1e-3)
    assert adagrad[-1] < 1.01e-5


def test_centered_rmsprop_survives_a_constant_gradient() -> None:
    w = Parameter(0.0)
    sizes = moves(RMSprop([w], centered=True, alpha=0.5), w, [0.7] * 200)
    assert np.isfinite(sizes).all()
    assert (sizes > 0).all()


def test_amsgrad_remembers_the_largest_average_and_adam_forgets_it() -> None:
    gradients = [8.0] + [1.0] * 60
    a, b = Parameter(0.0), Parameter(0.0)
    ams = moves(Adam([a], lr=0.1, betas=(0.0, 0.5), amsgrad=True, eps=0.0), a, gradients)
    plain = moves(Adam([b], lr=0.1, betas=(0.0, 0.5), eps=0.0), b, gradients)
    assert math.isclose(ams[-1], 0.1 / math.sqrt(0.5 * 8.0**2), rel_tol=1e-12)
    assert math.isclose(plain[-1], 0.1, rel_tol=1e-12)


@pytest.mark.parametrize("kind", KINDS.values())
def test_overflow_follows_ieee_without_a_warning(kind: type[Optimizer]) -> None:
    params = [Parameter(1.0), Parameter(-1e308), Parameter(2.0)]
    opt = kind(params, lr=1e300)
    set_gradients(params, [1e308, math.inf, math.nan])
    opt.step()
    assert not math.isfinite(params[1].data)
    assert math.isnan(params[2].data)


@pytest.mark.parametrize(("start", "end"), [(1e16, 1.0), (-3.0, 1e-30), (0.1, 0.3)])
def test_an_average_ends_in_what_it_goes_to(start: float, end: float) -> None:
    assert lerp(start, end, 0.0) == start
    assert lerp(start, end, 1.0) == end


def test_an_end_of_an_interval_is_inside_only_behind_a_square_bracket() -> None:
    inside = {ends: [x for x in (0.0, 0.5, 1.0, math.inf, math.nan) if x in Interval(0, 1, ends)]
              for ends in ("[]", "[)", "(]", "()")}  # fmt: skip
    assert inside == {"[]": [0.0, 0.5, 1.0], "[)": [0.0, 0.5], "(]": [0.5, 1.0], "()": [0.5]}
