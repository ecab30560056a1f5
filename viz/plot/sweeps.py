"""What came out at each setting of a number, such as the final loss at each learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from autograd.calls import public

from .given import Floats, refuse_twice
from .style import COLOURS, DASHES, INK, STRANGE, axes_for, distinct, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure


@public
def sweep(
    settings: ArrayLike,
    results: ArrayLike | Mapping[str, ArrayLike],
    *,
    levels: Mapping[str, float] | None = None,
    log_x: bool = True,
    log_y: bool = True,
    x_label: str = "setting",
    y_label: str = "loss",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot what came out at each setting: the median of repetitions as a line, from the least to the greatest shaded.

    Args:
        settings: the numbers that were tried, (n,).
        results: what each gave, (n,), or (n, repetitions) for several seeds; several kinds of them by name. Those that
            aren't finite are crosses at the upper border.
        levels: numbers to compare with by name, drawn as level lines.
        log_x: whether settings are on a logarithmic axis.
        log_y: whether results are.
        x_label: what is set.
        y_label: what came out.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are series, setting, repetition, result; a level has neither setting nor repetition.

    Raises:
        ValueError: no settings, results that don't fit them or of which none is finite, a number that isn't positive on
            a logarithmic axis.

    >>> figure = sweep([0.01, 0.1, 1.0], [0.5, 0.2, np.inf], x_label="learning rate")
    >>> figure.data["setting"].tolist(), figure.data["result"].tolist()
    ([0.01, 0.1, 1.0], [0.5, 0.2, inf])
    """
    xs = np.asarray(settings, dtype=np.float64)
    if xs.ndim != 1 or not len(xs):
        raise ValueError(f"settings must be numbers, of shape (n,), got shape {xs.shape}.")
    if not np.isfinite(xs).all():
        raise ValueError(f"settings must be finite, got {xs.tolist()}.")
    named = results if isinstance(results, Mapping) else {y_label: results}
    series = {name: _repeated(name, found, len(xs)) for name, found in named.items()}
    lines = {name: float(y) for name, y in (levels or {}).items()}
    if not series:
        raise ValueError('there are no results: pass an array, or several by name, such as {"SGD": [0.5, 0.2]}.')
    refuse_twice(series, lines, "results", "levels", "level")
    for name, y in lines.items():
        if not np.isfinite(y):
            raise ValueError(f"a level is a finite number, but {name!r} is {y}: leave it out.")
    _check_positive({"settings": xs} if log_x else {})
    _check_positive({**series, **{name: np.array(y) for name, y in lines.items()}} if log_y else {})
    with axes_for(ax) as axes:
        axes.set(xscale="log" if log_x else "linear", yscale="log" if log_y else "linear")
        for i, (name, ys) in enumerate(series.items()):
            _line(axes, xs, ys, name, i)
        for i, (name, y) in enumerate(lines.items()):
            axes.axhline(y, color=INK, linestyle=DASHES[1 + i % 3], linewidth=1.4, label=literal(name))
        axes.set(xlabel=x_label, ylabel=y_label)
        if len(series) + len(lines) > 1:
            axes.legend()
        if title:
            axes.set_title(title)
    tried = {
        name: [np.repeat(xs, ys.shape[1]), np.tile(np.arange(ys.shape[1]), len(xs))] for name, ys in series.items()
    }
    return tabulate(
        axes,
        series=np.repeat([*series, *lines], [*[ys.size for ys in series.values()], *[1] * len(lines)]),
        setting=np.concatenate([*[x for x, _ in tried.values()], np.full(len(lines), np.nan)]),
        repetition=np.concatenate([*[i for _, i in tried.values()], np.full(len(lines), np.nan)]),
        result=np.concatenate([*[ys.ravel() for ys in series.values()], np.array([*lines.values()])]),
    )


def _repeated(name: str, found: ArrayLike, size: int) -> Floats:
    """Results as (settings, repetitions)."""
    ys = np.asarray(found, dtype=np.float64)
    if ys.ndim not in (1, 2) or len(ys) != size or not ys.size:
        raise ValueError(
            f"{name!r} must have a result for each of {size} settings, of shape ({size},) or ({size}, repetitions), "
            f"got shape {ys.shape}."
        )
    if not np.isfinite(ys).any():
        raise ValueError(f"{name!r} has no result that is finite: there is nothing to draw.")
    return ys.reshape(size, -1)


def _check_positive(columns: Mapping[str, Floats]) -> None:
    for name, numbers in columns.items():
        low = numbers[numbers <= 0]
        if low.size:
            raise ValueError(
                f"{name!r} has {low.flat[0]:g}, which a logarithmic axis can't show: set log_x or log_y to False."
            )


def _line(axes: Axes, xs: Floats, ys: Floats, name: str, i: int) -> None:
    colour = COLOURS[i % len(COLOURS)]
    order = np.argsort(xs, kind="stable")  # a line goes from left to right, whichever was tried first
    xs, ys = xs[order], ys[order]
    middle = np.median(ys, axis=1)
    seen = np.isfinite(ys).all(axis=1)  # a gap where one repetition isn't
    middle, low, high = (np.where(seen, y, np.nan) for y in (middle, ys.min(axis=1), ys.max(axis=1)))
    axes.plot(
        xs,
        middle,
        label=literal(name),
        **distinct(i),
    )
    if ys.shape[1] > 1:
        axes.fill_between(xs, low, high, color=colour, alpha=0.2, linewidth=0)
    if not seen.all():
        strange = xs[~seen]
        upper = axes.get_xaxis_transform()
        axes.plot(
            strange,
            np.full(len(strange), 0.98),
            "X",
            color=STRANGE,
            transform=upper,
            label=f"{literal(name)}: not finite",
        )
