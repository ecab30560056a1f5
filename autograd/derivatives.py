"""Derivatives of functions: of one number, of any order, and all second ones of several."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backprop import gradients
from .checks import is_node
from .errors import TraceError
from .scopes import current
from .value import Constant, Value


def call_with(function: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """``function(*inputs)`` if it takes that many arguments, else ``function(list of inputs)``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some builtins have no signature
        return function(*inputs)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return function(*inputs)
    required = [
        p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    ]
    one_by_one = len(required) == len(inputs) and len(inputs) != 1
    return function(*inputs) if one_by_one else function(list(inputs))


def derivative(f: Callable[[Any], Any], order: int = 1) -> Callable[[Any], Any]:
    """The derivative of a function of one number, of any order, as a function of one number.

    Of a number it gives a number; of a Value, or of a traced number in a compiled function, one that can be
    differentiated again.

    >>> derivative(lambda x: x**3)(2.0), derivative(lambda x: x**3, order=2)(2.0)
    (12.0, 12.0)
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"the order of a derivative is a whole number from 1 on, got {order!r}")

    def at(x: Any) -> Any:
        is_plain = not is_node(x)
        leaf = _alias(x)
        y: Any = f(leaf)
        for remaining in range(order, 0, -1):
            if not getattr(y, "requires_grad", False):
                return 0.0 if is_plain else Constant(0.0)
            (y,) = gradients(y, [leaf], record=remaining > 1 or not is_plain)
        return y

    return at


def _alias(x: Any) -> Any:
    """A node of its own with the number of ``x``: what a function has of x by other ways is a constant to it."""
    trace = current().trace
    if trace is not None:
        return trace.alias(x)
    return x + 0.0 if isinstance(x, Value) and x.requires_grad else Value(x.data if isinstance(x, Value) else x)


def hessian(f: Callable[..., Any]) -> Callable[[Sequence[float]], NDArray[np.float64]]:
    """All second derivatives of a function of n numbers: a function from n numbers to an (n, n) array.

    ``f`` takes its inputs one by one or as one list; a function of one argument is given the list.

    >>> hessian(lambda a, b: a * a * b)([2.0, 3.0])
    array([[6., 4.],
           [4., 0.]])
    """

    def at(xs: Sequence[float]) -> NDArray[np.float64]:
        if current().trace is not None:
            raise TraceError(
                "hessian gives an array of numbers, which a compiled function doesn't have yet; take "
                "gradients(y, xs, record=True), and gradients of these"
            )
        leaves = [Value(x) for x in xs]
        y = call_with(f, leaves)
        if not isinstance(y, Value) or not y.requires_grad:
            return np.zeros((len(leaves), len(leaves)))
        rows = gradients(y, leaves, record=True)
        return np.array([gradients(g, leaves) if g.requires_grad else [0.0] * len(leaves) for g in rows])

    return at
