"""Tables: whole numbers in a module, that loops read where code would otherwise be written out again and again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .text.body import Body
from .text.module import IRModule
from .text.registers import Index


class Table:
    """Rows of 64-bit numbers, all of the same length.

    >>> module = IRModule(4)
    >>> table = Table(module, "squares", [(1, 1), (2, 4)])
    >>> body = module.function("f", "ptr %p")
    >>> table.read(body, 1, 1)
    '%1'
    >>> body.finish(); print(module.text())
    @squares = internal constant [4 x i64] [i64 1, i64 1, i64 2, i64 4], align 64
    define void @f(ptr %p) nounwind {
    entry:
      %0 = getelementptr i8, ptr @squares, i64 24
      %1 = load i64, ptr %0, align 8
      ret void
    }
    <BLANKLINE>
    """

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
