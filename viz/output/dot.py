"""GraphView as DOT text, for Graphviz and for whoever reads that language; nothing needs to be installed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from ..graph.nodes import Edge, Kind, Node
from ..graph.view import GraphView
from ..picture.cards import tooltip
from ..picture.compose import gradient_scale
from ..picture.faces import face_of
from ..picture.scale import GradientScale
from ..picture.theme import DARK, LIGHT
from ..picture.wires import edge_tooltip, pill_text, wire_style
from ..text import clean

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
    colours = DARK if dark else LIGHT
    paper, ink = colours["paper"], colours["ink"]
    scale = gradient_scale(view)
    names = view.names()
    operands: Counter[str] = Counter()
    for edge in view.edges:
        operands[edge.target] += edge.count
    yield "digraph glassgrad {"
    yield f'  graph [rankdir=LR bgcolor="{paper}" fontname="DejaVu Sans" fontcolor="{ink}" color="{ink}"]'
    yield f'  node [fontname="DejaVu Sans" fontsize=12 fontcolor="{ink}" color="{colours["line"]}" fillcolor="{paper}"]'
    yield f'  edge [fontname="DejaVu Sans" fontsize=12 fontcolor="{ink}" arrowhead=none]'
    for node in view.nodes:
        yield "  " + _node(node, names[node.id], operands[node.id], scale, colours)
    yield from _clusters(view)
    for edge in view.edges:
        yield "  " + _edge(edge, names, scale, colours)
    # said again of a node, an attribute replaces what was said before
    for node in view.nodes:
        if node.id in dimmed:
            yield f'  {node.id} [fillcolor="{paper}" fontcolor="{colours["faint"]}" color="{colours["frameline"]}"]'
        if node.id in marked:
            yield f'  {node.id} [color="{colours["active"]}" penwidth=3]'


def _node(node: Node, name: str, operands: int, scale: GradientScale, colours: Mapping[str, str]) -> str:
    face = face_of(node, operands, scale)
    lines = [" ".join(part for part in (face.label, face.operation) if part), face.value]
    if face.sign:
        lines.append(f"{face.sign} {'not run yet' if face.gradient == '–' else face.gradient}")
    lines += [text for text, _ in face.extras]
    fill = colours[node.kind] if node.kind in ("input", "parameter", "constant") else colours["card"]
    odd = face.value_style == "text-odd"
    kind = "odd" if odd else GradientScale.kind(node.grad) if node.requires_grad else "none"
    ink = colours["ink"] if kind in ("none", "zero") else colours[kind]
    rim = f' color="{colours["odd"]}" penwidth=3' if node.bad else ""
    shown, tip = _quote([line for line in lines if line]), _quote(tooltip(node, name).split("\n"))
    return f'{node.id} [{_SHAPES[node.kind]} fillcolor="{fill}" fontcolor="{ink}"{rim} label={shown} tooltip={tip}]'


def _edge(edge: Edge, names: dict[str, str], scale: GradientScale, colours: Mapping[str, str]) -> str:
    kind = wire_style(edge, scale).removeprefix("wire-")
    colour = colours.get(kind, colours["zero"])
    wide = f" penwidth={1 + 3 * scale.share(edge.contribution):.1f}" if edge.contribution else ""
    dashed = "" if edge.requires_grad else " style=dashed"
    tip = _quote(edge_tooltip(edge, names).split("\n"))
    label = f"label={_quote([pill_text(edge)])} " if pill_text(edge) else ""
    return f'{edge.source} -> {edge.target} [{label}color="{colour}" tooltip={tip}{wide}{dashed}]'


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
