"""Backpropagation step by step: one neuron, then a network of two layers."""

from __future__ import annotations

from pathlib import Path

import viz
from autograd import Value, nn
from demos.gallery import Figure, Section


def main(out: Path, seed: int = 0) -> Section:
    """Draw every step of two backward passes as SVG files and as a GIF."""
    figures, strips = [], []
    for name, loss, caption in (_neuron(seed), _network(seed)):
        folder = out / "backprop" / name
        folder.mkdir(parents=True, exist_ok=True)
        steps = viz.frames(loss, theme="auto")
        pictures = steps.save(folder)
        movie = steps.save_gif(folder.with_suffix(".gif"), seconds=1.2)
        print(f"backprop: {len(steps)} steps of {name} drawn")
        figures.append(Figure(movie, f"{caption} {len(steps)} steps.", f"Animated graph: {caption}", wide=True))
        strips.append((f"All {len(steps)} steps: {caption}", pictures))
    return Section(
        name="backprop",
        title="Backpropagation, step by step",
        paragraphs=[
            "Each step takes one node whose gradient is complete and passes it on to its operands: the gradient times "
            "the local partial that stands on the edge. What a node receives from several sides adds up.",
        ],
        figures=figures,
        strips=strips,
    )


def _neuron(seed: int) -> tuple[str, Value, str]:
    neuron = nn.Neuron(2, activation="tanh", rng=seed)
    inputs = [Value(2.0, label="x0"), Value(-1.0, label="x1")]
    loss = nn.losses.mse(neuron(inputs), 1.0)
    loss.label = "loss"
    return "neuron", loss, "Backprop of one neuron, tanh(b + w0 x0 + w1 x1), under a squared error."


def _network(seed: int) -> tuple[str, Value, str]:
    model = nn.MLP(2, [2, 1], activation="tanh", rng=seed)
    inputs = [Value(1.0, label="x0"), Value(-0.5, label="x1")]
    loss = nn.losses.mse(model(inputs), 1.0)
    loss.label = "loss"
    return "network", loss, "Backprop of a 2-2-1 network with tanh under a squared error."
