"""Walks over a graph of Values. Everything here is iterative: a chain of a million nodes is as good as a tree."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .value import Value

_one_backward_at_a_time = threading.Lock()


def ancestors(root: Value) -> list[Value]:
    """Every Value that ``root`` was computed from, constants included, operands before results, ``root`` last.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a"); [node.data for node in ancestors(a * a + 1.0)]
    [2.0, 4.0, 1.0, 5.0]
    """
    if not hasattr(type(root), "__apply_op__"):
        raise TypeError(f"ancestors(root) takes a Value, got {type(root).__name__}: {root!r}")
    return _depth_first(root, lambda node: node.args[::-1])


def backward_order(root: Value) -> list[Value]:
    """The ancestors that carry gradient as backpropagation meets them: results before operands, ``root`` first.

    >>> from autograd import Value
    >>> a = Value(2.0); [node.data for node in backward_order(a * a + 1.0)]
    [5.0, 4.0, 2.0]
    """
    return [node for node in reversed(_depth_first(root, lambda node: node.args)) if node.requires_grad]


def _depth_first(root: Value, operands: Callable[[Value], Sequence[Value]]) -> list[Value]:
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


def accumulate(root: Value, seed: float) -> None:
    """Backpropagate ``seed`` from ``root`` into ``.grad``: each result shows this sweep's adjoint, leaves add up.

    A node's ``_grad`` slot is its adjoint while this runs; if anything interrupts it, all of them are put back.
    A zero adjoint passes on nothing, which is also what keeps 0 * inf out of the gradients.
    """
    with _one_backward_at_a_time:
        before: list[tuple[Value, Any]] = []
        zero = float("0.0")  # a new object each time, unlike the literal
        walked = False
        try:
            results, leaves = _zeroed(root, zero, before)
            walked = True
            root._grad = seed
            for node in reversed(results):
                adjoint = node._grad
                if not adjoint:
                    continue
                pa = node._pa
                if pa is not None:
                    node._a._grad += adjoint * pa
                pb = node._pb
                if pb is not None:
                    if pb.__class__ is float:
                        node._b._grad += adjoint * pb
                    else:
                        for arg, p in zip(node._b, pb, strict=True):
                            if p is not None:
                                arg._grad += adjoint * p
            totals = [(node, node._grad + grad) for node, grad in before if node.op is None]
        except BaseException:
            for node in ancestors(root):
                if walked or node._grad is zero:
                    node._grad = None
            for node, grad in before:
                node._grad = grad
            raise
        try:
            _settle(totals, leaves)
        except BaseException:  # what was begun is finished: this can be done twice
            _settle(totals, leaves)
            raise


def _settle(totals: list[tuple[Value, float]], leaves: list[Value]) -> None:
    """Add to each leaf what it had before the sweep. Doing it again changes nothing.

    Leaves of other classes than Value keep their gradient elsewhere; they are most of all leaves, hence no method call.
    """
    for node, total in totals:
        node._grad = total
    for node in leaves:
        store = node.store
        if store is not None and node._grad is not None:
            p: Any = node
            view, slot = store.grad_view, p.slot
            # One statement, so that it is done or not done; outside of a sweep the store alone has the gradient.
            view[slot], store.reached_view[slot], p._grad = view[slot] + p._grad, 1, None


def _zeroed(root: Value, zero: float, before: list[tuple[Value, Any]]) -> tuple[list[Value], list[Value]]:
    """The ancestors that carry gradient, their adjoints set to zero: (results, operands first; leaves).

    The fast twin of `backward_order`. A node that was seen holds this particular ``zero``, made for this walk alone:
    asking ``is zero`` was measured to take half the time of a set. What a node held goes to ``before`` where it isn't
    None.
    """
    results: list[Value] = []
    leaves: list[Value] = []
    stack: list[Value | None] = [root]
    pop, push, found_leaf = stack.pop, stack.append, leaves.append
    while stack:
        node = pop()
        if node is None:  # everything under the node below this mark is done
            results.append(pop())  # type: ignore[arg-type]
            continue
        if node._grad is zero:
            continue
        if node._grad is not None:
            before.append((node, node._grad))
        node._grad = zero
        if node.op is None:
            found_leaf(node)
            continue
        push(node)
        push(None)
        a, pb = node._a, node._pb
        if node._pa is not None and a._grad is not zero:
            if a.op is None and a._grad is None:
                a._grad = zero
                found_leaf(a)
            else:
                push(a)
        if pb is None:
            continue
        b = node._b
        if pb.__class__ is tuple:
            stack += [arg for arg, p in zip(b, pb, strict=True) if p is not None]
        elif b._grad is not zero:
            if b._grad is not None:
                push(b)
            elif b.op is None:
                b._grad = zero
                found_leaf(b)
            elif b._pb.__class__ is float and b._pa is not None:
                # Most often this is a weight times an input: done at once, as the next rounds would do it.
                c, d = b._a, b._b
                fresh_c, fresh_d = c._grad is not zero, d._grad is not zero
                if (fresh_c and (c.op is not None or c._grad is not None)) or (
                    fresh_d and (d.op is not None or d._grad is not None)
                ):
                    push(b)
                    continue
                if fresh_c:
                    c._grad = zero
                    found_leaf(c)
                if d._grad is not zero:
                    d._grad = zero
                    found_leaf(d)
                b._grad = zero
                results.append(b)
            else:
                push(b)
    return results, leaves


def passed_on(adjoint: float, partial: float) -> float:
    """adjoint * partial, where a zero adjoint times a partial that isn't finite is zero."""
    return 0.0 if adjoint == 0 and not math.isfinite(partial) else adjoint * partial
