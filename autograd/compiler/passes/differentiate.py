"""Differentiation: adjoints as more nodes of the same graph, made of the partials that the table declares.

An adjoint is collected as a list of (coefficient, row) terms, so that the adjoint of a layer's input comes out as dots,
like the layer itself. What flows into a uniform, such as a weight, is a sum over the samples; it is collected as
(left row, right row) pairs and never multiplied out for one sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ...batch import BATCH_MEAN
from ...operation import Op
from ...ops import add, mul, neg, sub
from ..graph.conditions import ADJOINT_MEAN, IDENTITY, IS_CONDITION, PASSED_ON, SHIELDED
from ..graph.graph import DOT, PRODUCT, TOTALS, Graph, Kind
from ..graph.partials import partials
from ..graph.rooted import Gradients, LineSum, UniformSum
from ..graph.runs import Line, runs
from .dots import worth_a_dot


def differentiate(
    graph: Graph,
    root: int,
    by_parameters: bool = True,
    by_inputs: bool = False,
    frozen: NDArray[np.bool_] | None = None,
) -> Gradients:
    """Add to the graph what the derivatives of ``root`` need, the adjoint of each sample's root being the seed.

    Parameters that are ``frozen`` (by their slot) get none.

    >>> graph = Graph(); w, x = graph.leaf("parameter", 0), graph.leaf("input", 0)
    >>> differentiate(graph, graph.record(mul, (w, x))).sums == [(w, graph.leaf("seed", 0), x)]
    True
    """
    return Sweep(graph, root, by_parameters, by_inputs, frozen).run()


Term = tuple[int | None, int]
"""A summand of an adjoint: coefficient (None for 1) and row."""


_OF_TWO: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1))
"""The operands of two that carry gradient, by a bit for each."""


class Sweep:
    """One way back through a graph, from the root to what is asked for."""

    def __init__(
        self, graph: Graph, root: int, by_parameters: bool, by_inputs: bool, frozen: NDArray[np.bool_] | None = None
    ) -> None:
        self.graph, self.root, self._frozen = graph, root, frozen
        self.size = len(graph)
        self.by_parameters = by_parameters
        self._by_inputs = by_inputs
        self.needed = self._find_needed()
        self._record: Callable[[Op, tuple[int, ...]], int] = graph.record
        """Adds a step of a partial to the graph."""
        self.terms: dict[int, list[Term]] = {}
        self.parts: dict[int, list[tuple[int, Line]]] = {}
        """By row: the vecs of adjoints that flow to it, and the lines of parameters that they are multiplied by."""
        self.lines: dict[int, dict[Line, list[int]]] = {}
        """By vec: the lines that it is multiplied by, each with the adjoints of the products."""
        self.gradients = Gradients()

    def _find_needed(self) -> bytearray:
        """Which nodes carry gradient: those that depend on what it is asked for."""
        graph = self.graph
        wanted: dict[Kind, bool] = {"parameter": self.by_parameters, "input": self._by_inputs}
        wanted.update(dict.fromkeys(TOTALS, self.by_parameters))
        needed = bytearray(self.size)
        for node, kind in enumerate(graph.kinds):
            if graph.is_leaf(node):
                needed[node] = wanted.get(kind, False) and not self._is_frozen(node)
            elif kind == PRODUCT and self.by_parameters and self._has_trained(node):
                needed[node] = True
            elif kind is not IDENTITY and kind not in IS_CONDITION:
                needed[node] = any(needed[arg] for arg in graph.args[node])
        return needed

    def _is_frozen(self, leaf: int) -> bool:
        """Whether a leaf is a frozen parameter, or the total of some."""
        if self._frozen is None or self.graph.kinds[leaf] not in ("parameter", *TOTALS):
            return False
        slot = self.graph.payload[leaf]
        return bool(self._frozen[slot if isinstance(slot, int) else slot[0]])

    def _frozen_among(self, line: Line, rows: int) -> list[bool]:
        """Which of a line of so many parameters are frozen; nothing where none is anywhere."""
        return [] if self._frozen is None else self._frozen[line.slot + line.step * np.arange(rows)].tolist()

    def _has_trained(self, product: int) -> bool:
        """Whether a product names a parameter that isn't frozen."""
        graph = self.graph
        return self._frozen is None or not all(
            all(self._frozen_among(line, len(graph.args[vec]))) for vec, line in graph.parts(product)
        )

    def _trained(self, vec: int, line: Line) -> Iterable[tuple[int, Line]]:
        """A line of parameters without the frozen ones, in pieces, each with the rows that it is multiplied by."""
        rows = self.graph.args[vec]
        frozen = self._frozen_among(line, len(rows))
        if not any(frozen):
            yield vec, line
            return
        for is_frozen, places in groupby(range(len(rows)), frozen.__getitem__):
            if not is_frozen:
                first, *rest = places
                piece = rows[first : first + len(rest) + 1]
                yield self.graph.vec(piece), Line(line.slot + line.step * first, line.step)

    def run(self) -> Gradients:
        """The whole sweep: rows first, then what depends on parameters alone."""
        graph, seed = self.graph, self.graph.leaf("seed", 0)
        self._contribute(self.root, None, seed)
        for node in range(self.size - 1, -1, -1):
            if node in self.lines:
                self._through_vec(node, self.lines.pop(node))
            if graph.uniform[node] or not (node in self.terms or node in self.parts):
                continue
            adjoint = self._collected(self.terms.pop(node, []), self.parts.pop(node, []))
            if graph.is_leaf(node):
                self.gradients.inputs[node] = adjoint
            elif graph.kinds[node] == DOT:
                self._through_dot(node, adjoint)
            elif graph.kinds[node] == PRODUCT:
                self._through_product(node, adjoint)
            elif graph.kinds[node] is BATCH_MEAN:
                self._contribute(graph.args[node][0], None, graph.record(ADJOINT_MEAN, (adjoint,)))
            else:
                self._through(node, adjoint)
        self._through_uniforms()
        return self.gradients

    def _contribute(self, node: int, coefficient: int | None, row: int, right: int | None = None) -> None:
        """Add to the adjoint of a node; to that of a uniform as a sum of ``row * right``."""
        if not self.needed[node]:
            return
        if self.graph.uniform[node]:
            left = row if coefficient is None else self.graph.record(mul, (coefficient, row))
            self.gradients.sums.append(UniformSum(node, left, right))
        else:
            self.terms.setdefault(node, []).append((coefficient, row))

    def _collected(self, terms: Sequence[Term], parts: Sequence[tuple[int, Line]] = ()) -> int:
        """The sum of the terms, products with uniforms as a dot, and of what flows back through layers."""
        graph = self.graph
        if len(terms) == 1 and terms[0][0] is None and not parts:  # nearly always, in a graph without weights
            return terms[0][1]
        products = [(coefficient, row) for coefficient, row in terms if coefficient is not None]
        rows = [row for coefficient, row in terms if coefficient is None]
        if worth_a_dot(graph, [coefficient for coefficient, _ in products]):
            rows.insert(0, graph.dot(products))
        else:
            rows[:0] = [graph.record(mul, product) for product in products]
        if parts:
            rows.insert(0, graph.product(parts))
        rows.sort(key=lambda row: graph.kinds[row] is neg)  # what is subtracted stands behind something
        total = rows[0]
        for row in rows[1:]:
            total = _sum(graph, total, row)
        return total

    def _through_dot(self, node: int, adjoint: int) -> None:
        bias = self.graph.bias(node)
        if bias is not None:
            self._contribute(bias, None, adjoint)
        for coefficient, row in self.graph.terms(node):
            self._contribute(coefficient, None, adjoint, row)
            self._contribute(row, coefficient, adjoint)

    def _through_product(self, node: int, adjoint: int) -> None:
        bias = self.graph.bias(node)
        if bias is not None:
            self._contribute(bias, None, adjoint)
        for vec, line in self.graph.parts(node):
            for part, trained in self._trained(vec, line) if self.by_parameters else ():
                self.gradients.sums.append(LineSum(trained, adjoint, part))
            if self.needed[vec]:
                self.lines.setdefault(vec, {}).setdefault(line, []).append(adjoint)

    def _through_vec(self, vec: int, lines: Mapping[Line, list[int]]) -> None:
        """Pass the adjoints of all products on to the rows of a vec.

        Lines with a step from each to the next are the rows of a matrix. What flows to a row of the vec is the product
        of a column of each matrix with the adjoints of its rows.
        """
        graph = self.graph
        matrices: list[tuple[int, Line, int]] = []
        ordered = sorted(lines, key=lambda line: (line.step, line.slot))
        for run in runs([(line.step, line.slot) for line in ordered], ordered, steps=(0,)):
            adjoints = [self._collected([(None, adjoint) for adjoint in lines[line]]) for line in run]
            matrices.append((graph.vec(tuple(adjoints)), run[0], run[1].slot - run[0].slot if len(run) > 1 else 1))
        for k, row in enumerate(graph.args[vec]):
            if self.needed[row]:
                columns = [(adjoints, Line(slot + k * step, by)) for adjoints, (slot, step), by in matrices]
                self.parts.setdefault(row, []).extend(columns)

    def _through(self, node: int, adjoint: int) -> None:
        """Pass an adjoint on to the operands of an operation, each with its partial."""
        graph = self.graph
        op = graph.kinds[node]
        assert isinstance(op, Op)
        for arg, p in self._partials(node):
            number = graph.numbers.get(p)
            if number is not None:
                if number != 0.0:
                    self._contribute(arg, None, _scaled(graph, adjoint, number))
            elif graph.uniform[arg]:
                self._into_uniform(arg, adjoint, p, op.singular)
            elif graph.uniform[p] and not op.singular:
                self._contribute(arg, p, adjoint)
            else:
                self._contribute(arg, None, _times(graph, adjoint, p, op.singular))

    def _into_uniform(self, uniform: int, adjoint: int, p: int, singular: bool) -> None:
        if singular:
            p = self.graph.record(SHIELDED, (adjoint, p))
        if self.graph.uniform[p]:
            self._contribute(uniform, p, adjoint)
        else:
            self._contribute(uniform, None, adjoint, p)

    def _through_uniforms(self) -> None:
        """Carry the adjoints of what was computed from parameters alone to the parameters."""
        graph, gradients = self.graph, self.gradients
        summed = {total.uniform for total in gradients.sums if isinstance(total, UniformSum)}
        passed: dict[int, int] = {}
        for node in range(self.size - 1, -1, -1):
            if not self.needed[node] or not graph.uniform[node]:
                continue
            adjoint = passed.pop(node, None)
            if graph.is_leaf(node):
                if adjoint is not None:
                    gradients.parameters[node] = adjoint
                continue
            if node in summed:
                adjoint = _plus(graph, adjoint, graph.leaf("adjoint", node))
            if adjoint is not None:
                self._through_uniform(node, adjoint, passed)

    def _through_uniform(self, node: int, adjoint: int, passed: dict[int, int]) -> None:
        graph = self.graph
        for arg, p in self._partials(node):
            number = graph.numbers.get(p)
            if number is None:
                passed[arg] = _plus(graph, passed.get(arg), graph.record(PASSED_ON, (adjoint, p)))
            elif number != 0.0:
                passed[arg] = _plus(graph, passed.get(arg), _scaled(graph, adjoint, number))

    def _partials(self, node: int) -> Iterable[tuple[int, int]]:
        """The operands that carry gradient, and the partials by them."""
        args, needed = self.graph.args[node], self.needed
        if len(args) == 2:
            positions = _OF_TWO[needed[args[0]] + 2 * needed[args[1]]]
        else:
            positions = tuple([position for position, arg in enumerate(args) if needed[arg]])
        found = partials(self.graph, node, positions, self._record)
        return zip([args[position] for position in positions], found, strict=True)


def _times(graph: Graph, adjoint: int, p: int, singular: bool) -> int:
    """The product of an adjoint and a partial; the sign of a partial goes outside, where a subtraction swallows it."""
    if graph.kinds[p] is neg:
        return graph.record(neg, (_times(graph, adjoint, graph.args[p][0], singular),))
    return graph.record(PASSED_ON if singular else mul, (adjoint, p))


def _sum(graph: Graph, a: int, b: int) -> int:
    return graph.record(sub, (a, graph.args[b][0])) if graph.kinds[b] is neg else graph.record(add, (a, b))


def _scaled(graph: Graph, adjoint: int, number: float) -> int:
    if number == 1.0:
        return adjoint
    if not math.isfinite(number):
        return graph.record(PASSED_ON, (adjoint, graph.constant(number)))
    return graph.record(neg, (adjoint,)) if number == -1.0 else graph.record(mul, (adjoint, graph.constant(number)))


def _plus(graph: Graph, a: int | None, b: int) -> int:
    return b if a is None else graph.record(add, (a, b))
