"""The pages in a browser: offline, light and dark, from a phone to a projector, by keyboard, for screen readers."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("jinja2")
pytest.importorskip("markdown_it")
pytest.importorskip("pygments")
pytest.importorskip("matplotlib")
pytest.importorskip("resvg_py")
pytest.importorskip("axe_playwright_python")

from axe_playwright_python.sync_playwright import Axe

from demos import LESSONS

pytestmark = [pytest.mark.xdist_group("gallery"), pytest.mark.browser]
PAGES = ("index", *LESSONS)
SIZES = {"phone": (360, 740), "laptop": (1366, 768), "projector": (1920, 1080)}


def opened(page: Any, folder: Any, name: str, scheme: str = "light", size: str = "laptop") -> Any:
    """The page, with a list of what went wrong on it."""
    page.problems = []
    page.on("request", lambda request: None if request.url.startswith("file:") else page.problems.append(request.url))
    page.on("requestfailed", lambda request: page.problems.append(request.url))
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.goto((folder / f"{name}.html").as_uri())
    return page


def violations(page: Any) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [f"{x['id']}: {node['html'][:120]}" for x in found for node in x["nodes"]]


def decoded(page: Any) -> list[str]:
    """The pictures that can't be shown, with those in strips that are folded."""
    return page.evaluate(
        """async () => {
          const broken = [];
          for (const image of document.images) {
            image.loading = "eager";
            try { await image.decode(); } catch { broken.push(image.src); continue; }
            if (image.naturalWidth < 50) broken.push(image.src);
          }
          return broken;
        }"""
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_offline_and_is_clean(built, page, name: str) -> None:
    opened(page, built.folders["en"], name)
    assert violations(page) == []
    assert decoded(page) == []
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """[...document.querySelectorAll("main *")]
        .filter(x => [...x.childNodes].some(y => y.nodeType === 3 && y.data.trim()))
        .filter(x => x.checkVisibility() && parseFloat(getComputedStyle(x).fontSize) < 18).map(x => x.outerHTML)"""
    )
    assert small == []  # on the projector, the last of the sizes
    assert page.problems == []


@pytest.mark.parametrize("name", ["index", "moons"])
@pytest.mark.parametrize(
    ("language", "scheme", "size"), [("en", "dark", "phone"), ("ko", "dark", "projector"), ("ko", "light", "phone")]
)
def test_other_schemes_languages_and_sizes_are_clean_too(built, page, name, language, scheme, size) -> None:
    opened(page, built.folders[language], name, scheme, size)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"
    assert dark == (scheme == "dark")
    assert page.problems == []


def test_a_page_of_a_lesson_that_is_not_made_is_clean(page, tmp_path) -> None:
    from demos.gallery.build import Gallery

    Gallery(tmp_path).begin(["moons"])
    for name in ("index", "moons"):
        opened(page, tmp_path, name)
        assert violations(page) == []
        assert page.problems == []


def test_arrow_keys_lead_through_the_lecture(built, page) -> None:
    opened(page, built.folders["en"], "index")
    for name in LESSONS[:3]:
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"**/{name}.html")
    for name in (*LESSONS[:2][::-1], "index") if len(LESSONS) > 2 else (LESSONS[0], "index"):
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(f"**/{name}.html")


def test_arrow_keys_are_left_to_what_has_the_focus_and_to_the_browser(built, page) -> None:
    opened(page, built.folders["en"], "moons")
    here = page.url
    for key in ("Alt+Shift+ArrowRight", "Control+ArrowRight", "Shift+ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    page.locator("pre[data-copy]").focus()
    page.keyboard.press("ArrowRight")
    page.locator(".scroll").first.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(100)
    assert page.url == here


def test_the_first_stop_of_the_keyboard_skips_to_the_content_and_focus_is_seen(built, page) -> None:
    opened(page, built.folders["en"], "moons")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.bounding_box()["y"] >= 0
    seen = []
    for _ in range(8):
        seen.append(page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)"))
        page.keyboard.press("Tab")
    assert min(seen) >= 2
    skip.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_the_code_is_copied(built, page, context) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page, built.folders["en"], "moons")
    page.get_by_role("button", name="Copy the code").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith('"""Moons: ')


def animated(built) -> str:
    """The first lesson with an animation."""
    return next(name for name, lesson in built.lessons.items() if any(p.movies for p in lesson.pictures.values()))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_animation_plays_when_it_is_asked_to_and_not_before(built, page, scheme) -> None:
    opened(page, built.folders["en"], animated(built), scheme)
    image = page.locator("img[data-light]").first
    assert image.evaluate("image => image.currentSrc").endswith(".svg")
    button = page.get_by_role("button", name="Play").first
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('img[data-light]').currentSrc.endsWith('.gif')")
    assert image.evaluate("image => image.currentSrc").endswith(".dark.gif") == (scheme == "dark")
    image.evaluate("image => image.decode()")
    page.get_by_role("button", name="Stop").first.press("Space")
    page.wait_for_function("document.querySelector('img[data-light]').currentSrc.endsWith('.svg')")
    assert page.problems == []


def test_without_scripts_everything_can_be_reached(built, browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built.folders["en"] / f"{animated(built)}.html").as_uri())
    assert page.locator("button").count() == 0
    assert page.locator("a[href$='.gif']").count() == page.locator("img[data-light]").count() > 0
    context.close()
