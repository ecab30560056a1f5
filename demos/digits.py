"""Digits: handwriting is read by scalar code, written for one picture and compiled for all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autograd import compile, data, fit, nn, optim
from demos.lesson import Lesson
from viz import plot


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Train MLP(64, [32, 10]) on scikit-learn's 8x8 digits; measure it on a quarter that it never saw."""
    lesson = Lesson("digits", out)
    images, labels = data.digits()
    X, pixels, Y, answers = data.split(images, labels, 0.25, rng=seed, stratify=True)
    X, unseen = data.standardize(X, pixels)
    model = nn.MLP(64, [32, 10], activation="relu", rng=seed)
    history = fit(
        model, X, Y, loss="cross_entropy", optimizer=optim.AdamW(model, lr=0.003, weight_decay=0.3),
        epochs=15 if small else 60, batch_size=32, validation=(unseen, answers), metrics=["accuracy"], patience=15,
        seed=seed, progress=False,
    )  # fmt: skip
    lesson.draw("loss", plot.loss(history))

    guesses = compile(model)(unseen).argmax(axis=1)  # of the ten logits, for all pictures at once
    right = guesses == answers
    first = np.argsort(right, kind="stable")[:24]  # the misread ones come first
    captions = [f"{guesses[i]}" if right[i] else f"{guesses[i]}, not {answers[i]}" for i in first]
    lesson.draw("guesses", plot.images(pixels[first].reshape(-1, 8, 8), captions, marked=~right[first]))

    lesson.table(
        "by_digit",
        {
            "digit": list(range(10)),
            "training": [int(np.sum(digit == Y)) for digit in range(10)],
            "pictures": [int(np.sum(digit == answers)) for digit in range(10)],
            "right": [int(np.sum(right[digit == answers])) for digit in range(10)],
        },
    )
    lesson.measure(pictures=len(right), right=int(right.sum()), wrong=int(np.sum(~right)), accuracy=float(right.mean()))
    lesson.measure(training=len(X), epochs=history.epochs, best_epoch=int(np.argmin(history["val_loss"])) + 1)
    lesson.claim("generalizes", float(right.mean()) >= 0.95)
    return lesson
