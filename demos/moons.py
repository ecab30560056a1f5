"""The main job: train a small network on real input and see what it learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import make_moons

import viz
from autograd import Value, compile, fit, nn, optim
from demos.gallery import Figure, Section
from viz import plot

SAMPLES, NOISE = 100, 0.1
EPOCHS, PATIENCE = 100, 15


def main(out: Path, seed: int = 0) -> Section:
    """Train MLP(2, [16, 16, 1]) on scikit-learn's moons; leave curve, boundary and the network's graph in ``out``."""
    folder = out / "moons"
    folder.mkdir(parents=True, exist_ok=True)
    X, labels = make_moons(SAMPLES, noise=NOISE, random_state=seed)
    Y = 2.0 * labels - 1.0
    model = nn.MLP(2, [16, 16, 1], activation="relu", rng=seed)
    print(f"moons: training {model} on {SAMPLES} samples, hinge loss, Adam")
    history = fit(
        model, X, Y, loss="hinge", optimizer=optim.Adam(model, lr=0.02), epochs=EPOCHS, batch_size=20,
        metrics=["accuracy"], patience=PATIENCE, seed=seed,
    )  # fmt: skip
    scores = compile(model)  # for thousands of points at once
    accuracy = float(np.mean((scores(X) > 0) == (labels == 1)))
    print(f"moons: best epoch {history.best_epoch}, loss there {min(history['watched']):.6f}, accuracy {accuracy:.1%}")

    curve = plot.save(plot.loss(history, title="Hinge loss and accuracy"), folder / "loss.svg")
    boundary = plot.save(plot.boundary(scores, X, labels), folder / "boundary.svg")
    graph = viz.draw(_score_of(model, X[0]), depth=2, theme="auto").save(folder / "network.svg")
    return Section(
        name="moons",
        title="Training a network on the moons",
        paragraphs=[
            f"A network of {len(model.parameters())} parameters, every one of them a number in a graph, learns to tell "
            f"two moons of {SAMPLES} points apart: accuracy {accuracy:.1%} with the parameters of the best of "
            f"{history.epochs} epochs.",
        ],
        figures=[
            Figure(curve, "Loss and accuracy by epoch.", "Loss curve: it falls towards zero as accuracy reaches one."),
            Figure(
                boundary,
                "What the network says of every point of the plane; its decision boundary is where the score is 0.",
                "Two interleaved half moons of points with the decision boundary of the network between them.",
            ),
            Figure(
                graph,
                "The trained network for one sample, each neuron drawn as one box: what it puts out, and the gradient "
                "of the score by it.",
                "Computation graph of the network collapsed to neurons, with values and gradients.",
                wide=True,
            ),
        ],
        measured={"accuracy": accuracy, "loss": min(history["watched"])},
    )


def _score_of(model: nn.MLP, x: NDArray[np.float64]) -> Value:
    """The score of one sample after its backward (the hinge loss of a sample that is right has gradient 0)."""
    model.zero_grad()
    score: Value = model([Value(number, label=f"x{i}") for i, number in enumerate(x)])
    score.label = "score"
    score.backward()
    return score
