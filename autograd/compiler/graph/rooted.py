"""What the stages that rewrite a graph hand on to each other: a graph, its roots, and what a backward pass computes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from .graph import Graph
from .runs import Line


class UniformSum(NamedTuple):
    """Over all samples: the adjoint of a uniform += left * right (right None: left alone)."""

    uniform: int
    left: int
    right: int | None

    def nodes(self) -> tuple[int, ...]:
        """The nodes that it names."""
        return (self.uniform, self.left) if self.right is None else (self.uniform, self.left, self.right)

    def renamed(self, names: Mapping[int, int]) -> UniformSum:
        """The same in another graph."""
        return UniformSum(names[self.uniform], names[self.left], None if self.right is None else names[self.right])


class LineSum(NamedTuple):
    """Over all samples: the adjoints of a line of parameters += left * the rows of a vec, one for each."""

    line: Line
    left: int
    vec: int

    def nodes(self) -> tuple[int, ...]:
        """The nodes that it names."""
        return self.left, self.vec

    def renamed(self, names: Mapping[int, int]) -> LineSum:
        """The same in another graph."""
        return LineSum(self.line, names[self.left], names[self.vec])


@dataclass
class Gradients:
    """What a backward pass computes."""

    sums: list[UniformSum | LineSum] = field(default_factory=list)
    parameters: dict[int, int] = field(default_factory=dict)
    """By parameter or total (its node): what is added to its sums, computed from the adjoints of other uniforms."""
    inputs: dict[int, int] = field(default_factory=dict)
    """By input (its node): its adjoint."""

    def roots(self) -> Iterable[int]:
        """All nodes that it needs."""
        for total in self.sums:
            yield from total.nodes()
        yield from (*self.parameters, *self.parameters.values())
        yield from (*self.inputs, *self.inputs.values())

    def renamed(self, names: Mapping[int, int]) -> Gradients:
        """The same in another graph, where ``names`` says what the nodes are called there."""
        return Gradients(
            [total.renamed(names) for total in self.sums],
            {names[parameter]: names[node] for parameter, node in self.parameters.items()},
            {names[leaf]: names[node] for leaf, node in self.inputs.items()},
        )


class RootedGraph(NamedTuple):
    """A graph at one stage, as a value: nodes are only ever added, so the first ``size`` stay what they are."""

    graph: Graph
    roots: tuple[int, ...]
    """The results, and then what is observed."""
    size: int
    checked: Set[int]
    """The operations whose operands may be outside of a domain, where that is known."""
    gradients: Gradients

    @classmethod
    def of(cls, graph: Graph, roots: tuple[int, ...]) -> RootedGraph:
        """The graph as it is now, with no gradients as yet."""
        return cls(graph, roots, len(graph), frozenset(), Gradients())
