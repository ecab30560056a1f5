"""Data augmentation: nine ways to change an image, and what they are worth where there are few."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.datasets import load_sample_image

from autograd import compile, data, fit, nn, optim
from autograd.data import augment
from demos.lesson import Lesson
from viz import plot

Floats = NDArray[np.float64]
PHOTO = {
    "translate": augment.translate(20), "hflip": augment.hflip(0.5), "random_crop": augment.random_crop(0.5),
    "brightness": augment.brightness(0.6), "resize": augment.resize(0.5), "erase": augment.erase(0.4),
    "blur": augment.blur(3.0), "color_noise": augment.color_noise(0.15), "gaussian_noise": augment.gaussian_noise(0.2),
}  # fmt: skip
DIGITS = {
    "translate": augment.translate(1), "hflip": augment.hflip(0.5), "random_crop": augment.random_crop(0.9),
    "brightness": augment.brightness(0.3), "resize": augment.resize(0.1), "erase": augment.erase(0.2),
    "blur": augment.blur(0.6), "color_noise": augment.color_noise(0.1), "gaussian_noise": augment.gaussian_noise(0.3),
}  # fmt: skip
GENTLE = ("random_crop", "resize", "gaussian_noise")
"""Those that leave a digit where it is, and what it is."""


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Show nine augmentations of a photograph, then train on a hundred digits with none, each, and all of them."""
    lesson = Lesson("augmentation", out)
    photo = load_sample_image("flower.jpg")[20:404:4, 160:544:4]  # 96 x 96 pixels, uint8
    lesson.draw("colour", sheet(photo, seed))
    lesson.draw("grey", sheet(photo.mean(axis=2) / 255, seed))

    ways: dict[str, list[augment.Augmentation]] = {"none": []}
    ways |= {name: [how] for name, how in DIGITS.items()}
    ways |= {"gentle three": [DIGITS[name] for name in GENTLE], "all nine": list(DIGITS.values())}
    runs, epochs = (range(2), 20) if small else (range(10), 300)
    found = {name: [trained(how, 100, epochs, seed, run) for run in runs] for name, how in ways.items()}
    accuracy = {name: [plain for plain, _ in results] for name, results in found.items()}
    moved = {name: [shifted for _, shifted in found[name]] for name in ("none", "translate")}
    lesson.draw("gains", plot.gains(accuracy, "none", x_label="accuracy gained"))
    gain = {name: np.subtract(results, accuracy["none"]) for name, results in accuracy.items()}
    error = {name: 2 * float(np.std(each, ddof=1)) / len(runs) ** 0.5 for name, each in gain.items()}
    lesson.table("accuracy", {
        "augmentation": list(ways), "accuracy": [np.mean(x) for x in accuracy.values()],
        "spread": [np.std(x, ddof=1) for x in accuracy.values()], "gain": [x.mean() for x in gain.values()],
        "error": list(error.values()),
    }, formats={"accuracy": ".1%", "spread": ".1%", "gain": "+.1%", "error": ".1%"})  # fmt: skip
    lesson.draw("moved", plot.gains(moved, "none", x_label="accuracy gained on moved digits"))

    many = {
        name: [trained(ways[name], 800, epochs // 8, seed, run)[0] for run in runs] for name in ("none", "gentle three")
    }
    lesson.draw("many", plot.gains(many, "none", x_label="accuracy gained with 800 training images"))
    more = float(np.subtract(many["gentle three"], many["none"]).mean())
    lesson.measure(
        runs=len(runs), none=np.mean(accuracy["none"]), spread=np.std(accuracy["none"], ddof=1),
        gentle=gain["gentle three"].mean(), gentle_error=error["gentle three"], nine=gain["all nine"].mean(),
        flip=gain["hflip"].mean(), flip_error=error["hflip"], shift=gain["translate"].mean(), more=more,
        moved_none=np.mean(moved["none"]), moved_shift=np.mean(moved["translate"]),
    )  # fmt: skip
    lesson.claim("scarce", gain["gentle three"].mean() > max(error["gentle three"], more))
    lesson.claim("flip", gain["hflip"].mean() > -error["hflip"])
    return lesson


def sheet(image: NDArray[np.uint8] | Floats, seed: int) -> Any:
    """The image itself, and five draws of each augmentation."""
    copies = np.stack([image] * 5)
    drawn: dict[str, ArrayLike] = {"original": [image]}
    drawn |= {name: how(copies, np.random.default_rng([seed, i])) for i, (name, how) in enumerate(PHOTO.items())}
    return plot.augmentations(drawn)


def trained(how: Sequence[augment.Augmentation], count: int, epochs: int, seed: int, run: int) -> tuple[float, float]:
    """The accuracy of a network on digits that it never saw: as they are, and moved by a pixel."""
    images, labels = data.digits()
    start = 1000 * (seed + 1) + run  # the same images and the same first weights for all ways of one run
    X, unseen, Y, answers = data.split(images, labels, 1 - count / len(images), rng=start, stratify=True)
    model = nn.MLP(64, [64, 10], activation="relu", rng=start)
    fit(model, X, Y, loss="cross_entropy", optimizer=optim.Adam(model, lr=0.01), epochs=epochs, batch_size=100,
        transform=augment.Compose(how, shape=(8, 8)) if how else None, seed=start, progress=False)  # fmt: skip
    reads = compile(model)
    moved = augment.translate(1, shape=(8, 8))(unseen, rng=start)
    right = [float(np.mean(reads(pixels).argmax(axis=1) == answers)) for pixels in (unseen, moved)]
    return right[0], right[1]
