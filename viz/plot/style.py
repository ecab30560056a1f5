"""The style of all figures, and how they are saved: whole, and the same bytes each time."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.files import write_whole

from ..files import check_format, optional

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf", "png")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
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


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file, whole or not at all; the same figure gives the same bytes.

    Args:
        figure: any matplotlib figure.
        path: ends in .svg, .pdf or .png.

    Raises:
        ValueError: another format.
        FileNotFoundError: the folder doesn't exist.

    >>> save(new_figure(), "figure.docx")
    Traceback (most recent call last):
    ValueError: format 'docx' ('figure.docx') is not known: end the file name in one of .svg, .pdf, .png.
    """
    return write_whole(path, render(figure, check_format(path, FORMATS)))


def render(figure: Figure, kind: str) -> bytes:
    """A figure as "svg", "pdf" or "png"; the figure itself stays as it is."""
    out = io.BytesIO()
    with styled():
        _copy(figure).savefig(out, format=kind, metadata=_UNDATED[kind])
    return out.getvalue()


def _copy(figure: Figure) -> Figure:
    """A copy to draw: drawing moves the axes of a figure a little, so a second file of it would differ."""
    try:
        copied: Figure = pickle.loads(pickle.dumps(figure))
    except (pickle.PicklingError, AttributeError, TypeError):  # such as a formatter that is a lambda
        return figure
    return copied
