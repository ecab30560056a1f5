"""Handwritten digits from scalar code: written for one picture, compiled for all of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import compile, data, fit, nn, optim
from demos.gallery import Figure, Section
from viz import plot

HELD_OUT = 0.25
EPOCHS, BATCH, PATIENCE = 60, 32, 15


def main(out: Path, seed: int = 0) -> Section:
    """Train MLP(64, [32, 10]) on scikit-learn's 8x8 digits; measure it on a quarter that it never saw."""
    folder = out / "digits"
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = data.digits()
    X, pixels, Y, answers = data.split(images, labels, HELD_OUT, rng=seed, stratify=True)
    X, unseen = data.standardize(X, pixels)
    model = nn.MLP(64, [32, 10], activation="relu", rng=seed)
    print(f"digits: training {model} on {len(X)} pictures, softmax cross entropy, AdamW")
    start = time.perf_counter()
    history = fit(
        model, X, Y, loss="cross_entropy", optimizer=optim.AdamW(model, lr=0.003, weight_decay=0.3), epochs=EPOCHS,
        batch_size=BATCH, validation=(unseen, answers), metrics=["accuracy"], patience=PATIENCE, seed=seed,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    guesses = compile(model)(unseen).argmax(axis=1)
    accuracy = float(np.mean(guesses == answers))
    print(f"digits: {history.epochs} epochs in {seconds:.1f} s, {accuracy:.1%} of the held-out {len(unseen)} are right")

    curve = plot.save(plot.loss(history, log=False, title="Cross entropy and accuracy"), folder / "loss.svg")
    sheet = plot.save(_sheet(pixels, answers, guesses), folder / "guesses.svg")
    return Section(
        name="digits",
        title="Reading digits",
        paragraphs=[
            f"The loss is plain scalar code for one picture of 64 numbers. Traced once and compiled, it trains "
            f"{len(model.parameters()):,} parameters for {history.epochs} epochs; {accuracy:.1%} of the "
            f"{len(unseen)} pictures that it never saw are read right.",
        ],
        figures=[
            Figure(curve, "Loss and accuracy, training and held-out set.", "Two curves that fall, two that rise."),
            Figure(
                sheet,
                "Held-out pictures with what the network reads; first those that it gets wrong, with the true digit.",
                "A sheet of small pictures of handwritten digits with the digit that was read under each.",
            ),
        ],
        measured={"accuracy": accuracy, "seconds": seconds},
    )


def _sheet(pixels: NDArray[np.float64], answers: NDArray[np.int64], guesses: NDArray[np.int64]) -> Any:
    """Twenty-four pictures, the misread ones first."""
    order = np.argsort(guesses == answers, kind="stable")[:24]
    with plot.styled():
        figure = plot.new_figure(6.4, 4.6)
        for axes, i in zip(figure.subplots(4, 6).flat, order, strict=True):
            axes.imshow(pixels[i].reshape(8, 8), cmap="gray_r", interpolation="nearest")
            axes.set_axis_off()
            right = guesses[i] == answers[i]
            axes.set_title(f"{guesses[i]}" if right else f"{guesses[i]}, not {answers[i]}", fontsize=9, loc="center",
                           color="#0f7b5a" if right else "#b3400a")  # fmt: skip
    return figure
