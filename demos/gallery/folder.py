"""The output folder: what is ours in it, and which lessons it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograd.files import write_whole
from demos import LESSONS

MANIFEST = ".glassgrad-gallery.json"


class FolderError(ValueError):
    """A folder that can't be the gallery's; the message says why and the cure."""


@dataclass(frozen=True)
class Record:
    """What the first page has to know of a lesson that was made."""

    thumbnail: str
    """Its first picture, "" if it has none."""
    confirmed: int
    contradicted: int


@dataclass
class Folder:
    """A folder that belongs to the gallery: it was empty, or bears our manifest."""

    path: Path
    language: str
    records: dict[str, Record] = field(default_factory=dict)
    """The lessons that are made, by name."""

    @classmethod
    def open(cls, path: Path, language: str) -> Folder:
        """Take a folder, making it if need be. What it holds in another language counts as not made.

        Raises:
            FolderError: it is a file, can't be written, or holds what the gallery didn't make. Nothing was changed.
        """
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)
            _refuse_ways_out(path)
            strangers = sorted(x.name for x in path.iterdir() if not x.name.startswith("."))
            manifest = path / MANIFEST
            folder = cls(path, language)
            if manifest.is_file():
                folder.records = _records(manifest, language)
            elif strangers:
                shown = ", ".join(strangers[:3]) + (", ..." if len(strangers) > 3 else "")
                raise FolderError(
                    f"the folder {str(path)!r} holds files that this gallery didn't make ({shown}). Name another one "
                    "with --out, or empty it yourself (what demos of version 0.1 left there may go)"
                )
            folder.save()
        return folder

    def note(self, name: str, record: Record | None) -> None:
        """Write down that a lesson is made, or isn't any more; what another run wrote down meanwhile stays."""
        self.look()
        if record is not None:
            self.records[name] = record
        else:
            self.records.pop(name, None)
        self.save()

    def look(self) -> None:
        """See which lessons are made by now, also by another run."""
        manifest = self.path / MANIFEST
        self.records = _records(manifest, self.language) if manifest.is_file() else {}

    def save(self) -> None:
        """Write the manifest, by which the next run knows the folder."""
        found = {
            "language": self.language,
            "lessons": {name: asdict(self.records[name]) for name in sorted(self.records)},
        }
        self.write(MANIFEST, json.dumps(found, indent=1) + "\n")

    def write(self, name: str, text: str) -> Path:
        """Write a file into it, whole or not at all; a FolderError if that can't be."""
        with _told(self.path):
            return write_whole(self.path / name, text.encode())


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """An error of the system inside is a `FolderError`."""
    try:
        yield
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror or str(error)
        raise FolderError(f"can't write into {str(path)!r}: {reason}. Name another folder with --out") from None


def _refuse_ways_out(path: Path) -> None:
    """Refuse links where the gallery has folders: what is written there would be written elsewhere."""
    for name in ("assets", *LESSONS):
        if (path / name).exists() and not (path / name).is_dir():
            raise FolderError(f"{str(path / name)!r} is no folder, and the gallery needs one there: take it away")
        for each in (path / name, *(path / name).rglob("*")):
            if each.is_symlink() and each.is_dir():
                raise FolderError(
                    f"{str(each)!r} is a link to {str(each.readlink())!r}, where the gallery would write: "
                    "take the link away, or name another folder with --out"
                )


def _records(manifest: Path, language: str) -> dict[str, Record]:
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
        is_ours = found["language"] == language
        records = {name: Record(**found["lessons"][name]) for name in LESSONS if name in found["lessons"]}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}  # of another version: all is to be made again
    if not is_ours or not all(map(_is_sound, records.values())):
        return {}
    return {name: x for name, x in records.items() if manifest.with_name(f"{name}.html").is_file()}


def _is_sound(record: Record) -> bool:
    counts = type(record.confirmed), type(record.contradicted)
    return isinstance(record.thumbnail, str) and counts == (int, int)
