"""fit with modules that need the whole batch: PyTorch's numbers, running statistics, patience, interruptions."""

import json
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from autograd import nn, sqrt
from autograd.data import moons
from autograd.errors import NonFiniteError, ShapeError
from autograd.optim import SGD, Adam
from autograd.training import fit, load_parameters, save_parameters

PYTORCH = json.loads(
    (Path(__file__).parents[1] / "reference" / "pytorch_normalization.json").read_text(encoding="utf-8")
)["fit"]  # fmt: skip
rng = np.random.default_rng(0)
X = rng.normal(size=(21, 2)) * [300.0, 1e-2] + [1000.0, 0.0]
Y = X[:, 0] / 300.0 + 100.0 * X[:, 1]


def network(seed=0, **options):
    return nn.Sequential(
        nn.Linear(2, 4, rng=seed), nn.BatchNorm(4, **options), nn.Tanh(), nn.Linear(4, 1, rng=seed + 1)
    )


def state(model):
    return {name: array.tolist() for name, array in model.state_dict().items()}


def quiet(model, X=X, Y=Y, **options):
    arguments = {"loss": "mse", "optimizer": SGD(model, lr=0.05), "epochs": 1, "progress": False, "mode": "eager"}
    return fit(model, X, Y, **{**arguments, **options})


def test_training_is_pytorchs():
    model = network()
    model.load_state_dict(PYTORCH["start"])
    history = quiet(
        model, PYTORCH["X"], PYTORCH["Y"], optimizer=Adam(model, lr=PYTORCH["lr"]), epochs=len(PYTORCH["losses"]),
        batch_size=PYTORCH["batch_size"], seed=PYTORCH["seed"],
    )  # fmt: skip
    assert history["loss"] == pytest.approx(PYTORCH["losses"], rel=1e-8)
    for name, array in model.state_dict().items():
        # The bias in front of a BatchNorm has gradient 0 but for rounding, which Adam magnifies.
        assert np.allclose(array, PYTORCH["end"][name], rtol=1e-9, atol=1e-7 if name == "0.bias" else 1e-8), name
    predictions = [model.eval()(x).data for x in PYTORCH["X"]]
    assert np.allclose(predictions, PYTORCH["predictions"], rtol=1e-7)


def test_it_improves_a_badly_scaled_problem():
    X, Y = moons(60, noise=0.1, rng=0)
    X = X * [0.1, 300.0] + [5.0, -4000.0]
    final = {}
    for norms in (True, False):
        model = nn.Sequential(
            *([nn.BatchNorm(2)] if norms else []),
            nn.Linear(2, 8, rng=0), *([nn.BatchNorm(8)] if norms else []), nn.Tanh(), nn.Linear(8, 1, rng=1),
        )  # fmt: skip
        history = quiet(
            model, X, 2 * Y - 1, loss="hinge", optimizer=Adam(model, lr=0.05), epochs=30, batch_size=20,
            metrics=["accuracy"],
        )  # fmt: skip
        final[norms] = history["accuracy"][-1]
    assert final[True] >= 0.9
    assert final[False] <= 0.6


def test_a_step_is_the_gradient_of_the_mean_over_the_batch():
    model, other = network(), network()
    loss = sum((y - t) ** 2 for y, t in zip(other.forward_batch(X), Y, strict=True)) / len(X)
    loss.backward()
    expected = [p.data - 0.05 * p.grad for p in other.parameters()]
    history = quiet(model)
    assert np.allclose([p.data for p in model.parameters()], expected, rtol=1e-10, atol=1e-12)
    assert history["loss"] == [pytest.approx(loss.data, rel=1e-12)]
    assert (history.steps, history.samples_seen) == (1, 21)
    assert [b.tolist() for b in model.buffers()] == [b.tolist() for b in other.buffers()]


def test_the_same_seed_gives_the_same_bytes():
    def run():
        model = nn.Sequential(nn.BatchNorm(2), nn.Linear(2, 3, rng=0), nn.Dropout(0.3, rng=1), nn.Linear(3, 1, rng=2))
        history = quiet(model, epochs=3, batch_size=6, validation=0.2, seed=4)
        return [array.tobytes() for array in model.state_dict().values()], history.to_dict()

    assert run() == run()


def test_evaluation_uses_the_running_statistics_sample_by_sample():
    model = network()
    history = quiet(model, epochs=2, batch_size=7, validation=(X[:1], Y[:1]), metrics=["mse"])
    assert model[1].num_batches_tracked == 6.0
    assert model.training
    predictions = np.array([model.eval()(x).data for x in X])
    assert history["mse"][-1] == pytest.approx(np.mean((predictions - Y) ** 2))
    assert history["val_loss"][-1] == pytest.approx((predictions[0] - Y[0]) ** 2)


def test_without_running_statistics_evaluation_takes_whole_sets():
    model = network(track_running_stats=False)
    history = quiet(model, epochs=2, validation=(X[:5], Y[:5]), metrics=["mse"])
    model.eval()
    for rows, recorded in ((slice(None), history["mse"]), (slice(5), history["val_loss"])):
        predictions = np.array([y.data for y in model.forward_batch(X[rows])])
        assert recorded[-1] == pytest.approx(np.mean((predictions - Y[rows]) ** 2))


def test_a_layer_that_is_frozen_on_the_way_keeps_its_statistics():
    model = network()
    frozen = []

    def freeze(state):
        model[1].eval()
        frozen.append(model[1].running_mean.tolist())

    quiet(model, epochs=3, callbacks=[freeze])
    assert frozen[0] == frozen[1] == frozen[2]
    assert model[1].num_batches_tracked == 1.0


def test_a_layer_that_comes_in_on_the_way_gets_whole_batches():
    model = nn.Sequential(nn.Linear(2, 4, rng=0), nn.Linear(4, 1, rng=1))

    def insert(state):
        if state.epoch == 0:
            model.layers.insert(1, nn.BatchNorm(4, affine=False))

    quiet(model, X[:, :2] / 1000.0, epochs=3, callbacks=[insert], batch_size=7)
    assert model[1].num_batches_tracked == 6.0


def test_patience_puts_the_running_statistics_of_the_best_epoch_back():
    model = network()
    track = []
    # The validation targets are of no use, so the loss there is best early.
    history = quiet(
        model, optimizer=SGD(model, lr=0.1), epochs=40, batch_size=7, validation=(X[:5], -Y[:5]), patience=3,
        callbacks=[lambda s: track.append(state(model))],
    )  # fmt: skip
    assert history.stop_reason == "patience"
    assert state(model) == track[history.best_epoch] != track[-1]
    assert model[1].num_batches_tracked == 3.0 * (history.best_epoch + 1)


def test_checkpoints_hold_running_statistics(tmp_path):
    model, other = network(), network(7)
    quiet(model)
    load_parameters(other, save_parameters(model, tmp_path / "model.npz"))
    assert state(other) == state(model)
    assert other[1].num_batches_tracked == 1.0


# What goes wrong


@pytest.mark.parametrize(
    ("options", "notes"),
    [({"batch_size": 10}, "21 samples in batches of 10"), ({"batch_size": 1}, "21 samples in batches of 1")],
)
def test_a_batch_of_one_sample_is_refused_before_the_first_step(options, notes):
    model = network()
    before = state(model)
    with pytest.raises(
        ShapeError, match=r"in training needs at least 2 samples, got 1, and one has no variance"
    ) as caught:
        quiet(model, **options)
    assert caught.value.__notes__ == [f"in fit: {notes} make one of 1"]
    assert state(model) == before


class Failing(SGD):
    """Fails in its second step."""

    error: ClassVar[type[BaseException]] = ZeroDivisionError

    def step(self):
        if self.t == 1:
            self.params[0].data += 1.0
            raise self.error
        super().step()


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_step_that_failed_leaves_the_statistics_of_the_last_finished_one(error, capsys):
    model, whole = network(), network()
    optimizer = Failing(model, lr=0.05)
    optimizer.error = error
    if error is KeyboardInterrupt:
        assert quiet(model, optimizer=optimizer, epochs=5).interrupted
    else:
        with pytest.raises(error):
            quiet(model, optimizer=optimizer, epochs=5)
    quiet(whole)
    assert state(model) == state(whole)


class InTheMiddle:
    """Ctrl-C when the gradients of the second batch are complete."""

    def __call__(self, state):
        pass

    def before_step(self, state):
        if state.history.steps == 1:
            raise KeyboardInterrupt


def test_ctrl_c_between_backward_and_step(capsys):
    model, whole = network(), network()
    assert quiet(model, epochs=5, callbacks=[InTheMiddle()]).interrupted
    quiet(whole)
    assert state(model) == state(whole)
    assert {p.grad for p in model.parameters()} == {0.0}


def test_a_loss_that_is_not_finite_names_its_sample():
    model = network()
    before = state(model)
    targets = Y.copy()
    targets[3] = 1e200
    with pytest.raises(NonFiniteError, match=r"^the loss is inf for sample 3 \(row 3 of X\) in epoch 0, step 0"):
        quiet(model, Y=targets)
    assert state(model) == before


def test_a_gradient_that_is_not_finite_names_the_batch():
    model = nn.Sequential(nn.BatchNorm(2), nn.Linear(2, 1, init=[[0.0, 0.0]]))
    with pytest.raises(NonFiniteError) as caught:
        quiet(model, loss=lambda p, y: sqrt(p * p))
    assert str(caught.value).startswith(
        "the gradient isn't finite for a batch of 21 samples, the first is row 0 of X, in epoch 0, step 0, all counted "
        "from 0. It begins with sqrt(0.0): its partial by the operand 0 (0.0) is inf, times the adjoint 0.047619"
    )
    assert model[0].num_batches_tracked == 0.0


def test_an_error_in_the_forward_names_the_batch():
    class Odd(nn.Sequential):
        def forward_batch(self, xs):
            if self.training:
                raise ZeroDivisionError
            return super().forward_batch(xs)

    odd = Odd(nn.BatchNorm(2), nn.Linear(2, 1, rng=0))
    with pytest.raises(ZeroDivisionError) as caught:
        quiet(odd, batch_size=7)
    assert caught.value.__notes__[0].startswith("in fit: a batch of 7 samples, the first is row ")


def test_a_validation_loss_that_is_not_finite_names_its_sample_in_whole_sets_too():
    model = network(track_running_stats=False)
    with pytest.raises(NonFiniteError, match=r"the loss is inf for validation sample 2 \(row 2 of validation X\)"):
        quiet(model, validation=(X[:4], [0.0, 1.0, 1e200, 1.0]))


def test_a_model_without_forward_batch_of_its_own_is_told():
    class Mine(nn.Module):
        def __init__(self):
            self.norm, self.out = nn.BatchNorm(2), nn.Linear(2, 1, rng=0)

        def forward(self, x):
            return self.out(self.norm(x))

    model = Mine()
    before = state(model)
    with pytest.raises(ShapeError, match=r"^norm: BatchNorm.*needs a forward_batch of its own too"):
        quiet(model)
    assert state(model) == before
