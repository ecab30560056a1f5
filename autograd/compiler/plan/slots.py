"""Uniforms: which slot each has, and the scalar code before and after the rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ...operation import Op
from ...ops import add, neg
from ..graph.nodes import DOT, SUMS, TOTALS, Nodes
from ..tape import Instruction, Local, Number, Operand, Total, Uniform


class UniformSlots:
    """Slots of the uniforms of a graph: parameters, buffers, totals, what is computed from them, constants; in order.

    >>> nodes = Nodes(); w = nodes.leaf("parameter", 0); half = nodes.record(neg, (w,))
    >>> slots = UniformSlots(nodes, 1); slots.slot(w), slots.slot(half), slots.count
    (0, 1, 2)
    """

    def __init__(self, nodes: Nodes, parameters: int, buffers: int = 0) -> None:
        self.nodes, self.parameters, self.buffers = nodes, parameters, buffers
        self._given = parameters + buffers
        self.late = self._after_the_rows()
        self.computed = [
            node
            for node, uniform in enumerate(nodes.uniform)
            if uniform and not nodes.is_leaf(node) and not self.late[node]
        ]
        self._totals = [(kind, node) for kind in TOTALS for node, found in enumerate(nodes.kinds) if found == kind]
        ordered = [*(node for _, node in self._totals), *self.computed]
        self._slots = {node: self._given + i for i, node in enumerate(ordered)}
        self._constants: dict[int, int] = {}
        for node, kind in enumerate(nodes.kinds):
            if kind == DOT:
                self._keep_constants(coefficient for coefficient, _ in nodes.terms(node))
            if kind in SUMS and (bias := nodes.bias(node)) is not None:
                self._keep_constants([bias])

    def _after_the_rows(self) -> bytearray:
        nodes = self.nodes
        late = bytearray(len(nodes))
        for node, kind in enumerate(nodes.kinds):
            late[node] = kind == "adjoint" or (nodes.uniform[node] and any(late[arg] for arg in nodes.args[node]))
        return late

    def _keep_constants(self, nodes: Iterable[int]) -> None:
        """Give the constants among the coefficients and biases of sums a slot each."""
        for node in nodes:
            if node in self.nodes.numbers and node not in self._constants:
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
        return int(self.nodes.payload[node]) if slot is None else slot

    def terms(self, node: int) -> list[tuple[int, int]]:
        """The (slot, row) pairs of a dot or a product."""
        nodes = self.nodes
        if nodes.kinds[node] == DOT:
            return [(self.slot(coefficient), row) for coefficient, row in nodes.terms(node)]
        parts = nodes.parts(node)
        return [(slot + k * step, row) for vec, (slot, step) in parts for k, row in enumerate(nodes.args[vec])]

    def count_terms(self, node: int) -> int:
        """How many terms a dot or a product has."""
        nodes = self.nodes
        if nodes.kinds[node] == DOT:
            return len(nodes.args[node]) // 2
        return sum(len(nodes.args[vec]) for vec, _ in nodes.parts(node))

    def operand(self, node: int) -> Operand:
        """The uniform as an operand of an instruction; the adjoint of a uniform has the slot behind all of them."""
        if node in self.nodes.numbers:
            return Number(self.nodes.numbers[node])
        if self.nodes.kinds[node] == "adjoint":
            return Uniform(self.count + self.slot(self.nodes.payload[node]))
        return Uniform(self.slot(node))

    @property
    def totals(self) -> tuple[Total, ...]:
        """The sums over parameters."""
        payload = self.nodes.payload
        return tuple(Total(kind, self._slots[node], *payload[node]) for kind, node in self._totals)

    def prologue(self, checked: Collection[int]) -> tuple[Instruction, ...]:
        """The code that fills the slots behind those of parameters and buffers."""
        nodes, code = self.nodes, list[Instruction]()
        for node in self.computed:
            op = nodes.kinds[node]
            assert isinstance(op, Op)
            args = tuple(self.operand(arg) for arg in nodes.args[node])
            code.append(Instruction(len(code), op, args, Uniform(self._slots[node]), node in checked))
        for node, slot in self._constants.items():
            code.append(Instruction(len(code), neg, (Number(-nodes.numbers[node]),), Uniform(slot)))
        return tuple(code)

    def epilogue(self, parameters: Mapping[int, int]) -> tuple[Instruction, ...]:
        """The code that adds to the parameters' adjoints what flows to them through other uniforms."""
        nodes, code = self.nodes, list[Instruction]()
        places: dict[int, Local] = {}

        def operand(node: int) -> Operand | Local:
            return places.get(node) or self.operand(node)

        for node in range(len(nodes)):
            op = nodes.kinds[node]
            if self.late[node] and isinstance(op, Op):
                places[node] = Local(len(code))
                code.append(Instruction(len(code), op, tuple(operand(arg) for arg in nodes.args[node])))
        for parameter, passed in parameters.items():
            gradient = Uniform(self.count + self.slot(parameter))
            code.append(Instruction(len(code), add, (gradient, operand(passed)), gradient))
        return tuple(code)
