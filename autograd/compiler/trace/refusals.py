"""What a traced number can't do, and what to write instead."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

from ...checks import shortened
from ...errors import TraceError
from ...value import Value

_PACKAGE = str(Path(__file__).parent.parent.parent)

CURES = {
    "bool": "a traced number has no value yet, so Python can't choose by it (`if`, `while`, `and`, `or`, `not`, "
    "min, max, sorted). Write where(condition, a, b) for a choice, join conditions by & and |, and use "
    "minimum(a, b) and maximum(a, b)",
    "float": "a traced number has no value yet, so it can't become a float (float, math.*, numpy functions). "
    "Use the functions of autograd: autograd.exp(x), or x.exp()",
    "ufunc": "a traced number has no value yet, so NumPy can't compute with it. Use the functions of autograd: "
    "autograd.where(condition, a, b), maximum(a, b), x.exp(); a list of traced numbers goes through them one by one: "
    "[x.exp() for x in xs]",
    "product": "it is one number, and @ is for arrays. Write a * b, or autograd.dot(ws, xs) for lists",
    "remainder": "a traced number has no value yet, and a remainder or a whole quotient (%, //, divmod) jumps where it "
    "has no derivative. Do that to the data before the call, and give the result as an argument",
    "int": "a traced number has no value yet, so it can't become an int or be rounded (int, round, math.floor). "
    "Do that to the data before the call, and give the result as an argument",
    "index": "a traced number has no value yet, so it can't be an index or a count. For the index of a class give a "
    "one-hot row, numpy.eye(classes)[labels], and sum its products with the list",
    "format": "a traced number has no value yet, so it can't be printed or formatted. Print outside of the compiled "
    "function, or look at one sample with program.inspect(X, Y, sample=0)",
    "equal": "a traced number has no value yet, and == can't compare it. Write where((a >= b) & (a <= b), x, y) for a "
    "choice by equality, or give a one-hot row for the index of a class",
    "data": "a traced number has no value yet. Compute with the traced number itself, and look at numbers in the "
    "results of the program or with program.inspect(X, Y, sample=0)",
    "backward": "inside a compiled function there is nothing to run backward yet. Return the loss, and call "
    "program.backward(X, Y) or program.gradients(X, Y); for a derivative in a formula take "
    "gradients(y, xs, record=True)",
    "place": "a compiled function computes and changes nothing. Write total = total + x for a sum, and change "
    "parameters outside of it, inside no_grad()",
    "freeze": "a compiled function computes and changes nothing: that would happen once, while it is traced, and never "
    "again. Freeze and unfreeze outside of it; the program sees it at its next call",
    "contains": "a traced number has no items; only an argument of shape (batch, k) is a list of k numbers",
}


def refusal(what: str, name: str, reason: str) -> TraceError:
    """The error for something that a traced number can't do; ``name`` says which, ``reason`` is a key of `CURES`."""
    return TraceError(f"{what} of {name}{source_line()}: {CURES[reason]}")


_LONGEST = 120
"""Characters of a source line that an error shows: the cure comes after it."""


def source_line() -> str:
    """The line of the caller's own code that is at work, as text for an error ("" if there is none)."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_PACKAGE, "<generated")):
            text = shortened(linecache.getline(file, frame.f_lineno, frame.f_globals).strip(), _LONGEST)
            return f" at {Path(file).name}:{frame.f_lineno}{f' ({text})' if text else ''}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def outlived() -> TraceError:
    """The error for a number of another trace."""
    return TraceError(
        f"a traced number is used outside of the trace that made it{source_line()}. It was kept from an earlier call, "
        f"or handed to another compiled function; compute it inside the function, and don't store it in an attribute "
        f"or a list"
    )


def foreign(value: Value) -> TraceError:
    """The error for a Value that the trace knows nothing of."""
    line = source_line()
    if value.op is None:
        return TraceError(
            f"{value.describe()}{line} is a Value from outside of the compiled function, neither a parameter nor an "
            f"input. Make it a Parameter to train it, give it as an argument, or use its number ({value.label or 'v'}"
            f".data), which stays as it is now"
        )
    return TraceError(
        f"{value.describe()}{line} was computed before the compiled function was called, so it would never see new "
        f"numbers of what it came from. Compute it inside the function, or use its number (.data) to freeze it"
    )
