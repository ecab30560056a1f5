"""Grouping: dots over the same rows become dense blocks, the same operation on aligned rows becomes a map.

Nothing is known of layers. The graph is read level by level (a level is the longest way from an input). The members of
a group are always of one level, so groups can't depend on each other in a circle, and one pass is enough. Members are
put in the order of their first coefficient: the backward pass meets them in another order than the forward pass, and
groups that are to fit together must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ...batch import BATCH_MEAN
from ..graph.conditions import ADJOINT_MEAN, MEANS
from ..graph.graph import PRODUCT, SUMS, VEC, Graph
from ..graph.runs import runs
from .slots import UniformSlots

SMALLEST = 4
"""Members that are worth a loop."""
LONG = 32
"""Terms that are worth a loop even in a single dot."""
_NOWHERE = 1 << 60
_NO_MAPS = MEANS | SUMS


class Membership(NamedTuple):
    """Where a row is: which member of which family."""

    family: int
    member: int


@dataclass
class Family:
    """Rows that lie side by side: the inputs, the outputs of a dense block, a map or means, or a bundle."""

    kind: Literal["inputs", "dense", "map", "mean", "bundle"]
    members: list[int]
    level: int
    product: Product | None = None


@dataclass(frozen=True)
class Product:
    """The matrix of a dense block: coefficient (j, k), that of row k, is in slot ``slots[k] + j * strides[k]``."""

    rows: tuple[int, ...]
    slots: tuple[int, ...]
    strides: tuple[int, ...]
    bias: int | None
    bias_stride: int


class Groups:
    """The families of a graph, and the level of each node (-1 for inputs and uniforms)."""

    def __init__(self, graph: Graph, slots: UniformSlots) -> None:
        self.graph, self.slots = graph, slots
        self.levels = _levels(graph)
        self.families: list[Family] = []
        self.place: dict[int, Membership] = {}
        inputs = [node for node, kind in enumerate(graph.kinds) if kind == "input"]
        inputs.sort(key=lambda node: graph.payload[node])
        for run in runs([(graph.payload[node],) for node in inputs], inputs, steps=(1,)):
            self.add("inputs", run, -1)

    def add(self, kind: Any, members: Sequence[int], level: int, product: Product | None = None) -> int:
        """Make a family of these nodes, in this order; its number."""
        self.families.append(Family(kind, list(members), level, product))
        for index, node in enumerate(members):
            self.place[node] = Membership(len(self.families) - 1, index)
        return len(self.families) - 1

    def add_bundle(self, rows: Iterable[int]) -> None:
        """Have those of the rows that are in no family side by side. (Of inputs only the seed is in none: it stays.)"""
        unplaced = [row for row in dict.fromkeys(rows) if row not in self.place and self.levels[row] >= 0]
        if len(unplaced) > 1:
            self.add("bundle", unplaced, max(self.levels[row] for row in unplaced))

    def order(self, row: int) -> tuple[int, int]:
        """A sorting key by which rows of one family stand together, in their order; a row of none stands alone."""
        return self.place.get(row) or (_NOWHERE + row, 0)

    def in_order(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """(anything, row) pairs in the order of their rows: each row once, then those that stand there again."""
        seen: dict[int, int] = {}
        keys = []
        for _, row in pairs:
            seen[row] = seen.get(row, 0) + 1
            keys.append((seen[row], self.order(row)))
        return [pair for _, pair in sorted(zip(keys, pairs, strict=True))]

    def family(self, node: int) -> Family | None:
        """The family of a row."""
        place = self.place.get(node)
        return None if place is None else self.families[place.family]


def find_groups(graph: Graph, slots: UniformSlots) -> Groups:
    """Group a tidy graph."""
    groups = Groups(graph, slots)
    by_level: list[list[int]] = [[] for _ in range(max(groups.levels, default=-1) + 1)]
    for node, level in enumerate(groups.levels):
        if level >= 0 and graph.kinds[node] is not VEC:
            by_level[level].append(node)
    kinds = graph.kinds
    for level, members in enumerate(by_level):
        special = [node for node in members if kinds[node] in _NO_MAPS]
        if special:
            _find_dense(groups, [node for node in special if kinds[node] in SUMS], level)
            for op in (BATCH_MEAN, ADJOINT_MEAN):
                _find_means(groups, [node for node in special if kinds[node] is op], level)
        if len(members) - len(special) >= SMALLEST:
            _find_maps(groups, [node for node in members if kinds[node] not in _NO_MAPS], level)
    return groups


def _levels(graph: Graph) -> list[int]:
    levels: list[int] = []
    for kind, args, uniform in zip(graph.kinds, graph.args, graph.uniform, strict=True):
        if uniform or not args:
            levels.append(-1)
        elif kind is VEC:  # a list is there as soon as its last row is
            levels.append(max([levels[arg] for arg in args]))
        else:
            levels.append(1 + max([levels[arg] for arg in args]))
    return levels


# Dense blocks


def _find_dense(groups: Groups, sums: Iterable[int], level: int) -> None:
    """Sums that differ only in where each line of their coefficients begins, and in the slot of their bias."""
    graph, slots = groups.graph, groups.slots
    candidates: dict[Any, list[tuple[tuple[int, ...], int]]] = {}
    for node in sums:
        begins, what = (_product if graph.kinds[node] == PRODUCT else _dot)(groups, node)
        bias = graph.bias(node)
        numbers = begins if bias is None else (*begins, slots.slot(bias))
        candidates.setdefault((what, len(numbers)), []).append((numbers, node))
    for members in candidates.values():
        members.sort()
        for run in runs([numbers for numbers, _ in members], members):
            if len(run) >= SMALLEST or slots.count_terms(run[0][1]) >= LONG:
                _add_dense(groups, [node for _, node in run], level)


def _dot(groups: Groups, node: int) -> tuple[tuple[int, ...], Any]:
    """The first slot of a dot, and what it has in common with others of its block."""
    terms = groups.in_order(groups.slots.terms(node))
    first = terms[0][0]
    return (first,), tuple([(slot - first, row) for slot, row in terms])


def _product(groups: Groups, node: int) -> tuple[tuple[int, ...], Any]:
    """The first slots of a product's lines, and what it has in common: its rows, which need no look."""
    parts = list(groups.graph.parts(node))
    return tuple([slot for _, (slot, _) in parts]), tuple([(vec, step) for vec, (_, step) in parts])


def _add_dense(groups: Groups, run: Sequence[int], level: int) -> None:
    """A block of these sums: where the first two have their coefficients tells where all have them."""
    slots, bias = groups.slots, groups.graph.bias(run[0])
    terms, others = (groups.in_order(slots.terms(node)) for node in (run[0], run[min(1, len(run) - 1)]))
    rows = [row for _, row in terms]
    strides = [b - a for (a, _), (b, _) in zip(terms, others, strict=True)]
    bias_slots = [] if bias is None else [slots.slot(groups.graph.bias(node) or 0) for node in run[:2]]
    groups.add_bundle(rows)
    product = Product(
        tuple(rows),
        tuple([slot for slot, _ in terms]),
        tuple(strides),
        bias_slots[0] if bias_slots else None,
        bias_slots[-1] - bias_slots[0] if bias_slots else 0,
    )
    groups.add("dense", run, level, product)


# Means


def _find_means(groups: Groups, means: Sequence[int], level: int) -> None:
    """Each mean over the batch is in a family, perhaps alone: it needs all samples, so nothing can be done with it."""
    args = {node: groups.graph.args[node][0] for node in means}
    groups.add_bundle(args.values())
    ordered = sorted(means, key=lambda node: groups.order(args[node]))
    for run in runs([groups.order(args[node]) for node in ordered], ordered, steps=(0, 1)):
        groups.add("mean", run, level)


# Maps


def _find_maps(groups: Groups, candidates: Sequence[int], level: int) -> None:
    """Aligned operations. What doesn't align with all of its operands may with one, the others being shared."""
    candidates = _alignable(groups, candidates)
    for shared in (None, 0, 1) if len(candidates) >= SMALLEST else ():
        found: dict[Any, list[tuple[tuple[int, ...], int]]] = {}
        for node in candidates:
            if node not in groups.place and (signature := _signature(groups, node, shared)) is not None:
                found.setdefault(signature[0], []).append((signature[1], node))
        for key, members in found.items():
            if len(members) >= SMALLEST:
                members.sort()
                steps = (1,) if key[-1] else ()
                for run in runs([numbers for numbers, _ in members], members, steps):
                    if len(run) >= SMALLEST and run[0][0] != run[1][0]:
                        groups.add("map", [node for _, node in run], level)


def _alignable(groups: Groups, candidates: Sequence[int]) -> list[int]:
    """Those with an operand that is in a family, or that is uniform and no constant."""
    place, uniform, numbers, args = groups.place, groups.graph.uniform, groups.graph.numbers, groups.graph.args
    found = []
    for node in candidates:
        for arg in args[node]:
            if arg in place or (uniform[arg] and arg not in numbers):
                found.append(node)
                break
    return found


def _signature(groups: Groups, node: int, shared: int | None) -> tuple[Any, tuple[int, ...]] | None:
    """What the members of one map have in common, and the numbers in which they differ by equal steps.

    These are the index of the first operand that is in a family, if one is, and the slots of operands that are uniform.
    ``shared`` is the number of the operand (among those in families) that all members have in common.
    """
    graph = groups.graph
    parts: list[Any] = [graph.kinds[node]]
    numbers: list[int] = []
    base, seen = None, 0
    for arg in graph.args[node]:
        place = groups.place.get(arg)
        if place is not None:
            seen += 1
        if arg in graph.numbers:
            parts.append(arg)
        elif graph.uniform[arg]:
            parts.append("uniform")
            numbers.append(groups.slots.slot(arg))
        elif place is None or seen - 1 == shared:
            parts.append(arg)
        else:
            base = place.member if base is None else base
            parts.append((place.family, place.member - base))
    if (base is None and not numbers) or (shared is not None and seen < 2):
        return None
    parts.append(base is not None)
    return tuple(parts), tuple(numbers) if base is None else (base, *numbers)
