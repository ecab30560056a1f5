"""The gallery as it grows: each lesson is run and has its page, and the first page says how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from demos import LESSONS
from demos.lesson import Lesson

from . import pages
from .folder import Folder, Record


class Gallery:
    """A gallery in one language; what the folder holds already in that language stays.

    Raises:
        FolderError: it can't be written, or holds what isn't ours.
    """

    def __init__(self, out: Path, language: str = "en", seed: int = 0, *, small: bool = False) -> None:
        self.folder = Folder.open(out, language)
        self.language, self.seed, self.small = language, seed, small
        self.pending: list[str] = []

    @property
    def index(self) -> Path:
        """The first page."""
        return self.folder.path / "index.html"

    @property
    def made(self) -> dict[str, Record]:
        """The lessons that are there, by name."""
        return self.folder.records

    def begin(self, names: Sequence[str]) -> None:
        """Write all pages but those of lessons, so that every link leads somewhere from the start."""
        self.pending = list(names)
        (self.folder.path / "assets").mkdir(exist_ok=True)
        for asset in sorted(pages.ASSETS.iterdir()):
            self.folder.write(f"assets/{asset.name}", asset.read_text(encoding="utf-8"))
        for name in LESSONS:
            if name not in self.made:
                self._without(name)
        self._write_index()

    def make(self, name: str) -> Lesson:
        """Run a lesson and write its page; until that is done the lesson counts as missing."""
        self.folder.note(name, None)
        self._without(name)
        try:
            lesson: Lesson = import_module(f"demos.{name}").main(self.folder.path, self.seed, small=self.small)
            lesson.save()
            self.folder.write(f"{name}.html", pages.lesson_page(lesson, self.language, self.seed))
            self.folder.note(name, self._record(lesson))
        finally:
            self.pending = [other for other in self.pending if other != name]
            self._write_index()
        return lesson

    def end(self) -> None:
        """Nothing more is made."""
        self.pending = []
        self.folder.look()
        self._write_index()

    def _record(self, lesson: Lesson) -> Record:
        pictures = [picture.still.relative_to(self.folder.path).as_posix() for picture in lesson.pictures.values()]
        verdicts = list(lesson.claims.values())
        return Record(next(iter(pictures), ""), verdicts.count(True), verdicts.count(False))

    def _without(self, name: str) -> None:
        self.folder.write(f"{name}.html", pages.missing_page(name, self.language, self.seed))

    def _write_index(self) -> None:
        self.folder.write("index.html", pages.index_page(self.made, self.language, self.pending))
