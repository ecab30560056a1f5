"""What must hold for the tree as a whole: import arrows, names, versions, texts, and the README's code."""

import ast
import contextlib
import doctest
import io
import itertools
import linecache
import re
import subprocess
import sys
import tokenize
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("autograd", "viz")
FOLDERS = {"autograd", "viz", "tests", "demos"}
HIDDEN_FOLDERS = {".ci", ".github"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def committed() -> list[Path]:
    """Files in git, or not ignored by it, relative to the root; without git, what is not ignored."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    if (ROOT / ".git").exists():
        listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        names = [Path(name) for name in listing.split("\0") if name]
    else:
        ignored = {"build", "dist", "out", "__pycache__"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = [
            path
            for path in found
            if not ignored & set(path.parts) and (path.parts[0] in HIDDEN_FOLDERS or path.parts[0][0] != ".")
        ]
    return sorted(name for name in names if (ROOT / name).is_file())


# --- Import arrows -----------------------------------------------------------------------------------------

# For each module or package directly in autograd/, what of autograd it may import, itself aside. A line may
# name only what stands above it: the table reads in the direction of the arrows and cannot hold a cycle.
TABLE = {"errors", "worlds", "expression", "declaration", "ops"}
CORE = TABLE | {
    "checks",
    "scopes",
    "backprop",
    "value",
    "parameter",
    "parameter_array",
    "parameter_list",
    "store",
}
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "checks": set(),
    "files": set(),
    "randomness": set(),
    "worlds": {"errors"},
    "expression": {"errors", "worlds"},
    "declaration": {"errors", "worlds", "expression"},
    "ops": {"errors", "worlds", "expression", "declaration"},
    "scopes": {"errors"},
    "products": {"errors", "scopes"},
    "stale": {"errors", "scopes"},
    "backprop": {"checks", "scopes", "stale"},
    "copies": {"backprop"},
    "fast": TABLE | {"scopes", "backprop"},
    "value": TABLE | {"checks", "scopes", "backprop", "copies", "fast"},
    "apply": TABLE | {"checks", "scopes", "fast", "value"},
    "store": set(),
    "parameter": {"errors", "checks", "scopes", "apply", "value", "store"},
    "parameter_array": {"checks", "errors", "scopes", "store", "parameter"},
    "parameter_list": {"parameter", "parameter_array", "store"},
    "derivatives": CORE,
    "blame": CORE,
    "check": CORE | {"derivatives"},
    "testing": CORE | {"check"},
    "nn": CORE | {"products", "randomness"},
    "optim": CORE,
    "compiler": CORE | {"fast", "files", "blame", "nn", "optim"},  # what modules hold, the rules of optim
    "data": {"errors", "checks", "randomness"},
    "training": CORE | {"files", "randomness", "blame", "compiler", "nn", "optim", "data"},
}
# The rooms of the compiler, and which of the other rooms each knows. What stands beside them is the front.
ROOMS: dict[str, set[str]] = {
    "graph": set(),
    "passes": {"graph"},
    "trace": {"graph", "passes"},
    "plan": {"graph", "passes"},
    "llvm": {"graph", "plan"},
}
# The modules of viz/ that read a graph. All others draw plain data, and know nothing
# of autograd but how it writes files.
VIZ_READERS = {"view", "drawing", "steps"}


class Import(NamedTuple):
    """One imported thing: `import a.b` is (a.b, None), `from a.b import c` is (a.b, c)."""

    module: str
    name: str | None
    line: int
    at_top: bool


class Imports(ast.NodeVisitor):
    """Collects the imports of a file; those under `if TYPE_CHECKING:` don't run and don't count."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.found: list[Import] = []
        self.depth = 0

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [Import(alias.name, None, node.lineno, not self.depth) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            base = self.package.split(".")
            module = ".".join(base[: len(base) - node.level + 1] + ([module] if module else []))
        self.found += [Import(module, alias.name, node.lineno, not self.depth) for alias in node.names]


def dotted(path: Path) -> str:
    """`autograd/nn/__init__.py` -> `autograd.nn`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, source: str | None = None) -> list[Import]:
    text = (ROOT / path).read_text(encoding="utf-8") if source is None else source
    visitor = Imports(".".join(path.parent.parts))
    visitor.visit(ast.parse(text))
    return visitor.found


def sources(folder: str) -> list[Path]:
    """The Python files of a top-level folder, relative to the root."""
    return sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))


def unit(module: str) -> str | None:
    """What stands directly in autograd/: `autograd.nn.layer` -> `nn`, `autograd` -> "", else None."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] if top == "autograd" else None


def units() -> set[str]:
    return {unit(dotted(path)) or "" for path in sources("autograd")} - {""}


def unit_imported(found: Import) -> str | None:
    """The unit of autograd that an import reaches, "" for the package itself, None for what isn't ours."""
    reached = unit(found.module)
    if reached == "" and found.name in units() | set(ARROWS):
        return found.name
    return reached


def broken_arrows(path: Path, source: str | None = None) -> list[str]:
    own = unit(dotted(path)) or ""
    allowed = ARROWS.get(own, set()) | {own}
    return [
        f"{path}:{found.line}: {own} may not import {reached or 'the package autograd itself'}"
        for found in imports_of(path, source)
        if (reached := unit_imported(found)) is not None and reached not in allowed
    ]


def test_the_table_of_arrows_has_no_cycle() -> None:
    above: set[str] = set()
    for name, allowed in ARROWS.items():
        assert allowed <= above, f"{name} may only import what stands above it, not {sorted(allowed - above)}"
        above.add(name)


def test_the_table_of_arrows_names_every_module_and_no_other() -> None:
    missing, stale = units() - set(ARROWS), set(ARROWS) - units()
    assert missing == set(), "add a line to ARROWS"
    assert stale == set(), "strike the line from ARROWS: there is no such module"


def test_autograd_imports_along_the_arrows() -> None:
    files = [path for path in sources("autograd") if dotted(path) != "autograd"]
    assert files
    assert [fault for path in files for fault in broken_arrows(path)] == []


def room(module: str) -> str:
    """`autograd.compiler.plan.slots` -> `plan`."""
    return module.removeprefix("autograd.compiler.").partition(".")[0]


def test_the_rooms_of_the_compiler_know_each_other_one_way() -> None:
    above: set[str] = set()
    for name, known in ROOMS.items():
        assert known <= above
        above.add(name)
    folders = {path.parts[2] for path in sources("autograd/compiler") if len(path.parts) > 3}
    assert folders == set(ROOMS)
    faults = [
        f"{path}:{found.line}: {path.parts[2]} may not import {room(found.module)}"
        for path in sources("autograd/compiler")
        if len(path.parts) > 3
        for found in imports_of(path)
        if room(found.module) in set(ROOMS) - ROOMS[path.parts[2]] - {path.parts[2]}
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("path", "source", "faults"),
    [
        ("autograd/ops.py", "from autograd.value import Value", 1),
        ("autograd/ops.py", "from .value import Value", 1),
        ("autograd/ops.py", "from . import value, errors", 1),
        ("autograd/ops.py", "def f():\n    from autograd import Value", 1),
        ("autograd/ops.py", "import autograd.compiler.tape, autograd.errors", 1),
        ("autograd/nn/layer.py", "from ..optim.adam import Adam", 1),
        ("autograd/nn/layer.py", "from .neuron import Neuron\nfrom autograd.nn.module import Module", 0),
        ("autograd/ops.py", "if TYPE_CHECKING:\n    from autograd.value import Value", 0),
        ("autograd/ops.py", "import math\nfrom autograd.errors import DomainError", 0),
    ],
)
def test_the_arrow_checker_sees_planted_imports(path: str, source: str, faults: int) -> None:
    assert len(broken_arrows(Path(path), source)) == faults


def test_packages_import_nothing_that_stands_above_them() -> None:
    above = {"autograd": {"viz", "demos", "tests"}, "viz": {"demos", "tests"}}
    faults = [
        f"{path}:{found.line}: imports {found.module}"
        for package, forbidden in above.items()
        for path in sources(package)
        for found in imports_of(path)
        if found.module.partition(".")[0] in forbidden
    ]
    assert faults == []


def test_the_readers_of_viz_and_no_others_import_autograd() -> None:
    reading: dict[str, list[str]] = {}
    for path in sources("viz"):
        for found in imports_of(path):
            if unit(found.module) not in (None, "files"):
                reading.setdefault(path.with_suffix("").parts[1], []).append(f"{path}:{found.line}")
    others = {name: where for name, where in reading.items() if name not in VIZ_READERS}
    assert others == {}, "draw plain data instead, or name a new reader in VIZ_READERS"
    assert VIZ_READERS - set(reading) == set(), "strike from VIZ_READERS what doesn't read a graph"


def private_imports(path: Path, source: str | None = None) -> list[str]:
    """Imports from autograd of a name or module that begins with an underscore, `__version__` aside."""
    return [
        f"{path}:{found.line}: {found.module} {found.name or ''}".rstrip()
        for found in imports_of(path, source)
        if unit(found.module) is not None
        and any(re.match(r"_(?!_)", part) for part in [*found.module.split("."), found.name or ""])
    ]


def test_viz_and_demos_use_only_public_names_of_autograd() -> None:
    files = [*sources("viz"), *sources("demos")]
    assert files
    assert [fault for path in files for fault in private_imports(path)] == []


@pytest.mark.parametrize("source", ["from autograd.value import _new", "import autograd._cells"])
def test_the_checker_of_public_names_sees_a_planted_import(source: str) -> None:
    assert len(private_imports(Path("viz/view.py"), source)) == 1


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_do_not_import_each_other_in_a_circle(package: str) -> None:
    modules = {dotted(path): path for path in sources(package)}
    assert package in modules
    edges: dict[str, set[str]] = {}
    for name, path in modules.items():
        reached = {
            longer if (longer := f"{found.module}.{found.name}") in modules else found.module
            for found in imports_of(path)
            if found.at_top
        }
        edges[name] = (reached & set(modules)) - {name}
    while free := [name for name, reached in edges.items() if not reached & set(edges)]:
        for name in free:
            del edges[name]
    assert edges == {}, f"in a circle, or behind one: {sorted(edges)}"


# --- Names, versions, folders ------------------------------------------------------------------------------


def python(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter, at the root, with warnings as errors; its output."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_bears_the_name_of_a_function_that_its_package_exports(package: str) -> None:
    code = """
import importlib, pkgutil, sys, types
package = importlib.import_module(sys.argv[1])
folders = [package] + [importlib.import_module(m.name)
    for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".") if m.ispkg]
for folder in folders:
    exported = [*getattr(folder, "__all__", ()), *(name for name in dir(folder) if name[0] != "_")]
    for name in sorted({m.name for m in pkgutil.iter_modules(folder.__path__)} & set(exported)):
        if not isinstance(getattr(folder, name), types.ModuleType):
            print(f"{folder.__name__}.{name}")
"""
    assert python(code, package) == ""


def test_the_package_file_holds_public_names_and_nothing_else() -> None:
    for package in PACKAGES:
        tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        defined = {node.name for node in tree.body if isinstance(node, kinds)}
        assert defined <= {"__getattr__", "__dir__"}, f"{package}/__init__.py defines {sorted(defined)}"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there_and_listed_once(package: str) -> None:
    code = """
import importlib, sys
package = importlib.import_module(sys.argv[1])
names = list(package.__all__)
assert names and len(names) == len(set(names)), names
for name in names:
    getattr(package, name)
print(len(names))
"""
    assert int(python(code, package)) > 0


def test_versions_agree() -> None:
    version = PROJECT["project"]["version"]
    assert python("import autograd; print(autograd.__version__)") == version
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest[1] == version


def test_the_extra_all_names_every_other_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    named = everything.removeprefix("glassgrad[").removesuffix("]").split(",")
    assert sorted(named) == sorted(set(extras) - {"all"})


HEAVY = {"matplotlib", "graphviz", "llvmlite", "PIL", "sklearn", "resvg_py", "hypothesis", "IPython"}


@pytest.mark.parametrize(
    ("package", "heavy"), [("autograd", HEAVY | {"viz", "autograd.compiler.pipeline"}), ("viz", HEAVY)]
)
def test_import_is_light(package: str, heavy: set[str]) -> None:
    loaded = python("import importlib, sys; importlib.import_module(sys.argv[1]); print(*sys.modules)", package)
    assert package in loaded.split()
    assert heavy & set(loaded.split()) == set()


def test_the_folders_at_the_top_are_fixed() -> None:
    folders = {path.parts[0] for path in committed() if len(path.parts) > 1}
    assert folders - HIDDEN_FOLDERS == FOLDERS


def test_a_package_is_typed() -> None:
    for package in PACKAGES:
        assert (ROOT / package / "py.typed").is_file()


# --- Texts -------------------------------------------------------------------------------------------------

# Written so that this file does not match itself.
FORBIDDEN = {
    "an absolute path of one machine": r"(?<![\w.~/-])/(?:[w]ork|[t]mp|[h]ome|[r]oot|[U]sers)/\w",
    "the host of a package registry": r"p[y]pi\.org|python[h]osted\.org|n[p]mjs\.(?:org|com)|crates\.i[o]"
    r"|proxy\.golang\.or[g]|deb\.debian\.or[g]|conda\.anaconda\.or[g]",
    "the number of an issue": r"(?i)\b(?:issue|issues|fixes|closes|pr) #\d+",
}


def forbidden(text: str) -> list[str]:
    return [
        f"{number}: {what}: {match[0]!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in FORBIDDEN.items()
        for match in re.finditer(pattern, line)
    ]


def test_no_text_names_machines_registries_or_issues() -> None:
    faults = []
    for path in committed():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            faults += [f"{path}:{fault}" for fault in forbidden(content.decode("utf-8"))]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("see /" + "work/main", 1),
        ('"/' + 'tmp/s/x.py"', 1),
        ("https://" + "pypi" + ".org/simple", 1),
        ("registry." + "npmjs" + ".org", 1),
        ("Fixes #" + "12", 1),
        ("color: #123456; /usr/bin/env; net" + "work/x; a/" + "tmp/b", 0),
    ],
)
def test_the_checker_of_texts_sees_planted_words(text: str, faults: int) -> None:
    assert len(forbidden(text)) == faults


# --- The README's code -------------------------------------------------------------------------------------

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


def test_the_readme_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_readme((ROOT / "README.md").read_text(encoding="utf-8")) > 0, "the README shows no Python code"


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
