"""What an optimizer does to one parameter, step by step: how large its steps are, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from ..text import number
from .style import LINE, axes_among, axes_for, distinct, literal, new_figure, styled, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Floats = NDArray[np.float64]


@public
def step_sizes(
    series: Mapping[str, ArrayLike], *, log_x: bool = False, title: str = "", ax: Axes | None = None
) -> PlotFigure:
    """Plot effective step sizes over time, on a logarithmic axis.

    The effective step size of a parameter is what it moved over its gradient, ``-(p_new - p_old) / g``: the learning
    rate that plain SGD would have needed for the same move.

    Args:
        series: name to one positive number a step; NaN leaves a gap, as where the gradient was 0.
        log_x: a logarithmic axis for the steps too, on which a power of time is a straight line.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are series, step (from 1), size.

    Raises:
        TypeError: the series are no mapping.
        ValueError: no series, one without steps, or a size that isn't positive; the message names it.

    >>> figure = step_sizes({"x": [1.0, 0.71, 0.58], "y": [0.1, 0.07]})
    >>> figure.data["step"].tolist(), figure.data["size"].tolist()
    ([1, 2, 3, 1, 2], [1.0, 0.71, 0.58, 0.1, 0.07])
    """
    sizes = _named(series, "step sizes", '{"x": [0.1, 0.07]}')
    for name, numbers in sizes.items():
        wrong = np.flatnonzero(~np.isnan(numbers) & ~(np.isfinite(numbers) & (numbers > 0)))
        if wrong.size:
            raise ValueError(
                f"step sizes are positive, but {name!r} has {number(numbers[wrong[0]])} at step {wrong[0] + 1}: "
                "take their absolute values, and NaN where the gradient is 0."
            )
    with axes_for(ax) as axes:
        for i, (name, numbers) in enumerate(sizes.items()):
            _line(axes, numbers, name, i, log_x=log_x)
        axes.set_yscale("log")
        if log_x:
            axes.set_xscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel("effective step size")
        if len(sizes) > 1:
            axes.legend()
        axes.set_title(title)
    return tabulate(
        axes,
        series=[name for name, numbers in sizes.items() for _ in numbers],
        step=np.concatenate([np.arange(1, len(numbers) + 1) for numbers in sizes.values()]),
        size=np.concatenate(list(sizes.values())),
    )


@public
def moments(
    gradients: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    moves: ArrayLike,
    *,
    title: str = "",
    ax: Sequence[Axes] | None = None,
) -> PlotFigure:
    """Plot what Adam keeps of one parameter's gradients, and the steps that come of it, in three panels.

    The first has the gradients and their average, the second the sizes of the gradients and the root of the average of
    their squares, the third the moves.

    Args:
        gradients: of the parameter, (steps,).
        m: the average of the gradients after each step, (steps,).
        v: the average of their squares, (steps,), at least 0.
        moves: by how much the parameter changed, (steps,).
        title: above the plot.
        ax: three axes to draw on; by default those of a new figure, one above the other.

    Returns:
        The figure; its ``data`` are step (from 1), gradient, m, v, move.

    Raises:
        ValueError: arrays of different lengths or of more axes than one, no steps, a number that isn't finite, a
            negative v, or another number of axes than three.

    >>> figure = moments([1.0, -1.0], [0.1, -0.01], [0.001, 0.002], [-0.1, 0.0])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['gradient', 'size', 'step']
    """
    rows = {"gradient": gradients, "m": m, "v": v, "move": moves}
    columns = {name: _finite(name, row) for name, row in rows.items()}
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
        raise ValueError(f"all four have one number a step, but their lengths are {lengths}.")
    if columns["v"].min() < 0:
        raise ValueError(f"v averages squares, so it is at least 0, but it has {number(columns['v'].min())}.")
    with styled():
        room = _three(ax)
        panels = {
            "gradient": {"gradient": columns["gradient"], "m, its average": columns["m"]},
            "size": {"|gradient|": np.abs(columns["gradient"]), "√v, its root mean square": np.sqrt(columns["v"])},
            "step": {"": columns["move"]},
        }
        for axes, (label, lines) in zip(room, panels.items(), strict=True):
            for i, (name, numbers) in enumerate(lines.items()):
                _line(axes, numbers, name, i)
            axes.set_ylabel(label)
            if len(lines) > 1:
                axes.legend(loc="upper right", ncols=2)
        for axes in (room[0], room[2]):
            axes.axhline(0.0, color=LINE, linewidth=0.8, zorder=1)
        room[0].set_title(title)
        room[2].set_xlabel("step")
    return tabulate(room[0], step=np.arange(1, len(columns["m"]) + 1), **columns)


def _line(axes: Axes, numbers: Floats, name: str, i: int, *, log_x: bool = False) -> None:
    """A line over the steps, counted from 1."""
    last = len(numbers) - 1
    marked = np.geomspace(1, last + 1, 9) - 1 if log_x else np.linspace(last / 16, last, 9)
    axes.plot(
        np.arange(1, len(numbers) + 1),
        numbers,
        label=literal(name) or None,
        markevery=sorted(set(np.rint(marked).astype(int).tolist())),  # as far from each other on either axis
        **distinct(i),
    )


def _three(ax: Sequence[Axes] | None) -> list[Axes]:
    if ax is None:
        return list(new_figure(height=6.4).subplots(3, 1, sharex=True))
    given = axes_among(ax)
    if len(given) != 3:
        raise ValueError(f"gradient, size and step each want axes: pass 3 in ax, got {len(given)}.")
    return given


def _named(series: Mapping[str, ArrayLike], what: str, example: str) -> dict[str, Floats]:
    """Arrays of one axis by name, at least one of them and none empty."""
    if not isinstance(series, Mapping):
        raise TypeError(f"{what} are named: pass a mapping such as {example}, got {type(series).__name__}.")
    if not series:
        raise ValueError(f"there are no {what}: pass at least one series, such as {example}.")
    return {str(name): _row(repr(name), numbers) for name, numbers in series.items()}


def _row(name: str, numbers: ArrayLike) -> Floats:
    row = np.asarray(numbers, dtype=np.float64)
    if row.ndim != 1 or not row.size:
        raise ValueError(f"{name} must be one number a step, of shape (steps,), got shape {row.shape}.")
    return row


def _finite(name: str, numbers: ArrayLike) -> Floats:
    row = _row(name, numbers)
    wrong = np.flatnonzero(~np.isfinite(row))
    if wrong.size:
        raise ValueError(f"{name} must be finite, but at step {wrong[0] + 1} it is {number(row[wrong[0]])}.")
    return row
