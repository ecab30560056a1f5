"""Gradient descent on a curve, every step an arrow: still, and moving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.calls import public

from .animation import Animation
from .given import Floats, Function, interval_of, values_of
from .style import COLOURS, LINE, MARKERS, PAPER, axes_for, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Paths = Mapping[str, Sequence[float]] | Sequence[float]
_FRAMES = 3  # a step
_ARROW: dict[str, Any] = {
    "angles": "xy", "scale_units": "xy", "scale": 1.0, "units": "inches", "width": 0.022, "headwidth": 6.0,
    "headlength": 7.0, "headaxislength": 6.0, "minlength": 0.0,
}  # fmt: skip


@public
def descent(
    f: Function,
    paths: Paths,
    *,
    interval: tuple[float, float] | None = None,
    x_label: str = "parameter",
    y_label: str = "loss",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot a function of one number and a descent on it, or several: an arrow from each point to the next.

    Args:
        f: maps an array (n,) to an array (n,), such as ``autograd.compile(loss)``.
        paths: the numbers where the descent was, its start first; several of them by name.
        interval: from where to where the function is drawn; an arrow that leaves it is cut off, and what comes after
            isn't drawn. By default all of the paths and a tenth more on either side.
        x_label: of the horizontal axis.
        y_label: of the vertical one.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are path, step, x, y: the points of the paths, drawn or not, then those of the curve,
        whose path is "" and whose step is NaN.

    Raises:
        TypeError: the function takes no arrays.
        ValueError: no path, an empty one, a start outside of the interval, a function that is nowhere finite there.

    >>> figure = descent(lambda w: w**2, [1.0, 0.5, 0.25])
    >>> figure.data["x"][:3].tolist(), figure.data["y"][:3].tolist()
    ([1.0, 0.5, 0.25], [1.0, 0.25, 0.0625])
    """
    return _drawn(f, paths, interval, x_label, y_label, title, ax)[0]


@public
def descent_animation(
    f: Function,
    paths: Paths,
    *,
    interval: tuple[float, float] | None = None,
    x_label: str = "parameter",
    y_label: str = "loss",
    title: str = "",
    ax: Axes | None = None,
) -> Animation:
    """The same as `descent`, moving: a ball for each path goes along its arrows, all of them step by step.

    Arguments and errors are those of `descent`.

    >>> descent_animation(lambda w: w**2, [1.0, 0.5, 0.25])
    <Animation of 7 frames>
    """
    figure, walks = _drawn(f, paths, interval, x_label, y_label, title, ax)

    def update(i: int) -> list[Artist]:
        return [artist for walk in walks for artist in walk.at(i / _FRAMES)]

    return Animation(figure, update, max(len(walk.moves) for walk in walks) * _FRAMES + 1)


def _drawn(
    f: Function,
    paths: Paths,
    interval: tuple[float, float] | None,
    x_label: str,
    y_label: str,
    title: str,
    ax: Axes | None,
) -> tuple[PlotFigure, list[_Walk]]:
    named = _named(paths)
    xs = np.linspace(*_interval(named, interval), 401)
    curve = values_of("the function", f, xs)
    heights = {name: values_of(f"the function on {name!r}", f, path) for name, path in named.items()}
    for name, ys in heights.items():
        if not np.isfinite(ys[0]):
            raise ValueError(f"the path {name!r} starts at {named[name][0]:g}, where the function isn't finite.")
    with axes_for(ax) as axes:
        axes.plot(xs, curve, color=LINE, zorder=1)
        low, high = np.nanmin(curve), np.nanmax(curve)
        room = 0.06 * (high - low or 1.0)
        axes.set(xlabel=x_label, ylabel=y_label, xlim=(xs[0], xs[-1]), ylim=(low - room, high + room))
        walks = [_Walk(axes, path, heights[name], i, name) for i, (name, path) in enumerate(named.items())]
        if len(named) > 1:
            axes.legend()
        if title:
            axes.set_title(title)
    sizes = [len(path) for path in named.values()]
    figure = tabulate(
        axes,
        path=np.repeat([*named, ""], [*sizes, len(xs)]),
        step=np.concatenate([*map(np.arange, sizes), np.full(len(xs), np.nan)]),
        x=np.concatenate([*named.values(), xs]),
        y=np.concatenate([*heights.values(), curve]),
    )
    return figure, walks


def _named(paths: Paths) -> dict[str, Floats]:
    given = paths if isinstance(paths, Mapping) else {"descent": paths}
    named = {name: np.asarray(path, dtype=np.float64) for name, path in given.items()}
    if not named:
        raise ValueError('paths is empty: pass the points of a descent, or several by name as in {"lr=0.1": [1, 0.8]}.')
    for name, path in named.items():
        if path.ndim != 1 or not len(path):
            raise ValueError(
                f"the path {name!r} must be numbers, the start first, of shape (n,), got shape {path.shape}: "
                f"a descent of two parameters is drawn by plot.paths."
            )
    return named


def _interval(named: Mapping[str, Floats], interval: tuple[float, float] | None) -> tuple[float, float]:
    if interval is None:
        points = np.concatenate(list(named.values()))
        if not np.isfinite(points).all():
            raise ValueError("a path isn't finite: pass the interval to draw, such as interval=(-3, 3).")
        room = 0.1 * (np.ptp(points) or 1.0)
        return float(points.min() - room), float(points.max() + room)
    low, high = interval_of(interval)
    for name, path in named.items():
        if not low <= path[0] <= high:
            raise ValueError(
                f"the path {name!r} starts at {path[0]:g}, outside of the interval from {low:g} to {high:g}."
            )
    return low, high


class _Walk:
    """The artists of one path: its arrows, the points passed, and a ball where it is."""

    def __init__(self, axes: Axes, xs: Floats, ys: Floats, i: int, name: str) -> None:
        colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
        self.points, self.leaves = _visible(axes, np.stack([xs, ys], axis=1))
        self.moves = np.diff(self.points, axis=0)
        self.arrows = axes.quiver(*self.points[:-1].T, *self.moves.T, color=colour, zorder=3, **_ARROW)
        axes.plot(xs[:1], ys[:1], marker, color=colour, markerfacecolor=PAPER, markersize=8, zorder=2)
        (self.passed,) = axes.plot([], [], marker, color=colour, markersize=3.5, zorder=2)
        (self.ball,) = axes.plot([], [], marker, color=colour, markeredgecolor=PAPER, markersize=9, label=literal(name))
        self.ball.set_zorder(4)
        self.at(len(self.moves))

    def at(self, steps: float) -> list[Artist]:
        """Move the ball so many steps from the start, or as many as there are; a path that leaves takes it along."""
        last = len(self.moves)
        done = min(int(steps), last)
        is_ahead = np.arange(last)[:, None] >= done
        self.arrows.set_UVC(*np.ma.masked_where(np.repeat(is_ahead, 2, axis=1), self.moves).T)
        self.passed.set_data(*self.points[1 : min(done + 1, last + 1 - self.leaves)].T)
        under_way = (steps - done) * self.moves[done] if done < last else 0.0
        self.ball.set_data(*(self.points[done] + under_way)[:, None])
        self.ball.set_visible(not (self.leaves and done == last))
        return [self.arrows, self.passed, self.ball]


def _visible(axes: Axes, points: Floats) -> tuple[Floats, bool]:
    """The points as far as the path stays in the axes, and whether it leaves them: then the last is on their border."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    low, high = np.array([left, bottom]), np.array([right, top])
    inside = ((points >= low) & (points <= high)).all(axis=1)
    if inside.all():
        return points, False
    first = int(np.argmin(inside))
    start, step = points[first - 1], points[first] - points[first - 1]
    if not np.isfinite(step).all():
        return points[:first], False
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(step > 0, (high - start) / step, np.where(step < 0, (low - start) / step, np.inf))
    return np.vstack([points[:first], start + reach.min() * step]), True
