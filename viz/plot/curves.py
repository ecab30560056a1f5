"""How a training went: loss and other numbers, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd.calls import public

from ..text import number
from .style import DASHES, MARKERS, STRANGE, axes_among, literal, new_figure, styled, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Numbers = Sequence[float] | NDArray[Any]
_SHARES = ("accuracy", "precision", "recall", "f1")


@public
def loss(
    history: Mapping[str, Numbers],
    *,
    x: Numbers | Mapping[str, Numbers] | None = None,
    log: bool = False,
    title: str = "",
    x_label: str = "epoch",
    y_label: str = "",
    ax: Axes | Sequence[Axes] | None = None,
) -> PlotFigure:
    """Plot each series of a training's history; accuracies get an axis of their own, from 0 to 1, below.

    Args:
        history: name to one number an epoch, such as {"loss": [...], "validation_loss": [...], "accuracy": [...]}.
        x: where each number stands, for all series or by name, as the samples seen; by default 1, 2, 3 and so on.
        log: a logarithmic axis for losses; needs positive numbers.
        title: above the plot.
        x_label: what is counted.
        y_label: what is not a share; by default the name of the series, or "loss" for several.
        ax: the axes to draw on, two of them where there are losses and accuracies; by default those of a new figure.

    Returns:
        The figure; its ``data`` are series, x, y.

    Raises:
        TypeError: it isn't a mapping.
        ValueError: no series, an empty one, one that is longer or shorter than its x, the wrong number of axes, or log
            with a number that isn't positive; the message names it.

    >>> figure = loss({"loss": [1.0, 0.5, 0.3], "accuracy": [0.5, 0.8, 0.9]})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'accuracy']
    >>> figure.data["x"].tolist(), figure.data["y"].tolist()
    ([1.0, 2.0, 3.0, 1.0, 2.0, 3.0], [1.0, 0.5, 0.3, 0.5, 0.8, 0.9])
    """
    if not isinstance(history, Mapping):
        raise TypeError(
            f"the history maps names to numbers, got {type(history).__name__}: pass what fit() returned, "
            'or {"loss": [1.0, 0.5]}.'
        )
    series = {str(name): [float(y) for y in numbers] for name, numbers in history.items()}
    _check(series, log)
    at = {name: _places(name, len(numbers), x) for name, numbers in series.items()}
    losses = {name: ys for name, ys in series.items() if not _is_share(name)}
    shares = {name: ys for name, ys in series.items() if _is_share(name)}
    panels = [panel for panel in (losses, shares) if panel]
    with styled():
        room = _room(len(panels), ax)
        for axes, panel in zip(room, panels, strict=True):
            _panel(axes, panel, at, counts=x is None)
            axes.set_ylabel(
                (y_label if panel is losses else "") or _y_label(panel, "loss" if panel is losses else "share")
            )
            if panel is shares:
                if all(0 <= y <= 1 for ys in panel.values() for y in ys if math.isfinite(y)):  # else they are percent
                    axes.set_ylim(-0.03, 1.03)
            elif log and any(math.isfinite(y) for ys in panel.values() for y in ys):
                axes.set_yscale("log")
        room[-1].set_xlabel(x_label)
        if title:
            room[0].set_title(title)
    names = [name for name, numbers in series.items() for _ in numbers]
    return tabulate(
        room[0], series=names, x=np.concatenate(list(at.values())), y=[y for ys in series.values() for y in ys]
    )


def _places(name: str, size: int, x: Numbers | Mapping[str, Numbers] | None) -> NDArray[np.float64]:
    if isinstance(x, Mapping) and name not in x:
        raise ValueError(f"x has no places for the series {name!r}; it has them for {', '.join(map(repr, x))}.")
    given = x[name] if isinstance(x, Mapping) else range(1, size + 1) if x is None else x
    if len(given) != size:
        raise ValueError(f"the series {name!r} has {size} numbers, but x has {len(given)} places for them.")
    places = np.asarray(given, dtype=np.float64)
    if not np.isfinite(places).all():
        raise ValueError(f"x must be finite, but a place of the series {name!r} is not: {places.tolist()}.")
    return places


def _room(panels: int, ax: Axes | Sequence[Axes] | None) -> list[Axes]:
    """Axes for the panels, one above the other."""
    if ax is not None:
        given = axes_among(ax)
        if len(given) != panels:
            kinds = "losses and accuracies each want axes" if panels == 2 else "all series go into the same axes"
            raise ValueError(f"{kinds}: pass {panels} in ax, got {len(given)}.")
        return given
    figure = new_figure(height=4.0 if panels == 1 else 5.6)
    heights = [2, 1] if panels == 2 else None
    return list(figure.subplots(panels, 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])


def _y_label(panel: Mapping[str, Sequence[float]], several: str) -> str:
    return literal(next(iter(panel)).replace("_", " ")) if len(panel) == 1 else several


def _is_share(name: str) -> bool:
    return any(word in name.lower() for word in _SHARES)


def _check(series: Mapping[str, Sequence[float]], log: bool) -> None:
    if not series:
        raise ValueError('the history is empty: pass at least one series, such as {"loss": [1.0, 0.5]}.')
    for name, numbers in series.items():
        if not numbers:
            raise ValueError(f"the series {name!r} of the history is empty: train for an epoch first.")
        low = [x for x in numbers if x <= 0]
        if log and low and not _is_share(name):
            raise ValueError(f"log=True needs positive numbers, but {name!r} contains {number(low[0])}: use log=False.")


def _panel(
    axes: Axes, series: Mapping[str, Sequence[float]], at: Mapping[str, NDArray[np.float64]], counts: bool
) -> None:
    for i, (name, numbers) in enumerate(series.items()):
        finite = [y if math.isfinite(y) else math.nan for y in numbers]
        # differs in dashes and markers as well as in colour
        axes.plot(
            at[name],
            finite,
            label=literal(name.replace("_", " ")),
            linestyle=DASHES[i % len(DASHES)],
            marker=MARKERS[i % len(MARKERS)],
            markevery=max(1, len(numbers) // 12),
        )
        _mark_strange(axes, name, numbers, at[name])
    axes.margins(x=0.02)
    if counts:
        axes.locator_params(axis="x", integer=True)
    if len(series) > 1:
        axes.legend()


def _mark_strange(axes: Axes, name: str, numbers: Sequence[float], at: NDArray[np.float64]) -> None:
    """Where a series stops being finite: a gap in a line is easily overlooked."""
    first = next((i for i, x in enumerate(numbers) if not math.isfinite(x)), None)
    if first is not None:
        axes.axvline(at[first], color=STRANGE, linewidth=1.2, linestyle="dotted")
        text = f"{literal(name.replace('_', ' '))} is {number(numbers[first])}"
        axes.annotate(
            text, (at[first], 0.03), xycoords=("data", "axes fraction"), color=STRANGE, fontsize=9, ha="right"
        )
