"""The pages: links lead to files, the code is the code that ran, nothing foreign becomes markup."""

from __future__ import annotations

import doctest
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("jinja2")
pytest.importorskip("markdown_it")
pytest.importorskip("pygments")
pytest.importorskip("matplotlib")
pytest.importorskip("resvg_py")

from demos import LESSONS, PARTS, texts
from demos.gallery import markup, pages
from demos.gallery.folder import Record
from demos.lesson import Lesson
from tests.project.tree import ROOT, imports_of, sources
from viz import plot

pytestmark = pytest.mark.xdist_group("gallery")
every_language = pytest.mark.parametrize("language", texts.LANGUAGES)
MADE = [name for name in LESSONS if name in ("moons", "digits")]


class Page(HTMLParser):
    """What a page links to, the places in it, and its text by element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.code = self.prose = ""
        self._within: list[str] = []
        self._in_code = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.tags.append((tag, given))
        keys = ("src", "href", "srcset", "data-light", "data-dark")
        self.links += [x for name, x in attributes if name in keys and x]
        self.places += [given["id"]] if given.get("id") else []  # type: ignore[list-item]
        self._in_code |= tag == "pre" and "data-copy" in given
        if tag not in ("img", "meta", "link", "source", "br"):
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop() == tag
        self._in_code &= tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code += data
        elif not {"code", "script"} & set(self._within):
            self.prose += data

    def link(self, rel: str) -> list[str | None]:
        return [given["href"] for tag, given in self.tags if tag == "link" and given.get("rel") == rel]


def page(folder: Path, name: str) -> Page:
    return Page((folder / f"{name}.html").read_text(encoding="utf-8"))


def test_every_lesson_has_tests_of_its_own() -> None:
    found = [x for path in sources("tests/demos") for x in imports_of(path)]
    tested = {x.name if x.module == "demos" else x.module.removeprefix("demos.") for x in found}
    for name in LESSONS:
        assert name in tested, f"add a line for each of its claims in tests/demos/test_{name}.py"


@every_language
def test_every_link_leads_to_a_file_or_a_place(built, language: str) -> None:
    folder = built.folders[language]
    for name in ("index", *LESSONS):
        shown = page(folder, name)
        files = {link for link in shown.links if not link.startswith(("#", "https://"))}
        assert [link for link in files if not (folder / link).is_file()] == []
        assert [link for link in shown.links if link[0] == "#" and link[1:] not in shown.places] == []
        assert len(shown.places) == len(set(shown.places)), name


@every_language
def test_every_picture_and_table_of_a_lesson_is_on_its_page(built, language: str) -> None:
    folder = built.folders[language]
    for name, lesson in built.lessons.items():
        made = [
            path for p in lesson.pictures.values() for path in (p.still, *(p.movies or ()), *p.steps, p.data) if path
        ]
        made += [table.data for table in lesson.tables.values()]
        assert {path.relative_to(lesson.out).as_posix() for path in made} <= set(page(folder, name).links)


@every_language
def test_the_lecture_is_walked_from_first_to_last(built, language: str) -> None:
    folder = built.folders[language]
    walk, at = ["index.html"], page(folder, "index")
    while at.link("next"):
        (after,) = at.link("next")
        at = page(folder, str(after).removesuffix(".html"))
        assert at.link("prev") == [walk[-1]]
        walk.append(str(after))
    assert walk == ["index.html", *(f"{name}.html" for name in LESSONS)]


def test_the_first_page_lists_all_lessons_and_their_verdicts(built) -> None:
    html = (built.folders["en"] / "index.html").read_text(encoding="utf-8")
    hrefs = re.findall(r'<h3><a href="(\w+)\.html">', html)
    assert hrefs == list(LESSONS)
    assert html.count("<h2") == sum(map(bool, PARTS.values()))
    verdicts = [holds for lesson in built.lessons.values() for holds in lesson.claims.values()]
    assert sum(map(int, re.findall(r"(\d+) of \d+ claims confirmed", html))) == sum(verdicts)
    assert sum(map(int, re.findall(r"(\d+) contradicted", html))) == len(verdicts) - sum(verdicts)
    assert "Not made yet" not in html


@every_language
def test_the_code_that_is_shown_is_the_code_that_ran(built, language: str) -> None:
    for name in built.lessons:
        shown = page(built.folders[language], name).code
        assert shown == (ROOT / "demos" / f"{name}.py").read_text(encoding="utf-8")
        assert shown == Path(import_module(f"demos.{name}").__file__ or "").read_text(encoding="utf-8")


@every_language
def test_no_markdown_is_left_in_the_prose(built, language: str) -> None:
    for name in ("index", *LESSONS):
        shown = page(built.folders[language], name)
        assert shown._within == []
        assert re.findall(r".{,20}(?:\*\*|`|\*\w|\w\*|^#+ |\{\w+).{,20}", shown.prose, re.MULTILINE) == [], name


@pytest.mark.parametrize("module", ["lesson", "texts", "gallery.markup"])
def test_examples_in_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(import_module(f"demos.{module}"), raise_on_error=True).attempted > 0


@every_language
def test_the_language_is_told_and_nothing_comes_from_elsewhere(built, language: str) -> None:
    for path in sorted(built.folders[language].glob("*.html")):
        html = path.read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in html
        asked = re.findall(r'(?:src|srcset|data-\w+)="([^"]*:[^"]*)"', html)
        assert asked == []
    for asset in (built.folders[language] / "assets").iterdir():
        assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", asset.read_text(encoding="utf-8"))


def test_a_claim_that_was_not_found_is_shown_as_contradicted(built, monkeypatch) -> None:
    lesson = built.lessons["moons"]
    text = texts.read("moons", "en")
    first, *_ = text.claims
    object.__setattr__(text.claims[first], "contradicted", "Rather *this*.")
    monkeypatch.setattr(texts, "read", lambda name, language: text)
    monkeypatch.setitem(lesson.claims, first, False)
    html = pages.lesson_page(lesson, "en")
    row = next(row for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if "Rather <em>this</em>." in row)
    assert "✗</span> Contradicted" in row
    assert html.count("Contradicted") == 1


def test_a_table_has_its_formats_and_its_words(built, tmp_path: Path, monkeypatch: Any) -> None:
    lesson = Lesson("moons", tmp_path)
    columns = {"way": ["SGD", "none"], "steps": [np.int64(12), "never"], "share": [np.float64(0.256), 1.0]}
    lesson.table("t", columns, {"share": ".0%"})
    headings = {"way": "", "steps": "*Steps*", "share": "Share"}
    text = texts.read("moons", "en")
    shown = replace(text, figures={}, tables={"t": texts.TableText("C", headings, {"never": "nie"})}, claims={})
    monkeypatch.setattr(texts, "read", lambda name, language: shown)
    html = pages.lesson_page(replace(lesson, measured=built.lessons["moons"].measured), "en")
    assert '<tr><td></td><th scope="col" class="number"><em>Steps</em></th>' in html
    assert '<tr><td>SGD</td><td class="number">12</td><td class="number">26%</td></tr>' in html
    assert '<tr><td>none</td><td class="number">nie</td><td class="number">100%</td></tr>' in html


def test_a_table_stands_where_its_text_says(built, monkeypatch: Any) -> None:
    text = texts.read("moons", "en")
    first, *_, last = text.figures
    for after, before in ((first, last), ("", "claims")):
        moved = replace(text.tables["layers"], after=after, before="### Its parts")
        shown = replace(text, tables={"layers": moved})
        monkeypatch.setattr(texts, "read", lambda name, language, shown=shown: shown)
        places = Page(pages.lesson_page(built.lessons["moons"], "en")).places
        assert places.index("table-layers") < places.index("claims" if before == "claims" else f"figure-{before}")
        assert places.index(f"figure-{after or last}") < places.index("table-layers")
    assert "<h2>Its parts</h2>" in pages.lesson_page(built.lessons["moons"], "en")


def test_a_table_in_markdown_scrolls_and_its_corner_is_no_heading() -> None:
    html = markup.block("| | a |\n|---|--:|\n| b | 1 |")
    assert '<td></td>\n<th style="text-align:right">a</th>' in html
    assert html.startswith('<div class="scroll" tabindex="0"')


HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>&{{7*7}}</code></pre>'


def hostile(tmp_path: Path, monkeypatch: Any) -> str:
    """A page on which everything that can be, is hostile."""
    lesson = Lesson("moons", tmp_path)
    with plot.styled():
        lesson.draw("loss", plot.loss({"loss": [1.0, 0.5]}))
    lesson.table("table", {"words": [HOSTILE]})
    lesson.claim("claim", False)
    text = texts.Text(
        HOSTILE,
        HOSTILE,
        f"{HOSTILE}\n\n### {HOSTILE}\n\n| {HOSTILE} |\n|---|\n| [a](javascript:alert(1)) |\n\n<b>raw</b>",
        [HOSTILE],
        {"loss": texts.FigureText(HOSTILE, HOSTILE + '"', before=HOSTILE)},
        {"table": texts.TableText(HOSTILE, {"words": HOSTILE})},
        {"claim": texts.ClaimText(HOSTILE, HOSTILE, HOSTILE)},
        tmp_path,
    )
    monkeypatch.setattr(texts.Text, "filled", lambda self, measured: self)
    monkeypatch.setattr(texts, "read", lambda name, language: text)
    monkeypatch.setattr(pages, "getsource", lambda module: f'x = """{HOSTILE}"""\n')
    pages.places.cache_clear()
    monkeypatch.setattr(pages, "places", pages.places.__wrapped__)
    return pages.lesson_page(lesson, "en")


def test_nothing_foreign_becomes_markup(tmp_path: Path, monkeypatch: Any) -> None:
    html = hostile(tmp_path, monkeypatch)
    assert html.count("&lt;script&gt;") >= 15
    assert html.count("<script") == 1  # ours
    assert html.count("<img") == 1
    assert "<b>" not in html
    assert 'href="javascript' not in html
    assert "{{7*7}}" in html
    assert [tag for tag, given in Page(html).tags if any(name.startswith("on") for name in given)] == []


def test_an_index_of_no_lessons_says_what_is_missing_and_what_is_being_made() -> None:
    first, *others = LESSONS
    html = pages.index_page({}, "en", [first])
    assert html.count("Being made") == 1
    assert html.count("Not made yet") == len(others)
    assert f"0 of {len(LESSONS)} lessons are made." in html
    assert "reload the page" in html
    done = {name: Record("", 1, 0) for name in others}
    html = pages.index_page(done, "en")
    assert html.count("Not made yet") == 1
    assert "<img" not in html
    assert "<code>python -m demos</code> makes all of them" in html


def test_a_page_that_is_not_made_says_how_to_make_it() -> None:
    assert f"python -m demos {LESSONS[0]} --seed 3<" in pages.missing_page(LESSONS[0], "en", seed=3)
    assert f"python -m demos {LESSONS[0]} --lang ko<" in pages.missing_page(LESSONS[0], "ko")
