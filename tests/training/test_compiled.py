"""Compiled training is eager training, faster: the same numbers, masks, errors and interruptions."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from autograd import Parameter, TraceError, Value, fit, nn, optim
from autograd.errors import NonFiniteError
from autograd.optim import SGD, Adam
from tests.optim.optimizers import every_optimizer

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(23, 3))
Y = np.sign(X[:, 0] * X[:, 1] + 0.3 * X[:, 2])
CLASSES = RANDOM.integers(0, 4, 23)


def mlp():
    return nn.MLP(3, [6, 1], activation="tanh", rng=1)


def with_dropout():
    return nn.Sequential(
        nn.Dropout(0.2, rng=7), nn.Linear(3, 6, rng=1), nn.Tanh(), nn.Dropout(0.5, rng=8), nn.Linear(6, 1, rng=2)
    )


def trained(make, mode, loss="hinge", targets=Y, optimizer=lambda m: Adam(m, lr=0.01), **options):
    """(history, parameters, optimizer) after 100 steps or so."""
    model = make()
    used = optimizer(model)
    options = {"epochs": 20, "batch_size": 5, "progress": False, "mode": mode, **options}
    history = fit(model, X, targets, loss=loss, optimizer=used, **options)
    return history, np.array([p.data for p in model.parameters()]), used


def assert_equal(make, **options):
    eager, compiled = trained(make, "eager", **options), trained(make, "compiled", **options)
    assert eager[0].keys() == compiled[0].keys()
    for name in eager[0]:
        np.testing.assert_allclose(compiled[0][name], eager[0][name], rtol=1e-9, atol=1e-14, err_msg=name)
    np.testing.assert_allclose(compiled[1], eager[1], rtol=1e-9, atol=1e-14)
    assert (eager[0].steps, eager[0].samples_seen, eager[2].t) == (
        compiled[0].steps,
        compiled[0].samples_seen,
        compiled[2].t,
    )
    for name, array in eager[2].state.items():
        np.testing.assert_allclose(compiled[2].state[name], array, rtol=1e-8, atol=1e-14, err_msg=name)
    return compiled


@every_optimizer
def test_every_optimizer(kind, options):
    history, numbers, _ = assert_equal(mlp, optimizer=lambda m: kind(m, **options))
    assert history.steps == 100
    assert not np.allclose(numbers, [p.data for p in mlp().parameters()])


@pytest.mark.parametrize("options", [
    {"batch_size": None},
    {"batch_size": 1, "epochs": 5},
    {"validation": 0.3, "metrics": ["accuracy"], "patience": 3},
    {"metrics": ["accuracy", "mse"]},
    {"loss": "mse"},
    {"loss": lambda p, y: (p - y) ** 2 + abs(p)},
], ids=lambda options: "-".join(options))  # fmt: skip
def test_every_way_to_call_it(options):
    assert_equal(mlp, **options)


def test_dropout_draws_the_same_masks():
    assert_equal(with_dropout, metrics=["accuracy"])


def test_class_indices():
    assert_equal(lambda: nn.MLP(3, [6, 4], rng=0), loss="cross_entropy", targets=CLASSES, metrics=["accuracy"])


def test_a_penalty_is_apart_from_the_loss():
    def run(mode):
        model = mlp()
        history = fit(model, X, Y, loss="hinge", optimizer=Adam(model, lr=0.01), epochs=10, batch_size=7, mode=mode,
                      penalty=lambda: nn.penalties.l2(model, 0.01), progress=False)  # fmt: skip
        return history, [p.data for p in model.parameters()]

    (eager, its), (compiled, mine) = run("eager"), run("compiled")
    for name in ("loss", "penalty"):
        np.testing.assert_allclose(compiled[name], eager[name], rtol=1e-9)
    np.testing.assert_allclose(mine, its, rtol=1e-9)


class Watch:
    """Clips each gradient and lowers the rate by the step."""

    def __init__(self, optimizer):
        self.optimizer, self.norms = optimizer, []

    def before_step(self, state):
        self.norms.append(optim.clip_grad_norm_(self.optimizer.params, 0.1))

    def after_step(self, state):
        state.optimizer.lr *= 0.99

    def __call__(self, state):
        pass


def test_callbacks_see_every_step():
    norms = {}
    numbers = {}
    for mode in ("eager", "compiled"):
        model = mlp()
        used = SGD(model, lr=0.1)
        watch = Watch(used)
        fit(
            model,
            X,
            Y,
            loss="hinge",
            optimizer=used,
            epochs=4,
            batch_size=5,
            callbacks=[watch],
            mode=mode,
            progress=False,
        )
        norms[mode], numbers[mode] = watch.norms, [p.data for p in model.parameters()]
    assert len(norms["eager"]) == 20
    np.testing.assert_allclose(norms["compiled"], norms["eager"], rtol=1e-9)
    np.testing.assert_allclose(numbers["compiled"], numbers["eager"], rtol=1e-9)


def test_a_rate_set_between_epochs_counts():
    def slower(state):
        state.optimizer.lr *= 0.8

    assert_equal(mlp, callbacks=[slower])


def test_an_optimizer_over_a_part_of_the_model():
    with pytest.warns(UserWarning, match=r"SGD lacks 24 of the model's parameters \(layers\.0\.neurons\.0\.w\.0, "):
        assert_equal(mlp, optimizer=lambda m: SGD(m.layers[1], lr=0.1))


def test_what_cannot_be_traced_is_said_once_and_run_eagerly():
    w = Parameter(1.0)

    def model(x):
        return w * x if x > 0 else w * 2.0

    arguments = {"loss": "mse", "optimizer": SGD([w], lr=0.1), "epochs": 3, "progress": False}
    with pytest.raises(TraceError, match="where"):
        fit(model, [1.0, -1.0], [2.0, 2.0], mode="compiled", **arguments)
    assert w.data == 1.0
    with pytest.warns(UserWarning, match="fit runs this model eagerly.*where") as caught:
        history = fit(model, [1.0, -1.0], [2.0, 2.0], mode="auto", **arguments)
    assert [each.filename for each in caught] == [__file__]
    assert history.steps == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, [1.0, -1.0], [2.0, 2.0], mode="eager", **arguments)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_a_diverging_training_stops_before_the_bad_step(mode):
    w = Parameter(1.0, label="w")
    used = SGD([w], lr=1e120)
    with pytest.raises(NonFiniteError, match=r"sample \d+ .* in epoch \d+, step \d+") as caught:
        fit(lambda x: w * x, [1.0, 2.0], [3.0, 5.0], loss="mse", optimizer=used, epochs=9, batch_size=1, mode=mode,
            progress=False)  # fmt: skip
    assert "Try a smaller learning rate" in str(caught.value)
    assert np.isfinite(w.data)


def test_both_modes_stop_with_the_same_words():
    words = []
    for mode in ("eager", "compiled"):
        w = Parameter(2.0, label="w")

        def model(x, w=w):
            return (w * x).exp()

        with pytest.raises(NonFiniteError) as caught:
            fit(model, [1.0, 300.0, 900.0], [1.0, 1.0, 1.0], loss="mse", optimizer=SGD([w], lr=0.0), epochs=2,
                batch_size=1, mode=mode, progress=False)  # fmt: skip
        words.append(str(caught.value))
        assert w.data == 2.0
    assert words[0] == words[1]


def test_a_step_to_infinity_is_undone_with_the_optimizers_state():
    """The gradient is finite, the step is not: parameters, momentum and count are those before it."""
    results = []
    for mode in ("eager", "compiled"):
        w = Parameter(1e308)
        used = SGD([w], lr=1e308)
        with pytest.raises(NonFiniteError):
            fit(lambda x, w=w: w * x, [1.0], [0.0], loss=lambda p, y: -p, optimizer=used, epochs=3, mode=mode,
                progress=False)  # fmt: skip
        results.append((w.data, used.t))
    assert results[0][0] == results[1][0] == 1e308


def test_ctrl_c_between_epochs_keeps_what_was_learnt(capsys):
    def interrupt(state):
        if state.epoch == 2:
            raise KeyboardInterrupt

    history, numbers, _ = trained(mlp, "compiled", callbacks=[interrupt])
    assert history.interrupted
    assert history.steps == 15
    assert "kept what was learnt in 15 steps" in capsys.readouterr().err
    _, expected, _ = trained(mlp, "compiled", epochs=3)
    assert (numbers == expected).all()


def test_it_is_deterministic():
    first, second = (trained(with_dropout, "compiled") for _ in range(2))
    assert first[0]["loss"] == second[0]["loss"]
    assert (first[1] == second[1]).all()


def test_a_graph_can_be_drawn_after_it():
    model = mlp()
    fit(model, X, Y, loss="hinge", optimizer=Adam(model), epochs=1, progress=False, mode="compiled")
    loss = nn.losses.hinge(model([Value(x) for x in X[0]]), Y[0])
    loss.backward()
    assert loss.has_grad


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("make", [
    lambda m: SGD(m, lr=0.05),
    lambda m: SGD(m, lr=0.02, momentum=0.9, dampening=0.1, maximize=True),
    lambda m: Adam(m, lr=0.01),
], ids=["sgd", "dampened", "adam"])  # fmt: skip
def test_many_epochs_in_one_piece(make, batch_size):
    history, _, used = assert_equal(mlp, optimizer=make, epochs=150, batch_size=batch_size)
    assert history.epochs == len(history["loss"]) == 150
    assert history.steps == used.t == 150 * (1 if batch_size is None else 5)


def noise(X, rng):
    return X * rng.uniform(0.9, 1.1, X.shape)


@pytest.mark.parametrize("transform", [None, noise])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("batch_size", [None, 1])
def test_what_fails_in_one_piece_fails_as_it_does_step_by_step(batch_size, momentum, transform):
    outcomes = []
    for mode in ("eager", "compiled"):
        w = Parameter(1.0, label="w")
        used = SGD([w], lr=2.0, momentum=momentum)
        with pytest.raises(NonFiniteError) as caught:
            fit(lambda x, w=w: w * x, [1.0, 2.0], [3.0, 5.0], loss="mse", optimizer=used, epochs=2000, mode=mode,
                batch_size=batch_size, transform=transform, progress=False)  # fmt: skip
        numbers = [w.data, *(array.item() for array in used.state.values())]
        outcomes.append((str(caught.value).split(" Try ")[0].split("is ")[0], used.t, numbers))
    (said, steps, numbers), (its_words, its_steps, its_numbers) = outcomes
    assert said == its_words
    assert steps == its_steps > 16
    assert numbers == pytest.approx(its_numbers, rel=1e-9)


def test_the_random_order_goes_on_where_the_epochs_end():
    drawn = []
    for mode in ("eager", "compiled"):
        random = np.random.default_rng(4)
        trained(mlp, mode, epochs=40, seed=random)
        drawn.append(random.random())
    assert drawn[0] == drawn[1]
