"""How an approximation's error depends on its step size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from .given import named, refuse_twice
from .style import COLOURS, FAINT, MARKERS, PAPER, axes_for, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Floats = NDArray[np.float64]


@public
def convergence(
    errors: Mapping[str, Sequence[float] | Floats],
    h: ArrayLike,
    *,
    reference: Mapping[str, Sequence[float] | Floats] | None = None,
    x_label: str = "step size h",
    y_label: str = "error",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot errors against the step size, both on logarithmic axes, where a power of h is a straight line.

    The smallest error of each series is marked and told in the legend.

    Args:
        errors: for each method by name an error for each step size. An error of 0 has no place on a logarithmic axis,
            and is a gap.
        h: the step sizes, positive.
        reference: lines to compare them with by name, such as a bound, drawn thin and without marks.
        x_label: what the step size is.
        y_label: what the error is, with its unit.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are series, h, error; those of the references too.

    Raises:
        ValueError: no method, none with a positive error, a number of errors that isn't that of the step sizes, a step
            size that isn't positive, or an error that is negative or not finite; the message names it.

    >>> figure = convergence({"forward": [0.05, 0.005, 0.03]}, [0.1, 0.01, 0.001])
    >>> figure.axes[0].get_legend_handles_labels()[1]
    ['forward: 0.005 at h = 0.01']
    >>> figure.data["h"].tolist(), figure.data["error"].tolist()
    ([0.1, 0.01, 0.001], [0.05, 0.005, 0.03])
    """
    at = np.asarray(h, dtype=np.float64)
    if at.ndim != 1 or not (np.isfinite(at) & (at > 0)).all():
        raise ValueError(f"h must be positive step sizes in a row, as np.logspace(-15, 0, 50), got {h!r:.80}.")
    errors = named(errors, "errors", '{"forward": [0.1, 0.01]}')
    references = named(reference or {}, "reference", '{"slope 1": [0.1, 0.01]}')
    refuse_twice(errors, references, "errors", "reference", "reference")
    if not errors:
        raise ValueError(
            'there are no errors to draw: pass an array of them by name, such as {"forward": [0.1, 0.01]}.'
        )
    lines = {name: _errors(name, given, at) for name, given in {**errors, **references}.items()}
    with axes_for(ax) as axes:
        axes.set(xscale="log", yscale="log", xlabel=x_label, ylabel=y_label, title=title)
        for i, (name, each) in enumerate(lines.items()):
            seen = np.where(each > 0, each, np.nan)
            if name not in errors:
                axes.plot(at, seen, color=FAINT, linewidth=1.2, linestyle="dotted", label=literal(name))
                continue
            best = int(np.nanargmin(seen))
            colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
            told = f"{literal(name)}: {each[best]:.2g} at h = {at[best]:.2g}"
            axes.plot(at, seen, color=colour, linewidth=1.2, marker=marker, markersize=3.5, label=told)
            axes.plot(at[best], each[best], marker, color=colour, markeredgecolor=PAPER, markersize=11, zorder=5)
        axes.legend()
    names = np.repeat(list(lines), len(at))
    return tabulate(axes, series=names, h=np.tile(at, len(lines)), error=np.concatenate(list(lines.values())))


def _errors(name: str, given: Sequence[float] | Floats, at: Floats) -> Floats:
    errors = np.asarray(given, dtype=np.float64)
    if errors.shape != at.shape:
        raise ValueError(f"{name!r} has {errors.size} errors for {len(at)} step sizes: pass one for each.")
    for k in np.flatnonzero(~(np.isfinite(errors) & (errors >= 0))):
        raise ValueError(f"an error is a finite number from 0 on, but {name!r} has {errors[k]:g} at h = {at[k]:g}.")
    if not errors.any():
        raise ValueError(f"the errors of {name!r} are all 0, which has no place on a logarithmic axis: leave it out.")
    return errors
