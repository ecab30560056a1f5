"""Diagnosis: a batch that failed is replayed sample by sample on Values, to say where it went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..backprop import Step, sweep
from ..errors import DomainError, NonFiniteError
from ..graph import ancestors
from ..nn.statistics import given
from ..value import Value
from .arguments import sample_of
from .backend import Floats

_CURE = "The parameters and their gradients are what they were. Try a smaller learning rate or standardized inputs"


def diagnose(
    function: Callable[..., Any],
    arrays: Sequence[Floats],
    names: Sequence[str],
    differentiated: bool,
    observed: Sequence[float] = (),
) -> Exception:
    """The error that names node, scope and sample; nothing is changed.

    ``differentiated`` says whether a loss and its gradient were asked for, not just values; ``observed`` is what
    modules observe of the batch.
    """
    samples = len(arrays[0])
    for sample in range(samples):
        try:
            with given(observed):
                result = function(*sample_of(arrays, names, sample))
        except DomainError as error:
            return in_sample(error, sample)
        if differentiated and isinstance(result, Value):
            found = _fault(result, 1.0 / samples)
            if found:
                return NonFiniteError(f"{found} for sample {sample} (row {sample}, counted from 0). {_CURE}")
    if not differentiated:
        return DomainError(
            f"compiled code found one of these {samples} samples outside of a domain, at whose edge it is: rounded as "
            f"eager code rounds it is inside. Keep a distance from the edge, for example with maximum(x, 1e-12)"
        )
    return NonFiniteError(
        f"the gradient of these {samples} samples isn't finite: every product of an adjoint and a partial is, but a "
        f"sum of them is too large for a float64. {_CURE}"
    )


def in_sample(error: DomainError, sample: int) -> DomainError:
    """The same error, which also says in which sample it happened."""
    text = str(error)
    stop = "" if text.endswith(".") else "."
    return type(error)(f"{text}{stop} It happened in sample {sample} (row {sample}, counted from 0).")


def _fault(loss: Value, seed: float) -> str:
    if not math.isfinite(loss.data):
        return f"the loss is {loss.data}: it begins with {_origin(loss)},"
    if loss.requires_grad:
        for step in sweep(loss, seed):
            wrong = _wrong_operand(step)
            if wrong is not None:
                return (
                    f"the gradient isn't finite: it begins at {step.node.describe()}, whose partial by its operand "
                    f"{step.node.args[wrong].describe()} is {step.partials[wrong]},"
                )
    return ""


def _origin(root: Value) -> str:
    """The first node, operands before results, that made ``root`` NaN or infinite; its own operands are finite."""
    order = ancestors(root)
    guilty = {root}
    for node in reversed(order):
        if node in guilty:
            guilty.update(arg for arg in node.args if not math.isfinite(arg.data))
    first = next(node for node in order if node in guilty)
    operands = ", ".join(arg.describe() for arg in first.args)
    return f"{first.describe()}{f', computed from {operands}' if operands else ''}"


def _wrong_operand(step: Step) -> int | None:
    if not math.isfinite(step.adjoint):
        return None
    return next((i for i, c in enumerate(step.contributions) if c is not None and not math.isfinite(c)), None)
