"""Moons: a small network learns to tell two curved classes apart, and is looked into layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import make_moons

import viz
from autograd import Value, compile, fit, nn, optim
from demos.lesson import Lesson
from viz import plot


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Train MLP(2, [16, 16, 1]) on scikit-learn's moons; draw the curves, the boundary and the network's graph."""
    lesson = Lesson("moons", out)
    X, labels = make_moons(100, noise=0.1, random_state=seed)
    Y = 2.0 * labels - 1.0  # the hinge loss wants -1 and 1
    model = nn.MLP(2, [16, 16, 1], activation="relu", rng=seed)
    history = fit(
        model, X, Y, loss="hinge", optimizer=optim.Adam(model, lr=0.02), epochs=40 if small else 100, batch_size=20,
        metrics=["accuracy"], patience=15, seed=seed, progress=False,
    )  # fmt: skip
    # The loss of an epoch is a mean over steps, while the parameters move; after it all samples are measured again.
    curves = {"while training": history["loss"], "after the epoch": history["watched"]}
    lesson.draw("loss", plot.loss({**curves, "accuracy": history["accuracy"]}))

    scores = compile(model)  # the model takes one point; compiled, it takes thousands at once
    lesson.draw("boundary", plot.boundary(scores, X, labels))

    # The hinge loss of a sample that is right has gradient 0 everywhere: the score has more to tell.
    model.zero_grad()
    score = model([Value(x, label=f"x{i}") for i, x in enumerate(X[0])])
    score.label = "score"
    score.backward()
    lesson.draw("network", viz.draw(score, depth=1))
    lesson.measure(off=int(np.sum(~model.layers[1].weight.grad.any(axis=1))))

    sizes = [layer.weight.shape for layer in model.layers]  # (neurons, inputs)
    parameters = [neurons * inputs + neurons for neurons, inputs in sizes]  # weights, and a bias each
    lesson.table(
        "layers",
        {"inputs": [inputs for _, inputs in sizes], "neurons": [n for n, _ in sizes], "parameters": parameters},
    )
    right = int(np.sum((scores(X) > 0) == (labels == 1)))
    best = int(np.argmin(history["watched"]))
    lesson.measure(samples=len(X), parameters=sum(parameters), right=right, epochs=history.epochs, best_epoch=best + 1)
    lesson.measure(first_loss=history["watched"][0], best_loss=history["watched"][best])
    lesson.claim("minimum", history["watched"][best] < 0.05 * history["watched"][0])
    lesson.claim("best", right == len(X))
    return lesson
