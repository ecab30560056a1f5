"""A graph as text, one node a line: what the stages of the compiler show, and what their tests are written in.

=====================================  ============================================================================
line                                   node
=====================================  ============================================================================
``%0 = x0``                            input column 0; ``w3`` parameter, ``b4`` buffer, ``seed``, ``adjoint %2``
``%1 = 0.5``                           a constant
``%2 = squares w4 9``                  the total of 9 parameters from slot 4 on; ``magnitudes`` likewise
``%3 = mul %0 %1``                     an operation, with attributes as ``leaky_relu(slope=0.2) %0``
``%4 = log %3 checked``                its operand may be outside of the domain
``%4 = log %3 unchecked``              the operation without a domain
``%5 = dot %1*%0 %2*%3 %4``            coefficient times row, coefficient times row, bias
``%6 = vec %0 %3 %10..%15``            a list of rows; from four neighbours on, the first and the last
``%7 = product %6:w0+1 %4``            the rows of %6 times the parameters w0, w1, ..., and a bias
``sum %1 += %3 * %0``                  over all samples, into the adjoint of a uniform; ``sum w0+1 += %3 * %6`` of many
``flow %1 += %3``                      what flows to a parameter or total from other uniforms
``input %0 = %3``                      the adjoint of an input
``-> %4``                              the roots
=====================================  ============================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ...operation import OPS, Op, lookup
from .conditions import unchecked
from .graph import DOT, PRODUCT, Graph
from .rooted import Gradients, LineSum, RootedGraph, UniformSum
from .runs import Line

LEAVES = {"input": "x", "parameter": "w", "buffer": "b"}
"""The letters of numbered leaves."""
_NEIGHBOURS = 4
"""Operands that follow each other from which on only the first and the last are written."""


def text(rooted: RootedGraph, most: int | None = None) -> str:
    """The graph as text; of more than ``most`` nodes only the first, and how many are left out (that can't be parsed).

    >>> graph = Graph(); x = graph.leaf("input", 0)
    >>> print(text(RootedGraph.of(graph, (graph.dot([(graph.constant(2.0), x)]),))))
    %0 = x0
    %1 = 2.0
    %2 = dot %1*%0
    -> %2
    """
    body = (f"%{node} = {_node(rooted, node)}" for node in range(rooted.size))
    return "\n".join(
        [*limited(body, rooted.size, most), *_gradients(rooted.gradients, most), f"-> {names_text(rooted.roots)}"]
    )


def limited(lines: Iterable[str], count: int, most: int | None) -> Iterator[str]:
    """The first of so many lines, and how many are left out."""
    if most is None or count <= most:
        yield from lines
    else:
        yield from islice(lines, most)
        yield f"... {count - most:,} lines left out (most={most})"


def operation_text(op: Op) -> str:
    """The name of an operation, with its attributes."""
    if not op.attributes:
        return op.name
    return f"{op.name}({','.join(f'{name}={value!r}' for name, value in op.attributes.items())})"


def _node(rooted: RootedGraph, node: int) -> str:
    graph, kind = rooted.graph, rooted.graph.kinds[node]
    args = graph.args[node]
    if isinstance(kind, Op):
        mark = " checked" if node in rooted.checked else " unchecked" if _is_unchecked(kind) else ""
        return f"{operation_text(kind)} {names_text(args)}{mark}"
    if kind == DOT:
        return _joined("dot", (f"%{u}*%{row}" for u, row in graph.terms(node)), graph.bias(node))
    if kind == PRODUCT:
        return _joined("product", (f"%{vec}:{line_text(line)}" for vec, line in graph.parts(node)), graph.bias(node))
    return _leaf(graph, kind, node) if graph.is_leaf(node) else f"{kind} {names_text(args)}"


def _leaf(graph: Graph, kind: str, node: int) -> str:
    payload = graph.payload[node]
    if kind in LEAVES:
        return f"{LEAVES[kind]}{payload}"
    if kind == "constant":
        return repr(float(payload))
    if kind == "adjoint":
        return f"adjoint %{payload}"
    return "seed" if kind == "seed" else f"{kind} w{payload[0]} {payload[1]}"


def _is_unchecked(op: Op) -> bool:
    if op.name not in OPS:
        return False
    declared = lookup(op.name, tuple(op.attributes.items()))
    return op is not declared and op is unchecked(declared)


def _joined(word: str, parts: Iterable[str], bias: int | None) -> str:
    return " ".join([word, *parts, *([] if bias is None else [f"%{bias}"])])


def line_text(line: Line) -> str:
    """A line of parameters."""
    return f"w{line.slot}{line.step:+}"


def names_text(nodes: Iterable[int], sign: str = "%") -> str:
    """Nodes one after the other, long runs of neighbours shortened.

    >>> names_text([7, 0, 1, 2, 3])
    '%7 %0..%3'
    """
    found: list[list[int]] = []
    for node in nodes:
        if found and found[-1][-1] == node - 1:
            found[-1].append(node)
        else:
            found.append([node])
    return " ".join(_run(run, sign) for run in found)


def _run(run: list[int], sign: str) -> str:
    if len(run) >= _NEIGHBOURS:
        return f"{sign}{run[0]}..{sign}{run[-1]}"
    return " ".join(f"{sign}{node}" for node in run)


def _gradients(gradients: Gradients, most: int | None) -> Iterator[str]:
    yield from limited(map(_sum, gradients.sums), len(gradients.sums), most)
    flows = (f"flow %{uniform} += %{node}" for uniform, node in gradients.parameters.items())
    yield from limited(flows, len(gradients.parameters), most)
    inputs = (f"input %{leaf} = %{node}" for leaf, node in gradients.inputs.items())
    yield from limited(inputs, len(gradients.inputs), most)


def _sum(total: UniformSum | LineSum) -> str:
    if isinstance(total, UniformSum):
        return f"sum %{total.uniform} += %{total.left}{'' if total.right is None else f' * %{total.right}'}"
    return f"sum {line_text(total.line)} += %{total.left} * %{total.vec}"
