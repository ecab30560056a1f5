"""The interpreter: functions of opcodes, each of which runs one instruction and goes on to the next.

An operation is written by the emitter that writes straight code; only its addresses come from the code. So what takes
LLVM tens of microseconds an operation to compile runs at once, on blocks of several vectors, which share the time that
it takes to find out what is to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..tape import Row
from .addresses import Address, Fixed
from .bytecode import STOP, Bytecode, Opcode
from .emit.emitter import POINTERS, Emitter, over_parts, split
from .emit.straight import emit_lines
from .memory_map import Arguments, MemoryMap
from .text.body import Body
from .text.registers import Index

_UNROLLED = 8
"""Vectors of a block that an instruction computes without a loop."""


class _Encoded(Fixed):
    """Addresses that the code says: the k-th place is what its k-th number says."""

    def __init__(self, layout: MemoryMap, bases: Sequence[str]) -> None:
        super().__init__(layout)
        self._bases = bases

    def begin(self, body: Body) -> None:
        """Find all places."""
        self._pointers = []
        for k, base in enumerate(self._bases):
            number = _read(body, "%T", 4 * k)
            size = self._layout.row_bytes if base == "%V" else 8
            self._pointers.append(body.pointer(base, body.offset(0, (number, size))))

    def row(self, row: Row) -> Address:
        """Where a row begins."""
        return self._pointers[row.index], 0

    def uniform(self, slot: int) -> Address:
        """Where a uniform is."""
        return self._pointers[slot], 0


def _read(body: Body, base: str, offset: int) -> str:
    number = body.assign(f"load i32, ptr {body.pointer(base, offset)}, align 4")
    return body.assign(f"sext i32 {number} to i64")


def emit_interpreter(emitter: Emitter, code: Bytecode, arguments: Arguments) -> None:
    """A function for each opcode, and ``interpret``, which runs the code that begins where ``%T`` says."""
    names = ["stop", *(f"opcode{number}" for number in range(1, 1 + len(code.opcodes)))]
    assert names[STOP] == "stop"
    emitter.function("stop").finish()
    for name, opcode in zip(names[1:], code.opcodes, strict=True):
        _emit_opcode(emitter, name, opcode)
    emitter.module.table("opcodes", "ptr", [f"@{name}" for name in names])
    body = emitter.function("interpret")
    begin = body.load_scalar("%T", 0, "i64")
    first = body.load_scalar("%A", arguments.offset("code"), "ptr")
    _go_on(body, body.pointer(first, body.offset(0, (begin, 4))))


def _emit_opcode(emitter: Emitter, name: str, opcode: Opcode) -> None:
    emitter = replace(emitter, addresses=_Encoded(emitter.layout, opcode.bases))
    body = emitter.function(name)

    def some_vectors(first: Index, count: int) -> None:
        for k in range(count):
            emit_lines(emitter, body, body.offset(k, (first, 1)), (opcode.item,))

    vectors = 1 if opcode.is_scalar else emitter.layout.vectors
    over_parts(body, split(vectors, _UNROLLED), some_vectors)
    _go_on(body, body.pointer("%T", 4 * len(opcode.bases)))


def _go_on(body: Body, place: str) -> None:
    """Run the instruction at that place of the code, as the last thing that the function does."""
    function = body.load_scalar("@opcodes", body.offset(0, (_read(body, place, 0), 8)), "ptr")
    pointers = ", ".join(f"ptr %{name}" for name in POINTERS)
    body.line(f"musttail call fastcc void {function}({pointers}, ptr {body.pointer(place, 4)})")
    body.finish()
