"""Weighted sums in a trace: parameters in lines times numbers of the trace are one step, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...ops import add
from ...parameter import Parameter
from ...parameter_array import ParameterArray
from ...scopes import current
from ..graph.conditions import IDENTITY
from ..graph.runs import MOST_LINES, Line, lines
from .symbol import Symbol

if TYPE_CHECKING:
    from .tracer import Tracer


def weighted_sum(tracer: Tracer, ws: Sequence[Any], xs: Sequence[Any], start: Any) -> Symbol | None:
    """``start + w0 * x0 + w1 * x1 + ...`` as one step; None where it isn't parameters in lines times rows.

    Terms without a row are added to ``start``.
    """
    for parameters, items in ((ws, xs), (xs, ws)):
        at, rows = _rows(tracer, items)
        found = _lines(tracer, parameters, at) if rows else None
        if found is not None:
            if len(rows) < len(items):
                for k in sorted(set(range(len(items))).difference(at)):
                    term = parameters[k] * items[k]
                    start = term if start is None else start + term
            return _product(tracer, [(tracer.graph.vec(rows[part]), line) for line, part in found], start)
    return None


def _product(tracer: Tracer, parts: list[tuple[int, Line]], start: Any) -> Symbol:
    graph, bias, row = tracer.graph, None, None
    if start is not None:
        first = tracer.operand(start)
        if not graph.uniform[first]:
            row = first
        elif graph.numbers.get(first) != 0.0:
            bias = first
    node = graph.product(parts, bias)
    tracer.remember_scope(node)
    if row is not None:
        node = graph.record(add, (row, node))
    return Symbol(tracer, node if current().recording else graph.record(IDENTITY, (node,)))


def _rows(tracer: Tracer, xs: Sequence[Any]) -> tuple[list[int], tuple[int, ...]]:
    """Where in a list the numbers of this trace are that differ from sample to sample, and their nodes."""
    key = tuple(xs)
    try:
        found = tracer.lists.get(key)  # the neurons of a layer have the same
    except TypeError:  # what can't be hashed is no number: whoever multiplies by it says so
        return [], ()
    if found is None:
        uniform = tracer.graph.uniform
        at = [k for k, x in enumerate(xs) if x.__class__ is Symbol and x._tracer is tracer and not uniform[x._node]]
        found = tracer.lists[key] = at, tuple([xs[k]._node for k in at])
    return found


def _lines(tracer: Tracer, ws: Sequence[Any], at: Sequence[int]) -> list[tuple[Line, slice]] | None:
    """Where these things are, those at the places ``at``, if they are parameters in few lines."""
    if isinstance(ws, ParameterArray):
        begin, (step, *_) = tracer.address(ws.store, ws.begin), ws.strides
        tracer.products[ws._home] = None
        if len(at) == len(ws) and step:
            return [(Line(begin, step), slice(0, len(ws)))]
        return lines([begin + k * step for k in at], MOST_LINES)
    parameters = [ws[k] for k in at]
    for w in parameters:
        if not isinstance(w, Parameter):
            return None
    found = lines([tracer.address(w.store, w.slot) for w in parameters], MOST_LINES)
    if found is not None:
        owners = [w._home or w for w in parameters]
        # Of an array all comes into the span; between arrays or lone parameters others may lie, which don't.
        if any(line.step != 1 and len(set(owners[part])) > 1 for line, part in found):
            return None
        tracer.products.update(dict.fromkeys(owners))
    return found
