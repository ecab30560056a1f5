"""The page of a backward, opened as a file in a browser without a network: keys, buttons, labels, sizes, themes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("axe_playwright_python")

from axe_playwright_python.sync_playwright import Axe

import viz
from autograd import Value
from viz.output.page import page as page_of
from viz.output.svg import render_svg
from viz.picture.caption import Caption, Run
from viz.picture.scene import Scene, Text

HOSTILE = "</script><script>document.title='caught'</script>\"'&quot;\u2028<img src=x onerror=alert(1)>\u202eabc"
SIZES = {"phone": (360, 740), "laptop": (1366, 768), "projector": (1920, 1080)}


def data_in(html: str) -> Any:
    (found,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)
    return json.loads(found)


def texts(drawing: viz.Drawing) -> list[str]:
    assert drawing.caption is not None
    return [drawing.caption.title, *drawing.caption.texts]


@pytest.fixture
def opened(page: Any, tmp_path: Path) -> Any:
    """Opens the page of some steps: (the page, what it asked for or complained of)."""
    problems: list[str] = []
    page.on("request", lambda request: None if request.url.startswith("file:") else problems.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.context.set_offline(True)

    def open_(steps: viz.Frames, size: str = "laptop", fragment: str = "") -> tuple[Any, list[str]]:
        page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
        page.goto(steps.save_html(tmp_path / "steps.html").as_uri() + fragment)
        return page, problems

    return open_


def at(page: Any) -> int:
    """The step that is shown, which all that tells it agrees on."""
    step = int(page.locator("#at").input_value())
    assert page.locator("#count").inner_text().split()[0] == str(step)
    assert page.locator("#link").get_attribute("href") == f"#step={step}"
    return step


# What is written ----------------------------------------------------------------------------------------------------


def test_the_pieces_of_the_page_make_the_pictures(network, tmp_path):
    steps = viz.frames(network(2, 2, 1), theme="dark")
    html = steps.save_html(tmp_path / "steps.html").read_text(encoding="utf-8")
    data = data_in(html)
    pictures = ["".join(data["pieces"][k] for k in frame) for frame in data["frames"]]
    assert pictures == [render_svg(scene, "dark") for scene in steps._scenes(steps)[0]]
    assert len(data["pieces"]) == len(set(data["pieces"]))
    assert len(html) < sum(map(len, pictures)) / 2
    shown = [["".join(run[0] for run in line) for line in caption] for caption in data["captions"]]
    assert shown == [texts(drawing) for drawing in steps]


def test_runs_have_the_colours_of_their_roles():
    line = (Run("∇a", "receiver"), Run(" += "), Run("−2", "adjoint", -1), Run("0", "adjoint"), Run("3", "partial"))
    data = data_in(page_of([Scene(9.0, 9.0, [], "A")], [Caption("title", (line,))], "light", "A"))
    roles = [["∇a", "receiver"], [" += "], ["−2", "adjoint neg"], ["0", "adjoint zero"], ["3", "partial"]]
    assert data["captions"] == [[[["title", "title"]], roles]]


def test_the_page_refers_to_nothing_and_labels_stay_data(tmp_path):
    x = Value(2.0, label=HOSTILE)
    html = viz.frames(x * x + x).save_html(tmp_path / "steps.html").read_text(encoding="utf-8")
    assert html.count("</script>") == 2
    own = html.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//\w|\ssrc=|url\(|@import|eval\(|fetch\(", re.sub(r'id="data".*?</script>', "", own))
    assert "default-src 'none'" in html
    assert "script-src 'unsafe" not in html


@pytest.mark.parametrize(("theme", "scheme"), [("light", "light"), ("dark", "dark"), ("auto", "light dark")])
def test_the_page_has_the_theme_of_the_pictures(small, theme, scheme, tmp_path):
    html = viz.frames(small(), theme=theme).save_html(tmp_path / "steps.html").read_text(encoding="utf-8")
    assert f'<meta name="color-scheme" content="{scheme}">' in html
    assert ("prefers-color-scheme" in html.partition("</style>")[0]) == (theme == "auto")


def test_what_makes_no_page_is_refused():
    scene = Scene(9.0, 9.0, [Text(1.0, 8.0, "a", 8.0)], "A")
    with pytest.raises(ValueError, match="got 0 for 0"):
        page_of([], [], "light", "A")
    with pytest.raises(ValueError, match="got 1 for 2"):
        page_of([scene, scene], [Caption()], "light", "A")
    with pytest.raises(ValueError, match="one size"):
        page_of([scene, Scene(8.0, 9.0, [], "B")], [Caption(), Caption()], "light", "A")
    with pytest.raises(ValueError, match="theme='blue'"):
        page_of([scene], [Caption()], "blue", "A")  # type: ignore[arg-type]


def test_too_many_steps_are_cut_short_and_the_page_says_so(network, tmp_path, monkeypatch):
    steps = viz.frames(network(2, 2, 1))
    monkeypatch.setattr("viz.steps.series._BOXES", 2 * len(steps.final.nodes))
    html = steps.save_html(tmp_path / "steps.html").read_text(encoding="utf-8")
    assert f"The first 2 of {len(steps)} steps" in html
    assert len(data_in(html)["frames"]) == 2


# In the browser ----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_buttons_keys_and_scrubber_lead_through_the_steps(opened, network):
    steps = viz.frames(network(2, 2, 1))
    last = len(steps)
    page, problems = opened(steps)
    assert at(page) == 1
    page.get_by_label("Back one step").click(force=True)  # it looks disabled here, and does nothing
    assert at(page) == 1
    page.get_by_label("Forward one step").click()
    assert at(page) == 2
    assert page.locator("#words div").all_inner_texts() == texts(steps[1])
    for key, step in (("ArrowRight", 3), ("End", last), ("ArrowRight", last), ("ArrowLeft", last - 1), ("Home", 1)):
        page.keyboard.press(key)
        assert at(page) == step
    page.locator("#picture").click()  # a click on the picture doesn't take the keys away
    page.keyboard.press("ArrowRight")
    assert at(page) == 2
    page.locator("#at").focus()
    page.keyboard.press("ArrowRight")  # the slider's own key: one step, not two
    assert at(page) == 3
    page.locator("#at").fill("5")
    assert at(page) == 5
    page.get_by_label("First step").click()
    assert at(page) == 1
    page.get_by_label("Last step").click()
    assert at(page) == last
    page.locator("#speed").focus()
    page.keyboard.press("ArrowDown")  # a form field keeps its keys
    page.keyboard.press("Home")
    assert at(page) == last
    assert problems == []


@pytest.mark.browser
def test_it_plays_when_it_is_asked_to_pauses_and_ends(opened, small):
    steps = viz.frames(small())
    page, problems = opened(steps)
    page.clock.install()
    page.reload()
    page.clock.run_for(60_000)
    assert at(page) == 1  # not by itself
    page.keyboard.press("Space")
    assert page.locator("#play").inner_text() == "Pause"
    assert page.locator("#words").get_attribute("aria-live") == "off"
    page.clock.run_for(1_600)
    assert at(page) == 2
    page.keyboard.press("Space")
    page.clock.run_for(60_000)
    assert at(page) == 2
    assert page.locator("#words").get_attribute("aria-live") == "polite"
    page.locator("#speed").select_option("4")
    page.locator("#play").focus()
    page.keyboard.press("Space")  # once, though the button has the focus
    page.clock.run_for(400)
    assert at(page) == 3
    page.clock.run_for(60_000)
    assert at(page) == len(steps)
    assert page.locator("#play").inner_text() == "Play"
    page.locator("#play").click()
    assert at(page) == 1  # anew
    page.keyboard.press("ArrowRight")  # who takes a step himself has paused it
    page.clock.run_for(60_000)
    assert at(page) == 2
    assert problems == []


@pytest.mark.browser
def test_a_link_leads_to_a_step(opened, network):
    page, problems = opened(viz.frames(network(2, 2, 1)), fragment="#step=7")
    assert at(page) == 7
    page.keyboard.press("ArrowRight")
    page.locator("#link").click()
    assert page.url.endswith("#step=8")
    page.reload()
    assert at(page) == 8
    page.evaluate("location.hash = '#step=3'")
    page.wait_for_function("document.getElementById('at').value === '3'")
    for fragment in ("#step=0", "#step=-1", "#step=1e3", "#step=<b>", "#nothing"):
        page.evaluate("hash => { location.hash = hash }", fragment)
        page.wait_for_timeout(20)
        assert at(page) in (1, 3)
    assert problems == []


@pytest.mark.browser
def test_labels_run_nothing_and_are_shown_as_they_are(opened):
    x = Value(2.0, label=HOSTILE)
    page, problems = opened(viz.frames(x * x + x))
    for _ in range(3):
        assert page.locator("img, #picture script, #words script").count() == 0
        page.keyboard.press("ArrowRight")
    assert "<script>document.title='caught" in page.locator("#words").inner_text()
    assert "\u202e" not in page.locator("body").inner_text()
    assert page.title() != "caught"
    assert problems == []


@pytest.mark.browser
@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("laptop", "light"), ("projector", "dark")])
def test_it_is_clean_and_fits_at_every_size(opened, page, network, size, scheme):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    steps = viz.frames(network(2, 4, 4, 1), theme="auto")
    _, problems = opened(steps, size)
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [f"{x['id']}: {node['html'][:120]}" for x in found for node in x["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"
    assert dark == (scheme == "dark")
    top = page.locator("#picture").bounding_box()["y"]
    for key in ("End", "ArrowLeft", "Home", "ArrowRight"):  # the box that passes back is in sight, nothing jumps
        page.keyboard.press(key)
        active = page.locator("#picture .gg-node.gg-active").first.bounding_box()
        room = page.locator("#picture").bounding_box()
        assert room["y"] == top
        assert room["x"] - 1 <= active["x"]
        assert active["x"] + active["width"] <= room["x"] + room["width"] + 1
        assert room["y"] - 1 <= active["y"]
        assert active["y"] + active["height"] <= room["y"] + room["height"] + 1
    letters = page.evaluate(
        "Math.min(...[...document.querySelectorAll('#picture text')].map(x => x.getBoundingClientRect().height))"
    )
    assert letters >= 10  # about 0.8 times 12 pixels of type, at the least
    assert problems == []


@pytest.mark.browser
def test_focus_is_seen_and_goes_from_left_to_right(opened, small):
    page, _ = opened(viz.frames(small()))
    order = []
    for _ in range(9):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id"))
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
    assert order == ["first", "back", "play", "forward", "last", "at", "speed", "link", "picture"]


@pytest.mark.browser
def test_printed_it_is_light_and_has_no_buttons(opened, page, small):
    opened(viz.frames(small(), theme="dark"))
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()") == "#ffffff"
    assert page.locator("#bar").is_hidden()
    assert page.locator("#words").is_visible()
