"""Lowering: from a trace to a tape, pass by pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from ..declaration import NONNEGATIVE, NONZERO, POSITIVE, REAL, Op
from ..ops import add, mul
from .backend import Goal
from .differentiate import Gradients, differentiate
from .dots import find_dots
from .fuse import Fusion
from .group import Family, find_groups
from .inner_ops import ADJOINT_MEAN
from .nodes import SUMS, Nodes
from .reductions import find_reductions
from .runs import runs
from .schedule import Schedule, Work
from .tape import (
    Dense,
    Dot,
    Group,
    Instruction,
    Local,
    Map,
    Mean,
    Operand,
    Output,
    Row,
    Segment,
    Straight,
    Tape,
    Uniform,
    Uniforms,
    Unit,
)
from .tidy import tidy
from .totals import find_totals
from .trace import Trace
from .uniforms import UniformSlots


def lower(trace: Trace, goal: Goal, checks: bool = True) -> Tape:
    """The tape of a trace; without ``checks`` nothing outside of a domain is reported.

    >>> from autograd.compiler.backend import InputArray
    >>> from autograd.compiler.trace import trace
    >>> tape = lower(trace(lambda x: x * 2.0, [InputArray("x", 1, scalar=True)]), "values")
    >>> len(tape.units), tape.results
    (1, (Row(space='scratch', index=0),))
    """
    nodes, roots = find_dots(*find_totals(trace.nodes, (*trace.results, *trace.observed)))
    written = len(nodes)
    gradients = Gradients()
    if goal != "values":
        gradients = differentiate(nodes, roots[0], by_parameters=goal == "parameters", by_inputs=goal == "inputs")
    nodes, names, checked = _tidied(nodes, [*roots, *gradients.roots()], written)
    found = tuple(names[root] for root in roots)
    return _Lowering(nodes, trace, goal).tape(found, gradients.renamed(names), checked if checks else set())


def _tidied(nodes: Nodes, roots: Iterable[int], written: int) -> tuple[Nodes, dict[int, int], set[int]]:
    """The graph tidied up, and which of its nodes the user wrote whose operands may be outside of a domain."""
    new, names = tidy(nodes, roots, written)
    positive = _positive(new)
    checked = {name for node, name in names.items() if node < written and _can_refuse(new, name, positive)}
    return new, names, checked


def _can_refuse(nodes: Nodes, node: int, positive: set[int]) -> bool:
    op = nodes.kinds[node]
    return (
        isinstance(op, Op)
        and _has_domain(op)
        and (
            op.refuses is not None
            or any(
                op.domain_of(i) is not REAL and not (arg in positive and op.domain_of(i) in _HOLD_POSITIVE)
                for i, arg in enumerate(nodes.args[node])
            )
        )
    )


@lru_cache(maxsize=4096)
def _has_domain(op: Op) -> bool:
    return op.refuses is not None or any(domain is not REAL for domain in op.domain)


_HOLD_POSITIVE = (POSITIVE, NONNEGATIVE, NONZERO)


def _positive(nodes: Nodes) -> set[int]:
    """Rows that are above zero or NaN whatever their operands are: a square plus a positive number."""
    found: set[int] = set()
    for node, kind in enumerate(nodes.kinds):
        if kind is add:
            a, b = nodes.args[node]
            square = b if a in nodes.numbers else a
            if _is_square(nodes, square) and nodes.numbers.get(a + b - square, 0.0) > 0.0:
                found.add(node)
    return found


def _is_square(nodes: Nodes, node: int) -> bool:
    args = nodes.args[node]
    return nodes.kinds[node] is mul and args[0] == args[1]


class _Lowering:
    """Writes the units of a tidy graph."""

    def __init__(self, nodes: Nodes, trace: Trace, goal: Goal) -> None:
        self.nodes, self.arrays, self.goal = nodes, trace.arrays, goal
        self.results = len(trace.results)
        self.slots = UniformSlots(nodes, trace.span.size, sum(array.size for array in trace.buffers))
        self.groups = find_groups(nodes, self.slots)
        self._operands: dict[int, Operand] = {}

    def tape(self, roots: Sequence[int], gradients: Gradients, checked: set[int]) -> Tape:
        """The whole tape. The roots are the results, and then what is observed."""
        self.checked = checked
        rows = [node for node in self.nodes.rows((*roots, *gradients.roots())) if not self.nodes.uniform[node]]
        self.fusion = Fusion(self.groups, rows)
        columns = sum(array.columns for array in self.arrays)
        self.schedule = Schedule(self.groups, self.fusion, rows, columns)
        reductions = find_reductions(gradients.sums, self.groups, self.schedule)
        return Tape(
            arrays=self.arrays,
            parameters=self.slots.parameters,
            uniforms=self.slots.count,
            scratch=self.schedule.scratch,
            totals=self.slots.totals,
            prologue=self.slots.prologue(checked),
            units=tuple(self._unit(work) for work in self.schedule.works),
            reductions=reductions,
            epilogue=self.slots.epilogue(gradients.parameters),
            results=tuple(self._shared(root) for root in roots[: self.results]),
            input_adjoints=self._input_adjoints(gradients, columns) if self.goal == "inputs" else (),
            seeded=self.goal != "values",
            buffers=self.slots.buffers,
            observed=tuple(self._shared(root) for root in roots[self.results :]),
        )

    def _input_adjoints(self, gradients: Gradients, columns: int) -> tuple[Operand | None, ...]:
        by_column = {self.nodes.payload[leaf]: self._shared(node) for leaf, node in gradients.inputs.items()}
        return tuple(by_column.get(column) for column in range(columns))

    def _shared(self, node: int) -> Operand:
        """A node as an operand from another unit."""
        found = self._operands.get(node)
        if found is None:
            found = self.slots.operand(node) if self.nodes.uniform[node] else self.schedule.row(node)
            self._operands[node] = found
        return found

    # Units

    def _unit(self, work: Work) -> Unit:
        if work.family is None:
            return self._straight(work)
        family = self.groups.families[work.family]
        if family.kind == "map":
            return self._map(family, {})
        if family.kind == "mean":
            return self._mean(family)
        maps = self._epilogue(work)
        return self._dense(family, maps)

    def _straight(self, work: Work) -> Straight:
        targets: dict[int, Local] = {}
        code: list[Instruction | Dot] = []
        for target, node in enumerate(work.nodes):
            write = self._dot if self.nodes.kinds[node] in SUMS else self._instruction
            code.append(write(node, target, targets))
            targets[node] = _local(target)
        return Straight(tuple(code))

    def _instruction(self, node: int, target: int, targets: dict[int, Local]) -> Instruction:
        op = self.nodes.kinds[node]
        assert isinstance(op, Op)
        known, shared = targets.get, self._shared
        args = tuple([known(arg) or shared(arg) for arg in self.nodes.args[node]])
        return Instruction(target, op, args, self.schedule.stored(node), node in self.checked)

    def _dot(self, node: int, target: int, targets: dict[int, Local]) -> Dot:
        bias = self.nodes.bias(node)
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
        source = self.schedule.row(self.nodes.args[first][0])
        return Mean(len(family.members), source, self.schedule.row(first), self.nodes.kinds[first] is ADJOINT_MEAN)

    def _epilogue(self, work: Work) -> tuple[Map, ...]:
        """The maps that are fused into a dense block; each may name the results of those before it."""
        outputs: dict[int, Output] = {}
        assert work.family is not None
        outputs[work.family] = Output()
        maps = []
        for index, number in enumerate(work.epilogue):
            maps.append(self._map(self.groups.families[number], outputs))
            outputs[number] = Output(index)
        return tuple(maps)

    def _map(self, family: Family, outputs: dict[int, Output]) -> Map:
        """A map; ``outputs`` says which families are at hand in the dense block that it is fused into."""
        first, second = family.members[:2]
        op = self.nodes.kinds[first]
        assert isinstance(op, Op)
        args = [
            self._map_argument(a, b, outputs)
            for a, b in zip(self.nodes.args[first], self.nodes.args[second], strict=True)
        ]
        checked = any(node in self.checked for node in family.members)
        return Map(len(family.members), op, tuple(args), self._store(family), checked)

    def _map_argument(self, a: int, b: int, outputs: dict[int, Output]) -> Group | Uniforms | Output | Operand:
        """An argument, from what it is for the first two members."""
        if a == b:
            return self._shared(a)
        if self.nodes.uniform[a]:
            return Uniforms(self.slots.slot(a), self.slots.slot(b) - self.slots.slot(a))
        output = outputs.get(self.groups.place[a].family)
        return Group(self.schedule.row(a)) if output is None else output

    def _store(self, family: Family) -> Row | None:
        first = family.members[0]
        return self.schedule.stored(first)


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
