"""What something gained over doing without, run by run, with its spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from .given import named
from .style import COLOURS, FAINT, INK, PAPER, axes_for, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure


@public
def gains(
    results: Mapping[str, ArrayLike],
    baseline: str,
    *,
    x_label: str = "gain",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot by how much each way was better than one of them, in runs that are compared one by one.

    A dot is a run; the bar is the mean and twice its standard error on either side, with a filled diamond where that
    leaves zero out. (With few runs chance does so too: of two in 30% of the cases, of ten in 8%.)

    Args:
        results: name to one number a run, (runs,), at least two; run i of each has the same seed and the same data.
        baseline: the name of the one that the others are compared with.
        x_label: what a result is, as "accuracy gained".
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are way, run, result, gain, also those of the baseline, whose gain is 0.

    Raises:
        TypeError: the results are no mapping.
        ValueError: the baseline isn't among the results, or there is nothing beside it; runs of different numbers,
            fewer than two, or not finite.

    >>> figure = gains({"none": [0.5, 0.6], "noise": [0.6, 0.8]}, baseline="none")
    >>> figure.data["gain"].round(2).tolist()
    [0.0, 0.0, 0.1, 0.2]
    """
    runs = _checked(results, baseline)
    differences = {name: numbers - runs[baseline] for name, numbers in runs.items() if name != baseline}
    with axes_for(ax, 6.4, 1.1 + 0.36 * len(differences)) as axes:
        for i, gain in enumerate(differences.values()):
            mean, error = gain.mean(), 2 * gain.std(ddof=1) / np.sqrt(len(gain))
            clear = abs(mean) > error
            colour = COLOURS[0] if mean > 0 else COLOURS[1]
            axes.plot(gain, np.full(len(gain), i), "o", color=FAINT, alpha=0.45, markersize=4, zorder=2)
            axes.plot([mean - error, mean + error], [i, i], color=colour, linewidth=4, solid_capstyle="butt", zorder=3)
            axes.plot(mean, i, "D", color=colour if clear else PAPER, markeredgecolor=colour, markersize=8, zorder=4)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks(range(len(differences)), [literal(name) for name in differences])
        axes.set(xlabel=f"{x_label}, over {literal(baseline)}", ylim=(len(differences) - 0.5, -0.5))
        axes.grid(visible=False, axis="y")
        if title:
            axes.set_title(title)
    sizes = [len(numbers) for numbers in runs.values()]
    return tabulate(
        axes,
        way=np.repeat(list(runs), sizes),
        run=np.concatenate([np.arange(size) for size in sizes]),
        result=np.concatenate(list(runs.values())),
        gain=np.concatenate([numbers - runs[baseline] for numbers in runs.values()]),
    )


def _checked(results: Mapping[str, ArrayLike], baseline: str) -> dict[str, NDArray[np.float64]]:
    given = named(results, "a result", '{"none": [0.5, 0.6]}')
    runs = {name: np.asarray(numbers, dtype=np.float64) for name, numbers in given.items()}
    if baseline not in runs or len(runs) < 2:
        raise ValueError(f"the baseline {baseline!r} must be one of at least two results, got {list(runs)}.")
    for name, numbers in runs.items():
        if numbers.shape != runs[baseline].shape or numbers.ndim != 1 or len(numbers) < 2:
            raise ValueError(
                f"each way has one number a run, as many as the baseline {baseline!r} and at least two; "
                f"{name!r} has shape {numbers.shape}."
            )
        if not np.isfinite(numbers).all():
            raise ValueError(f"the results of {name!r} must be finite, got {numbers.tolist()}.")
    return runs
