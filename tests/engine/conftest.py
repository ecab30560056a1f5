"""What the batteries over the operation table share: the oracles (see `operations.py`), and the points.

A test that asks for ``op`` runs for every operation of the built-in table; ``unary`` and ``binary`` are parts of it.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from autograd import value
from autograd.domain import CONDITION
from autograd.errors import DomainError
from autograd.fast.methods import ValueMethods
from autograd.operation import OPS, Op
from tests.engine.operations import BUILT_IN, Oracle, oracle_of

PARTS = {
    "op": BUILT_IN,
    "unary": [op for op in BUILT_IN if op.arity == 1],
    "binary": [op for op in BUILT_IN if op.arity == 2],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, part in PARTS.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, part, ids=lambda op: op.name)


@pytest.fixture(autouse=True)
def _forget_declared_operations() -> Iterator[None]:
    """Undo what a test declares, so that tests don't depend on their order."""
    before = dict(OPS)
    held = {holder: dict(vars(holder)) for holder in (ValueMethods, value.Constant)}
    yield
    OPS.clear()
    OPS.update(before)
    for holder, names in held.items():
        for name in set(vars(holder)) - set(names):
            delattr(holder, name)


# Points

MAGNITUDES = (
    *(5e-324, 3e-310, 1e-300, 1e-20, 1e-8, 1e-3, 0.1, 0.3, 0.5, 0.75, 0.9999, 1.0, 1.0001, 1.5, 2.0, 3.1, 5.0),
    *(
        7.5,
        10.0,
        19.0,
        26.0,
        28.5,
        37.0,
        40.5,
        100.0,
        300.0,
        700.0,
        709.7,
        712.0,
        745.0,
        1000.0,
        1e5,
        1e10,
        1e100,
        1e308,
    ),
)
FEW = (1e-300, 1e-8, 0.5, 1.0, 3.1, 26.0, 1000.0, 1e100)


def both_signs(magnitudes: tuple[float, ...]) -> list[float]:
    return [-x for x in reversed(magnitudes)] + [0.0] + list(magnitudes)


def grid(op: Op, largest: float = 1e308) -> list[tuple[Any, ...]]:
    """Argument tuples over the whole range of floats, inside the domain of the operation."""
    magnitudes = tuple(x for x in (MAGNITUDES if op.arity == 1 else FEW) if x <= largest)
    count = op.arity or 3
    numbers = both_signs(magnitudes)
    if count == 3:
        numbers = numbers[::3]
    choices = [(True, False) if op.domain_of(i) is CONDITION else numbers for i in range(count)]
    return [args for args in product(*choices) if inside(op, args)]


def inside(op: Op, args: tuple[Any, ...]) -> bool:
    try:
        op.check(list(map(float, args)))
    except DomainError:
        return False
    return True


@pytest.fixture(scope="session")
def oracle() -> Callable[[Op], Oracle]:
    return lambda op: oracle_of(op.name)


@pytest.fixture(scope="session")
def points() -> Callable[..., list[tuple[Any, ...]]]:
    return grid
