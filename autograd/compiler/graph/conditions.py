"""Operations that only compiled code has. They are declared as those of the table are, and run over every namespace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ...batch import BATCH_MEAN
from ...domain import CONDITION, REAL
from ...operation import Op


def _declare(name: str, symbol: str, kernel: Callable[..., Any], condition: bool = False) -> Op:
    arguments = kernel.__code__.co_argcount - 1
    domain = (CONDITION if condition else REAL,) * arguments
    return Op(name, kernel, _constant_partials((0.0,) * arguments), domain, symbol)


def _constant_partials(values: tuple[float, ...]) -> Callable[..., Any]:
    return (lambda y, a: values) if len(values) == 1 else (lambda y, a, b: values)  # noqa: ARG005


LESS = _declare("less", "<", lambda xp, a, b: a < b)  # noqa: ARG005
LESS_EQUAL = _declare("less_equal", "<=", lambda xp, a, b: a <= b)  # noqa: ARG005
GREATER = _declare("greater", ">", lambda xp, a, b: a > b)  # noqa: ARG005
GREATER_EQUAL = _declare("greater_equal", ">=", lambda xp, a, b: a >= b)  # noqa: ARG005
BOTH = _declare("both", "&", lambda xp, a, b: a & b, condition=True)  # noqa: ARG005
EITHER = _declare("either", "|", lambda xp, a, b: a | b, condition=True)  # noqa: ARG005
CONDITIONS = {op.symbol: op for op in (LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, BOTH, EITHER)}
"""The operations whose result is a condition, by their sign."""
IS_CONDITION = frozenset(CONDITIONS.values())

IDENTITY = _declare("identity", "detach", lambda xp, x: x)  # noqa: ARG005
"""The same number, through which no gradient flows."""
ALIAS = Op("alias", lambda xp, x: x, lambda y, x: (1.0,), (REAL,), "=")  # noqa: ARG005
"""The same number as something to differentiate by: only what is computed from this very node depends on it."""
PASSED_ON = _declare(
    "passed_on", "×", lambda xp, adjoint, partial: xp.where(xp.abs(adjoint) > 0.0, adjoint * partial, adjoint)
)
"""adjoint * partial, where a zero adjoint times an infinite partial is zero."""
SHIELDED = _declare("shielded", "shielded", lambda xp, adjoint, partial: xp.where(xp.abs(adjoint) > 0.0, partial, 0.0))
"""The partial where it matters, zero where the adjoint is zero (and the partial perhaps infinite)."""

ADJOINT_MEAN = _declare("adjoint_mean", "mean", lambda xp, x: x)  # noqa: ARG005
"""Of adjoints: what flows back through a mean, (1/N) * the sum of all samples' adjoints, to each of them."""
MEANS = frozenset((BATCH_MEAN, ADJOINT_MEAN))


@lru_cache(maxsize=1024)
def unchecked(op: Op) -> Op:
    """The operation without a domain: what nobody wrote can't be outside of it."""
    domain = tuple(CONDITION if each is CONDITION else REAL for each in op.domain)
    return op if domain == op.domain and op.refuses is None else replace(op, domain=domain, refuses=None)


# A `where` together with the comparisons that it depends on: one operation, so that conditions need no memory.

Tree = Any
"""A condition as data: (sign, left, right), where the operands of a comparison are argument numbers."""


@lru_cache(maxsize=4096)
def selection(tree: Tree) -> Op:
    """``where(tree, x, y)`` as one operation of the numbers compared and, last, of x and y.

    >>> op = selection((">", 0, 1))
    >>> op.value(2.0, 1.0, 10.0, 20.0), op.value(0.0, 1.0, 10.0, 20.0)
    (10.0, 20.0)
    """

    def kernel(xp: Any, *xs: Any) -> Any:
        return xp.where(_evaluate(tree, xs), xs[-2], xs[-1])

    def partials(y: Any, *xs: Any) -> Any:
        raise NotImplementedError("a selection is made after differentiation")

    return Op(f"select{_name(tree)}", kernel, partials, (REAL,), "where")


def _evaluate(tree: Tree, xs: tuple[Any, ...]) -> Any:
    sign, left, right = tree
    if sign in ("&", "|"):
        left, right = _evaluate(left, xs), _evaluate(right, xs)
        return left & right if sign == "&" else left | right
    return CONDITIONS[sign].kernel(None, xs[left], xs[right])


def _name(tree: Tree) -> str:
    return f"({_name(tree[1])}{tree[0]}{_name(tree[2])})" if isinstance(tree, tuple) else f"x{tree}"
