"""How a training went: loss and other numbers, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autograd.calls import public

from ..text import number
from .style import MARKERS, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHARES = ("accuracy", "precision", "recall", "f1")
_DASHES = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


@public
def loss_curve(
    history: Mapping[str, Sequence[float]], *, log: bool = False, title: str = "", x_label: str = "epoch"
) -> Figure:
    """Plot each series of a training's history; accuracies get an axis of their own, from 0 to 1, below.

    Args:
        history: name to one number an epoch, such as {"loss": [...], "validation_loss": [...], "accuracy": [...]}.
        log: a logarithmic axis for losses; needs positive numbers.
        title: above the plot.
        x_label: what is counted.

    Raises:
        TypeError: it isn't a mapping.
        ValueError: no series, an empty one, or log with a number that isn't positive; the message names it.

    >>> figure = loss_curve({"loss": [1.0, 0.5, 0.3], "accuracy": [0.5, 0.8, 0.9]})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'accuracy']
    """
    if not isinstance(history, Mapping):
        raise TypeError(
            f"the history maps names to numbers, got {type(history).__name__}: pass what fit() returned, "
            'or {"loss": [1.0, 0.5]}.'
        )
    series = {str(name): [float(x) for x in numbers] for name, numbers in history.items()}
    _check(series, log)
    losses = {name: xs for name, xs in series.items() if not _is_share(name)}
    shares = {name: xs for name, xs in series.items() if _is_share(name)}
    with styled():
        panels = [panel for panel in (losses, shares) if panel]
        figure = new_figure(height=4.0 if len(panels) == 1 else 5.6)
        grid = figure.subplots(
            len(panels), 1, sharex=True, squeeze=False, height_ratios=[2, 1] if len(panels) == 2 else None
        )
        for axes, panel in zip(grid[:, 0], panels, strict=True):
            _panel(axes, panel)
            axes.set_ylabel(_y_label(panel, "loss" if panel is losses else "share"))
            if panel is shares:
                axes.set_ylim(-0.03, 1.03)
            elif log:
                axes.set_yscale("log")
        grid[-1, 0].set_xlabel(x_label)
        if title:
            grid[0, 0].set_title(title)
    return figure


def _y_label(panel: Mapping[str, Sequence[float]], several: str) -> str:
    return next(iter(panel)).replace("_", " ") if len(panel) == 1 else several


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


def _panel(axes: Axes, series: Mapping[str, Sequence[float]]) -> None:
    for i, (name, numbers) in enumerate(series.items()):
        epochs = range(1, len(numbers) + 1)
        finite = [x if math.isfinite(x) else math.nan for x in numbers]
        # differs in dashes and markers as well as in colour
        axes.plot(
            epochs,
            finite,
            label=name.replace("_", " "),
            linestyle=_DASHES[i % len(_DASHES)],
            marker=MARKERS[i % len(MARKERS)],
            markevery=max(1, len(numbers) // 12),
        )
        _mark_strange(axes, name, numbers)
    axes.margins(x=0.02)
    axes.locator_params(axis="x", integer=True)
    if len(series) > 1:
        axes.legend()


def _mark_strange(axes: Axes, name: str, numbers: Sequence[float]) -> None:
    """Where a series stops being finite: a gap in a line is easily overlooked."""
    first = next((i for i, x in enumerate(numbers) if not math.isfinite(x)), None)
    if first is not None:
        axes.axvline(first + 1, color="#a3195b", linewidth=1.2, linestyle="dotted")
        text = f"{name.replace('_', ' ')} is {number(numbers[first])}"
        axes.annotate(
            text, (first + 1, 0.03), xycoords=("data", "axes fraction"), color="#a3195b", fontsize=9, ha="right"
        )
