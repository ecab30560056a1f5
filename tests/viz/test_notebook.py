"""What pictures show of themselves in notebooks; the page of `frames` is played with in a browser without a network."""

import base64
import io
import re
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image

import viz
from autograd import Value
from tests.project.tree import python
from viz.output.notebook import bundle

HOSTILE = "</script><script>document.title='caught'</script>\"'&quot;\u2028<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """The attributes of each tag of one kind."""

    def __init__(self, html: str, tag: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.tag = tag
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == self.tag:
            self.found.append(dict(attributes))


def frame_of(html: str) -> dict[str, str | None]:
    (found,) = Tags(html, "iframe").found
    return found


def svg_in(picture: dict[str, str | None]) -> str:
    return base64.b64decode((picture["src"] or "").removeprefix("data:image/svg+xml;base64,")).decode()


def html_of(shown: viz.Frames | viz.Drawing) -> str:
    return shown._repr_mimebundle_(include=["text/html"])[0]["text/html"]


def pixels(png: str) -> tuple[int, int]:
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        return image.size


@pytest.fixture
def without_resvg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)


@pytest.fixture
def named() -> viz.Frames:
    x = Value(2.0, label=HOSTILE)
    return viz.frames(x * x + x, layout="layered")


def test_a_drawing_has_svg_png_and_text(small):
    drawing = viz.draw(small(), layout="layered")
    data, metadata = drawing._repr_mimebundle_()
    assert list(data) == ["text/html", "image/svg+xml", "image/png", "text/plain"]
    assert data["image/svg+xml"] == drawing.svg()
    assert data["text/plain"] == "<Drawing of 7 nodes and 6 edges: L = −8, backward not run yet>"
    assert pixels(data["image/png"])[0] == pytest.approx(2 * drawing.scene.width, abs=2)
    assert metadata == {"image/png": {"width": round(drawing.scene.width)}}


def test_only_what_is_asked_for_is_made():
    def refuse() -> bytes:
        raise AssertionError("made in vain")

    makers = {"image/png": refuse, "text/plain": lambda: "a"}
    assert bundle(makers, 1, ["text/plain"], None) == ({"text/plain": "a"}, {})
    assert bundle(makers, 1, None, ["image/png"]) == ({"text/plain": "a"}, {})


@pytest.mark.usefixtures("without_resvg")
def test_without_resvg_text_and_svg_remain(small):
    data, metadata = viz.draw(small(), layout="layered")._repr_mimebundle_()
    assert list(data) == ["text/html", "image/svg+xml", "text/plain"]
    assert metadata == {}
    data, _ = viz.frames(small(), layout="layered")._repr_mimebundle_()
    assert list(data) == ["text/html", "text/plain"]


def test_a_wide_picture_is_small_as_a_png(network):
    drawing = viz.draw(network(2, 4, 4, 1), layout="layered")
    assert drawing.scene.width > 800
    data, _ = drawing._repr_mimebundle_(include=["image/png"])
    assert pixels(data["image/png"])[0] == pytest.approx(1600, abs=2)


def test_frames_have_a_page_a_png_and_text(small):
    steps = viz.frames(small(), layout="layered")
    data, metadata = steps._repr_mimebundle_()
    assert list(data) == ["text/html", "image/png", "text/plain"]
    assert data["text/plain"] == "<Frames: 3 steps back from L>"
    assert metadata["image/png"]["width"] == round(steps[0].scene.width)


def test_without_the_frame_a_picture_and_a_hint_remain(small):
    steps = viz.frames(small(), layout="layered")
    left = re.sub(r"</?iframe[^>]*>", "", html_of(steps))  # as a sanitizer does
    (picture,) = Tags(left, "img").found
    assert svg_in(picture) == steps[-1].svg()
    assert picture["alt"] == steps[-1].text
    assert "The last of 3 steps. To go back and forward, trust this notebook" in left
    assert "<svg" not in left


def test_the_html_of_a_drawing_is_its_svg_as_an_image():
    drawing = viz.draw(Value(2.0, label=HOSTILE) * 3.0, layout="layered")
    (picture,) = Tags(html_of(drawing), "img").found
    assert svg_in(picture) == drawing.svg()
    assert picture["alt"] == drawing.text
    assert Tags(html_of(drawing), "script").found == []


def test_the_page_is_the_same_as_that_of_a_file_and_sandboxed(named, tmp_path):
    frame = frame_of(html_of(named))
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"] == named.save_html(tmp_path / "steps.html").read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 900, 2000])
def test_the_frame_has_room_for_its_page(page: Any, small, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.context.set_offline(True)
    page.set_content(f"<!doctype html><title>notebook</title>{html_of(viz.frames(small(), layout='layered'))}")
    frame = page.frame_locator("iframe")
    frame.locator("#picture svg").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    overflow = "x => x.ownerDocument.documentElement.scrollWidth - x.ownerDocument.documentElement.clientWidth"
    assert frame.locator("body").evaluate(overflow) <= 0
    frame.get_by_label("Forward one step").click()
    assert frame.locator("#count").inner_text() == "2 of 3"
    assert frame.locator("#link").is_hidden()  # such a frame has no address
    if width > 360:
        room = page.locator("iframe").bounding_box()
        shown = frame.locator("#picture svg").bounding_box()
        assert shown["y"] + shown["height"] <= room["y"] + room["height"]


def test_plots_are_there_after_import_viz_and_matplotlib_is_not():
    assert python("import sys, viz; print(viz.plot.loss.__name__, 'matplotlib' in sys.modules)") == ("loss False")
