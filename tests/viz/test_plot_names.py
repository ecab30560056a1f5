"""Names in plots are data: each is shown to the letter, whatever matplotlib reads into it."""

import numpy as np
import pytest

from viz import plot
from viz.plot.style import literal

X = np.array([[0.0, 0.0], [1.0, 0.2], [0.2, 1.0], [1.0, 1.0]])
NAMES = ("$x$", r"$\frac{$", "$5 or $6", "_own", "a\\b", "<b>&", "a\x00\ud800b")
PLOTS = {
    "loss": lambda n: plot.loss({n: [1.0, np.nan], "b": [2.0, 1.0]}),
    "convergence": lambda n: plot.convergence({n: [0.1, 0.2]}, [1, 2], reference={f"{n}r": [1, 1]}),
    "activations": lambda n: plot.activations({n: [X]}, share={f"{n}s": lambda a: a > 0.5}),
    "gradient_flow": lambda n: plot.gradient_flow({n: [1.0, 2.0]}, reference={f"{n}r": [1.0]}),
    "histogram": lambda n: plot.histogram({n: X, "y": X}, range=(0.1, 1.0), marks={f"{n}m": 0.5}),
    "descent": lambda n: plot.descent(np.square, {n: [2.0, 1.0], "b": [1.0, 0.5]}),
    "function": lambda n: plot.function({n: np.tanh, "b": np.cos}, (-2, 2), derivatives={n: np.cos, "b": np.sin}),
    "small_multiples": lambda n: plot.small_multiples({n: lambda ax: plot.loss({n: [1.0], "b": [2.0]}, ax=ax)}),
    "weights": lambda n: plot.weights({n: [0.0, 0.1]}),
    "images": lambda n: plot.images(np.ones((1, 2, 2)), [n]),
    "race": lambda n: plot.race({n: [3.0, np.inf], "b": [2.0, 4.0]}),
    "step_sizes": lambda n: plot.step_sizes({n: [1.0, 2.0], "b": [1.0]}),
    "paths": lambda n: plot.paths({n: [[1, 1], [3, 3]]}, lambda x, y: x**2 + y**2, (-1, 1), (-1, 1)),
    "sweep": lambda n: plot.sweep([0.1, 1.0], {n: [1.0, np.inf], "b": [1.0, 2.0]}, levels={f"{n}L": 0.5}),
    "gains": lambda n: plot.gains({n: [0.5, 0.6], "b": [0.6, 0.8]}, baseline=n),
    "augmentations": lambda n: plot.augmentations({n: np.ones((2, 3, 3)) / 2}),
}


def written(figure):
    """All texts, as matplotlib shows them."""
    shown = {"".join(text._preprocess_math(text.get_text())[0]) for text in figure.findobj(plot_text)}
    assert not any(text._preprocess_math(text.get_text())[1] for text in figure.findobj(plot_text) if not is_tick(text))
    return shown


def plot_text(artist):
    from matplotlib.text import Text

    return isinstance(artist, Text)


def is_tick(text):
    return "mathdefault" in text.get_text()


@pytest.mark.parametrize("make", PLOTS.values(), ids=list(PLOTS))
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_to_the_letter(make, name, tmp_path):
    figure = make(name)
    plot.save(figure, tmp_path / "figure.svg")
    expected = {"a\x00\ud800b": "ab", "_own": "own"}.get(name, name)  # what can't be drawn is left out
    assert any(expected in text for text in written(figure))
    texts = [column for column in figure.data.values() if column.dtype.kind == "U"]
    assert not texts or any(name in column.tolist() for column in texts)  # the data have it as it is


@pytest.mark.parametrize("make", [PLOTS[name] for name in ("histogram", "gradient_flow", "step_sizes", "sweep")])
def test_no_series_is_missing_in_a_legend(make):
    assert len(make("_own").axes[0].get_legend().get_texts()) == len(make("own").axes[0].get_legend().get_texts())


def test_names_may_be_numbers():
    assert literal(0.1) == "0.1"
    assert plot.descent(np.square, {0.1: [2.0, 1.0], 0.2: [1.0, 0.5]}).axes[0].get_legend().get_texts()
