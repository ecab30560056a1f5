import math
from pathlib import Path

import matplotlib
import pytest
from matplotlib.ft2font import FT2Font, LoadFlags

from viz.text import clean, number, shorten, width, wrap

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (6.0, "6"),
        (-2.5, "−2.5"),
        (1 / 3, "0.3333"),
        (1234.5678, "1235"),
        (12345.678, "1.235e4"),
        (100000.0, "1e5"),
        (0.001, "0.001"),
        (0.00012345678, "1.235e−4"),
        (0.00099999, "1e−3"),
        (1e-300, "1e−300"),
        (-1.7976931348623157e308, "−1.798e308"),
        (5e-324, "4.941e−324"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_are_short(x, text):
    assert number(x) == text


@pytest.mark.parametrize("x", [1.5, -3.25e7, 0.000123, 7e-12, 123.4, 0.02])
def test_numbers_keep_four_digits(x):
    assert float(number(x).replace("−", "-")) == pytest.approx(x, rel=5e-4)


def test_clean_removes_what_cannot_be_drawn():
    assert clean("a\x00b\x1b[31m\u202ec\ud800\ufffe\nd") == "ab[31mc d"
    assert clean("👩\u200d🔬 ∂x/∂y 漢字") == "👩\u200d🔬 ∂x/∂y 漢字"


@pytest.mark.parametrize("bold", [False, True])
def test_widths_are_not_less_than_the_fonts(bold):
    font = FT2Font(str(FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")))
    font.set_size(100.0, 72.0)
    text = "".join(map(chr, range(32, 127))) + "×∂·−→←∞σαβγ∇‖Σ√éüßЖ"
    for character in text:
        advance = font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536
        assert width(character, 100.0, bold=bold) >= advance * 0.999, character


def test_width_of_words_in_bold():
    font = FT2Font(str(FONTS / "DejaVuSans-Bold.ttf"))
    font.set_size(100.0, 72.0)
    for word in ("-1.235e-300", "layers.0.neurons.13", "leaky_relu", "temperature", "not run yet", "0123456789"):
        total = sum(font.load_char(ord(c), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536 for c in word)
        assert total <= width(word, 100.0, bold=True) <= 1.005 * total, word


def test_shorten_fits_and_keeps_what_fits():
    assert shorten("short", 100.0, 12.0) == "short"
    cut = shorten("a label that goes on and on", 80.0, 12.0)
    assert cut.endswith("…")
    assert width(cut, 12.0) <= 80.0


def test_wrap_loses_no_word():
    text = "nine thousand boxes would be more than the budget allows"
    lines = wrap(text, 120.0, 12.0)
    assert " ".join(lines) == text
    assert all(width(line, 12.0) <= 120.0 for line in lines)
