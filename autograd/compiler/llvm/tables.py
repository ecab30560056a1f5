"""Tables: whole numbers in a module, that loops read where code would otherwise be written out again and again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .text.body import Body
from .text.module import IRModule
from .text.registers import Index


class Table:
    """Rows of 64-bit numbers, all of the same length."""

    def __init__(self, module: IRModule, name: str, rows: Sequence[Sequence[int]]) -> None:
        self._base, self.columns = f"@{name}", len(rows[0])
        define(module, name, "i64", [str(number) for row in rows for number in row])

    def read(self, body: Body, row: Index, column: int) -> str:
        """The name of a register with the number in that row and column."""
        return body.load_scalar(self._base, body.offset(8 * column, (row, 8 * self.columns)), "i64")


def define(module: IRModule, name: str, kind: str, entries: Iterable[str]) -> None:
    """A constant array of that LLVM type; the entries are as LLVM reads them."""
    typed = [f"{kind} {entry}" for entry in entries]
    text = ", ".join(typed)
    module.define(name, f"@{name} = internal constant [{len(typed)} x {kind}] [{text}], align 64")
