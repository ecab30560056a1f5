"""The digits are read; the numbers in the captions are found again in the data behind the pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("resvg_py")

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from demos import digits
from tests.demos.written import texts


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return digits.main(tmp_path_factory.mktemp("out"), small=True)


def test_the_digits_are_read_as_well_as_by_a_linear_model(lesson):
    X, Y, x, y = (part for pair in _split() for part in pair)
    linear = LogisticRegression(max_iter=1000).fit(X / 16.0, Y).score(x / 16.0, y)
    assert lesson.claims == {"generalizes": True}
    assert lesson.measured["accuracy"] > linear - 0.01 > 0.93


def _split():
    pixels, names = load_digits(return_X_y=True)
    X, x, Y, y = train_test_split(pixels, names, test_size=0.25, stratify=names, random_state=0)
    return (X, Y), (x, y)


def test_its_numbers_are_those_of_its_data(lesson):
    by_digit, curves, sheet = (texts(lesson, name) for name in ("by_digit", "loss", "guesses"))
    held_out = curves["y"][curves["series"] == "val_loss"].astype(float)
    accuracy = curves["y"][curves["series"] == "val_accuracy"].astype(float)
    training, pictures, right = (int(by_digit[name].astype(int).sum()) for name in ("training", "pictures", "right"))
    best = int(np.argmin(held_out))
    assert lesson.measured == {
        "pictures": pictures,
        "right": right,
        "wrong": pictures - right,
        "accuracy": right / pictures,
        "training": training,
        "epochs": len(held_out),
        "best_epoch": best + 1,
    }
    assert accuracy[best] == pytest.approx(
        right / pictures, abs=1e-12
    )  # that epoch's parameters are the ones that read
    captions = [sheet["caption"][sheet["picture"] == str(i)][0] for i in range(24)]
    assert sum(", not " in caption for caption in captions) == min(24, pictures - right)


def test_the_pictures_are_those_of_the_data_set(lesson):
    sheet = texts(lesson, "guesses")
    shown = sheet["value"].astype(float).reshape(24, 64) * 16.0
    pixels, names = load_digits(return_X_y=True)
    for picture, caption in zip(shown, sheet["caption"].reshape(24, 64)[:, 0], strict=True):
        (at,) = np.flatnonzero((np.abs(pixels - picture) < 1e-9).all(axis=1))
        assert int(str(caption)[-1]) == names[at]  # the last word is the true digit
