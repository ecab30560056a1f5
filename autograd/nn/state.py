"""The state of a module: its parameters and buffers as arrays, read, loaded, copied.

All faults of a state are found before anything is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..calls import public
from ..errors import ShapeError
from ..parameter import Parameter
from ..parameter_array import ParameterArray, Slots
from ..store import Store, make_room
from .members import Member, Own, items
from .walking import Walking, join

Home: TypeAlias = ParameterArray | Parameter | list[Parameter] | NDArray[np.float64]
"""What an entry of a state is read from and written to; an array is a buffer."""


class Loaded(NamedTuple):
    """What `Module.load_state_dict` found, by name.

    >>> Loaded([], ["head.weight"]).unexpected
    ['head.weight']
    """

    missing: list[str]
    unexpected: list[str]


class Stateful(Walking):
    """What a `Module` can do with its state."""

    __slots__ = ()

    def state_dict(self) -> dict[str, NDArray[np.float64]]:
        """Copies of all parameters and buffers as arrays: ``layers.0.weight`` (nout, nin), ``layers.0.bias`` (nout,).

        A parameter that is an attribute by itself is an array of shape (), a list of parameters one of shape (n,).
        What is shared stands under each of its names.

        >>> from autograd import nn
        >>> {name: array.shape for name, array in nn.MLP(2, [3]).state_dict().items()}
        {'layers.0.weight': (3, 2), 'layers.0.bias': (3,)}
        """
        return {name: _numbers(home) for name, home in self._homes().items()}

    @public
    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> Loaded:
        """Set the parameters and buffers to what `state_dict` gave, in place; gradients stay.

        Args:
            state: arrays (or nested lists) by name; infinities and NaN are taken as they are.
            strict: whether missing and unexpected entries are an error.

        Returns:
            The names of the missing and of the unexpected entries.

        Raises:
            ShapeError: names all missing, unexpected and wrong-shaped entries. Nothing is loaded then.

        >>> from autograd import nn
        >>> a, b = nn.MLP(2, [3, 1], rng=0), nn.MLP(2, [3, 1], rng=1)
        >>> b.load_state_dict(a.state_dict())
        Loaded(missing=[], unexpected=[])
        >>> a([1.0, 2.0]).data == b([1.0, 2.0]).data
        True
        """
        homes = self._homes()
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a mapping from names to arrays, as state_dict() gives it, got {state!r}")
        missing = [name for name in homes if name not in state]
        unexpected = [str(name) for name in state if name not in homes]
        arrays = {name: _as_floats(state[name]) for name in homes if name in state}
        faults = []
        if strict:
            faults += [f"missing: {name} of shape {_numbers(homes[name]).shape}" for name in missing]
            faults += [f"unexpected: {name}" for name in unexpected]
        faults += _faults(homes, arrays)
        if faults:
            listed = "\n  ".join(faults)
            raise ShapeError(
                f"this state doesn't fit, nothing was loaded into {self!r}:\n  {listed}\n"
                f"Take state_dict() of a model of the same sizes; strict=False passes over missing and unexpected "
                f"entries."
            )
        for name, array in arrays.items():
            _write(homes[name], array)
        return Loaded(missing, unexpected)

    def _homes(self) -> dict[str, Home]:
        """What each entry of the state is read from, by name."""
        found: dict[str, Home] = {}
        for name, value in self._attributes():
            found |= {name: value} if name in self._own.buffers else _homes_in(name, value)
        return found

    def __getstate__(self) -> Any:
        kept = {"training": self._own.training, "buffers": sorted(self._own.buffers)}
        return {"room": _Room(self), "attributes": dict(vars(self)), **kept}

    def __setstate__(self, state: Any) -> None:
        attributes, buffers = state["attributes"], frozenset(state["buffers"])
        object.__setattr__(self, "_own", Own(state["training"], buffers))
        vars(self).update(attributes)
        for name, value in attributes.items():
            self._adopt(name, value)

    def _copy_ahead(self, memo: dict[int, Any]) -> None:
        """Put into the memo of a deep copy what can be copied faster than attribute by attribute."""

    def _adopt(self, name: str, value: Any) -> None:
        """See `Module`."""
        raise NotImplementedError


class _Room:
    """Stands before the members of a module in a copy of it: has their parameters lie side by side again."""

    def __init__(self, module: Stateful) -> None:
        self._module = module

    def __reduce__(self) -> Any:
        return make_room, (len(self._module.parameters()),)

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        make_room(len(self._module.parameters()))
        self._module._copy_ahead(memo)


def _homes_in(name: str, value: Any) -> dict[str, Home]:
    if isinstance(value, Parameter | ParameterArray):
        return {name: value}
    if isinstance(value, Stateful):
        return {join(name, key): home for key, home in value._homes().items()}
    found: dict[str, Home] = {}
    if isinstance(value, list | tuple | dict) and not isinstance(value, Member):
        pairs = list(items(value))
        if pairs and not isinstance(value, dict) and all(isinstance(item, Parameter) for _, item in pairs):
            return {name: [item for _, item in pairs]}
        for key, item in pairs:
            found |= _homes_in(f"{name}.{key}", item)
    return found


def _numbers(home: Home) -> NDArray[np.float64]:
    """A copy of the numbers."""
    if isinstance(home, list):
        return np.array([p.data for p in home])
    return np.array(home.data if isinstance(home, Parameter | ParameterArray) else home)


def _write(home: Home, array: Any) -> None:
    if isinstance(home, list):
        for parameter, number in zip(home, array.tolist(), strict=True):
            parameter.data = number
    elif isinstance(home, Parameter):
        home.data = float(array)
    elif isinstance(home, ParameterArray):
        home.data[...] = array
    else:
        home[...] = array


def _as_floats(x: Any) -> NDArray[np.float64] | None:
    try:
        array = np.asarray(x)
        return array.astype(np.float64) if array.dtype.kind in "fiu" else None
    except ValueError:  # lists of unequal lengths
        return None


def _faults(homes: Mapping[str, Home], arrays: Mapping[str, NDArray[np.float64] | None]) -> list[str]:
    """What is wrong with the entries that have a home."""
    faults = []
    for name, array in arrays.items():
        home = homes[name]
        shape = _numbers(home).shape
        if array is None:
            faults.append(f"not real numbers: {name}")
        elif isinstance(home, np.ndarray) and not home.flags.writeable:
            faults.append(f"read-only: {name}; set its flags.writeable to True")
        elif array.shape != shape:
            faults.append(f"wrong shape: {name} needs {shape}, got {array.shape}")
    return faults or [*_differing_parameters(homes, arrays), *_differing_buffers(homes, arrays)]


def _differing_parameters(homes: Mapping[str, Home], arrays: Mapping[str, Any]) -> list[str]:
    """Parameters that two entries name, with different numbers."""
    slots = {name: _slots(homes[name]) for name in arrays if not isinstance(homes[name], np.ndarray)}
    bounds = sorted(
        (store.number, int(own.min()), int(own.max())) for each in slots.values() for store, own in each if own.size
    )
    if not any(a[0] == b[0] and b[1] <= a[2] for a, b in pairwise(bounds)):
        return []  # nothing is named twice, which is nearly always so
    known: dict[tuple[int, int], tuple[str, float]] = {}
    faults: dict[str, None] = {}
    for name, each in slots.items():
        places = [(store.number, slot) for store, own in each for slot in own.tolist()]
        for place, number in zip(places, arrays[name].ravel().tolist(), strict=True):
            first, other = known.setdefault(place, (name, number))
            if other != number and not (np.isnan(other) and np.isnan(number)):
                faults[f"contradiction: {first} and {name} share parameters, but their numbers differ"] = None
    return list(faults)


def _slots(home: Any) -> list[tuple[Store, Slots]]:
    if isinstance(home, ParameterArray):
        return [(home.store, home.slots())]
    return [(p.store, np.array([p.slot])) for p in ([home] if isinstance(home, Parameter) else home)]


def _differing_buffers(homes: Mapping[str, Home], arrays: Mapping[str, Any]) -> list[str]:
    first: dict[int, str] = {}
    faults = []
    for name, array in arrays.items():
        if isinstance(homes[name], np.ndarray):
            known = first.setdefault(id(homes[name]), name)
            if not np.array_equal(arrays[known], array, equal_nan=True):
                faults.append(f"contradiction: {known} and {name} are the same buffer, but their numbers differ")
    return faults
