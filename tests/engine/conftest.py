"""What the batteries over the operation table share: the oracle (mpmath), the tolerances, the points.

A test that asks for ``op`` runs for every operation of the built-in table; ``unary`` and ``binary`` are parts of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from mpmath import mp, mpf

from autograd import declare, value
from autograd.domain import CONDITION
from autograd.errors import DomainError
from autograd.fast.methods import ValueMethods
from autograd.operation import OPS, Op

BUILT_IN = [op for name, op in OPS.items() if name in declare._BUILT_IN]
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


# The oracle


@dataclass(frozen=True)
class Reference:
    """An operation by mpmath, and how many ulps ours may be off.

    ``floats``, ``arrays`` are for values, ``partials`` for first derivatives. A number of ulps may be a function of the
    arguments where the error grows with them (a tail ``exp(-x*x)`` has the relative error of x*x, times its size).
    ``scale`` is what an ulp is measured at, if larger than the result: 1 for what is a difference of numbers near 1.
    """

    f: Callable[..., Any]
    floats: float | Callable[..., float] = 2.0
    arrays: float | Callable[..., float] = 4.0
    partials: float | Callable[..., float] = 4.0
    scale: Callable[..., float] = lambda *args: 0.0
    partial_scale: Callable[..., float] = lambda *args: 0.0

    def allowed(self, which: str, args: tuple[float, ...]) -> float:
        number = getattr(self, which)
        return number(*args) if callable(number) else number


def _tail(x: float) -> float:
    return 6 + 3 * min(x * x, 1500.0)


def _erfc(x: Any) -> Any:
    return mp.erfc(x) if mp.re(x) < 1e6 else mpf(0)  # mpmath's own overflows far out


def _gelu(x: Any) -> Any:
    return x / 2 * _erfc(-x / mp.sqrt(2))


REFERENCE = {
    "add": Reference(lambda a, b: a + b, 0.5, 0.5),
    "sub": Reference(lambda a, b: a - b, 0.5, 0.5),
    "mul": Reference(lambda a, b: a * b, 0.5, 0.5),
    "div": Reference(lambda a, b: a / b, 0.5, 0.5),
    "neg": Reference(lambda x: -x, 0.0, 0.0),
    # In k * x**(k-1) the exponent is rounded, which a power passes on times its logarithm.
    "pow": Reference(mp.power, 1.0, 2.0, lambda x, k: 4 + (1 + abs(k)) * abs(mp.log(abs(x)))),
    "exp": Reference(mp.exp, 1.0, 2.0),
    "expm1": Reference(mp.expm1),
    "log": Reference(mp.log, 1.0, 2.0),
    "log1p": Reference(mp.log1p),
    "sqrt": Reference(mp.sqrt, 0.5, 0.5),
    "abs": Reference(abs, 0.0, 0.0),
    "sign": Reference(mp.sign, 0.0, 0.0),
    "step": Reference(lambda x: mpf(x > 0), 0.0, 0.0),
    "sin": Reference(mp.sin, 1.0, 2.0),
    "cos": Reference(mp.cos, 1.0, 2.0),
    "tan": Reference(mp.tan, 1.0, 4.0),
    "asin": Reference(mp.asin, 1.0, 4.0),
    "acos": Reference(mp.acos, 1.0, 4.0),
    "atan": Reference(mp.atan, 1.0, 4.0),
    "sinh": Reference(mp.sinh),
    "cosh": Reference(mp.cosh),
    "tanh": Reference(mp.tanh),
    "erf": Reference(mp.erf, 1.0, 3.0, partials=_tail),
    "erfc": Reference(_erfc, 2.0, 4.0, partials=_tail),
    "sigmoid": Reference(lambda x: 1 / (1 + mp.exp(-x))),
    "softplus": Reference(lambda x: mp.log1p(mp.exp(x))),
    "relu": Reference(lambda x: max(x, mpf(0)), 0.0, 0.0),
    "leaky_relu": Reference(lambda x, slope=0.01: x if x > 0 else mpf(slope) * x, 0.5, 0.5),
    "elu": Reference(lambda x, alpha=1.0: x if x > 0 else mpf(alpha) * mp.expm1(x)),
    "gelu": Reference(_gelu, _tail, _tail, _tail, partial_scale=lambda x: min(1.0, abs(x))),
    "silu": Reference(
        lambda x: x / (1 + mp.exp(-x)),
        3.0,
        scale=lambda x: 1e-305,  # in x * sigmoid(x) the second factor may have lost digits as a subnormal
        partials=6.0,
        partial_scale=lambda x: min(1.0, abs(x)),
    ),
    "maximum": Reference(max, 0.0, 0.0),
    "minimum": Reference(min, 0.0, 0.0),
    "clamp": Reference(lambda x, **_: mpf(x), 0.0, 0.0),
    "where": Reference(lambda condition, a, b: a if condition else b, 0.0, 0.0),
    "logsumexp": Reference(
        lambda *xs: mp.log(sum(map(mp.exp, xs))),
        scale=lambda *xs: max(map(abs, xs)),
        partials=lambda *xs: 8 + 4 * max(map(abs, xs)),
    ),
}

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
def reference() -> Callable[[Op], Reference]:
    return lambda op: REFERENCE[op.name]


@pytest.fixture(scope="session")
def points() -> Callable[..., list[tuple[Any, ...]]]:
    return grid
