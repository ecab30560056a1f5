"""Single samples of a batch as eager code computes them: to be looked at, and to say where a batch went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backprop import sweep
from ..batch import given
from ..blame import gradient_fault, hidden_fault, loss_error
from ..errors import DomainError, NonFiniteError
from ..parameter import Parameter
from ..value import Value
from .backend import Floats
from .binding import Bound
from .masks import draw, replaying, states_of
from .observing import observed_of
from .trace.run import Trace

_CURE = "The parameters and their gradients are what they were. Try a smaller learning rate or standardized inputs"

_HIDDEN = (
    "which the loss doesn't depend on. Compiled code computes both sides of a `where`, and 0 times infinity is NaN: "
    "bring the number into range before, as in where(x < 9, exp(where(x < 9, x, 0.0)), 0.0)"
)


def graph_of(
    function: Callable[..., Any], trace: Trace, arrays: tuple[Floats, ...], names: Sequence[str], sample: int
) -> Any:
    """What the function returns for one sample, with every adjoint in place: ready to be drawn.

    Random numbers are those that the next replay would draw for it.
    """
    row = _row(sample, len(arrays[0]))
    generators, observed = trace.generators, observed_of(trace, arrays)
    with replaying(generators, states_of(generators)):
        draw(generators, [np.empty((row, array.columns)) for array in trace.arrays if array.kind == "mask"])
        result = _run(function, arrays, names, row, observed)
    if isinstance(result, Value) and result.requires_grad:
        for step in list(sweep(result)):
            if not isinstance(step.node, Parameter):
                step.node.grad = step.adjoint
    return result


def _row(sample: Any, samples: int) -> int:
    if isinstance(sample, bool) or not isinstance(sample, int | np.integer):
        raise TypeError(f"sample is the number of a row, got {type(sample).__name__}: {sample!r}")
    if not -samples <= sample < samples:
        raise IndexError(f"sample {sample} is not among the {samples} samples; they are counted from 0")
    return int(sample) % samples


def diagnose(function: Callable[..., Any], arrays: tuple[Floats, ...], names: Sequence[str], bound: Bound) -> Exception:
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
            result = _run(function, arrays, names, sample, observed)
        except DomainError as error:
            return error.with_traceback(None)
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


def _run(
    function: Callable[..., Any], arrays: Sequence[Floats], names: Sequence[str], sample: int, observed: Sequence[float]
) -> Any:
    """What the function returns for one sample; a DomainError also says in which sample it happened."""
    try:
        with given(observed):
            return function(*sample_of(arrays, names, sample))
    except DomainError as error:
        stop = "" if str(error).endswith(".") else "."
        error.args = (f"{error}{stop} It happened in sample {sample} (row {sample}, counted from 0).",)
        raise


def sample_of(arrays: Sequence[Floats], names: Sequence[str], sample: int) -> list[Any]:
    """The arguments of the function for one sample, as labelled Values."""
    return [
        Value(array[sample], label=name)
        if array.ndim == 1
        else [Value(number, label=f"{name}[{k}]") for k, number in enumerate(array[sample].tolist())]
        for array, name in zip(arrays, names, strict=True)
    ]
