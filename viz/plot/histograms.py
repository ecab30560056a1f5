"""How numbers are spread: histograms of one or several series, and of the outputs of a network's layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public

from ..text import number
from .given import interval_of, named, numbers_of
from .style import COLOURS, DASHES, INK, STRANGE, axes_for, literal, new_figure, styled, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure

Floats = NDArray[np.float64]
_LINE = 14.0  # points, of small text
Test = Callable[[Floats], ArrayLike]


@public
def histogram(
    series: Mapping[str, ArrayLike] | ArrayLike,
    *,
    bins: int = 40,
    range: tuple[float, float] | None = None,
    log: bool = False,
    density: bool = False,
    marks: Mapping[str, float] | None = None,
    x_label: str = "value",
    title: str = "",
    ax: Axes | None = None,
) -> PlotFigure:
    """Plot how often numbers occur: one filled histogram, or the outlines of several over each other, in equal bins.

    Args:
        series: the numbers, an array of any shape, or several by name; of several the first is filled.
        bins: how many there are, over the range.
        range: from the left of the first bin to the right of the last; by default from the smallest number of all to
            the largest. How many numbers are outside is written in the plot.
        log: a logarithmic axis for the counts.
        density: areas of 1 instead of counts, for series of different sizes (of the numbers in the range).
        marks: names of places, to be marked by a vertical line each.
        x_label: what the numbers are, with their unit.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are series, left, right, and count or density, a row a bin.

    Raises:
        TypeError: no numbers, as where weights are Parameters (pass their ``data``), or marks without names.
        ValueError: no series, an empty one, a number that isn't finite, no bins, an empty range, or density of numbers
            that all are outside of it.

    >>> figure = histogram({"before": [0.1, 0.2, 0.9], "after": [0.5, 1.0]}, bins=2, range=(0.0, 1.0))
    >>> figure.data["series"].tolist(), figure.data["count"].tolist()
    (['before', 'before', 'after', 'after'], [2, 1, 0, 2])
    """
    given = series if isinstance(series, Mapping) else {"": series}
    numbers = {str(name): numbers_of(each, f"the series {name!r}" if name else "it") for name, each in given.items()}
    if not numbers:
        raise ValueError('there is nothing to draw: pass an array, or arrays by name, such as {"weights": [0.1, 0.2]}.')
    edges = _edges(list(numbers.values()), bins, range)
    if density:
        _refuse_outside(numbers, edges)
    heights = {name: np.histogram(each, edges, density=density)[0] for name, each in numbers.items()}
    unit = "density" if density else "count"
    places = {name: float(place) for name, place in named(marks or {}, "marks", '{"mean": 0.5}').items()}
    for name, place in places.items():
        if not np.isfinite(place):
            raise ValueError(f"a mark has a finite place, but {name!r} is at {number(place)}: leave it out.")
    with axes_for(ax) as axes:
        for i, (name, each) in enumerate(heights.items()):
            style: dict[str, Any] = {
                "color": COLOURS[i % len(COLOURS)],
                "linestyle": DASHES[i % len(DASHES)],
                "label": literal(name) or None,
            }
            axes.stairs(each, edges, linewidth=1.8, **style)
            if i == 0:
                axes.stairs(each, edges, fill=True, color=COLOURS[0], alpha=0.25)
        _mark(axes, places)
        axes.set(xlabel=x_label + _said_outside(numbers, edges), ylabel=unit, title=title, xlim=(edges[0], edges[-1]))
        if log:
            axes.set_yscale("log")
        if len(numbers) > 1 or marks:
            axes.legend()
    return tabulate(
        axes,
        series=np.repeat(list(numbers), bins),
        left=np.tile(edges[:-1], len(numbers)),
        right=np.tile(edges[1:], len(numbers)),
        **{unit: np.concatenate(list(heights.values()))},
    )


@public
def activations(
    layers_by_name: Mapping[str, Sequence[ArrayLike] | Floats],
    *,
    share: Mapping[str, Test] | None = None,
    bins: int = 40,
    range: tuple[float, float] | None = None,
    top: float | None = None,
    x_label: str = "output",
    title: str = "",
    ax: ArrayLike | None = None,
) -> PlotFigure:
    """Plot the outputs of networks layer by layer: a grid of histograms, a row for each layer, a column for each name.

    All panels have the same axes, so that they can be compared. In each is written how far its numbers are spread, and
    which share of them is as it should not be.

    Args:
        layers_by_name: the outputs of the first layer, of the second and so on, arrays of any shape, by the name of
            the network or of its initialization; or one array whose first axis counts the layers. A layer that a
            network doesn't have leaves its panel empty.
        share: what is counted, by name: functions from an array of outputs to an array of booleans of its shape.
        bins: how many each panel has, over the range.
        range: as for `histogram`; the share of numbers outside is written.
        top: the height of the panels as a share of the numbers, from 0 to 1; higher bars are cut. By default the
            highest bar of all.
        x_label: what the numbers are.
        title: above the grid.
        ax: the axes to draw on, an array of them (layers, names); by default those of a new figure.

    Returns:
        The figure; its ``data`` have a row a bin: series, layer (1 is the first), left, right, share (of the layer's
        numbers in this bin), and for the layer as a whole its std, the share outside, and a column for each ``share``.

    Raises:
        TypeError: outputs without a name, or no numbers.
        ValueError: no network, no layers, an empty one, a number that isn't finite, axes of the wrong shape, a result
            of another shape than the outputs, or a top that is no share.

    >>> layers = {"std 1": [[0.0, 0.5], [0.0, 1.0]], "std 0.01": [[0.4, 0.5], [0.5, 0.5]]}
    >>> figure = activations(layers, share={"saturated": lambda a: (a < 0.01) | (a > 0.99)}, bins=2, range=(0, 1))
    >>> figure.data["layer"].tolist(), figure.data["saturated"].tolist()
    ([1, 1, 2, 2, 1, 1, 2, 2], [0.5, 0.5, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    """
    layers = {
        name: [numbers_of(each, f"layer {k} of {name!r}") for k, each in enumerate(group, 1)]
        for name, group in named(layers_by_name, "layers_by_name", '{"he": [layer1, layer2]}').items()
    }
    known = {"series", "layer", "left", "right", "share", "std", "outside"}
    if taken := known & set(share or {}):
        raise ValueError(f"{min(taken)!r} is the name of another column of the data: call that share something else.")
    if top is not None and not 0.0 < top <= 1.0:
        raise ValueError(f"top is a share of the numbers, above 0 and up to 1, got {top!r}.")
    depth = max(map(len, layers.values()), default=0)
    if not all(layers.values()) or not depth:
        raise ValueError(
            "each network needs the outputs of its layers: pass a list of arrays by name, such as "
            '{"he": [layer1, layer2]}.'
        )
    edges = _edges([each for group in layers.values() for each in group], bins, range)
    panels = [
        {"series": name, "layer": k, "left": edges[:-1], "right": edges[1:], **_summary(each, edges, share or {})}
        for name, group in layers.items()
        for k, each in enumerate(group, 1)
    ]
    height = top or max(float(panel["share"].max()) for panel in panels)
    with styled():
        grid = _grid(ax, depth, len(layers))
        said = {}
        for panel in panels:
            place = panel["layer"] - 1, list(layers).index(panel["series"])
            _panel(grid[place], panel, edges, height)
            said[place] = _said(panel, share or {})
        _label(grid, list(layers), said, x_label)
        if title:
            grid[0, 0].set_title(title, pad=_LINE * 4)
    columns = {name: np.concatenate([np.broadcast_to(panel[name], bins) for panel in panels]) for name in panels[0]}
    return tabulate(grid[0, 0], **columns)


def _edges(arrays: Sequence[Floats], bins: int, limits: tuple[float, float] | None) -> Floats:
    if isinstance(bins, bool) or not isinstance(bins, int | np.integer) or bins < 1:
        raise ValueError(f"bins is how many there are, a whole number from 1 on, got {bins!r}.")
    ends = [float(end(each)) for each in arrays for end in (np.min, np.max)]
    edges: Floats = np.histogram_bin_edges(ends, bins, None if limits is None else interval_of(limits, "range"))
    return edges


def _outside(array: Floats, edges: Floats) -> int:
    return int(np.sum((array < edges[0]) | (array > edges[-1])))


def _refuse_outside(numbers: Mapping[str, Floats], edges: Floats) -> None:
    for name, array in numbers.items():
        if _outside(array, edges) == len(array):
            raise ValueError(
                f"a density needs numbers in the range from {edges[0]:g} to {edges[-1]:g}, but all {len(array)} of "
                f"{name!r} are outside: choose another range, or density=False."
            )


def _mark(axes: Axes, marks: Mapping[str, float]) -> None:
    for i, (name, place) in enumerate(marks.items()):
        colour = (INK, STRANGE)[i % 2]
        axes.axvline(
            place, color=colour, linewidth=1.5, linestyle=DASHES[1 + i % (len(DASHES) - 1)], label=literal(name)
        )


def _said_outside(numbers: Mapping[str, Floats], edges: Floats) -> str:
    outside = [
        f"{count} of {len(each)} {literal(name)}".rstrip()
        for name, each in numbers.items()
        if (count := _outside(each, edges))
    ]
    return f"\noutside: {', '.join(outside)}" if outside else ""


def _summary(array: Floats, edges: Floats, share: Mapping[str, Test]) -> dict[str, Any]:
    """What is known of a layer, by the name of its column."""
    panel: dict[str, Any] = {
        "share": np.histogram(array, edges)[0] / len(array),
        "std": float(array.std()),
        "outside": _outside(array, edges) / len(array),
    }
    for name, test in share.items():
        chosen = np.asarray(test(array))
        if chosen.shape != array.shape:
            raise ValueError(
                f"share[{name!r}] must tell for each of {len(array)} outputs whether it counts, but gave the shape "
                f"{chosen.shape}."
            )
        panel[name] = float(np.mean(chosen.astype(bool)))
    return panel


def _grid(ax: ArrayLike | None, rows: int, columns: int) -> NDArray[Any]:
    """Axes (rows, columns)."""
    if ax is None:
        figure = new_figure(1.2 + 2.5 * columns, 0.9 + 1.3 * rows)
        return np.asarray(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
    given = np.asarray(ax, dtype=object)
    if given.size != rows * columns:
        raise ValueError(f"{rows} layers of {columns} networks need {rows * columns} axes in ax, got {given.size}.")
    return given.reshape(rows, columns)


def _panel(axes: Axes, panel: Mapping[str, Any], edges: Floats, height: float) -> None:
    axes.stairs(panel["share"], edges, fill=True, color=COLOURS[0])
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0.0, height * 1.02))
    axes.locator_params(axis="x", nbins=4)


def _said(panel: Mapping[str, Any], share: Mapping[str, Test]) -> str:
    """What is written above a panel."""
    written = [*share, *(["outside"] if panel["outside"] else [])]
    parts = [f"std {number(panel['std'], 2)}", *(f"{literal(name)} {_percent(panel[name])}" for name in written)]
    return fill(", ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts), 28)


def _percent(share: float) -> str:
    return "<1%" if 0.0 < share < 0.005 else f"{share:.0%}"


def _label(grid: NDArray[Any], names: Sequence[str], said: Mapping[tuple[int, int], str], x_label: str) -> None:
    for place, text in said.items():
        grid[place].annotate(text, (0.0, 1.0), (0, 3), "axes fraction", textcoords="offset points", fontsize=10)
    above = _LINE * (1 + max(said[0, column].count("\n") for column in range(len(names))))
    for axes, name in zip(grid[0], names, strict=True):
        axes.annotate(
            literal(name), (0.0, 1.0), (0, above + 6), "axes fraction", textcoords="offset points", weight="bold"
        )
    for row, axes in enumerate(grid[:, 0], 1):
        axes.set_ylabel(f"layer {row}\nshare")
    for axes in grid[-1]:
        axes.set_xlabel(x_label)
