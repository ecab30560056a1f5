"""The tree as data: its folders, the files in git, what each of them imports; and code in a fresh interpreter."""

import ast
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("autograd", "viz")
HIDDEN_FOLDERS = {".ci", ".github"}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


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


def modules_of(package: ModuleType) -> list[ModuleType]:
    """The modules in the folder of a package."""
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(file.name) for file in found]


def classes_of(package: ModuleType, base: type[T]) -> set[type[T]]:
    """The public classes below ``base`` in the files of a package, exported or not."""
    things = {thing for module in modules_of(package) for thing in vars(module).values() if isinstance(thing, type)}
    return {kind for kind in things if issubclass(kind, base) and kind.__name__[0] != "_"} - {base}


def python(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter, at the root, with warnings as errors; its output."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
