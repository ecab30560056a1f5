"""Derivatives held against numerical ones, at a point that hypothesis drew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..check import check_gradients
from ..operation import Op
from .drawn import DrawnExpression
from .smooth import differentiable


def assert_gradients(
    f: Callable[..., Any], at: float | Sequence[Any] | None = None, *, rtol: float = 1e-6, atol: float = 1e-8
) -> None:
    """Fail with the worst edge named unless the derivatives of ``f`` agree with numerical ones.

    Every local partial is compared with the complex step (where the kernel allows, else with central differences) and
    the whole gradient with central differences, see `check_gradients`. ``f`` is a function of Values, a drawn
    expression (``at`` is then its own point), or an operation, at a point that `points` drew.

    >>> assert_gradients(lambda a, b: (a * b).tanh(), at=[0.5, -2.0])
    >>> from autograd import where
    >>> assert_gradients(where, at=(True, 1.0, 2.0))
    """
    if at is None:
        if not isinstance(f, DrawnExpression):
            raise TypeError("assert_gradients(f, at) needs the point `at`; only a drawn expression brings its own")
        at = f.point
    if isinstance(f, Op) and isinstance(at, Sequence):
        f, at = _without_conditions(f, at)
    check_gradients(f, at, rtol=rtol, atol=atol)


def _without_conditions(op: Op, at: Sequence[Any]) -> tuple[Callable[..., Any], list[float]]:
    """The operation as a function of what can be differentiated, its conditions held fixed."""
    moving = differentiable(op, len(at))

    def f(*numbers: Any) -> Any:
        args = list(at)
        for position, number in zip(moving, numbers, strict=True):
            args[position] = number
        return op(*args)

    return f, [at[position] for position in moving]
