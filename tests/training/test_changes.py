"""What callbacks change while a training goes on counts, in both engines, after each epoch and at each step."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from autograd import fit, nn
from autograd.nn.penalties import l2
from autograd.optim import SGD, Adam

RANDOM = np.random.default_rng(3)
X0 = RANDOM.normal(size=(23, 3))
Y0 = np.sign(X0[:, 0])
beta = 1.0
CONFIG = {"beta": 1.0}


class Weighted:
    """A loss that is an object of a plain class."""

    def __init__(self):
        self.beta = 1.0

    def __call__(self, p, y):
        return self.beta * (p - y) ** 2


class Case:
    """One training: what there is to change."""

    def __init__(self):
        self.model = nn.MLP(3, [6, 1], activation="tanh", rng=1)
        self.optimizer = Adam(self.model.parameters(), lr=0.01)
        self.X, self.Y = X0.copy(), Y0.copy()
        self.options = {"loss": "mse"}


def a_global(case):
    global beta
    beta = 1.0

    def change(state):
        global beta
        beta *= 0.5

    case.options["loss"] = lambda p, y: beta * (p - y) ** 2
    return change


def a_cell(case):
    inner = 1.0

    def change(state):
        nonlocal inner
        inner *= 0.5

    case.options["loss"] = lambda p, y: inner * (p - y) ** 2
    return change


def an_attribute(case):
    loss = case.options["loss"] = Weighted()
    return lambda state: setattr(loss, "beta", loss.beta * 0.5)


def an_item(case):
    CONFIG["beta"] = 1.0
    case.options["loss"] = lambda p, y: CONFIG["beta"] * (p - y) ** 2
    return lambda state: CONFIG.update(beta=CONFIG["beta"] * 0.5)


def a_factor_of_the_penalty(case):
    settings = SimpleNamespace(lam=0.1)
    case.options["penalty"] = lambda: l2(case.model, settings.lam)
    case.options.update(validation=0.2, metrics=["mse"])
    return lambda state: setattr(settings, "lam", settings.lam * 0.5)


def the_model_by_a_state(case):
    saved = case.model.state_dict()
    return lambda state: case.model.load_state_dict(saved)


def the_weights(case):
    def change(state):
        case.model.layers[0].weight.data *= 0.9

    return change


def the_optimizer_by_a_state(case):
    saved = case.optimizer.state_dict()
    return lambda state: state.optimizer.load_state_dict(saved)


def the_rule(case):
    def change(state):
        state.optimizer.betas, state.optimizer.weight_decay = (0.5, 0.9), 0.01

    return change


def the_optimizers_arrays(case):
    def change(state):
        state.optimizer.state = {name: np.zeros_like(array) for name, array in state.optimizer.state.items()}

    return change


def the_optimizer(case):
    return lambda state: setattr(state, "optimizer", SGD(case.model.parameters(), lr=0.05))


def the_model(case):
    other = nn.MLP(3, [4, 1], rng=5)
    return lambda state: setattr(state, "model", other)


def the_data(case):
    def change(state):
        case.X += 0.1
        case.Y *= 0.9

    return change


def data_that_is_converted(case):
    case.X, case.Y = case.X.astype(np.float32), (case.Y > 0).astype(int)
    case.options["loss"] = "binary_cross_entropy_with_logits"

    def change(state):
        case.X += 0.1
        case.Y[:] = 1 - case.Y

    return change


def the_validation_data(case):
    held_out = case.X.copy()
    case.options["validation"] = held_out, Y0
    return lambda state: held_out.__iadd__(0.1)


def validation_data_that_is_converted(case):
    held_out = case.X.astype(np.float32)
    case.options["validation"] = held_out, Y0
    return lambda state: held_out.__iadd__(np.float32(0.1))


def data_of_which_a_share_is_held_out(case):
    case.options.update(validation=0.3, metrics=["mse"])
    return lambda state: case.X.__imul__(0.9)


def parameters_under_a_penalty(case):
    """The model grows by what only the penalty sees."""
    case.options["penalty"] = lambda: l2(case.model, 0.1)
    case.optimizer = Adam(list(case.model.parameters()), lr=0.01)  # of which the optimizer needs no warning
    return lambda state: setattr(case.model, "more", nn.Linear(3, 1, rng=state.epoch))


CHANGES = [
    a_global, a_cell, an_attribute, an_item, a_factor_of_the_penalty, the_model_by_a_state, the_weights,
    the_optimizer_by_a_state, the_rule, the_optimizers_arrays, the_optimizer, the_model, the_data,
    data_that_is_converted, the_validation_data, validation_data_that_is_converted, data_of_which_a_share_is_held_out,
    parameters_under_a_penalty,
]  # fmt: skip


def callback(change, when):
    """An object whose methods of these names do something."""
    nothing = {"__call__": lambda self, state: None}
    names = {"epoch": "__call__", "before": "before_step", "after": "after_step"}
    return type("Callback", (), {**nothing, names[when]: lambda self, state: change(state)})()


def numbers(mode, prepare, when, batch_size):
    case = Case()
    change = prepare(case)
    history = fit(case.model, case.X, case.Y, optimizer=case.optimizer, epochs=5, batch_size=batch_size, mode=mode,
                  progress=False, callbacks=[callback(change, when)], **case.options)  # fmt: skip
    return [*(x for row in history.values() for x in row), *(p.data for p in case.model.parameters())]


@pytest.mark.filterwarnings("ignore:.*times anew because of:UserWarning")
@pytest.mark.parametrize("batch_size", [None, 6])
@pytest.mark.parametrize("when", ["epoch", "before", "after"])
@pytest.mark.parametrize("prepare", CHANGES, ids=lambda f: f.__name__)
def test_a_change_counts(prepare, when, batch_size):
    eager, compiled = (numbers(mode, prepare, when, batch_size) for mode in ("eager", "compiled"))
    np.testing.assert_allclose(compiled, eager, rtol=1e-10, atol=1e-13)
    assert compiled != numbers("compiled", lambda case: prepare(case) and (lambda state: None), when, batch_size)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_a_callback_that_changes_nothing_changes_nothing(mode):
    """Whichever rows are held out, they are the same ones when the arrays are looked at again."""
    found = []
    for callbacks in ([], [lambda state: None]):
        model = nn.MLP(3, [3, 1], rng=1)
        options = {"epochs": 4, "batch_size": 5, "validation": 0.3, "mode": mode, "callbacks": callbacks}
        history = fit(model, X0.astype(np.float32), Y0 > 0, loss="mse", optimizer=SGD(model.parameters(), lr=0.1),
                      progress=False, **options)  # fmt: skip
        found.append({**history})
    assert found[0] == found[1]


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_data_of_another_shape_is_refused(mode):
    X = X0.copy()
    model = nn.MLP(3, [1], rng=0)
    with pytest.raises(ValueError, match=r"changed its shape from \(23, 3\) to \(3, 23\).*change its numbers in place"):
        fit(model, X, Y0, loss="mse", optimizer=SGD(model.parameters(), lr=0.1), epochs=3, mode=mode, progress=False,
            callbacks=[lambda state: setattr(X, "shape", (3, 23))])  # fmt: skip


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_parameters_that_the_optimizer_lacks_are_named_once(mode):
    model = nn.Sequential(nn.Linear(3, 1, rng=0))
    optimizer = SGD(model.parameters(), lr=0.01)
    model.scale = nn.Linear(1, 1, rng=0)
    with pytest.warns(UserWarning, match=r"made before the model had 2 of its parameters \(scale") as caught:
        fit(model, X0, Y0, loss="mse", optimizer=optimizer, epochs=3, mode=mode, progress=False)
    assert len(caught) == 1
    fit(model, X0, Y0, loss="mse", optimizer=optimizer, epochs=1, mode=mode, progress=False)


def loss_over(factor):
    return lambda p, y: factor * (p - y) ** 2


def loss_with_a_default(factor):
    return lambda p, y, factor=factor: factor * (p - y) ** 2


def loss_with_a_named_default(factor):
    return lambda p, y, *, factor=factor: factor * (p - y) ** 2


def loss_over_a_global(factor):
    return eval(LOSS, {"factor": factor})


def loss_over_an_attribute(factor):
    def loss(p, y):
        return loss.factor * (p - y) ** 2

    loss.factor = factor
    return loss


LOSS = compile("lambda p, y: factor * (p - y) ** 2", "<loss>", "eval")


@pytest.mark.parametrize(
    "make", [loss_over, loss_with_a_default, loss_with_a_named_default, loss_over_a_global, loss_over_an_attribute]
)
def test_a_function_from_the_same_place_over_other_numbers_is_another(make):
    """Programs are kept for the next training like the last one."""
    model = nn.Linear(1, 1, init=[[1.0]], bias=False)
    for factor in (1.0, 2.0, 1.0):
        history = fit(model, [[1.0]], [3.0], loss=make(factor), optimizer=SGD(model.parameters(), lr=0.0), epochs=1,
                      mode="compiled", progress=False)  # fmt: skip
        assert history["loss"] == [4.0 * factor]
