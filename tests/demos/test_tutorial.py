"""The tutorial runs in a kernel without a network; its numbers are checked, and its page opens in a browser."""

from __future__ import annotations

import ast
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project.tree import ROOT

nbformat = pytest.importorskip("nbformat")
nbconvert = pytest.importorskip("nbconvert")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")
pytest.importorskip("resvg_py")

NOTEBOOK = ROOT / "demos" / "tutorial.ipynb"
SILENT = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "JUPYTER_PLATFORM_DIRS": "1"}  # of remarks that are not about us
# In a process of its own: Playwright's event loop runs in this one. The kernel talks through files, not through ports.
EXECUTE = """
import os, sys, nbclient, nbformat
from jupyter_client.manager import AsyncKernelManager
source, target, folder = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
kernel = AsyncKernelManager(transport="ipc", connection_file=os.path.join(folder, "kernel.json"))
nbclient.NotebookClient(notebook, km=kernel, timeout=120).execute(cwd=folder)
nbformat.write(notebook, target)
"""


def executed(source: Path, folder: Path) -> Any:
    """The notebook after a kernel with a home of its own has run it."""
    target = folder / "executed.ipynb"
    home = {"HOME": folder, "IPYTHONDIR": folder / "ipython", "JUPYTER_DATA_DIR": folder, "PYTHONPATH": ROOT}
    environment = {**os.environ, **{name: str(path) for name, path in home.items()}, **SILENT}
    command = [sys.executable, "-c", EXECUTE, str(source), str(target), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return nbformat.read(target, as_version=4)


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tutorial with its outputs."""
    return executed(NOTEBOOK, tmp_path_factory.mktemp("kernel"))


def outputs(notebook: Any, cell: str) -> list[Any]:
    (found,) = [c for c in notebook.cells if c.id == cell]
    return list(found.outputs)


def number(notebook: Any, cell: str) -> Any:
    """The result of a cell as the numbers that it is the text of."""
    return ast.literal_eval(outputs(notebook, cell)[-1]["data"]["text/plain"])


def test_it_is_committed_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count] == []


def test_its_derivatives_are_those_of_tanh(tutorial):
    slope = 1 - math.tanh(0.9) ** 2
    expected = {"x": -3 * slope, "w": 2 * slope, "b": slope}
    assert number(tutorial, "by-hand") == pytest.approx(expected, rel=1e-12)
    assert number(tutorial, "backward") == pytest.approx(expected, rel=1e-12)
    nudged, w = number(tutorial, "nudge")
    assert nudged == pytest.approx(2 * slope, rel=1e-8)
    assert w == pytest.approx(2 * slope, rel=1e-12)
    assert number(tutorial, "twice") == 7.0
    assert number(tutorial, "check") is True


def test_its_network_learns(tutorial):
    before, after = number(tutorial, "step")
    assert after < 0.6 * before
    history = outputs(tutorial, "fit")[-1]["data"]
    assert re.fullmatch(r"History\(60 epochs, loss=0\.0\d+, accuracy=1\)", history["text/plain"])
    compiled, one_by_one = number(tutorial, "compiled")
    assert compiled == pytest.approx(one_by_one, rel=1e-12)


def test_each_result_shows_itself_once_and_nothing_is_red(tutorial):
    wanted = {
        "draw": [{"text/html", "image/svg+xml", "image/png", "text/plain"}],
        "frames": [{"text/html", "image/png", "text/plain"}],
        "network": [{"text/html", "text/plain"}],
        "fit": [{"text/plain"}, {"text/html", "text/plain"}],  # the bar, the history
        "curve": [{"image/png", "text/plain"}],
        "boundary": [{"image/png", "text/plain"}],
        "program": [{"text/html", "text/plain"}],
    }
    assert {cell: [set(o.get("data", ())) for o in outputs(tutorial, cell)] for cell in wanted} == wanted
    kinds = {o.output_type for cell in tutorial.cells for o in cell.get("outputs", ())}
    assert kinds == {"execute_result", "display_data"}
    (bar, _) = outputs(tutorial, "fit")
    assert re.fullmatch(r"fit: 100%\|█+\| 60/60 \[.*loss=.*\]", bar["data"]["text/plain"])


def test_a_figure_is_drawn_once_with_magic_and_pyplot_too(tmp_path):
    source = "import matplotlib.pyplot, viz\n%matplotlib inline\nviz.plot.loss({'loss': [1.0, 0.5]})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="plot")])
    nbformat.write(notebook, tmp_path / "plot.ipynb")
    (shown,) = outputs(executed(tmp_path / "plot.ipynb", tmp_path), "plot")
    assert set(shown["data"]) == {"image/png", "text/plain"}


def converted(notebook: Any, theme: str) -> str:
    # what the page of nbconvert takes from elsewhere, so that what is left is ours
    exporter = nbconvert.HTMLExporter(theme=theme, mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="")
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


@pytest.mark.browser
@pytest.mark.parametrize(("theme", "width"), [("light", 1000), ("dark", 480)])
def test_its_page_opens_offline_and_everything_fits(tutorial, tmp_path, page, theme, width):
    file = tmp_path / "tutorial.html"
    file.write_text(converted(tutorial, theme), encoding="utf-8")
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(file.as_uri())
    pictures = page.locator(".jp-OutputArea-output img")
    assert pictures.count() == 7
    for i in range(pictures.count()):
        box, room = pictures.nth(i).bounding_box(), page.locator(".jp-OutputArea").first.bounding_box()
        assert 90 < box["width"] <= room["width"]
        assert pictures.nth(i).evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    frame = page.frame_locator("iframe")
    frame.locator("#forward").click()
    assert frame.locator("#count").inner_text() == "2 of 3"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert problems == []
