"""GraphView: what is drawn, read off a graph. Layouts and writers know nothing but it and what `nodes` has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from autograd import Value

from .boxes import Boxes
from .building import Builder
from .nodes import Cluster, Edge, Node


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
        roots: Value | Sequence[Value],
        depth: int | None = None,
        constants: bool = True,
        gradients: Mapping[Value, float] | None = None,
        *,
        collapse: Collection[str] = (),
        fold: bool = True,
    ) -> GraphView:
        """Read the graph of everything that ``roots`` were computed from.

        Args:
            roots: the output, or several as a list or tuple.
            depth: draw modules of this depth as one box each: 1 for layers, 2 for neurons ("layers.0" is one level,
                the list and the place in it). None draws every number.
            constants: False leaves out numbers that carry no gradient, except roots.
            gradients: what is known of the gradients, instead of each value's own ``grad`` (the steps of a sweep).
            collapse: paths of modules to draw as one box each, such as ``["layers.0"]``.
            fold: False draws what isn't a step of its own, too: constants that one operation uses, each ``+`` of a
                sum, the ``0 +`` that Python's ``sum`` begins with.

        Raises:
            TypeError: not Values, or not paths.
            ValueError: an empty list, a depth below 1, or a path that no module has.

        >>> x = Value(2.0, label="x")
        >>> [node.symbol for node in GraphView.of(sum([x * 1.0, x * 2.0, x * 3.0])).nodes]
        ['', '×', '×', '×', 'Σ']
        """
        return cls.over(Boxes.of(roots, depth, constants, collapse=collapse, fold=fold), gradients)

    @classmethod
    def over(cls, boxes: Boxes, gradients: Mapping[Value, float] | None = None) -> GraphView:
        """The view of boxes that are known already, with the gradients of now or with those given."""
        builder = Builder(boxes, gradients)
        nodes = tuple(map(builder.node, boxes.places))
        return cls(nodes, builder.edges(), boxes.clusters)

    def names(self) -> dict[str, str]:
        """How each node is called in text: its label, with the id where that is needed to tell it apart."""
        counts: dict[str, int] = defaultdict(int)
        for node in self.nodes:
            counts[node.label] += 1
        return {n.id: n.id if not n.label else _distinct(n, counts[n.label]) for n in self.nodes}


def _distinct(node: Node, count: int) -> str:
    return node.label if count == 1 else f"{node.label}[{node.id}]"


def node_ids(
    roots: Value | Sequence[Value],
    depth: int | None = None,
    constants: bool = True,
    *,
    collapse: Collection[str] = (),
    fold: bool = True,
) -> dict[Value, str]:
    """The id of the node in which each ancestor of ``roots`` is drawn; the arguments are those of `GraphView.of`.

    >>> a = Value(1.0)
    >>> node_ids(a + a)[a]
    'n0'
    """
    return Boxes.of(roots, depth, constants, collapse=collapse, fold=fold).ids
