"""`op` declares an operation. What contradicts itself is refused before anything is registered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .calls import public
from .domain import REAL, Domain
from .errors import TraceError
from .formula import Expression, Expressions
from .namespaces import FUNCTIONS
from .operation import OPS, Op, signature

_BUILT_IN: set[str] = set()


def protect_declared() -> None:
    """From now on the operations declared so far are built in: their names can't be declared anew."""
    for declared in OPS.values():
        _validate_formulas(declared)
    _BUILT_IN.update(OPS)


_LISTENERS: list[Callable[[Op], None]] = []


def on_declaration(listener: Callable[[Op], None]) -> None:
    """Have ``listener`` called with every operation: those declared so far, and each one to come."""
    _LISTENERS.append(listener)
    for declared in OPS.values():
        listener(declared)


@public
def op(
    name: str,
    *,
    kernel: Callable[..., Any],
    partials: Callable[..., Any],
    domain: tuple[Domain, ...] | None = None,
    symbol: str | None = None,
    doc: str = "",
    kinks: tuple[float, ...] = (),
    refuses: Callable[..., Any] | None = None,
    requires: str = "",
    singular: bool = False,
    careful: Callable[..., Any] | None = None,
) -> Op:
    """Declare an operation; it then works on Values, arrays and in every reader of the graph.

    ``kernel(xp, x, ...)`` gives the value from the functions of ``xp`` (see `namespaces.FUNCTIONS`) and + - * /,
    without branches. ``partials(y, x, ...)`` gives a tuple with ∂y/∂x for each argument, written in operations of the
    table; ``y`` is the result. Keyword-only parameters of the kernel are attributes with their defaults. ``domain`` has
    one entry an argument (all real numbers if left out). ``singular`` says that a partial can be infinite or NaN.
    ``careful`` gives the same partials without cancellation, where that costs more: single numbers take it.
    A name may be declared anew, a built-in one may not.

    >>> from autograd import Value, op
    >>> cube = op("cube", kernel=lambda xp, x: x * x * x, partials=lambda y, x: (3 * x * x,))
    >>> x = Value(2.0); cube(x).backward(); x.grad
    12.0
    """
    if not (isinstance(name, str) and re.fullmatch(r"[A-Za-z]\w*", name)):
        raise ValueError(f"an operation's name must be a plain identifier, got {name!r}")
    if name in _BUILT_IN:
        raise ValueError(f"{name!r} is an operation of the built-in table; choose another name")
    names, variadic, attributes = signature(kernel)
    if domain is None:
        domain = (REAL,) * len(names)
    declared = Op(
        *(name, kernel, partials, domain, symbol or name, doc, kinks, refuses, requires, singular, careful),
        attributes=dict(attributes),
    )
    _validate(declared, names, variadic, attributes)
    if _BUILT_IN:  # within the table a partial may name an operation that is declared further down
        _validate_formulas(declared)
    OPS[name] = declared
    for listener in _LISTENERS:
        listener(declared)
    return declared


def _contradiction(op: Op, what: str) -> ValueError:
    return ValueError(f"the declaration of {op.name!r} contradicts itself: {what}")


def _validate(op: Op, names: tuple[str, ...], variadic: bool, attributes: dict[str, Any]) -> None:
    """Refuse a declaration whose parts don't fit together, before anything is registered."""

    def wrong(what: str) -> ValueError:
        return _contradiction(op, what)

    if not names:
        raise wrong("its kernel takes no arguments; write kernel=lambda xp, x: ...")
    taken = {"y", "self", "other", "divide", "float", "int", *FUNCTIONS}
    reserved = sorted(name for name in (*names, *attributes) if name in taken or name.endswith("_"))
    if reserved:
        raise wrong(f"arguments can't be called {', '.join(reserved)}, those names are taken in formulas")
    for attribute, default in attributes.items():
        if isinstance(default, bool) or not isinstance(default, (int, float)):
            raise wrong(f"attribute {attribute} needs a number as its default, got {default!r}")
        op.attributes[attribute] = float(default)  # type: ignore[index]
    for partials in filter(None, (op.partials, op.careful)):
        if signature(partials)[:2] != (names, variadic):
            raise wrong(f"its partials must take (y, {', '.join(names)}) like its kernel (xp, {', '.join(names)})")
        if set(signature(partials)[2]) != set(attributes):
            raise wrong(f"kernel and partials must have the same attributes, here: {', '.join(attributes) or 'none'}")
    if len(op.domain) != len(names):
        raise wrong(f"{len(names)} arguments ({', '.join(names)}) but {len(op.domain)} domains")


def _validate_formulas(op: Op) -> None:
    """Refuse a kernel or partials that can't be read as formulas."""
    count = 2 if op.arity is None else op.arity
    arguments = [Expression.variable(name) for name in op.names_for(count)]
    try:
        value = Expression.of(op.kernel(Expressions(), *arguments, **op.attributes))
        ways = [op._read(way, op.names_for(count)) for way in (op.partials, op.careful) if way]
        if op.refuses is not None:
            op.refuses(Expressions(), *arguments)
    except (AttributeError, TypeError) as error:
        raise (TraceError if isinstance(error, TraceError) else ValueError)(
            f"the declaration of {op.name!r} can't be read: {error}"
        ) from error
    if any(expression.is_condition for expression in (value, *(e for partials in ways for e in partials))):
        raise _contradiction(op, "a kernel or partial is a condition, not a number; write where(condition, 1.0, 0.0)")
    wrong = next((len(partials) for partials in ways if len(partials) != count), None)
    if wrong is not None:
        raise _contradiction(op, f"{count} arguments but {wrong} partials; return a tuple with one for each")
