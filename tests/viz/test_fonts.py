"""Letters that the usual font lacks: with a font of the machine, or as empty squares, the same in PNG and PDF."""

import io
from typing import Any

import numpy as np
import pytest

pytest.importorskip("resvg_py")
pytest.importorskip("matplotlib")
from PIL import Image

from viz.output import fonts
from viz.output.fonts import MISSING, spelled
from viz.output.notebook import png_zoom
from viz.output.pdf import render_pdf
from viz.output.raster import scene_png
from viz.picture.scene import Rect, Scene, Text

STRANGE = ["값 한글", "日本語", "😀🚀👩‍🚀", "हिन्दी", "a값b"]


def scene(*lines: str, style: str = "ink", anchor: Any = "start") -> Scene:
    texts = [Text(10.0, 30.0 + 30.0 * i, line, 18.0, style, anchor) for i, line in enumerate(lines)]
    return Scene(300.0, 40.0 + 30.0 * len(lines), [Rect(0.0, 0.0, 300.0, 400.0, "paper"), *texts], "A")


def ink(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("L")) < 160


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine without fonts."""
    monkeypatch.setattr(fonts, "_other", lambda character: None)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("text", STRANGE)
def test_without_a_font_each_letter_is_a_square(text: str) -> None:
    squares = "".join(part for part, _ in spelled(text))
    assert MISSING in squares
    assert all(face is None for _, face in spelled(text))
    assert scene_png(scene(text)) == scene_png(scene(squares))
    assert render_pdf(scene(text)) == render_pdf(scene(squares))


@pytest.mark.parametrize("text", STRANGE)
def test_nothing_is_left_blank(text: str) -> None:
    found = ink(scene_png(scene(text)))
    assert found.sum() > 100 * len(text.replace("\u200d", ""))


def test_right_to_left_stands_in_its_place_among_the_rest() -> None:
    # shin is the first letter of שלום, and in a line from left to right the right one of the word
    word, first, last = (ink(scene_png(scene(text))) for text in ("שלום", "ש", "ם"))
    columns = np.flatnonzero(word.any(axis=0))
    one = np.flatnonzero(last.any(axis=0))
    shape = last[:, one[0] : one[-1] + 1]
    assert np.mean(word[:, columns[0] : columns[0] + shape.shape[1]] != shape) < 0.02
    one = np.flatnonzero(first.any(axis=0))
    shape = first[:, one[0] : one[-1] + 1]
    assert np.mean(word[:, columns[-1] - shape.shape[1] + 1 : columns[-1] + 1] != shape) < 0.05


def test_a_font_of_the_machine_changes_nothing_but_the_letters_that_it_is_for() -> None:
    if spelled("값")[0][1] is None:
        pytest.skip("this machine has no Korean font")
    mixed, plain = (ink(scene_png(scene(text))) for text in ("weight ∇ 값", "weight ∇"))
    end = np.flatnonzero(plain.any(axis=0))[-1] + 1
    assert (mixed[:, :end] == plain[:, :end]).all()
    assert mixed[:, end:].sum() > 100
    assert b"Nanum" in render_pdf(scene("값")) or b"Noto" in render_pdf(scene("값"))


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_runs_stand_where_their_text_does(anchor: str) -> None:
    if spelled("값")[0][1] is None:
        pytest.skip("this machine has no Korean font")
    centre = {"start": 0, "middle": 150, "end": 290}[anchor]
    shown = Scene(300.0, 60.0, [Rect(0, 0, 300, 60, "paper"), Text(centre, 30.0, "값 = 값", 18.0, "ink", anchor)], "A")
    columns = np.flatnonzero(ink(scene_png(shown, zoom=1.0)).any(axis=0))
    where = {"start": columns[0], "middle": (columns[0] + columns[-1]) / 2, "end": columns[-1]}[anchor]
    assert abs(where - centre) < 4


def test_what_must_shrink_says_so_and_a_notebook_is_quiet() -> None:
    tall = Scene(1_000.0, 40_000.0, [Rect(0.0, 0.0, 1_000.0, 40_000.0, "paper")], "A")
    with pytest.warns(UserWarning, match=r"zoom 0\.87 in place of 2.*SVG"):
        scene_png(tall)
    assert ink(scene_png(tall, zoom=png_zoom(tall))).size <= 30.1e6  # warnings are errors
