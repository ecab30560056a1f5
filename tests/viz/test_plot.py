import sys
from inspect import getmembers, isfunction

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from autograd import nn
from tests.project.tree import modules_of
from viz import plot
from viz.plot import decision_boundary, loss_curve, save, styled

X = np.array([[0.0, 0.0], [1.0, 0.2], [0.2, 1.0], [1.0, 1.0]])
HISTORY = {"loss": [1.0, 0.4, 0.2], "validation_loss": [1.1, 0.6, 0.5], "accuracy": [0.5, 0.7, 0.9]}
PLOTS = {
    "decision_boundary": lambda: decision_boundary(
        lambda p: p[:, 0] - 0.5, X, [0, 1, 0, 1], resolution=8, title="seen"
    ),
    "loss_curve": lambda: loss_curve(HISTORY, title="seen"),
}
"""Every plot, small and with a title; the battery below goes over them."""
every_plot = pytest.mark.parametrize("make", PLOTS.values(), ids=list(PLOTS))


def test_every_plot_of_the_package_is_exported_and_tried():
    for module in modules_of(plot):
        if module.__name__ in ("viz.plot.style", "viz.plot.figure"):
            continue
        made = [name for name, thing in getmembers(module, isfunction) if thing.__module__ == module.__name__]
        for name in (name for name in made if name[0] != "_"):
            assert name in plot.__all__, f"export {name} in viz/plot/__init__.py"
            assert name in PLOTS, f'add a line "{name}": lambda: ... to PLOTS in tests/viz/test_plot.py'


@every_plot
def test_a_title_is_shown_and_no_style_or_window_is_left_behind(make):
    before = dict(matplotlib.rcParams)
    assert "seen" in [axes.get_title(loc="left") for axes in make().axes]
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


@every_plot
@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_saved_figures_are_deterministic(tmp_path, kind, make):
    figure = make()
    files = [save(figure, tmp_path / f"{i}.{kind}") for i in range(2)]
    files.append(save(make(), tmp_path / f"2.{kind}"))
    contents = {f.read_bytes() for f in files}
    assert len(contents) == 1
    assert b"20" + b"26-" not in contents.pop()


def test_loss_curve_draws_the_numbers():
    upper, lower = loss_curve(HISTORY, title="moons").axes
    assert [line.get_label() for line in upper.lines] == ["loss", "validation loss"]
    assert [list(line.get_ydata()) for line in upper.lines] == [HISTORY["loss"], HISTORY["validation_loss"]]
    assert list(upper.lines[0].get_xdata()) == [1, 2, 3]
    assert len({(line.get_linestyle(), line.get_marker()) for line in upper.lines}) == 2
    assert lower.get_ylabel() == "accuracy"
    assert upper.get_title(loc="left") == "moons"
    assert lower.get_xlabel() == "epoch"


def test_loss_curve_on_a_logarithmic_axis():
    upper, lower = loss_curve(HISTORY, log=True).axes
    assert upper.get_yscale() == "log"
    assert lower.get_yscale() == "linear"
    with pytest.raises(ValueError, match=r"log=True needs positive numbers, but 'loss' contains -1.0: use log=False"):
        loss_curve({"loss": [1.0, -1.0]}, log=True)


def test_loss_curve_marks_where_it_stops_being_finite():
    (axes,) = loss_curve({"loss": [1.0, float("nan"), 2.0]}).axes
    assert [t.get_text() for t in axes.texts] == ["loss is nan"]


def test_loss_curve_needs_numbers():
    with pytest.raises(ValueError, match="the history is empty"):
        loss_curve({})
    with pytest.raises(ValueError, match="the series 'loss' of the history is empty"):
        loss_curve({"loss": []})


@pytest.mark.parametrize("classes", [[0, 1, 0, 1], [-1, 1, -1, 1]])
def test_boundary_by_sign(classes):
    figure = decision_boundary(lambda p: p[:, 0] - 0.5, X, classes, resolution=30)
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "4 of 4 right (100 %)"
    _, labels = axes.get_legend_handles_labels()
    assert labels == [str(c) for c in sorted(set(classes))]
    markers = {
        tuple(map(tuple, c.get_paths()[0].vertices.round(3).tolist()))
        for c in axes.collections
        if c.get_label() in labels
    }
    assert len(markers) == 2
    colours = {tuple(c.get_facecolor()[0]) for c in axes.collections if c.get_label() in labels}
    assert len(colours) == 2


def title_and_legend(figure):
    (axes,) = figure.axes
    return axes.get_title(loc="left"), axes.get_legend().get_title().get_text()


def test_boundary_of_probabilities_is_at_a_half():
    figure = decision_boundary(lambda p: 1 / (1 + np.exp(-9 * (p[:, 0] - 0.5))), X, [0, 1, 0, 1], resolution=30)
    assert title_and_legend(figure) == ("4 of 4 right (100 %)", "class (at 0.5)")
    (line,) = [c for c in figure.axes[0].collections if hasattr(c, "levels")]
    assert np.abs(line.get_paths()[0].vertices[:, 0] - 0.5).max() < 1e-9


@pytest.mark.parametrize(("classes", "shift", "right"), [([-1, 1, -1, 1], 0.5, 2), ([0, 1, 0, 1], 0.0, 4)])
def test_boundary_of_other_scores_is_at_zero(classes, shift, right):
    """Where the classes are -1 and 1, scores from 0 to 1 are scores as others are."""
    figure = decision_boundary(lambda p: np.clip(p[:, 0], 0, 1) - 0.5 + shift * 1.2, X, classes, resolution=30)
    assert title_and_legend(figure) == (f"{right} of 4 right ({25 * right} %)", "class")


def test_boundary_at_a_given_threshold():
    figure = decision_boundary(lambda p: p[:, 0], X, [0, 0, 0, 0], resolution=30, threshold=2.0)
    assert title_and_legend(figure) == ("4 of 4 right (100 %)", "class (at 2)")


def test_boundary_by_largest_logit():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    figure = decision_boundary(
        lambda p: -((p[:, None] - corners) ** 2).sum(axis=2), X, np.array([[0], [1], [2], [0]]), resolution=30
    )
    assert figure.axes[0].get_title(loc="left") == "3 of 4 right (75 %)"


def test_boundary_of_scores_that_say_nothing():
    figure = decision_boundary(lambda p: np.zeros(len(p)), X, [0, 1, 0, 1], resolution=5)
    assert figure.axes[0].get_title(loc="left") == "2 of 4 right (50 %)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros((4, 3))}, r"X must be points of the plane, of shape \(n, 2\), got shape \(4, 3\)"),
        ({"Y": [0, 1]}, r"Y must be one class a point, of shape \(4,\), got shape \(2,\)"),
        ({"X": np.full((4, 2), np.nan)}, "X must be finite, but row 0 is"),
        ({"Y": [0, 1, 2, 0]}, r"tell two classes apart, but Y has \[0, 1, 2\]: give logits"),
        ({"predict": lambda p: np.zeros(3)}, r"predict must give scores .* got shape \(3,\)"),
        ({"predict": lambda p: np.zeros((len(p), 2)), "Y": [0, 1, 2, 5]}, r"but has \[2, 5\]"),
        ({"resolution": 1}, "resolution must be at least 2"),
    ],
)
def test_boundary_says_what_is_wrong(change, message):
    arguments = {"predict": lambda p: p[:, 0], "X": X, "Y": [0, 1, 0, 1], "resolution": 5} | change
    with pytest.raises(ValueError, match=message):
        decision_boundary(**arguments)


def test_boundary_of_a_model_names_the_cure():
    with pytest.raises(TypeError, match=r"an? MLP takes one: pass autograd.compile\(model\)"):
        decision_boundary(nn.MLP(2, [1], rng=0), X, [0, 1, 0, 1])
    with pytest.raises(TypeError, match="predict maps points to scores, but 3 of type int does not"):
        decision_boundary(3, X, [0, 1, 0, 1])


def test_a_curve_of_plain_numbers_names_the_cure():
    with pytest.raises(TypeError, match=r"maps names to numbers, got list: pass what fit\(\) returned"):
        loss_curve([1.0, 0.5])


def test_a_figure_shows_itself_as_it_would_be_saved(tmp_path):
    figure = loss_curve(HISTORY)
    positions = [axes.get_position().bounds for axes in figure.axes]
    png, metadata = figure._repr_png_()
    assert png == save(figure, tmp_path / "a.png").read_bytes()
    assert metadata == {"width": 640}
    assert [axes.get_position().bounds for axes in figure.axes] == positions
    assert isinstance(figure, Figure)


def test_save_says_what_is_wrong(tmp_path):
    figure = loss_curve(HISTORY)
    with pytest.raises(ValueError, match=r"format 'bmp' .* .svg, .pdf, .png"):
        save(figure, tmp_path / "a.bmp")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        save(figure, tmp_path / "nowhere" / "a.png")


def test_the_style_lasts_as_long_as_its_block():
    before = dict(matplotlib.rcParams)
    with styled():
        assert matplotlib.rcParams["axes.spines.top"] is False
    assert dict(matplotlib.rcParams) == before
