"""The weights of networks: how many are zero, how large are the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from ..text import number
from .given import named, numbers_of
from .style import COLOURS, STRANGE, axes_among, literal, new_figure, styled, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure


@public
def weights(
    weights_by_name: Mapping[str, ArrayLike],
    *,
    zero: float = 1e-3,
    bins: int = 6,
    title: str = "",
    ax: ArrayLike | None = None,
) -> PlotFigure:
    """Plot the weights of networks as histograms, one below the other, and say which share of them is nearly zero.

    The axis is logarithmic to both sides of a bin in the middle for what is nearly zero: so weights of all sizes can be
    told apart, and a peak at zero isn't hidden in a bin of ordinary ones. Counts are logarithmic too: a few weights
    are seen beside hundreds.

    Args:
        weights_by_name: arrays of any shape by the name of the network.
        zero: up to which size a weight counts as zero; positive.
        bins: how many each power of ten has.
        title: above the plot.
        ax: the axes to draw on, one for each network; by default those of a new figure.

    Returns:
        The figure; its ``data`` have a row a bin: series, left, right, count, and for the network as a whole its size
        and the share of weights that are nearly zero.

    Raises:
        TypeError: the weights have no names.
        ValueError: no networks, an empty one, a weight that isn't finite, ``zero`` or ``bins`` that aren't positive,
            the wrong number of axes.

    >>> figure = weights({"L1": [0.0, 0.0005, -0.5], "L2": [0.1, 0.2, -0.4]})
    >>> sorted(set(zip(figure.data["series"].tolist(), figure.data["zero"].tolist())))
    [('L1', 0.6666666666666666), ('L2', 0.0)]
    """
    given = named(weights_by_name, "a histogram of weights", '{"L1": [0.0, 0.5]}')
    arrays = {name: numbers_of(each, f"the series {name!r}") for name, each in given.items()}
    if not arrays:
        raise ValueError('there are no weights to draw: pass arrays by name, such as {"L1": [0.0, 0.5]}.')
    edges = _edges(max(float(np.abs(each).max()) for each in arrays.values()), zero, bins)
    highest = max(int(np.histogram(each, edges)[0].max()) for each in arrays.values())
    with styled():
        room = _room(ax, len(arrays))
        rows: list[dict[str, Any]] = []
        for i, (axes, (name, each)) in enumerate(zip(room, arrays.items(), strict=True)):
            counts = np.histogram(each, edges)[0]
            share = float(np.mean(np.abs(each) <= zero))
            _panel(axes, counts, edges, zero, COLOURS[i % len(COLOURS)])
            said = f"{literal(name)}: {share:.0%} within ±{number(zero)}"
            axes.set_ylim(0.7, 1.5 * highest)
            axes.annotate(said, (0, 1), (0, 4), "axes fraction", textcoords="offset points")
            columns = {"left": edges[:-1], "right": edges[1:], "count": counts, "size": len(each), "zero": share}
            rows.append({"series": name, **columns})
        room[0].set_title(title, pad=20)
        room[-1].set_xlabel("weight (logarithmic to both sides of zero)")
    whole = {key: np.concatenate([np.broadcast_to(row[key], len(edges) - 1) for row in rows]) for key in rows[0]}
    return tabulate(room[0], **whole)


def _edges(largest: float, zero: float, bins: int) -> NDArray[np.float64]:
    """A bin from -zero to zero, and to both sides ``bins`` of one ratio for each power of ten, as far as needed."""
    if not 0 < zero < np.inf or bins < 1:
        raise ValueError(f"zero must be positive and bins at least 1, got zero={zero} and bins={bins}.")
    steps = max(1, int(np.ceil(bins * np.log10(max(largest, zero) / zero) + 1e-9)))
    side = zero * 10 ** (np.arange(steps + 1) / bins)
    edges: NDArray[np.float64] = np.concatenate([-side[::-1], side])
    return edges


def _room(ax: ArrayLike | None, rows: int) -> list[Axes]:
    if ax is None:
        figure = new_figure(6.4, 0.8 + 1.5 * rows)
        return list(figure.subplots(rows, 1, sharex=True, sharey=True, squeeze=False)[:, 0])
    given = axes_among(ax)
    if len(given) != rows:
        raise ValueError(f"each network wants axes: pass {rows} in ax, got {len(given)}.")
    return given


def _panel(axes: Axes, counts: NDArray[Any], edges: NDArray[np.float64], zero: float, colour: str) -> None:
    axes.stairs(counts, edges, fill=True, color=colour, alpha=0.85)
    axes.axvspan(-zero, zero, color=STRANGE, alpha=0.15, linewidth=0, zorder=0)
    axes.set_xscale("symlog", linthresh=zero, linscale=0.5)
    powers = 10.0 ** np.arange(np.ceil(np.log10(zero)), np.floor(np.log10(edges[-1])) + 1)
    axes.set_xticks([*-powers[::-1], 0.0, *powers], minor=False)
    axes.set(xlim=(edges[0], edges[-1]), ylabel="count", yscale="log")
