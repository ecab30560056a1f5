import re
import sys
from inspect import getmembers, isfunction

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from autograd import nn
from tests.project.tree import modules_of
from viz import plot
from viz.plot import boundary, images, loss, save, style, styled, themes

X = np.array([[0.0, 0.0], [1.0, 0.2], [0.2, 1.0], [1.0, 1.0]])
HISTORY = {"loss": [1.0, 0.4, 0.2], "validation_loss": [1.1, 0.6, 0.5], "accuracy": [0.5, 0.7, 0.9]}
WALKS = {"a": [[1, 1], [1, 0.5], [0.6, 0.1]], "b": [[1, 1], [3, 0], [1, 0], [0.5, 0]]}


def bowl(x, y):
    return (x - 0.5) ** 2 + 4 * y**2


PLOTS = {
    "boundary": lambda: boundary(lambda p: p[:, 0] - 0.5, X, [0, 1, 0, 1], resolution=8, title="seen"),
    "loss": lambda: loss(HISTORY, title="seen"),
    "convergence": lambda: plot.convergence({"a": [0.1, 0.2]}, [1, 2], reference={"b": [1, 1]}, title="seen"),
    "activations": lambda: plot.activations({"he": [X, X], "xavier": [X]}, title="seen"),
    "gradient_flow": lambda: plot.gradient_flow({"a": [1.0, 2.0], "b": [3.0]}, reference={"c": [1.0]}, title="seen"),
    "histogram": lambda: plot.histogram({"x": X, "y": X}, range=(0.1, 1.0), marks={"m": 0.5, "n": 1}, title="seen"),
    "descent": lambda: plot.descent(np.square, {"a": [2.0, 1.0, 0.5], "b": [-1.0, 3.0]}, title="seen"),
    "descent_animation": lambda: plot.descent_animation(np.square, [2.0, 1.0], title="seen").figure,
    "function": lambda: plot.function(
        {"tanh": np.tanh, "cos": np.cos},
        (-2, 2),
        derivatives={"tanh": lambda x: 1 - np.tanh(x) ** 2, "cos": lambda x: -np.sin(x)},
        points=[0.5],
        title="seen",
    ),
    "small_multiples": lambda: plot.small_multiples(
        {"seen": lambda ax: loss({"a": [1.0], "b": [2.0]}, title="own", ax=ax)}
    ),
    "weights": lambda: plot.weights({"L1": [0.0, 0.0005, -0.5], "L2": X}, title="seen"),
    "images": lambda: images(np.eye(3).reshape(3, 1, 3), ["1", "2", "3, not 4"], marked=[0, 0, 1], title="seen"),
    "moments": lambda: plot.moments([1.0, -2.0], [0.1, -0.1], [0.1, 0.2], [-0.1, 0.1], title="seen"),
    "race": lambda: plot.race({"a": [3.0, 5.0, np.inf], "b": [np.inf, np.inf, 9.0]}, title="seen"),
    "step_sizes": lambda: plot.step_sizes({"a": [1.0, np.nan, 0.5], "b": [0.1]}, log_x=True, title="seen"),
    "augmentations": lambda: plot.augmentations({"a": np.ones((2, 3, 4)), "b": np.zeros((1, 3, 4))}, title="seen"),
    "gains": lambda: plot.gains({"none": [1.0, 2.0], "a": [1.5, 2.4], "b": [0.0, 3.0]}, "none", title="seen"),
    "contour": lambda: plot.contour(bowl, (-1, 2), (-1, 1), minimum=(0.5, 0), title="seen"),
    "paths": lambda: plot.paths(WALKS, bowl, (-1, 2), (-1, 1), log=True, minimum=(0.5, 0), title="seen"),
    "paths_animation": lambda: plot.paths_animation(WALKS, bowl, (-1, 2), (-1, 1), title="seen").figure,
    "sweep": lambda: plot.sweep([0.1, 1.0], [[1.0, 2.0], [np.inf, 4.0]], levels={"best": 0.5}, title="seen"),
}
"""Every plot, small and with a title; the battery below goes over them."""
every_plot = pytest.mark.parametrize("make", PLOTS.values(), ids=list(PLOTS))


def test_every_plot_of_the_package_is_exported_and_tried():
    for module in modules_of(plot):
        if module.__name__ in [f"viz.plot.{name}" for name in ("style", "themes", "figure", "animation", "given")]:
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


@every_plot
def test_the_data_behind_it_are_a_table(make):
    data = make().data
    assert data
    assert len({len(column) for column in data.values()}) == 1


@every_plot
def test_it_has_only_colours_that_have_a_dark_counterpart(make, tmp_path):
    svg = save(make(), tmp_path / "light.svg").read_text()
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) <= set(style.DARK)
    dark = save(make(), tmp_path / "dark.svg", theme="dark").read_text()
    assert set(re.findall(r"#[0-9a-f]{6}\b", dark)) <= set(style.DARK.values())


@every_plot
def test_the_dark_theme_changes_nothing_in_the_figure(make, tmp_path):
    figure = make()
    before = save(figure, tmp_path / "1.svg").read_bytes()
    with themes.repainted(figure):
        pass
    save(figure, tmp_path / "2.png", theme="dark")
    assert save(figure, tmp_path / "3.svg").read_bytes() == before


@every_plot
def test_an_svg_that_follows_the_system_differs_by_its_rules_alone(make, tmp_path):
    light, auto = (save(make(), tmp_path / f"{theme}.svg", theme=theme).read_text() for theme in ("light", "auto"))
    assert auto.replace(themes.dark_rules(), "") == light != auto


def test_it_draws_on_the_axes_of_the_caller():
    figure = plot.new_figure(8, 4)
    left, right = figure.subplots(1, 2)
    assert loss({"loss": [1.0, 0.5]}, ax=left, title="left") is figure
    assert boundary(lambda p: p[:, 0] - 0.5, X, [0, 1, 0, 1], resolution=8, ax=right, title="right") is figure
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["left", "right"]
    assert figure.data["panel"].tolist() == [0, 0, 1, 1, 1, 1]
    assert figure.data["y"][:2].tolist() == [1.0, 0.5]
    assert figure.data["series"].tolist() == ["loss", "loss", "", "", "", ""]
    assert np.isnan(figure.data["x0"][:2]).all()
    with pytest.raises(ValueError, match="losses and accuracies each want axes: pass 2 in ax, got 1"):
        loss(HISTORY, ax=left)


def test_what_are_no_axes_is_refused():
    figure = plot.new_figure()
    for ax, cure in (
        (figure.subplots(1, 2), r"ndarray: pass one of them, as axes\[0\]"),
        (figure, "PlotFigure: pass thos"),
    ):
        with pytest.raises(TypeError, match=f"ax takes the axes to draw on, got {cure}"):
            plot.contour(bowl, (0, 1), (0, 1), ax=ax)


def moving_dot():
    figure = loss({"loss": [1.0, 0.5, 0.25]}, title="seen")
    (axes,) = figure.axes
    (dot,) = axes.plot([], [], "o", color=style.STRANGE)

    def update(i):
        dot.set_data([i + 1], [[1.0, 0.5, 0.25][i]])
        return [dot]

    return plot.Animation(figure, update, 3)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_animation_moves_what_moves_alone(tmp_path, theme):
    image = pytest.importorskip("PIL.Image")
    path = moving_dot().themed(theme).save_gif(tmp_path / "dot.gif", seconds=0.05)
    assert path.read_bytes() == moving_dot().themed(theme).save_gif(tmp_path / "again.gif", seconds=0.05).read_bytes()
    with image.open(path) as gif:
        frames, times = [], []
        for i in range(gif.n_frames):
            gif.seek(i)
            frames.append(np.asarray(gif.convert("RGB")).astype(int))
            times.append(gif.info["duration"])
    assert times == [50, 50, 2000]
    paper = tuple(
        int(c, 16) for c in re.findall("..", (style.PAPER if theme == "light" else style.DARK[style.PAPER])[1:])
    )
    assert tuple(frames[0][2, 2]) == pytest.approx(paper, abs=2)
    changed = np.abs(frames[0] - frames[1]).max(axis=2) > 8
    assert 20 < changed.sum() < 1000  # two dots, of some 400 000 pixels


def test_an_animation_leaves_its_figure_as_it_was(tmp_path):
    animation = moving_dot()
    animation.update(2)
    before = save(animation.figure, tmp_path / "1.svg").read_bytes()
    animation.themed("dark").save_gif(tmp_path / "dark.gif")
    assert save(animation.figure, tmp_path / "2.svg").read_bytes() == before
    with pytest.raises(ValueError, match="at least one frame, got frames=0"):
        plot.Animation(animation.figure, animation.update, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("fails_at", ["update", "encoder"])
def test_an_animation_that_fails_leaves_everything_as_it_was(tmp_path, monkeypatch, theme, fails_at):
    animation, before = moving_dot(), dict(matplotlib.rcParams)
    animation.update(2)
    svg = save(animation.figure, tmp_path / "1.svg").read_bytes()

    def update(i):
        return animation.update(i) if i != 1 else 1 / 0

    def encoder(images, times, last):
        next(images)
        raise ZeroDivisionError

    if fails_at == "encoder":
        monkeypatch.setattr("viz.plot.animation.gif_of", encoder)
    failing = plot.Animation(animation.figure, update if fails_at == "update" else animation.update, 3, theme)
    with pytest.raises(ZeroDivisionError) as kept:  # with its traceback, on which the generator hangs
        failing.save_gif(tmp_path / "dot.gif")
    assert kept.tb is not None
    assert dict(matplotlib.rcParams) == before
    assert save(animation.figure, tmp_path / "2.svg").read_bytes() == svg
    assert not (tmp_path / "dot.gif").exists()


@pytest.mark.parametrize("moved", [None, 3, [3], "line"])
def test_an_animation_whose_update_gives_no_artists_says_so(tmp_path, moved):
    figure = moving_dot().figure
    with pytest.raises(TypeError, match=r"update\(0\) must give the artists that move, as in \[line\], got"):
        plot.Animation(figure, lambda i: figure.axes[0].lines[0] if moved == "line" else moved, 3).save_gif(
            tmp_path / "dot.gif"
        )


def test_a_figure_of_pyplot_stays_in_its_window(tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    try:
        canvas, (line,) = figure.canvas, axes.plot([1, 2])
        for kind in ("svg", "png", "pdf"):
            save(loss({"loss": [1.0, 0.5]}, ax=axes), tmp_path / f"figure.{kind}", theme="dark")
        plot.Animation(figure, lambda i: [line], 2).save_gif(tmp_path / "figure.gif")
        assert pyplot.get_fignums() == [figure.number]
        assert figure.canvas is canvas
        assert canvas.manager is not None
    finally:
        pyplot.close(figure)


def test_a_table_below_one_whose_panels_have_names():
    figure = plot.small_multiples({"a": lambda ax: loss({"x": [1.0]}, ax=ax)})
    loss({"y": [2.0]}, ax=figure.axes[0])
    assert figure.data["panel"].tolist() == ["a", ""]
    assert figure.data["y"].tolist() == [1.0, 2.0]


def test_a_contour_has_the_heights_of_the_function():
    data = plot.contour(bowl, (-1, 2), (-1, 1)).data
    np.testing.assert_allclose(data["value"], (data["x"] - 0.5) ** 2 + 4 * data["y"] ** 2)
    assert (data["x"].min(), data["x"].max(), data["y"].min(), data["y"].max()) == (-1, 2, -1, 1)
    assert plot.contour(lambda x, y: 0 * x, (0, 1), (0, 1)).data["value"].max() == 0
    flat = plot.contour(lambda x, y: 1 + 1e-15 * x, (0, 1), (0, 1), log=True)  # but for rounding
    assert not flat.axes[0].collections
    pole = plot.contour(lambda x, y: 1 / (x + y), (-1, 1), (-1, 1)).data["value"]
    assert not np.isfinite(pole).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot.contour(bowl, (1, 1), (0, 1)), r"x_range must be two numbers, the smaller first"),
        (lambda: plot.contour(lambda x, y: 3.0, (0, 1), (0, 1)), r"gave shape \(\) for two arrays of shape"),
        (lambda: plot.contour(lambda x, y: x * np.nan, (0, 1), (0, 1)), "nowhere finite"),
        (lambda: plot.contour(bowl, (0, 1), (0, 1), minimum=(1, 2, 3)), r"minimum must be a point, as \(0, 0\)"),
        (lambda: plot.contour(bowl, (0, 1), (0, 1), minimum=(np.nan, 2)), r"minimum must be a point, as \(0, 0\)"),
        (lambda: plot.paths({}, bowl, (0, 1), (0, 1)), "there is no path"),
        (lambda: plot.paths([[0, 1]], bowl, (0, 1), (0, 1)), "paths have names"),
        (lambda: plot.paths({"a": [0, 1]}, bowl, (0, 1), (0, 1)), r"the path 'a' must be points .* got shape \(2,\)"),
        (lambda: plot.paths({"a": [[np.nan, 1]]}, bowl, (0, 1), (0, 1)), "the path 'a' starts at"),
    ],
)
def test_contours_and_paths_say_what_does_not_fit(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_a_sheet_of_augmentations_says_what_changed():
    grey = np.linspace(0, 1, 12).reshape(3, 4)
    data = plot.augmentations({"original": [grey], "darker": [grey / 2, grey / 4]}).data
    assert data["augmentation"].tolist() == ["original", "darker", "darker"]
    np.testing.assert_allclose(data["mean"], [0.5, 0.25, 0.125])
    np.testing.assert_allclose(data["change"], [0.0, 0.25, 0.375])
    bytes_ = plot.augmentations({"a": np.full((1, 2, 2, 3), 51, np.uint8)}).data
    np.testing.assert_allclose(bytes_["mean"], [0.2])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot.augmentations({}), "there are no images"),
        (lambda: plot.augmentations([1]), "the rows have names"),
        (lambda: plot.augmentations({"a": np.ones((3, 4))}), r"the row 'a' must be .* got \(3, 4\)"),
        (lambda: plot.augmentations({"a": np.full((1, 3, 4), 16.0)}), r"'a' has pixels outside of \[0, 1\]"),
        (lambda: plot.augmentations({"a": np.full((1, 3, 4), np.nan)}), r"'a' has pixels outside of \[0, 1\]"),
        (lambda: plot.augmentations({"a": np.ones((1, 3, 4)), "b": np.ones((1, 4, 4))}), r"'b' has images of \(4, 4\)"),
        (lambda: plot.gains([[1, 2]], "b"), r'a result has names, such as {"none": \[0.5, 0.6\]}, got list'),
        (lambda: plot.gains({"a": [1, 2]}, "b"), "the baseline 'b' must be one of at least two results"),
        (lambda: plot.gains({"a": [1, 2], "b": [1]}, "a"), r"'b' has shape \(1,\)"),
        (lambda: plot.gains({"a": [1, 2], "b": [1, np.nan]}, "a"), "the results of 'b' must be finite"),
    ],
)
def test_sheets_and_gains_say_what_does_not_fit(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_gains_are_paired_and_filled_where_they_are_clear():
    figure = plot.gains({"none": [1.0, 2.0, 3.0], "up": [1.5, 2.4, 3.6], "eh": [0.0, 3.0, 3.1]}, "none")
    assert figure.data["gain"].round(2).tolist() == [0, 0, 0, 0.5, 0.4, 0.6, -1.0, 1.0, 0.1]
    faces = [line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert faces == [style.COLOURS[0], style.PAPER]


def test_paths_tell_who_leaves_the_picture():
    figure = plot.paths(WALKS, bowl, (-1, 2), (-1, 1))
    _, labels = figure.axes[0].get_legend_handles_labels()
    assert labels == ["a", "b, leaves at step 1", "start"]
    assert figure.data["path"].tolist() == ["a"] * 3 + ["b"] * 4
    np.testing.assert_allclose(figure.data["value"][:3], [4.25, 1.25, 0.05])


def test_every_start_is_marked_once():
    figure = plot.paths({"a": [[1, 1], [0, 0]], "b": [[1, 1], [0, 1]], "c": [[-1, 0], [0, 0]]}, bowl, (-2, 2), (-2, 2))
    (start,) = [line for line in figure.axes[0].lines if line.get_label() == "start"]
    assert start.get_xydata().tolist() == [[-1, 0], [1, 1]]


def test_the_legend_tells_a_late_step_exactly():
    path = np.zeros((12400, 2))
    path[12345:] = 5.0
    _, labels = plot.paths({"a": path}, bowl, (-1, 1), (-1, 1)).axes[0].get_legend_handles_labels()
    assert labels == ["a, leaves at step 12345", "start"]


def test_moving_paths_go_step_by_step_and_take_sixty_frames_at_most():
    animation = plot.paths_animation(WALKS, bowl, (-1, 2), (-1, 1))
    assert animation.frames == 4
    a, b, *_, count = animation.update(2)
    assert [len(line.get_xdata()) for line in (a, b)] == [3, 3]
    assert count.get_text() == "step 2"
    long = plot.paths_animation({"a": np.zeros((1000, 2))}, bowl, (-1, 2), (-1, 1))
    assert long.frames == 60
    assert list(long.update(59))[-1].get_text() == "step 999"


def test_loss_at_the_places_that_are_given():
    figure = loss({"a": [1.0, 0.5], "b": [3.0]}, x={"a": [10, 20], "b": [15]}, x_label="samples")
    assert figure.data["x"].tolist() == [10.0, 20.0, 15.0]
    with pytest.raises(ValueError, match="the series 'a' has 2 numbers, but x has 3 places"):
        loss({"a": [1.0, 0.5]}, x=[1, 2, 3])
    with pytest.raises(ValueError, match="x has no places for the series 'a'; it has them for 'b'"):
        loss({"a": [1.0, 0.5]}, x={"b": [1, 2]})


@pytest.mark.parametrize("name", ["accuracy", "my_accuracy"])
def test_numbers_that_are_no_shares_are_not_cut_off(name):
    (axes,) = loss({name: [50.0, 90.0]}).axes
    low, high = axes.get_ylim()
    assert low < 50 < 90 < high


def test_places_are_finite():
    with pytest.raises(ValueError, match="x must be finite, but a place of the series 'a' is not"):
        loss({"a": [1.0, 0.5]}, x=[1.0, np.nan])


def test_a_training_that_diverged_at_once_can_be_drawn_and_saved(tmp_path):
    save(loss({"loss": [np.nan, np.inf]}, log=True), tmp_path / "loss.png")


def test_loss_curve_draws_the_numbers():
    upper, lower = loss(HISTORY, title="moons").axes
    assert [line.get_label() for line in upper.lines] == ["loss", "validation loss"]
    assert [list(line.get_ydata()) for line in upper.lines] == [HISTORY["loss"], HISTORY["validation_loss"]]
    assert list(upper.lines[0].get_xdata()) == [1, 2, 3]
    assert len({(line.get_linestyle(), line.get_marker()) for line in upper.lines}) == 2
    assert lower.get_ylabel() == "accuracy"
    assert upper.get_title(loc="left") == "moons"
    assert lower.get_xlabel() == "epoch"


def test_loss_curve_on_a_logarithmic_axis():
    upper, lower = loss(HISTORY, log=True).axes
    assert upper.get_yscale() == "log"
    assert lower.get_yscale() == "linear"
    with pytest.raises(ValueError, match=r"log=True needs positive numbers, but 'loss' contains −1: use log=False"):
        loss({"loss": [1.0, -1.0]}, log=True)


def test_loss_curve_marks_where_it_stops_being_finite():
    (axes,) = loss({"loss": [1.0, float("nan"), 2.0]}).axes
    assert [t.get_text() for t in axes.texts] == ["loss is NaN"]


def test_loss_curve_needs_numbers():
    with pytest.raises(ValueError, match="the history is empty"):
        loss({})
    with pytest.raises(ValueError, match="the series 'loss' of the history is empty"):
        loss({"loss": []})


def test_a_score_of_zero_is_the_negative_class():
    (axes,) = boundary(lambda p: np.zeros(len(p)), X, [-1, -1, -1, 1], resolution=5).axes
    assert axes.get_title(loc="left") == "3 of 4 right (75 %)"


@pytest.mark.parametrize("classes", [[0, 1, 0, 1], [-1, 1, -1, 1]])
def test_boundary_by_sign(classes):
    figure = boundary(lambda p: p[:, 0] - 0.5, X, classes, resolution=30)
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
    figure = boundary(lambda p: 1 / (1 + np.exp(-9 * (p[:, 0] - 0.5))), X, [0, 1, 0, 1], resolution=30)
    assert title_and_legend(figure) == ("4 of 4 right (100 %)", "class (at 0.5)")
    (line,) = [c for c in figure.axes[0].collections if hasattr(c, "levels")]
    assert np.abs(line.get_paths()[0].vertices[:, 0] - 0.5).max() < 1e-9


@pytest.mark.parametrize(("classes", "shift", "right"), [([-1, 1, -1, 1], 0.5, 2), ([0, 1, 0, 1], 0.0, 4)])
def test_boundary_of_other_scores_is_at_zero(classes, shift, right):
    """Where the classes are -1 and 1, scores from 0 to 1 are scores as others are."""
    figure = boundary(lambda p: np.clip(p[:, 0], 0, 1) - 0.5 + shift * 1.2, X, classes, resolution=30)
    assert title_and_legend(figure) == (f"{right} of 4 right ({25 * right} %)", "class")


def test_boundary_at_a_given_threshold():
    figure = boundary(lambda p: p[:, 0], X, [0, 0, 0, 0], resolution=30, threshold=2.0)
    assert title_and_legend(figure) == ("4 of 4 right (100 %)", "class (at 2)")


def test_boundary_by_largest_logit():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    figure = boundary(
        lambda p: -((p[:, None] - corners) ** 2).sum(axis=2), X, np.array([[0], [1], [2], [0]]), resolution=30
    )
    assert figure.axes[0].get_title(loc="left") == "3 of 4 right (75 %)"


def test_boundary_of_scores_that_say_nothing():
    figure = boundary(lambda p: np.zeros(len(p)), X, [0, 1, 0, 1], resolution=5)
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
        ({"Y": ["a", "b", "a", "b"]}, r"Y must be numbers, such as 0 and 1: write numpy.unique\(Y, return_inverse"),
        ({"Y": [0, 1, np.nan, 1]}, "Y must be numbers"),
        ({"predict": lambda p: p[:, 0] * np.nan}, r"but at \[.*\] it gave NaN: has the training diverged"),
        ({"predict": lambda p: p * np.nan}, "it gave NaN"),
        ({"threshold": np.nan}, "threshold must be a finite number, got nan"),
    ],
)
def test_boundary_says_what_is_wrong(change, message):
    arguments = {"predict": lambda p: p[:, 0], "X": X, "Y": [0, 1, 0, 1], "resolution": 5} | change
    with pytest.raises(ValueError, match=message):
        boundary(**arguments)


def test_boundary_of_a_model_names_the_cure():
    with pytest.raises(TypeError, match=r"an? MLP takes one: pass autograd.compile\(model\)"):
        boundary(nn.MLP(2, [1], rng=0), X, [0, 1, 0, 1])
    with pytest.raises(TypeError, match="predict maps points to scores, but 3 of type int does not"):
        boundary(3, X, [0, 1, 0, 1])


def test_a_curve_of_plain_numbers_names_the_cure():
    with pytest.raises(TypeError, match=r"maps names to numbers, got list: pass what fit\(\) returned"):
        loss([1.0, 0.5])


def test_a_figure_shows_itself_as_it_would_be_saved(tmp_path):
    figure = loss(HISTORY)
    positions = [axes.get_position().bounds for axes in figure.axes]
    png, metadata = figure._repr_png_()
    assert png == save(figure, tmp_path / "a.png").read_bytes()
    assert metadata == {"width": 640}
    assert [axes.get_position().bounds for axes in figure.axes] == positions
    assert isinstance(figure, Figure)


def test_save_says_what_is_wrong(tmp_path):
    figure = loss(HISTORY)
    with pytest.raises(ValueError, match=r"format 'bmp' .* .svg, .pdf, .png"):
        save(figure, tmp_path / "a.bmp")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        save(figure, tmp_path / "nowhere" / "a.png")


def test_the_style_lasts_as_long_as_its_block():
    before = dict(matplotlib.rcParams)
    with styled():
        assert matplotlib.rcParams["axes.spines.top"] is False
    assert dict(matplotlib.rcParams) == before


def test_the_first_to_arrive_stands_inside_of_the_axis():
    left, _ = plot.race({"a": [2.0, 4.0, 9.0]}).axes[0].get_xlim()
    assert left < 1.99
