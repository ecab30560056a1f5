"""`manual_seed`: what follows from it, what doesn't, and that nobody's draws depend on another's."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import data, fit, manual_seed, nn, optim

ROWS = np.arange(12.0).reshape(6, 2)


@pytest.fixture(autouse=True)
def _none_afterwards() -> Iterator[None]:
    yield
    manual_seed(None)


def trained() -> Any:
    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5), nn.Linear(3, 1))
    fit(model, ROWS, ROWS[:, 0], loss="mse", optimizer=optim.SGD(model, lr=1e-4), epochs=2, batch_size=2, seed=None,
        progress=False)  # fmt: skip
    return np.concatenate([array.ravel() for array in model.state_dict().values()])


RANDOM = {
    "neuron": lambda: nn.Neuron(3).w.data,
    "linear": lambda: nn.Linear(3, 2).weight.data,
    "mlp": lambda: nn.MLP(2, [3, 1]).layers[1].weight.data,
    "dropout": lambda: np.array([float(y == 0.0) for y in nn.Dropout(0.5)([1.0] * 40)]),
    "moons": lambda: data.moons(6, noise=0.3)[0],
    "split": lambda: data.split(np.arange(40), np.arange(40), 0.5)[0],
    "batches": lambda: np.concatenate([x for x, _ in data.batches((ROWS, ROWS), 2)]),
    "fit": trained,
}


@pytest.mark.parametrize("name", RANDOM)
def test_the_same_seed_the_same_numbers(name: str) -> None:
    draw = RANDOM[name]
    found = []
    for seed in (7, 7, 8):
        manual_seed(seed)
        found.append(np.array([draw(), draw()], dtype=float))
    assert (found[0] == found[1]).all()
    assert not (found[0] == found[2]).all()
    assert not (found[0][0] == found[0][1]).all(), "each one that asks has numbers of its own"


def test_it_is_the_kth_child_of_the_seed_whatever_the_others_draw() -> None:
    children = np.random.SeedSequence(3).spawn(2)
    manual_seed(3)
    nn.Linear(50, 50)
    found = nn.Linear(4, 2).weight.data
    expected = nn.Linear(4, 2, rng=np.random.default_rng(children[1])).weight.data
    assert (found == expected).all()


def test_given_generators_and_other_libraries_are_not_touched() -> None:
    manual_seed(3)
    by_seed, generator = nn.Linear(3, 1, rng=0).weight.data, np.random.default_rng(5)
    nn.Linear(3, 1, rng=generator)
    manual_seed(4)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    states = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    first = nn.Linear(3, 1).weight.data
    assert states == (np.random.get_state()[1].tolist(), random.getstate())  # noqa: NPY002
    assert (nn.Linear(3, 1, rng=0).weight.data == by_seed).all()
    again = np.random.default_rng(5)
    nn.Linear(3, 1, rng=again)
    assert generator.random() == again.random()
    manual_seed(4)
    assert (nn.Linear(3, 1).weight.data == first).all()


def test_none_ends_it() -> None:
    manual_seed(1)
    first = nn.Linear(3, 1).weight.data
    manual_seed(1)
    manual_seed(None)
    assert not (nn.Linear(3, 1).weight.data == first).all()


@pytest.mark.parametrize("wrong", [-1, True, 1.5, "1", np.random.default_rng(0)])
def test_what_is_no_seed_is_refused(wrong: Any) -> None:
    manual_seed(1)
    with pytest.raises(TypeError, match=r"manual_seed takes a seed, a whole number from 0 on, or None, got"):
        autograd.manual_seed(wrong)
    found = nn.Linear(3, 1).weight.data
    manual_seed(1)
    assert (nn.Linear(3, 1).weight.data == found).all(), "nothing was changed"
