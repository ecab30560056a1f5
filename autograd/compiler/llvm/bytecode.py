"""Bytecode: irregular code as numbers, an instruction after the other, for the interpreter.

An instruction is the number of its opcode, and then where its operands and its result lie, in 32 bits each. An opcode
is an instruction with places instead of addresses: there are a few dozen of them in any graph, and each becomes a
function (see `interpreter`), however many instructions there are.

What straight code keeps in registers lies in rows here, behind those of the tape, which are used again within a unit.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..tape import Dot, Instruction, Local, Number, Row, Straight, Tape, Uniform
from .memory_map import MemoryMap

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


def encode(tape: Tape, layout: MemoryMap) -> Bytecode:
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


Where: TypeAlias = tuple[str, int | None]
"""A pointer and a place behind it; a number of the program text as text, and no place."""


class _Encoder:
    """Writes instructions, and finds the opcodes on the way."""

    def __init__(self, tape: Tape, layout: MemoryMap) -> None:
        self.numbers = array("i")
        self.opcodes: list[Opcode] = []
        self.constants: dict[str, int] = {}
        self.locals = 0
        self._columns, self._uniform = tape.columns, layout.uniform
        self._first_local, self._first_constant = tape.columns + tape.scratch, constants_begin(tape)
        self._known: dict[Any, int] = {}
        self._literals: Counter[Any] = Counter()

    def write(self, code: Sequence[Instruction | Dot], is_scalar: bool = False) -> None:
        """Write straight code, or scalar code."""
        rows, address = _FreeRows(self._first_local), self._address
        places = rows.places
        for item, ending in zip(code, _last_uses(code), strict=True):
            if isinstance(item, Dot):
                self._dot(item, rows)
                rows.free(ending)
                continue
            args = [places[x.target] if x.__class__ is Local else address(x) for x in item.args]
            # Freed now, as each number of the result is written after those that it is made of are read.
            rows.free(ending)
            args.append(self._result(item, rows))
            self._instruction(item, args, is_scalar)
        self.locals = max(self.locals, rows.count)

    def _address(self, x: Any) -> Where:
        """Of a row, a uniform or a number."""
        if x.__class__ is Row:
            return "%V", x.index if x.space == "input" else self._columns + x.index
        if x.__class__ is Uniform:
            base, offset = self._uniform(x.slot)
            return base, offset // 8
        return x.value.hex(), None

    def _result(self, item: Instruction | Dot, rows: _FreeRows) -> Where:
        place = rows.places[item.target] = rows.new() if item.store is None else self._address(item.store)
        return place

    def _instruction(self, item: Instruction, addresses: list[Where], is_scalar: bool) -> None:
        bases, places = zip(*addresses, strict=True)
        opcode = self._known.get((item.op, item.checked, is_scalar, bases))
        if opcode is None:
            opcode = self._new_opcode(item, bases, is_scalar)
        if not opcode:  # one that differs from too many others in its numbers alone
            self._instruction(item, [self._in_memory(address) for address in addresses], is_scalar)
            return
        self.numbers.append(opcode)
        self.numbers.extend(places if None not in places else [place for place in places if place is not None])

    def _new_opcode(self, item: Instruction, bases: tuple[str, ...], is_scalar: bool) -> int:
        has_literal = any(base[0] != "%" for base in bases)
        self._literals[item.op] += has_literal
        if has_literal and self._literals[item.op] > _LITERALS:
            opcode = 0
        else:
            *args, result = _places(bases)
            opcode = self._add(Instruction(0, item.op, tuple(args), result, item.checked), bases, is_scalar)
        self._known[item.op, item.checked, is_scalar, bases] = opcode
        return opcode

    def _add(self, item: Instruction | Dot, bases: tuple[str, ...], is_scalar: bool) -> int:
        self.opcodes.append(Opcode(item, tuple([base for base in bases if base[0] == "%"]), is_scalar))
        return len(self.opcodes)

    def _in_memory(self, address: Where) -> Where:
        text, place = address
        if place is not None:
            return address
        return "%U", self._first_constant + self.constants.setdefault(text, len(self.constants))

    def _dot(self, dot: Dot, rows: _FreeRows) -> None:
        """Add terms whose coefficients have the same base, a few at a time."""

        def address(x: Any) -> Where:
            return rows.places[x.target] if isinstance(x, Local) else self._in_memory(self._address(x))

        terms = sorted([(address(a), address(b)) for a, b in dot.terms], key=_base)
        total = [] if dot.bias is None else [address(dot.bias)]
        result = self._result(dot, rows)
        for _, alike in groupby(terms, _base):
            while some := list(islice(alike, TERMS)):
                bases, places = zip(*total, *(address for term in some for address in term), result, strict=True)
                self.numbers.append(self._known.get(bases) or self._new_dot(bases))
                self.numbers.extend(places)
                total = [result]

    def _new_dot(self, bases: tuple[str, ...]) -> int:
        *args, result = _places(bases)
        bias = args.pop(0) if len(args) % 2 else None
        item = Dot(0, bias, tuple(zip(args[::2], args[1::2], strict=True)), result)
        opcode = self._known[bases] = self._add(item, bases, False)
        return opcode


def _base(term: tuple[Where, Where]) -> str:
    return term[0][0]


def _places(bases: tuple[str, ...]) -> list[Any]:
    """Operands of an opcode: places, numbered in this order, and numbers of the program text."""
    operands, count = list[Any](), 0
    for base in bases:
        if base[0] != "%":
            operands.append(Number(float.fromhex(base)))
            continue
        operands.append(Row("scratch", count) if base == "%V" else Uniform(count))
        count += 1
    return operands


class _FreeRows:
    """Where the results of one unit lie that are in registers when it is compiled."""

    def __init__(self, first: int) -> None:
        self.places: dict[int, Where] = {}
        """Of all results, by the targets of instructions."""
        self.count = 0
        self._first = first
        self._unused: list[Where] = []

    def new(self) -> Where:
        """A row that nobody uses."""
        if self._unused:
            return self._unused.pop()
        self.count += 1
        return "%V", self._first + self.count - 1

    def free(self, targets: Iterable[int]) -> None:
        """Give back the rows of results that are needed no more, if they are of this kind."""
        for target in targets:
            base, place = address = self.places[target]
            if base == "%V" and place is not None and place >= self._first:
                self._unused.append(address)


def _last_uses(code: Sequence[Instruction | Dot]) -> list[list[int]]:
    """For each item the results that are used there last."""
    last: dict[int, int] = {}
    for position, item in enumerate(code):
        for x in item.args if isinstance(item, Instruction) else (item.bias, *(row for _, row in item.terms)):
            if x.__class__ is Local:
                last[x.target] = position
    ends: list[list[int]] = [[] for _ in code]
    for target, position in last.items():
        ends[position].append(target)
    return ends
