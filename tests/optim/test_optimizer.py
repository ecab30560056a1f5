"""What all optimizers share: stores, state, copies, and what they refuse."""

from __future__ import annotations

import copy
import gc
import inspect
import io
import math
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, Value, compile, nn, optim
from autograd.optim import SGD, Adagrad, Adam, AdamW, Interval, Momentum, Optimizer, RMSprop, number
from tests.optim.optimizers import OPTIMIZERS, Lion, every_kind, every_optimizer
from tests.project.tree import classes_of


def fresh(n: int = 4, seed: int = 0) -> list[Parameter]:
    return [Parameter(x, label=f"p{i}") for i, x in enumerate(np.random.default_rng(seed).normal(size=n))]


def train(opt: Optimizer, steps: int, seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        for p, g in zip(opt.params, rng.normal(size=len(opt.params)), strict=True):
            p.grad = g
        opt.step()
    return [p.data for p in opt.params]


def everything(opt: Optimizer) -> Any:
    return {k: np.array(v).tolist() for k, v in opt.state_dict().items()}, [(p.data, p.grad) for p in opt.params]


class Module:
    """Whatever has parameters()."""

    def __init__(self, params: list[Parameter]) -> None:
        self._params = params

    def parameters(self) -> Iterator[Parameter]:
        return iter(self._params)


def test_every_optimizer_of_the_package_is_exported_and_tried() -> None:
    for kind in classes_of(optim, Optimizer):
        name = kind.__name__
        assert getattr(optim, name, None) is kind and name in optim.__all__, (  # noqa: PT018
            f"export {name} in autograd/optim/__init__.py"
        )
        assert kind in OPTIMIZERS, f"add a line {name}: Line(...) to OPTIMIZERS in tests/optim/optimizers.py"


# -- parameters and their store ------------------------------------------------------------------------------------


@every_optimizer
def test_lists_iterators_and_modules_are_taken_alike(kind: type[Optimizer], options: dict[str, Any]) -> None:
    results = [train(kind(make(fresh()), **options), 5, seed=1) for make in (list, iter, tuple, Module)]
    assert results[0] == results[1] == results[2] == results[3]
    assert results[0] != [p.data for p in fresh()]


@every_optimizer
def test_the_same_seed_gives_the_same_bytes(kind: type[Optimizer], options: dict[str, Any]) -> None:
    runs = [np.array(train(kind(fresh(), **options), 20, seed=2)).tobytes() for _ in range(2)]
    assert runs[0] == runs[1]


@every_optimizer
@pytest.mark.parametrize("arrange", [lambda ps: ps, lambda ps: ps[::-1], lambda ps: [ps[2], ps[0], ps[3], ps[1]]])
def test_state_is_told_in_the_order_of_the_list(
    kind: type[Optimizer], options: dict[str, Any], arrange: Callable[[list[Parameter]], list[Parameter]]
) -> None:
    still, other = kind(fresh(4), **options), kind(arrange(fresh(4)), **options)
    train(still, 3, seed=3)
    for mine, its in zip(arrange(still.params[:]), other.params, strict=True):
        its.data = mine.data
    saved = still.state_dict()
    places = [still.params[:].index(p) for p in arrange(still.params[:])]
    arranged = {k: x[places] if isinstance(x, np.ndarray) else x for k, x in saved.items()}
    other.load_state_dict(arranged)
    for again in (other.state_dict(), copy.deepcopy(other).state_dict()):
        assert {k: np.array(x).tolist() for k, x in again.items()} == {
            k: np.array(x).tolist() for k, x in arranged.items()
        }
    for p, q in zip(arrange(still.params[:]), other.params, strict=True):
        p.grad = q.grad = p.data
    still.step(), other.step()
    assert [p.data for p in arrange(still.params[:])] == [q.data for q in other.params]


def test_a_state_is_listed_in_the_order_of_the_list() -> None:
    params = fresh(3)
    opt = Adam(params[::-1], betas=(0.0, 0.999))
    for k, p in enumerate(params):
        p.grad = float(k)
    opt.step()
    assert opt.state_dict()["exp_avg"].tolist() == [2.0, 1.0, 0.0]


@every_optimizer
def test_a_part_of_a_store_can_be_trained_alone(kind: type[Optimizer], options: dict[str, Any]) -> None:
    params = fresh(6)
    picked = [params[i] for i in (4, 0, 3)]
    before = [p.data for p in params]
    alone = kind([Parameter(p.data) for p in picked], **options)
    assert train(kind(picked, **options), 9, seed=5) == train(alone, 9, seed=5)
    assert [params[i].data for i in (1, 2, 5)] == [before[i] for i in (1, 2, 5)]


def test_two_optimizers_can_share_a_store() -> None:
    params = fresh(6)
    even, odd = Adam(params[::2]), SGD(params[1::2], momentum=0.9)
    lone_even, lone_odd = Adam(fresh(6)[::2]), SGD(fresh(6)[1::2], momentum=0.9)
    for seed in range(5):
        assert train(even, 1, seed) == train(lone_even, 1, seed)
        assert train(odd, 1, seed) == train(lone_odd, 1, seed)


def test_zero_grad_clears_its_own_parameters() -> None:
    params = fresh(3)
    for p in params:
        (p * 2.0).backward()
    SGD(params[:2]).zero_grad()
    assert [p.grad for p in params] == [0.0, 0.0, 2.0]
    assert [p.has_grad for p in params] == [False, False, True]


def test_a_parameter_without_a_gradient_stays() -> None:
    params = fresh(2)
    before = params[1].data
    params[0].grad = 1.0
    Adam(params).step()
    assert params[1].data == before


@every_optimizer
def test_the_state_is_shown_by_name(kind: type[Optimizer], options: dict[str, Any]) -> None:
    opt = kind(fresh(), **options)
    train(opt, 2, seed=6)
    assert opt.t == 2
    assert set(opt.state) == set(opt.initial_state)
    assert all(x.shape == (4,) and x.dtype == np.float64 and x.any() for x in opt.state.values())


def test_the_accumulator_starts_where_it_is_told() -> None:
    assert Adagrad(fresh(2), initial_accumulator_value=0.25).state["sum"].tolist() == [0.25, 0.25]


def test_repr_names_every_option() -> None:
    assert repr(SGD(fresh(1), lr=0.5)) == (
        "SGD(1 parameter, lr=0.5, maximize=False, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, t=0)"
    )
    assert repr(Adam(fresh(3))) == (
        "Adam(3 parameters, lr=0.001, maximize=False, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0, "
        "amsgrad=False, t=0)"
    )


# -- copies and checkpoints ----------------------------------------------------------------------------------------


def through_pickle(opt: Optimizer) -> Optimizer:
    return pickle.loads(pickle.dumps(opt))  # type: ignore[no-any-return]


def through_state_dict(opt: Optimizer) -> Optimizer:
    other = type(opt)([Parameter(p.data) for p in opt.params], lr=0.7)
    other.load_state_dict(opt.state_dict())
    return other


def through_numpy_file(opt: Optimizer) -> Optimizer:
    file = io.BytesIO()
    np.savez(file, **opt.state_dict())
    file.seek(0)
    other = type(opt)([Parameter(p.data) for p in opt.params])
    with np.load(file) as saved:
        other.load_state_dict(dict(saved))
    return other


@every_optimizer
@pytest.mark.parametrize("after", [0, 6])
@pytest.mark.parametrize("clone", [through_pickle, copy.deepcopy, through_state_dict, through_numpy_file])
def test_a_copy_goes_on_exactly_and_by_itself(
    kind: type[Optimizer], options: dict[str, Any], after: int, clone: Callable[[Optimizer], Optimizer]
) -> None:
    opt = kind(fresh(), **options)
    train(opt, after, seed=7)
    other = clone(opt)
    assert everything(other)[0] == everything(opt)[0]
    kept = everything(opt)
    result = train(other, 6, seed=8)
    assert everything(opt) == kept
    assert train(opt, 6, seed=8) == result
    assert repr(opt) == repr(other)


def test_a_shallow_copy_has_hyperparameters_and_state_of_its_own() -> None:
    opt = Adam(fresh(), lr=0.1)
    other = copy.copy(opt)
    other.lr, other.eps = 0.2, 1.0
    train(other, 2, seed=1)
    assert (opt.lr, opt.eps, opt.t) == (0.1, 1e-8, 0)
    assert not opt.state["exp_avg"].any()


def test_a_copy_of_model_and_optimizer_keeps_them_together() -> None:
    params = fresh()
    others, opt = copy.deepcopy((params, Adam(params)))
    train(opt, 3, seed=9)
    assert [p.data for p in others] == [p.data for p in opt.params] != [p.data for p in params]


def test_a_loaded_state_reaches_an_optimizer_that_has_stepped() -> None:
    first, second = Adam(fresh(), lr=0.1), Adam(fresh(), lr=0.2, betas=(0.1, 0.2), amsgrad=True)
    train(second, 3, seed=1)
    train(first, 3, seed=2)
    for p, q in zip(first.params, second.params, strict=True):
        q.data = p.data
    second.load_state_dict(first.state_dict())
    assert train(second, 4, seed=3) == train(first, 4, seed=3)


def test_a_state_dict_is_a_copy() -> None:
    opt = Adam(fresh())
    train(opt, 1, seed=1)
    saved = opt.state_dict()
    train(opt, 1, seed=2)
    assert not np.array_equal(saved["exp_avg"], opt.state["exp_avg"])
    opt.load_state_dict(saved)
    saved["exp_avg"][:] = 0
    assert opt.state["exp_avg"].all()


def broken(change: dict[str, Any], drop: str = "") -> dict[str, Any]:
    opt = Adam(fresh())
    train(opt, 2, seed=1)
    return {k: v for k, v in {**opt.state_dict(), **change}.items() if k != drop}


@pytest.mark.parametrize(
    ("saved", "error", "message"),
    [
        (
            SGD(fresh()).state_dict(),
            ValueError,
            "Adam.load_state_dict: this is the state of 'SGD', not of 'Adam'; load what state_dict() of the same "
            "kind of optimizer gave",
        ),
        (
            AdamW(fresh()).state_dict(),
            ValueError,
            "Adam.load_state_dict: this is the state of 'AdamW', not of 'Adam'",
        ),
        ({}, ValueError, "Adam.load_state_dict: this is the state of 'None', not of 'Adam'"),
        (
            broken({}, drop="eps"),
            ValueError,
            "Adam.load_state_dict: missing ['eps'], unexpected []; load what state_dict() gave, unchanged",
        ),
        (broken({}, drop="exp_avg"), ValueError, "Adam.load_state_dict: missing ['exp_avg'], unexpected []"),
        (broken({"amsgrad": True}), ValueError, "missing ['max_exp_avg_sq'], unexpected []"),
        (broken({"extra": 1}), ValueError, "missing [], unexpected ['extra']"),
        (broken({"lr": -1.0}), ValueError, "Adam: lr must be a finite number in [0, inf), got -1.0"),
        (broken({"initial_lr": float("nan")}), ValueError, "Adam: lr must be a finite number in [0, inf), got nan"),
        (
            broken({"t": -1}),
            ValueError,
            "Adam.load_state_dict: t must be a whole number of steps, at least 0, got -1",
        ),
        (broken({"t": 2.5}), ValueError, "t must be a whole number of steps, at least 0, got 2.5"),
        (
            broken({"exp_avg": np.zeros(3)}),
            ValueError,
            "Adam.load_state_dict: exp_avg must have shape (4,), one number a parameter, got (3,); load it into an "
            "optimizer over the same parameters",
        ),
        (
            broken({"exp_avg": np.ones(4) * 1j}),
            TypeError,
            "Adam.load_state_dict: exp_avg holds real numbers, got ndarray",
        ),
        (broken({"exp_avg": ["1"] * 4}), TypeError, "Adam.load_state_dict: exp_avg holds real numbers, got list"),
        (None, TypeError, "Adam.load_state_dict: a state is a mapping, as state_dict() gives it, got None"),
        (broken({"betas": 0.9}), TypeError, "Adam: betas must be 2 numbers, got 0.9"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(saved: dict[str, Any], error: type[Exception], message: str) -> None:
    opt, twin = Adam(fresh()), Adam(fresh())
    train(opt, 3, seed=1), train(twin, 3, seed=1)
    before = everything(opt)
    with pytest.raises(error, match=re.escape(message)):
        opt.load_state_dict(saved)
    assert everything(opt) == before
    assert train(opt, 3, seed=2) == train(twin, 3, seed=2)


# -- hyperparameters that are set later ----------------------------------------------------------------------------


def test_a_hyperparameter_set_later_counts_from_the_next_step() -> None:
    changed, other = Adam(fresh(), lr=0.1), Adam(fresh(), lr=0.1, betas=(0.5, 0.9), maximize=True)
    for optimizer in (changed, other):
        for p in optimizer.params:
            p.grad = 0.0  # nothing moves
        optimizer.step()
    changed.betas, changed.maximize = (0.5, 0.9), True
    assert (changed.betas, changed.maximize, changed.rule) == ((0.5, 0.9), True, other.rule)
    assert train(changed, 3, seed=1) == train(other, 3, seed=1)
    assert changed.initial_lr == 0.1
    changed.hyperparameters["eps"] = 1.0  # a copy
    assert changed.eps == 1e-8


def test_a_rate_set_by_hand_is_that_of_the_next_step() -> None:
    w = Parameter(0.0)
    opt = SGD([w], lr=1.0)
    for rate, expected in ((1.0, -1.0), (0.5, -1.5), (0.25, -1.75)):
        opt.lr, w.grad = rate, 1.0
        opt.step()
        assert w.data == expected


def test_a_scheduled_rate_is_held_to_what_the_class_declares() -> None:
    class Bounded(SGD):
        lr: float = number(0.5, Interval(0, 1))

    opt = Bounded(fresh())
    with pytest.raises(ValueError, match=re.escape("Bounded: lr must be a finite number in [0, 1), got 1.5")):
        opt.scale_lr(3.0)
    assert opt.lr == 0.5


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("momentum", 0.0, "SGD: nesterov needs momentum above 0"),
        ("momentum", 2, "SGD: momentum must be a finite number in [0, 1], got 2"),
        ("weight_decay", -1, "SGD: weight_decay must be a finite number in [0, inf), got -1"),
    ],
)
def test_a_hyperparameter_that_does_not_fit_changes_nothing(name: str, value: float, message: str) -> None:
    opt, twin = (SGD(fresh(), momentum=0.9, nesterov=True) for _ in range(2))
    with pytest.raises(ValueError, match=re.escape(message)):
        setattr(opt, name, value)
    assert repr(opt) == repr(twin)
    assert train(opt, 3, seed=1) == train(twin, 3, seed=1)


def test_a_hyperparameter_for_which_there_are_no_arrays_is_refused() -> None:
    opt = SGD(fresh())
    message = "SGD: with momentum=0.9 it would keep the arrays ['momentum_buffer'], not []; make the optimizer anew"
    with pytest.raises(ValueError, match=re.escape(message)):
        opt.momentum = 0.9
    assert opt.momentum == 0.0


def test_a_rule_cannot_be_put_in_the_place_of_another() -> None:
    with pytest.raises(AttributeError):
        Adam(fresh()).rule = SGD(fresh()).rule  # type: ignore[misc]


def test_a_state_of_momentum_is_one_of_sgd() -> None:
    first, second = Momentum(fresh(), lr=0.1), SGD(fresh(), momentum=0.5)
    train(first, 3, seed=1)
    second.load_state_dict(first.state_dict())
    assert (second.momentum, second.t) == (0.9, 3)


@pytest.mark.parametrize("name", ["parameter\n_restore", "nn.structure\nWatchedList", "nn.structure\nWatchedDict"])
def test_a_pickle_of_version_0_1_says_what_to_do(name: str) -> None:
    begun = f"cautograd.{name}\n(I0\ntR.".encode()  # what one of its parameters or modules begins with, as text
    with pytest.raises(pickle.UnpicklingError, match=r"version 0\.1.*state_dict\(\)"):
        pickle.loads(begun)


# -- optimizers of one's own ---------------------------------------------------------------------------------------


def test_lion_goes_by_the_sign_of_its_average() -> None:
    w = Parameter(1.0)
    opt = Lion([w], lr=0.25, betas=(0.5, 0.5), weight_decay=0.1)
    for g in (4.0, -1.0, -2.0, 0.0):  # averages 2, 0.5, -0.75; between them and the gradient lie 2, 0.5, -0.75, -0.375
        w.grad = g
        opt.step()
    expected = 1.0
    for sign in (1.0, 1.0, -1.0, -1.0):
        expected -= 0.25 * (sign + 0.1 * expected)
    assert math.isclose(w.data, expected, rel_tol=1e-14)
    assert opt.state["exp_avg"] == [-0.375]


def test_lion_climbs_and_is_scheduled_without_a_word_about_it() -> None:
    w = Parameter(1.0)
    w.grad = 3.0
    opt = Lion([w], lr=0.5, maximize=True)
    opt.step()
    assert w.data == 1.5
    opt.scale_lr(0.5)
    opt.step()
    assert (w.data, opt.lr, opt.initial_lr) == (1.75, 0.25, 0.5)


def test_a_formula_without_arrays_needs_update_alone() -> None:
    class Sign(Optimizer):
        def update(self, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
            return xp.where(g > 0, p - h["lr"], p + h["lr"]), {}

    w = Parameter(1.0)
    (w * w).backward()
    opt = Sign([w], lr=0.25)
    opt.step()
    assert w.data == 0.75
    assert repr(opt) == "Sign(1 parameter, lr=0.25, maximize=False, t=1)"


def test_the_rate_is_no_constant_of_a_formula() -> None:
    class Reading(Optimizer):
        def update(self, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
            return p - self.lr * g, {}

    with pytest.raises(TypeError, match=r"a formula takes lr from h\['lr'\]: it changes from step to step"):
        with_gradient(Reading([Parameter(1.0)])).step()


def test_a_state_that_was_not_declared_is_refused() -> None:
    class Forgetful(Optimizer):
        initial_state = {"a": 0.0}  # noqa: RUF012

        def update(self, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
            return p, {"b": g}

    message = r"Forgetful\.update gives the state \['b'\], but its initial_state names \['a'\]"
    with pytest.raises(ValueError, match=message):
        with_gradient(Forgetful([Parameter(1.0)])).step()


def test_a_class_without_a_formula_says_what_is_missing() -> None:
    class Nothing(Optimizer):
        pass

    for kind in (Nothing, Optimizer):
        with pytest.raises(TypeError, match=rf"{kind.__name__} has no formula: .*update\(self, xp, p, g, s, h\)"):
            kind([Parameter(1.0)])


def test_a_default_without_its_type_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Fast\.lr: to change a default write lr: float = "):

        class Fast(SGD):
            lr = 0.5


def test_a_field_that_is_no_hyperparameter_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Named\.title: a hyperparameter is number.*title: ClassVar\[str\]"):

        class Named(SGD):
            title: str = "mine"


def test_a_rule_in_the_manner_of_version_0_1_is_told_the_new_way() -> None:
    with pytest.raises(ImportError, match=r"Rule; it is gone.*class Sign\(Optimizer\)"):
        from autograd.optim import Rule  # noqa: F401


@every_kind
def test_arguments_are_the_fields_in_pytorchs_order(kind: type[Optimizer]) -> None:
    signature = inspect.signature(kind)
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == f"(params, {OPTIMIZERS[kind].arguments}, *, maximize=False)"
    assert signature.parameters["params"].annotation == "Parameters"
    assert signature == inspect.signature(kind.__init__).replace(
        parameters=list(inspect.signature(kind.__init__).parameters.values())[1:]
    )


# -- errors --------------------------------------------------------------------------------------------------------

CURE = "; pass Parameters, as in model.parameters() or [Parameter(0.5)]"
twice = Parameter(1.0, label="layers.0.weight")


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([], ValueError, "Adam: there are no parameters (an iterator can be read only once)" + CURE),
        (Module([]), ValueError, "Adam: there are no parameters"),
        (
            [Parameter(1.0), Value(2.0, label="x")],
            TypeError,
            "Adam: params[1] is a Value, not a Parameter: Value(data=2.0, grad=0.0, label='x')" + CURE,
        ),
        ([0.5], TypeError, "Adam: params[0] is a float, not a Parameter: 0.5" + CURE),
        ([{"params": []}], TypeError, "Adam: there are no groups of parameters; make an optimizer for each"),
        (Parameter(1.0), TypeError, "Adam: params is a Parameter, not a list in a fixed order" + CURE),
        ({Parameter(1.0)}, TypeError, "Adam: params is a set, not a list in a fixed order" + CURE),
        (7, TypeError, "Adam: params is a int, not a list in a fixed order" + CURE),
        (
            [Parameter(0.0), twice, Parameter(0.0), twice],
            ValueError,
            "Adam: the parameter 'layers.0.weight' is listed twice, as params[1] and params[3]; list it once, as "
            "model.parameters() does",
        ),
        ([(unlabelled := Parameter(0.0)), unlabelled], ValueError, "Adam: the parameter is listed twice"),
    ],
)
def test_what_is_no_list_of_parameters_is_refused(params: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Adam(params)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (SGD, {"lr": -0.1}, "SGD: lr must be a finite number in [0, inf), got -0.1; the default is 0.001"),
        (SGD, {"lr": float("inf")}, "SGD: lr must be a finite number in [0, inf), got inf"),
        (SGD, {"lr": float("nan")}, "SGD: lr must be a finite number in [0, inf), got nan"),
        (SGD, {"momentum": 1.5}, "SGD: momentum must be a finite number in [0, 1], got 1.5; the default is 0.0"),
        (SGD, {"momentum": -0.1}, "SGD: momentum must be a finite number in [0, 1], got -0.1"),
        (SGD, {"dampening": float("inf")}, "SGD: dampening must be a finite number in (-inf, inf), got inf"),
        (SGD, {"weight_decay": -1}, "SGD: weight_decay must be a finite number in [0, inf), got -1"),
        (
            SGD,
            {"nesterov": True},
            "SGD: nesterov needs momentum above 0 and dampening 0, got momentum=0.0 and dampening=0.0; try "
            "momentum=0.9, dampening=0",
        ),
        (
            Momentum,
            {"nesterov": True, "dampening": 0.5},
            "Momentum: nesterov needs momentum above 0 and dampening 0, got momentum=0.9 and dampening=0.5",
        ),
        (Adagrad, {"lr_decay": -1}, "Adagrad: lr_decay must be a finite number in [0, inf), got -1"),
        (
            Adagrad,
            {"initial_accumulator_value": -1},
            "Adagrad: initial_accumulator_value must be a finite number in [0, inf), got -1",
        ),
        (Adagrad, {"eps": -1e-10}, "Adagrad: eps must be a finite number in [0, inf), got -1e-10"),
        (RMSprop, {"alpha": 1.0}, "RMSprop: alpha must be a finite number in [0, 1), got 1.0; the default is 0.99"),
        (RMSprop, {"momentum": 2}, "RMSprop: momentum must be a finite number in [0, 1], got 2"),
        (Adam, {"betas": (0.9, 1.0)}, "Adam: betas[1] must be a finite number in [0, 1), got 1.0"),
        (Adam, {"betas": (-0.1, 0.9)}, "Adam: betas[0] must be a finite number in [0, 1), got -0.1"),
        (Adam, {"eps": float("nan")}, "Adam: eps must be a finite number in [0, inf), got nan"),
        (AdamW, {"weight_decay": -1}, "AdamW: weight_decay must be a finite number in [0, inf), got -1"),
    ],
)
def test_numbers_out_of_range_are_refused(kind: type[Optimizer], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        kind(fresh(), **options)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (SGD, {"lr": "0.1"}, "SGD: lr must be a number in [0, inf), got '0.1' of type str; the default is 0.001"),
        (SGD, {"lr": True}, "SGD: lr must be a number in [0, inf), got True of type bool"),
        (SGD, {"nesterov": 1}, "SGD: nesterov must be True or False, got 1 of type int"),
        (Adam, {"betas": 0.9}, "Adam: betas must be 2 numbers, got 0.9; the default is (0.9, 0.999)"),
        (Adam, {"betas": (0.9,)}, "Adam: betas must be 2 numbers, got (0.9,)"),
        (Adam, {"betas": (0.9, None)}, "Adam: betas[1] must be a number in [0, 1), got None of type NoneType"),
    ],
)
def test_wrong_types_are_refused(kind: type[Optimizer], options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        kind(fresh(), **options)


def test_a_rate_set_later_is_checked_too() -> None:
    opt = Adam(fresh(), lr=np.float32(0.5))
    with pytest.raises(ValueError, match=re.escape("Adam: lr must be a finite number in [0, inf), got -1")):
        opt.lr = -1
    assert (opt.lr, opt.initial_lr) == (0.5, 0.5)
    opt.lr = 2
    assert (opt.lr, opt.initial_lr) == (2.0, 2.0)
    assert type(opt.lr) is float


@pytest.mark.parametrize("count", [1, 10_000, 10_001])
def test_zero_grad_sets_every_gradient_of_its_own_and_no_other(count: int) -> None:
    params = Parameter.many(np.ones(count + 1))
    for p in params:
        p.grad = 3.0
    SGD(params[:-1], lr=0.1).zero_grad()
    assert not any(p.grad or p.has_grad for p in params[:-1])
    assert params[-1].grad == 3.0
    assert params[-1].has_grad


def test_a_subclass_may_zero_gradients_in_its_own_way() -> None:
    class Counting(SGD):
        zeroed = 0

        def zero_grad(self) -> None:
            self.zeroed += 1
            super().zero_grad()

    w = Parameter(1.0)
    optimizer = Counting([w], lr=0.1)
    w.grad = 1.0
    optimizer.zero_grad()
    assert (optimizer.zeroed, w.grad) == (1, 0.0)


def test_attributes_of_your_own_are_copied() -> None:
    optimizer = SGD([Parameter(1.0)], lr=0.1)
    optimizer.note = ["mine"]  # type: ignore[attr-defined]
    twin = copy.deepcopy(optimizer)
    assert twin.note == ["mine"]  # type: ignore[attr-defined]
    assert twin.note is not optimizer.note  # type: ignore[attr-defined]
    assert vars(twin).keys() == vars(optimizer).keys()


def with_gradient(optimizer: Optimizer) -> Optimizer:
    for p in optimizer.params:
        p.grad = 1.0
    return optimizer


def test_a_model_that_grew_before_the_optimizer_was_made_is_told_of_too() -> None:
    model = nn.Module()
    model.first = nn.Linear(1, 1)
    known = model.parameters()
    model.second = nn.Linear(1, 1)
    optimizer = with_gradient(SGD(known, lr=0.1))
    with pytest.warns(UserWarning, match="2 of its parameters"):
        optimizer.step()
    optimizer.step()  # warns once


@every_kind
def test_a_first_step_without_any_backward_is_told_once(kind: type[Optimizer]) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    optimizer = kind(model, lr=0.1)
    message = rf"{kind.__name__}: step\(\) before any backward, .* then loss\.backward\(\) .* then step\(\)"
    with pytest.warns(UserWarning, match=message) as caught:
        optimizer.step()
    optimizer.step()
    assert (len(caught), caught[0].filename) == (1, __file__)


@pytest.mark.parametrize("zeroed", [False, True])
def test_a_backward_or_numbers_of_ones_own_are_gradients(zeroed: bool) -> None:
    for fill in (
        lambda m: m([1.0, 2.0]).backward(),
        lambda m: (0.0 * m([1.0, 2.0])).backward(),  # a slope of zero is one
        lambda m: compile(m, backend="numpy").backward(np.ones((2, 2))),
        lambda m: m.layers[0].weight.grad.fill(1.0),
    ):
        model = nn.MLP(2, [3, 1], rng=0)
        optimizer = SGD(model, lr=0.1)
        fill(model)
        if zeroed:  # in the wrong order
            optimizer.zero_grad()
            with pytest.warns(UserWarning, match="no parameter has a gradient"):
                optimizer.step()
        else:
            optimizer.step()
            copy.deepcopy(optimizer).step()


def test_values_in_a_module_are_named_where_parameters_were_meant() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            self.sizes = {"a": 3}
            self.weights = [[Value(1.0)], {"b": Value(2.0)}]

    with pytest.raises(ValueError, match=r"there are no parameters: weights of Model holds Values, which are no Param"):
        SGD(Model())


def test_a_model_that_is_gone_is_looked_at_no_more() -> None:
    model = nn.Sequential(nn.Linear(1, 1, rng=0))
    optimizer = SGD(model, lr=0.5)
    params = list(optimizer.params)
    model.more = nn.Linear(1, 1, rng=0)
    del model
    gc.collect()
    params[0].data, params[0].grad = 1.0, 1.0
    optimizer.step()
    assert params[0].data == 0.5
