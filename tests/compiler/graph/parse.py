"""Reading a graph's text form, see `autograd.compiler.graph.text`: what the passes of the compiler are tested with."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from autograd.batch import BATCH_MEAN
from autograd.compiler.graph import conditions
from autograd.compiler.graph.conditions import ALIAS, Tree, selection, unchecked
from autograd.compiler.graph.graph import DOT, PRODUCT, TOTALS, VEC, Graph
from autograd.compiler.graph.rooted import Gradients, LineSum, RootedGraph, UniformSum
from autograd.compiler.graph.runs import Line
from autograd.compiler.graph.text import LEAVES
from autograd.operation import OPS, Op, lookup

_INNER = {op.name: op for op in (*vars(conditions).values(), BATCH_MEAN) if isinstance(op, Op)}
_KINDS: dict[str, Any] = {letter: kind for kind, letter in LEAVES.items()}
_SIGNS: dict[type[ast.AST], str] = {
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def parse(text: str, ops: Mapping[str, Op] | None = None) -> RootedGraph:
    """The graph of such a text. Nothing is simplified: each line is a node, numbered from 0.

    Args:
        text: as `text.text` writes it. Several nodes may stand in a line, with a ``;`` between them; empty lines
            and what follows a ``#`` don't count.
        ops: operations by name that no table has.

    Raises:
        ValueError: the text isn't that of a graph; the message names the line, and the cure.

    >>> from autograd.compiler.graph.text import text
    >>> rooted = parse("%0 = x0"
    ...               "\\n%1 = tanh %0"
    ...               "\\n-> %1")
    >>> rooted.roots, rooted.graph.kinds
    ((1,), ['input', <Op tanh>])
    >>> parse("%0 = x0\\n%1 = tanh %7")
    Traceback (most recent call last):
    ValueError: line 2, '%1 = tanh %7': %7 is not there yet; an operand is the result of a line above
    """
    return _Parser(text, ops or {}).rooted()


class _Parser:
    def __init__(self, text: str, ops: Mapping[str, Op]) -> None:
        self.lines, self.ops = text.splitlines(), ops
        self.graph, self.gradients = Graph(), Gradients()
        self.checked: set[int] = set()
        self.roots: tuple[int, ...] | None = None
        self.line, self.number = "", 0

    def rooted(self) -> RootedGraph:
        """Read all lines."""
        for number, line in enumerate(self.lines, 1):
            for part in line.split("#")[0].split(";"):
                self.number, self.line = number, part.strip()
                if self.line:
                    self._read(self.line.split())
        if self.roots is None:
            self.line = ""
            self.fail("the roots are missing; end with a line such as '-> %0'")
        return RootedGraph(self.graph, self.roots, len(self.graph), self.checked, self.gradients)

    def fail(self, what: str) -> NoReturn:
        """Raise the error of the line that is read."""
        where = f"line {self.number}, {self.line!r}" if self.line else "at the end"
        raise ValueError(f"{where}: {what}")

    def _read(self, words: list[str]) -> None:
        if self.roots is not None:
            self.fail("something follows the roots; the line of the roots is the last one")
        match words:
            case ["->", *roots]:
                self.roots = tuple(self._several(roots))
            case ["sum", target, "+=", left]:
                self.gradients.sums.append(UniformSum(self._node(target), self._node(left), None))
            case ["sum", target, "+=", left, "*", right] if target.startswith("w"):
                self.gradients.sums.append(LineSum(self._line(target), self._node(left), self._node(right)))
            case ["sum", target, "+=", left, "*", right]:
                self.gradients.sums.append(UniformSum(self._node(target), self._node(left), self._node(right)))
            case ["flow", uniform, "+=", node]:
                self.gradients.parameters[self._node(uniform)] = self._node(node)
            case ["input", leaf, "=", node]:
                self.gradients.inputs[self._node(leaf)] = self._node(node)
            case [name, "=", word, *rest]:
                self._define(name, word, rest)
            case _:
                self.fail("this is no line of a graph; write a node as '%2 = mul %0 %1', the roots as '-> %2'")

    # Graph

    def _define(self, name: str, word: str, rest: list[str]) -> None:
        size = len(self.graph)
        if name != f"%{size}":
            self.fail(f"this is node number {size}; call it %{size} (nodes are numbered from 0, line by line)")
        node = self._made(word, rest)
        if node != size:
            self.fail(f"this node is there already; use %{node}")

    def _made(self, word: str, rest: list[str]) -> int:
        leaf = self._leaf(word, rest)
        if leaf is not None:
            return leaf
        if word == DOT:
            terms, bias = self._parts(rest, self._term)
            return self.graph.dot(terms, bias)
        if word == PRODUCT:
            parts, bias = self._parts(rest, self._part)
            return self.graph.product(parts, bias)
        if word == VEC:
            return self.graph.vec(tuple(self._several(rest)))
        return self._operation(word, rest)

    def _leaf(self, word: str, rest: list[str]) -> int | None:
        graph = self.graph
        if re.fullmatch(r"[xwb]\d+", word) and not rest:
            return graph.leaf(_KINDS[word[0]], int(word[1:]))
        if word == "seed" and not rest:
            return graph.leaf("seed", 0)
        if word == "adjoint" and len(rest) == 1:
            return graph.leaf("adjoint", self._node(rest[0]))
        for kind in TOTALS:
            if word == kind and len(rest) == 2 and rest[0][:1] == "w" and rest[0][1:].isdigit() and rest[1].isdigit():
                return graph.leaf(kind, (int(rest[0][1:]), int(rest[1])))
        if not rest and re.fullmatch(r"-?(\d.*|inf|nan)", word):
            return graph.constant(self._number(word))
        return None

    def _operation(self, word: str, rest: list[str]) -> int:
        mark = rest.pop() if rest and rest[-1] in ("checked", "unchecked") else ""
        args = tuple(self._several(rest))
        op = self._op(word, len(args))
        if not args:
            self.fail(f"{word!r} is no leaf, and as an operation it needs operands")
        if op.arity is not None and len(args) != op.arity:
            self.fail(f"{word} takes {op.arity} operands, not {len(args)}; leave some out or add some")
        if mark == "checked":
            self.checked.add(len(self.graph))
        return self._append(unchecked(op) if mark == "unchecked" else op, args)

    def _append(self, op: Op, args: tuple[int, ...]) -> int:
        """The node as it stands, without the simplifications of `Graph.record`."""
        graph = self.graph
        key = (op, args)
        if op is not ALIAS and key in graph.known:
            return graph.known[key]
        graph.known[key] = len(graph)
        graph.kinds.append(op)
        graph.args.append(args)
        graph.uniform.append(all(graph.uniform[arg] for arg in args))
        return len(graph) - 1

    def _op(self, word: str, count: int) -> Op:
        name, _, bound = word.partition("(")
        if word in self.ops:
            return self.ops[word]
        if name == "select":
            return self._selection(word.removeprefix("select"), count)
        if name in _INNER:
            return _INNER[name]
        if name not in OPS:
            self.fail(
                f"no operation {name!r} is known; if it is one of your own, declare it with op({name!r}, ...) first "
                f"or give it as parse(text, ops={{{name!r}: ...}})"
            )
        attributes = [each.partition("=") for each in bound.rstrip(")").split(",")] if bound else []
        try:
            return lookup(name, tuple((key, self._number(value)) for key, _, value in attributes))
        except TypeError as error:
            self.fail(f"{error}; write attributes as in 'leaky_relu(slope=0.2) %0'")

    def _selection(self, condition: str, count: int) -> Op:
        """The selection by a condition: comparisons of x0, x1, ... joined by & and |."""
        try:
            tree = _tree(ast.parse(condition, mode="eval").body)
        except (SyntaxError, KeyError, ValueError):
            self.fail(f"{condition!r} is no condition; write it as 'select((x0>x1)&(x2<x3)) %0 %1 ...'")
        if count != _operands(tree) + 2:
            self.fail(
                f"this takes {_operands(tree) + 2} operands, not {count}: what is compared, and two to choose from"
            )
        return selection(tree)

    # Words

    def _number(self, word: str) -> float:
        try:
            return float(word)
        except ValueError:
            self.fail(f"{word!r} is no number; write it as Python does, such as 0.5, -1e-05 or inf")

    def _node(self, word: str) -> int:
        if not re.fullmatch(r"%\d+", word):
            self.fail(f"{word!r} is no node; write one as %0")
        node = int(word[1:])
        if node >= len(self.graph):
            self.fail(f"{word} is not there yet; an operand is the result of a line above")
        return node

    def _several(self, words: list[str]) -> list[int]:
        found: list[int] = []
        for word in words:
            first, dots, last = word.partition("..")
            begin, end = self._node(first), self._node(last if dots else first)
            if end < begin:
                self.fail(f"{word!r} goes backwards; write the smaller number first, or name the nodes one by one")
            found += range(begin, end + 1)
        return found

    def _line(self, word: str) -> Line:
        found = re.fullmatch(r"w(\d+)([+-]\d+)", word)
        if found is None:
            self.fail(f"{word!r} is no line of parameters; write one as w4+1: the first slot and the step")
        return Line(int(found[1]), int(found[2]))

    def _term(self, word: str) -> tuple[int, int]:
        coefficient, star, row = word.partition("*")
        if not star:
            self.fail(f"{word!r} is no term of a dot; write one as %0*%1, and a bias as the last")
        return self._node(coefficient), self._node(row)

    def _part(self, word: str) -> tuple[int, Line]:
        vec, colon, line = word.partition(":")
        if not colon:
            self.fail(f"{word!r} is no part of a product; write one as %4:w0+1, and a bias as the last")
        if self.graph.kinds[self._node(vec)] != VEC:
            self.fail(f"{vec} is no vec; a product multiplies a vec by a line of parameters")
        return self._node(vec), self._line(line)

    def _parts(self, words: list[str], read: Callable[[str], Any]) -> tuple[list[Any], int | None]:
        bias = self._node(words[-1]) if words and re.fullmatch(r"%\d+", words[-1]) else None
        parts = [read(word) for word in (words if bias is None else words[:-1])]
        if not parts:
            self.fail("a sum of products needs a term; write it as 'dot %0*%1' or 'product %4:w0+1'")
        return parts, bias


def _tree(tree: Any) -> Tree:
    match tree:
        case ast.BinOp(left, sign, right):
            return _SIGNS[type(sign)], _tree(left), _tree(right)
        case ast.Compare(ast.Name(left), [sign], [ast.Name(right)]):
            return _SIGNS[type(sign)], int(left.removeprefix("x")), int(right.removeprefix("x"))
    raise ValueError


def _operands(tree: Tree) -> int:
    """How many numbers a condition compares."""
    return max(_operands(part) if isinstance(part, tuple) else part + 1 for part in tree[1:])
