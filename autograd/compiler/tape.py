"""The tape: what a traced function computes for a batch, as plain data between the passes and the backends.

A tape knows two kinds of numbers. A *uniform* is one number for the whole batch: a parameter, a constant, or what is
computed from those alone. A *row* is one number for each sample: an input, or what is computed with one. Uniforms are
numbered by slots of one array (parameters first), rows by `Row` addresses. A backend runs, in this order::

    totals        sums over parameters, in the first of the uniform slots behind them
    prologue      scalar instructions that fill the other ones
    units         row code, forward and backward, in blocks of samples
    reductions    sums over all samples into the uniforms' adjoints (a weight's gradient)
    epilogue      scalar instructions from the uniforms' adjoints to the parameters' gradients
    totals        their adjoints, carried to the gradients of their parameters

The passes decide what is fused and where each row lies; a backend only executes. Nothing here knows of layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..operation import Op
from .backend import InputArray

Space = Literal["input", "scratch"]


class Row(NamedTuple):
    """Where a row lies: a column of the inputs, or a slot of the scratch memory (slots are reused over time)."""

    space: Space
    index: int  # type: ignore[assignment]  # it hides tuple.index, which no one calls on a row


class Uniform(NamedTuple):
    """A slot of the uniforms: parameters are 0 ... P-1 in their order, buffers and the prologue's results follow."""

    slot: int


class Number(NamedTuple):
    """A number of the program text."""

    value: float


Operand = Row | Uniform | Number


class Instruction(NamedTuple):
    """``target = op(*args)``. ``op`` is an operation of the table, or one of `graph.conditions`: conditions among them.

    The target of a comparison is a condition (a mask); it is used by `where`, & and | of the same unit only, so it
    needs no memory.
    """

    target: int
    """A number of this unit's own, by which later instructions of the unit may name the result (see `Local`)."""
    op: Op
    args: tuple[Operand | Local, ...]
    store: Row | Uniform | None = None
    """Where the result is kept for other units, None if only this unit uses it."""
    checked: bool = False
    """Whether an argument outside the operation's domain is to be reported: so for what the user wrote, not for what
    its derivative is made of."""


class Local(NamedTuple):
    """The result of an earlier instruction of the same unit, still in a register."""

    target: int


@dataclass(frozen=True, slots=True)
class Dot:
    """``target = bias + sum of coefficient * row``: a chain of + of products, found wherever it stands."""

    target: int
    bias: Operand | Local | None
    terms: tuple[tuple[Uniform, Row | Local], ...]
    store: Row | None = None


@dataclass(frozen=True, slots=True)
class Straight:
    """Irregular row code: instructions one after the other, each on one row."""

    code: tuple[Instruction | Dot, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """Contiguous source rows of a dense block, and the uniform slots of their coefficients.

    The coefficient of source ``k`` (from 0) for output ``j`` is ``slot + j * stride_j + k * stride_k``.
    """

    first: Row
    count: int
    slot: int
    stride_j: int
    stride_k: int


@dataclass(frozen=True, slots=True)
class Dense:
    """A matrix product: output j = bias j + sum over segments and k of coefficient(j, k) * source k.

    The outputs are named in the ``epilogue`` as `Output`; what is needed later is stored by it, or as
    ``store`` (contiguous, from that row on). The bias is a uniform slot ``bias + j * bias_stride``, or none.
    """

    outputs: int
    segments: tuple[Segment, ...]
    bias: int | None = None
    bias_stride: int = 0
    store: Row | None = None
    epilogue: tuple[Map, ...] = ()


class Rows(NamedTuple):
    """Contiguous rows, one for each member of a map: ``first`` for member 0, the next row for member 1, ..."""

    first: Row


class Output(NamedTuple):
    """In the epilogue of a dense block: its own output j, or the result of its epilogue's map number ``map``."""

    map: int | None = None


class Uniforms(NamedTuple):
    """Uniform slots ``slot + j * stride``, one for each member of a map."""

    slot: int
    stride: int


@dataclass(frozen=True, slots=True)
class Map:
    """The same operation on ``members`` aligned rows: ``store[j] = op(args[j])``.

    An argument is a group (member j takes its j-th row), one row, uniform or literal for all members, or inside the
    epilogue of a dense block an `Output`. ``store`` is None where only later maps of the same epilogue use the result.
    """

    members: int
    op: Op
    args: tuple[Rows | Uniforms | Output | Operand, ...]
    store: Row | None
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Mean:
    """``store[j]`` = the mean of row ``first + j`` over all samples of the batch, for each sample the same number.

    A tape with such a unit runs in one block. ``adjoint`` says that this is a part of the backward pass: then the
    padding of a backend gets 0, as everywhere there.
    """

    members: int
    first: Row
    store: Row
    adjoint: bool = False


@dataclass(frozen=True, slots=True)
class SumMatrix:
    """Gradient sums of a whole matrix: adjoint of uniform ``slot + j*stride_j + k*stride_k`` += Σ left_j * right_k.

    ``left`` are ``outputs`` contiguous rows (adjoints), ``right`` are ``inputs`` contiguous rows; with ``right`` None
    the left rows themselves are summed (a bias). Its slots are all different; other reductions may have some of them.
    """

    left: Row
    outputs: int
    right: Row | None
    inputs: int
    slot: int
    stride_j: int
    stride_k: int


@dataclass(frozen=True, slots=True)
class SumOne:
    """One gradient sum: adjoint of a uniform += Σ left * right over the samples (right None: Σ left)."""

    slot: int
    left: Row
    right: Row | None


class Total(NamedTuple):
    """``slot`` = Σ w² or Σ |w| over the ``count`` parameters from slot ``first`` on."""

    kind: Literal["squares", "magnitudes"]
    slot: int
    first: int
    count: int  # type: ignore[assignment]  # it hides tuple.count, which no one calls on a total


Unit = Straight | Dense | Map | Mean
Reduction = SumMatrix | SumOne


@dataclass(frozen=True)
class Tape:
    """A traced function, ready to run for a batch. Row inputs are the arrays' columns one after the other.

    With gradients there is one more input column at the end, the *seed*: the adjoint of each sample's result (1/N for
    a mean over N; 0 in the padding of a backend whose blocks are wider than the batch).
    """

    arrays: tuple[InputArray, ...]
    parameters: int
    uniforms: int
    """Slots of uniforms in all, parameters included."""
    scratch: int
    """Slots of scratch rows."""
    prologue: tuple[Instruction, ...]
    units: tuple[Unit, ...]
    reductions: tuple[Reduction, ...]
    epilogue: tuple[Instruction, ...]
    """Scalar code. Its operands are uniforms; `Uniform` slots from ``uniforms`` on are their adjoints (slot +
    uniforms), where the reductions have left their sums; it adds to the adjoints of the parameters."""
    results: tuple[Operand, ...]
    """What the function returned: one operand, or one for each element of the list."""
    input_adjoints: tuple[Operand | None, ...] = ()
    """For each input column its adjoint (None: zero), where they were asked for."""
    seeded: bool = False
    buffers: int = 0
    """Slots of uniforms behind the parameters' that are read anew at each run, from arrays outside of the tape."""
    totals: tuple[Total, ...] = ()
    observed: tuple[Operand, ...] = ()
    """Numbers of the batch, equal for all samples, that somebody else wants to know."""

    @property
    def has_means(self) -> bool:
        """Whether samples depend on each other."""
        return any(isinstance(unit, Mean) for unit in self.units)

    @property
    def columns(self) -> int:
        """Input columns in all, the seed included."""
        return sum(array.columns for array in self.arrays) + self.seeded

    @property
    def gives_loss(self) -> bool:
        """Whether a run gives the mean of the results and adds its gradient to that of the parameters."""
        return self.seeded and not self.input_adjoints

    @property
    def seed(self) -> Row:
        """The seed's column."""
        return Row("input", self.columns - 1)


def coefficient(segment: Segment, j: int, k: int) -> int:
    """The uniform slot of one coefficient of a dense block."""
    return segment.slot + j * segment.stride_j + k * segment.stride_k


def count_operations(units: Sequence[Unit]) -> int:
    """How many scalar operations one sample takes: what `explain` reports."""
    total = 0
    for unit in units:
        if isinstance(unit, Straight):
            total += sum(1 if isinstance(item, Instruction) else 2 * len(item.terms) for item in unit.code)
        elif isinstance(unit, Map | Mean):
            total += unit.members
        else:
            width = sum(segment.count for segment in unit.segments)
            total += 2 * unit.outputs * width + sum(fused.members for fused in unit.epilogue)
    return total
