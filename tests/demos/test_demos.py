"""The lessons run without a screen, what they claim is asserted on their numbers, and their page opens in a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("resvg_py")

from demos import LESSONS, gallery
from demos.__main__ import main


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, gallery.Section]]:
    """All lessons, run once: the output folder and the sections by name."""
    out = tmp_path_factory.mktemp("out")
    sections = {name: lesson(out, 0) for name, lesson in LESSONS.items()}
    gallery.build(out, list(sections.values()))
    return out, sections


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("src", "href") and value]


def test_the_moons_are_learnt(built: tuple[Path, dict[str, gallery.Section]]) -> None:
    measured = built[1]["moons"].measured
    assert measured["accuracy"] == 1.0
    assert measured["loss"] < 0.01


def test_the_digits_are_read(built: tuple[Path, dict[str, gallery.Section]]) -> None:
    assert built[1]["digits"].measured["accuracy"] >= 0.97


def test_every_link_of_the_page_leads_to_a_file(built: tuple[Path, dict[str, gallery.Section]]) -> None:
    out, sections = built
    page = (out / "index.html").read_text(encoding="utf-8")
    parser = _Links()
    parser.feed(page)
    files = [link for link in parser.found if not link.startswith("#")]
    assert len(files) >= sum(len(section.figures) for section in sections.values())
    assert [link for link in files if not (out / link).is_file()] == []
    assert {f"#{name}" for name in sections} <= set(parser.found)


def test_the_page_escapes_what_it_shows(tmp_path: Path) -> None:
    hostile = '<script>alert("x")</script>&'
    picture = tmp_path / 'a"b.svg'
    picture.write_text("<svg/>")
    section = gallery.Section("s", hostile, [hostile], [gallery.Figure(picture, hostile, hostile)])
    page = gallery.build(tmp_path, [section]).read_text(encoding="utf-8")
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 5  # contents, title, paragraph, caption, alternative text


def test_a_lesson_draws_the_same_bytes_again(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        assert main(["backprop", "--out", str(folder), "--seed", "3"]) == 0
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(names) > 30
    assert [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()] == []


def test_an_unknown_lesson_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["moon"])
    assert re.search(r"no lesson moon; there are: moons, ", capsys.readouterr().err)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_offline(built: tuple[Path, dict[str, gallery.Section]], page: Any, scheme: str) -> None:
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto((built[0] / "index.html").as_uri())
    images = page.locator("figure img")
    assert images.count() == sum(len(section.figures) for section in built[1].values())
    for index in range(images.count()):
        images.nth(index).scroll_into_view_if_needed()
        images.nth(index).evaluate("image => image.decode()")
        assert images.nth(index).evaluate("image => image.naturalWidth") > 100
    page.locator("details").first.locator("summary").click()
    step = page.locator("details").first.locator("img").last
    step.scroll_into_view_if_needed()
    step.evaluate("image => image.decode()")
    assert step.evaluate("image => image.naturalWidth") > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    assert [url for url in asked if not url.startswith("file:")] == []
    assert problems == []
