"""Which part of the tree may import which."""

import re
from pathlib import Path

import pytest

from tests.project.tree import PACKAGES, Import, dotted, imports_of, sources

# For each module or package directly in autograd/, what of autograd it may import, itself aside. A line may
# name only what stands above it: the table reads in the direction of the arrows and cannot hold a cycle.
TABLE = {"errors", "calls", "cures", "documentation", "namespaces", "domain", "formula", "operation", "declare", "ops"}
CORE = TABLE | {
    "checks",
    "scopes",
    "backprop",
    "value",
    "parameter",
    "parameter_array",
    "parameter_list",
    "store",
    "freezing",
    "readers",
    "batch",
}
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "checks": {"errors"},
    "intervals": {"checks"},
    "names": set(),
    "synonyms": {"checks"},
    "calls": {"checks", "synonyms"},
    "cures": {"calls", "checks"},
    "files": set(),
    "decision": set(),
    "randomness": {"calls"},
    "readers": set(),
    "progress": set(),
    "notebook": {"checks"},
    "special": set(),
    "namespaces": {"special"},
    "domain": set(),
    "formula": {"errors", "namespaces"},
    "documentation": {"formula"},
    "operation": {"documentation", "errors", "calls", "checks", "namespaces", "domain", "formula"},
    "declare": {"errors", "calls", "namespaces", "domain", "formula", "operation"},
    "declaration": {"operation"},
    "ops": {"domain", "operation", "declare"},
    "batch": {"domain", "operation"},
    "scopes": {"calls", "errors"},
    "stale": {"errors", "scopes"},
    "backprop": {"calls", "checks", "scopes", "stale"},
    "copies": {"backprop"},
    "fast": TABLE | {"scopes", "backprop"},
    "comparisons": {"checks", "scopes"},
    "micrograd": {"scopes", "backprop"},
    "value": TABLE | {"checks", "scopes", "backprop", "copies", "cures", "fast", "comparisons", "micrograd"},
    "apply": TABLE | {"calls", "checks", "scopes", "fast", "comparisons", "value"},
    "store": {"readers"},
    "freezing": {"calls", "fast", "readers", "scopes", "store", "value"},
    "parameter": {"calls", "errors", "checks", "scopes", "apply", "freezing", "value", "store"},
    "parameter_arithmetic": {"checks", "cures", "errors", "scopes"},
    "parameter_array": {"calls", "checks", "cures", "errors", "freezing", "store", "parameter", "parameter_arithmetic"},
    "parameter_list": {"parameter", "parameter_array", "store"},
    "lists": {"calls", "errors", "checks", "ops", "scopes", "value"},
    "derivatives": CORE | {"lists"},
    "blame": CORE,
    "check": CORE | {"derivatives"},
    "testing": CORE | {"check"},
    "optim": CORE | {"calls", "intervals"},
    "compiler": CORE | {"special", "fast", "files", "calls", "blame", "notebook", "optim"},  # the rules of optim
    "nn": CORE | {"documentation", "names", "lists", "randomness", "notebook", "compiler"},  # `record` computes batches
    "data": {"errors", "calls", "checks", "cures", "intervals", "randomness"},
    "training": CORE
    | {
        "names",
        "files",
        "intervals",
        "decision",
        "randomness",
        "progress",
        "notebook",
        "blame",
        "compiler",
        "nn",
        "optim",
        "data",
    },
}
# The rooms of the compiler, and which of the other rooms each knows. What stands beside them is the front.
ROOMS: dict[str, set[str]] = {
    "graph": set(),
    "passes": {"graph"},
    "trace": {"graph", "passes"},
    "plan": {"graph", "passes"},
    "llvm": {"graph", "plan"},
}
# The rooms of viz/, and which of the others each knows. What stands beside them is the front.
VIZ_ROOMS: dict[str, set[str]] = {
    "graph": set(),
    "layout": {"graph"},
    "picture": {"graph", "layout"},
    "output": {"graph", "layout", "picture"},
    "steps": {"graph", "layout", "picture", "output"},
}
# Those that read a graph. All others draw plain data, and know nothing
# of autograd but how it writes files and answers wrong calls, and where a score divides two classes.
VIZ_READERS = {"graph", "steps", "drawing"}


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


def broken_rooms(package: str, rooms: dict[str, set[str]]) -> list[str]:
    """The imports from one room of a package into another that it doesn't know."""

    def room(module: str) -> str:
        return module.removeprefix(package.replace("/", ".") + ".").partition(".")[0]

    return [
        f"{path}:{found.line}: {room(dotted(path))} may not import {room(found.module)}"
        for path in sources(package)
        if room(dotted(path)) in rooms
        for found in imports_of(path)
        if room(found.module) in set(rooms) - rooms[room(dotted(path))] - {room(dotted(path))}
    ]


def test_the_rooms_of_the_compiler_know_each_other_one_way() -> None:
    above: set[str] = set()
    for name, known in ROOMS.items():
        assert known <= above
        above.add(name)
    assert {path.parts[2] for path in sources("autograd/compiler") if len(path.parts) > 3} == set(ROOMS)
    assert broken_rooms("autograd/compiler", ROOMS) == []


def test_the_rooms_of_the_pictures_know_each_other_one_way() -> None:
    above: set[str] = set()
    for name, known in VIZ_ROOMS.items():
        assert known <= above
        above.add(name)
    assert {path.parts[1] for path in sources("viz") if len(path.parts) > 2} - {"plot"} == set(VIZ_ROOMS)
    assert broken_rooms("viz", VIZ_ROOMS) == []


@pytest.mark.parametrize(
    ("path", "source", "faults"),
    [
        ("autograd/ops.py", "from autograd.value import Value", 1),
        ("autograd/ops.py", "from .value import Value", 1),
        ("autograd/ops.py", "from . import value, domain", 1),
        ("autograd/ops.py", "def f():\n    from autograd import Value", 1),
        ("autograd/ops.py", "import autograd.compiler.tape, autograd.domain", 1),
        ("autograd/nn/layer.py", "from ..optim.adam import Adam", 1),
        ("autograd/nn/layer.py", "from .neuron import Neuron\nfrom autograd.nn.module import Module", 0),
        ("autograd/ops.py", "if TYPE_CHECKING:\n    from autograd.value import Value", 0),
        ("autograd/ops.py", "import math\nfrom autograd.domain import REAL", 0),
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
            if unit(found.module) not in (None, "files", "calls", "cures", "decision", "notebook"):
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
    assert len(private_imports(Path("viz/graph/view.py"), source)) == 1


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
