"""Formulas as a reader writes them: ``1 − t²``."""

from __future__ import annotations

from collections.abc import Callable

from autograd import OPS

from .formulas import COMPARISONS, Formula

MOST = 4
"""Operands that are written out; of more the first two and the last."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LEVELS = {**dict.fromkeys((*COMPARISONS, "="), 1), "+": 2, "-": 2, "neg": 3, "*": 3, "/": 3, "^": 4}
_SIGNS = {"-": " − ", "+": " + ", "*": " × ", "/": "/", "<": " < ", ">": " > ", "<=": " ≤ ", ">=": " ≥ ", "=": " = "}


def functions(formula: Formula | None) -> frozenset[str]:
    """The names of functions that the formula, when written, has in it."""
    if not isinstance(formula, tuple):
        return frozenset()
    inner = frozenset[str]().union(*map(functions, formula[1:]))
    return inner if formula[0] in _LEVELS or formula[0] == "abs" else inner | {_spelled(formula[0])}


def written(formula: Formula, name: Callable[[str], str], number: Callable[[float], str], level: float = 0) -> str:
    """The formula as a reader writes it.

    Args:
        formula: what to write.
        name: how the result and the operands are called, by a name or a number.
        number: how a number is written.
        level: how tight what stands before it binds: 3 in a product.

    >>> written(("-", 1.0, ("^", "y", 2.0)), {"y": "t"}.__getitem__, "{:g}".format)
    '1 − t²'
    """
    text, own = _text(formula, name, number)
    return f"({text})" if own < level or (level and text[0] in "−-") else text


def _text(formula: Formula, name: Callable[[str], str], number: Callable[[float], str]) -> tuple[str, float]:
    """The formula without brackets around it, and how tight it binds."""
    if not isinstance(formula, tuple):
        return name(formula) if isinstance(formula, str) else number(formula), 5
    head, *args = formula
    if head not in _LEVELS:
        inside = [written(arg, name, number) for arg in args]
        if len(inside) > MOST:
            inside = [*inside[:2], "…", inside[-1]]
        return f"|{inside[0]}|" if head == "abs" else f"{_spelled(head)}({', '.join(inside)})", 5
    own = _LEVELS[head]
    if head == "neg":
        return "−" + written(args[0], name, number, own), own
    left, binds = _text(args[0], name, number)  # a minus at the left needs no brackets
    if head == "^":
        left = f"({left})" if binds < 5 or left[0] in "−-" or ("e" in left and left[0].isdigit()) else left
        if isinstance(args[1], float) and args[1].is_integer() and abs(args[1]) < 100:
            return left + str(int(args[1])).translate(_RAISED), own
        return f"{left}^{written(args[1], name, number, 5)}", own
    left = f"({left})" if binds < own else left
    # a × b/c has brackets around b/c, although it needn't; a + (b + c) and a × (b × c) have none
    loose = isinstance(args[1], tuple) and args[1][0] == head and head in "+*"
    return f"{left}{_SIGNS[head]}{written(args[1], name, number, own if loose else own + 0.5)}", own


def _spelled(head: str) -> str:
    """A function by its symbol, if that is a word or the root, else by its name."""
    symbol = OPS[head].symbol if head in OPS else head
    return symbol if symbol == "√" or (symbol.isidentifier() and symbol not in OPS) else head
