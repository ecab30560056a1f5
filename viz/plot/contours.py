"""Functions of two numbers from above, and paths over them: still, and moving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import noted, public

from .animation import Animation
from .given import interval_of
from .style import COLOURS, INK, LINE, MARKERS, PAPER, RAMP, axes_for, distinct, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Floats = NDArray[np.float64]
Surface = Callable[[Floats, Floats], ArrayLike]
Range = tuple[float, float]
_GRID = 161
_FRAMES = 60
_MARKS = 10  # of a path


@public
def contour(
    f: Surface,
    x_range: Range,
    y_range: Range,
    *,
    log: bool = False,
    minimum: ArrayLike | None = None,
    x_label: str = "x",
    y_label: str = "y",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot a function of two numbers from above: the darker, the higher.

    Args:
        f: maps two arrays of one shape to an array of that shape, such as ``lambda x, y: x**2 + 10 * y**2``.
        x_range, y_range: from where to where.
        log: levels that lie evenly in the logarithm of the height above the lowest point, for a flat valley between
            steep walls.
        minimum: a point to mark, (2,), or several, (n, 2).
        x_label, y_label: of the axes.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are x, y, value on a grid of 161 by 161 points.

    Raises:
        TypeError: the function takes no arrays.
        ValueError: a range that isn't one, a result of another shape, or one that is nowhere finite.

    >>> figure = contour(lambda x, y: x**2 + 10 * y**2, (-2, 2), (-1, 1), minimum=(0, 0))
    >>> float(figure.data["value"].min()), float(figure.data["value"].max())
    (0.0, 14.0)
    """
    X, Y, Z = _heights(f, x_range, y_range)
    with axes_for(ax, 6.4, 5.0) as axes:
        _contours(axes, X, Y, Z, log)
        _frame(axes, X, Y, (x_label, y_label), title)
        _minimum(axes, minimum)
        if minimum is not None:
            axes.legend()
    return tabulate(axes, x=X.ravel(), y=Y.ravel(), value=Z.ravel())


@public
def paths(
    named: Mapping[str, ArrayLike],
    f: Surface,
    x_range: Range,
    y_range: Range,
    *,
    log: bool = False,
    minimum: ArrayLike | None = None,
    x_label: str = "x",
    y_label: str = "y",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot the paths of descents over the contours of what they go down.

    Args:
        named: the points of each path by its name, (steps + 1, 2), the start first. Where a path leaves the picture it
            is cut off, and the legend says so.
        f, x_range, y_range, log, minimum, x_label, y_label, title, ax: as for `contour`.

    Returns:
        The figure; its ``data`` are path, step, x, y, value.

    Raises:
        TypeError: the function takes no arrays, or the paths have no names.
        ValueError: no path, one of another shape, or what `contour` refuses.

    >>> figure = paths({"sgd": [[1, 1], [0.8, 0.2], [0.6, 0.0]]}, lambda x, y: x**2 + 4 * y**2, (-1, 1), (-1, 1))
    >>> figure.data["step"].tolist(), figure.data["value"].round(2).tolist()
    ([0, 1, 2], [5.0, 0.8, 0.36])
    """
    return _Paths(named, f, (x_range, y_range), log, minimum, (x_label, y_label), title, ax).figure


@public
def paths_animation(
    named: Mapping[str, ArrayLike],
    f: Surface,
    x_range: Range,
    y_range: Range,
    *,
    log: bool = False,
    minimum: ArrayLike | None = None,
    x_label: str = "x",
    y_label: str = "y",
    title: str = "",
    ax: Axes | None = None,
) -> Animation:
    """The same as `paths`, moving: all of them step by step, in at most 60 frames.

    Arguments and errors are those of `paths`.

    >>> paths_animation({"a": [[1, 1], [0.5, 0.5], [0, 0]]}, lambda x, y: x**2 + y**2, (-1, 1), (-1, 1))
    <Animation of 3 frames>
    """
    drawn = _Paths(named, f, (x_range, y_range), log, minimum, (x_label, y_label), title, ax)
    return Animation(drawn.figure, drawn.at, len(drawn.stops))


class _Paths:
    """The drawing of some paths, and what moves in it."""

    def __init__(
        self,
        given: Mapping[str, ArrayLike],
        f: Surface,
        ranges: tuple[Range, Range],
        log: bool,
        minimum: ArrayLike | None,
        labels: tuple[str, str],
        title: str,
        ax: Axes | None,
    ) -> None:
        self.paths = _checked(given)
        X, Y, Z = _heights(f, *ranges)
        with axes_for(ax, 6.4, 5.0) as axes:
            _contours(axes, X, Y, Z, log)
            _minimum(axes, minimum)
            self.lines = [_line(axes, name, path, i, ranges) for i, (name, path) in enumerate(self.paths.items())]
            self.heads = [_head(axes, path, i) for i, path in enumerate(self.paths.values())]
            starts = np.unique([path[0] for path in self.paths.values()], axis=0)
            axes.plot(*starts.T, "o", color=PAPER, markeredgecolor=INK, markersize=8, label="start", zorder=5)
            _frame(axes, X, Y, labels, title)
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
            self.count = axes.text(
                0.02, 0.02, "", transform=axes.transAxes, fontsize=11, color=INK, zorder=6,
                bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "boxstyle": "round"},
            )  # fmt: skip
        longest = max(map(len, self.paths.values())) - 1
        self.stops = np.unique(np.linspace(0, longest, min(longest + 1, _FRAMES)).round().astype(int))
        sizes = [len(path) for path in self.paths.values()]
        points = np.concatenate(list(self.paths.values()))
        with np.errstate(all="ignore"):
            values = np.asarray(f(points[:, 0], points[:, 1]), dtype=np.float64)
        names, steps = np.repeat(list(self.paths), sizes), np.concatenate([np.arange(n) for n in sizes])
        self.figure = tabulate(axes, path=names, step=steps, x=points[:, 0], y=points[:, 1], value=values)

    def at(self, frame: int) -> list[Artist]:
        """Everything that moves, at one of the stops."""
        stop = int(self.stops[frame])
        for path, line, head in zip(self.paths.values(), self.lines, self.heads, strict=True):
            line.set_data(*path[: stop + 1].T)
            head.set_data(*path[min(stop, len(path) - 1)][:, None])
        self.count.set_text(f"step {stop}")
        return [*self.lines, *self.heads, self.count]


def _checked(given: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    if not isinstance(given, Mapping):
        raise TypeError(f'paths have names: pass {{"sgd": points}}, got {type(given).__name__}.')
    found = {str(name): np.asarray(path, dtype=np.float64) for name, path in given.items()}
    if not found:
        raise ValueError('there is no path: pass at least one, such as {"sgd": [[1.0, 1.0], [0.5, 0.8]]}.')
    for name, path in found.items():
        if path.ndim != 2 or path.shape[1] != 2 or not len(path):
            raise ValueError(f"the path {name!r} must be points of the plane, of shape (n, 2), got shape {path.shape}.")
        if not np.isfinite(path[0]).all():
            raise ValueError(f"the path {name!r} starts at {path[0].tolist()}: a start is finite.")
    return found


def _heights(f: Surface, x_range: Range, y_range: Range) -> tuple[Floats, Floats, Floats]:
    sides = interval_of(x_range, "x_range"), interval_of(y_range, "y_range")
    X, Y = np.meshgrid(*(np.linspace(*side, _GRID) for side in sides))
    cure = "it is called with two arrays: write it with NumPy or plain arithmetic"
    with noted(cure, TypeError), np.errstate(all="ignore"):
        found: Any = f(X, Y)
    Z = np.asarray(found, dtype=np.float64)
    if Z.shape != X.shape:
        raise ValueError(f"the function gave shape {Z.shape} for two arrays of shape {X.shape}: {cure}.")
    if not np.isfinite(Z).any():
        raise ValueError("the function is nowhere finite in these ranges: choose others.")
    return X, Y, Z


def _contours(axes: Axes, X: Floats, Y: Floats, Z: Floats, log: bool) -> None:
    from matplotlib.colors import ListedColormap

    finite = Z[np.isfinite(Z)]
    low, high = float(finite.min()), float(finite.max())
    if high - low > 1e-12 * max(abs(low), abs(high)):  # less is rounding, on which no levels can lie
        even = np.linspace(0, 1, len(RAMP) + 1)
        # a thousandth of the height is where the valley's floor ends
        shares = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, len(RAMP))]) if log else even
        levels = low + (high - low) * shares
        levels[-1] = np.nextafter(high, np.inf)  # the highest point belongs to the last band
        axes.contourf(X, Y, Z, levels=levels, cmap=ListedColormap(RAMP), norm=_bands(levels))
        axes.contour(X, Y, Z, levels=levels[1:-1], colors=LINE, linewidths=0.5)


def _bands(levels: Floats) -> Any:
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(levels, len(levels) - 1)


def _minimum(axes: Axes, minimum: ArrayLike | None) -> None:
    if minimum is not None:
        points = np.atleast_2d(np.asarray(minimum, dtype=np.float64))
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError(f"minimum must be a point, as (0, 0), or several, of shape (n, 2), got {minimum!r}.")
        axes.plot(*points.T, "*", color=INK, markersize=13, markeredgecolor=PAPER, label="minimum", zorder=4)


def _line(axes: Axes, name: str, path: Floats, i: int, ranges: tuple[Range, Range]) -> Any:
    inside = np.all([(low <= xs) & (xs <= high) for xs, (low, high) in zip(path.T, ranges, strict=True)], axis=0)
    gone = "" if inside.all() else f", leaves at step {np.argmin(inside)}"
    label, marks = f"{literal(name)}{gone}", max(1, len(path) // _MARKS)
    (line,) = axes.plot(*path.T, label=label, linewidth=1.8, markevery=marks, markersize=4.5, zorder=3, **distinct(i))
    return line


def _head(axes: Axes, path: Floats, i: int) -> Any:
    colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
    (head,) = axes.plot(*path[-1:].T, marker, color=colour, markeredgecolor=PAPER, markersize=9, zorder=6)
    return head


def _frame(axes: Axes, X: Floats, Y: Floats, labels: tuple[str, str], title: str) -> None:
    axes.set(xlim=(X[0, 0], X[0, -1]), ylim=(Y[0, 0], Y[-1, 0]), xlabel=labels[0], ylabel=labels[1])
    axes.grid(visible=False)
    if title:
        axes.set_title(title)
