"""Which uniforms gradient sums go to: whether each is reached, and whether more than once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..tape import Reduction, SumOne, Tape, Uniform


def sums_are_alone(tape: Tape) -> bool:
    """Whether each gradient is made by one sum, so that sums need not be added to what is there.

    Otherwise the adjoints are set to zero first. Adjoints of uniforms that no sum writes stay zero.
    """
    # What the epilogue adds to the adjoint of a total is used up by the end of the run.
    totals = {tape.uniforms + total.slot for total in tape.totals}
    if any(isinstance(one.store, Uniform) and one.store.slot not in totals for one in tape.epilogue):
        return False
    if totals and not has_sums_for_all(tape):
        return False
    counts = np.zeros(tape.uniforms, dtype=np.int64)
    for reduction in tape.reductions:
        np.add.at(counts, slots_of(reduction), 1)
    return bool(np.all(counts <= 1))


def has_sums_for_all(tape: Tape) -> bool:
    """Whether there is a sum for each parameter."""
    return bool(_summed(tape)[: tape.parameters].all())


def reached(tape: Tape) -> NDArray[np.bool_]:
    """Which parameters the result depends on, shape (parameters,)."""
    found = _summed(tape)
    for one in tape.epilogue:
        if isinstance(one.store, Uniform) and one.store.slot >= tape.uniforms:
            found[one.store.slot - tape.uniforms] = True
    for total in tape.totals:
        found[total.first : total.first + total.count] |= found[total.slot]
    return found[: tape.parameters]


def _summed(tape: Tape) -> NDArray[np.bool_]:
    """Which uniforms have a sum."""
    found = np.zeros(tape.uniforms, dtype=bool)
    for reduction in tape.reductions:
        found[slots_of(reduction)] = True
    return found


def slots_of(reduction: Reduction) -> NDArray[np.int64]:
    """All slots that a reduction adds to."""
    if isinstance(reduction, SumOne):
        return np.array([reduction.slot])
    j, k = np.arange(reduction.outputs), np.arange(reduction.inputs if reduction.right else 1)
    return (reduction.slot + j[:, None] * reduction.stride_j + k * reduction.stride_k).ravel()
