"""LLVM IR as text: a module with its functions, declarations and tables.

Text is written rather than built through ``llvmlite.ir``: that is many times as fast, and it works where llvmlite is
missing. The text depends on nothing but the calls that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .body import KERNEL_FLAGS, Body
from .registers import Index, Lanes, Vector


class IRModule:
    """The functions, declarations and tables of one LLVM module.

    >>> module = IRModule(4)
    >>> body = module.function("double", "ptr %x")
    >>> body.store("%x", 0, 2.0 * body.load("%x", 0)); body.finish()
    >>> print(module.text())
    define void @double(ptr %x) nounwind {
    entry:
      %0 = load <4 x double>, ptr %x, align 32
      %1 = fmul contract nsz <4 x double> splat (double 0x4000000000000000), %0
      store <4 x double> %1, ptr %x, align 32
      ret void
    }
    <BLANKLINE>
    """

    def __init__(self, width: int, attributes: str = "") -> None:
        """``attributes`` go on every function, as ``'"prefer-vector-width"="512"'``."""
        self.lanes = Lanes(width)
        self.attributes = f"nounwind {attributes}".strip()
        self._bodies: dict[str, Body] = {}
        self._declarations: set[str] = set()
        self._definitions: dict[str, str] = {}

    @property
    def width(self) -> int:
        """Lanes of a vector."""
        return self.lanes.width

    def function(
        self, name: str, parameters: str, *, result: str = "void", internal: bool = False, flags: str = KERNEL_FLAGS
    ) -> Body:
        """Begin a function and return its body. An internal one is ``fastcc`` and never inlined."""
        if name in self._bodies:
            raise ValueError(f"this module has a function {name!r} already")
        linkage, mark = ("internal fastcc ", "noinline ") if internal else ("", "")
        header = f"define {linkage}{result} @{name}({parameters}) {mark}{self.attributes}"
        self._bodies[name] = Body(self, name, header, result, flags)
        return self._bodies[name]

    def require(self, name: str, arity: int, write: Callable[..., Vector]) -> str:
        """The internal function on vectors of that name; ``write(body, *arguments)`` gives its result if it is new."""
        if name not in self._bodies:
            vector = self.lanes.vector
            names = [f"%x{i}" for i in range(arity)]
            parameters = ", ".join(f"{vector} {argument}" for argument in names)
            body = self.function(name, parameters, result=vector, internal=True, flags="")
            body.finish(write(body, *(Vector(body, argument) for argument in names)))
        return name

    def declare(self, text: str) -> None:
        """Declare an intrinsic; repeating it is harmless."""
        self._declarations.add(f"declare {text}")

    def define(self, name: str, text: str) -> None:
        """Add text at module level (a table, a function written by hand), once for each name."""
        self._definitions.setdefault(name, text)

    def table(self, name: str, kind: str, entries: Iterable[str]) -> None:
        """Add a constant array of that LLVM type; the entries are as LLVM reads them."""
        typed = [f"{kind} {entry}" for entry in entries]
        self.define(name, f"@{name} = internal constant [{len(typed)} x {kind}] [{', '.join(typed)}], align 64")

    def text(self) -> str:
        """The whole module. Raises ValueError if a body was not finished."""
        functions = [body.text() for body in self._bodies.values()]
        return "\n".join([*sorted(self._declarations), *self._definitions.values(), *functions]) + "\n"


class Table:
    """Rows of whole numbers, that loops read where code would otherwise be written out again and again."""

    def __init__(self, module: IRModule, name: str, rows: Sequence[Sequence[int]]) -> None:
        self._base, self.columns = f"@{name}", len(rows[0])
        module.table(name, "i64", [str(number) for row in rows for number in row])

    def read(self, body: Body, row: Index, column: int) -> str:
        """The name of a register with the number in that row and column."""
        return body.load_scalar(self._base, body.offset(8 * column, (row, 8 * self.columns)), "i64")
