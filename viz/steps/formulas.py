"""Formulas as plain data: read off the table of operations, decided and simplified at a point, written, evaluated.

A formula is a number, the result ("y"), an operand by its position ("0", "1", ...), or a tuple: a sign or the name of a
function, and what that is applied to. ``1 − y·y`` is ``("-", 1.0, ("*", "y", "y"))``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

from autograd import OPS, Op
from autograd.formula import Expression

Formula = float | str | tuple[Any, ...]
_SIZE = 40  # parts of a formula: beyond it nobody reads one
_HEADS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "power": "^"}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LEVELS = {**dict.fromkeys((*_COMPARISONS, "="), 1), "+": 2, "-": 2, "neg": 3, "*": 3, "/": 3, "^": 4}
_SIGNS = {"-": " − ", "+": " + ", "*": " × ", "/": "/", "<": " < ", ">": " > ", "<=": " ≤ ", ">=": " ≥ ", "=": " = "}
_MOST = 4  # operands that are written out
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CONTEXT = Context(prec=40, traps=[])
"""Exact enough to tell a rounding from an error; what has no result is NaN, what is too large infinite."""


# Read off the table ---------------------------------------------------------------------------------------------------


def partial_formulas(op: Op, count: int) -> tuple[Formula | None, ...]:
    """The partials of an operation by each of ``count`` operands; None for one that is too long to be read.

    >>> partial_formulas(OPS["tanh"], 1)
    (('-', 1.0, ('*', 'y', 'y')),)
    """
    names = op.names_for(count)
    places = {"y": "y", **{name: str(i) for i, name in enumerate(names)}}
    made = op.partials(Expression.variable("y"), *map(Expression.variable, names), **op.attributes)
    return tuple(_plain(Expression.of(each), places) for each in made)


def own_formula(op: Op, count: int) -> Formula:
    """The operation itself as a formula of its operands.

    >>> own_formula(OPS["mul"], 2), own_formula(OPS["tanh"], 1)
    (('*', '0', '1'), ('tanh', '0'))
    """
    return (_HEADS.get(op.name, op.name), *map(str, range(count)))


def _plain(expression: Expression, places: Mapping[str, str]) -> Formula | None:
    left = [_SIZE]

    def plain(e: Expression) -> Formula | None:
        left[0] -= 1
        if left[0] < 0:
            return None
        if e.head == "variable":
            return places[e.payload]
        if e.head == "number":
            return float(e.payload)
        if not isinstance(e.head, str) and e.head.attributes:
            return None
        name = e.head if isinstance(e.head, str) else e.head.name
        parts = [plain(arg) for arg in e.args]
        return None if None in parts else (_HEADS.get(name, name), *parts)

    return plain(expression)


# At a point -----------------------------------------------------------------------------------------------------------


def decided(formula: Formula, at: Mapping[str, float]) -> tuple[Formula, tuple[Formula, ...]]:
    """The formula without its choices, as they fall at this point, and the conditions that hold there.

    >>> decided(("where", (">", "0", 0.0), 1.0, 0.01), {"0": -2.0})
    (0.01, (('<=', '0', 0.0),))
    """
    held: list[Formula] = []
    failed: list[Formula] = []

    def choose(f: Formula) -> Formula:
        if not isinstance(f, tuple):
            return f
        if f[0] != "where":
            return (f[0], *map(choose, f[1:]))
        holds = _holds(f[1], at)
        (held if holds else failed).append(f[1])
        return choose(f[2] if holds else f[3])

    chosen = choose(formula)
    facts = dict.fromkeys(fact for condition in held for fact in _facts(condition))
    return chosen, tuple(facts) or _opposites(list(dict.fromkeys(failed)), at)


def _holds(condition: Formula, at: Mapping[str, float]) -> bool:
    if isinstance(condition, tuple) and condition[0] in ("&", "|"):
        both = [_holds(part, at) for part in condition[1:]]
        return all(both) if condition[0] == "&" else any(both)
    if isinstance(condition, tuple) and condition[0] in _COMPARISONS:
        return _COMPARISONS[condition[0]](*(float(evaluated(part, at)) for part in condition[1:]))
    return float(evaluated(condition, at)) != 0


def _facts(condition: Formula) -> tuple[Formula, ...]:
    """What a condition that holds says."""
    if not isinstance(condition, tuple) or condition[0] in _COMPARISONS:
        return () if _is_idle(condition) else (condition,)
    if condition[0] != "&":
        return ()
    left, right = condition[1:]
    if left[0] == "<=" and right[0] == ">=" and left[1:] == right[1:]:
        return (("=", *left[1:]),)
    return (*_facts(left), *_facts(right))


def _opposites(failed: list[Formula], at: Mapping[str, float]) -> tuple[Formula, ...]:
    """What holds instead of plain comparisons; of two that meet in a point, that it is this one."""
    plain = [f for f in failed if isinstance(f, tuple) and f[0] in _COMPARISONS and not _is_idle(f)]
    if any(math.isnan(float(evaluated(part, at))) for f in plain for part in f[1:]):
        return ()
    if len(plain) == 2 and plain[0][1:] == plain[1][1:]:
        return (("=", *plain[0][1:]),)
    return tuple((_OPPOSITE[f[0]], *f[1:]) for f in plain)


def _is_idle(condition: Formula) -> bool:
    """Whether it compares with infinity, which says nothing."""
    return isinstance(condition, tuple) and any(isinstance(x, float) and math.isinf(x) for x in condition[1:])


def variables(formula: Formula) -> frozenset[str]:
    """The result and the operands that are in the formula."""
    if isinstance(formula, str):
        return frozenset({formula})
    return frozenset[str]().union(*map(variables, formula[1:])) if isinstance(formula, tuple) else frozenset()


def simplified(formula: Formula, known: Mapping[str, float]) -> Formula:
    """The formula with these operands as numbers, and without arithmetic that is done in the head.

    >>> simplified(("*", "1", ("^", "0", ("-", "1", 1.0))), {"1": 3.0})
    ('*', 3.0, ('^', '0', 2.0))
    """
    if isinstance(formula, str):
        return known.get(formula, formula)
    if not isinstance(formula, tuple):
        return formula
    head = formula[0]
    args = [simplified(part, known) for part in formula[1:]]
    numbers = [a for a in args if isinstance(a, float)]
    if head == "neg" and numbers:
        return -numbers[0]
    if head in ("+", "-") and len(numbers) == 2:
        exact = _ARITHMETIC[head](*map(Decimal, numbers))
        return float(exact) if Decimal(float(exact)) == exact else (head, *args)
    if head == "*" and 1.0 in args:
        return args[0] if args[1] == 1.0 else args[1]
    if head == "*" and args[0] == args[1] and isinstance(args[0], str):
        return ("^", args[0], 2.0)
    if head == "^" and args[1] in (0.0, 1.0):
        return args[0] if args[1] == 1.0 else 1.0
    return (head, *args)


def evaluated(formula: Formula, at: Mapping[str, float | Decimal]) -> Decimal:
    """What a careful reader finds who computes the formula with these numbers: 40 digits, where no function is in it.

    NaN where there is no result, infinite at a pole.
    """
    if isinstance(formula, str):
        return Decimal(at[formula])
    if not isinstance(formula, tuple):
        return Decimal(formula)
    head = formula[0]
    args = [evaluated(part, at) for part in formula[1:]]
    if head in _ARITHMETIC:
        return _ARITHMETIC[head](*args)
    return applied(head, (), args)


def applied(name: str, attributes: tuple[tuple[str, float], ...], args: list[Decimal]) -> Decimal:
    """An operation of the table at these numbers; NaN for one that isn't declared here."""
    if name not in OPS:
        return Decimal("nan")
    try:
        return Decimal(OPS[name].bind(**dict(attributes)).value(*map(float, args)))
    except (ArithmeticError, ValueError, TypeError):
        return Decimal("nan")


def _power(a: Decimal, b: Decimal) -> Decimal:
    return Decimal(1) if b == 0 else CONTEXT.power(a, b)


_ARITHMETIC: dict[str, Callable[..., Decimal]] = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": CONTEXT.divide,
    "^": _power,
    "neg": CONTEXT.minus,
    "abs": CONTEXT.abs,
    "exp": CONTEXT.exp,
    "log": CONTEXT.ln,
    "sqrt": CONTEXT.sqrt,
}


# Written --------------------------------------------------------------------------------------------------------------


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
        if len(inside) > _MOST:
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
