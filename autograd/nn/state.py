"""Reading and loading parameters and buffers as arrays. All faults of a state are found before anything is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ShapeError
from ..parameter import Parameter

Homes = Mapping[str, NDArray[Any]]
"""Arrays of Parameters (dtype object) and buffers (dtype float64), by their name in a state."""


class Loaded(NamedTuple):
    """What `Module.load_state_dict` found, by name.

    >>> Loaded([], ["head.weight"]).unexpected
    ['head.weight']
    """

    missing: list[str]
    unexpected: list[str]


def read_arrays(homes: Homes) -> dict[str, NDArray[np.float64]]:
    """The numbers of the parameters and buffers, in new arrays of the same shapes.

    >>> read_arrays({"w": np.array([Parameter(1.0)])})
    {'w': array([1.])}
    """
    return {name: _numbers_of(home) for name, home in homes.items()}


def _numbers_of(home: NDArray[Any]) -> NDArray[np.float64]:
    if home.dtype != object:
        return home.copy()
    return np.array([p.data for p in home.flat]).reshape(home.shape)


def load_arrays(homes: Homes, state: Mapping[str, Any], strict: bool, who: str) -> Loaded:
    """Set the parameters and buffers from a state, or raise one ShapeError that names every fault, with nothing set.

    >>> w = Parameter(1.0); load_arrays({"w": np.array([w])}, {"w": [5.0]}, True, "a model"); w.data
    Loaded(missing=[], unexpected=[])
    5.0
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"a state is a mapping from names to arrays, as state_dict() gives it, got {state!r}")
    missing = [name for name in homes if name not in state]
    unexpected = [str(name) for name in state if name not in homes]
    arrays = {name: _as_floats(state[name]) for name in homes if name in state}
    faults = []
    if strict:
        faults += [f"missing: {name} of shape {homes[name].shape}" for name in missing]
        faults += [f"unexpected: {name}" for name in unexpected]
    for name, array in arrays.items():
        if array is None:
            faults.append(f"not real numbers: {name}")
        elif array.shape != homes[name].shape:
            faults.append(f"wrong shape: {name} needs {homes[name].shape}, got {array.shape}")
    numbers = {} if faults else _numbers(homes, arrays, faults)
    faults += [] if faults else _differing_buffers(homes, arrays)
    if faults:
        listed = "\n  ".join(faults)
        raise ShapeError(
            f"this state doesn't fit, nothing was loaded into {who}:\n  {listed}\n"
            f"Take state_dict() of a model of the same sizes; strict=False passes over missing and unexpected entries."
        )
    for parameter, number in numbers.items():
        parameter.data = number
    for name, array in arrays.items():
        if homes[name].dtype != object:
            homes[name][...] = array
    return Loaded(missing, unexpected)


def _as_floats(x: Any) -> NDArray[np.float64] | None:
    try:
        array = np.asarray(x)
        return array.astype(np.float64) if array.dtype.kind in "fiu" else None
    except ValueError:  # lists of unequal lengths
        return None


def _numbers(homes: Homes, arrays: Mapping[str, Any], faults: list[str]) -> dict[Parameter, float]:
    """The number of each parameter; a shared one for which two entries differ is a fault."""
    numbers: dict[Parameter, float] = {}
    source: dict[Parameter, str] = {}
    for name, array in arrays.items():
        if homes[name].dtype != object:
            continue
        differing: dict[str, None] = {}
        for parameter, number in zip(homes[name].flat, array.flat, strict=True):
            known = numbers.setdefault(parameter, float(number))
            first = source.setdefault(parameter, name)
            if known != number and not (np.isnan(known) and np.isnan(number)):
                differing[first] = None
        faults += [
            f"contradiction: {first} and {name} share parameters, but their numbers differ" for first in differing
        ]
    return numbers


def _differing_buffers(homes: Homes, arrays: Mapping[str, Any]) -> list[str]:
    first: dict[int, str] = {}
    faults = []
    for name, array in arrays.items():
        if homes[name].dtype != object:
            known = first.setdefault(id(homes[name]), name)
            if not np.array_equal(arrays[known], array, equal_nan=True):
                faults.append(f"contradiction: {known} and {name} are the same buffer, but their numbers differ")
    return faults
