"""GraphView: what is drawn, read off a graph. Layouts and writers know nothing but it and what `nodes` has."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograd import Constant, Parameter, Value, ancestors, changed_leaves

from .nodes import Cluster, Edge, Kind, Node, module_path


@dataclass(frozen=True)
class GraphView:
    """The picture's content: nodes, edges and clusters, all in a deterministic order.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> view = GraphView.of(a * b)
    >>> [(n.id, n.kind, n.label or n.symbol, n.data) for n in view.nodes]
    [('n0', 'input', 'a', 2.0), ('n1', 'input', 'b', -3.0), ('n2', 'output', '×', -6.0)]
    >>> [(e.source, e.target, e.partial, e.contribution) for e in view.edges]
    [('n0', 'n2', -3.0, None), ('n1', 'n2', 2.0, None)]
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    clusters: tuple[Cluster, ...] = ()

    @classmethod
    def of(
        cls,
        root: Value,
        depth: int | None = None,
        constants: bool = True,
        gradients: Mapping[Value, float] | None = None,
    ) -> GraphView:
        """Read the graph of everything that ``root`` was computed from.

        Args:
            root: the output. Anything but a Value is a TypeError.
            depth: draw modules of this depth as one box each: 1 for layers, 2 for neurons ("layers.0" is one level,
                the list and the place in it). None draws every number.
            constants: False leaves out numbers that carry no gradient, except the root.
            gradients: what is known of the gradients, instead of each value's own ``grad`` (the steps of a sweep).
        """
        return _Reader(root, depth, constants, gradients).view()

    def names(self) -> dict[str, str]:
        """How each node is called in text: its label, with the id where that is needed to tell it apart."""
        counts: dict[str, int] = defaultdict(int)
        for node in self.nodes:
            counts[node.label] += 1
        return {n.id: n.id if not n.label else _distinct(n, counts[n.label]) for n in self.nodes}


def _distinct(node: Node, count: int) -> str:
    return node.label if count == 1 else f"{node.label}[{node.id}]"


def node_ids(root: Value, depth: int | None = None, constants: bool = True) -> dict[Value, str]:
    """The id of the node in which each ancestor of ``root`` is drawn; the arguments are those of `GraphView.of`.

    >>> a = Value(1.0)
    >>> node_ids(a + a)[a]
    'n0'
    """
    return _Reader(root, depth, constants, None).ids


class _Reader:
    """One reading of a graph: which node each Value belongs to, then the aggregates of each node."""

    def __init__(
        self, root: Value, depth: int | None, constants: bool, gradients: Mapping[Value, float] | None
    ) -> None:
        if not isinstance(root, Value):
            raise TypeError(
                f"only a Value has a graph to draw, this is {_describe(root)}. "
                "Pass the result of a formula, such as the loss; of a list of outputs pass one, or their sum()."
            )
        if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 1):
            raise ValueError(
                f"depth={depth!r} is not a depth of modules: use 1 for layers, 2 for neurons, None for every number."
            )
        self.root = root
        self.gradients = gradients
        everything = ancestors(root)
        self.number = {v: i for i, v in enumerate(everything)}
        self.values = [v for v in everything if constants or v.requires_grad or v is root]
        self.users = _users(self.values)
        home = {v: self._home(v) for v in self.values}
        self.members = _members(self.values, home, depth)
        self.ids = {v: f"n{self.number[group[-1]]}" for group in self.members for v in group}
        self.scopes = home
        self.depth = depth

    def _home(self, v: Value) -> tuple[str, ...]:
        """A leaf without a scope that one module alone uses is drawn inside that module; else its own scope holds."""
        if v.scope or v.op is not None or v is self.root or not isinstance(v, Constant):
            return module_path(v.scope)
        users = self.users[v]
        return module_path(users[0].scope) if len({u.scope for u in users}) == 1 else ()

    def grad(self, v: Value) -> float | None:
        if not v.requires_grad:
            return None
        if self.gradients is not None:
            return self.gradients.get(v)
        return v.grad if v.has_grad else None

    def view(self) -> GraphView:
        changed = frozenset(changed_leaves(self.root))
        edges, received = self._edges()
        nodes = tuple(self._node(group, changed, received) for group in self.members)
        return GraphView(nodes, edges, self._clusters())

    def _node(self, group: Sequence[Value], changed: Collection[Value], received: Mapping[Value, float]) -> Node:
        last = group[-1]
        identifier = self.ids[last]
        if len(group) > 1 or self._is_module(last):
            return self._module(identifier, group, changed)
        parameter = isinstance(last, Parameter)
        grad = self.grad(last)
        earlier = 0.0
        if last.op is None and grad is not None and last is not self.root and self.gradients is None:
            earlier = _remainder(grad, received.get(last, 0.0))
        return Node(
            id=identifier,
            kind=self._kind(last),
            symbol=last.op.symbol if last.op is not None else "",
            label=last.label,
            scope=last.scope,
            data=last.data,
            grad=grad,
            requires_grad=last.requires_grad,
            stale=last in changed,
            earlier=earlier,
            operations=int(last.op is not None),
            parameters=int(parameter),
            parameter_sum=last.data if parameter else 0.0,
            parameter_norm=abs(grad) if parameter and grad is not None else None,
        )

    def _is_module(self, v: Value) -> bool:
        return self.depth is not None and len(self.scopes[v]) >= self.depth

    def _kind(self, v: Value) -> Kind:
        if v is self.root:
            return "output"
        if not v.requires_grad:
            return "constant"
        if v.op is not None:
            return "op"
        return "parameter" if isinstance(v, Parameter) else "input"

    def _module(self, identifier: str, group: Sequence[Value], changed: Collection[Value]) -> Node:
        inside = set(group)
        outputs = [v for v in group if v is self.root or any(u not in inside for u in self.users[v])]
        weights = [v for v in group if isinstance(v, Parameter)]
        slopes = [g for g in map(self.grad, weights) if g is not None]
        only = outputs[0] if len(outputs) == 1 else None
        path = ".".join(self.scopes[group[-1]][: self.depth])
        return Node(
            id=identifier,
            kind="collapsed",
            label=path,
            scope=path,
            data=only.data if only is not None else None,
            grad=self.grad(only) if only is not None else None,
            requires_grad=any(v.requires_grad for v in group),
            stale=any(v in changed for v in group),
            operations=sum(v.op is not None for v in group),
            parameters=len(weights),
            parameter_sum=math.fsum(v.data for v in weights),
            parameter_norm=math.hypot(*slopes) if slopes else None,
            outputs=len(outputs),
        )

    def _edges(self) -> tuple[tuple[Edge, ...], dict[Value, float]]:
        """Edges in the order of their targets, and the gradient that each value gets in this graph."""
        merged: dict[tuple[str, str, int], list[Edge]] = {}
        received: dict[Value, float] = defaultdict(float)
        collapsed = {self.ids[g[-1]] for g in self.members if len(g) > 1 or self._is_module(g[-1])}
        for v in self.values:
            adjoint = self.grad(v)
            target = self.ids[v]
            for i, (operand, partial) in enumerate(zip(v.args, v.partials, strict=True)):
                share = _contribution(adjoint, partial)
                if share is not None:
                    received[operand] += share
                source = self.ids.get(operand)
                if source is None or source == target:
                    continue
                formula = v.op.partial_formula(i, len(v.args)) if v.op is not None and partial is not None else ""
                edge = Edge(source, target, i, 1, partial, formula, share, partial is not None)
                place = -1 if target in collapsed else i
                merged.setdefault((source, target, place), []).append(edge)
        return tuple(_merge(edges) for edges in merged.values()), received

    def _clusters(self) -> tuple[Cluster, ...]:
        direct: dict[tuple[str, ...], list[str]] = {}
        for group in self.members:
            path = self.scopes[group[-1]]
            if self.depth is not None:
                path = path[: self.depth - 1]
            for end in range(1, len(path) + 1):
                direct.setdefault(path[:end], [])
            if path:
                direct[path].append(self.ids[group[-1]])
        return tuple(
            Cluster(".".join(path), ".".join(path[:-1]), tuple(nodes)) for path, nodes in sorted(direct.items())
        )


def _users(values: Iterable[Value]) -> dict[Value, list[Value]]:
    users: dict[Value, list[Value]] = {v: [] for v in values}
    for v in users:
        for operand in v.args:
            if operand in users:
                users[operand].append(v)
    return users


def _members(values: Iterable[Value], home: Mapping[Value, tuple[str, ...]], depth: int | None) -> list[list[Value]]:
    """Group the values by the node they are drawn in; groups are ordered by their last value."""
    groups: dict[object, list[Value]] = {}
    for v in values:
        path = home[v]
        key: object = path[:depth] if depth is not None and len(path) >= depth else v
        group = groups.pop(key, [])
        group.append(v)
        groups[key] = group
    return list(groups.values())


def _merge(edges: Sequence[Edge]) -> Edge:
    first = edges[0]
    if len(edges) == 1:
        return first
    shares = [e.contribution for e in edges if e.contribution is not None]
    return Edge(
        first.source,
        first.target,
        first.argument,
        len(edges),
        contribution=math.fsum(shares) if shares and all(map(math.isfinite, shares)) else _sum(shares),
        requires_grad=any(e.requires_grad for e in edges),
    )


def _sum(shares: Sequence[float]) -> float | None:
    return sum(shares) if shares else None


def _contribution(adjoint: float | None, partial: float | None) -> float | None:
    """Adjoint times partial; zero times a partial that isn't finite is zero, as in the sweep."""
    if adjoint is None or partial is None:
        return None
    return 0.0 if adjoint == 0 and not math.isfinite(partial) else adjoint * partial + 0.0  # there is no minus zero


def _remainder(grad: float, received: float) -> float:
    rest = grad - received
    if not math.isfinite(rest):
        return 0.0
    return rest if abs(rest) > 1e-9 * max(abs(grad), abs(received)) else 0.0


def _describe(thing: object) -> str:
    return f"{thing!r:.60} of type {type(thing).__name__}"
