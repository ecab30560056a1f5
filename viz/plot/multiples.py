"""Several plots side by side, to be compared: small multiples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.calls import public

from .given import named
from .style import FAINT, literal, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .figure import PlotFigure


@public
def small_multiples(
    panels: Mapping[str, Callable[..., object]],
    *,
    columns: int = 4,
    size: tuple[float, float] = (2.7, 2.4),
) -> PlotFigure:
    """Plot small multiples: panels with the same axes, so that they can be compared, and one legend for all of them.

    Source: Tufte, "Envisioning information", 1990, chapter 4, for the idea.

    Args:
        panels: functions that draw on axes ``ax``, as ``partial(plot.loss, history)``, by the name that is written
            above; what they write there themselves comes below it.
        columns: how many panels stand side by side.
        size: width and height of one panel, in inches.

    Returns:
        The figure; its ``data`` are those of the panels, one below the other, with the name in the column ``panel``.

    Raises:
        TypeError: a panel isn't a function, or has no name.
        ValueError: no panels, or columns below 1.

    >>> from functools import partial; from viz import plot
    >>> runs = {"none": {"loss": [0.9, 0.2]}, "L2": {"loss": [0.9, 0.4]}}
    >>> figure = small_multiples({name: partial(plot.loss, run) for name, run in runs.items()})
    >>> figure.data["panel"].tolist(), figure.data["y"].tolist()
    (['none', 'none', 'L2', 'L2'], [0.9, 0.2, 0.9, 0.4])
    """
    _check(panels, columns)
    across = min(columns, len(panels))
    down = -(-len(panels) // across)
    with styled():
        figure: Any = new_figure(0.6 + size[0] * across, 0.8 + size[1] * down)
        grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
        names: list[str] = []
        for axes, (name, draw) in zip(grid.flat, panels.items(), strict=False):
            draw(ax=axes)
            rows = len(next(iter(figure.data.values()), ()))
            names += [name] * (rows - len(names))
            _name(axes, name)
        _tidy(figure, grid, len(panels))
    figure.data = {"panel": np.array(names), **{key: x for key, x in figure.data.items() if key != "panel"}}
    found: PlotFigure = figure
    return found


def _check(panels: Mapping[str, Callable[..., object]], columns: int) -> None:
    if not named(panels, "a panel", '{"none": functools.partial(plot.loss, history)}'):
        raise ValueError("small_multiples needs panels: pass functions that draw on axes, by name.")
    if columns < 1:
        raise ValueError(f"columns is how many panels stand side by side, at least 1, got {columns}.")
    for name, draw in panels.items():
        if not callable(draw):
            raise TypeError(
                f"the panel {name!r} must be a function that draws on axes, such as functools.partial(plot.loss, "
                f"history), got {type(draw).__name__}."
            )


def _name(axes: Axes, name: str) -> None:
    """Its name above a panel, and below it the title that it gave itself, in small."""
    own = axes.get_title(loc="left")
    axes.set_title(literal(name), pad=19 if own else None)
    axes.annotate(own, (0, 1), (0, 4), "axes fraction", textcoords="offset points", fontsize=10, color=FAINT)


def _tidy(figure: Figure, grid: NDArray[Any], panels: int) -> None:
    """Nothing is said twice: labels at the edges of the sheet only, one legend below it, no empty axes."""
    legends = [legend for axes in grid.flat if (legend := axes.get_legend())]
    said = {tuple(text.get_text() for text in legend.get_texts()) for legend in legends}
    if len(said) == 1:  # where they differ, each panel keeps its own
        for legend in legends:
            legend.remove()
        handles, (names,) = legends[0].legend_handles, said
        title = legends[0].get_title().get_text()
        figure.legend(handles, names, title=title, loc="outside lower center", ncols=len(names))
    for axes in grid.flat[:panels]:
        axes.label_outer(remove_inner_ticks=False)
    for axes in grid.flat[panels:]:
        axes.remove()
