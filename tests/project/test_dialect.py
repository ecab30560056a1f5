"""One dialect in both packages: how a docstring begins, what backticks stand around, how constants are written."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.project.tree import PACKAGES, ROOT, committed, dotted, imports_of, sources

SOURCES = [path for package in PACKAGES for path in sources(package)]
SINGLE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
DOUBLE = re.compile(r"``.+?``", re.DOTALL)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def defined(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """The names that the body of a module or a class makes, those under an ``if`` or a ``try`` included."""
    for inner in node.body:
        for statement in ast.walk(inner) if isinstance(inner, ast.If | ast.Try) else [inner]:
            match statement:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                    yield name
                case ast.Assign(targets=targets):
                    yield from (x.id for target in targets for x in ast.walk(target) if isinstance(x, ast.Name))


class Names:
    """What can be looked up in the packages; of modules and classes the last name counts, whoever else bears it."""

    def __init__(self) -> None:
        self.files = {path.name for path in committed() if path.parts[0] in PACKAGES}
        self.alone: set[str] = set()
        """What needs nothing before it: modules, what stands at the top of one, methods."""
        self.inside: dict[str, set[str]] = defaultdict(set)
        self.bases: dict[str, set[str]] = defaultdict(set)
        for path in SOURCES:
            *packages, name = dotted(path).split(".")
            for package, module in pairwise([*packages, name]):
                self.inside[package].add(module)
            self._read(name, ast.parse((ROOT / path).read_text(encoding="utf-8")))
            for found in imports_of(path) if path.name == "__init__.py" else ():
                self.inside[name].add(found.name or "")
                if found.name == "*":
                    self.bases[name].add(found.module.rpartition(".")[2])
        self.bases["Value"].add("ops")  # the table's operations are its methods

    def _read(self, name: str, tree: ast.Module) -> None:
        self.alone.update(defined(tree), [name])
        self.inside[name].update(defined(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self.alone.update(inner.name for inner in node.body if isinstance(inner, ast.FunctionDef))
                self.inside[node.name].update(defined(node), re.findall(r"\bself\.(\w+)\b(?=.* = )", ast.unparse(node)))
                self.bases[node.name].update(ast.unparse(base).rpartition(".")[2] for base in node.bases)

    def resolve(self, text: str) -> bool:
        first, *rest = text.split(".")
        dots = all(self.holds(room, name) for room, name in pairwise([first, *rest]))
        return Path(text).name in self.files or (first in self.alone and dots)

    def holds(self, room: str, name: str) -> bool:
        return name in self.inside[room] or any(self.holds(base, name) for base in self.bases[room] - {room})


NAMES = Names()


def own_names(node: Documented) -> set[str]:
    """What a name means to the reader of this docstring before all else: a parameter, or a field."""
    match node:
        case ast.FunctionDef(args=arguments):
            return {x.arg for x in ast.walk(arguments) if isinstance(x, ast.arg)}
        case ast.ClassDef(body=body):
            return {x.target.id for x in body if isinstance(x, ast.AnnAssign) and isinstance(x.target, ast.Name)}
    return set()


def texts(source: str) -> Iterator[tuple[int, str, set[str]]]:
    """Docstrings and comments: line, text, and the names that belong to what it is about."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Documented):
            for statement in node.body:
                match statement:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        yield statement.lineno, text, own_names(node)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string, set()


def faults(source: str, exports: bool = False) -> list[str]:
    found = []
    for line, text, own in texts(source):
        if re.match(r"\s*Returns?\b", text):
            found.append(f"{line}: say what it is, not that it is returned: {text.strip()[:40]!r}")
        strange = [x for x in SINGLE.findall(DOUBLE.sub("", text)) if x in own or not NAMES.resolve(x)]
        found += [f"{line}: `{x}` is no name of the packages: write ``{x}``" for x in strange]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign) and re.search(r"\bFinal\b", ast.unparse(node.annotation)):
            found.append(f"{node.lineno}: capitals say that it is constant: write it without Final")
        if not exports and isinstance(node, ast.Name) and node.id == "__all__" and isinstance(node.ctx, ast.Store):
            found.append(f"{node.lineno}: __all__ stands in a package's __init__ and in what that imports as a whole")
    return found


def test_both_packages_speak_one_dialect() -> None:
    whole = {found.module for path in SOURCES for found in imports_of(path) if found.name == "*"}
    found = []
    for path in SOURCES:
        exports = path.name == "__init__.py" or dotted(path) in whole
        found += [f"{path}:{fault}" for fault in faults((ROOT / path).read_text(encoding="utf-8"), exports)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("source", "planted"),
    [
        ('def f(x):\n    """Return the sine."""\n', 1),
        ('def f(x):\n    """The sine, as `math.sin` returns it, and `Value.sin`."""\n', 1),
        ('def f(x):\n    """The sine of `x`."""\n', 1),
        ('def f(view):\n    """The text of `view`."""\n', 1),
        ('"""What `GraphView.nodes` are: see `viz/svg.py` and `draw`; ``nodes`` is code, as ``a`` or ``b``."""\n', 0),
        ('"""What `GraphView.boxes` are, and `GraphView.nodes.of`."""\n', 2),
        ("class A:\n    '''A thing with `style`.'''\n\n    style: str\n", 1),
        ("ROW = 1  # as `nodez` have\n", 1),
        ("from typing import Final\n\nROW: Final = 1\nLINES: Final[int] = 1\n", 2),
        ('__all__ = ["f"]\n__all__ += ["g"]\n', 2),
        ("ROW = 1\nLINES: dict[str, int] = {}\n", 0),
    ],
)
def test_the_checker_of_the_dialect_sees_planted_errors(source: str, planted: int) -> None:
    assert len(faults(source)) == planted
