"""The main job: train a small network on real input and see what it learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import make_moons

import viz
from autograd import Value, fit, nn, optim
from demos.gallery import Figure, Section
from viz import plot

SAMPLES, NOISE = 100, 0.1
EPOCHS = 60


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
        metrics=["accuracy"], seed=seed,
    )  # fmt: skip
    accuracy = history["accuracy"][-1]
    print(f"moons: loss {history['loss'][0]:.4f} -> {history['loss'][-1]:.6f}, accuracy {accuracy:.1%}")

    curve = plot.save(plot.loss_curve(history, title="Hinge loss and accuracy"), folder / "loss.svg")
    boundary = plot.save(plot.decision_boundary(_scores(model), X, labels), folder / "boundary.svg")
    graph = viz.draw(_one_sample(model, X[0], Y[0]), depth=2).save(folder / "network.svg")
    return Section(
        name="moons",
        title="Training a network on the moons",
        paragraphs=[
            f"A network of {len(model.parameters())} parameters, every one of them a number in a graph, learns to tell "
            f"two moons of {SAMPLES} points apart: accuracy {accuracy:.1%} after {history.steps} steps.",
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
                "The trained network for one sample, forward and backward, each neuron drawn as one box.",
                "Computation graph of the network collapsed to neurons, with values and gradients.",
                wide=True,
            ),
        ],
    )


def _scores(model: nn.MLP) -> plot.Predictor:
    program = np.vectorize(lambda a, b: float(model([a, b]).data))
    return lambda points: program(points[:, 0], points[:, 1])


def _one_sample(model: nn.MLP, x: np.ndarray, y: float) -> Value:
    model.zero_grad()
    inputs = [Value(number, label=f"x{i}") for i, number in enumerate(x)]
    loss = nn.losses.hinge(model(inputs), y)
    loss.label = "loss"
    loss.backward()
    return loss
