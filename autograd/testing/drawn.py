"""Random functions over the table of operations, differentiable by construction, drawn by hypothesis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from ..domain import CONDITION
from ..operation import OPS, Op
from .smooth import GRID, drawn_points, is_smooth

_STEEPEST, _LARGEST = 8.0, 10.0  # of an operation inside an expression: its partials, its result
_SENSITIVITY = 4.0  # how fast an operand inside an expression may change with the inputs
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


@dataclass(frozen=True)
class _Operand:
    """An argument of a step: a node, scaled and shifted to where the step is smooth; or a number, or a condition."""

    node: int | None
    scale: float = 1.0
    shift: float = 0.0
    above: bool | None = None
    """For a condition: whether the node lies above ``shift``."""

    def over(self, nodes: Sequence[Any]) -> Any:
        if self.node is None:
            return self.shift
        x = nodes[self.node]
        if self.above is not None:
            return x > self.shift
        x = x if self.scale == 1 else x * self.scale
        return x if self.shift == 0 else x + self.shift

    def source(self, names: Sequence[str]) -> str:
        if self.node is None:
            return repr(self.shift)
        name = names[self.node]
        if self.above is not None:
            return f"{name} > {self.shift!r}"
        scaled = name if self.scale == 1 else f"{name} * {self.scale!r}"
        return scaled if self.shift == 0 else f"{scaled} {'-' if self.shift < 0 else '+'} {abs(self.shift)!r}"


@dataclass(frozen=True)
class _Step:
    op: Op
    operands: tuple[_Operand, ...]

    def source(self, names: Sequence[str]) -> str:
        texts = [operand.source(names) for operand in self.operands]
        if self.op.name in _INFIX:
            texts = [f"({text})" if " " in text or text.startswith("-") else text for text in texts]
            return f" {_INFIX[self.op.name]} ".join(texts)
        bounds = self.op.attributes.items()
        attributes = [f"{name}={value!r}" for name, value in bounds if math.isfinite(value)]  # an infinite one is none
        return f"{self.op.name}({', '.join(texts + attributes)})"


@dataclass(frozen=True, repr=False)
class DrawnExpression:
    """A random function of a few inputs, and a point at which it is smooth. `expressions` draws it.

    Its ``repr`` is Python that can be pasted after ``from autograd import *``.
    """

    point: list[float]
    """Numbers for the inputs."""
    steps: tuple[_Step, ...]

    @property
    def ops(self) -> list[Op]:
        """The operations, in order of evaluation; what joins them (a shift, a scale) left out."""
        return [step.op for step in self.steps]

    def build(self, leaves: Sequence[Any]) -> Any:
        """The function of these inputs: of Values a Value, of floats a float, of arrays an array."""
        nodes = list(leaves)
        if len(nodes) != len(self.point):
            raise TypeError(f"this expression takes {len(self.point)} inputs, got {len(nodes)}")
        for step in self.steps:
            nodes.append(step.op(*(operand.over(nodes) for operand in step.operands)))
        return nodes[-1]

    def __call__(self, *leaves: Any) -> Any:
        """`build`, with the inputs one by one."""
        return self.build(leaves)

    def __repr__(self) -> str:
        inputs = [f"x{i}" for i in range(len(self.point))]
        names = inputs + [f"a{i}" for i in range(len(self.steps))]
        lines = [f"    {names[len(inputs) + i]} = {step.source(names)}" for i, step in enumerate(self.steps)]
        lines[-1] = lines[-1].replace(f"{names[-1]} =", "return", 1)
        head = f"def f({', '.join(inputs)}):"
        return "\n".join([head, *lines, f"f({', '.join(map(repr, self.point))})"])


def expressions(
    inputs: int | st.SearchStrategy[int] | None = None, max_ops: int = 8, ops: Iterable[Op] | None = None
) -> st.SearchStrategy[DrawnExpression]:
    """Random graphs over the whole table, differentiable by construction at the point that comes with them.

    ``inputs`` is how many leaves there are (or a strategy of that; 1 to 3 if left out), ``max_ops`` how many
    operations at most (1 or more), ``ops`` which (all declared ones). Nodes are used again. An operand that lies
    outside the domain of the next operation, near a kink or in a steep place is scaled and shifted by numbers, so
    nothing is thrown away. Failures shrink to few operations and simple numbers.

    >>> from autograd import mul, tanh
    >>> from hypothesis import find
    >>> find(expressions(ops=[tanh, mul]), lambda e: len(set(e.ops)) == 2)
    def f(x0):
        a0 = tanh(x0)
        return a0 * a0
    f(1.0)
    """
    table = list(OPS.values()) if ops is None else list(ops)
    if not table or not all(isinstance(op, Op) for op in table):
        raise TypeError(f"ops is a list of at least one operation of the table, got {ops!r}")
    if max_ops < 1:
        raise ValueError(f"an expression has at least one operation, got max_ops={max_ops!r}")
    if inputs is None:
        inputs = st.integers(1, 3)
    elif isinstance(inputs, int):
        if inputs < 1:
            raise ValueError(f"an expression has at least one input, got inputs={inputs!r}")
        inputs = st.just(inputs)
    return _expressions(inputs, max_ops, table)


@st.composite
def _expressions(draw: st.DrawFn, inputs: st.SearchStrategy[int], max_ops: int, table: list[Op]) -> DrawnExpression:
    simple = st.integers(-3 * GRID, 1 * GRID).map(lambda n: n / GRID + 1.0)
    point = [draw(simple) for _ in range(draw(inputs))]
    growing = _Growing(list(point))
    # Asking before each step whether to go on lets hypothesis cut out any step; a length drawn first would not.
    while not growing.steps or (len(growing.steps) < max_ops and draw(_GO_ON)):
        draw(_next_step(growing, table))
    return DrawnExpression(point, _pruned(len(point), growing.steps))


_GO_ON = st.sampled_from([False, True, True, True, True])


@st.composite
def _next_step(draw: st.DrawFn, growing: _Growing, table: list[Op]) -> None:
    growing.draw = draw
    growing.add(draw(st.sampled_from(table)))


class _Growing:
    """An expression while it is drawn: with the value of each node, and a bound on its slope along the inputs."""

    draw: st.DrawFn

    def __init__(self, point: list[float]) -> None:
        self.values = point
        self.slopes = [1.0] * len(point)
        self.steps: list[_Step] = []

    def add(self, op: Op) -> None:
        """Append one step, its operands moved to where ``op`` is smooth."""
        count = self.draw(st.integers(1, 3)) if op.arity is None else op.arity
        operands = [self.operand(op.domain_of(i) is CONDITION, count == 2 and i == 1) for i in range(count)]
        operands = self.moved(op, operands) if not self.is_smooth(op, operands) else operands
        step = _Step(op, tuple(operands))
        numbers = [float(operand.over(self.values)) for operand in operands]
        y = op.value(*numbers)
        partials = op.partials_at(y, tuple(numbers))
        slopes = [abs(p) * self.slope(operand) for p, operand in zip(partials, operands, strict=True) if p == p]
        self.steps.append(step)
        self.values.append(y)
        self.slopes.append(sum(slopes))

    def operand(self, condition: bool, maybe_number: bool) -> _Operand:
        # Counting from the last node on makes 0, to which hypothesis shrinks, the newest.
        node = len(self.values) - 1 - self.draw(st.integers(0, len(self.values) - (0 if maybe_number else 1)))
        if node < 0:
            return _Operand(None, shift=self.draw(st.integers(1, 3).map(float)))
        if condition:
            above = self.draw(st.booleans())
            return _Operand(node, shift=_simple(self.values[node] + (-1.0 if above else 1.0)), above=above)
        slope = self.slopes[node]
        scale = 1.0 if slope <= _SENSITIVITY else 2.0 ** -math.ceil(math.log2(slope / _SENSITIVITY))
        return _Operand(node, scale)

    def slope(self, operand: _Operand) -> float:
        return 0.0 if operand.node is None or operand.above is not None else self.slopes[operand.node] * operand.scale

    def is_smooth(self, op: Op, operands: Sequence[_Operand]) -> bool:
        numbers = [float(operand.over(self.values)) for operand in operands]
        moving = [i for i, operand in enumerate(operands) if operand.node is not None and operand.above is None]
        return is_smooth(op, numbers, moving, _STEEPEST, _LARGEST)

    def moved(self, op: Op, operands: Sequence[_Operand]) -> list[_Operand]:
        """The operands shifted to a point where ``op`` is smooth."""
        target = self.draw(drawn_points(op, _STEEPEST, _LARGEST, len(operands)))
        shifted = []
        for operand, goal in zip(operands, target, strict=True):
            if operand.above is not None:
                shifted.append(operand)
            else:
                here = 0.0 if operand.node is None else operand.over(self.values)
                shifted.append(_Operand(operand.node, operand.scale, goal - here))
        rounded = [o if o.above is not None else _Operand(o.node, o.scale, _simple(o.shift)) for o in shifted]
        return rounded if self.is_smooth(op, rounded) else shifted


def _simple(number: float) -> float:
    """The number with few digits, so that it reads well."""
    return round(number * GRID) / GRID


def _pruned(inputs: int, steps: Sequence[_Step]) -> tuple[_Step, ...]:
    """The steps that the last one needs, numbered anew."""
    needed = {inputs + len(steps) - 1}
    for index in range(len(steps) - 1, -1, -1):
        if inputs + index in needed:
            needed.update(o.node for o in steps[index].operands if o.node is not None)
    kept = [index for index in range(len(steps)) if inputs + index in needed]
    number = {node: node for node in range(inputs)} | {inputs + old: inputs + new for new, old in enumerate(kept)}

    def renumbered(operand: _Operand) -> _Operand:
        node = None if operand.node is None else number[operand.node]
        return _Operand(node, operand.scale, operand.shift, operand.above)

    return tuple(_Step(steps[i].op, tuple(map(renumbered, steps[i].operands))) for i in kept)
