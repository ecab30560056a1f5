"""The pages as text: one a lesson, one for a lesson that isn't made, and the first one that lists all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import getsource
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demos import LESSONS, PARTS, texts
from demos.lesson import Lesson, Table

from . import markup
from .folder import Record

_HERE = Path(__file__).parent
ASSETS = _HERE / "assets"


@dataclass(frozen=True)
class Place:
    """A lesson's place in the lecture, in one language."""

    name: str
    title: str
    summary: str
    part: str
    number: int

    @property
    def page(self) -> str:
        """The file of its page."""
        return f"{self.name}.html"


@cache
def words(language: str) -> dict[str, Any]:
    """The words of the pages themselves."""
    return tomllib.loads((_HERE / "words" / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def places(language: str) -> dict[str, Place]:
    """All lessons by name, in the order of the lecture."""
    part_of = {name: part for part, names in PARTS.items() for name in names}
    found = {name: texts.read(name, language) for name in LESSONS}
    return {
        name: Place(name, text.title, text.summary, words(language)["parts"][part_of[name]], number)
        for number, (name, text) in enumerate(found.items(), start=1)
    }


def lesson_page(lesson: Lesson, language: str, seed: int = 0) -> str:
    """The page of a lesson that was just run.

    Raises:
        TextError: its words don't fit what it made.
    """
    text = texts.read(lesson.name, language)
    text.check(lesson)
    return _render(
        "lesson.html",
        language,
        lesson.name,
        lesson=lesson,
        text=text.filled(lesson.measured),
        source=getsource(import_module(f"demos.{lesson.name}")),
        command=_command(lesson.name, language, seed),
    )


def missing_page(name: str, language: str, seed: int = 0) -> str:
    """What stands in the place of a lesson that isn't made, so that links lead on."""
    return _render("missing.html", language, name, command=_command(name, language, seed))


def index_page(records: Mapping[str, Record], language: str, pending: Collection[str] = ()) -> str:
    """The first page: the lecture in order; ``pending`` are the lessons that are about to be made."""
    parts = {part: [places(language)[name] for name in names] for part, names in PARTS.items() if names}
    return _render("index.html", language, None, parts=parts, records=records, pending=pending)


def _command(name: str, language: str, seed: int) -> str:
    options = (f" --lang {language}" if language != "en" else "") + (f" --seed {seed}" if seed else "")
    return f"python -m demos {name}{options}"


def _render(template: str, language: str, name: str | None, **given: Any) -> str:
    order: list[Place | None] = [None, *places(language).values()]  # the index stands before the first lesson
    at = order.index(places(language)[name] if name else None)
    return (
        _environment()
        .get_template(template)
        .render(
            language=language,
            words=words(language),
            total=len(LESSONS),
            place=order[at],
            previous=order[at - 1] if at > 0 else None,
            next=order[at + 1] if at + 1 < len(order) else None,
            **given,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"block": markup.block, "inline": markup.inline, "python": markup.python}
    environment.globals |= {"link": _link, "width": _width, "cell": _cell, "is_numeric": _is_numeric}
    return environment


def _link(lesson: Lesson, file: Path) -> str:
    return file.relative_to(lesson.out).as_posix()


@cache
def _width(drawing: Path) -> str:
    """The width of an SVG in rem, by which it grows with the letters of the page."""
    head = drawing.read_text(encoding="utf-8")[:2000]
    found = re.search(r"<svg[^>]*?\swidth=\"([\d.]+)(pt|px|)\"", head)
    return f"{float(found[1]) * (4 / 3 if found[2] == 'pt' else 1) / 16:.4g}rem" if found else "100%"


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _is_numeric(table: Table, column: str) -> bool:
    """Whether a column has numbers, beside words or not, and so stands to the right."""
    return any(_is_number(_plain(x)) for x in table.columns[column])


def _plain(x: Any) -> Any:
    return x.item() if hasattr(x, "item") else x  # of NumPy


def _cell(table: Table, column: str, row: int, cells: Mapping[str, str]) -> str:
    """A cell as it is shown: a number in the format of its column, a word as the text has it."""
    x = _plain(table.columns[column][row])
    if _is_number(x):
        return format(x, table.formats.get(column, ""))
    return cells.get(str(x), str(x))
