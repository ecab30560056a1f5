"""Vanishing gradients: ten hidden layers of sigmoid pass next to nothing back to the first one, ten of ReLU do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from autograd import compile, fit, nn, optim
from autograd.data import moons
from demos.lesson import Lesson
from viz import plot

ACTIVATIONS = ("sigmoid", "relu")
WIDTH, DEPTH = 32, 10  # neurons of a hidden layer, hidden layers
GUESSING = float(np.log(2.0))  # the loss of who says 50% always


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Measure the gradient of each layer before training, then train both networks with SGD and with Adam."""
    lesson = Lesson("vanishing_gradients", out)
    X, Y = moons(100 if small else 200, noise=0.1, rng=seed)
    epochs = 60 if small else 200

    norms = {activation: gradient_norms(network(activation, seed), X, Y) for activation in ACTIVATIONS}
    # On the way back each layer of sigmoid multiplies by its slope, which is 0.25 at most.
    bound = {"times 0.25 a layer": [norms["sigmoid"][-1] * 0.25**k for k in reversed(range(DEPTH))]}
    lesson.draw("gradients", plot.gradient_flow(norms, reference=bound))

    rows: list[dict[str, Any]] = []
    curves: dict[str, dict[str, list[float]]] = {"SGD": {}, "Adam": {}}
    for optimizer, losses in curves.items():
        for activation in ACTIVATIONS:
            losses[activation], row = train(network(activation, seed), optimizer, X, Y, epochs, seed)
            rows.append({"activation": activation, "optimizer": optimizer, **row})
    panels = {name: lambda ax, losses=losses: plot.loss(losses, ax=ax) for name, losses in curves.items()}
    lesson.draw("losses", plot.small_multiples(panels, size=(5.2, 3.6)))
    formats = {"first_loss": ".3f", "last_loss": ".2g", "moved_first": ".2g", "moved_last": ".2g", "accuracy": ".0%"}
    lesson.table("training", {name: [row[name] for row in rows] for name in rows[0]}, formats)

    sigmoid, relu, sigmoid_adam, _ = rows
    ratio = {name: each[0] / each[-1] for name, each in norms.items()}  # of the first layer to the last hidden one
    lesson.measure(sigmoid_fold=1.0 / ratio["sigmoid"], relu_ratio=ratio["relu"], epochs=epochs)
    lesson.measure(sigmoid_factor=ratio["sigmoid"] ** (1 / (DEPTH - 1)))
    for name, row in (("sigmoid", sigmoid), ("relu", relu), ("adam", sigmoid_adam)):
        lesson.measure(**{f"{name}_{key}": row[key] for key in formats})
    lesson.measure(adam_waits=sum(loss > 0.6 for loss in curves["Adam"]["sigmoid"]))
    lesson.claim("vanishes", ratio["sigmoid"] < 1e-4 < 0.01 < ratio["relu"])
    lesson.claim("learns_nothing", sigmoid["last_loss"] > 0.95 * GUESSING and relu["last_loss"] < 0.5 * GUESSING)
    return lesson


def network(activation: Any, seed: int) -> nn.MLP:
    """Two inputs, ten hidden layers, one output; weights after Xavier for sigmoid, after He for ReLU."""
    return nn.MLP(2, [WIDTH] * DEPTH + [1], activation=activation, rng=seed)


def gradient_norms(model: nn.MLP, X: Any, Y: Any) -> list[float]:
    """The norm of the gradient by the weights of each hidden layer, first to last; of the mean loss of all points."""
    loss = compile(lambda x, y: nn.losses.binary_cross_entropy_with_logits(model(x), y))
    loss.backward(X, Y)
    return [float(np.linalg.norm(layer.weight.grad)) for layer in model.layers[:-1]]


def train(
    model: nn.MLP, optimizer: str, X: Any, Y: Any, epochs: int, seed: int
) -> tuple[list[float], dict[str, float]]:
    """The loss of each epoch; and where it ended, and how far the weights of the outermost layers have moved."""
    rules = {"SGD": optim.SGD(model, lr=0.1), "Adam": optim.Adam(model, lr=0.003)}
    ends = model.layers[0].weight, model.layers[-1].weight
    before = [weight.data.copy() for weight in ends]
    history = fit(
        model, X, Y, loss="binary_cross_entropy_with_logits", optimizer=rules[optimizer], epochs=epochs,
        batch_size=len(X) // 10, metrics=["accuracy"], seed=seed, progress=False,
    )  # fmt: skip
    first, last = (float(abs(weight.data - old).max()) for weight, old in zip(ends, before, strict=True))
    return history["loss"], {
        "first_loss": history["loss"][0],
        "last_loss": history["loss"][-1],
        "accuracy": history["accuracy"][-1],
        "moved_first": first,
        "moved_last": last,
    }
