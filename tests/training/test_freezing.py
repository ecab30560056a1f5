"""Training with frozen parameters: fine-tuning, eager against compiled, callbacks that freeze."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from autograd import fit, nn
from autograd.optim import Adam

X = np.random.default_rng(2).normal(size=(20, 3))
Y = np.tanh(X[:, 0] - X[:, 1])
MODES = ["eager", "compiled"]


def run(mode: str, callback: Any = None, epochs: int = 6, **options: Any) -> tuple[nn.MLP, Any]:
    model = nn.MLP(3, [4, 3, 1], activation="tanh", rng=0)
    if callback is None:
        model.layers[0].requires_grad_(False)
        model.layers[1].bias.requires_grad = False  # type: ignore[union-attr]
    history = fit(
        model,
        X,
        Y,
        loss="mse",
        optimizer=Adam(model.parameters(), lr=0.03, weight_decay=0.01),
        epochs=epochs,
        batch_size=8,
        callbacks=[] if callback is None else [callback],
        mode=mode,
        progress=False,
        **options,
    )
    return model, history


def numbers(model: nn.MLP) -> Any:
    return np.array([p.data for p in model.parameters()])


@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.1}, {"validation": 0.2, "patience": 2}])
def test_eager_and_compiled_agree_and_frozen_ones_stay(options: Any) -> None:
    start = nn.MLP(3, [4, 3, 1], activation="tanh", rng=0).state_dict()
    (eager, one), (compiled, other) = run("eager", **options), run("compiled", **options)
    assert other["loss"] == pytest.approx(one["loss"], rel=1e-10)
    assert numbers(compiled) == pytest.approx(numbers(eager), rel=1e-9)
    assert one["loss"][-1] < one["loss"][0]
    for model in (eager, compiled):
        same = {name: np.array_equal(array, start[name]) for name, array in model.state_dict().items()}
        assert [name for name, is_same in same.items() if is_same] == [
            *("layers.0.weight", "layers.0.bias", "layers.1.bias")
        ]


def test_a_penalty_on_frozen_weights_alone_is_a_number() -> None:
    found = []
    for mode in MODES:
        model = nn.MLP(3, [2, 1], rng=0)
        model.layers[0].requires_grad_(False)
        history = fit(
            model,
            *(X, Y),
            loss="mse",
            optimizer=lambda ps: Adam(ps, lr=0.01),
            epochs=2,
            penalty=lambda model=model: nn.penalties.l2(model.layers[0], 0.1),
            mode=mode,
            progress=False,
        )
        found.append((history["penalty"], numbers(model)))
    assert found[0][0] == pytest.approx(found[1][0])
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_a_callback_that_unfreezes_and_freezes(mode: str) -> None:
    seen = []

    def gradually(state: Any) -> None:
        state.model.layers[0].requires_grad_(state.epoch >= 2)
        seen.append(numbers(state.model)[:16])

    run(mode, gradually)
    moved = [bool(np.any(a != b)) for a, b in pairwise(seen)]
    assert moved == [False, False, True, True, True], "after epoch 0 it is frozen, after epoch 2 it isn't"


def test_callbacks_count_the_same_in_both_modes() -> None:
    def gradually(state: Any) -> None:
        state.model.layers[1].requires_grad_(state.epoch % 2 == 0)

    (eager, one), (compiled, other) = run("eager", gradually), run("compiled", gradually)
    assert other["loss"] == pytest.approx(one["loss"], rel=1e-10)
    assert numbers(compiled) == pytest.approx(numbers(eager), rel=1e-9)


@pytest.mark.parametrize("mode", ["auto", *MODES])
def test_freezing_everything_is_refused_before_anything_changes(mode: str) -> None:
    model = nn.MLP(3, [2, 1], rng=0)
    model.requires_grad_(False)
    with pytest.raises(ValueError, match=r"^Adam: all of its parameters are frozen .*unfreeze some"):
        fit(model, X, Y, loss="mse", optimizer=Adam(model, lr=0.1), epochs=1, mode=mode, progress=False)


@pytest.mark.parametrize("mode", MODES)
def test_an_optimizer_of_those_that_are_trained_lacks_nothing(mode: str) -> None:
    """As one writes it for PyTorch; a warning would be an error here."""
    model = nn.MLP(3, [4, 1], activation="tanh", rng=0)
    model.layers[0].requires_grad_(False)
    opt = Adam([p for p in model.parameters() if p.requires_grad], lr=0.03)
    whole = nn.MLP(3, [4, 1], activation="tanh", rng=0)
    whole.layers[0].requires_grad_(False)
    for each, optimizer in ((model, opt), (whole, Adam(whole, lr=0.03))):
        fit(each, X, Y, loss="mse", optimizer=optimizer, epochs=3, mode=mode, progress=False)
    assert numbers(model) == pytest.approx(numbers(whole), rel=1e-9)
