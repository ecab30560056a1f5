"""The style of all figures, and how they are saved: whole, and the same bytes each time."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import public
from autograd.files import write_whole

from ..files import check_format, optional
from ..picture.theme import Theme, check_theme
from ..text import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .figure import PlotFigure

Table = dict[str, NDArray[Any]]
FORMATS = ("svg", "pdf", "png")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
DASHES = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
PAPER, INK, FAINT, LINE, GRID, STRANGE = "#ffffff", "#16202c", "#566373", "#77828f", "#e4e8ed", "#a3195b"
# Okabe and Ito, "Color Universal Design" (2008); blue and orange first, as for the signs of gradients
COLOURS = ("#2166ac", "#d95f02", "#0f7b5a", "#a3195b", "#8a5a00", "#56b4e9", "#cc79a7", "#555555")
RAMP = ("#f2f6fa", "#e3ecf5", "#d2e0ee", "#c0d3e7", "#adc5df", "#98b5d6", "#82a5cc", "#6c94c1")
"""From low to high, for filled contours and heat maps; text in ink is readable on the first six of them."""
_DARK_COLOURS = ("#5aa9f0", "#ff9a3d", "#43d3a2", "#ff6fae", "#ffc95c", "#9bdcff", "#e8a8cb", "#b4bcc6")
_DARK_RAMP = ("#161c25", "#1a2431", "#1f2d3f", "#24374e", "#2a425e", "#304d6f", "#375980", "#3f6693")
DARK = {PAPER: "#12161c", INK: "#eef2f6", FAINT: "#a4b0bd", LINE: "#7d8997", GRID: "#2b343f"}
DARK |= zip((*COLOURS, *RAMP), (*_DARK_COLOURS, *_DARK_RAMP), strict=True)
"""What each colour is in the dark."""
TICKS = {"color": FAINT, "labelcolor": FAINT, "grid_color": GRID}
_STYLE = Path(__file__).with_name("glassgrad.mplstyle")
# what would make two files of the same figure differ
_UNDATED: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "glassgrad"},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": "glassgrad", "Producer": "glassgrad"},
    "png": {"Software": "glassgrad"},
}


@contextmanager
def styled() -> Iterator[None]:
    """Use the style of this package for the figures made or saved inside; what was set before comes back after.

    >>> import matplotlib
    >>> before = matplotlib.rcParams["font.size"]
    >>> with styled():
    ...     matplotlib.rcParams["svg.hashsalt"]
    'glassgrad'
    >>> matplotlib.rcParams["font.size"] == before
    True
    """
    matplotlib: Any = optional("matplotlib", "matplotlib", "a plot")
    with matplotlib.rc_context(fname=str(_STYLE)):
        yield


def new_figure(width: float | None = None, height: float | None = None) -> Figure:
    """An empty figure of a size in inches; in a notebook it shows itself, pyplot doesn't know it."""
    optional("matplotlib.figure", "matplotlib", "a plot")
    from .figure import PlotFigure

    figure = PlotFigure()
    size = figure.get_size_inches()
    figure.set_size_inches(width or float(size[0]), height or float(size[1]))
    return figure


@contextmanager
def axes_for(ax: Axes | None, width: float | None = None, height: float | None = None) -> Iterator[Axes]:
    """The axes to draw on, in our style: those of the caller, or the only ones of a new figure of a size in inches."""
    with styled():
        if ax is not None and not hasattr(ax, "get_xlim"):
            cure = "one of them, as axes[0]" if hasattr(ax, "__len__") else "those that figure.subplots() gives"
            raise TypeError(f"ax takes the axes to draw on, got {type(ax).__name__}: pass {cure}.")
        yield new_figure(width, height).subplots() if ax is None else ax


def axes_among(ax: object) -> list[Axes]:
    """The axes that a caller gave for several panels: one of them, a list or an array."""
    return list(np.ravel(np.asarray(ax, dtype=object)))


def distinct(i: int) -> dict[str, Any]:
    """How the i-th line looks: told from the others by its colour, and by its dashes and marks as well."""
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": DASHES[i % len(DASHES)],
        "marker": MARKERS[i % len(MARKERS)],
    }


def literal(name: object) -> str:
    """A name as matplotlib shows it to the letter.

    What stands between two dollars would be maths otherwise, and what begins with an underscore missing in a legend.

    >>> literal("$5 or $6"), literal("_own") == "\\u200b_own"
    ('\\\\$5 or \\\\$6', True)
    """
    shown = clean(str(name)).replace("$", r"\$")
    return f"\u200b{shown}" if shown.startswith("_") else shown  # a space without width


def tabulate(axes: Axes, **columns: ArrayLike) -> PlotFigure:
    """Put the data behind what was drawn on the axes into ``figure.data``, and give the figure.

    The table is tidy: arrays of one length by name, single things repeated. A second table of the same figure goes
    below the first, with a column ``panel`` that counts them; what a table doesn't have is NaN, or "" among texts.

    >>> figure = new_figure()
    >>> tabulate(figure.subplots(), name="a", x=[1.0, 2.0]).data
    {'name': array(['a', 'a'], dtype='<U1'), 'x': array([1., 2.])}
    """
    figure: Any = axes.figure.figure  # of a part of a figure: the whole
    size = max(np.size(column) for column in columns.values())
    new = {name: np.broadcast_to(np.asarray(column), (size,)).copy() for name, column in columns.items()}
    old = getattr(figure, "data", {})
    figure.data = _below(old, new) if old else new
    found: PlotFigure = figure
    return found


def _below(old: Table, new: Table) -> Table:
    """One table below another."""
    sizes = [len(next(iter(table.values()))) for table in (old, new)]
    old = old if "panel" in old else {"panel": np.zeros(sizes[0], dtype=int), **old}
    panels = old["panel"]
    following: Any = int(panels[-1]) + 1 if panels.dtype.kind == "i" and len(panels) else ""  # panels that have names
    new = {"panel": np.full(sizes[1], following), **new}
    return {name: np.concatenate(_columns(name, (old, new), sizes)) for name in {**old, **new}}


def _columns(name: str, tables: tuple[Table, Table], sizes: list[int]) -> list[NDArray[Any]]:
    is_text = any(name in table and table[name].dtype.kind == "U" for table in tables)
    missing = "" if is_text else np.nan
    return [table.get(name, np.full(size, missing)) for table, size in zip(tables, sizes, strict=True)]


@public
def save(figure: Figure, path: str | os.PathLike[str], *, theme: Theme = "light") -> Path:
    """Write a figure to a file, whole or not at all; the same figure gives the same bytes.

    Args:
        figure: any matplotlib figure; the dark theme knows the colours of those that are made here.
        path: ends in .svg, .pdf or .png.
        theme: "light", "dark", or "auto" (SVG only: follows the reader's system; elsewhere light).

    Raises:
        ValueError: another format, an unknown theme.
        FileNotFoundError: the folder doesn't exist.

    >>> save(new_figure(), "figure.docx")
    Traceback (most recent call last):
    ValueError: format 'docx' ('figure.docx') is not known: end the file name in one of .svg, .pdf, .png.
    """
    return write_whole(path, render(figure, check_format(path, FORMATS), theme))


def render(figure: Figure, kind: str, theme: Theme = "light") -> bytes:
    """A figure as "svg", "pdf" or "png"; the figure itself stays as it is."""
    check_theme(theme)
    from .themes import dark_rules, repainted  # which read the colours above

    out = io.BytesIO()
    copy = _copy(figure)
    with styled(), repainted(copy) if theme == "dark" else nullcontext():
        copy.savefig(out, format=kind, metadata=_UNDATED[kind], facecolor=copy.get_facecolor())
    if kind == "svg" and theme == "auto":
        return out.getvalue().replace(b"</style>", f"{dark_rules()}</style>".encode(), 1)
    return out.getvalue()


def _copy(figure: Figure) -> Figure:
    """A copy to draw: drawing moves the axes of a figure a little, so a second file of it would differ."""
    from matplotlib.backend_bases import FigureCanvasBase

    canvas = figure.canvas
    try:
        FigureCanvasBase(figure)  # takes the figure over: a copy of one that pyplot shows would be shown too
        copied: Figure = pickle.loads(pickle.dumps(figure))
    except (pickle.PicklingError, AttributeError, TypeError):  # such as a formatter that is a lambda
        return figure
    finally:
        figure.set_canvas(canvas)
    return copied
