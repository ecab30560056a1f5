"""Grouping: dots over the same rows become dense blocks, the same operation on aligned rows becomes a map.

Nothing is known of layers. The graph is read level by level (a level is the longest way from an input). The members of
a group are always of one level, so groups can't depend on each other in a circle, and one pass is enough. Members are
put in the order of their first coefficient: the backward pass meets them in another order than the forward pass, and
groups that are to fit together must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .inner_ops import ADJOINT_MEAN, BATCH_MEAN, MEANS
from .nodes import DOT, Nodes
from .uniforms import UniformSlots

SMALLEST = 4
"""Members that are worth a loop."""
LONG = 32
"""Terms that are worth a loop even in a single dot."""
_NOWHERE = 1 << 60
_NO_MAPS = MEANS | {DOT}


class Place(NamedTuple):
    """Where a row is: member ``index`` of a family."""

    family: int
    member: int


@dataclass
class Family:
    """Rows that lie side by side: the inputs, the outputs of a dense block, a map or means, or what such reads."""

    kind: Literal["inputs", "dense", "map", "mean", "bundle"]
    members: list[int]
    level: int
    product: Product | None = None


@dataclass(frozen=True)
class Product:
    """The matrix of a dense block: coefficient (j, k) is in slot ``slot + j * stride + offsets[k]``."""

    rows: tuple[int, ...]
    slot: int
    stride: int
    offsets: tuple[int, ...]
    bias: int | None
    bias_stride: int


class Groups:
    """The families of a graph, and the level of each node (-1 for inputs and uniforms)."""

    def __init__(self, nodes: Nodes, slots: UniformSlots) -> None:
        self.nodes, self.slots = nodes, slots
        self.levels = _levels(nodes)
        self.families: list[Family] = []
        self.place: dict[int, Place] = {}
        inputs = [node for node, kind in enumerate(nodes.kinds) if kind == "input"]
        inputs.sort(key=lambda node: nodes.payload[node])
        for run in runs([(nodes.payload[node],) for node in inputs], inputs, steps=(1,)):
            self.add("inputs", run, -1)

    def add(self, kind: Any, members: Sequence[int], level: int, product: Product | None = None) -> int:
        """Make a family of these nodes, in this order; its number."""
        self.families.append(Family(kind, list(members), level, product))
        for index, node in enumerate(members):
            self.place[node] = Place(len(self.families) - 1, index)
        return len(self.families) - 1

    def order(self, row: int) -> tuple[int, int]:
        """A sorting key by which rows of one family stand together, in their order."""
        return self.place.get(row) or (_NOWHERE, row)

    def family(self, node: int) -> Family | None:
        """The family of a row."""
        place = self.place.get(node)
        return None if place is None else self.families[place.family]


def find_groups(nodes: Nodes, slots: UniformSlots) -> Groups:
    """Group a tidy graph.

    >>> from autograd import exp
    >>> nodes = Nodes(); x = [nodes.leaf("input", k) for k in range(4)]
    >>> y = [nodes.record(exp, (row,)) for row in x]
    >>> [family.kind for family in find_groups(nodes, UniformSlots(nodes, 0)).families]
    ['inputs', 'map']
    """
    groups = Groups(nodes, slots)
    by_level: list[list[int]] = [[] for _ in range(max(groups.levels, default=-1) + 1)]
    for node, level in enumerate(groups.levels):
        if level >= 0:
            by_level[level].append(node)
    kinds = nodes.kinds
    for level, members in enumerate(by_level):
        special = [node for node in members if kinds[node] in _NO_MAPS]
        if special:
            _find_dense(groups, [node for node in special if kinds[node] == DOT], level)
            for op in (BATCH_MEAN, ADJOINT_MEAN):
                _find_means(groups, [node for node in special if kinds[node] is op], level)
        if len(members) - len(special) >= SMALLEST:
            _find_maps(groups, [node for node in members if kinds[node] not in _NO_MAPS], level)
    return groups


def _levels(nodes: Nodes) -> list[int]:
    levels: list[int] = []
    for args, uniform in zip(nodes.args, nodes.uniform, strict=True):
        levels.append(-1 if uniform or not args else 1 + max([levels[arg] for arg in args]))
    return levels


# Dense blocks


def _find_dense(groups: Groups, dots: Iterable[int], level: int) -> None:
    candidates: dict[Any, list[tuple[tuple[int, ...], int]]] = {}
    for node in dots:
        terms = sorted(groups.nodes.terms(node), key=lambda term: groups.order(term[1]))
        rows = tuple([row for _, row in terms])
        slots = [groups.slots.slot(coefficient) for coefficient, _ in terms]
        bias = groups.nodes.bias(node)
        if len(set(rows)) == len(rows):
            numbers = (slots[0],) if bias is None else (slots[0], groups.slots.slot(bias))
            key = (rows, tuple([slot - slots[0] for slot in slots]), bias is None)
            candidates.setdefault(key, []).append((numbers, node))
    for (rows, offsets, _), members in candidates.items():
        members.sort()
        for run in runs([numbers for numbers, _ in members], members):
            if len(run) >= SMALLEST or len(rows) >= LONG:
                _add_dense(groups, rows, offsets, run, level)


def _add_dense(groups: Groups, rows: Any, offsets: Any, run: Sequence[tuple[tuple[int, ...], int]], level: int) -> None:
    first = run[0][0]
    strides = [b - a for a, b in zip(first, run[1][0], strict=True)] if len(run) > 1 else [0] * len(first)
    bias, bias_stride = (first[1], strides[1]) if len(first) > 1 else (None, 0)
    unplaced = [row for row in rows if row not in groups.place and groups.nodes.kinds[row] != "seed"]
    if len(unplaced) > 1:
        groups.add("bundle", unplaced, max(groups.levels[row] for row in unplaced))
    groups.add(
        "dense", [node for _, node in run], level, Product(rows, first[0], strides[0], offsets, bias, bias_stride)
    )


# Means


def _find_means(groups: Groups, means: Sequence[int], level: int) -> None:
    """Each mean over the batch is in a family, perhaps alone: it needs all samples, so nothing can be done with it."""
    args = {node: groups.nodes.args[node][0] for node in means}
    unplaced = [row for row in dict.fromkeys(args.values()) if row not in groups.place and groups.levels[row] >= 0]
    if len(unplaced) > 1:
        groups.add("bundle", unplaced, max(groups.levels[row] for row in unplaced))
    places = {node: groups.place.get(row) or (_NOWHERE + row, 0) for node, row in args.items()}
    ordered = sorted(means, key=lambda node: places[node])
    for run in runs([places[node] for node in ordered], ordered, steps=(0, 1)):
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
    place, uniform, numbers, args = groups.place, groups.nodes.uniform, groups.nodes.numbers, groups.nodes.args
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
    nodes = groups.nodes
    parts: list[Any] = [nodes.kinds[node]]
    numbers: list[int] = []
    base, seen = None, 0
    for arg in nodes.args[node]:
        place = groups.place.get(arg)
        if place is not None:
            seen += 1
        if arg in nodes.numbers:
            parts.append(arg)
        elif nodes.uniform[arg]:
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


def runs(numbers: Sequence[tuple[int, ...]], items: Sequence[Any], steps: tuple[int, ...] = ()) -> Iterator[list[Any]]:
    """Cut ``items`` where their ``numbers`` stop to grow by equal steps; the first of these must be ``steps``.

    >>> list(runs([(0,), (5,), (6,), (7,)], "abcd"))
    [['a'], ['b', 'c', 'd']]
    """
    begin = 0
    while begin < len(items):
        end, stride = begin + 1, None
        while end < len(items):
            step = tuple([b - a for a, b in zip(numbers[end - 1], numbers[end], strict=True)])
            if step[: len(steps)] != steps or (stride is not None and step != stride):
                break
            stride = step
            end += 1
        if end == begin + 2 < len(items):
            end = begin + 1  # two of anything grow by equal steps: the second may belong to what follows
        yield list(items[begin:end])
        begin = end
