"""The graph: operations as parallel lists. What is equal is one node, and constants are folded at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

from ...batch import BATCH_MEAN
from ...operation import Op
from ...ops import add, div, mul, neg, pow, sqrt, sub, where
from .conditions import ALIAS, BOTH, EITHER, IDENTITY, IS_CONDITION
from .runs import Line

Leaf: TypeAlias = Literal["input", "seed", "parameter", "buffer", "constant", "adjoint", "squares", "magnitudes"]
TotalKind: TypeAlias = Literal["squares", "magnitudes"]
TOTALS: tuple[TotalKind, ...] = ("squares", "magnitudes")
"""The kinds of leaves that are Σ w² or Σ |w| over parameters side by side: the first slot, and how many."""
DOT: Literal["dot"] = "dot"
"""The kind of a sum of products: its arguments are coefficient, row, coefficient, row, ... and perhaps a bias."""
VEC: Literal["vec"] = "vec"
"""The kind of a list of rows, its arguments. It is no number; only products have it among their operands."""
PRODUCT: Literal["product"] = "product"
"""The kind of a sum of lines of parameters times vecs: its arguments are these vecs and perhaps a bias, its lines are
in `Graph.lines`. So a neuron of a thousand weights is one node."""
SUMS = frozenset((DOT, PRODUCT))
Kind: TypeAlias = "Op | str"


class Graph:
    """A graph of scalar operations. A node is a number; its operands are smaller numbers.

    >>> graph = Graph(); x = graph.leaf("input", 0)
    >>> graph.record(mul, (x, graph.constant(2.0))) == graph.record(mul, (x, graph.constant(2.0)))
    True
    """

    def __init__(self) -> None:
        self.kinds: list[Kind] = []
        """An operation, a sum of products, a vec, or what sort of leaf it is."""
        self.args: list[tuple[int, ...]] = []
        self.uniform: list[bool] = []
        """Whether a node is one number for the whole batch."""
        self.payload: dict[int, Any] = {}
        """Of leaves: the column, the slot, the constant's number, the node whose adjoint it is, a total's slots."""
        self.numbers: dict[int, float] = {}
        """The constants."""
        self.lines: dict[int, tuple[Line, ...]] = {}
        """Of products: where the parameters are that each vec is multiplied by."""
        self.known: dict[Any, int] = {}
        """Nodes by (operation, operands), by kind and payload, or by all that a product is made of."""

    def __len__(self) -> int:
        return len(self.kinds)

    def leaf(self, kind: Leaf, payload: Any) -> int:
        """The leaf of that kind and payload."""
        key = (kind, payload)
        if key not in self.known:
            self.known[key] = self._append(kind, (), kind not in ("input", "seed"))
            self.payload[self.known[key]] = payload
        return self.known[key]

    def constant(self, number: float) -> int:
        """The constant of that number (one node for all NaNs, two for the zeros)."""
        key = constant_key(number)
        node = self.known.get(key)
        if node is None:
            node = self.known[key] = self._append("constant", (), True)
            self.payload[node] = self.numbers[node] = number
        return node

    def record(self, op: Op, args: tuple[int, ...]) -> int:
        """The node ``op(*args)``: a new one, one that is known already, or something simpler with the same value."""
        node = self.known.get((op, args))
        return self.add(op, args) if node is None else node

    def add(self, op: Op, args: tuple[int, ...]) -> int:
        """The node of an operation that is not known yet."""
        if op in _SIMPLIFIED or not self.numbers.keys().isdisjoint(args):
            node = simplified(self, op, args)
            if node is not None:
                self.known[op, args] = node
                return node
        uniform = self.uniform
        few = len(args) < 3
        flag = uniform[args[0]] and uniform[args[-1]] if few else all(uniform[arg] for arg in args)
        node = self.known[op, args] = len(self.kinds)  # written out: most nodes are made here
        self.kinds.append(op)
        self.args.append(args)
        uniform.append(flag)
        return node

    def dot(self, terms: Iterable[tuple[int, int]], bias: int | None = None) -> int:
        """The node ``bias + sum of coefficient * row``."""
        flat = [node for term in terms for node in term]
        return self._append(DOT, tuple(flat if bias is None else [*flat, bias]), False)

    def alias(self, node: int, number: int) -> int:
        """The node once more, as the alias of that number."""
        return self._once((ALIAS, node, number), (node,), self.uniform[node])

    def vec(self, rows: tuple[int, ...]) -> int:
        """The list of these rows."""
        return self._once((VEC, rows), rows)

    def product(self, parts: Iterable[tuple[int, Line]], bias: int | None = None) -> int:
        """The node ``bias + sum of line * vec`` of (vec, line) pairs."""
        vecs, lines = zip(*parts, strict=True)
        args = vecs if bias is None else (*vecs, bias)
        node = self._once((PRODUCT, args, lines), args)
        self.lines[node] = lines
        return node

    def _once(self, key: Any, args: tuple[int, ...], uniform: bool = False) -> int:
        node = self.known.get(key)
        if node is None:
            node = self.known[key] = self._append(key[0], args, uniform)
        return node

    def _append(self, kind: Kind, args: tuple[int, ...], uniform: bool) -> int:
        self.kinds.append(kind)
        self.args.append(args)
        self.uniform.append(uniform)
        return len(self.kinds) - 1

    def depends_on_parameters(self, node: int, is_frozen: Callable[[int], bool] = lambda _: False) -> bool:
        """Whether gradient would flow from a node into aliases, or parameters that aren't frozen (by their slot).

        >>> graph = Graph(); w = graph.leaf("parameter", 0); y = graph.record(mul, (graph.leaf("input", 0), w))
        >>> graph.depends_on_parameters(y), graph.depends_on_parameters(graph.record(IDENTITY, (y,)))
        (True, False)
        """
        waiting, seen = [node], set()
        while waiting:
            at = waiting.pop()
            kind = self.kinds[at]
            if kind is ALIAS or not all(map(is_frozen, self._slots_of(at))):
                return True
            if at not in seen and kind is not IDENTITY and kind not in IS_CONDITION:
                seen.add(at)
                waiting += self.args[at]
        return False

    def _slots_of(self, node: int) -> Iterable[int]:
        """Those of the parameters that a node names itself; of a total, frozen or not as a whole, the first."""
        kind = self.kinds[node]
        if kind == PRODUCT:
            lines = ((line, len(self.args[vec])) for vec, line in self.parts(node))
            return [line.slot + k * line.step for line, rows in lines for k in range(rows)]
        if kind in TOTALS:
            return (self.payload[node][0],)
        return (self.payload[node],) if kind == "parameter" else ()

    def is_leaf(self, node: int) -> bool:
        """Whether the node is an input, a parameter, a constant or the like."""
        return node in self.payload

    def terms(self, node: int) -> Iterator[tuple[int, int]]:
        """The (coefficient, row) pairs of a dot."""
        args = self.args[node]
        return zip(args[0:-1:2], args[1::2], strict=False)

    def parts(self, node: int) -> Iterator[tuple[int, Line]]:
        """The (vec, line) pairs of a product."""
        return zip(self.args[node], self.lines[node], strict=False)

    def bias(self, node: int) -> int | None:
        """The bias of a dot or a product."""
        args, lines = self.args[node], self.lines.get(node)
        has_bias = len(args) % 2 if lines is None else len(args) > len(lines)
        return args[-1] if has_bias else None

    def rows(self, nodes: Iterable[int]) -> Sequence[int]:
        """These nodes, each vec replaced by its rows, without repetition."""
        found: dict[int, None] = {}
        for node in dict.fromkeys(nodes):
            if self.kinds[node] == VEC:
                found.update(dict.fromkeys(self.args[node]))
            else:
                found[node] = None
        return list(found)

    def live(self, roots: Iterable[int]) -> bytearray:
        """For each node whether some root needs it."""
        live = bytearray(len(self))
        for root in roots:
            live[root] = 1
        args = self.args
        for node in range(len(self) - 1, -1, -1):
            if live[node]:
                for arg in args[node]:
                    live[arg] = 1
        return live

    def copy_into(self, target: Graph, node: int, new: dict[int, int]) -> int:
        """Record the same node in another graph, where ``new`` says what its operands are called there.

        It is as simple as it can be already, so nothing is tried.
        """
        kind, args = self.kinds[node], self.args[node]
        if isinstance(kind, Op):
            key = (kind, tuple([new[arg] for arg in args]))
            name = target.known.get(key)
            if name is None:
                name = target.known[key] = len(target.kinds)
                target.kinds.append(kind)
                target.args.append(key[1])
                target.uniform.append(self.uniform[node])
            return name
        if kind == "constant":
            return target.constant(self.numbers[node])
        if kind == DOT:
            return target.dot(((new[u], new[row]) for u, row in self.terms(node)), _renamed(new, self.bias(node)))
        if kind == VEC:
            return target.vec(tuple([new[row] for row in args]))
        if kind == PRODUCT:
            return target.product([(new[vec], line) for vec, line in self.parts(node)], _renamed(new, self.bias(node)))
        payload = new[self.payload[node]] if kind == "adjoint" else self.payload[node]
        name = target.known[kind, payload] = target._append(kind, (), self.uniform[node])
        target.payload[name] = payload
        return name


def constant_key(number: float) -> tuple[str, float | str]:
    """By what a graph knows a constant: NaN isn't equal to itself, and the two zeros are equal."""
    return "constant", number if number and number == number else number.hex()


def _renamed(new: dict[int, int], node: int | None) -> int | None:
    return None if node is None else new[node]


def simplified(graph: Graph, op: Op, args: tuple[int, ...]) -> int | None:
    """A node with the same value (up to the sign of a zero) that needs less, None if there is none."""
    numbers = graph.numbers
    known = [numbers.get(arg) for arg in args]
    if None not in known and op is not BOTH and op is not EITHER:  # these join conditions, not numbers
        return graph.constant(float(op.value(*known)))
    if op is neg and graph.kinds[args[0]] is neg:
        return graph.args[args[0]][0]
    if op is where and args[1] == args[2]:
        return args[1]
    if op is BATCH_MEAN and graph.uniform[args[0]]:
        return args[0]
    rule = _RULES.get(op)
    return None if rule is None or known.count(None) == len(known) else rule(graph, args, known)


def _add(_: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    if known[0] == 0.0:
        return args[1]
    return args[0] if known[1] == 0.0 else None


def _sub(graph: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    if known[0] == 0.0:
        return graph.record(neg, (args[1],))
    return args[0] if known[1] == 0.0 else None


def _mul(graph: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    number, other = (known[0], args[1]) if known[0] is not None else (known[1], args[0])
    if number == -1.0:
        return graph.record(neg, (other,))
    return other if number == 1.0 else None


def _div(_: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    return args[0] if known[1] == 1.0 else None


def _pow(graph: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    """x**2 as x * x and the like: a whole power is exact to an ulp so, and many times as fast."""
    base, exponent = args[0], known[1]
    if exponent == 0.0:
        return graph.constant(1.0)
    if exponent == 0.5:
        return graph.record(sqrt, (base,))
    if exponent not in (1.0, 2.0, 3.0, 4.0):
        return None
    if exponent == 1.0:
        return base
    square = graph.record(mul, (base, base))
    return square if exponent == 2.0 else graph.record(mul, (square, base if exponent == 3.0 else square))


def _where(_: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    if known[0] is None:
        return None
    return args[1] if known[0] else args[2]


def _both(graph: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    decided, other = (known[0], args[1]) if known[0] is not None else (known[1], args[0])
    return other if decided else graph.constant(0.0)


def _either(graph: Graph, args: tuple[int, ...], known: list[Any]) -> int | None:
    decided, other = (known[0], args[1]) if known[0] is not None else (known[1], args[0])
    return graph.constant(1.0) if decided else other


_SIMPLIFIED = frozenset((neg, where, BATCH_MEAN))
"""What can be simpler although no operand is a constant."""
_RULES: dict[Op, Any] = {
    add: _add,
    sub: _sub,
    mul: _mul,
    div: _div,
    pow: _pow,
    where: _where,
    BOTH: _both,
    EITHER: _either,
}
