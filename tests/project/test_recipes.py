"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the tree: whatever should know the thing does."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.project.additions import ADDITIONS, Edit
from tests.project.tree import ROOT, committed

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NOT_NEEDED = ("tests/benchmarks", "tests/viz/golden", "demos/pictures")


class Recipe(NamedTuple):
    """A row of the table: files, in their order, and commands to run afterwards."""

    files: list[str]
    commands: list[str]


def recipes(text: str) -> dict[str, Recipe]:
    rows = re.findall(r"^\| (an? \w+) \| (.*) \|$", text, re.MULTILINE)
    quoted = {name: re.findall(r"`([^`]+)`", cell) for name, cell in rows}
    return {
        name: Recipe([x for x in parts if "/" in x], [x for x in parts if x.startswith("make ")])
        for name, parts in quoted.items()
    }


def test_every_file_that_is_named_is_there() -> None:
    paths = re.findall(r"`((?:autograd|viz|tests|demos)/[\w./]*)`", TEXT)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
    files = [file for recipe in recipes(TEXT).values() for file in recipe.files]
    assert [
        file for file in files if not (ROOT / file if "<name>" not in file else (ROOT / file).parent).exists()
    ] == []


def test_every_recipe_that_is_followed_is_there_and_is_short() -> None:
    assert set(ADDITIONS) <= set(recipes(TEXT))
    code = {name: [file for file in recipe.files if "/texts/" not in file] for name, recipe in recipes(TEXT).items()}
    assert [name for name, files in code.items() if len(files) > 3] == []


def copy_of_the_tree(folder: Path) -> None:
    for path in committed():
        if not str(path.as_posix()).startswith(NOT_NEEDED):
            (folder / path.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)


def apply(path: Path, edits: tuple[Edit, ...]) -> None:
    for edit in edits:
        if not edit.before:
            assert not path.exists(), f"{path} is there already"
            path.write_text(edit.text, encoding="utf-8")
            continue
        text = path.read_text(encoding="utf-8")
        assert edit.before in text, f"{path} has no {edit.before!r}"
        path.write_text(text.replace(edit.before, edit.text + edit.before, 1), encoding="utf-8")


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    plain = {name: x for name, x in os.environ.items() if not name.startswith(("PYTEST", "GLASSGRAD_CACHE"))}
    environment = {**plain, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    plugins = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:playwright")
    return run(folder, sys.executable, "-m", "pytest", "-q", *plugins, *arguments)


@pytest.mark.parametrize("name", ADDITIONS)
def test_what_a_recipe_names_is_all_there_is_to_do(name: str, tmp_path: Path) -> None:
    addition, stem = ADDITIONS[name]
    recipe = recipes(TEXT)[name]
    files = [tmp_path / file.replace("<name>", stem) for file in recipe.files]
    copy_of_the_tree(tmp_path)
    for path, edits in list(zip(files, addition.edits, strict=True))[:-1]:
        apply(path, edits)

    early = pytest_in(tmp_path, addition.completeness)
    assert early.returncode == 1, early.stdout + early.stderr
    assert re.search(rf"AssertionError: add a line .* in {files[-1].relative_to(tmp_path)}", early.stdout), early.stdout

    apply(files[-1], addition.edits[-1])
    for command in recipe.commands:
        done = run(tmp_path, *command.split(), "--old-file=.venv/.package", f"BIN={Path(sys.executable).parent}")
        assert done.returncode == 0, done.stderr
    (tmp_path / "tests" / "test_added.py").write_text(addition.checks, encoding="utf-8")
    late = pytest_in(tmp_path, "tests/test_added.py", *addition.batteries, "-k", f"test_added or {addition.words}")
    assert late.returncode == 0, late.stdout[-8000:] + late.stderr
    assert int(re.findall(r"(\d+) passed", late.stdout)[-1]) >= addition.checks.count("def test_") + addition.size
