"""What a picture consists of, as plain data: nodes, the edges between them, the clusters around them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal["input", "parameter", "constant", "op", "output", "collapsed"]
Group = Literal["", "sum", "module", "rank"]


@dataclass(frozen=True, slots=True)
class Folded:
    """A constant that is written into the operation that uses it: the 2 of ``x * 2``.

    Attributes:
        argument: its position among the operands of the operation.
        data: the number.
        id: its id.
    """

    argument: int
    data: float
    id: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The local partials between two modules that are drawn as one box each: a row for each output of the target.

    Attributes:
        cells: the partials, one row for each output of the target and one column for each output of the source. Where
            they are too many to be seen, a cell is the one of the largest magnitude in its block.
        rows, columns: how many outputs of the target and of the source there are.

    >>> Strip(((0.5, -1.0),), 1, 2).block
    (1, 1)
    """

    cells: tuple[tuple[float, ...], ...]
    rows: int
    columns: int

    @property
    def block(self) -> tuple[int, int]:
        """How many rows and columns a cell stands for; (1, 1) where each partial has its own."""
        return -(-self.rows // len(self.cells)), -(-self.columns // len(self.cells[0]))


@dataclass(frozen=True, slots=True)
class Node:
    """One box of the picture: a number, or a whole module that is drawn as one.

    Attributes:
        id: "n0", "n1", ...: the place of the number among the ancestors of the roots, operands first. A box of several
            numbers bears the id of the last of them.
        kind: input, parameter, constant, op, output (a root) or collapsed.
        symbol: what the operation is drawn as; "" for a leaf.
        label: the label, the path of a collapsed module, or how many of what: "784 inputs"; "" if there is none.
        scope: the full path of the modules around it.
        data: the number; None for a collapsed module of which not exactly one number is used outside.
        grad: the gradient of ``data``; None while no backward has reached it ("not run yet") or where there is none.
        requires_grad: False for constants.
        stale: the number was changed after the forward that this graph stands for.
        earlier: the part of ``grad`` that this graph doesn't account for: earlier backwards, other graphs. Of a
            collapsed module the L2 norm of these parts over its parameters, of a sum that over the sums in it.
        operations: the number of operations in it (1 for an op, 0 for a leaf).
        parameters: the number of parameters in it.
        parameter_sum: the sum of their data.
        parameter_norm: the L2 norm of their gradients; None if none of them has been reached.
        outputs: how many of its numbers are used outside it (the root counts).
        group: what it was made of where it stands for several numbers: "sum" for a chain of ``+``, "module", "rank" for
            numbers of one kind that the same boxes use, or of about the same distance from the leaves; else "".
        members: ids of all numbers in it, in the order of the graph; () for one that stands for itself alone.
        folded: the constants that are written into the operation.
        terms: what it received from each of its uses, in the order of the backward; () unless it is used more than
            once and the backward has run.
        bad: "data" on the first number of the forward that isn't finite, "grad" on the first gradient of the backward
            that isn't; else "".
        output: one of the roots.

    >>> from autograd import Value
    >>> from viz import GraphView
    >>> GraphView.of(Value(2.0, label="a")).nodes[0].grad is None
    True
    """

    id: str
    kind: Kind
    symbol: str = ""
    label: str = ""
    scope: str = ""
    data: float | None = None
    grad: float | None = None
    requires_grad: bool = True
    stale: bool = False
    earlier: float = 0.0
    operations: int = 0
    parameters: int = 0
    parameter_sum: float = 0.0
    parameter_norm: float | None = None
    outputs: int = 1
    group: Group = ""
    members: tuple[str, ...] = ()
    folded: tuple[Folded, ...] = ()
    terms: tuple[float, ...] = ()
    bad: Literal["", "data", "grad"] = ""
    output: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """An operand on its way to the operation that uses it, or several that a collapsed module has merged.

    Attributes:
        source, target: ids of nodes.
        argument: the position among the operands of the target (of the first edge, where merged).
        count: how many edges of the graph this is.
        partial: the local partial of the target by this operand; of a collapsed module that of its one output by the
            one number that comes in. None if there are several of either, or without gradient.
        formula: its formula, such as "1 - y * y"; "" if merged or without gradient.
        contribution: adjoint of the target times partial, summed over merged edges; None before the backward, and
            where it would be added up from what different numbers receive.
        requires_grad: False where no gradient flows.
        strip: the partials between the outputs of two modules that are drawn as one box each; else None.

    >>> from autograd import Value
    >>> from viz import GraphView
    >>> GraphView.of(Value(2.0).tanh()).edges[0].formula
    '1 − y·y'
    """

    source: str
    target: str
    argument: int = 0
    count: int = 1
    partial: float | None = None
    formula: str = ""
    contribution: float | None = None
    requires_grad: bool = True
    strip: Strip | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A module whose numbers are drawn one by one, with a frame around them.

    Attributes:
        path: the scope, such as "layers.0.neurons.3".
        parent: the path of the cluster around it; "" at the top.
        nodes: ids of the nodes directly in it (those of inner clusters not repeated).

    >>> Cluster("layers.0.neurons.3", parent="layers.0").name
    'neurons.3'
    """

    path: str
    parent: str = ""
    nodes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The path from the parent on: "neurons.3"."""
        return self.path[len(self.parent) + 1 :] if self.parent else self.path


def module_path(scope: str) -> tuple[str, ...]:
    """Split a scope into modules; an index belongs to the list before it.

    >>> module_path("layers.0.neurons.3")
    ('layers.0', 'neurons.3')
    """
    levels: list[str] = []
    for part in filter(None, scope.split(".")):
        if part.isdigit() and levels and not levels[-1].rpartition(".")[2].isdigit():
            levels[-1] += f".{part}"
        else:
            levels.append(part)
    return tuple(levels)


def common_path(paths: Collection[tuple[str, ...]]) -> tuple[str, ...]:
    """The modules around all of these.

    >>> common_path([("layers.0", "neurons.1"), ("layers.0",)])
    ('layers.0',)
    """
    first, last = min(paths), max(paths)  # in the order of the alphabet: what they share all others share
    return next((first[:i] for i, names in enumerate(zip(first, last, strict=False)) if names[0] != names[1]), first)
