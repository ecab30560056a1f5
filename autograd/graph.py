"""Walks over a graph of Values. Everything here is iterative: a chain of a million nodes is as good as a tree."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .value import Value

_one_backward_at_a_time = threading.Lock()


def ancestors(root: Value) -> list[Value]:
    """Every Value that ``root`` was computed from, constants included, operands before results, ``root`` last.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a"); [node.data for node in ancestors(a * a + 1.0)]
    [2.0, 4.0, 1.0, 5.0]
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # everything under the node below this mark is done
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node not in seen:
            seen.add(node)
            stack += (node, None, *reversed(node.args))
    return order


def differentiable(root: Value) -> tuple[list[Value], list[Value]]:
    """The ancestors that carry gradient: (results of operations, operands before results; leaves).

    The fast twin of `ancestors`: it reads the slots of a node instead of building tuples.
    """
    results: list[Value] = []
    leaves: list[Value] = []
    seen: set[Value] = set()
    visit = seen.add
    stack: list[Value | None] = [root]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        if node is None:
            results.append(pop())  # type: ignore[arg-type]
            continue
        if node in seen:
            continue
        visit(node)
        if node.op is None:
            leaves.append(node)
            continue
        push(node)
        push(None)
        pb = node._pb
        if pb is not None:
            if pb.__class__ is float:
                push(node._b)
            else:
                stack += [arg for arg, p in zip(reversed(node._b), reversed(pb), strict=True) if p is not None]
        if node._pa is not None:
            push(node._a)
    return results, leaves


def accumulate(root: Value, seed: float) -> None:
    """Backpropagate ``seed`` from ``root`` into ``.grad``: each result shows this sweep's adjoint, leaves add up.

    A node's ``_grad`` slot is its adjoint while this runs; if anything interrupts it, all of them are put back.
    A zero adjoint passes on nothing, which is also what keeps 0 * inf out of the gradients.
    """
    with _one_backward_at_a_time:
        results, leaves = differentiable(root)
        before = [node._grad for node in leaves]
        results_before = [node._grad for node in results]
        try:
            for node in leaves:
                node._grad = 0.0
            for node in results:
                node._grad = 0.0
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
        except BaseException:
            for node, grad in zip((*leaves, *results), (*before, *results_before), strict=True):
                node._grad = grad
            raise
        for node, grad in zip(leaves, before, strict=True):
            node._settle(grad)


def passed_on(adjoint: float, partial: float) -> float:
    """adjoint * partial, where a zero adjoint times a partial that isn't finite is zero."""
    return 0.0 if adjoint == 0 and not math.isfinite(partial) else adjoint * partial
