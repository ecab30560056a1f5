"""Schedules against PyTorch's rates and their closed forms."""

from __future__ import annotations

import copy
import json
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd import Parameter, optim
from autograd.optim import (
    SGD,
    Adam,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    OneCycleLR,
    Schedule,
    SequentialLR,
    StepLR,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "pytorch_sequences.json").read_text(encoding="utf-8"))
RATE = REFERENCE["scheduled_lr"]


def slower(t: int) -> float:
    return 1 / (1 + t)


# What PyTorch hasn't tried has its line here: arguments, and the factor of the rate after t steps.
CLOSED_FORMS: list[tuple[type[Schedule], dict[str, Any], Callable[[int], float]]] = [
    (LambdaLR, {"lr_lambda": slower}, lambda t: 1 / (1 + t)),
    (LinearLR, {"start_factor": 0.25, "total_iters": 6}, lambda t: min(1.0, 0.25 + 0.125 * t)),
]
CASES = REFERENCE["schedules"] + [
    {"parts": [[kind.__name__, options]], "milestones": [], "lr": [RATE * factor(t) for t in range(60)]}
    for kind, options, factor in CLOSED_FORMS
]


def sgd(lr: float = RATE) -> SGD:
    return SGD([Parameter(1.0)], lr=lr)


def build(case: dict[str, Any], opt: SGD) -> Schedule:
    made = [getattr(optim, name)(opt, **options) for name, options in case["parts"]]
    return SequentialLR(opt, made, case["milestones"]) if case["milestones"] else made[0]


def case_id(case: dict[str, Any]) -> str:
    return "+".join(name for name, _ in case["parts"])


def rates(schedule: Schedule, steps: int) -> list[float]:
    found = []
    for _ in range(steps):
        found.append(schedule.optimizer.lr)
        schedule.step()
    return found


def agree(schedule: Schedule, wanted: list[float]) -> None:
    assert rates(schedule, len(wanted)) == pytest.approx(wanted, rel=1e-12, abs=1e-15)


every_case = pytest.mark.parametrize("case", CASES, ids=case_id)


def test_every_schedule_of_the_package_is_exported_and_tried() -> None:
    found = {
        thing for thing in vars(optim.schedules).values() if isinstance(thing, type) and issubclass(thing, Schedule)
    }
    tried = {name for case in CASES for name, _ in case["parts"]} | {"Schedule", "SequentialLR"}
    for name in (kind.__name__ for kind in found):
        assert name in optim.__all__, f'add "{name}" to __all__ in autograd/optim/schedules.py'
        assert name in tried, f"add a line ({name}, ...) to CLOSED_FORMS in tests/optim/test_schedules.py"


@every_case
def test_rates_agree_with_pytorch_or_a_closed_form(case: dict[str, Any]) -> None:
    agree(build(case, sgd()), case["lr"])


def test_a_planted_error_turns_the_comparison_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepLR, "__call__", lambda self, t: self.gamma ** ((t + 1) // self.step_size))
    with pytest.raises(AssertionError):
        agree(build(CASES[0], sgd()), CASES[0]["lr"])


@every_case
def test_the_closed_form_is_what_stepping_gives(case: dict[str, Any]) -> None:
    schedule = build(case, sgd())
    wanted = [RATE * schedule(t) for t in range(40)]
    assert (schedule.t, schedule.last_lr, schedule.optimizer.lr) == (0, wanted[0], wanted[0])
    assert rates(schedule, 40) == wanted
    assert schedule.t == 40
    assert schedule.last_lr == schedule.optimizer.lr == RATE * schedule(40)


@every_case
@pytest.mark.parametrize("clone", [copy.deepcopy, lambda schedule: pickle.loads(pickle.dumps(schedule))])
def test_a_copy_goes_on_by_itself(case: dict[str, Any], clone: Callable[[Schedule], Schedule]) -> None:
    schedule = build(case, sgd())
    rates(schedule, 8)
    other = clone(schedule)
    wanted = rates(other, 20)
    assert schedule.t == 8
    assert rates(schedule, 20) == wanted


@every_case
def test_a_saved_count_goes_on_exactly(case: dict[str, Any]) -> None:
    schedule, other = build(case, sgd()), build(case, sgd())
    rates(schedule, 12)
    other.load_state_dict(schedule.state_dict())
    assert schedule.state_dict() == {"t": 12}
    assert rates(other, 20) == rates(schedule, 20)


def test_the_optimizer_steps_with_the_scheduled_rate() -> None:
    w = Parameter(0.0)
    w.grad = 1.0
    opt = SGD([w], lr=1.0)
    schedule = ExponentialLR(opt, gamma=0.5)
    for _ in range(10):
        opt.step()
        schedule.step()
    assert w.data == -(2 - 2.0**-9)


def test_a_warm_up_rises_and_half_a_cosine_falls() -> None:
    opt = sgd(1.0)
    chain = SequentialLR(opt, [LinearLR(opt, 0.1, total_iters=9), CosineAnnealingLR(opt, T_max=20)], [9])
    assert rates(chain, 10) == pytest.approx([0.1 * (t + 1) for t in range(10)])
    assert rates(chain, 20)[9] == pytest.approx(0.5)
    assert opt.lr == pytest.approx((1 + math.cos(math.pi * 21 / 20)) / 2)


def test_a_rate_set_by_hand_is_what_schedules_go_on_from() -> None:
    opt = sgd()
    schedule = ExponentialLR(opt, gamma=0.5)
    schedule.step()
    opt.lr = 8.0
    assert opt.lr == 8.0
    schedule.step()
    assert opt.lr == schedule.last_lr == 2.0


def test_an_optimizers_checkpoint_keeps_the_base_of_its_schedule() -> None:
    opt, other = sgd(), sgd(7.0)
    schedule, resumed = StepLR(opt, 3), StepLR(other, 3)
    rates(schedule, 5)
    other.load_state_dict(opt.state_dict())
    resumed.load_state_dict(schedule.state_dict())
    assert rates(resumed, 9) == rates(schedule, 9)


def test_the_last_rate_is_a_list_as_in_pytorch() -> None:
    schedule = ExponentialLR(sgd(0.8), gamma=0.5)
    schedule.step()
    assert schedule.get_last_lr() == [schedule.last_lr] == [0.4]


def test_after_one_cycle_the_rate_stays_where_it_is() -> None:
    schedule = OneCycleLR(sgd(), max_lr=1.0, total_steps=5, final_div_factor=10.0)
    assert rates(schedule, 9)[4:] == pytest.approx([0.004] * 5)
    whole = OneCycleLR(sgd(), 1.0, 1)
    assert rates(whole, 3) == pytest.approx([whole.rate(0)] * 3)


def test_a_rate_of_zero_stays_zero() -> None:
    assert set(rates(CosineAnnealingLR(sgd(0.0), T_max=3), 8)) == {0.0}


def test_repr_shows_arguments_and_count() -> None:
    assert repr(StepLR(sgd(), 3)) == "StepLR(t=0, step_size=3, gamma=0.1)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda opt: StepLR(opt, 0),
            ValueError,
            "StepLR: step_size must be a whole number of steps, at least 1, got 0",
        ),
        (lambda opt: StepLR(opt, 2.5), ValueError, "StepLR: step_size must be a whole number of steps"),
        (lambda opt: StepLR(opt, True), ValueError, "at least 1, got True"),
        (lambda opt: StepLR(opt, 2, gamma=-1.0), ValueError, "StepLR: gamma must be a finite number"),
        (lambda opt: StepLR(opt, 2, gamma="x"), TypeError, "StepLR: gamma must be a number"),
        (lambda opt: ExponentialLR(opt, 0.0), ValueError, "ExponentialLR: gamma must be a finite number in (0, inf)"),
        (lambda opt: CosineAnnealingLR(opt, 0), ValueError, "CosineAnnealingLR: T_max must be a whole number"),
        (
            lambda opt: CosineAnnealingLR(opt, 5, eta_min=0.5),
            ValueError,
            "CosineAnnealingLR: eta_min must be a finite number in [0, 0.4], got 0.5",
        ),
        (
            lambda opt: LinearLR(opt, start_factor=0.0),
            ValueError,
            "LinearLR: start_factor must be a finite number in (0, 1], got 0.0",
        ),
        (
            lambda opt: LinearLR(opt, end_factor=1.5),
            ValueError,
            "LinearLR: end_factor must be a finite number in [0, 1]",
        ),
        (lambda opt: LinearLR(opt, total_iters=0), ValueError, "LinearLR: total_iters must be a whole number"),
        (
            lambda opt: SequentialLR(opt, [StepLR(opt, 2), StepLR(opt, 2)], []),
            ValueError,
            "SequentialLR: 2 schedulers need one milestone fewer, got ()",
        ),
        (lambda opt: SequentialLR(opt, [], []), ValueError, "SequentialLR: there are no schedulers"),
        (
            lambda opt: SequentialLR(opt, [StepLR(opt, 2)] * 3, [4, 4]),
            ValueError,
            "SequentialLR: milestones must be whole numbers, rising, at least 1, got (4, 4)",
        ),
        (lambda opt: SequentialLR(opt, [StepLR(opt, 2)] * 2, [0]), ValueError, "rising, at least 1, got (0,)"),
        (lambda opt: SequentialLR(opt, [StepLR(opt, 2)] * 2, [2.5]), ValueError, "rising, at least 1, got (2.5,)"),
        (
            lambda opt: SequentialLR(opt, [StepLR(sgd(), 2)], []),
            ValueError,
            "SequentialLR: schedulers[0] is StepLR(t=0, step_size=2, gamma=0.1), not a schedule of this optimizer; "
            "make each with the optimizer that SequentialLR gets",
        ),
        (lambda opt: SequentialLR(opt, [None], []), ValueError, "SequentialLR: schedulers[0] is None, not a schedule"),
        (lambda opt: LambdaLR(opt, 0.5), TypeError, "LambdaLR: lr_lambda must be a function of the count of steps"),
        (lambda opt: LambdaLR(opt, lambda t: -1.0), ValueError, "LambdaLR: what lr_lambda gives after 0 steps must be"),
        (lambda opt: LambdaLR(opt, lambda t: None), TypeError, "LambdaLR: what lr_lambda gives after 0 steps must be"),
        (lambda opt: OneCycleLR(opt, 1.0), ValueError, "OneCycleLR: give total_steps, or epochs and steps_per_epoch"),
        (lambda opt: OneCycleLR(opt, 1.0, 0), ValueError, "OneCycleLR: total_steps must be a whole number of steps"),
        (lambda opt: OneCycleLR(opt, 0.0, 9), ValueError, "OneCycleLR: max_lr must be a finite number in (0, inf)"),
        (
            lambda opt: OneCycleLR(opt, 1.0, 9, pct_start=2),
            ValueError,
            "OneCycleLR: pct_start must be a finite number in",
        ),
        (lambda opt: OneCycleLR(opt, 1.0, 9, anneal_strategy="sin"), ValueError, "is 'cos' or 'linear', got 'sin'"),
        (lambda opt: OneCycleLR(opt, 1.0, 9, cycle_momentum=True), ValueError, "momentum isn't cycled here"),
        (lambda opt: OneCycleLR(sgd(0.0), 1.0, 9), ValueError, "the optimizer's rate must be above 0"),
        (lambda _: StepLR([1.0], 2), TypeError, "StepLR: the first argument must be an optimizer, got a list"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    make: Callable[[SGD], Schedule], error: type[Exception], message: str
) -> None:
    opt = sgd()
    with pytest.raises(error, match=re.escape(message)):
        make(opt)
    assert (opt.lr, opt.initial_lr) == (RATE, RATE)


@pytest.mark.parametrize("saved", [{}, {"t": -1}, {"t": 1.5}, {"t": None}])
def test_a_saved_state_without_a_count_changes_nothing(saved: dict[str, Any]) -> None:
    schedule = ExponentialLR(Adam([Parameter(1.0)], lr=1.0), gamma=0.5)
    schedule.step()
    with pytest.raises(ValueError, match=re.escape("ExponentialLR.load_state_dict: t must be a whole number")):
        schedule.load_state_dict(saved)
    assert (schedule.t, schedule.optimizer.lr) == (1, 0.5)


@pytest.mark.parametrize("t", [1, 1000])
def test_a_rate_that_would_overflow_changes_nothing(t: int) -> None:
    schedule = ExponentialLR(sgd(1e308), gamma=10.0)
    message = re.escape("SGD: lr must be a finite number in [0, inf), got inf")
    with pytest.raises(ValueError, match=message):
        schedule.step()
    with pytest.raises(ValueError, match=message):
        schedule.load_state_dict({"t": t})
    assert (schedule.t, schedule.optimizer.lr) == (0, 1e308)
