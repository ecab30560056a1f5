"""What a classifier says all over the plane, with the points that it was to learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public
from autograd.decision import threshold_for

from .style import COLOURS, INK, MARKERS, PAPER, axes_for, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Floats = NDArray[np.float64]


@public
def boundary(
    predict: Callable[[Floats], ArrayLike],
    X: ArrayLike,
    Y: ArrayLike,
    *,
    resolution: int = 200,
    margin: float = 0.15,
    title: str = "",
    threshold: float | None = None,
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot the classes that ``predict`` gives over the plane, how sure it is, and the points of a data set.

    Args:
        predict: maps an array of points (n, 2) to scores (n,), which ``threshold`` divides, or to logits (n, k), whose
            largest is the class. A model takes one point at a time; ``autograd.compile(model)`` takes them all.
        X: the points, (n, 2).
        Y: their classes, (n,): two different numbers (such as 0 and 1, or -1 and 1) for scores, 0 to k - 1 for logits.
        resolution: points of the grid on each side.
        margin: how far the plot goes beyond the points, as a share of their range.
        title: above the plot; by default the share of points that are classified right.
        threshold: the score between the two classes; the legend shows it. By default 0 for classes -1 and 1; for others
            0.5 where all scores are probabilities, from 0 to 1, else 0, as of logits.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are the points: x0, x1, class, predicted.

    Raises:
        TypeError: ``predict`` is a model, or can't be called.
        ValueError: a shape or number that doesn't fit; the message says which.

    >>> X, Y = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([-1, 1])
    >>> figure = boundary(lambda points: points.sum(axis=1) - 1.0, X, Y, resolution=20)
    >>> figure.axes[0].get_title(loc="left")
    '2 of 2 right (100 %)'
    >>> figure.data["predicted"].tolist()
    [-1, 1]
    """
    _check_predict(predict)
    points, classes = _data(X, Y, resolution)
    xs, ys = _grid(points, resolution, margin)
    mesh = np.stack([a.ravel() for a in np.meshgrid(xs, ys)], axis=1)
    field = _scores(predict, mesh)
    own = _scores(predict, points)
    names = _class_names(classes, field)
    at = 0.0
    if field.ndim == 1:  # from here on the sign is the class
        if threshold is not None and not np.isfinite(threshold):
            raise ValueError(f"threshold must be a finite number, got {threshold!r}.")
        at = threshold_for(np.concatenate([field, own]), classes) if threshold is None else float(threshold)
        field, own = field - at, own - at
    predicted = names[_winner(own)]
    right = int(np.sum(predicted == classes))
    with axes_for(ax, 5.6, 5.0) as axes:
        _field(axes, xs, ys, field)
        _points(axes, points, classes, names)
        axes.set_title(title or f"{right} of {len(points)} right ({100 * right / len(points):.0f} %)")
        axes.set(xlabel="$x_0$", ylabel="$x_1$", xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]))
        axes.grid(visible=False)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title=f"class (at {at:g})" if at else "class")
    return tabulate(axes, x0=points[:, 0], x1=points[:, 1], **{"class": classes, "predicted": predicted})


def _check_predict(predict: Any) -> None:
    if not callable(predict):
        raise TypeError(f"predict maps points to scores, but {predict!r} of type {type(predict).__name__} does not.")
    if hasattr(predict, "named_parameters"):  # a module: plots know no class of autograd
        raise TypeError(
            f"predict takes all points at once, and a {type(predict).__name__} takes one: pass "
            f"autograd.compile(model), after model.eval() if there is dropout in it."
        )


def _data(X: ArrayLike, Y: ArrayLike, resolution: int) -> tuple[Floats, NDArray[Any]]:
    points, classes = np.asarray(X, dtype=np.float64), np.asarray(Y)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"X must be points of the plane, of shape (n, 2), got shape {points.shape}.")
    if classes.ndim == 2 and classes.shape[1] == 1:
        classes = classes[:, 0]
    if classes.shape != (len(points),):
        raise ValueError(f"Y must be one class a point, of shape ({len(points)},), got shape {np.shape(Y)}.")
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise ValueError(f"X must be finite, but row {row} is {points[row].tolist()}.")
    if classes.dtype.kind not in "biuf" or not np.isfinite(classes).all():
        raise ValueError(
            f"Y must be numbers, such as 0 and 1: write numpy.unique(Y, return_inverse=True)[1], got {Y!r}."
        )
    if resolution < 2:
        raise ValueError(f"resolution must be at least 2 points a side, got {resolution}.")
    return points, classes


def _grid(points: Floats, resolution: int, margin: float) -> tuple[Floats, Floats]:
    low, high = points.min(axis=0), points.max(axis=0)
    pad = margin * np.where(high > low, high - low, 1.0)
    x, y = (np.linspace(a, b, resolution) for a, b in zip(low - pad, high + pad, strict=True))
    return x, y


def _scores(predict: Callable[[Floats], ArrayLike], points: Floats) -> Floats:
    scores = np.asarray(predict(points), dtype=np.float64)
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.ndim not in (1, 2) or len(scores) != len(points):
        raise ValueError(
            f"predict must give scores ({len(points)},) or logits ({len(points)}, k) for points {points.shape}, "
            f"got shape {scores.shape}."
        )
    if np.isnan(scores).any():
        where = points[np.flatnonzero(np.isnan(scores).reshape(len(points), -1).any(axis=1))[0]]
        raise ValueError(f"predict must give numbers, but at {where.tolist()} it gave NaN: has the training diverged?")
    return scores


def _winner(scores: Floats) -> NDArray[np.intp]:
    if scores.ndim == 1:
        return (scores > 0).astype(np.intp)
    winner: NDArray[np.intp] = np.argmax(scores, axis=1)
    return winner


def _class_names(classes: NDArray[Any], scores: Floats) -> NDArray[Any]:
    """The class that each column of the logits, or each sign of the scores, stands for."""
    present = np.unique(classes)
    if scores.ndim == 1:
        if len(present) > 2:
            raise ValueError(f"scores of shape (n,) tell two classes apart, but Y has {present.tolist()}: give logits.")
        if len(present) == 2:
            return present
        return np.array([0, 1]) if present[0] in (0, 1) else np.array([-1, 1])
    outside = [c for c in present.tolist() if c not in range(scores.shape[1])]
    if outside:
        raise ValueError(
            f"Y must be classes from 0 to {scores.shape[1] - 1} for logits (n, {scores.shape[1]}), but has {outside}."
        )
    return np.arange(scores.shape[1])


def _field(axes: Axes, xs: Floats, ys: Floats, scores: Floats) -> None:
    """A tint for each class, stronger where the classifier is surer, and a line where two classes meet."""
    shape = (len(ys), len(xs))
    winner = _winner(scores).reshape(shape)
    sure = _certainty(scores).reshape(shape)
    colours = np.array([_rgb(COLOURS[k % len(COLOURS)]) for k in range(int(winner.max()) + 1)])
    image = np.concatenate([colours[winner], (0.12 + 0.38 * sure)[..., None]], axis=2)  # lets the paper shine through
    extent = (float(xs[0]), float(xs[-1]), float(ys[0]), float(ys[-1]))
    axes.imshow(image, extent=extent, origin="lower", aspect="auto", interpolation="bilinear")
    if scores.ndim == 1:
        levels = scores.reshape(shape)
        if levels.min() < 0 < levels.max():
            axes.contour(xs, ys, levels, levels=[0.0], colors=INK, linewidths=1.6)
        return
    for k in np.unique(winner)[:-1]:
        others = np.delete(scores, k, axis=1).max(axis=1)
        axes.contour(xs, ys, (scores[:, k] - others).reshape(shape), levels=[0.0], colors=INK, linewidths=1.6)


def _certainty(scores: Floats) -> Floats:
    """From 0 on the boundary to 1 where the lead is largest; the median lead is in the middle."""
    if scores.ndim == 1:
        lead = np.abs(scores)
    else:
        ordered = np.sort(scores, axis=1)
        lead = ordered[:, -1] - ordered[:, -2] if scores.shape[1] > 1 else np.ones(len(scores))
    half = float(np.median(lead[np.isfinite(lead)])) if np.isfinite(lead).any() else 0.0
    if half == 0.0:
        return np.zeros_like(lead)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(lead / (lead + half), nan=1.0)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _points(axes: Axes, points: Floats, classes: NDArray[Any], names: NDArray[Any]) -> None:
    for k, name in enumerate(names.tolist()):
        chosen = points[classes == name]
        if len(chosen):
            axes.scatter(
                chosen[:, 0],
                chosen[:, 1],
                s=30,
                marker=MARKERS[k % len(MARKERS)],
                color=COLOURS[k % len(COLOURS)],
                edgecolors=PAPER,
                linewidths=0.8,
                label=f"{name}",
                zorder=3,
            )
