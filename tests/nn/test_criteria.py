"""Losses as modules: the functions under PyTorch's names, wherever a loss may stand."""

import copy
import importlib
import pickle
from typing import Any

import numpy as np
import pytest

import viz
from autograd import Value, compile, fit, nn
from autograd.nn import losses
from autograd.nn.criteria import Loss
from autograd.optim import SGD

P = np.random.default_rng(6).normal(size=(5, 3))
# Prediction and target of the rows of P, and the loss as a textbook has it, over NumPy arrays.
LINES: dict[str, tuple[Any, Any, Any, Any]] = {
    "MSELoss": (nn.MSELoss(), P, P[::-1] * 2, lambda p, t: ((p - t) ** 2).mean(axis=1)),
    "L1Loss": (nn.L1Loss(), P, P[::-1] * 2, lambda p, t: abs(p - t).mean(axis=1)),
    "HuberLoss": (
        nn.HuberLoss(delta=0.5),
        *(P, P[::-1] * 2),
        lambda p, t: np.where(abs(p - t) <= 0.5, (p - t) ** 2 / 2, 0.5 * (abs(p - t) - 0.25)).mean(axis=1),
    ),
    "SmoothL1Loss": (
        nn.SmoothL1Loss(beta=2.0),
        *(P, P[::-1] * 2),
        lambda p, t: np.where(abs(p - t) < 2, (p - t) ** 2 / 4, abs(p - t) - 1).mean(axis=1),
    ),
    "HingeLoss": (nn.HingeLoss(), P, np.sign(P[::-1]), lambda p, t: np.maximum(0, 1 - p * t).mean(axis=1)),
    "BCELoss": (
        nn.BCELoss(),
        *(1 / (1 + np.exp(-P)), (P[::-1] > 0) * 1.0),
        lambda p, t: -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(axis=1),
    ),
    "BCEWithLogitsLoss": (
        nn.BCEWithLogitsLoss(),
        *(P, (P[::-1] > 0) * 1.0),
        lambda p, t: (np.log1p(np.exp(-p)) + (1 - t) * p).mean(axis=1),
    ),
    "CrossEntropyLoss": (
        nn.CrossEntropyLoss(),
        *(P, np.array([0.0, 1.0, 2.0, 1.0, 0.0])),
        lambda p, t: np.log(np.exp(p).sum(axis=1)) - p[np.arange(5), t.astype(int)],
    ),
    "NLLLoss": (
        nn.NLLLoss(),
        *(-np.abs(P), np.array([0.0, 1.0, 2.0, 1.0, 0.0])),
        lambda p, t: -p[np.arange(5), t.astype(int)],
    ),
}
every_loss = pytest.mark.parametrize("line", LINES.values(), ids=list(LINES))


def test_every_loss_is_exported_and_tried() -> None:
    found = vars(importlib.import_module("autograd.nn.criteria")).values()
    kinds = {kind for kind in found if isinstance(kind, type) and issubclass(kind, Loss)} - {Loss}
    assert {kind.__name__ for kind in kinds} == set(LINES)
    assert all(getattr(nn, name) in kinds and name in nn.__all__ for name in LINES)
    assert {kind.function for kind in kinds} == set(losses.LOSSES.values())


@every_loss
def test_eager_and_compiled_are_the_textbooks(line: Any) -> None:
    loss, predictions, targets, formula = line
    expected = formula(predictions, targets)
    eager = [loss(list(map(Value, p)), t) for p, t in zip(predictions, targets, strict=True)]
    assert [y.data for y in eager] == pytest.approx(list(expected), rel=1e-13)
    for backend in ("numpy", "llvm"):
        assert compile(loss, backend)(predictions, targets) == pytest.approx(expected, rel=1e-12)
    assert viz.draw(eager[0]).view.nodes


@every_loss
@pytest.mark.parametrize("way", [copy.deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))])
def test_copies(line: Any, way: Any) -> None:
    loss, predictions, targets, _ = line
    twin = way(loss)
    assert twin(predictions[0].tolist(), targets[0]) == loss(predictions[0].tolist(), targets[0])
    assert repr(twin) == repr(loss) == f"{type(loss).__name__}()"


@pytest.mark.parametrize("mode", ["eager", "compiled"])
@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy_with_logits", "hinge"])
def test_fit_takes_them_as_it_takes_names(name: str, mode: str) -> None:
    X = np.random.default_rng(7).normal(size=(12, 2))
    Y = (X[:, 0] > 0).astype(int)
    module = {"cross_entropy": nn.CrossEntropyLoss, "hinge": nn.HingeLoss}.get(name, nn.BCEWithLogitsLoss)()
    found = []
    for loss in (name, module):
        model = nn.Linear(2, 2 if name == "cross_entropy" else 1, rng=0)
        history = fit(
            model,
            *(X, 2 * Y - 1 if name == "hinge" else Y),
            loss=loss,
            optimizer=SGD(model, lr=0.1),
            epochs=5,
            metrics=["accuracy"],
            mode=mode,
            progress=False,
        )
        found.append((history["loss"], history["accuracy"]))
    assert found[0] == found[1]


@pytest.mark.parametrize("reduction", ["sum", "none", None])
def test_there_is_one_reduction(reduction: Any) -> None:
    with pytest.raises(ValueError, match=r"^MSELoss is the loss of one sample, the mean over its outputs: there is"):
        nn.MSELoss(reduction=reduction)
    assert nn.HuberLoss(reduction="mean", delta=2.0)(0.0, 3.0) == 4.0


def test_constants_are_checked_when_they_are_given() -> None:
    for make in (lambda: nn.HuberLoss(delta=0.0), lambda: nn.SmoothL1Loss(beta=-1.0)):
        with pytest.raises(ValueError, match=r"^delta of huber is a finite number above 0"):
            make()
