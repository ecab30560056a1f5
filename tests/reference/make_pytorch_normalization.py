"""Write pytorch_normalization.json: what PyTorch's BatchNorm1d and LayerNorm do to seeded numbers.

Made with ``torch==2.13.0`` (CPU build), in an environment of its own, as the project doesn't need PyTorch::

    python tests/reference/make_pytorch_normalization.py

Everything is float64 and written with all its digits. Each layer sees three batches in training and one in evaluation;
the gradients are those of the sum of all outputs, each times a seeded factor.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

N = 3
SIZES = (5, 2, 4)
EVALUATED = 2

BATCH_NORMS: list[dict[str, Any]] = [
    {},
    {"eps": 0.1, "momentum": 0.7},
    {"momentum": None},
    {"momentum": 0.0},
    {"momentum": 1.0},
    {"affine": False},
    {"track_running_stats": False},
    {"affine": False, "track_running_stats": False, "eps": 1e-2},
]
LAYER_NORMS: list[dict[str, Any]] = [{}, {"eps": 0.1}, {"affine": False}, {"eps": 0.0}]

SAMPLES, BATCH_SIZE, EPOCHS, SEED, LR = 20, 8, 5, 3, 0.05


def drawn(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.tensor(rng.normal(size=shape))


def batch(rng: np.random.Generator, size: int) -> torch.Tensor:
    """(size, N): columns of very different means and widths."""
    return drawn(rng, size, N) * torch.tensor([1.0, 100.0, 1e-2]) + torch.tensor([0.5, -300.0, 1.0])


def run(layer: torch.nn.Module, x: torch.Tensor, factors: torch.Tensor) -> dict[str, Any]:
    layer.zero_grad()
    x.requires_grad_()
    y = layer(x)
    (y * factors).sum().backward()
    grads = {name: p.grad.tolist() for name, p in layer.named_parameters()}
    state = {name: buffer.tolist() for name, buffer in layer.named_buffers()}
    return {
        "x": x.detach().tolist(), "factors": factors.tolist(), "y": y.tolist(), "x_grad": x.grad.tolist(),
        "grads": grads, "buffers": state,
    }  # fmt: skip


def case(kind: str, options: dict[str, Any], seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    named = {"elementwise_affine" if kind == "LayerNorm" and k == "affine" else k: v for k, v in options.items()}
    layer = getattr(torch.nn, kind)(N, **named).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(drawn(rng, N))
    start = {name: p.tolist() for name, p in layer.named_parameters()}
    runs = [run(layer, batch(rng, size), drawn(rng, size, N)) for size in SIZES]
    layer.eval()
    evaluated = run(layer, batch(rng, EVALUATED), drawn(rng, EVALUATED, N))
    return {"options": options, "start": start, "training": runs, "evaluation": evaluated}


def training() -> dict[str, Any]:
    """A small network trained by Adam, on batches in the order that NumPy's generator gives."""
    rng = np.random.default_rng(11)
    X, Y = drawn(rng, SAMPLES, 2) * 30.0, drawn(rng, SAMPLES)
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 1)
    ).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(drawn(rng, *p.shape))
    start = {name: p.tolist() for name, p in model.state_dict().items()}
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    order, losses = np.random.default_rng(SEED), []
    for _ in range(EPOCHS):
        total = 0.0
        for rows in np.split(order.permutation(SAMPLES), range(BATCH_SIZE, SAMPLES, BATCH_SIZE)):
            optimizer.zero_grad()
            loss = ((model(X[rows])[:, 0] - Y[rows]) ** 2).mean()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / SAMPLES)
    end = {name: p.tolist() for name, p in model.state_dict().items()}
    return {
        "X": X.tolist(), "Y": Y.tolist(), "batch_size": BATCH_SIZE, "seed": SEED, "lr": LR, "start": start, "end": end,
        "losses": losses, "predictions": model.eval()(X)[:, 0].tolist(),
    }  # fmt: skip


if __name__ == "__main__":
    made = {
        "torch": torch.__version__,
        "BatchNorm": [case("BatchNorm1d", options, seed) for seed, options in enumerate(BATCH_NORMS)],
        "LayerNorm": [case("LayerNorm", options, seed) for seed, options in enumerate(LAYER_NORMS, start=50)],
        "fit": training(),
    }
    lines = []
    for key, value in made.items():
        body = "[\n" + ",\n".join(map(json.dumps, value)) + "\n]" if isinstance(value, list) else json.dumps(value)
        lines.append(f"{json.dumps(key)}: {body}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("pytorch_normalization.json").write_text(text, encoding="utf-8")
