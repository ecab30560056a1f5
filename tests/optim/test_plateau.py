"""A rate that falls on a plateau: PyTorch's rates, copies, refusals, and in `fit`."""

import copy
import json
import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, Value, fit, nn
from autograd.optim import SGD, ReduceLROnPlateau

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "pytorch_sequences.json").read_text(encoding="utf-8"))
every_case = pytest.mark.parametrize("case", REFERENCE["plateaus"], ids=lambda case: str(case["options"]))


def made(options: dict[str, Any]) -> ReduceLROnPlateau:
    return ReduceLROnPlateau(SGD([Parameter(1.0)], lr=REFERENCE["scheduled_lr"]), **options)


def rates(plateau: ReduceLROnPlateau, numbers: list[float]) -> list[float]:
    found = []
    for number in numbers:
        plateau.step(number)
        found.append(plateau.optimizer.lr)
    return found


@every_case
def test_the_rates_are_those_of_pytorch(case: dict[str, Any]) -> None:
    plateau = made(case["options"])
    assert rates(plateau, REFERENCE["watched"]) == pytest.approx(case["lr"], rel=1e-12)
    assert plateau.get_last_lr() == [plateau.last_lr] == [plateau.optimizer.lr]
    assert plateau.optimizer.initial_lr == plateau.optimizer.lr, "schedules go on from it"


def test_some_rate_falls() -> None:
    assert len({tuple(case["lr"]) for case in REFERENCE["plateaus"]}) == len(REFERENCE["plateaus"])


@every_case
@pytest.mark.parametrize("clone", [copy.deepcopy, lambda plateau: pickle.loads(pickle.dumps(plateau))])
def test_copies_and_states_go_on(case: dict[str, Any], clone: Any) -> None:
    plateau, numbers = made(case["options"]), REFERENCE["watched"]
    rates(plateau, numbers[:25])
    twin, other = clone(plateau), made(case["options"])
    other.load_state_dict(plateau.state_dict())
    other.optimizer.load_state_dict(plateau.optimizer.state_dict())
    wanted = rates(plateau, numbers[25:])
    assert rates(twin, numbers[25:]) == rates(other, numbers[25:]) == wanted


def test_nan_is_no_improvement_and_a_value_is_its_number() -> None:
    plateau = made({"patience": 1, "factor": 0.5})
    plateau.step(Value(1.0))
    for _ in range(2):
        plateau.step(math.nan)
    assert (plateau.best, plateau.optimizer.lr) == (1.0, 0.2)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_in_fit(mode: str) -> None:
    model = nn.Linear(1, 1, init=[[0.0]])
    opt = SGD(model, lr=0.5)
    plateau, seen = ReduceLROnPlateau(opt, factor=0.5, patience=0, threshold=0.5), []

    def watch(state: Any) -> None:
        plateau.step(state.history["loss"][-1])
        seen.append(opt.lr)

    X = np.linspace(-1, 1, 8)
    fit(model, X, np.sin(9 * X), loss="mse", optimizer=opt, epochs=5, callbacks=[watch], mode=mode, progress=False)
    assert seen == [0.5, 0.25, 0.125, 0.0625, 0.03125]
    with pytest.raises(TypeError, match=r"got ReduceLROnPlateau; write callbacks=\[lambda state: plateau.step"):
        fit(model, X, X, loss="mse", optimizer=opt, epochs=1, callbacks=[plateau], mode=mode)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"factor": 1.0}, ValueError, "ReduceLROnPlateau: factor must be a finite number in (0, 1), got 1.0"),
        ({"mode": "least"}, ValueError, "ReduceLROnPlateau: mode is one of min, max, got 'least'"),
        ({"threshold_mode": "x"}, ValueError, "ReduceLROnPlateau: threshold_mode is one of rel, abs, got 'x'"),
        ({"patience": -1}, ValueError, "ReduceLROnPlateau: patience must be at least 0, got -1"),
        ({"cooldown": 0.5}, TypeError, "ReduceLROnPlateau: cooldown must be a whole number"),
        ({"min_lr": "0"}, TypeError, "ReduceLROnPlateau: min_lr must be a number"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        made(options)


def test_what_is_no_optimizer_number_or_state_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^ReduceLROnPlateau: the first argument must be an optimizer, got a list"):
        ReduceLROnPlateau([1.0])  # type: ignore[arg-type]
    plateau = made({})
    with pytest.raises(TypeError, match=r"^the number of a plateau holds a real number, got str"):
        plateau.step("0.5")
    before = plateau.state_dict()
    for saved in ({}, {**before, "t": -1}, {**before, "best": None}):
        with pytest.raises((TypeError, ValueError), match=r"^ReduceLROnPlateau.load_state_dict: "):
            plateau.load_state_dict(saved)
    assert plateau.state_dict() == before
