"""NaN and infinity: who is to blame, in which words, and with which parameters left."""

import math

import numpy as np
import pytest

from autograd import Parameter, Value, exp, nn, relu, scope, sqrt
from autograd.blame import first_nonfinite
from autograd.errors import NonFiniteError
from autograd.optim import SGD, Momentum
from autograd.training import fit

CURE = (
    "Try a smaller learning rate (it is {lr}), standardized inputs (autograd.data.standardize), or clipped "
    "gradients (fit(..., clip_norm=1.0)). The parameters are those of the last finished step"
)


def failing(model, X, Y, lr, params, **options):
    with pytest.raises(NonFiniteError) as caught:
        fit(model, X, Y, **{"loss": "mse", "optimizer": SGD(params, lr=lr), "epochs": 9, "progress": False, **options})
    return str(caught.value)


def test_an_infinite_loss_names_operation_scope_and_sample():
    w = Parameter(1.0, "w")

    def model(x):
        with scope("head"):
            return exp(w * x)

    text = failing(model, [0.0, 1.0, 1000.0], [0.0, 0.0, 0.0], 0.5, [w])
    assert text == (
        "the loss is inf for sample 2 (row 2 of X) in epoch 0, step 0, all counted from 0. "
        "It begins with exp(1000.0) = inf in head. " + CURE.format(lr="0.5")
    )
    assert (w.data, w.grad) == (1.0, 0.0)


def test_the_parameters_are_those_before_the_bad_step():
    # p <- p - lr * 2 p: with lr = 1e150 the third loss overflows.
    w = Parameter(1.0, "w")
    text = failing(lambda x: w * x, [1.0], [0.0], 1e150, [w])
    assert text.startswith("the loss is inf for sample 0 (row 0 of X) in epoch 2, step 2, all counted from 0. ")
    assert "It begins with mul(" in text
    assert w.data == pytest.approx(4e300)


def test_an_infinite_gradient_of_a_finite_loss_names_the_partial():
    w = Parameter(0.0, "w")
    text = failing(lambda x: sqrt(w * x), [5.0], [1.0], 0.1, [w])
    assert text == (
        "the gradient isn't finite for sample 0 (row 0 of X) in epoch 0, step 0, all counted from 0. "
        "It begins with sqrt(0.0): its partial by the operand 0 (0.0) is inf, times the adjoint -2.0 that is -inf. "
        + CURE.format(lr="0.1")
    )
    assert (w.data, w.grad) == (0.0, 0.0)


def test_gradients_whose_sum_overflows():
    w = Parameter(0.0, "w")

    def model(x):
        return w * x + w * x

    text = failing(model, [1.5e308], [0.0], 0.1, [w], loss=lambda p, y: p)
    assert "Every product of adjoint and partial is, but their sum is too large" in text


def test_a_step_that_overflows_is_undone():
    w, b = Parameter(1.0, "w"), Parameter(1e10, "b")
    text = failing(lambda x: w * x - b, [1e-3], [0.0], 1e300, [w, b])
    assert text.startswith("the optimizer's step made the parameter 'b' -inf, it was 10000000000.0 (gradient ")
    assert "in epoch 0, step 0, all counted from 0" in text
    assert (w.data, b.data) == (1.0, 1e10)


def test_a_penalty_that_overflows():
    w = Parameter(1e200, "w")
    text = failing(lambda x: w * x, [1e-200], [0.0], 0.1, [w], penalty=lambda: w * w)
    assert text.startswith("the loss is inf for the penalty in epoch 0, step 0")
    assert "It begins with mul(w=1e+200, w=1e+200) = inf" in text


def test_a_validation_loss_names_its_sample_although_no_graph_was_kept():
    w = Parameter(1.0, "w")
    text = failing(lambda x: exp(w * x), [0.0], [1.0], 0.1, [w], validation=([0.0, 800.0], [1.0, 1.0]))
    assert text.startswith("the loss is inf for validation sample 1 (row 1 of validation X) in epoch 0, step 1")
    assert "It begins with exp(800.0) = inf" in text


def test_a_nan_that_the_model_makes():
    w = Parameter(math.inf)
    assert first_nonfinite(Value(1.0) + relu(w * 0.0)) is w
    x = Value(1e308)
    overflow = x * 10.0
    nan = overflow - overflow
    assert first_nonfinite(nan * 2.0) is overflow


def test_an_infinity_that_the_formula_passes_unharmed_is_not_blamed():
    x, big = Value(-1000.0), Value(1e300)
    sigmoid = 1 / (1 + exp(-x))
    bad = big * big
    assert sigmoid.data == 0.0
    assert first_nonfinite(sigmoid + bad) is bad


def test_a_finished_epoch_stays_in_what_callbacks_saw():
    w = Parameter(1.0, "w")
    kept = []
    failing(
        lambda x: w * x, [1.0], [0.0], 1e150, [w], optimizer=Momentum([w], lr=1e150),
        callbacks=[lambda state: kept.append(state.history)],
    )  # fmt: skip
    assert kept[-1].epochs == kept[-1].steps == 2


class Steps:
    """A callback that is called for each batch."""

    def before_step(self, state):
        pass

    def __call__(self, state):
        pass


@pytest.mark.parametrize("callbacks", [[], [Steps()]], ids=["stretches", "steps"])
@pytest.mark.parametrize("seed", range(4))
def test_the_masks_of_a_step_that_fails_among_others(seed, callbacks):
    """Whether it fails, and with which numbers, depends on what dropout has drawn for the samples before it."""
    X = np.random.default_rng(3).normal(size=(40, 3))
    X[11] = [300.0, 500.0, 800.0]
    outcomes = []
    for mode in ("eager", "compiled"):
        dropout = nn.Dropout(0.5, rng=seed)
        model = nn.Sequential(dropout, nn.Linear(3, 1, init=[[1.0, 1.0, 1.0]], bias=False))
        text = failing(
            model, X, np.zeros(40), 0.0, model.parameters(), loss=lambda p, y: exp(p) - y, batch_size=4, seed=seed,
            mode=mode, epochs=50, callbacks=callbacks,
        )  # fmt: skip
        outcomes.append((text, dropout.rng.random()))
    assert "for sample 11 (row 11 of X)" in outcomes[0][0]
    assert outcomes[0] == outcomes[1]
