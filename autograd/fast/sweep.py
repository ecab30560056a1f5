"""The fast twin of `backprop.backward`: adjoints stand in the nodes themselves, and an error puts all back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..backprop import ancestors

if TYPE_CHECKING:
    from ..value import Value

_one_at_a_time = threading.Lock()


def backward(root: Value, seed: float) -> None:
    """Backpropagate ``seed`` from ``root`` into ``.grad``: each result shows this sweep's adjoint, leaves add up.

    A node's ``_grad`` slot is its adjoint while this runs; if anything interrupts it, all of them are put back.
    """
    with _one_at_a_time:
        zero = float("0.0")  # a new object each time, unlike the literal
        before: list[tuple[Value, Any]] = []
        is_met = False
        try:
            results, leaves = _met(root, zero, before)
            is_met = True
            root._grad = seed
            for node in reversed(results):
                adjoint, pa, pb = node._grad, node._pa, node._pb
                if not adjoint:  # passes nothing on, which also keeps 0 * inf out of the gradients
                    continue
                if pa is not None:
                    node._a._grad += adjoint * pa
                if pb.__class__ is float:
                    node._b._grad += adjoint * pb
                elif pb is not None:
                    for arg, p in zip(node._b, pb, strict=True):
                        if p is not None:
                            arg._grad += adjoint * p
            totals = [(node, node._grad + grad) for node, grad in before if node.op is None]
        except BaseException:
            for node in ancestors(root):
                if is_met or node._grad is zero:
                    node._grad = None
            for node, grad in before:
                node._grad = grad
            raise
        try:
            _settle(totals, leaves)
        except BaseException:  # what was begun is finished: this can be done twice
            _settle(totals, leaves)
            raise


def _met(root: Value, zero: float, before: list[tuple[Value, Any]]) -> tuple[list[Value], list[Value]]:
    """The ancestors that carry gradient, their adjoints set to zero: (results, operands first; leaves).

    A node that was met holds this particular ``zero``, made for this walk alone: asking ``is zero`` takes half the time
    of a set. What a node held goes to ``before`` where it isn't None.
    """
    results: list[Value] = []
    leaves: list[Value] = []
    stack: list[Value | None] = [root]
    pop, push = stack.pop, stack.append
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
            leaves.append(node)
            continue
        push(node)
        push(None)
        pb = node._pb
        if node._pa is not None:
            a = node._a
            if a.op is None and a._grad is None:  # a weight, most often: the next round would do the same
                a._grad = zero
                leaves.append(a)
            elif a._grad is not zero:
                push(a)
        if pb.__class__ is float:
            if node._b._grad is not zero:
                push(node._b)
        elif pb is not None:
            stack += [arg for arg, p in zip(node._b, pb, strict=True) if p is not None]
    return results, leaves


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
            view, slot, frozen = store.grad_view, p.slot, store.frozen
            if frozen is not None and frozen[slot]:  # since the graph was made
                p._grad = None
                continue
            # One statement, so that it is done or not done; outside of a sweep the store alone has the gradient.
            view[slot], store.reached_view[slot], p._grad = view[slot] + p._grad, 1, None
