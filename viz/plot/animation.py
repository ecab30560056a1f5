"""A figure that moves: what stays is drawn once, what moves is drawn over it for each frame."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.calls import public
from autograd.files import write_whole
from autograd.notebook import image

from ..files import check_format, optional
from ..output.raster import gif_of
from ..picture.theme import Theme, check_theme
from .style import styled

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from .figure import PlotFigure

_DPI = 110.0


@dataclass(frozen=True)
class Animation:
    """A figure and what moves in it.

    Attributes:
        figure: as it is after its last frame.
        update: ``update(i)`` moves the artists to frame i, counted from 0, and gives all those that move.
        frames: how many there are.
        theme: "light" or "dark" ("auto" is light).

    >>> from viz import plot
    >>> figure = plot.loss({"loss": [1.0, 0.5, 0.25]})
    >>> (line,) = figure.axes[0].lines
    >>> def update(i):
    ...     line.set_data([1, 2, 3][: i + 1], [1.0, 0.5, 0.25][: i + 1])
    ...     return [line]
    >>> Animation(figure, update, 3)
    <Animation of 3 frames>
    """

    figure: PlotFigure
    update: Callable[[int], Iterable[Artist]]
    frames: int
    theme: Theme = "light"

    def __post_init__(self) -> None:
        check_theme(self.theme)
        if self.frames < 1:
            raise ValueError(f"an animation has at least one frame, got frames={self.frames}")

    def themed(self, theme: Theme) -> Animation:
        """The same in another theme."""
        return replace(self, theme=theme)

    @public
    def save_gif(self, path: str | os.PathLike[str], seconds: float = 0.1) -> Path:
        """Write an animated GIF, each frame shown for ``seconds``, the last for two seconds.

        Raises:
            ValueError: the name doesn't end in .gif, or ``seconds`` isn't a time from 0.02 to 600.
            ImportError: Pillow isn't installed: pip install "glassgrad[viz]".
        """
        check_format(path, ["gif"])
        return write_whole(path, self._gif(seconds))

    def _gif(self, seconds: float) -> bytes:
        if not 0 < seconds < 600:
            raise ValueError(f"seconds={seconds!r} is not a time that a frame can be shown: pass one from 0.02 to 600.")
        each = max(20, round(seconds * 1000))
        with closing(self._images([self.frames - 1, *range(self.frames)])) as images:
            last = next(images)  # has all the colours: one palette makes small files, in which still things stay still
            return gif_of(images, [each] * (self.frames - 1) + [max(2000, each)], last)

    def _images(self, frames: Iterable[int]) -> Generator[Any]:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        from .themes import repaint, repaint_artists

        image: Any = optional("PIL.Image", "Pillow", "an animated GIF")
        moving = self._moved(0)
        before = self.figure.canvas
        canvas: Any = FigureCanvasAgg(self.figure)
        dpi = self.figure.dpi
        undo = repaint(self.figure) if self.theme == "dark" else []
        try:
            with styled():
                self.figure.dpi = _DPI
                for artist in moving:
                    artist.set_animated(True)
                canvas.draw()
                still = canvas.copy_from_bbox(self.figure.bbox)
                for i in frames:
                    canvas.restore_region(still)
                    moved = self._moved(i)
                    if self.theme == "dark":
                        undo += repaint_artists(moved)
                    for artist in moved:
                        artist.axes.draw_artist(artist)  # type: ignore[union-attr]
                    yield image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        finally:
            with suppress(Exception):  # one that failed on its way fails here again
                self.update(self.frames - 1)
            for artist in moving:
                artist.set_animated(False)
            for step in reversed(undo):
                step()
            self.figure.dpi = dpi
            self.figure.set_canvas(before)

    def _moved(self, frame: int) -> list[Artist]:
        from matplotlib.artist import Artist

        given: Any = self.update(frame)
        moved = list(given) if isinstance(given, Iterable) else [given]
        if not all(isinstance(each, Artist) for each in moved) or isinstance(given, Artist):
            raise TypeError(f"update({frame}) must give the artists that move, as in [line], got {given!r:.80}.")
        return moved

    def __repr__(self) -> str:
        return f"<Animation of {self.frames} frames>"

    def _repr_html_(self) -> str:
        return image("image/gif", self._gif(0.1), repr(self))
