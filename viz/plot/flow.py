"""How large the gradient is from layer to layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autograd.calls import public

from ..text import number
from .given import named, refuse_twice
from .style import FAINT, axes_for, distinct, literal, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure


@public
def gradient_flow(
    norms: Mapping[str, Sequence[float]],
    *,
    reference: Mapping[str, Sequence[float]] | None = None,
    log: bool = True,
    y_label: str = "norm of the gradient",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot how large the gradient of each layer is, a line for each network; the first layer is at the left.

    Args:
        norms: a number for each layer, first to last, by the name of the network.
        reference: lines to compare them with, such as a bound, drawn thin and without markers.
        log: a logarithmic axis, where a factor a layer is a straight line; needs positive numbers.
        y_label: what the numbers are.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are series, layer (1 is the first), norm; those of the references too.

    Raises:
        TypeError: norms without names.
        ValueError: no network, an empty one, a number that isn't finite, log with one that isn't positive, or a name
            that is in norms and reference.

    >>> figure = gradient_flow({"sigmoid": [0.01, 0.1, 1.0], "relu": [0.9, 1.0, 1.0]})
    >>> figure.data["layer"].tolist(), figure.data["norm"].tolist()
    ([1, 2, 3, 1, 2, 3], [0.01, 0.1, 1.0, 0.9, 1.0, 1.0])
    """
    example = '{"relu": [0.8, 0.9, 1.0]}'
    norms = named(norms, "norms", example)
    if not norms:
        raise ValueError(f"there are no norms to draw: pass a list of them by name, such as {example}.")
    references = named(reference or {}, "reference", example)
    refuse_twice(norms, references, "norms", "reference", "reference")
    lines = {name: [float(x) for x in given] for name, given in {**norms, **references}.items()}
    for name, each in lines.items():
        _check(name, each, log)
    with axes_for(ax) as axes:
        for i, (name, each) in enumerate(lines.items()):
            layers = np.arange(1, len(each) + 1)
            if name not in references:
                axes.plot(layers, each, label=literal(name), **distinct(i))
            else:
                axes.plot(layers, each, label=literal(name), color=FAINT, linewidth=1.2, linestyle="dotted")
        axes.set(xlabel="layer", ylabel=y_label, title=title)
        axes.locator_params(axis="x", integer=True)
        if log:
            axes.set_yscale("log")
        if len(lines) > 1:
            axes.legend()
    layer = [k for each in lines.values() for k in range(1, len(each) + 1)]
    names = [name for name, each in lines.items() for _ in each]
    return tabulate(axes, series=names, layer=layer, norm=[x for each in lines.values() for x in each])


def _check(name: str, norms: Sequence[float], log: bool) -> None:
    if not norms:
        raise ValueError(f"{name!r} has no norms: pass a number for each layer.")
    for layer, x in enumerate(norms, 1):
        if not np.isfinite(x):
            raise ValueError(f"a norm is a finite number, but layer {layer} of {name!r} has {number(x)}.")
        if log and x <= 0:
            raise ValueError(
                f"log=True needs positive numbers, but layer {layer} of {name!r} has {number(x)}: use log=False."
            )
