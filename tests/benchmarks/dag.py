"""Workload D: a random graph of scalar operations, as a list that every player walks in its own numbers."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

INPUTS = 20
POINTS = 1_000
LARGEST = 4.0
"""A node that leaves [-4, 4] at a trial point is followed by a tanh, so that nothing overflows."""


class Node(NamedTuple):
    """One operation over earlier nodes; the inputs are nodes 0 to 19. "shift" adds 1."""

    op: str
    a: int
    b: int = -1


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}
UNARY = ("tanh", "exp", "log", "relu")
NUMPY = {"tanh": np.tanh, "exp": np.exp, "log": np.log, "relu": lambda x: np.maximum(x, 0.0)}
DRAWN = ("add", "add", "sub", "sub", "mul", "mul", "mul", "div", "tanh", "tanh", "relu", "exp", "log")
"""What is drawn, by frequency; a division, exp or log brings what keeps it within its domain."""


class _Growing:
    """The graph while it grows, with its values at a few trial points."""

    def __init__(self, seed: int, points: int) -> None:
        self.random = random.Random(seed)
        self.values: list[Array] = list(np.random.default_rng(seed).uniform(-1.5, 1.5, (INPUTS, points)))
        self.nodes: list[Node] = []
        self.used: set[int] = set()

    def add(self, op: str, a: int, b: int = -1) -> int:
        values = [self.values[i] for i in (a, b) if i >= 0]
        self.values.append(apply(op, values, NUMPY))
        self.nodes.append(Node(op, a, b))
        self.used.update((a, b))
        return len(self.values) - 1

    def pick(self) -> int:
        """Any node, or (as often) one of the last 300: deep and wide at once."""
        n = len(self.values)
        return self.random.randrange(0 if self.random.random() < 0.5 else max(0, n - 300), n)

    def above_zero(self, a: int) -> int:
        """a² + 1"""
        return self.add("shift", self.add("mul", a, a))

    def grow(self) -> None:
        op, a, b = self.random.choice(DRAWN), self.pick(), self.pick()
        if op == "div":
            new = self.add("div", a, self.above_zero(b))
        elif op == "exp":
            new = self.add("exp", self.add("tanh", a))
        elif op == "log":
            new = self.add("log", self.above_zero(a))
        else:
            new = self.add(op, a, b if op in BINARY else -1)
        if np.abs(self.values[new]).max() > LARGEST:
            self.add("tanh", new)

    def sum_up(self) -> None:
        """One output that needs every node."""
        free = [i for i in range(INPUTS, len(self.values)) if i not in self.used]
        self.random.shuffle(free)
        total = free[0]
        for i in free[1:]:
            total = self.add("add", total, i)


def generate(operations: int = 10_000, seed: int = 3, points: int = 64) -> list[Node]:
    """A graph of about 1.09 times as many operations; the last node is the output.

    >>> nodes = generate(100); len(nodes) > 90, nodes == generate(100)
    (True, True)
    """
    growing = _Growing(seed, points)
    while len(growing.nodes) < 0.87 * operations:
        growing.grow()
    growing.sum_up()
    return growing.nodes


TREE = 10_000


def forest(operations: int) -> list[Node]:
    """The sum of as many random graphs of 10,000 operations as are needed (or one smaller one): a single graph of a
    million would be so deep that its gradient overflows.

    >>> forest(500) == generate(500), len(forest(20_000)) > 20_000
    (True, True)
    """
    nodes: list[Node] = []
    outputs = []
    for i in range(-(-operations // TREE)):
        by = len(nodes)
        for op, a, b in generate(min(operations, TREE), seed=3 + i):
            nodes.append(Node(op, a + by * (a >= INPUTS), b + by * (b >= INPUTS)))
        outputs.append(INPUTS + len(nodes) - 1)
    for output in outputs[:-1]:
        nodes.append(Node("add", INPUTS + len(nodes) - 1, output))
    return nodes


def points(count: int = POINTS, seed: int = 5) -> Array:
    """Where the gradient is wanted, shape (count, 20)."""
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (count, INPUTS))


def apply(op: str, arguments: Sequence[Any], functions: Any) -> Any:
    """One operation on numbers of any kind."""
    if op == "shift":
        return arguments[0] + 1.0
    return BINARY[op](*arguments) if op in BINARY else functions[op](arguments[0])


def values_of(nodes: Sequence[Node], inputs: Sequence[Any], functions: Any) -> list[Any]:
    """All values, those of the inputs first. ``functions`` has tanh, exp, log and relu for this kind of numbers."""
    values = list(inputs)
    for op, a, b in nodes:
        values.append(apply(op, (values[a], values[b]) if b >= 0 else (values[a],), functions))
    return values


def gradients(nodes: Sequence[Node], X: Array) -> Array:
    """The gradient at each point, shape (count, 20): NumPy, one call a node, backward by hand."""
    values: list[Any] = values_of(nodes, list(X.T), NUMPY)
    adjoints: list[Any] = [0.0] * len(values)
    adjoints[-1] = np.ones(len(X))
    for i in range(len(nodes) - 1, -1, -1):
        op, a, b = nodes[i]
        g = adjoints[INPUTS + i]
        for argument, partial in _partials(op, values[a], values[b], values[INPUTS + i]):
            target = (a, b)[argument]
            adjoints[target] = adjoints[target] + g * partial
    return np.stack([np.broadcast_to(g, len(X)) for g in adjoints[:INPUTS]], axis=1)


def _partials(op: str, a: Any, b: Any, y: Any) -> list[tuple[int, Any]]:
    """(argument, its local partial)"""
    if op in BINARY:
        both = {"add": (1.0, 1.0), "sub": (1.0, -1.0), "mul": (b, a)}
        return list(enumerate(both[op] if op in both else (1.0 / b, -y / b)))
    if op == "log":
        return [(0, 1.0 / a)]
    return [(0, {"shift": 1.0, "exp": y, "tanh": 1.0 - y * y, "relu": y > 0.0}[op])]
