"""Uniforms: which slot each has, and the scalar code before and after the rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ...operation import Op
from ...ops import add, neg
from ..graph.graph import DOT, SUMS, TOTALS, Graph
from ..tape import Instruction, Local, Number, Operand, Total, Uniform


class UniformSlots:
    """Slots of the uniforms of a graph: parameters, buffers, totals, what is computed from them, constants."""

    def __init__(self, graph: Graph, parameters: int, buffers: int = 0) -> None:
        self.graph, self.parameters, self.buffers = graph, parameters, buffers
        self._given = parameters + buffers
        self.late = self._after_the_rows()
        self.computed = [
            node
            for node, uniform in enumerate(graph.uniform)
            if uniform and not graph.is_leaf(node) and not self.late[node]
        ]
        self._totals = [(kind, node) for kind in TOTALS for node, found in enumerate(graph.kinds) if found == kind]
        ordered = [*(node for _, node in self._totals), *self.computed]
        self._slots = {node: self._given + i for i, node in enumerate(ordered)}
        self._constants: dict[int, int] = {}
        for node, kind in enumerate(graph.kinds):
            if kind == DOT:
                self._keep_constants(coefficient for coefficient, _ in graph.terms(node))
            if kind in SUMS and (bias := graph.bias(node)) is not None:
                self._keep_constants([bias])

    def _after_the_rows(self) -> bytearray:
        graph = self.graph
        late = bytearray(len(graph))
        for node, kind in enumerate(graph.kinds):
            late[node] = kind == "adjoint" or (graph.uniform[node] and any(late[arg] for arg in graph.args[node]))
        return late

    def _keep_constants(self, nodes: Iterable[int]) -> None:
        """Give the constants among the coefficients and biases of sums a slot each."""
        for node in nodes:
            if node in self.graph.numbers and node not in self._constants:
                self._constants[node] = self._given + len(self._slots) + len(self._constants)

    @property
    def computed_slots(self) -> dict[int, int]:
        """By node: the slots behind those of parameters and buffers."""
        return {**self._slots, **self._constants}

    @property
    def count(self) -> int:
        """How many slots there are."""
        return self._given + len(self._slots) + len(self._constants)

    def slot(self, node: int) -> int:
        """The slot of a parameter, a buffer, a total, a computed uniform, or a constant that is a coefficient."""
        if node in self._constants:
            return self._constants[node]
        slot = self._slots.get(node)
        return int(self.graph.payload[node]) if slot is None else slot

    def terms(self, node: int) -> list[tuple[int, int]]:
        """The (slot, row) pairs of a dot or a product."""
        graph = self.graph
        if graph.kinds[node] == DOT:
            return [(self.slot(coefficient), row) for coefficient, row in graph.terms(node)]
        parts = graph.parts(node)
        return [(slot + k * step, row) for vec, (slot, step) in parts for k, row in enumerate(graph.args[vec])]

    def count_terms(self, node: int) -> int:
        """How many terms a dot or a product has."""
        graph = self.graph
        if graph.kinds[node] == DOT:
            return len(graph.args[node]) // 2
        return sum(len(graph.args[vec]) for vec, _ in graph.parts(node))

    def operand(self, node: int) -> Operand:
        """The uniform as an operand of an instruction; the adjoint of a uniform has the slot behind all of them."""
        if node in self.graph.numbers:
            return Number(self.graph.numbers[node])
        if self.graph.kinds[node] == "adjoint":
            return Uniform(self.count + self.slot(self.graph.payload[node]))
        return Uniform(self.slot(node))

    @property
    def totals(self) -> tuple[Total, ...]:
        """The sums over parameters."""
        payload = self.graph.payload
        return tuple(Total(kind, self._slots[node], *payload[node]) for kind, node in self._totals)

    def prologue(self, checked: Collection[int]) -> tuple[Instruction, ...]:
        """The code that fills the slots behind those of parameters and buffers."""
        graph, code = self.graph, list[Instruction]()
        for node in self.computed:
            op = graph.kinds[node]
            assert isinstance(op, Op)
            args = tuple(self.operand(arg) for arg in graph.args[node])
            code.append(Instruction(len(code), op, args, Uniform(self._slots[node]), node in checked))
        for node, slot in self._constants.items():
            code.append(Instruction(len(code), neg, (Number(-graph.numbers[node]),), Uniform(slot)))
        return tuple(code)

    def epilogue(self, parameters: Mapping[int, int]) -> tuple[Instruction, ...]:
        """The code that adds to the parameters' adjoints what flows to them through other uniforms."""
        graph, code = self.graph, list[Instruction]()
        places: dict[int, Local] = {}

        def operand(node: int) -> Operand | Local:
            return places.get(node) or self.operand(node)

        for node in range(len(graph)):
            op = graph.kinds[node]
            if self.late[node] and isinstance(op, Op):
                places[node] = Local(len(code))
                code.append(Instruction(len(code), op, tuple(operand(arg) for arg in graph.args[node])))
        for parameter, passed in parameters.items():
            gradient = Uniform(self.count + self.slot(parameter))
            code.append(Instruction(len(code), add, (gradient, operand(passed)), gradient))
        return tuple(code)
