"""GraphView as DOT text, for Graphviz and for whoever reads that language; nothing needs to be installed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from ..graph.nodes import Edge, Kind, Node
from ..graph.view import GraphView
from ..picture.compose import edge_tooltip, gradient_scale
from ..picture.theme import GradientScale, styles
from ..text import clean, number

_SHAPES: Mapping[Kind, str] = {
    "input": 'shape=box style="rounded,filled"',
    "parameter": 'shape=box style="filled"',
    "constant": 'shape=box style="dashed,rounded"',
    "op": 'shape=box style="rounded,filled"',
    "output": 'shape=box style="rounded,filled,bold" peripheries=2',
    "collapsed": 'shape=box3d style="filled"',
}


def render_dot(view: GraphView, dark: bool = False, marked: Collection[str] = (), dimmed: Collection[str] = ()) -> str:
    """The view as DOT text: the same numbers as in the drawing, gradients as fill colours.

    Args:
        view: what is drawn.
        dark: the theme.
        marked: ids of nodes to highlight.
        dimmed: ids of nodes to grey.

    >>> from autograd import Value
    >>> print(render_dot(GraphView.of(Value(1.0, label="a") + Value(2.0))).splitlines()[0])
    digraph glassgrad {
    """
    return "\n".join([*_lines(view, dark, marked, dimmed), "}"]) + "\n"


def _lines(view: GraphView, dark: bool, marked: Collection[str], dimmed: Collection[str]) -> Iterator[str]:
    style = styles(dark)
    paper, ink = style["paper"].fill, style["ink"].fill
    scale = gradient_scale(view)
    names = view.names()
    yield "digraph glassgrad {"
    yield f'  graph [rankdir=LR bgcolor="{paper}" fontname="DejaVu Sans" fontcolor="{ink}" color="{ink}"]'
    yield f'  node [fontname="DejaVu Sans" fontsize=11 fontcolor="{ink}" color="{ink}"]'
    yield f'  edge [fontname="DejaVu Sans" fontsize=9 fontcolor="{ink}"]'
    for node in view.nodes:
        yield "  " + _node(node, names[node.id], scale, dark)
    yield from _clusters(view)
    for edge in view.edges:
        yield "  " + _edge(edge, names, scale, dark)
    # said again of a node, an attribute replaces what was said before
    for node in view.nodes:
        if node.id in dimmed:
            fill, grey, rim = style["gnone"].fill, style["faint"].fill, style["rimdim"].stroke
            yield f'  {node.id} [fillcolor="{fill}" fontcolor="{grey}" color="{rim}"]'
        if node.id in marked:
            yield f'  {node.id} [color="{style["rimactive"].stroke}" penwidth=3]'


def _node(node: Node, name: str, scale: GradientScale, dark: bool) -> str:
    title = name if name == node.id or not node.symbol else f"{node.symbol}  {name}"
    if name == node.id:
        title = node.symbol
    lines = [title] if title else []
    if node.kind == "collapsed":
        lines.append(f"{node.operations} operations, {node.parameters} parameters")
    if node.data is not None:
        lines.append(f"{'changed ' if node.stale else 'data '}{number(node.data)}")
    if node.requires_grad and node.data is not None:
        lines.append("grad " + (number(node.grad) if node.grad is not None else "not run yet"))
    if node.kind == "collapsed" and node.parameter_norm is not None:
        lines.append(f"‖∇params‖ {number(node.parameter_norm)}")
    shade = scale.shade(node.grad) if node.requires_grad else "none"
    fill, ink = styles(dark)[f"g{shade}"].fill, styles(dark)[f"t{shade}"].fill
    return f'{node.id} [{_SHAPES[node.kind]} fillcolor="{fill}" fontcolor="{ink}" label={_quote(lines)}]'


def _edge(edge: Edge, names: Mapping[str, str], scale: GradientScale, dark: bool) -> str:
    lines = []
    if edge.count > 1:
        lines.append(f"{edge.count} edges")
    if edge.partial is not None:
        lines.append(f"∂ {number(edge.partial)}")
    if edge.contribution is not None:
        lines.append(f"← {number(edge.contribution)}")
    colour = styles(dark)[f"e{scale.shade(edge.contribution)}"].stroke
    style = "" if edge.requires_grad else " style=dashed"
    tip = _quote(edge_tooltip(edge, names).split("\n"))
    return f'{edge.source} -> {edge.target} [label={_quote(lines)} color="{colour}" tooltip={tip}{style}]'


def _clusters(view: GraphView) -> Iterator[str]:
    children: dict[str, list[int]] = defaultdict(list)
    for i, cluster in enumerate(view.clusters):
        children[cluster.parent].append(i)
    stack = [(i, 1) for i in reversed(children[""])]
    while stack:
        i, depth = stack.pop()
        indent = "  " * depth
        if i < 0:
            yield f"{indent}}}"
            continue
        cluster = view.clusters[i]
        yield f"{indent}subgraph cluster_{i} {{"
        yield f"{indent}  label={_quote([cluster.name])}"
        yield from (f"{indent}  {node}" for node in cluster.nodes)
        stack.append((-1, depth))
        stack.extend((child, depth + 1) for child in reversed(children[cluster.path]))


def _quote(lines: list[str]) -> str:
    r"""Quote lines of text for DOT.

    Inside quotes a backslash starts an escape (``\N`` is the node's name) and ``&`` an HTML entity, so both are escaped
    as well as the quote itself. A quoted text is never read as HTML.
    """
    escaped = (clean(s).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for s in lines)
    return '"' + "\\n".join(escaped) + '"'
