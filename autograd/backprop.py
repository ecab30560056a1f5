"""Backpropagation as data: the steps of a sweep, gradients that can be differentiated again, Hessians."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from .errors import StaleGraphError, TraceError
from .graph import ancestors, backward_order, passed_on
from .scopes import current
from .value import Constant, Value, changed, real_number, same_number, unchecked


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sweep: a node with its whole adjoint, and what it passes on to its operands.

    ``partials`` and ``contributions`` stand beside ``node.args``, with None where an operand carries no gradient;
    a contribution is adjoint times partial.
    """

    node: Value
    adjoint: float
    partials: tuple[float | None, ...]
    contributions: tuple[float | None, ...]


def _check_root(root: Any, what: str) -> None:
    if not isinstance(root, Value):
        raise TypeError(
            f"{what} starts from a Value, got {type(root).__name__}: {root!r}. Compute the loss from Values "
            f"(Value(x), parameters of a model), and don't take .data on the way"
        )
    if not root.requires_grad:
        root.backward()  # a Constant says why there is nothing to differentiate


def sweep(root: Value, seed: float = 1.0) -> Iterator[Step]:
    """The steps of backpropagation from ``root``, in their order: every ancestor that carries gradient has its step.

    A step comes when its node's adjoint is complete: results first, then what they were made of. ``.grad`` is not
    written; `Value.backward` finds the same numbers.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> [(step.node.label or step.node.op.name, step.adjoint) for step in sweep(a * b)]
    [('mul', 1.0), ('a', -3.0), ('b', 2.0)]
    """
    _check_root(root, "a sweep")
    return _steps(root, real_number(seed, "the seed of a sweep"))


def _steps(root: Value, seed: float) -> Iterator[Step]:
    order = backward_order(root)
    adjoints = dict.fromkeys(order, 0.0)
    adjoints[root] = seed
    for node in order:
        adjoint = adjoints[node]
        partials = node.partials
        contributions = tuple(None if p is None else passed_on(adjoint, p) for p in partials)
        for arg, contribution in zip(node.args, contributions, strict=True):
            if contribution is not None:
                adjoints[arg] += contribution
        yield Step(node, adjoint, partials, contributions)


@overload
def gradients(y: Value, xs: Sequence[Value], record: Literal[False] = ...) -> tuple[float, ...]: ...
@overload
def gradients(y: Value, xs: Sequence[Value], record: Literal[True]) -> tuple[Value, ...]: ...
@overload
def gradients(y: Any, xs: Sequence[Any], record: bool = ...) -> tuple[Any, ...]: ...


def gradients(y: Value, xs: Sequence[Value], record: bool = False) -> tuple[Any, ...]:
    """The derivatives of ``y`` by each of ``xs`` (leaves or not), as floats; 0.0 where y doesn't depend on x.

    With ``record=True`` they are Values, made of the operations of the partials, and can be differentiated again. The
    graph must then still be true: a StaleGraphError says which leaf has changed since. ``.grad`` is not written.
    Inside a compiled function they are traced numbers, with ``record=True`` such that gradient flows through.

    >>> x = Value(2.0)
    >>> (slope,) = gradients(x**3, [x], record=True); gradients(slope, [x])
    (12.0,)
    """
    if hasattr(type(xs), "__apply_op__"):
        raise TypeError("gradients(y, xs) takes a list of Values, got one Value; write gradients(y, [x])")
    trace = current().trace
    if trace is not None and hasattr(type(y), "__apply_op__"):
        traced: tuple[Any, ...] = trace.gradients(y, xs, record)
        return traced
    _check_root(y, "a gradient")
    for position, x in enumerate(xs):
        if not isinstance(x, Value):
            raise TypeError(
                f"gradients(y, xs) takes the Values to differentiate by, xs[{position}] is {type(x).__name__}: {x!r}; "
                f"make it a Value before y is computed from it"
            )
        _check_root(x, "a gradient")
    if record:
        return _recorded(y, xs)
    wanted = set(xs)
    found = {step.node: step.adjoint for step in _steps(y, 1.0) if step.node in wanted}
    return tuple(found.get(x, 0.0) for x in xs)


def _recorded(y: Value, xs: Sequence[Value]) -> tuple[Value, ...]:
    order = backward_order(y)
    _refuse_stale(order)
    # Only what lies between xs and y needs an adjoint.
    relevant = set(xs).intersection(order)
    for node in reversed(order):
        if not relevant.isdisjoint(node.args):
            relevant.add(node)
    adjoints: dict[Value, Any] = {y: 1.0}
    with unchecked():
        for node in order:
            if node not in relevant or node not in adjoints:
                continue
            for position, arg in enumerate(node.args):
                if arg in relevant and node.partials[position] is not None:
                    passed = _times(adjoints[node], _partial(node, position))
                    adjoints[arg] = adjoints[arg] + passed if arg in adjoints else passed
    return tuple(g if isinstance(g, Value) else Constant(g) for g in (adjoints.get(x, 0.0) for x in xs))


def _partial(node: Value, position: int) -> Any:
    assert node.op is not None
    return node.op.partial_over(position, node, node.args)


def _times(adjoint: Any, partial: Any) -> Any:
    """The product, as a graph without idle multiplications by one, and without 0 * inf."""
    a = adjoint.data if isinstance(adjoint, Value) else adjoint
    p = partial.data if isinstance(partial, Value) else partial
    if a == 0 and not np.isfinite(p):
        return 0.0
    if not isinstance(partial, Value) and p == 1:
        return adjoint
    return partial if not isinstance(adjoint, Value) and a == 1 else adjoint * partial


def changed_leaves(root: Value) -> list[Value]:
    """Leaves whose number isn't the one that ``root`` was computed from, as after an optimizer's step.

    >>> x = Value(2.0, label="x"); y = x * x; x.data = 5.0
    >>> changed_leaves(y)
    [Value(data=5.0, grad=0.0, label='x')]
    """
    nodes = [node for node in ancestors(root) if node.op is not None]
    innocent = _unchanged(nodes)
    suspects = dict.fromkeys(arg for node in nodes if changed(node) for arg in _suspects(node, innocent))
    return [arg for arg in suspects if arg.op is None]


def _unchanged(nodes: Sequence[Value]) -> set[Value]:
    """Operands that a product remembers, as the other one's partial, with the number that they still have."""
    found = set()
    for node in nodes:
        if node.op is None or node.op.arity is None:
            continue
        for expression, partial in zip(node.op.partial_expressions, node.partials, strict=True):
            if partial is not None and expression.head == "variable" and expression.payload != "y":
                operand = node.args[node.op.argument_names.index(expression.payload)]
                if same_number(operand.data, partial):
                    found.add(operand)
    return found


def _suspects(node: Value, innocent: set[Value]) -> list[Value]:
    """The leaves that may have changed since this node was computed; most often the one."""
    leaves = [arg for arg in dict.fromkeys(node.args) if arg.op is None and arg.requires_grad]
    return [leaf for leaf in leaves if leaf not in innocent] or leaves or list(node.args)


def _refuse_stale(order: list[Value]) -> None:
    for node in order:
        if changed(node):
            names = " or ".join(leaf.describe() for leaf in _suspects(node, _unchanged(order)))
            raise StaleGraphError(
                f"{names} has changed since {node.describe()} was computed from it, so the graph can't be "
                f"differentiated again. Compute it anew from the present numbers, then take gradients(record=True)"
            )


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
        is_plain = not hasattr(type(x), "__apply_op__")
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
