"""The code in the README runs, and prints what stands beside it."""

import ast
import contextlib
import doctest
import io
import itertools
import linecache
import re
import shutil
import sys
import tokenize
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

import autograd
from autograd import manual_seed
from tests.project.tree import ROOT

FENCE = re.compile(r"^```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
COMPARE = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


class Block(NamedTuple):
    """A ```python block; `output` is the ```text block that is the next fence after it, if it is one."""

    name: str
    code: str
    output: str | None


def blocks(readme: str) -> list[Block]:
    fences = [*FENCE.finditer(readme), None]
    found = []
    for fence, after in itertools.pairwise(fences):
        if fence is not None and fence["kind"] == "python":
            line = readme.count("\n", 0, fence.start()) + 2
            output = after["body"] if after is not None and after["kind"] == "text" else None
            found.append(Block(f"README.md, line {line}", fence["body"], output))
    return found


def same(expected: str, actual: str, where: str) -> None:
    """Compare as doctest does: white space is normalized, `...` stands for anything."""
    want, got = (text.strip() + "\n" for text in (expected, actual))
    if not doctest.OutputChecker().check_output(want, got, COMPARE):
        raise AssertionError(f"{where}\nREADME shows:\n{expected.strip()}\nthe code gives:\n{actual.strip()}")


def promises(code: str) -> Iterator[tuple[int, str]]:
    """Line and text of each `# -> value` comment."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT and (match := re.match(r"#\s*->\s*(.*)", token.string)):
            yield token.start[0], match[1]


def run_statement(statement: ast.stmt, name: str, namespace: dict[str, Any]) -> tuple[str, str]:
    """Execute it; what it printed, and the repr of its value (of its first target, if it assigns)."""
    out = io.StringIO()
    shown: ast.expr | None = None
    with contextlib.redirect_stdout(out):
        if isinstance(statement, ast.Expr):
            value = eval(compile(ast.Expression(statement.value), name, "eval"), namespace)
            return out.getvalue(), repr(value)
        exec(compile(ast.Module([statement], []), name, "exec"), namespace)
        if isinstance(statement, ast.Assign):
            shown = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
            shown = statement.target
        if shown is None:
            return out.getvalue(), ""
        return out.getvalue(), repr(eval(ast.unparse(shown), namespace))


def run_session(block: Block, namespace: dict[str, Any]) -> str:
    """A block written with >>> prompts is a doctest that shares the namespace."""
    test = doctest.DocTestParser().get_doctest(block.code, namespace, block.name, block.name, 0)
    report: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=COMPARE).run(test, out=report.append, clear_globs=False)
    namespace.update(test.globs)
    assert not report, "".join(report)
    return ""


def run_block(block: Block, namespace: dict[str, Any]) -> str:
    """Run a block statement by statement, hold each `# -> value` to it; all that it printed."""
    if block.code.lstrip().startswith(">>>"):
        return run_session(block, namespace)
    # Code that shows its own source line (errors of a trace, a compiler) finds it here.
    linecache.cache[block.name] = (len(block.code), None, block.code.splitlines(True), block.name)
    statements = ast.parse(block.code).body
    promised: dict[int, list[str]] = {}
    for line, text in promises(block.code):
        owner = max((i for i, statement in enumerate(statements) if statement.lineno <= line), default=-1)
        promised.setdefault(owner, []).append(text)
    printed = []
    for i, statement in enumerate(statements):
        out, shown = run_statement(statement, block.name, namespace)
        printed.append(out)
        if i in promised:
            where = f"{block.name}: {ast.unparse(statement)}"
            same("\n".join(promised.pop(i)), out or shown, where)
    assert not promised, f"{block.name}: no statement stands before {promised}"
    return "".join(printed)


def run_readme(readme: str) -> int:
    """Run all Python blocks in order in one namespace; how many there were."""
    module = types.ModuleType("readme")
    sys.modules["readme"] = module  # dataclasses and pickle look a class's module up
    try:
        found = blocks(readme)
        for block in found:
            printed = run_block(block, vars(module))
            if block.output is not None:
                same(block.output, printed, block.name)
    finally:
        del sys.modules["readme"]
    return len(found)


README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the README's code was run in."""
    folder = tmp_path_factory.mktemp("readme")
    with contextlib.chdir(folder):
        assert run_readme(README) > 0, "the README shows no Python code"
    yield folder
    manual_seed(None)


def test_the_readme_is_true(ran: Path) -> None:
    assert {path.name for path in ran.iterdir()} >= {"neuron.svg", "neuron.html", "loss.png", "boundary.png"}


@pytest.mark.parametrize("name", ["loss.png", "boundary.png"])
def test_its_pictures_of_training_are_those_that_its_code_makes(ran: Path, name: str, request: Any) -> None:
    shown = ROOT / "demos" / "pictures" / name
    assert f'src="{shown.relative_to(ROOT).as_posix()}"' in README
    if request.config.getoption("--overwrite-golden"):
        shutil.copy(ran / name, shown)
    with Image.open(shown) as old, Image.open(ran / name) as new:
        assert old.size == new.size
        apart = np.subtract(*(np.asarray(image.convert("L"), float) for image in (old, new)))
    assert np.abs(apart).mean() < 1.0  # of 255: versions of matplotlib place letters and lines a little differently


def test_its_wheel_has_the_version_of_the_package() -> None:
    assert set(re.findall(r"glassgrad-([\d.]+)-py3", README)) == {autograd.__version__}


def test_its_files_and_folders_are_there() -> None:
    links = [
        *re.findall(r"\]\(([^)#:]+)\)", README),
        *re.findall(r'src="([^"]+)"', README),
        *re.findall(r"\S+\.ipynb", README),
    ]
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def fenced(code: str, output: str | None = None) -> str:
    shown = f"prints\n\n```text\n{output}\n```\n" if output is not None else ""
    return f"# Title\n\n```python\n{code}\n```\n{shown}"


@pytest.mark.parametrize(
    "readme",
    [
        fenced("x = 2\nprint(x + 1)", "3"),
        fenced("x = 2  # -> 2\nx * 3  # -> 6\nprint(x)  # -> 2"),
        fenced("for i in range(2):\n    print(i)\n# -> 0\n# -> 1"),
        fenced("print(1 / 3)  # -> 0.333..."),
        fenced("x = 2") + fenced(">>> x\n2\n>>> y = x + 1") + fenced("y  # -> 3"),
        "```sh\nexit 1\n```\n" + fenced("x = 1"),
    ],
)
def test_the_readme_runner_accepts_what_is_true(readme: str) -> None:
    assert run_readme(readme) > 0


@pytest.mark.parametrize(
    "readme",
    [
        fenced("x = 2\nprint(x + 1)", "4"),
        fenced("x = 2", "2"),
        fenced("x = 2  # -> 3"),
        fenced("2 * 3  # -> 5"),
        fenced("print(2)  # -> 3"),
        fenced("# -> 3\nx = 3"),
        fenced(">>> 1 + 1\n3"),
    ],
)
def test_the_readme_runner_refuses_planted_errors(readme: str) -> None:
    with pytest.raises(AssertionError, match="README"):
        run_readme(readme)


def test_the_readme_runner_counts_nothing_where_there_is_no_code() -> None:
    assert run_readme("# Title\n\n```text\nx\n```\n") == 0
