"""Calls of the functions of units and reductions, one after the other: few are written out, many are a loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..text.body import Body
from ..text.module import IRModule, Table
from ..text.registers import Index
from .emitter import POINTERS

_WRITTEN_OUT = 200
"""Calls that may be written out one by one. Thousands in a single function take LLVM seconds."""
_STANDARD = ", ".join(f"ptr %{name}" for name in POINTERS)


class Call(NamedTuple):
    """A function, and where its entries begin among those of all (see `addresses`); None if it has none."""

    function: str
    entries: int | None = None


class Calls:
    """What is called in this order. ``name`` is that of its tables in the module."""

    def __init__(self, name: str, calls: Sequence[Call]) -> None:
        self.calls, self._name = calls, name

    def emit(self, body: Body) -> None:
        """Call all of them."""
        if len(self.calls) > _WRITTEN_OUT:
            self._emit_loop(body)
            return
        for call in self.calls:
            table = "null" if call.entries is None else f"getelementptr (i8, ptr @entries, i64 {8 * call.entries})"
            body.line(f"call fastcc void @{call.function}({_STANDARD}, ptr {table})")

    def _emit_loop(self, body: Body) -> None:
        functions = {name: number for number, name in enumerate(dict.fromkeys(call.function for call in self.calls))}
        body.module.table(f"{self._name}_functions", "ptr", [f"@{name}" for name in functions])
        rows = [(functions[call.function], 8 * (call.entries or 0)) for call in self.calls]
        table = Table(body.module, f"{self._name}_calls", rows)

        def one_call(k: Index, _: list[Any]) -> None:
            number, entries = table.read(body, k, 0), table.read(body, k, 1)
            function = body.load_scalar(f"@{self._name}_functions", body.offset(0, (number, 8)), "ptr")
            body.line(f"call fastcc void {function}({_STANDARD}, ptr {body.pointer('@entries', entries)})")

        body.loop(len(self.calls), one_call)


class Entries:
    """The table entries for all functions of a module, one after the other."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    def add(self, numbers: Sequence[int]) -> int | None:
        """Where these are; None if there are none."""
        self._numbers += numbers
        return len(self._numbers) - len(numbers) if numbers else None

    def define(self, module: IRModule) -> None:
        """Write them into the module."""
        module.table("entries", "i64", map(str, self._numbers or [0]))
