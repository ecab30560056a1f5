"""Where everything of a compiled call lies: the rows of one block of samples, the uniforms, the argument block.

Samples are taken in blocks of ``vectors * width``. The rows of a block lie one after the other in a workspace that
serves every block in turn::

    input columns | scratch rows | temporary rows | control | row numbers

The control area holds what a call finds out; the row numbers say which row of the caller's arrays each sample is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ..tape import Dense, Row, SumMatrix, Tape, coefficient

FLAG_DATA = 1
"""Some data is NaN or infinite."""
FLAG_DOMAIN = 2
"""An argument is outside the domain of its operation."""
FLAG_LOSS = 4
"""The mean result is NaN or infinite."""
FLAG_GRADIENT = 8
"""A parameter's gradient is NaN or infinite."""

_RUN = (
    *("parameters", "gradients", "workspace", "uniforms", "adjoints", "samples", "seed", "output", "loss"),
    *("buffers", "observed", "code"),
)
_TRAINING = ("index", "steps", "firsts", "counts", "repack", "losses", "scalars", "done")


class Arguments:
    """The argument block: eight bytes for each name.

    Pointers, except ``samples`` (i64), ``seed`` (double), ``loss`` (double, written), and of a training ``steps``,
    ``repack`` (i64: whether later steps have other rows than the first) and ``done`` (i64, written: steps made).
    A training's ``firsts`` and ``counts`` are i64 arrays with an entry a step, and ``index``, where it isn't null, the
    numbers of the rows to take. ``observed`` may be null; it has a row a step. ``code`` is the interpreter's. Then come
    ``data0``, ``data1``, ..., the input arrays, and ``state0``, ..., those of the optimizer.
    """

    def __init__(self, arrays: int, states: int | None = None) -> None:
        names = [*_RUN, *(f"data{i}" for i in range(arrays))]
        if states is not None:
            names += [*_TRAINING, *(f"state{i}" for i in range(states))]
        self._places = {name: place for place, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self._places)

    def place(self, name: str) -> int:
        """The position of a name in the block."""
        return self._places[name]

    def offset(self, name: str) -> int:
        """The same in bytes."""
        return 8 * self._places[name]


@dataclass(frozen=True)
class MemoryMap:
    """The memory of a tape's call whose blocks are ``vectors`` vectors of ``width`` samples."""

    tape: Tape
    width: int
    vectors: int
    depth: int
    """Terms of a product after which its sums go to temporary rows."""
    locals: int = 0
    """Rows that the interpreter needs behind those of the tape."""

    @property
    def samples(self) -> int:
        """Samples of a block."""
        return self.width * self.vectors

    @property
    def vector_bytes(self) -> int:
        """Bytes of one vector."""
        return 8 * self.width

    @cached_property
    def row_bytes(self) -> int:
        """Bytes from one row to the next."""
        return self.vectors * self.vector_bytes

    def row(self, row: Row) -> int:
        """Where a row begins in the workspace, in bytes."""
        return (row.index if row.space == "input" else self._columns + row.index) * self.row_bytes

    @cached_property
    def _columns(self) -> int:
        return self.tape.columns

    @cached_property
    def temporaries(self) -> int:
        """Rows for the partial sums of the dense blocks that are summed in parts, and for the interpreter."""
        parts = [unit.outputs for unit in self.tape.units if isinstance(unit, Dense) and self.in_parts(unit)]
        return max([self.locals, *parts])

    def in_parts(self, unit: Dense) -> bool:
        """Whether a dense block has so many terms that it is summed in parts."""
        return sum(segment.count for segment in unit.segments) > self.depth * 3 // 2

    @property
    def temporary(self) -> int:
        """Where the temporary rows begin."""
        return (self._columns + self.tape.scratch) * self.row_bytes

    @cached_property
    def flags(self) -> int:
        """Where the flags of the call are, an i64; the control area begins here."""
        end = self.temporary + self.temporaries * self.row_bytes
        return -(-end // 64) * 64

    @property
    def certain(self) -> int:
        """Where it is written whether all gradients are certain to be finite, an i64."""
        return self.flags + 8

    @property
    def scalars(self) -> int:
        """Where the pointer to the numbers of a training's step is."""
        return self.flags + 16

    @property
    def count(self) -> int:
        """Where it is written how many samples the block has, an i64; only where there are means."""
        return self.flags + 24

    @property
    def loss(self) -> int:
        """Where the loss is summed, a vector."""
        return self.flags + 64

    def magnitude(self, array: int) -> int:
        """Where the magnitudes of an input array are summed, a vector."""
        return self.loss + (1 + array) * self.vector_bytes

    @property
    def row_numbers(self) -> int:
        """Where the numbers of the block's samples in the data arrays are, i64; the last sample stands for padding."""
        return -(-self.magnitude(len(self.tape.arrays)) // 64) * 64

    @property
    def mask_numbers(self) -> int:
        """Where their numbers in the mask arrays are, i64."""
        return self.row_numbers + 8 * self.samples

    @property
    def bytes(self) -> int:
        """Size of the workspace."""
        return self.mask_numbers + 8 * self.samples

    # Uniforms: parameters where their store has them, the rest in an array of ours

    @cached_property
    def copies_parameters(self) -> bool:
        """Whether the parameters must be copied before the other uniforms, as a dense block takes from both."""
        return any(
            self._crosses(slots) for unit in self.tape.units if isinstance(unit, Dense) for slots in _reach(unit)
        )

    def _crosses(self, slots: tuple[int, int]) -> bool:
        return slots[0] < self.tape.parameters <= slots[1]

    def uniform(self, slot: int) -> tuple[str, int]:
        """The base pointer and the offset of a uniform, or (behind all of them) of a uniform's adjoint."""
        if slot >= self.tape.uniforms:
            return "%G", 8 * (slot - self.tape.uniforms)
        return "%P" if slot < self.tape.parameters and not self.copies_parameters else "%U", 8 * slot


WIDE = 16
"""Columns from which on an outer product reads the caller's array as it is."""


def columns_read(tape: Tape, outer: SumMatrix) -> tuple[int, int] | None:
    """The input array that an outer product reads as it is, and the first column that it reads; None if it doesn't."""
    if outer.right is None or outer.inputs < WIDE or outer.stride_k != 1:
        return None
    return data_column(tape, outer.right, outer.inputs)


def _reach(unit: Dense) -> Iterable[tuple[int, int]]:
    """The lowest and the highest slot of each family of uniforms that a dense block reads."""
    last = unit.outputs - 1
    for segment in unit.segments:
        corners = [coefficient(segment, j, k) for j in (0, last) for k in (0, segment.count - 1)]
        yield min(corners), max(corners)
    if unit.bias is not None:
        ends = unit.bias, unit.bias + last * unit.bias_stride
        yield min(ends), max(ends)


def data_column(tape: Tape, row: Row, count: int) -> tuple[int, int] | None:
    """The input array, and its column, where ``count`` rows begin that are columns of it; None if they aren't."""
    begin = 0
    for number, array in enumerate(tape.arrays):
        if row.space == "input" and begin <= row.index and row.index + count <= begin + array.columns:
            return number, row.index - begin
        begin += array.columns
    return None
