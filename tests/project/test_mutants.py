"""The table of planted faults still fits the code; `make mutants` plants them."""

import ast
from collections import Counter

import pytest

from tests.mutants.run import ENOUGH, Fault, table
from tests.project.tree import ROOT

FAULTS = table()
ROOMS = {
    "autograd/ops.py": 5,  # the table itself
    "autograd/backprop.py": 5,  # the heart
    "autograd/compiler/graph": 5,
    "autograd/compiler/llvm/emit": 5,
    "autograd/compiler/llvm/math": 5,
    "autograd/compiler/passes": 5,
    "autograd/compiler/plan": 5,
    "autograd/compiler/trace": 5,
    "autograd/data": 5,
    "autograd/fast": 5,
    "autograd/nn": 5,
    "autograd/optim": 5,
    "autograd/training": 5,
    "viz": 5,
}
"""Where faults must be planted, and how many at least."""


def test_there_are_enough_faults_everywhere() -> None:
    assert len(FAULTS) >= 200
    planted = {room: sum(fault.file.startswith(room) for fault in FAULTS) for room in ROOMS}
    assert {room: count for room, count in planted.items() if count < ROOMS[room]} == {}


def test_few_faults_are_accepted() -> None:
    assert sum(bool(fault.accepted) for fault in FAULTS) <= (1 - ENOUGH) * len(FAULTS)


def test_each_fault_can_be_planted_and_is_python() -> None:
    wrong = []
    for fault in FAULTS:
        try:
            ast.parse(fault.planted((ROOT / fault.file).read_text(encoding="utf-8")))
        except (OSError, ValueError, SyntaxError) as error:
            wrong.append(f"{fault}: {error}")
    assert wrong == []


def test_each_fault_says_what_it_does_once_and_who_should_find_it() -> None:
    assert [str(fault) for fault, count in Counter(map(str, FAULTS)).items() if count > 1] == []
    assert [str(fault) for fault in FAULTS if not fault.does or not fault.tests] == []
    assert [test for fault in FAULTS for test in fault.tests if not (ROOT / test.partition("::")[0]).is_file()] == []


@pytest.mark.parametrize("source", ["x = 1\n", "y = a < b or a < b\n"])
def test_a_fault_that_fits_nowhere_or_twice_is_refused_by_its_name(source: str) -> None:
    fault = Fault("autograd/ops.py", "a < b", "a <= b", "ties count", ("tests/test_tiny.py",))
    with pytest.raises(ValueError, match=r"autograd/ops.py: ties count: the text before is there [02] times"):
        fault.planted(source)
    assert fault.planted("a < b") == "a <= b"
