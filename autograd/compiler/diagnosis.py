"""Diagnosis: a batch that failed is replayed sample by sample on Values, to say where it went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..batch import given
from ..blame import gradient_fault, hidden_fault, loss_error
from ..errors import DomainError, NonFiniteError
from ..value import Value
from .arguments import sample_of
from .backend import Floats
from .binding import Bound
from .masks import replaying
from .observing import observed_of

_CURE = "The parameters and their gradients are what they were. Try a smaller learning rate or standardized inputs"

_HIDDEN = (
    "which the loss doesn't depend on. Compiled code computes both sides of a `where`, and 0 times infinity is NaN: "
    "bring the number into range before, as in where(x < 9, exp(where(x < 9, x, 0.0)), 0.0)"
)


def diagnose(
    function: Callable[..., Any],
    arrays: tuple[Floats, ...],
    names: Sequence[str],
    bound: Bound,
) -> Exception:
    """The error that names node, scope and sample, for a run of ``bound`` that failed; nothing is changed."""
    with replaying(bound.trace.generators, bound.states):
        return _first_fault(function, arrays, names, bound.goal != "values", observed_of(bound.trace, arrays))


def _first_fault(
    function: Callable[..., Any],
    arrays: Sequence[Floats],
    names: Sequence[str],
    differentiated: bool,
    observed: Sequence[float],
) -> Exception:
    samples, hidden = len(arrays[0]), ""
    for sample in range(samples):
        try:
            with given(observed):
                result = function(*sample_of(arrays, names, sample))
        except DomainError as error:
            return in_sample(error, sample)
        if differentiated and isinstance(result, Value):
            where = f"sample {sample} (row {sample}, counted from 0)"
            if not math.isfinite(result.data):
                return loss_error(result, where, _CURE)
            if (fault := gradient_fault(result, 1.0 / samples)) is not None:
                return NonFiniteError(f"the gradient isn't finite for {where}. {fault}. {_CURE}")
            if not hidden and (fault := hidden_fault(result)) is not None:
                hidden = f"the gradient isn't finite for {where}. {fault}, {_HIDDEN}"
    if not differentiated:
        return DomainError(
            f"compiled code found one of these {samples} samples outside of a domain, at whose edge it is: rounded as "
            f"eager code rounds it is inside. Keep a distance from the edge, for example with maximum(x, 1e-12)"
        )
    if hidden:
        return NonFiniteError(hidden)
    return NonFiniteError(
        f"the gradient of these {samples} samples isn't finite: every product of an adjoint and a partial is, but a "
        f"sum of them is too large for a float64. {_CURE}"
    )


def in_sample(error: DomainError, sample: int) -> DomainError:
    """The same error, which also says in which sample it happened."""
    text = str(error)
    stop = "" if text.endswith(".") else "."
    return type(error)(f"{text}{stop} It happened in sample {sample} (row {sample}, counted from 0).")
