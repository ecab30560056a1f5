"""The figure of all plots. It is imported with the first of them, since matplotlib is."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from numpy.typing import NDArray

from .style import render

_SHOWN = 100.0  # pixels an inch in a notebook, as matplotlib's own; the PNG has more, for sharp screens


class PlotFigure(Figure):
    """A matplotlib figure that shows itself where it is the result of a notebook's cell, with no magic before.

    It isn't known to pyplot, so that nothing shows it a second time, and nobody has to close it.

    Attributes:
        data: the numbers behind the picture: arrays of one length by name of their column.

    >>> PlotFigure(figsize=(4.0, 3.0))._repr_png_()[1]
    {'width': 400}
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.data: dict[str, NDArray[Any]] = {}

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        return render(self, "png"), {"width": round(self.get_figwidth() * _SHOWN)}
