"""Functions of one number, with their slopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from autograd.calls import public

from .given import Floats, Function, interval_of, values_of
from .style import COLOURS, DASHES, FAINT, INK, LINE, MARKERS, PAPER, axes_among, literal, new_figure, styled, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

_GRID = 400
_TANGENT = 0.13  # half the length of a tangent, as a share of the plot's width or height


@public
def function(
    functions: Function | Mapping[str, Function],
    interval: tuple[float, float],
    *,
    derivatives: Function | Mapping[str, Function] | None = None,
    points: Iterable[float] = (),
    samples: tuple[ArrayLike, ArrayLike] | None = None,
    x_label: str = "x",
    y_label: str = "",
    title: str = "",
    ax: Axes | Sequence[Axes] | None = None,
) -> PlotFigure:
    """Plot functions of one number, and their derivatives if they are given.

    One function's derivative is a dashed line in the same axes. The derivatives of several get axes of their own, below
    the functions, unless ``ax`` is a single one.

    Args:
        functions: maps an array (n,) to an array (n,), such as ``np.tanh`` or ``autograd.compile(f)``; several of them
            by name.
        interval: from where to where.
        derivatives: of each function, in the same form, such as ``autograd.compile(autograd.derivative(f))``.
        points: where each function gets a dot, and a piece of its tangent if the derivative is known.
        samples: x and y of dots to draw besides, such as those that the functions were fitted to.
        x_label: of the horizontal axis.
        y_label: of the functions' axis.
        title: above the plot.
        ax: the axes to draw on, two of them for functions and derivatives apart; by default those of a new figure.

    Returns:
        The figure; its ``data`` are function, x, y, slope (NaN without derivatives), ``points`` among the x; samples
        come last, and their function is "".

    Raises:
        TypeError: a function can't be called, or takes no arrays.
        ValueError: no function, an interval that isn't one, a result of another shape or without a finite number,
            derivatives of other names, points outside of the interval, samples that aren't two arrays of one length,
            the wrong number of axes.

    >>> figure = function({"square": lambda x: x**2}, (-1, 1), derivatives={"square": lambda x: 2 * x}, points=[0.5])
    >>> at = figure.data["x"] == 0.5
    >>> figure.data["y"][at], figure.data["slope"][at]
    (array([0.25]), array([1.]))
    """
    named = _named(functions)
    xs, at = _places(interval, points)
    slopes = _slopes(named, derivatives, xs)
    ys = {name: values_of(name, f, xs) for name, f in named.items()}
    seen = _samples(samples)
    with styled():
        upper, lower = _room(ax, is_apart=derivatives is not None and len(named) > 1, is_alone=derivatives is None)
        if samples is not None:
            upper.plot(*seen, "o", color=FAINT, markersize=6, zorder=3)
        _curves(upper, xs, ys, has_dashes=derivatives is None or lower is not upper)
        if derivatives is not None:
            _curves(lower, xs, slopes, is_slope=lower is upper, has_dashes=lower is not upper)
        _label(upper, lower, x_label, y_label, len(named), derivatives is not None)
        for i, name in enumerate(ys):
            _tangents(upper, COLOURS[i % len(COLOURS)], xs, ys[name], slopes[name], at)
        if title:
            upper.set_title(title)
    unknown = np.full(len(seen[0]), np.nan)
    return tabulate(
        upper,
        function=np.repeat([*ys, ""], [*[len(xs)] * len(ys), len(unknown)]),
        x=np.concatenate([*[xs] * len(ys), seen[0]]),
        y=np.concatenate([*ys.values(), seen[1]]),
        slope=np.concatenate([*slopes.values(), unknown]),
    )


def _named(functions: Function | Mapping[str, Function], what: str = "functions") -> Mapping[str, Function]:
    if not isinstance(functions, Mapping):
        name = getattr(functions, "__name__", "")
        functions = {name if name.isidentifier() else "f": functions}
    if not functions:
        raise ValueError(f'{what} is empty: pass a function, or several by name as in {{"tanh": np.tanh}}.')
    for name, f in functions.items():
        if not callable(f):
            raise TypeError(f"{what} maps names to functions of an array, but {name!r} is {type(f).__name__}: {f!r}.")
    return functions


def _places(interval: tuple[float, float], points: Iterable[float]) -> tuple[Floats, Floats]:
    low, high = interval_of(interval)
    at = np.asarray(list(points), dtype=np.float64)
    outside = at[~((at >= low) & (at <= high))]
    if len(outside):
        raise ValueError(f"points must lie in the interval from {low:g} to {high:g}, got {outside.tolist()}.")
    return np.union1d(np.linspace(low, high, _GRID + 1), at), at


def _samples(samples: tuple[ArrayLike, ArrayLike] | None) -> tuple[Floats, Floats]:
    x, y = (np.asarray(side, dtype=np.float64) for side in (samples or ((), ())))
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"samples must be x and y of one shape (n,), got shapes {x.shape} and {y.shape}.")
    return x, y


def _slopes(
    named: Mapping[str, Function], derivatives: Function | Mapping[str, Function] | None, xs: Floats
) -> dict[str, Floats]:
    if derivatives is None:
        return {name: np.full_like(xs, np.nan) for name in named}
    if not isinstance(derivatives, Mapping) and len(named) == 1:
        derivatives = {next(iter(named)): derivatives}
    given = _named(derivatives, "derivatives")
    if set(given) != set(named):
        raise ValueError(f"derivatives must have the names of the functions, {sorted(named)}, got {sorted(given)}.")
    return {name: values_of(f"the derivative of {name}", given[name], xs) for name in named}


def _room(ax: Axes | Sequence[Axes] | None, *, is_apart: bool, is_alone: bool) -> tuple[Axes, Axes]:
    """The axes of the functions and those of their derivatives, which may be the same."""
    if ax is None:
        rows = 2 if is_apart else 1
        figure = new_figure(height=6.4 if is_apart else 4.0)
        panels = list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0])
    else:
        panels = axes_among(ax)
    if len(panels) not in ((1,) if is_alone else (1, 2)):
        most = "one: without derivatives there is nothing for a second" if is_alone else "one or two"
        raise ValueError(f"ax must be {most}, got {len(panels)}.")
    return panels[0], panels[-1]


def _curves(
    axes: Axes, xs: Floats, curves: Mapping[str, Floats], *, is_slope: bool = False, has_dashes: bool = False
) -> None:
    """Each with a colour and, where there are several, a marker; dashes tell apart those whose axes have no slopes."""
    every = max(1, len(xs) // 9)
    for i, (name, ys) in enumerate(curves.items()):
        style = DASHES[1] if is_slope else DASHES[i % len(DASHES)] if has_dashes else "solid"
        marker = MARKERS[i % len(MARKERS)] if len(curves) > 1 else None
        axes.plot(
            xs,
            ys,
            color=COLOURS[i % len(COLOURS)],
            linestyle=style,
            marker=marker,
            # where curves lie on each other, the marks of one are between those of another
            markevery=(i * every // len(curves), every),
            label=f"slope of {literal(name)}" if is_slope else literal(name),
        )
    axes.margins(x=0.02)


def _label(upper: Axes, lower: Axes, x_label: str, y_label: str, size: int, has_slopes: bool) -> None:
    lower.set_xlabel(x_label)
    if lower is not upper:
        lower.set_ylabel("slope")
        if not upper.get_shared_x_axes().joined(upper, lower):
            upper.set_xlabel(x_label)
    upper.set_ylabel(y_label)
    if size > 1 or (has_slopes and lower is upper):
        upper.legend()


def _tangents(axes: Axes, colour: str, xs: Floats, ys: Floats, slopes: Floats, at: Floats) -> None:
    (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    width, height = high - low, top - bottom
    for x in at:
        i = int(np.searchsorted(xs, x))
        if np.isfinite(slopes[i]):
            # as long as the eye sees it, however steep it is
            reach = _TANGENT / np.hypot(1 / width, slopes[i] / height)
            ends = np.array([-reach, reach])
            axes.plot(x + ends, ys[i] + slopes[i] * ends, color=INK, linewidth=1.4, zorder=4)
        axes.plot([x], [ys[i]], "o", color=colour, markeredgecolor=PAPER, markersize=7, zorder=5)
    if len(at):  # what was drawn last changes nothing in what is seen
        axes.set(xlim=(low, high), ylim=(bottom, top))
    if bottom <= 0.0 <= top:
        axes.axhline(0.0, color=LINE, linewidth=0.8, zorder=1)
