"""The programs of a training: loss and penalty of a model, traced once for as many trainings as it has."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from ..compiler.program import Program
from ..compiler.trace.symbol import Symbol
from ..scopes import current
from ..value import Value

_KEPT = 2
"""Trainings whose programs are kept for the next one like it: of a model, or of two in turn."""
_kept: list[Programs] = []


class Programs:
    """What a training computes, compiled. All that is called is in closure cells, so that guards see it change.

    Attributes:
        loss: the loss of a sample, with the penalty, which is the last number that is observed of a batch.
        results: the loss of a sample without it, and the prediction.
    """

    def __init__(self, model: Any, loss: Any, penalty: Callable[[], Any] | None) -> None:
        self.parts = model, loss, penalty
        self.is_single = True

        def trained(x: Any, y: Any) -> Any:
            return loss(model(x), y)

        def penalized(x: Any, y: Any) -> Any:
            without = loss(model(x), y)
            extra = checked_penalty(penalty())  # type: ignore[misc]
            tracer = current().trace
            if tracer is not None:
                tracer.observe(None, (extra,))
            return without + extra

        def evaluated(x: Any, y: Any) -> list[Any]:
            prediction = model(x)
            self.is_single = not isinstance(prediction, list | tuple)
            return [loss(prediction, y), *([prediction] if self.is_single else prediction)]

        self.loss = Program(trained if penalty is None else penalized)
        self.results = Program(evaluated)


def checked_penalty(penalty: Any) -> Any:
    """What a penalty gave, if that is a Value, or stands for one in a trace."""
    if not isinstance(penalty, Value | Symbol):
        raise TypeError(f"fit: the penalty must be a Value, got {type(penalty).__name__}: {penalty!r}")
    return penalty


def programs_of(model: Any, loss: Any, penalty: Callable[[], Any] | None) -> Programs:
    """The programs of these functions: those of an earlier training, if it had the same.

    The last few are kept, with what they refer to; whether their traces are still true is for guards to say.
    """
    parts = model, loss, penalty
    found = next((each for each in _kept if all(map(_are_same, parts, each.parts))), None)
    if found is None:
        found = Programs(*parts)
    else:
        _kept.remove(found)
    _kept[:] = [found, *_kept[: _KEPT - 1]]
    return found


def _are_same(f: Any, g: Any) -> bool:
    """Whether two things are one, or functions written in one place over the same variables.

    >>> make = lambda: lambda x: x; _are_same(make(), make()), _are_same(make, lambda: 1)
    (True, False)
    """
    if f is g:
        return True
    if type(f) is not FunctionType or type(g) is not FunctionType:
        return False
    cells, others = f.__closure__ or (), g.__closure__ or ()
    return (
        f.__code__ == g.__code__
        and f.__globals__ is g.__globals__
        and all(map(_is, cells, others))
        and _defaults(f) == _defaults(g) == ()
        and not vars(f)
        and not vars(g)
    )


def _defaults(f: FunctionType) -> tuple[Any, ...]:
    return (*(f.__defaults__ or ()), *(f.__kwdefaults__ or ()))


def _is(a: Any, b: Any) -> bool:
    return a is b
