"""Formulas as plain data: read off the table of operations, decided and simplified at a point, written, evaluated.

A formula is a number, the result ("y"), an operand by its position ("0", "1", ...), or a tuple: a sign or the name of a
function, and what that is applied to. ``1 − y·y`` is ``("-", 1.0, ("*", "y", "y"))``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from functools import lru_cache
from typing import Any

from autograd import OPS, Op
from autograd.formula import Expression, Expressions
from autograd.namespaces import FUNCTIONS, Floats

Formula = float | str | tuple[Any, ...]
_SIZE = 40  # parts of a formula: beyond it nobody reads one
_HEADS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "power": "^"}
_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LEVELS = {**dict.fromkeys((*_COMPARISONS, "="), 1), "+": 2, "-": 2, "neg": 3, "*": 3, "/": 3, "^": 4}
_SIGNS = {"-": " − ", "+": " + ", "*": " × ", "/": "/", "<": " < ", ">": " > ", "<=": " ≤ ", ">=": " ≥ ", "=": " = "}
MOST = 4
"""Operands that are written out; of more the first two and the last."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CONTEXT = Context(prec=40, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
"""Exact enough to tell a rounding from an error; what has no result is NaN, what is too large infinite."""


# Read off the table ---------------------------------------------------------------------------------------------------


def partial_formulas(op: Op, count: int) -> tuple[Formula | None, ...]:
    """The partials of an operation by each of ``count`` operands; None for one that is too long to be read.

    >>> partial_formulas(OPS["tanh"], 1)
    (('-', 1.0, ('*', 'y', 'y')),)
    """
    names = op.names_for(count)
    made = op.partials(Expression.variable("y"), *map(Expression.variable, names), **op.attributes)
    return tuple(_plain(Expression.of(each), names, _SIZE) for each in made)


def own_formula(op: Op, count: int) -> Formula:
    """The operation itself as a formula of its operands.

    >>> own_formula(OPS["mul"], 2), own_formula(OPS["tanh"], 1)
    (('*', '0', '1'), ('tanh', '0'))
    """
    return (_HEADS.get(op.name, op.name), *map(str, range(count)))


def _plain(expression: Expression, names: tuple[str, ...], most: float = math.inf) -> Formula | None:
    """An expression as a formula; None if it has more than so many parts."""
    places = {"y": "y", **{name: str(i) for i, name in enumerate(names)}}
    left = [most]

    def plain(e: Expression) -> Formula | None:
        left[0] -= 1
        if left[0] < 0:
            return None
        if e.head == "variable":
            return places[e.payload]
        if e.head == "number":
            return float(e.payload)
        if isinstance(e.head, Op) and e.head.attributes:
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
        true = holds(f[1], at)
        (held if true else failed).append(f[1])
        return choose(f[2] if true else f[3])

    chosen = choose(formula)
    facts = dict.fromkeys(fact for condition in held for fact in _facts(condition))
    return chosen, tuple(facts) or _opposites(list(dict.fromkeys(failed)), at)


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
    if any(evaluated(part, at).is_nan() for f in plain for part in f[1:]):
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


# Computed -------------------------------------------------------------------------------------------------------------


def evaluated(formula: Formula, at: Mapping[str, float | Decimal]) -> Decimal:
    """What a careful reader finds who computes the formula with these numbers: far more digits than a float has.

    NaN where nothing is found: outside of a domain, where a number is too large or too small even so, or where a
    function changes too fast for the digits of its argument.
    """
    if isinstance(formula, str):
        return Decimal(at[formula])
    if not isinstance(formula, tuple):
        return Decimal(formula)
    head = formula[0]
    if head == "where":
        return evaluated(formula[2 if holds(formula[1], at) else 3], at)
    args = [evaluated(part, at) for part in formula[1:]]
    if head in _ARITHMETIC:
        return _ARITHMETIC[head](*args)
    return _careful(_FUNCTIONS[head], args[0]) if head in _FUNCTIONS else applied(head, (), args)


def holds(condition: Formula, at: Mapping[str, float | Decimal]) -> bool:
    """Whether a condition holds with these numbers."""
    if not isinstance(condition, tuple):
        return evaluated(condition, at) != 0
    head, left, right = condition
    if head == "&":
        return holds(left, at) and holds(right, at)
    if head == "|":
        return holds(left, at) or holds(right, at)
    a, b = evaluated(left, at), evaluated(right, at)
    return not (a.is_nan() or b.is_nan()) and _COMPARISONS[head](a, b)


def applied(name: str, attributes: tuple[tuple[str, float], ...], args: Sequence[Decimal]) -> Decimal:
    """An operation of the table with these operands; NaN for one that isn't declared here."""
    kernel = _kernel(OPS[name], attributes, len(args)) if name in OPS else None
    return Decimal("nan") if kernel is None else evaluated(kernel, {str(i): x for i, x in enumerate(args)})


@lru_cache(maxsize=256)
def _kernel(op: Op, attributes: tuple[tuple[str, float], ...], count: int) -> Formula | None:
    names = op.names_for(count)
    made = op.kernel(Expressions(), *map(Expression.variable, names), **dict(attributes or op.attributes))
    return _plain(Expression.of(made), names)


def _careful(function: Callable[[float], float], x: Decimal) -> Decimal:
    """A function of floats, where the digits of its argument suffice for it."""
    here, beside = function(float(x)), function(math.nextafter(float(x), math.inf))
    if not x.is_finite() or math.isnan(here):
        return Decimal(here)
    lost = not math.isfinite(here) or (here == 0 and x != 0) or abs(here - beside) > 1e-6 * abs(here)
    return Decimal("nan") if lost and x != 0 else Decimal(here)


def _power(a: Decimal, b: Decimal) -> Decimal:
    if b == 0 or not a:
        return Decimal(1) if b == 0 else CONTEXT.power(a, b)
    return _in_range(CONTEXT.power(a, b), a, b)


def _exp(x: Decimal) -> Decimal:
    return _in_range(CONTEXT.exp(x), x)


def _in_range(found: Decimal, *args: Decimal) -> Decimal:
    """NaN for what is too large or too small even here."""
    lost = found == 0 or not found.is_finite()
    return Decimal("nan") if lost and all(x.is_finite() for x in args) else found


_ARITHMETIC: dict[str, Callable[..., Decimal]] = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": CONTEXT.divide,
    "^": _power,
    "neg": CONTEXT.minus,
    "abs": CONTEXT.abs,
    "exp": _exp,
    "log": CONTEXT.ln,
    "sqrt": CONTEXT.sqrt,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    name: getattr(Floats, name) for name in FUNCTIONS if name not in ("where", "power", *_ARITHMETIC)
}


# Its numbers ---------------------------------------------------------------------------------------------------------


def numbers(formula: Formula, place: str = "#") -> dict[str, float]:
    """The numbers in a formula, each by its place."""
    if isinstance(formula, float):
        return {place: formula}
    if isinstance(formula, str):
        return {}
    found: dict[str, float] = {}
    for i, part in enumerate(formula[1:]):
        found |= numbers(part, f"{place}.{i}")
    return found


def opened(formula: Formula, place: str = "#") -> Formula:
    """The formula with its numbers as variables, since they are printed as well."""
    if isinstance(formula, float):
        return place
    if isinstance(formula, str):
        return formula
    return (formula[0], *(opened(part, f"{place}.{i}") for i, part in enumerate(formula[1:])))


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
