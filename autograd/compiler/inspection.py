"""Inspection: one sample of a batch as eager code computes it, as a graph with every adjoint in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backprop import sweep
from ..batch import given
from ..errors import DomainError
from ..parameter import Parameter
from ..value import Value
from .arguments import sample_of
from .backend import Floats
from .diagnosis import in_sample
from .masks import draw, replaying, states_of
from .observing import observed_of
from .trace.run import Trace


def graph_of(
    function: Callable[..., Any],
    trace: Trace,
    arrays: tuple[Floats, ...],
    names: Sequence[str],
    sample: int,
) -> Any:
    """What the function returns for one sample, with the random numbers that its next replay would draw for it."""
    row = _row(sample, len(arrays[0]))
    generators = trace.generators
    observed = observed_of(trace, arrays)
    with replaying(generators, states_of(generators)):
        masks = [array.columns for array in trace.arrays if array.kind == "mask"]
        draw(generators, [np.empty((row, columns)) for columns in masks])
        with given(observed):
            try:
                result = function(*sample_of(arrays, names, row))
            except DomainError as error:
                raise in_sample(error, row) from error
    if isinstance(result, Value) and result.requires_grad:
        _mark(result)
    return result


def _row(sample: Any, samples: int) -> int:
    if isinstance(sample, bool) or not isinstance(sample, int | np.integer):
        raise TypeError(f"sample is the number of a row, got {type(sample).__name__}: {sample!r}")
    if not -samples <= sample < samples:
        raise IndexError(f"sample {sample} is not among the {samples} samples; they are counted from 0")
    return int(sample) % samples


def _mark(root: Value) -> None:
    """Show every adjoint of a sweep in its node, but leave parameters as they are."""
    steps = list(sweep(root))
    for step in steps:
        if not isinstance(step.node, Parameter):
            step.node.grad = step.adjoint
