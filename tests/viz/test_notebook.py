"""What pictures show of themselves in notebooks; the page of `frames` is played with in a browser without a network."""

import base64
import io
import json
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
    drawing = viz.draw(network(2, 4, 1), layout="layered")
    assert drawing.scene.width > 1600
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


def test_the_page_is_sandboxed_and_refers_to_nothing(named):
    frame = frame_of(html_of(named))
    assert frame["sandbox"] == "allow-scripts"
    page = frame["srcdoc"] or ""
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'" in page
    assert page.count("</script>") == 2  # those of the page itself: labels have become data
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|fetch\(|XMLHttp", page.partition('id="data"')[0])


def test_the_pieces_of_the_page_make_the_pictures(small):
    steps = viz.frames(small(), layout="layered", theme="dark")
    page = frame_of(html_of(steps))["srcdoc"] or ""
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    pictures = ["".join(data["pieces"][k] for k in frame) for frame in data["frames"]]
    assert len(pictures) == len(steps) == len(data["texts"])
    for picture, drawing, text in zip(pictures, steps, data["texts"], strict=True):
        assert text == drawing.text.splitlines()
        marks = re.findall(r'class="(?:gg-rimactive|gg-gnone|gg-g[mp0]\d?)"', picture)
        assert marks == re.findall(r'class="(?:gg-rimactive|gg-gnone|gg-g[mp0]\d?)"', drawing.svg())
    assert sum(map(len, data["pieces"])) < 0.8 * sum(map(len, pictures))


def test_too_many_steps_are_cut_short_and_the_page_says_so(network, monkeypatch):
    steps = viz.frames(network(2, 2, 1), layout="layered")
    monkeypatch.setattr("viz.steps.series._BOXES", 2 * len(steps.final.nodes))
    page = frame_of(html_of(steps))["srcdoc"] or ""
    assert f"The first 2 of {len(steps)} steps; save(folder) writes them all." in page
    assert 'max="1"' in page


@pytest.mark.parametrize(("theme", "scheme"), [("light", "light"), ("dark", "dark"), ("auto", "light dark")])
def test_the_page_has_the_theme_of_the_pictures(small, theme, scheme):
    page = frame_of(html_of(viz.frames(small(), layout="layered", theme=theme)))["srcdoc"] or ""
    assert f'<meta name="color-scheme" content="{scheme}">' in page
    assert ("prefers-color-scheme" in page.partition("</style>")[0]) == (theme == "auto")


@pytest.fixture
def played(page: Any) -> Any:
    """Opens frames in a browser without a network: (the frame, what it asked for, what it complained of)."""
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.context.set_offline(True)
    page.set_viewport_size({"width": 900, "height": 700})

    def open_(steps: viz.Frames) -> tuple[Any, list[str], list[str]]:
        page.set_content(f"<!doctype html><title>notebook</title>{html_of(steps)}")
        frame = page.frame_locator("iframe")
        frame.locator("#picture svg").wait_for()
        return frame, asked, problems

    return open_


@pytest.mark.browser
def test_buttons_and_keys_go_back_and_forward(played, page, small):
    steps = viz.frames(small(), layout="layered")
    frame, asked, problems = played(steps)

    def is_at(i: int) -> None:
        assert frame.locator("#count").inner_text() == f"{i + 1} of 3"
        assert frame.locator("#words").inner_text().splitlines() == steps[i].text.splitlines()
        assert frame.locator("#at").input_value() == str(i)

    is_at(0)
    frame.locator("#back").click(force=True)  # it looks disabled here, and does nothing
    is_at(0)
    frame.locator("#forward").click()
    is_at(1)
    page.keyboard.press("ArrowRight")
    is_at(2)
    page.keyboard.press("Home")
    is_at(0)
    page.keyboard.press("End")
    is_at(2)
    page.keyboard.press("ArrowRight")
    is_at(2)
    frame.locator("#at").focus()
    page.keyboard.press("ArrowLeft")  # the slider's own key: one step, not two
    is_at(1)
    page.keyboard.press("ArrowLeft")
    is_at(0)
    assert asked == []
    assert problems == []


@pytest.mark.browser
def test_labels_run_nothing_and_are_shown_as_they_are(played, page, named):
    frame, asked, problems = played(named)
    frame.locator("#picture").click()
    page.keyboard.press("End")
    assert "document.title='caught'" in frame.locator("#words").inner_text()
    assert frame.locator("#picture img, #words img, #picture script").count() == 0
    assert page.title() == "notebook"
    assert frame.locator(":root").evaluate("() => document.title") != "caught"
    assert asked == []
    assert problems == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [900, 3000])
def test_a_wide_picture_fits_and_can_be_had_in_full(played, page, network, width):
    page.set_viewport_size({"width": width, "height": 900})
    steps = viz.frames(network(2, 2, 1), layout="layered")
    frame, _, _ = played(steps)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = frame.locator("#picture svg").bounding_box()
    room = frame.locator("#picture").bounding_box()
    assert box["width"] <= room["width"] + 1
    full = frame.locator("#full")
    assert full.is_visible() == (width < 3000)
    if width == 900:
        share = box["height"] / box["width"]
        assert share == pytest.approx(steps[0].scene.height / steps[0].scene.width, rel=0.4)
        full.click()
        assert frame.locator("#picture svg").bounding_box()["width"] > 1500
        for key in ("Home", "End"):  # the result is at the right edge, an input is at the left one
            page.keyboard.press(key)
            active = frame.locator("#picture .gg-rimactive").first.bounding_box()  # the last one is the legend's
            room = frame.locator("#picture").bounding_box()
            assert room["x"] <= active["x"]
            assert active["x"] + active["width"] <= room["x"] + room["width"]


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "brightness"), [("light", (200, 256)), ("dark", (0, 60))])
def test_auto_follows_the_reader(played, page, small, scheme, brightness):
    page.emulate_media(color_scheme=scheme)
    frame, _, _ = played(viz.frames(small(), layout="layered", theme="auto"))
    colour = frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert brightness[0] <= int(re.findall(r"\d+", colour)[0]) < brightness[1]


def test_plots_are_there_after_import_viz_and_matplotlib_is_not():
    assert python("import sys, viz; print(viz.plot.loss.__name__, 'matplotlib' in sys.modules)") == ("loss False")
