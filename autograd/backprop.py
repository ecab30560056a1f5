"""Backpropagation: the order of a walk, the chain rule, the sweep, and the gradients that come of it.

Everything is iterative: a chain of a million nodes is as good as a tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from .calls import public
from .checks import is_node, real_number
from .scopes import current, unchecked
from .stale import refuse_stale, stale_leaves

if TYPE_CHECKING:
    from .value import Value


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


def depth_first(root: Value, operands: Callable[[Value], Sequence[Value]]) -> list[Value]:
    """Operands before results; the last one that ``operands`` names is visited first."""
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # everything under the node below this mark is done
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node not in seen:
            seen.add(node)
            stack += (node, None, *operands(node))
    return order


def backward_order(root: Value) -> list[Value]:
    """The ancestors that carry gradient as backpropagation meets them: results before operands, ``root`` first.

    >>> from autograd import Value
    >>> a = Value(2.0); [node.data for node in backward_order(a * a + 1.0)]
    [5.0, 4.0, 2.0]
    """
    return [node for node in reversed(depth_first(root, lambda node: node.args)) if node.requires_grad]


def chain(adjoint: float, partial: float) -> float:
    """The chain rule. What nothing flows into passes nothing on, not even through an infinite slope."""
    return 0.0 if adjoint == 0 and not math.isfinite(partial) else adjoint * partial + 0.0  # there is no minus zero


def steps(
    order: list[Value],
    seed: float,
    partials: Callable[[Value], tuple[Any, ...]] = lambda node: node.partials,
    chain: Callable[[Any, Any], Any] = chain,
) -> Iterator[Step]:
    """THE SWEEP: from results to operands, each node's adjoint is complete when its step comes."""
    adjoints: dict[Value, Any] = {order[0]: seed}
    for node in order:
        adjoint, slopes = adjoints.get(node, 0.0), partials(node)
        passed = tuple(None if slope is None else chain(adjoint, slope) for slope in slopes)
        for arg, contribution in zip(node.args, passed, strict=True):
            if contribution is not None:
                adjoints[arg] = adjoints[arg] + contribution if arg in adjoints else contribution
        yield Step(node, adjoint, slopes, passed)


def backward(root: Value, seed: float = 1.0) -> None:
    """What `Value.backward` does, as a definition: it runs a faster twin, see `fast.sweep`."""
    for step in list(steps(backward_order(root), seed)):  # the whole sweep first: an error changes nothing
        node = step.node
        if node.requires_grad:  # or it was frozen since the graph was made
            node.grad = node.grad + step.adjoint if node.op is None else step.adjoint


@public
def sweep(root: Value, seed: float = 1.0) -> Iterator[Step]:
    """The steps of backpropagation from ``root``, in their order: every ancestor that carries gradient has its step.

    A step comes when its node's adjoint is complete: results first, then what they were made of. ``.grad`` is not
    written; `Value.backward` finds the same numbers.

    >>> from autograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> [(step.node.label or step.node.op.name, step.adjoint) for step in sweep(a * b)]
    [('mul', 1.0), ('a', -3.0), ('b', 2.0)]
    """
    _check_root(root, "a sweep")
    return steps(backward_order(root), real_number(seed, "the seed of a sweep"))


@overload
def gradients(y: Value, xs: Sequence[Value], record: Literal[False] = ...) -> tuple[float, ...]: ...
@overload
def gradients(y: Value, xs: Sequence[Value], record: Literal[True]) -> tuple[Value, ...]: ...
@overload
def gradients(y: Any, xs: Sequence[Any], record: bool = ...) -> tuple[Any, ...]: ...


@public
def gradients(y: Value, xs: Sequence[Value], record: bool = False) -> tuple[Any, ...]:
    """The derivatives of ``y`` by each of ``xs`` (leaves or not), as floats; 0.0 where y doesn't depend on x.

    With ``record=True`` they are Values, made of the operations of the partials, and can be differentiated again. The
    graph must then still be true: a StaleGraphError says which leaf has changed since. ``.grad`` is not written.
    Inside a compiled function they are traced numbers, with ``record=True`` such that gradient flows through.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> (slope,) = gradients(x**3, [x], record=True); gradients(slope, [x])
    (12.0,)
    """
    if is_node(xs):
        raise TypeError("gradients(y, xs) takes a list of Values, got one Value; write gradients(y, [x])")
    trace = current().trace
    if trace is not None and is_node(y):
        traced: tuple[Any, ...] = trace.gradients(y, xs, record)
        return traced
    _check_root(y, "a gradient")
    _check_wanted(xs)
    order = backward_order(y)
    if record:
        refuse_stale(order)
        return _recorded(order, xs)
    found = {step.node: step.adjoint for step in steps(order, 1.0)}
    return tuple(found.get(x, 0.0) for x in xs)


def _recorded(order: list[Value], xs: Sequence[Value]) -> tuple[Value, ...]:
    """The same sweep over numbers that are recorded themselves: partials and their products are formulas."""
    between = set(xs).intersection(order)  # the rest needs no adjoint
    for node in reversed(order):
        if not between.isdisjoint(node.args):
            between.add(node)

    def partials(node: Value) -> tuple[Any, ...]:
        assert node.op is not None or not node.args
        return tuple(
            node.op.partial_over(i, node, node.args) if p is not None and node.args[i] in between else None  # type: ignore[union-attr]
            for i, p in enumerate(node.partials)
        )

    with unchecked():
        path = [node for node in order if node in between]
        found = {step.node: step.adjoint for step in steps(path, 1.0, partials, _recorded_chain)} if path else {}
    return tuple(cast("Value", g) if _is_value(g) else order[0]._constant(g) for g in (found.get(x, 0.0) for x in xs))


def _recorded_chain(adjoint: Any, partial: Any) -> Any:
    """The product, as a formula without idle multiplications by one, and without 0 * inf."""
    a = adjoint.data if _is_value(adjoint) else adjoint
    p = partial.data if _is_value(partial) else partial
    if a == 0 and not math.isfinite(p):
        return 0.0
    if not _is_value(partial) and p == 1:
        return adjoint
    return partial if not _is_value(adjoint) and a == 1 else adjoint * partial


@public
def ancestors(root: Value) -> list[Value]:
    """Every Value that ``root`` was computed from, constants included, operands before results, ``root`` last.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a"); [node.data for node in ancestors(a * a + 1.0)]
    [2.0, 4.0, 1.0, 5.0]
    """
    if not is_node(root):
        raise TypeError(f"ancestors(root) takes a Value, got {type(root).__name__}: {root!r}")
    return depth_first(root, lambda node: node.args[::-1])


@public
def changed_leaves(root: Value) -> list[Value]:
    """Leaves whose number isn't the one that ``root`` was computed from, as after an optimizer's step.

    >>> from autograd import Value
    >>> x = Value(2.0, label="x"); y = x * x; x.data = 5.0
    >>> changed_leaves(y)
    [Value(data=5.0, grad=0.0, label='x')]
    """
    return stale_leaves(ancestors(root))


def _is_value(x: Any) -> bool:
    return is_node(x) and hasattr(x, "partials")


def _check_root(root: Any, what: str) -> None:
    if not _is_value(root):
        raise TypeError(
            f"{what} starts from a Value, got {type(root).__name__}: {root!r}. Compute the loss from Values "
            f"(Value(x), parameters of a model), and don't take .data on the way"
        )
    if not root.requires_grad:
        root.backward()  # a Constant says why there is nothing to differentiate


def _check_wanted(xs: Sequence[Value]) -> None:
    for position, x in enumerate(xs):
        if not _is_value(x):
            raise TypeError(
                f"gradients(y, xs) takes the Values to differentiate by, xs[{position}] is {type(x).__name__}: {x!r}; "
                f"make it a Value before y is computed from it"
            )
        _check_root(x, "a gradient")
