"""fit does what the formulas say: gradients, batches, order, modes, history."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Parameter, nn
from autograd.data import moons, standardize
from autograd.nn.penalties import l1, l2
from autograd.optim import SGD, Adam, ExponentialLR, Momentum, clip_grad_norm_
from autograd.training import METRICS, History, fit
from autograd.training.metrics import accuracy

rng = np.random.default_rng(0)
X3 = rng.normal(size=(23, 3))
Y3 = X3 @ [1.0, -2.0, 0.5] + 0.3


def squared(prediction, target):
    return (prediction - target) ** 2


class Line:
    """w x + b, an object that is no module."""

    def __init__(self, w=0.0, b=0.0):
        self.w, self.b = Parameter(w, "w"), Parameter(b, "b")

    def parameters(self):
        return [self.w, self.b]

    def __call__(self, x):
        return self.w * x + self.b


def numbers(model):
    return [p.data for p in model.parameters()]


def quiet(model, X, Y, **options):
    # These tests watch the engine at work on each sample; test_compiled.py holds the compiled one equal to it.
    return fit(model, X, Y, **{"loss": squared, "epochs": 1, "progress": False, "mode": "eager", **options})


def linear(seed=0):
    return nn.Linear(3, 1, rng=seed)


def test_a_full_batch_step_is_the_closed_form():
    model = linear()
    w, b = np.array(numbers(model)[:3]), numbers(model)[3]
    errors = X3 @ w + b - Y3
    history = quiet(model, X3, Y3, optimizer=SGD(model.parameters(), lr=0.1))
    expected = [*(w - 0.1 * 2 * X3.T @ errors / 23), b - 0.1 * 2 * errors.mean()]
    assert np.allclose(numbers(model), expected, rtol=1e-12)
    assert history["loss"] == [pytest.approx(np.mean(errors**2), rel=1e-12)]


@given(st.integers(1, 30), st.integers(0, 99))
def test_minibatches_are_means_over_their_own_size_in_the_seeded_order(size, seed):
    model = linear()
    p = np.array(numbers(model))
    X1 = np.column_stack([X3, np.ones(23)])
    order = np.arange(23) if size >= 23 else np.random.default_rng(seed).permutation(23)
    losses = []
    for begin in range(0, 23, size):
        rows = order[begin : begin + size]
        errors = X1[rows] @ p - Y3[rows]
        losses += (errors**2).tolist()
        p = p - 0.05 * 2 * X1[rows].T @ errors / len(rows)
    history = quiet(model, X3, Y3, optimizer=SGD(model.parameters(), lr=0.05), batch_size=size, seed=seed)
    assert np.allclose(numbers(model), p, rtol=1e-10)
    assert history["loss"] == [pytest.approx(np.mean(losses), rel=1e-10)]
    assert history.steps == -(-23 // size)
    assert history.samples_seen == 23


def test_gradients_of_earlier_backwards_do_not_leak_in():
    model, other = linear(), linear()
    model(X3[0]).backward()
    for each in (model, other):
        quiet(each, X3, Y3, optimizer=SGD(each.parameters(), lr=0.1), epochs=2)
    assert numbers(model) == numbers(other)


@pytest.mark.parametrize("optimizer", [lambda p: Momentum(p, lr=0.02), lambda p: Adam(p, lr=0.02)])
def test_the_same_seed_gives_the_same_bytes(optimizer):
    def run(seed):
        model = nn.Sequential(nn.Linear(3, 4, rng=1), nn.Dropout(0.3, rng=2), nn.Tanh(), nn.Linear(4, 1, rng=3))
        history = quiet(
            model, X3, Y3, optimizer=optimizer(model.parameters()), epochs=4, batch_size=5, validation=0.2, seed=seed
        )
        return np.array(numbers(model)).tobytes(), json.dumps(history.to_dict())

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert run(np.random.default_rng(7)) == run(7)


def test_it_learns_the_moons_to_the_last_sample():
    X, Y = moons(100, noise=0.1, rng=0)
    (X,) = standardize(X)
    model = nn.MLP(2, [16, 1], rng=0)
    history = quiet(
        model, X, 2 * Y - 1, loss="hinge", optimizer=Adam(model.parameters(), lr=0.1), epochs=30, batch_size=20,
        metrics=["accuracy"],
    )  # fmt: skip
    assert history["accuracy"][-1] == 1.0
    assert history["loss"][-1] < 0.02 < history["loss"][0]


def test_cross_entropy_takes_integer_classes():
    X = np.eye(3).repeat(4, axis=0)
    Y = np.arange(3).repeat(4)
    model = nn.Linear(3, 3, rng=0)
    history = quiet(model, X, Y, loss="cross_entropy", optimizer=SGD(model, lr=1.0), epochs=30, metrics=["accuracy"])
    assert history["accuracy"][-1] == 1.0


def test_a_plain_function_and_one_dimensional_inputs_do():
    w, b = Parameter(0.0), Parameter(0.0)
    X = np.linspace(-1, 1, 9)
    quiet(lambda x: w * x + b, X, 3 * X - 1, optimizer=SGD([w, b], lr=0.3), epochs=200)
    assert (w.data, b.data) == (pytest.approx(3), pytest.approx(-1))


def test_the_optimizer_may_be_a_factory():
    model, other = linear(), linear()
    quiet(model, X3, Y3, optimizer=Adam, epochs=3)
    quiet(other, X3, Y3, optimizer=Adam(other.parameters()), epochs=3)
    assert numbers(model) == numbers(other)


def test_an_optimizer_over_part_of_the_model_leaves_the_rest():
    model = Line(1.0, 2.0)
    quiet(model, [1.0, 2.0], [0.0, 0.0], optimizer=SGD([model.b], lr=0.1), epochs=5)
    assert model.w.data == 1.0
    assert model.b.data == pytest.approx(-1.5 + 3.5 * 0.8**5)


def test_no_epochs_change_nothing():
    model = linear()
    before = numbers(model)
    history = quiet(model, X3, Y3, optimizer=SGD(model.parameters(), lr=0.1), epochs=0)
    assert numbers(model) == before
    assert (history.epochs, history.best_epoch, dict(history)) == (0, None, {})


# Penalty


@pytest.mark.parametrize(("make", "slope"), [(l2, lambda w: 2 * w), (l1, np.sign)])
def test_a_penalty_is_added_once_a_batch(make, slope):
    model = linear()
    before = np.array(numbers(model))
    plain = linear()
    quiet(plain, X3, Y3, optimizer=SGD(plain.parameters(), lr=0.1))
    history = quiet(model, X3, Y3, optimizer=SGD(model.parameters(), lr=0.1), penalty=lambda: make(model, 0.5))
    expected = np.array(numbers(plain)) - 0.1 * 0.5 * np.append(slope(before[:3]), 0)
    assert np.allclose(numbers(model), expected, rtol=1e-12)
    assert history["penalty"] == [pytest.approx(0.5 * (before[:3] ** 2 if make is l2 else abs(before[:3])).sum())]
    assert history["loss"] == [pytest.approx(np.mean((X3 @ before[:3] + before[3] - Y3) ** 2))]


# Validation, metrics, modes


class Spy(nn.Module):
    """A line that notes the mode in which it is called, and doubles in train mode, as dropout changes things."""

    def __init__(self):
        self.w = Parameter(1.0)
        self.inner = nn.Dropout(0.5, rng=0)
        self.seen = []

    def forward(self, x):
        self.seen.append((self.training, self.inner.training))
        return self.w * x * (2.0 if self.training else 1.0)


def test_training_is_in_train_mode_and_evaluation_in_eval_mode_without_gradients():
    model = Spy()
    history = quiet(
        model, [1.0, 2.0], [0.0, 0.0], optimizer=SGD([model.w], lr=0.0), validation=([3.0], [0.0]), metrics=["mse"]
    )
    assert history["loss"] == [(4 + 16) / 2]
    assert history["val_loss"] == history["val_mse"] == [9.0]
    assert history["mse"] == [(1 + 4) / 2]
    # The first two are the trial before anything is changed; then the batch, the training set, the validation set.
    assert model.seen == [(False, False)] * 2 + [(True, True)] * 2 + [(False, False)] * 3


@pytest.mark.parametrize(("outer", "inner"), [(True, True), (True, False), (False, True), (False, False)])
def test_every_mode_is_put_back(outer, inner):
    model = Spy()
    model.training, model.inner.training = outer, inner
    quiet(model, [1.0], [0.0], optimizer=SGD([model.w], lr=0.1), validation=([3.0], [0.0]))
    assert (model.training, model.inner.training) == (outer, inner)
    with pytest.raises(ZeroDivisionError):
        quiet(model, [1.0], [0.0], optimizer=SGD([model.w], lr=0.1), callbacks=[lambda state: 1 // 0])
    assert (model.training, model.inner.training) == (outer, inner)


def test_dropout_draws_nothing_before_and_after_training():
    model = nn.Sequential(nn.Linear(3, 4, rng=1), nn.Dropout(0.5, rng=2), nn.Linear(4, 1, rng=3))
    quiet(model, X3, Y3, optimizer=SGD(model, lr=0.0), epochs=2, validation=(X3, Y3), metrics=["mae"])
    twin = np.random.default_rng(2)
    twin.random(2 * 23 * 4)
    assert model[1].rng.bit_generator.state == twin.bit_generator.state


def test_a_share_is_set_aside_for_validation():
    seen = set()

    def loss(prediction, target):
        seen.add(target)
        return (prediction - target) ** 2

    model = Line()
    history = quiet(
        model, np.arange(10.0), np.arange(10.0), loss=loss, optimizer=SGD([model.w, model.b], lr=0.0),
        validation=0.3, batch_size=2, epochs=2,
    )  # fmt: skip
    assert seen == set(map(float, range(10)))
    assert history.samples_seen == 14
    assert 10 * np.mean(np.arange(10.0) ** 2) == pytest.approx(7 * history["loss"][0] + 3 * history["val_loss"][0])


def test_metrics_by_name_and_by_function():
    def largest(predictions, targets):
        assert predictions.shape == targets.shape == (3,)
        return predictions.max()

    model = Line(2.0, 0.0)
    history = quiet(
        model, [1.0, -1.0, 3.0], [1.0, 1.0, 1.0], optimizer=SGD([model.w], lr=0.0),
        metrics=["accuracy", "mae", largest],
    )  # fmt: skip
    assert list(history) == ["loss", "accuracy", "mae", "largest"]
    assert history["accuracy"] == [2 / 3]
    assert history["mae"] == [(1 + 3 + 5) / 3]
    assert history["largest"] == [6.0]


# Callbacks


@pytest.mark.parametrize("negative", [0, -1])
def test_a_score_of_zero_or_below_is_the_negative_class(negative):
    assert accuracy(np.array([0.5, 0.0, -0.5, 0.5]), np.array([1, negative, negative, negative])) == 0.75


def test_scores_are_no_probabilities_if_one_is_below_zero():
    assert accuracy(np.array([-2.0, 0.3]), np.array([0, 1])) == 1.0
    assert accuracy(np.array([0.0, 0.3]), np.array([0, 1])) == 0.5


def test_callbacks_see_the_state_and_may_stop():
    seen = []

    def watch(state):
        seen.append((state.epoch, state.history["loss"][-1], state.history.steps, state.optimizer.t))
        assert state.model is model
        if state.epoch == 2:
            state.stop()

    model = linear()
    history = quiet(model, X3, Y3, optimizer=SGD(model, lr=0.1), epochs=9, batch_size=10, callbacks=[watch])
    assert seen == [(e, history["loss"][e], 3 * (e + 1), 3 * (e + 1)) for e in range(3)]
    assert (history.epochs, history.stop_reason, history.interrupted) == (3, "callback", False)
    history = quiet(model, X3, Y3, optimizer=SGD(model, lr=0.1), epochs=3, callbacks=[watch_last])
    assert history.stop_reason is None  # it was over anyway


def watch_last(state):
    if state.epoch == 2:
        state.stop()


def test_callbacks_may_watch_every_step():
    class Clip:
        norms: list[float] = []  # noqa: RUF012
        after = 0

        def __call__(self, state):
            assert self.after == state.history.steps

        def before_step(self, state):
            clip_grad_norm_(state.model, 0.01)
            self.norms.append(float(np.linalg.norm([p.grad for p in state.model.parameters()])))

        def after_step(self, state):
            self.after += 1

    clip, model = Clip(), linear()
    before = np.array(numbers(model))
    quiet(model, X3, Y3, optimizer=SGD(model, lr=1.0), epochs=2, batch_size=10, callbacks=[clip])
    assert clip.after == len(clip.norms) == 6
    assert np.allclose(clip.norms, 0.01, rtol=1e-3)
    assert np.linalg.norm(numbers(model) - before) <= 0.06


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_a_callback_that_fails_before_a_step_leaves_no_gradient(mode):
    class Failing:
        def before_step(self, state):
            assert w.grad == -2.0
            raise RuntimeError("no further")

        def __call__(self, state):
            pass

    w = Parameter(0.0)
    with pytest.raises(RuntimeError, match="no further"):
        fit(lambda x: w * x, [1.0], [1.0], loss="mse", optimizer=SGD([w], lr=0.1), epochs=1, mode=mode,
            callbacks=[Failing()], progress=False)  # fmt: skip
    assert (w.data, w.grad, w.has_grad) == (0.0, 0.0, False)


def test_a_schedule_is_stepped_from_a_callback():
    model = linear()
    optimizer = SGD(model, lr=0.1)
    schedule = ExponentialLR(optimizer, gamma=0.5)
    quiet(model, X3, Y3, optimizer=optimizer, epochs=3, callbacks=[lambda state: schedule.step()])
    assert optimizer.lr == pytest.approx(0.1 / 8)
    with pytest.raises(TypeError, match=r"got the schedule ExponentialLR; write callbacks=\[lambda state"):
        quiet(model, X3, Y3, optimizer=optimizer, callbacks=[schedule])


def test_a_callback_may_repack_the_parameters():
    model, other = linear(), linear()
    for each, callbacks in ((model, []), (other, [lambda state: SGD(other.parameters()[::-1], lr=0.0).step()])):
        quiet(each, X3, Y3, optimizer=Momentum(each, lr=0.05), epochs=4, callbacks=callbacks, patience=9)
    assert np.allclose(numbers(model), numbers(other), rtol=1e-13)


# Early stopping


def test_patience_ends_it_and_the_best_parameters_come_back():
    model = Line(0.0, 0.0)
    track = []
    # Training pulls w to 2, validation is best at 1: the loss falls, then rises.
    history = quiet(
        model, [1.0], [2.0], optimizer=SGD([model.w], lr=0.05), epochs=100, validation=([1.0], [1.0]), patience=3,
        callbacks=[lambda state: track.append(model.w.data)],
    )  # fmt: skip
    best = int(np.argmin(history["val_loss"]))
    assert history.stop_reason == "patience"
    assert history.best_epoch == best
    assert history.epochs == best + 1 + 3
    assert model.w.data == track[best] != track[-1]
    assert history["val_loss"][best] == pytest.approx((track[best] - 1) ** 2)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_what_is_watched_without_validation_is_the_loss_with_the_penalty(mode):
    w = Parameter(0.0)
    history = fit(lambda x: w * x, [1.0], [2.0], loss="mse", optimizer=SGD([w], lr=0.25), epochs=1, patience=1,
                  penalty=lambda: 3.0 * w * w, mode=mode, progress=False)  # fmt: skip
    assert w.data == 1.0  # down the slope -4 from 0
    assert history["watched"] == [1.0 + 3.0]


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_an_evaluation_of_more_samples_than_go_into_one_piece(mode):
    w, many = Parameter(2.0), np.linspace(-1.0, 1.0, 8200)
    history = fit(lambda x: w * x, [1.0], [2.0], loss="mse", optimizer=SGD([w], lr=0.1), epochs=1,
                  validation=(many, many**2), metrics=["mae"], mode=mode, progress=False)  # fmt: skip
    assert history["val_loss"][0] == pytest.approx(((2.0 * many - many**2) ** 2).mean())
    assert history["val_mae"][0] == pytest.approx(abs(2.0 * many - many**2).mean())


def test_the_best_parameters_come_back_without_an_early_end_too():
    model = Line(0.0, 0.0)
    track = []
    history = quiet(
        model, [1.0], [2.0], optimizer=SGD([model.w], lr=0.05), epochs=9, validation=([1.0], [1.0]), patience=50,
        callbacks=[lambda state: track.append(model.w.data)],
    )  # fmt: skip
    assert history.stop_reason is None
    assert model.w.data == track[history.best_epoch] != track[-1]


def test_without_validation_the_training_set_is_watched_after_each_epoch():
    # lr = 1.25 on w**2 diverges by the factor -1.5: the best of all epochs is the first.
    model = Line(1.0, 0.0)
    history = quiet(
        model, [1.0], [0.0], optimizer=SGD([model.w], lr=1.25), epochs=9, patience=2, penalty=lambda: 0.0 * model.w
    )
    assert history["watched"] == pytest.approx([1.5**2, 1.5**4, 1.5**6])
    assert history["loss"] == pytest.approx([1.0, 1.5**2, 1.5**4])
    assert (history.best_epoch, model.w.data) == (0, -1.5)


def test_what_is_watched_counts_the_penalty():
    model = Line(3.0, 0.0)
    history = quiet(
        model, [1.0], [0.0], optimizer=SGD([model.w], lr=0.0), patience=9, penalty=lambda: 0.5 * model.w * model.w
    )
    assert (history["loss"], history["penalty"], history["watched"]) == ([9.0], [4.5], [13.5])


# History


def test_of_equal_epochs_the_first_is_the_best():
    history = History()
    for loss in (2.0, 1.0, 1.0):
        history.append({"loss": loss})
    assert history.best_epoch == 1


def test_the_history_is_a_mapping_that_pickles():
    model = linear()
    history = quiet(model, X3, Y3, optimizer=SGD(model, lr=0.1), epochs=3, validation=(X3, Y3))
    assert list(history.keys()) == ["loss", "val_loss"]
    assert len(history) == 2
    assert all(len(row) == 3 for row in history.values())
    copy = pickle.loads(pickle.dumps(history))
    assert copy.to_dict() == history.to_dict() == json.loads(json.dumps(history.to_dict()))
    loss, val_loss = (f"{history[name][-1]:.4g}" for name in history)
    assert repr(copy) == f"History(3 epochs, loss={loss}, val_loss={val_loss})"
    with pytest.raises(KeyError, match="'accuracy' was not recorded; there is: loss, val_loss"):
        history["accuracy"]


# Progress


def test_importing_autograd_loads_nothing_that_only_training_needs():
    code = "import sys, autograd; print(sorted({'tqdm', 'zipfile', 'numpy.random', 'sklearn'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_progress_is_on_stderr_with_the_loss_and_can_be_silent(capfd):
    model = linear()
    quiet(model, X3, Y3, optimizer=SGD(model, lr=0.1))
    assert capfd.readouterr() == ("", "")
    history = quiet(model, X3, Y3, optimizer=SGD(model, lr=0.1), epochs=2, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "2/2" in err
    assert f"loss={history['loss'][-1]:.4g}" in err


def test_an_epoch_of_other_numbers_is_no_epoch_of_a_history():
    history = History()
    history.append({"loss": 1.0})
    with pytest.raises(ValueError, match="an epoch has the numbers loss, got loss, mse"):
        history.append({"loss": 2.0, "mse": 3.0})
    assert (dict(history), history.epochs) == ({"loss": [1.0]}, 1)


def test_accuracy_takes_one_hot_targets_too():
    scores, classes = np.array([[0.1, 2.0], [3.0, 1.0], [0.0, 1.0]]), np.array([1, 1, 1])
    assert METRICS["accuracy"](scores, np.eye(2)[classes]) == METRICS["accuracy"](scores, classes) == 2 / 3
