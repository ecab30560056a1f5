"""The lessons' words: complete in both languages, about the same things, and filled with what was measured."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("jinja2")
pytest.importorskip("markdown_it")
pytest.importorskip("pygments")
pytest.importorskip("matplotlib")
pytest.importorskip("resvg_py")

from demos import LESSONS, texts
from demos.gallery.pages import words
from demos.lesson import Lesson, Picture
from demos.texts import TextError, placeholders, read
from tests.project.tree import ROOT

pytestmark = pytest.mark.xdist_group("gallery")  # built once, by one worker
every_lesson = pytest.mark.parametrize("name", LESSONS)


def strings(text: texts.Text) -> dict[str, str]:
    """All that a reader sees of a text, by its key."""
    found = {"title": text.title, "summary": text.summary, "text": text.text}
    found |= {f"try {i}": line for i, line in enumerate(text.attempts)}
    for part, of in text.parts.items():
        for name, entry in of.items():
            shown = {field.name: getattr(entry, field.name) for field in fields(entry)}
            found |= {f"{part}.{name}.{key}": x for key, x in shown.items() if isinstance(x, str)}
            found |= {
                f"{part}.{name}.{key}.{k}": x for key, d in shown.items() if isinstance(d, dict) for k, x in d.items()
            }
    return found


@every_lesson
def test_both_languages_say_the_same_things(name: str) -> None:
    english, korean = (strings(read(name, language)) for language in texts.LANGUAGES)
    # what stands in the cells of a table is English, and may have words in Korean
    assert list(english) == [key for key in korean if ".cells" not in key or key in english]
    for key, said in english.items():
        assert bool(said) == bool(korean[key]), key
        assert sorted(set(placeholders(said))) == sorted(set(placeholders(korean[key]))), key
    prose = [key for key in korean if key.endswith(("text", "caption", "alt", "measured")) and korean[key]]
    assert [key for key in prose if not re.search("[가-힣]", korean[key])] == []
    assert [key for key, said in english.items() if re.search("[가-힣]", said) and ".notes" not in key] == []


@every_lesson
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_words_fit_what_the_lesson_made(built, name: str, language: str) -> None:
    lesson = built.lessons[name]
    text = read(name, language)
    text.check(lesson)
    for key, said in strings(text.filled(lesson.measured)).items():
        assert "{" not in re.sub(r"`[^`]*`", "", said), key
    assert [key for key in ("title", "summary") for _ in placeholders(strings(text)[key])] == []
    assert lesson.claims, "every lesson decides a claim"
    unexplained = [key for key, holds in lesson.claims.items() if not holds and not text.claims[key].contradicted]
    assert unexplained == [], "say what is true where the measurement contradicts the notes"


def test_the_pages_own_words_are_complete() -> None:
    english, korean = (words(language) for language in texts.LANGUAGES)
    assert list(english) == list(korean)
    assert list(english["parts"]) == list(korean["parts"])
    for key in set(english) - {"parts"}:
        assert set(re.findall(r"{\w+}", english[key])) == set(re.findall(r"{\w+}", korean[key])), key


def test_the_readme_has_the_table_of_lessons(request) -> None:
    path = ROOT / "README.md"
    rows = [f"| [{(text := read(name, 'en')).title}](demos/{name}.py) | {text.summary} |\n" for name in LESSONS]
    table = "| lesson | what it shows |\n|---|---|\n" + "".join(rows)
    readme = path.read_text(encoding="utf-8")
    old = re.search(r"\| lesson \| what it shows \|\n(\|.*\n)+", readme)
    assert old
    if request.config.getoption("--overwrite-golden"):
        path.write_text(readme.replace(old[0], table), encoding="utf-8")
    assert table in path.read_text(encoding="utf-8"), "make test ARGS=--overwrite-golden writes it"


GOOD = """
title = "T"
summary = "S"
text = "after {steps} steps, {share:.0%}, {{braces}}"
[figures.paths]
caption = "{steps}"
alt = "A"
[tables.t]
caption = "C"
columns = { a = "A" }
[claims.c]
notes = "N"
measured = "{share:.1f}"
"""


def written(folder: Path, old: str = "", new: str = "") -> texts.Text:
    (folder / "en").mkdir()
    assert old in GOOD
    (folder / "en" / "x.toml").write_text(GOOD.replace(old, new), encoding="utf-8")
    return read("x", "en", folder)


def test_numbers_stand_in_their_places(tmp_path: Path) -> None:
    text = written(tmp_path).filled({"steps": 12, "share": 0.25})
    assert text.text == "after 12 steps, 25%, {braces}"
    assert (text.figures["paths"].caption, text.claims["c"].measured) == ("12", "0.2")
    assert text.attempts == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "T"', "", "x.toml: title is missing"),
        ('title = "T"', "title = 3", "x.toml: title must be a str, got 3"),
        ('title = "T"', 'titel = "T"\ntitle = "T"', "x.toml: titel is not known; there are: title, summary, text, try"),
        ('alt = "A"', "", "x.toml: figures.paths.alt is missing"),
        ('alt = "A"', 'alt = "A"\nwide = "yes"', "figures.paths.wide must be a bool, got 'yes'"),
        ("[claims.c]", "[claims]\nd = 3\n[claims.c]", "claims.d is a table with notes, measured, contradicted, got 3"),
        ('title = "T"', "title = T", r"x.toml: Invalid value \(at line 2"),
    ],
)
def test_a_wrong_file_is_refused_by_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        written(tmp_path, old, new)


def test_a_table_stands_below_a_figure_that_is_there(tmp_path: Path) -> None:
    text = written(tmp_path, "columns = ", 'after = "path"\ncolumns = ')
    lesson = Lesson("x", tmp_path)
    lesson.pictures["paths"] = Picture(tmp_path)
    lesson.table("t", {"a": [1]})
    lesson.claim("c", True)
    with pytest.raises(TextError, match=r"tables\.t\.after is 'path', no figure; there are: paths"):
        text.check(lesson)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"ko.x\.toml is missing: the lesson 'x' needs its words in en and ko"):
        read("x", "ko", tmp_path)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{step}", r"x\.toml: text: \{step\} was not measured; there are: steps, share"),
        ("{steps:.q}", r"text: \{steps:\.q\}: .*\(steps is 12\)"),
        ("{steps.real}", r"text: \{steps\.real\} is not \{name\} or \{name:format\}"),
        ("{steps[0]}", r"\{steps\[0\]\} is not"),
        ("{steps!r}", "is not"),
        ("{steps:{share}}", "is not"),
        ("{}", "is not"),
        ("{steps", "a brace itself is doubled"),
    ],
)
def test_a_wrong_place_is_refused_by_its_key(tmp_path: Path, place: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        written(tmp_path, "{steps} steps", place).filled({"steps": 12, "share": 0.25})
