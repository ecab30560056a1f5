"""The words of the lessons, ``demos/texts/LANGUAGE/NAME.toml``: read, checked, and filled with what was measured."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from demos.lesson import Lesson

LANGUAGES = ("en", "ko")
FOLDER = Path(__file__).parent / "texts"


class TextError(ValueError):
    """A text that doesn't fit its lesson; the message names the file, the key and the cure."""


@dataclass(frozen=True)
class FigureText:
    """What stands about a picture: all Markdown but ``alt``, which is read out in its place."""

    caption: str
    alt: str
    before: str = ""
    """Paragraphs above the picture."""
    wide: bool = False
    """Whether it takes the full width of the page."""


@dataclass(frozen=True)
class TableText:
    """The caption of a table, the heading of each of its columns, and words to show for those in its cells."""

    caption: str
    columns: Mapping[str, str]
    cells: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    """Paragraphs above the table."""
    after: str = ""
    """The figure that it stands below; by default it stands below all of them."""


@dataclass(frozen=True)
class ClaimText:
    """What the notes claim and what was measured; ``contradicted`` says what is true where it was not confirmed."""

    notes: str
    measured: str
    contradicted: str = ""


@dataclass(frozen=True)
class Text:
    """All words of a lesson in one language."""

    title: str
    summary: str
    text: str
    attempts: Sequence[str]
    """What to try next."""
    figures: Mapping[str, FigureText]
    tables: Mapping[str, TableText]
    claims: Mapping[str, ClaimText]
    path: Path

    @property
    def parts(self) -> dict[str, Mapping[str, Any]]:
        """The figures, tables and claims, by the names that these have in a file."""
        return {"figures": self.figures, "tables": self.tables, "claims": self.claims}

    def filled(self, measured: Mapping[str, float]) -> Text:
        """The same words with the measured numbers in their places; title and summary have none."""
        parts: dict[str, Any] = {
            part: {name: _fill_all(x, measured, f"{self.path}: {part}.{name}") for name, x in of.items()}
            for part, of in self.parts.items()
        }
        attempts = [_fill(x, measured, f"{self.path}: try") for x in self.attempts]
        return replace(self, text=_fill(self.text, measured, f"{self.path}: text"), attempts=attempts, **parts)

    def check(self, lesson: Lesson) -> None:
        """Raise a `TextError` where these words and what the lesson made don't belong to each other."""
        made: dict[str, Mapping[str, Any]] = {
            "figures": lesson.pictures,
            "tables": lesson.tables,
            "claims": lesson.claims,
        }
        for part, of in self.parts.items():
            if sorted(of) != sorted(made[part]):  # on the page they are in the order of the text
                raise TextError(f"{self.path}: {part} are {list(of)}, but the lesson made {list(made[part])}")
        for name, table in self.tables.items():
            if table.after and table.after not in self.figures:
                figures = ", ".join(self.figures)
                raise TextError(f"{self.path}: tables.{name}.after is {table.after!r}, no figure; there are: {figures}")
            if list(table.columns) != list(lesson.tables[name].columns):
                columns = list(lesson.tables[name].columns)
                raise TextError(f"{self.path}: tables.{name}.columns are {list(table.columns)}, the lesson's {columns}")


def read(name: str, language: str, folder: Path = FOLDER) -> Text:
    """The words of a lesson as they are written, with places for numbers.

    Raises:
        TextError: a key is missing, unknown, or of another type.
    """
    path = folder / language / f"{name}.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TextError(
            f"{path} is missing: the lesson {name!r} needs its words in {' and '.join(LANGUAGES)}"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise TextError(f"{path}: {error}") from None
    found = {"try": [], "figures": {}, "tables": {}, "claims": {}} | found
    kinds = {"title": str, "summary": str, "text": str, "try": list, "figures": dict, "tables": dict, "claims": dict}
    _check_keys(found, kinds, kinds, f"{path}: ")
    for part, kind in (("figures", FigureText), ("tables", TableText), ("claims", ClaimText)):
        found[part] = {key: _entry(kind, x, f"{path}: {part}.{key}") for key, x in found[part].items()}
    return Text(attempts=found.pop("try"), path=path, **found)


def _entry(kind: type, given: Any, where: str) -> Any:
    types = {"wide": bool, "columns": dict, "cells": dict}
    kinds = {x.name: types.get(x.name, str) for x in fields(kind)}
    needed = [x.name for x in fields(kind) if x.name in ("caption", "alt", "columns", "notes", "measured")]
    if not isinstance(given, dict):
        raise TextError(f"{where} is a table with {', '.join(kinds)}, got {given!r}")
    _check_keys(given, kinds, needed, f"{where}.")
    return kind(**given)


def _check_keys(found: Mapping[str, Any], kinds: Mapping[str, type], needed: Any, where: str) -> None:
    for key in needed:
        if key not in found:
            raise TextError(f"{where}{key} is missing")
    for key, x in found.items():
        if key not in kinds:
            raise TextError(f"{where}{key} is not known; there are: {', '.join(kinds)}")
        if not isinstance(x, kinds[key]):
            raise TextError(f"{where}{key} must be a {kinds[key].__name__}, got {x!r}")


def placeholders(text: str, where: str = "text") -> Iterator[tuple[str, str]]:
    """Name and format of each ``{name:format}``: names only, so that a text reaches numbers and nothing else.

    >>> list(placeholders("after {steps} steps {share:.0%}, {{braces}}"))
    [('steps', ''), ('share', '.0%')]
    """
    try:
        for _, name, spec, conversion in string.Formatter().parse(text):
            if name is None:
                continue
            if not re.fullmatch(r"[A-Za-z]\w*", name) or conversion or "{" in (spec or ""):
                raise TextError(f"{where}: {{{name}}} is not {{name}} or {{name:format}}; a brace itself is doubled")
            yield name, spec or ""
    except ValueError as error:
        raise (
            error if isinstance(error, TextError) else TextError(f"{where}: {error}; a brace itself is doubled")
        ) from None


def _fill(text: str, measured: Mapping[str, float], where: str) -> str:
    for name, spec in placeholders(text, where):
        if name not in measured:
            raise TextError(f"{where}: {{{name}}} was not measured; there are: {', '.join(measured) or 'none'}")
        try:
            format(measured[name], spec)
        except ValueError as error:
            raise TextError(f"{where}: {{{name}:{spec}}}: {error} ({name} is {measured[name]!r})") from None
    return text.format_map(measured)


def _fill_all(entry: Any, measured: Mapping[str, float], where: str) -> Any:
    """An entry with all its strings filled, headings and words of cells aside."""
    strings = {x.name: getattr(entry, x.name) for x in fields(entry)}
    return replace(
        entry, **{key: _fill(x, measured, f"{where}.{key}") for key, x in strings.items() if isinstance(x, str)}
    )
