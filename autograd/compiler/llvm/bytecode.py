"""Bytecode: irregular code as numbers, an instruction after the other, for the interpreter.

An instruction is the number of its opcode, and then where its operands and its result lie, in 32 bits each. An opcode
is an instruction with places instead of addresses: there are a few dozen of them in any graph, and each becomes a
function (see `interpreter`), however many instructions there are.

What straight code keeps in registers lies in rows here, behind those of the tape, which are used again within a unit.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..layout import Layout
from ..tape import Dot, Instruction, Local, Number, Row, Straight, Tape, Uniform

TERMS = 8
"""Terms of a dot that one instruction adds; longer ones are several."""
_LITERALS = 8
"""Opcodes of one operation that differ in numbers of the program text. Further numbers are read from memory."""
STOP = 0
"""The opcode that ends a run."""


class Opcode(NamedTuple):
    """What an instruction does, wherever its operands lie."""

    item: Instruction | Dot
    """Its k-th place is ``Row("scratch", k)`` or ``Uniform(k)``; the last one is that of the result."""
    bases: tuple[str, ...]
    """The pointer to which each place belongs."""
    is_scalar: bool
    """Whether it computes one number for all samples."""


@dataclass(frozen=True, eq=False)
class Bytecode:
    """The irregular code of a tape, as numbers."""

    numbers: NDArray[np.int32]
    opcodes: Sequence[Opcode]
    """By their numbers, from 1 on."""
    runs: dict[int, int]
    """Where the code of straight units begins, by the number of the first of several that follow each other."""
    scalar: dict[str, int]
    """Where the code before and after the rows begins: "prologue" and "epilogue", if they are there."""
    locals: int
    """Rows that it needs behind those of the tape."""
    constants: NDArray[np.float64]
    """Numbers that it reads behind the uniforms."""


def encode(tape: Tape, layout: Layout) -> Bytecode:
    """The bytecode of a tape. Of the layout it matters only where uniforms lie, which no size of blocks changes."""
    encoder = _Encoder(tape, layout)
    runs: dict[int, int] = {}
    is_running = False
    for number, unit in enumerate(tape.units):
        if isinstance(unit, Straight):
            if not is_running:
                runs[number] = len(encoder.numbers)
            encoder.write(unit.code)
        elif is_running:
            encoder.numbers.append(STOP)
        is_running = isinstance(unit, Straight)
    encoder.numbers.append(STOP)
    scalar: dict[str, int] = {}
    for name, code in (("prologue", tape.prologue), ("epilogue", tape.epilogue)):
        if code:
            scalar[name] = len(encoder.numbers)
            encoder.write(code, is_scalar=True)
            encoder.numbers.append(STOP)
    numbers = np.frombuffer(encoder.numbers, dtype=np.int32)
    constants = np.array([float.fromhex(text) for text in encoder.constants])
    return Bytecode(numbers, encoder.opcodes, runs, scalar, encoder.locals, constants)


def constants_begin(tape: Tape) -> int:
    """The slot behind all uniforms at which the constants begin."""
    return -(-tape.uniforms // 8) * 8 + 8


class _Encoder:
    """Writes instructions, and finds the opcodes on the way."""

    def __init__(self, tape: Tape, layout: Layout) -> None:
        self.numbers = array("i")
        self.opcodes: list[Opcode] = []
        self.constants: dict[str, int] = {}
        self.locals = 0
        self._columns, self._scratch, self._uniform = tape.columns, tape.scratch, layout.uniform
        self._first_constant = constants_begin(tape)
        self._known: dict[Any, int] = {}
        self._literals: Counter[Any] = Counter()

    def write(self, code: Sequence[Instruction | Dot], is_scalar: bool = False) -> None:
        """Write straight code, or scalar code."""
        rows = _Rows(code, self._scratch)
        for position, item in enumerate(code):
            if isinstance(item, Dot):
                self._dot(item, rows, position)
                continue
            args = [rows.places[x.target] if type(x) is Local else x for x in item.args]
            rows.free(position)  # now, as each number of the result is written after those that it is made of are read
            self._instruction(item, args, rows.result(item), is_scalar)
        self.locals = max(self.locals, rows.count)

    def _instruction(self, item: Instruction, args: list[Any], result: Row | Uniform, is_scalar: bool) -> None:
        bases, places = self._places((*args, result), as_literals=True)
        key = (item.op, item.checked, is_scalar, *bases)
        opcode = self._known.get(key)
        if opcode is None:
            if len(places) < len(bases) and self._literals[item.op] >= _LITERALS:
                opcode = self._known[key] = 0
            else:
                self._literals[item.op] += len(places) < len(bases)
                opcode = self._new(key, item, bases, is_scalar)
        if not opcode:  # one that differs from others in its numbers alone
            bases, places = self._places((*args, result), as_literals=False)
            key = (item.op, item.checked, is_scalar, *bases)
            opcode = self._known.get(key) or self._new(key, item, bases, is_scalar)
        self.numbers.append(opcode)
        self.numbers.extend(places)

    def _new(self, key: Any, item: Instruction | Dot, bases: list[str], is_scalar: bool) -> int:
        """A new opcode for such an item with operands, and last a result, at such places."""
        operands, places = list[Any](), list[str]()
        for base in bases:
            if base[0] != "%":
                operands.append(Number(float.fromhex(base)))
                continue
            operands.append(Row("scratch", len(places)) if base == "%V" else Uniform(len(places)))
            places.append(base)
        *args, result = operands
        if isinstance(item, Dot):
            bias = args.pop(0) if len(args) % 2 else None
            item = Dot(0, bias, tuple(zip(args[::2], args[1::2], strict=True)), result)
        else:
            item = Instruction(0, item.op, tuple(args), result, item.checked)
        self.opcodes.append(Opcode(item, tuple(places), is_scalar))
        opcode = self._known[key] = len(self.opcodes)
        return opcode

    def _dot(self, dot: Dot, rows: _Rows, position: int) -> None:
        """Add terms whose coefficients have the same base, a few at a time."""
        result = rows.result(dot)
        total = rows.places[dot.bias.target] if isinstance(dot.bias, Local) else dot.bias
        terms = [(a, rows.places[b.target] if isinstance(b, Local) else b) for a, b in dot.terms]
        terms.sort(key=lambda term: self._uniform(term[0].slot)[0])
        for _, alike in groupby(terms, lambda term: self._uniform(term[0].slot)[0]):
            while some := list(islice(alike, TERMS)):
                args = [x for term in some for x in term]
                bases, places = self._places((*(() if total is None else (total,)), *args, result), as_literals=False)
                key = ("dot", *bases)
                self.numbers.append(self._known.get(key) or self._new(key, dot, bases, False))
                self.numbers.extend(places)
                total = result
        rows.free(position)

    def _places(self, operands: Iterable[Any], as_literals: bool) -> tuple[list[str], list[int]]:
        """The base of each operand, or a number as text; and where those with a base lie."""
        bases, places = list[str](), list[int]()
        for x in operands:
            kind = type(x)
            if kind is Row:
                bases.append("%V")
                places.append(x.index if x.space == "input" else self._columns + x.index)
            elif kind is Uniform:
                base, offset = self._uniform(x.slot)
                bases.append(base)
                places.append(offset // 8)
            elif as_literals:
                bases.append(x.value.hex())
            else:
                bases.append("%U")
                places.append(self._first_constant + self.constants.setdefault(x.value.hex(), len(self.constants)))
        return bases, places


class _Rows:
    """Where the results of one unit lie, which has them in registers when it is compiled."""

    def __init__(self, code: Sequence[Instruction | Dot], first: int) -> None:
        self.places: dict[int, Row | Uniform] = {}
        """By the targets of instructions."""
        self.count = 0
        self._first = first
        self._unused: list[Row] = []
        last: dict[int, int] = {}
        for position, item in enumerate(code):
            for x in _locals(item):
                last[x.target] = position
        self._ending: dict[int, list[int]] = {}
        for target, position in last.items():
            self._ending.setdefault(position, []).append(target)

    def free(self, position: int) -> None:
        """Give back rows whose last use is there."""
        for target in self._ending.get(position, ()):
            place = self.places[target]
            if isinstance(place, Row) and place.index >= self._first and place.space == "scratch":
                self._unused.append(place)

    def result(self, item: Instruction | Dot) -> Row | Uniform:
        """Where the result goes."""
        place = item.store
        if place is None:
            if not self._unused:
                self._unused.append(Row("scratch", self._first + self.count))
                self.count += 1
            place = self._unused.pop()
        self.places[item.target] = place
        return place


def _locals(item: Instruction | Dot) -> Iterator[Local]:
    operands = item.args if isinstance(item, Instruction) else (item.bias, *(row for _, row in item.terms))
    return (x for x in operands if type(x) is Local)
