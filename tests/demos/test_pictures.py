"""The pictures that README shows are what its code and the lessons draw."""

from __future__ import annotations

import io
import re
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import resvg_py
from PIL import Image, ImageSequence

import viz
from autograd import Value
from tests.project.tree import ROOT
from viz.output.fonts import usual_files

PICTURES = ROOT / "demos" / "pictures"
OF_LESSONS = {"momentum": "paths.svg", "vanishing_gradients": "gradients.svg", "digits": "guesses.svg"}
"""Lessons that are quick at their full size, and which of their pictures README shows as ``LESSON_PICTURE``."""


def test_the_neuron_of_the_readme(request) -> None:
    x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(6.9, label="b")
    y = (w * x + b).tanh()
    y.label = "y"
    y.backward()
    drawn = viz.draw(y, theme="auto").svg()
    if request.config.getoption("--overwrite-golden"):
        (PICTURES / "neuron.svg").write_text(drawn, encoding="utf-8")
    assert (PICTURES / "neuron.svg").read_text(encoding="utf-8") == drawn


def images(path: Path) -> list[Image.Image]:
    """What is to be seen, frame by frame, in grey."""
    content = path.read_bytes()
    if path.suffix == ".svg":
        content = resvg_py.svg_to_bytes(svg_string=content.decode(), zoom=2, dpi=96, font_files=usual_files())
    return [frame.convert("L") for frame in ImageSequence.Iterator(Image.open(io.BytesIO(content)))]


@pytest.mark.parametrize(("lesson", "picture"), OF_LESSONS.items())
def test_the_pictures_of_lessons(tmp_path: Path, request, lesson: str, picture: str) -> None:
    pytest.importorskip("sklearn")
    import_module(f"demos.{lesson}").main(tmp_path)
    shown = PICTURES / f"{lesson}_{picture}"
    if request.config.getoption("--overwrite-golden"):
        shutil.copy(tmp_path / lesson / picture, shown)
    old, new = images(shown), images(tmp_path / lesson / picture)
    assert len(old) == len(new)
    for before, after in zip(old, new, strict=True):
        assert before.size == after.size
        apart = np.subtract(*(np.asarray(image, float) for image in (before, after)))
        assert np.abs(apart).mean() < 1.0, "it is out of date: --overwrite-golden draws it anew"  # of 255


def test_the_readme_shows_them_and_no_picture_is_left_over() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r'demos/pictures/([\w.]+)[)"]', readme))
    assert {f"{lesson}_{picture}" for lesson, picture in OF_LESSONS.items()} <= shown
    assert shown == {path.name for path in PICTURES.iterdir()}
