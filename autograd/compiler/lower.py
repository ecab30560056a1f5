"""Lowering: a plan, in which all is decided, is written down as a tape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from ..operation import Op
from .backend import Goal, InputArray
from .graph.conditions import ADJOINT_MEAN
from .graph.graph import SUMS
from .graph.rooted import RootedGraph
from .graph.runs import runs
from .plan.families import Family, Groups
from .plan.schedule import PlannedUnit, Schedule
from .tape import (
    Dense,
    Dot,
    Instruction,
    Local,
    Map,
    Mean,
    Operand,
    Output,
    Reduction,
    Row,
    Rows,
    Segment,
    Straight,
    Tape,
    Uniform,
    Uniforms,
    Unit,
)


class Plan(NamedTuple):
    """All that is decided before a tape is written."""

    rooted: RootedGraph
    groups: Groups
    schedule: Schedule
    reductions: tuple[Reduction, ...]
    arrays: tuple[InputArray, ...]
    results: int
    """How many of the graph's roots are results; the others are observed."""
    goal: Goal


def lower(plan: Plan) -> Tape:
    """The tape of a plan. An example is in `pipeline`."""
    return _Lowering(plan).tape()


class _Lowering:
    """Writes the units of a tidy graph."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.graph, self.checked = plan.rooted.graph, plan.rooted.checked
        self.groups, self.slots, self.schedule = plan.groups, plan.groups.slots, plan.schedule
        self._operands: dict[int, Operand] = {}

    def tape(self) -> Tape:
        """The whole tape."""
        plan, gradients = self.plan, self.plan.rooted.gradients
        roots = tuple(self._shared(root) for root in plan.rooted.roots)
        return Tape(
            arrays=plan.arrays,
            parameters=self.slots.parameters,
            uniforms=self.slots.count,
            scratch=self.schedule.scratch,
            totals=self.slots.totals,
            prologue=self.slots.prologue(self.checked),
            units=tuple(self._unit(planned) for planned in self.schedule.planned),
            reductions=plan.reductions,
            epilogue=self.slots.epilogue(gradients.parameters),
            results=roots[: plan.results],
            input_adjoints=self._input_adjoints(gradients.inputs) if plan.goal == "inputs" else (),
            seeded=plan.goal != "values",
            buffers=self.slots.buffers,
            observed=roots[plan.results :],
        )

    def _input_adjoints(self, inputs: Mapping[int, int]) -> tuple[Operand | None, ...]:
        by_column = {self.graph.payload[leaf]: self._shared(node) for leaf, node in inputs.items()}
        return tuple(by_column.get(column) for column in range(sum(array.columns for array in self.plan.arrays)))

    def _shared(self, node: int) -> Operand:
        """A node as an operand from another unit."""
        found = self._operands.get(node)
        if found is None:
            found = self.slots.operand(node) if self.graph.uniform[node] else self.schedule.row(node)
            self._operands[node] = found
        return found

    # Units

    def _unit(self, planned: PlannedUnit) -> Unit:
        if planned.family is None:
            return self._straight(planned)
        family = self.groups.families[planned.family]
        if family.kind == "map":
            return self._map(family, {})
        if family.kind == "mean":
            return self._mean(family)
        return self._dense(family, self._epilogue(planned))

    def _straight(self, planned: PlannedUnit) -> Straight:
        targets: dict[int, Local] = {}
        code: list[Instruction | Dot] = []
        for target, node in enumerate(planned.nodes):
            write = self._dot if self.graph.kinds[node] in SUMS else self._instruction
            code.append(write(node, target, targets))
            targets[node] = _local(target)
        return Straight(tuple(code))

    def _instruction(self, node: int, target: int, targets: dict[int, Local]) -> Instruction:
        op = self.graph.kinds[node]
        assert isinstance(op, Op)
        known, shared = targets.get, self._shared
        args = tuple([known(arg) or shared(arg) for arg in self.graph.args[node]])
        return Instruction(target, op, args, self.schedule.stored(node), node in self.checked)

    def _dot(self, node: int, target: int, targets: dict[int, Local]) -> Dot:
        bias = self.graph.bias(node)
        terms = [(Uniform(slot), targets.get(row) or self.schedule.row(row)) for slot, row in self.slots.terms(node)]
        return Dot(target, None if bias is None else self._shared(bias), tuple(terms), self.schedule.stored(node))

    def _dense(self, family: Family, epilogue: tuple[Map, ...]) -> Dense:
        product = family.product
        assert product is not None
        return Dense(
            outputs=len(family.members),
            segments=tuple(self._segments(family)),
            bias=product.bias,
            bias_stride=product.bias_stride,
            store=self._store(family),
            epilogue=epilogue,
        )

    def _segments(self, family: Family) -> Iterator[Segment]:
        """The sources cut into parts that lie side by side and whose coefficients do so too."""
        product = family.product
        assert product is not None
        rows = [self.schedule.row(row) for row in product.rows]
        for space_run in _same_space(rows):
            for _, of_one_stride in groupby(space_run, key=product.strides.__getitem__):
                ks = list(of_one_stride)
                for run in runs([(rows[k].index, product.slots[k]) for k in ks], ks, steps=(1,)):
                    k = run[0]
                    stride_k = product.slots[run[1]] - product.slots[k] if len(run) > 1 else 0
                    yield Segment(rows[k], len(run), product.slots[k], product.strides[k], stride_k)

    def _mean(self, family: Family) -> Mean:
        first = family.members[0]
        source = self.schedule.row(self.graph.args[first][0])
        return Mean(len(family.members), source, self.schedule.row(first), self.graph.kinds[first] is ADJOINT_MEAN)

    def _epilogue(self, planned: PlannedUnit) -> tuple[Map, ...]:
        """The maps that are fused into a dense block; each may name the results of those before it."""
        assert planned.family is not None
        outputs = {planned.family: Output()}
        maps = []
        for index, number in enumerate(planned.epilogue):
            maps.append(self._map(self.groups.families[number], outputs))
            outputs[number] = Output(index)
        return tuple(maps)

    def _map(self, family: Family, outputs: dict[int, Output]) -> Map:
        """A map; ``outputs`` says which families are at hand in the dense block that it is fused into."""
        first, second = family.members[:2]
        op = self.graph.kinds[first]
        assert isinstance(op, Op)
        args = [
            self._map_argument(a, b, outputs)
            for a, b in zip(self.graph.args[first], self.graph.args[second], strict=True)
        ]
        checked = any(node in self.checked for node in family.members)
        return Map(len(family.members), op, tuple(args), self._store(family), checked)

    def _map_argument(self, a: int, b: int, outputs: dict[int, Output]) -> Rows | Uniforms | Output | Operand:
        """An argument, from what it is for the first two members."""
        if a == b:
            return self._shared(a)
        if self.graph.uniform[a]:
            return Uniforms(self.slots.slot(a), self.slots.slot(b) - self.slots.slot(a))
        output = outputs.get(self.groups.place[a].family)
        return Rows(self.schedule.row(a)) if output is None else output

    def _store(self, family: Family) -> Row | None:
        return self.schedule.stored(family.members[0])


@lru_cache(maxsize=4096)
def _local(target: int) -> Local:
    """Each unit has the same ones."""
    return Local(target)


def _same_space(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Indices of neighbours that are all inputs or all scratch rows."""
    begin = 0
    for k in range(1, len(rows) + 1):
        if k == len(rows) or rows[k].space != rows[begin].space:
            yield list(range(begin, k))
            begin = k
