"""What a lesson leaves behind: pictures and their data, measured numbers, claims that held or did not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import viz
from autograd.files import write_whole
from viz import plot


@dataclass(frozen=True)
class Picture:
    """The files of one picture, all of them in the lesson's folder."""

    still: Path
    """An SVG for light and dark."""
    movies: tuple[Path, Path] | None = None
    """The animation as GIF, light and dark."""
    steps: tuple[Path, ...] = ()
    """Each step of the animation, an SVG each."""
    data: Path | None = None
    """The numbers that it was drawn from, as CSV."""


@dataclass(frozen=True)
class Table:
    """Numbers and words in columns, and how numbers are written."""

    columns: Mapping[str, Sequence[Any]]
    formats: Mapping[str, str]
    data: Path


@dataclass
class Lesson:
    """The results of a lesson, in ``out/name``. What they mean is told by its text, ``demos/texts/LANGUAGE/name.toml``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     lesson = Lesson("momentum", Path(out))
    ...     lesson.measure(steps=12)
    ...     lesson.claim("faster", lesson.measured["steps"] < 20)
    ...     lesson.save().read_text(encoding="utf-8")
    '{"lesson": "momentum", "measured": {"steps": 12}, "claims": {"faster": true}}\\n'
    """

    name: str
    out: Path
    pictures: dict[str, Picture] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)
    """The numbers in the captions, by name."""
    claims: dict[str, bool] = field(default_factory=dict)
    """Whether what the notes claim was found, by name."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.out / self.name

    def draw(self, name: str, picture: Any) -> None:
        """Keep a figure of `viz.plot`, a drawing of `viz.draw`, or an animation (`viz.frames`, `plot.Animation`)."""
        still = self.folder / f"{name}.svg"
        if isinstance(picture, viz.Drawing):
            self.pictures[name] = Picture(replace(picture, theme="auto").save(still))
            return
        if isinstance(picture, viz.Frames):
            folder = self.folder / name
            folder.mkdir(exist_ok=True)
            steps = picture.themed("auto").save(folder)
            replace(picture[-1], theme="auto").save(still)
            self.pictures[name] = Picture(still, self._movies(name, picture, 1.2), steps)
            return
        movies = None
        if isinstance(picture, plot.Animation):
            movies = self._movies(name, picture, 0.1)
            picture = picture.figure
        plot.save(picture, still, theme="auto")
        self.pictures[name] = Picture(still, movies, data=self._csv(name, picture.data))

    def _movies(self, name: str, picture: viz.Frames | plot.Animation, seconds: float) -> tuple[Path, Path]:
        light, dark = self.folder / f"{name}.gif", self.folder / f"{name}.dark.gif"
        picture.themed("light").save_gif(light, seconds)
        picture.themed("dark").save_gif(dark, seconds)
        return light, dark

    def table(self, name: str, columns: Mapping[str, Sequence[Any]], formats: Mapping[str, str] | None = None) -> None:
        """Keep a table: columns of one length by name; ``formats`` has a format for the numbers of a column."""
        self.tables[name] = Table(columns, formats or {}, self._csv(name, columns))

    def measure(self, **numbers: float | np.floating[Any] | np.integer[Any]) -> None:
        """Keep numbers for the captions."""
        self.measured |= {name: x.item() if isinstance(x, np.generic) else x for name, x in numbers.items()}

    def claim(self, name: str, holds: bool) -> None:
        """Keep whether a claim of the notes was found in the numbers."""
        self.claims[name] = bool(holds)

    def save(self) -> Path:
        """Write the measured numbers and the verdicts to ``numbers.json``."""
        found = {"lesson": self.name, "measured": self.measured, "claims": self.claims}
        return write_whole(self.folder / "numbers.json", (json.dumps(found) + "\n").encode())

    def _csv(self, name: str, columns: Mapping[str, Iterable[Any]]) -> Path:
        drawn = self.pictures.get(name)
        if name in self.tables or (drawn is not None and drawn.data is not None):
            raise ValueError(
                f"{self.name}: {name}.csv has the data of another table or picture: call this one otherwise"
            )
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return write_whole(self.folder / f"{name}.csv", text.getvalue().encode())
