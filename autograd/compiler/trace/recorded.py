"""Derivatives inside of a trace: `gradients` of traced numbers, as further nodes that can be differentiated again.

So the loss of a physics-informed network is compiled: u = model(x), (u_x,) = gradients(u, [x], record=True), and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...batch import BATCH_MEAN
from ...errors import TraceError
from ...operation import Op
from ...ops import mul, where
from ..graph.conditions import CONDITIONS, IDENTITY, IS_CONDITION, unchecked
from ..graph.graph import PRODUCT, TOTALS, Graph, simplified
from ..graph.runs import Line
from ..passes.differentiate import Sweep


def recorded(graph: Graph, root: int, wanted: Sequence[int], parameter: Callable[[int], int]) -> list[int]:
    """The nodes of the derivatives of ``root`` by each wanted node, which are added to the graph.

    ``parameter`` gives the leaf of the parameter at a place that a product names.
    """
    found = _Recorded(graph, root, set(wanted), parameter).found()
    return [found[node] if node in found else graph.constant(0.0) for node in wanted]


class _Recorded(Sweep):
    """A sweep from 1 at the root, all of whose numbers are those of one sample, also where they are parameters'."""

    def __init__(self, graph: Graph, root: int, wanted: set[int], parameter: Callable[[int], int]) -> None:
        self._wanted, self._parameter = wanted, parameter
        self._places = {graph.payload[node]: node for node in wanted if graph.kinds[node] == "parameter"}
        super().__init__(graph, root, by_parameters=False, by_inputs=True)
        self._record = self._without_domain

    def _find_needed(self) -> bytearray:
        """The nodes that depend on a wanted one."""
        graph, needed = self.graph, bytearray(self.size)
        for node in range(self.size):
            kind = graph.kinds[node]
            if kind in TOTALS:
                self._refuse_total(node)
            if node in self._wanted or (kind == PRODUCT and self._named_by(node)):
                needed[node] = True
            elif kind is not IDENTITY and kind not in IS_CONDITION:
                needed[node] = any(needed[arg] for arg in graph.args[node])
        return needed

    def _refuse_total(self, node: int) -> None:
        """A penalty's sum names its parameters by their place only: it would seem not to depend on any of them."""
        first, count = self.graph.payload[node]
        if any(first <= place < first + count for place in self._places):
            raise TraceError(
                "inside of a compiled function a penalty of nn.penalties can't be differentiated by gradients(...); "
                "spell it out, as in sum(w * w for w in weights)"
            )

    def _named_by(self, product: int) -> list[tuple[int, int]]:
        """The wanted parameters that a product names, each with the row that it is multiplied by."""
        graph = self.graph
        found = []
        for vec, (slot, step) in graph.parts(product):
            rows = graph.args[vec]
            for place, node in self._places.items():
                k, rest = divmod(place - slot, step)
                if rest == 0 and 0 <= k < len(rows):
                    found.append((node, rows[k]))
        return found

    def found(self) -> dict[int, int]:
        """The adjoint of each wanted node that the root depends on."""
        graph = self.graph
        found: dict[int, int] = {}
        self._contribute(self.root, None, graph.constant(1.0))
        for node in range(self.size - 1, -1, -1):
            if node in self.lines:
                self._through_vec(node, self.lines.pop(node))
            if node not in self.terms and node not in self.parts:
                continue
            if graph.is_leaf(node):  # a parameter may have been met after a product that names it
                continue
            adjoint = self._collected(self.terms.pop(node, []), self.parts.pop(node, []))
            if node in self._wanted:
                found[node] = adjoint
            if graph.kinds[node] == PRODUCT:
                self._through_product(node, adjoint)
            else:
                self._through(node, adjoint)
        for node in self._wanted.intersection((*self.terms, *self.parts)):
            found[node] = self._collected(self.terms.get(node, []), self.parts.get(node, []))
        return found

    def _contribute(self, node: int, coefficient: int | None, row: int, right: int | None = None) -> None:
        if self.needed[node]:
            assert coefficient is None
            assert right is None
            self.terms.setdefault(node, []).append((None, row))

    def _through_product(self, node: int, adjoint: int) -> None:
        graph = self.graph
        for wanted, row in self._named_by(node):
            self._contribute(wanted, None, graph.record(mul, (adjoint, row)))
        if not graph.uniform[adjoint]:
            super()._through_product(node, adjoint)
            return
        bias = graph.bias(node)  # a vec is made of rows, so what is no row is multiplied number by number
        if bias is not None:
            self._contribute(bias, None, adjoint)
        for vec, line in graph.parts(node):
            self._through_line(vec, line, adjoint)

    def _through_line(self, vec: int, line: Line, adjoint: int) -> None:
        for k, row in enumerate(self.graph.args[vec]):
            if self.needed[row]:
                weight = self._parameter(line.slot + k * line.step)
                self._contribute(row, None, self.graph.record(mul, (adjoint, weight)))

    def _through(self, node: int, adjoint: int) -> None:
        graph = self.graph
        op = graph.kinds[node]
        assert isinstance(op, Op)
        if op is BATCH_MEAN:
            raise TraceError(
                "gradients of traced numbers can't go through the mean of a batch (nn.BatchNorm in training), which "
                "depends on all samples; call the model in eval mode, or take nn.LayerNorm"
            )
        for arg, p in self._partials(node):
            if graph.numbers.get(p) != 0.0:
                self._contribute(arg, None, self._passed(adjoint, p, op.singular))

    def _passed(self, adjoint: int, p: int, singular: bool) -> int:
        """adjoint * partial, which is zero where the adjoint is and the partial isn't finite."""
        graph = self.graph
        if singular:
            zero = graph.constant(0.0)
            above = graph.record(CONDITIONS[">"], (adjoint, zero))
            flows = graph.record(CONDITIONS["|"], (above, graph.record(CONDITIONS["<"], (adjoint, zero))))
            p = graph.record(where, (flows, p, zero))
        return graph.record(mul, (adjoint, p))

    def _without_domain(self, op: Op, args: tuple[int, ...]) -> int:
        """The operation without a domain: nobody wrote the partial of sqrt at 0."""
        simpler = simplified(self.graph, op, args)
        return self.graph.record(unchecked(op), args) if simpler is None else simpler
