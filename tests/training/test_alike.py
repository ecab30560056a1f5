"""The compiled engine against the eager one: every feature of `fit`, alone and in pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from autograd import fit, nn
from autograd.nn.penalties import l1, l2
from autograd.optim import SGD, Adam, ExponentialLR

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(23, 3))
Y = np.sign(X[:, 0] * X[:, 1] + 0.3 * X[:, 2])


class Steps:
    """A callback that is called for each batch."""

    def before_step(self, state):
        pass

    def __call__(self, state):
        pass


def schedule(optimizer):
    schedule = ExponentialLR(optimizer, 0.9)
    return lambda state: schedule.step()


FEATURES = {
    "l2": lambda m, o: {"penalty": lambda: l2(m, 0.05)},
    "l1": lambda m, o: {"penalty": lambda: l1(m, 0.03, bias=True)},
    "by hand": lambda m, o: {"penalty": lambda: 0.01 * sum(w**2 for w in m.parameters())},
    "two sums": lambda m, o: {"penalty": lambda: (0.01 * sum(abs(w) for w in m.parameters()) + l2(m, 0.1)) ** 2},
    "clip": lambda m, o: {"clip_norm": 0.2},
    "noise": lambda m, o: {"transform": lambda x, rng: x + rng.normal(0.0, 0.1, x.shape)},
    "batches": lambda m, o: {"batch_size": 5},
    "schedule": lambda m, o: {"callbacks": [schedule(o)]},
    "steps": lambda m, o: {"callbacks": [Steps()]},
    "validation": lambda m, o: {"validation": 0.3, "metrics": ["mse"], "patience": 4},
    "float32": lambda m, o: {"X": X.astype(np.float32)},
}
MODELS = {
    "mlp": lambda: nn.MLP(3, [9, 1], activation="tanh", rng=1),
    "dropout": lambda: nn.Sequential(nn.Linear(3, 6, rng=1), nn.Dropout(0.4, rng=7), nn.Tanh(), nn.Linear(6, 1, rng=2)),
    "norm": lambda: nn.Sequential(nn.Linear(3, 6, rng=1), nn.Tanh(), nn.BatchNorm(6), nn.Linear(6, 1, rng=2)),
}


def outcome(mode, model, optimizer, names):
    made = MODELS[model]()
    used = optimizer(made.parameters())
    options = {"X": X, "loss": "mse", "epochs": 9, "progress": False}
    for name in names:
        options.update(FEATURES[name](made, used))
    history = fit(made, options.pop("X"), Y, optimizer=used, mode=mode, **options)
    return {**history, "parameters": np.concatenate([a.data.ravel() for a in made.parameters().arrays])}


PAIRS = [*((name,) for name in FEATURES), *itertools.combinations(FEATURES, 2)]


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_a_feature_trains_alike_compiled_and_eager(names):
    # Each pair has a model and an optimizer of its own: all are met, but not all together.
    number = PAIRS.index(names)
    model = list(MODELS)[number % 3]
    optimizer = [lambda p: SGD(p, lr=0.05, momentum=0.5), lambda p: Adam(p, lr=0.01)][number % 2]
    eager, compiled = (outcome(mode, model, optimizer, names) for mode in ("eager", "compiled"))
    assert eager.keys() == compiled.keys()
    for name, numbers in eager.items():
        np.testing.assert_allclose(compiled[name], numbers, rtol=1e-10, atol=1e-12, err_msg=name)
    assert np.ptp(eager["loss"]) > 1e-3  # something was trained


def test_epochs_ahead_tell_loss_and_penalty_apart():
    """Whole batches without callbacks: many epochs are one call."""
    found = [outcome(mode, "mlp", lambda p: SGD(p, lr=0.05), ["l2", "noise"]) for mode in ("eager", "compiled")]
    first = MODELS["mlp"]()
    assert found[1]["penalty"][0] == pytest.approx(
        0.05 * sum((a.data**2).sum() for a in first.parameters().arrays[::2])
    )
    for name in ("loss", "penalty"):
        np.testing.assert_allclose(found[1][name], found[0][name], rtol=1e-11)


@pytest.mark.parametrize("batch_size", [None, 5])
def test_a_long_training_with_everything_at_once(batch_size):
    names = ["l1", "clip", "noise"]
    found = {}
    for mode in ("eager", "compiled"):
        made = MODELS["mlp"]()
        used = SGD(made.parameters(), lr=0.02)
        options = {key: value for name in names for key, value in FEATURES[name](made, used).items()}
        history = fit(made, X, Y, loss="mse", optimizer=used, epochs=60, batch_size=batch_size, mode=mode, seed=4,
                      progress=False, **options)  # fmt: skip
        found[mode] = np.array([*history["loss"], *history["penalty"], *(p.data for p in made.parameters())])
    np.testing.assert_allclose(found["compiled"], found["eager"], rtol=1e-9, atol=1e-12)
