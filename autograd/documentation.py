"""What ``help`` and an editor say of one operation: its signature, formula, domain and partials, read off the table."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from .formula import formula


def documentation(op: Any) -> str:
    """The operation in words: what it is and whose, its domain where it isn't all numbers, its partials.

    >>> from autograd import log
    >>> print(documentation(log))
    natural logarithm of x > 0. Domain: x > 0.
    <BLANKLINE>
    ∂y/∂x = 1/x
    """
    domain = "".join(f" Domain: {text}." for text in _domains(op) if not text.endswith(" a real number"))
    return f"{op.doc or op.name}.{domain}\n\n{_partials(op)}"


def _domains(op: Any) -> list[str]:
    return [f"{name} {op.domain_of(i).text}" for i, name in enumerate(op.names_for(2))]


def _partials(op: Any) -> str:
    return "; ".join(f"∂y/∂{name} = {op.partial_formula(i)}" for i, name in enumerate(op.names_for(2)))


def _of_function(op: Any) -> Iterator[str]:
    """The lines for the function, which has no source to look at."""
    yield f"{op.name}{signature_of(op)}: {op.doc or op.name}."
    yield ""
    if op.arity is not None:
        yield f"y = {formula(op.kernel_expression)}"
    yield _partials(op)
    yield f"domain: {', '.join(_domains(op))}{f'; {op.requires}' if op.requires else ''}"
    if op.kinks:
        of = op.argument_names[0] if op.arity == 1 else "the difference of both"
        yield f"no derivative where {of} is {', '.join(f'{x:g}' for x in op.kinks)}"
    yield "of Values a Value, of floats a float, of arrays an array, elementwise"


def signature_of(op: Any) -> inspect.Signature:
    """The arguments of the kernel, without its namespace.

    >>> from autograd import leaky_relu
    >>> signature_of(leaky_relu)
    <Signature (x, /, *, slope=0.01)>
    """
    kind = inspect.Parameter.VAR_POSITIONAL if op.arity is None else inspect.Parameter.POSITIONAL_ONLY
    arguments = [inspect.Parameter(name, kind) for name in op.argument_names]
    named = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in op.attributes.items()
    ]
    return inspect.Signature([*arguments, *named])


class Documented:
    """The ``__doc__`` of a class whose instances have their own."""

    def __init__(self, of_class: str | None) -> None:
        self._of_class = of_class

    def __get__(self, op: Any, kind: type) -> str | None:
        return self._of_class if op is None else "\n".join(_of_function(op))


class SignatureOfKernel:
    """What ``inspect.signature(op)`` finds; the class has that of its ``__init__``."""

    def __get__(self, op: Any, kind: type) -> inspect.Signature:
        if op is None:
            raise AttributeError("a class has the signature of its __init__")
        return signature_of(op)
