"""Who arrives first: for each runner the steps that it needed from many starts, with their spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from ..text import number
from .style import COLOURS, FAINT, INK, MARKERS, STRANGE, axes_for, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Floats = NDArray[np.float64]


@public
def race(
    steps: Mapping[str, ArrayLike],
    *,
    x_label: str = "steps to the tolerance",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot how many steps each runner, such as an optimizer, needed from each of many starts.

    A dot is a start; the bar goes from the step by which a quarter of the starts had arrived to that by which three
    quarters had, its black line is where half had. Those that never arrived are crosses at the right edge, and count as
    later than all others; on the right stands how many arrived.

    Args:
        steps: name to one number a start, (starts,), each at least 1, infinite where it never arrived.
        x_label: what is counted.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are series, start (from 0), steps.

    Raises:
        TypeError: the steps are no mapping.
        ValueError: no runners, one without starts, or a number of steps that isn't one, such as NaN or 0.

    >>> figure = race({"SGD": [40.0, 60.0, np.inf], "Adam": [20.0, 30.0, 35.0]})
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['2 of 3', '3 of 3']
    """
    runners = _checked(steps)
    arrived = np.concatenate([times[np.isfinite(times)] for times in runners.values()])
    last = 1.6 * max(arrived, default=1.0)  # beyond all that arrived
    with axes_for(ax, height=0.9 + 0.44 * (len(runners) + 1)) as axes:
        for i, times in enumerate(runners.values()):
            _runner(axes, i, times, last)
        axes.set_xscale("log")
        axes.set_yticks(range(len(runners)), [literal(name) for name in runners])
        axes.set_ylim(len(runners) - 0.4, -0.6)  # the first on top
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(x_label)
        axes.set_title(title)
    return tabulate(
        axes,
        series=[name for name, times in runners.items() for _ in times],
        start=np.concatenate([np.arange(len(times)) for times in runners.values()]),
        steps=np.concatenate(list(runners.values())),
    )


def _checked(steps: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    if not isinstance(steps, Mapping):
        raise TypeError(f'steps are named: pass a mapping such as {{"SGD": [40, 60]}}, got {type(steps).__name__}.')
    if not steps:
        raise ValueError('there is nobody in the race: pass at least one, such as {"SGD": [40, 60]}.')
    runners = {str(name): np.asarray(times, dtype=np.float64) for name, times in steps.items()}
    for name, times in runners.items():
        if times.ndim != 1 or not times.size:
            raise ValueError(f"{name!r} must have one number a start, of shape (starts,), got shape {times.shape}.")
        wrong = times[~(times >= 1)]
        if wrong.size:
            raise ValueError(
                f"steps are counted from 1, but {name!r} has {number(wrong[0])}: use infinity for what never arrived."
            )
    return runners


def _runner(axes: Axes, i: int, times: Floats, last: float) -> None:
    """One row: bar, median, dots, crosses, and how many arrived."""
    colour = COLOURS[i % len(COLOURS)]
    # by which step a share had arrived; a mean of two starts would be infinite if one of them is
    low, middle, high = np.quantile(times, [0.25, 0.5, 0.75], method="inverted_cdf")
    if np.isfinite(low):
        end = high if np.isfinite(high) else last
        axes.barh(i, end - low, left=low, height=0.62, color=colour, alpha=0.3, linewidth=0)
    if np.isfinite(middle):
        axes.plot([middle, middle], [i - 0.31, i + 0.31], color=INK, linewidth=2.2, solid_capstyle="butt", zorder=4)
    inside = np.isfinite(times)
    heights = i + 0.2 * np.cos(np.pi * np.arange(len(times)))  # up and down in turn, so that fewer lie on each other
    axes.scatter(times[inside], heights[inside], s=18, marker=MARKERS[i % len(MARKERS)], color=colour, linewidths=0)
    lost = heights[~inside]
    axes.scatter(np.full(len(lost), last), lost, s=22, marker="x", color=STRANGE, linewidths=1.2)
    axes.annotate(
        f"{inside.sum()} of {len(times)}",
        (1.0, i),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=FAINT,
        fontsize=10,
    )
