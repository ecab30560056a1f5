"""A graph, read once: its numbers in their order, who uses whom, in which modules they lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from autograd.backprop import backward_order, depth_first
from autograd.scopes import paths_of
from autograd.stale import stale_leaves

from .nodes import module_path

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Reading:
    """The graph of one or several roots as arrays: a place for each number, a link for each operand of an operation.

    Attributes:
        roots: the Values that were asked for, each once.
        values: everything that they were computed from, operands before results; a number's place is where it stands.
        number: the place of each Value.
        operand, user, argument: of each link the place of the operand, that of the operation which uses it, and the
            position among its operands. Links are in the order of their users.
        first: where the links of each place begin; there is one more at the end.
        uses: how often each number is used.
        is_leaf, is_root, carries: for each place whether it is a leaf, a root, carries gradient.
        homes: the paths of all modules, "" first; levels: the same, split by `module_path`.
        home: of each place the index of the module that it is drawn in. That is its scope; a constant without one
            that a single module uses is drawn in that module.

    >>> a = Value(2.0)
    >>> reading = Reading(a * a)
    >>> reading.operand.tolist(), reading.user.tolist(), reading.argument.tolist(), reading.uses.tolist()
    ([0, 0], [1, 1], [0, 1], [2, 0])
    """

    def __init__(self, roots: Value | Sequence[Value]) -> None:
        self.roots = checked_roots(roots)
        self.values = _operands_first(self.roots)
        self.number = {value: place for place, value in enumerate(self.values)}
        self._read_links()
        self.uses = np.bincount(self.operand, minlength=len(self))
        self.is_leaf: Flags = np.diff(self.first) == 0
        self.is_root: Flags = np.zeros(len(self), bool)
        self.is_root[[self.number[root] for root in self.roots]] = True
        self.carries: Flags = np.array([value.requires_grad for value in self.values])
        self._read_homes()

    def __len__(self) -> int:
        return len(self.values)

    def _read_links(self) -> None:
        operands: list[int] = []
        counts: list[int] = []
        for value in self.values:
            args = value.args
            counts.append(len(args))
            for operand in args:
                operands.append(self.number[operand])  # noqa: PERF401 (one round over the args, which are made anew)
        self.operand: Places = np.array(operands, np.int64)
        self.first: Places = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self.user: Places = np.repeat(np.arange(len(self)), counts)
        self.argument: Places = np.arange(len(operands)) - self.first[self.user]

    def _read_homes(self) -> None:
        paths = paths_of(self.values)
        levels = {path: module_path(path) for path in dict.fromkeys(paths)}
        self.levels: list[tuple[str, ...]] = list(dict.fromkeys([(), *levels.values()]))
        self.homes = [".".join(names) for names in self.levels]
        index = {names: i for i, names in enumerate(self.levels)}
        places = {path: index[names] for path, names in levels.items()}
        self.home: Places = np.array([places[path] for path in paths], np.int64)
        free = self.is_leaf & ~self.carries & ~self.is_root & (self.home == 0)
        links = free[self.operand]
        lowest, highest = np.full(len(self), len(index)), np.full(len(self), -1)
        np.minimum.at(lowest, self.operand[links], self.home[self.user[links]])
        np.maximum.at(highest, self.operand[links], self.home[self.user[links]])
        self.home[lowest == highest] = lowest[lowest == highest]

    def links(self, place: int) -> range:
        """The links to the operands of a number."""
        return range(int(self.first[place]), int(self.first[place + 1]))

    def partial(self, link: int) -> float | None:
        """The local partial of a link; None where its operand carries no gradient."""
        return self.tables[1][link]

    @cached_property
    def tables(self) -> tuple[list[int], list[float | None], list[int]]:
        """Of each link the operand and the partial, and where the links of each place begin: lists, to be walked."""
        partials = [partial for value in self.values for partial in value.partials]
        for link in np.flatnonzero(~self.carries[self.operand]).tolist():  # of one frozen since there is a partial
            partials[link] = None
        return self.operand.tolist(), partials, self.first.tolist()

    def users(self, place: int) -> list[int]:
        """The links by which a number is used."""
        order, ends = self._by_operand
        found: list[int] = order[ends[place] - self.uses[place] : ends[place]].tolist()
        return found

    @cached_property
    def _by_operand(self) -> tuple[Places, Places]:
        return np.argsort(self.operand, kind="stable"), np.cumsum(self.uses)

    @cached_property
    def turn(self) -> dict[Value, int]:
        """When a backward from all roots reaches each number that carries gradient."""
        return {value: i for i, value in enumerate(_backward_order(self.roots))}

    @cached_property
    def first_bad(self) -> int | None:
        """The first number of the forward that isn't finite."""
        return next((i for i, value in enumerate(self.values) if not math.isfinite(value.data)), None)

    @cached_property
    def stale(self) -> frozenset[int]:
        """Places of leaves that aren't what the graph was computed from."""
        suspect = np.zeros(len(self), bool)
        suspect[self.user[self.is_leaf[self.operand]]] = True
        return frozenset(self.number[v] for v in stale_leaves([self.values[i] for i in np.flatnonzero(suspect)]))


def checked_roots(roots: object) -> tuple[Value, ...]:
    """The roots as a tuple, each once; what has no graph is a TypeError, an empty list a ValueError."""
    if isinstance(roots, Value):
        return (roots,)
    if not isinstance(roots, list | tuple):
        raise TypeError(
            f"only a Value has a graph to draw, this is {_describe(roots)}. "
            "Pass the result of a formula, such as the loss, or several as a list: list(outputs)."
        )
    for position, root in enumerate(roots):
        if not isinstance(root, Value):
            raise TypeError(
                f"only a Value has a graph to draw, number {position} of this {type(roots).__name__} "
                f"is {_describe(root)}. Pass results of formulas, such as the loss."
            )
    if not roots:
        raise ValueError(
            f"an empty {type(roots).__name__} has no graph to draw. Pass the result of a formula, such as the loss, "
            "or a list of at least one."
        )
    return tuple(dict.fromkeys(roots))


def _describe(thing: object) -> str:
    return f"{thing!r:.60} of type {type(thing).__name__}"


def _operands_first(roots: tuple[Value, ...]) -> list[Value]:
    """As `ancestors` has it, of all roots: one above them, which is taken away again."""
    if len(roots) == 1:
        return depth_first(roots[0], lambda node: node.args[::-1])
    top = _Top(roots)
    return depth_first(top, lambda node: node.args[::-1])[:-1]  # type: ignore[arg-type]


def _backward_order(roots: tuple[Value, ...]) -> Iterator[Value]:
    if len(roots) == 1:
        return iter(backward_order(roots[0]))
    return iter(backward_order(_Top(roots))[1:])  # type: ignore[arg-type]


class _Top:
    """What stands above several roots: enough of a Value for a walk."""

    requires_grad = True

    def __init__(self, roots: tuple[Value, ...]) -> None:
        self.args = roots
