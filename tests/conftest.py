"""What all tests share: one thread a worker, seeded hypothesis, Chromium, skips that CI doesn't forgive."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import hypothesis
import pytest

# Set before anything imports NumPy: pytest-xdist already runs a worker a core. Child processes inherit it.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# Machine code is kept for this run only, never in the user's own cache. Workers and child processes inherit the folder.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["GLASSGRAD_CACHE"] = tempfile.mkdtemp(prefix="glassgrad-tests-")
    atexit.register(shutil.rmtree, os.environ["GLASSGRAD_CACHE"], ignore_errors=True)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

REQUIRE_ALL = os.environ.get("GLASSGRAD_REQUIRE_ALL") == "1"
CHROMIUM = os.environ.get("GLASSGRAD_CHROMIUM") or shutil.which("chromium")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# The same examples in every run: a red test stays red until it is mended.
# To hunt for new ones: pytest --hypothesis-profile=explore
for _name in ("default", "ci"):
    hypothesis.settings.register_profile(_name, derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True, max_examples=2000)
hypothesis.settings.load_profile("ci" if REQUIRE_ALL else "default")


class Requirements:
    """Skips tests whose program is missing; with GLASSGRAD_REQUIRE_ALL=1 every skip is a failure.

    A plugin object rather than hooks of this file, so that the doctests outside of tests/ are held to it too.
    """

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark what uses a page as `browser`, so that `-m "not browser"` leaves out all of it."""
        for item in items:
            if {"page", "browser", "browser_type_launch_args"} & set(getattr(item, "fixturenames", ())):
                item.add_marker("browser")

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.get_closest_marker("dot") and shutil.which("dot") is None:
            pytest.skip("needs Graphviz: no `dot` on PATH")
        if item.get_closest_marker("browser") and CHROMIUM is None:
            pytest.skip("needs Chromium: no `chromium` on PATH and GLASSGRAD_CHROMIUM is not set")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        return forbid_skip((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """A module-level `pytest.importorskip` skips while it is collected."""
        return forbid_skip((yield))


def forbid_skip(report: Report) -> Report:
    """Turn a skip into a failure under GLASSGRAD_REQUIRE_ALL=1; an expected failure (xfail) is no skip."""
    if REQUIRE_ALL and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"GLASSGRAD_REQUIRE_ALL=1, but this was skipped. Missing: {reason}"
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Requirements(), "glassgrad-requirements")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright launches the machine's own Chromium: nothing is downloaded."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: no `chromium` on PATH and GLASSGRAD_CHROMIUM is not set")
    flags = [*browser_type_launch_args.get("args", ()), *CHROMIUM_FLAGS]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": flags}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--overwrite-golden", action="store_true", help="write the golden files instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` compares a drawing with golden/name beside the test; --overwrite-golden writes it."""
    folder = request.path.parent / "golden"

    def compare(name: str, text: str) -> None:
        path = folder / name
        if request.config.getoption("--overwrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"there is no {path}; --overwrite-golden writes it"
        assert text == path.read_text(encoding="utf-8"), f"{name} changed; --overwrite-golden accepts it"

    return compare
