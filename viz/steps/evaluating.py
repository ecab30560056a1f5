"""Formulas at a point: which branch holds there, what is left of them, what they come to."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from functools import lru_cache

from autograd import OPS, Op
from autograd.formula import Expression, Expressions
from autograd.namespaces import FUNCTIONS, Floats

from .formulas import COMPARISONS, Formula, as_formula, places_of

CONTEXT = Context(prec=40, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
"""Exact enough to tell a rounding from an error; what has no result is NaN, what is too large infinite."""
_COMPARED: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


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
    if not isinstance(condition, tuple) or condition[0] in COMPARISONS:
        return () if _is_idle(condition) else (condition,)
    if condition[0] != "&":
        return ()
    left, right = condition[1:]
    if left[0] == "<=" and right[0] == ">=" and left[1:] == right[1:]:
        return (("=", *left[1:]),)
    return (*_facts(left), *_facts(right))


def _opposites(failed: list[Formula], at: Mapping[str, float]) -> tuple[Formula, ...]:
    """What holds instead of plain comparisons; of two that meet in a point, that it is this one."""
    plain = [f for f in failed if isinstance(f, tuple) and f[0] in COMPARISONS and not _is_idle(f)]
    if any(evaluated(part, at).is_nan() for f in plain for part in f[1:]):
        return ()
    if {f[0] for f in plain} == {"<", ">"} and len({f[1:] for f in plain}) == 1:
        return (("=", *plain[0][1:]),)
    return tuple((_OPPOSITE[f[0]], *f[1:]) for f in plain)


def _is_idle(condition: Formula) -> bool:
    """Whether it compares with infinity, which says nothing."""
    return isinstance(condition, tuple) and any(isinstance(x, float) and math.isinf(x) for x in condition[1:])


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
    return not (a.is_nan() or b.is_nan()) and _COMPARED[head](a, b)


def applied(name: str, attributes: tuple[tuple[str, float], ...], args: Sequence[Decimal]) -> Decimal:
    """An operation of the table with these operands; NaN for one that isn't declared here."""
    kernel = _kernel(OPS[name], attributes, len(args)) if name in OPS else None
    return Decimal("nan") if kernel is None else evaluated(kernel, {str(i): x for i, x in enumerate(args)})


@lru_cache(maxsize=256)
def _kernel(op: Op, attributes: tuple[tuple[str, float], ...], count: int) -> Formula | None:
    names = op.names_for(count)
    made = op.kernel(Expressions(), *map(Expression.variable, names), **dict(attributes or op.attributes))
    return as_formula(Expression.of(made), places_of(names))


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
