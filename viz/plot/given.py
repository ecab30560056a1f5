"""What plots are given, such as functions and intervals: read, and refused with the cure where it doesn't fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.calls import noted

from ..text import number

Floats = NDArray[np.float64]
Function = Callable[[Floats], ArrayLike]


def interval_of(interval: tuple[float, float], name: str = "interval") -> tuple[float, float]:
    """The ends of an interval; what isn't one raises its error, which has the name of the argument."""
    ends = np.asarray(interval, dtype=np.float64)
    if ends.shape != (2,) or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise ValueError(f"{name} must be two numbers, the smaller first, as in (-3, 3), got {interval!r}.")
    return float(ends[0]), float(ends[1])


def named(given: Any, what: str, example: str) -> Mapping[str, Any]:
    """What is given by name; something else is a TypeError with the example."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{what} has names, such as {example}, got {type(given).__name__}.")
    return {str(name): each for name, each in given.items()}


def refuse_twice(names: Iterable[str], others: Iterable[str], where: str, there: str, other: str) -> None:
    """Refuse a name that two arguments have, since lines are told apart by it."""
    if twice := set(names) & set(others):
        raise ValueError(f"{min(twice)!r} is in {where} and in {there}: give the {other} another name.")


def numbers_of(given: ArrayLike, what: str) -> Floats:
    """Numbers to count as one row of floats; ``what`` says in errors whose they are."""
    with noted(f"plain numbers are counted, but {what} has others: pass weights as layer.weight.data", TypeError):
        array = np.asarray(given, dtype=np.float64).ravel()
    if not len(array):
        raise ValueError(f"{what} has no numbers, so there is nothing to count: pass at least one.")
    strange = array[~np.isfinite(array)]
    if len(strange):
        raise ValueError(
            f"a histogram needs finite numbers, but {what} has {len(strange)} of {len(array)} that are not, the first "
            f"{number(float(strange[0]))}: leave them out with x[numpy.isfinite(x)]."
        )
    return array


def values_of(name: str, f: Function, xs: Floats) -> Floats:
    """The function's values, NaN where they aren't finite; ``name`` says in errors which function it is."""
    cure = "functions are called with an array: write them with NumPy, or pass autograd.compile(f)"
    with noted(cure, TypeError), np.errstate(all="ignore"):
        found: Any = f(xs)
    ys = np.asarray(found, dtype=np.float64)
    if ys.shape != xs.shape:
        raise ValueError(f"{name!r} gave shape {ys.shape} for an array of shape {xs.shape}: {cure}.")
    if not np.isfinite(ys).any():
        raise ValueError(f"{name!r} is nowhere finite from {xs[0]:g} to {xs[-1]:g}: choose another interval.")
    return np.where(np.isfinite(ys), ys, np.nan)  # a pole is a gap
