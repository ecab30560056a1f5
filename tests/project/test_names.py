"""Names, versions, extras and folders of the packages."""

import ast
import re

import pytest

from tests.project.tree import HIDDEN_FOLDERS, PACKAGES, PROJECT, ROOT, committed, python

FOLDERS = {"autograd", "viz", "tests", "demos"}


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


HEAVY = {"matplotlib", "graphviz", "llvmlite", "PIL", "scipy", "sklearn", "resvg_py", "hypothesis", "IPython"}


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
