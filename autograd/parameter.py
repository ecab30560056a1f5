"""Parameters: Values whose numbers lie side by side in flat arrays, where optimizers and compiled code work on them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .methods import specialize
from .scopes import current
from .value import CARRIERS, METHOD_NAMESPACE, Value, real_number


class Store:
    """Numbers and gradients of parameters: two float64 arrays of shape (n,)."""

    __slots__ = (
        *("__weakref__", "_members", "accelerate", "data", "data_view", "grad", "grad_view", "reached", "sweeps"),
    )

    def __init__(self, data: NDArray[np.float64], grad: NDArray[np.float64]) -> None:
        self.data, self.grad = data, grad
        # Indexing a memoryview gives a Python float, twice as fast as indexing the array.
        self.data_view: Any = memoryview(data)  # type: ignore[arg-type]
        self.grad_view: Any = memoryview(grad)  # type: ignore[arg-type]
        self._members: list[weakref.ref[Parameter]] = []
        # Set by who compiles code for these numbers: makes an `optim.inplace.Step`, faster than NumPy's, of
        # (rule, data, grad, states).
        self.accelerate: Callable[..., Any] | None = None
        # Zeroing all gradients must not visit each parameter: it starts a new count, and a parameter has a gradient
        # if it (or, by compiled code, every parameter here) was reached since.
        self.sweeps = 0
        self.reached = -1

    def forget(self) -> None:
        """Say that no backward has reached anything here; whoever calls this has zeroed ``grad`` itself."""
        self.sweeps += 1

    def __reduce__(self) -> Any:
        return Store, (self.data.copy(), self.grad.copy())

    def members(self) -> list[Parameter]:
        """The parameters that live here."""
        alive = (reference() for reference in self._members)
        return [p for p in alive if p is not None and p.store is self]

    def adopt(self, parameter: Parameter, slot: int) -> None:
        """Make this slot the home of the parameter."""
        parameter.store, parameter.slot, parameter._view = self, slot, self.data_view
        self._members.append(weakref.ref(parameter))


class Parameter(Value):
    """A leaf that an optimizer changes. Its ``data`` and ``grad`` are a slot of a flat `Store`.

    >>> w = Parameter(0.5, label="w0"); (w * 4.0).backward()
    >>> w.data, w.grad
    (0.5, 4.0)
    """

    __slots__ = ("_reached", "_view", "slot", "store")
    store: Store
    slot: int
    _view: Any
    _reached: int

    def __init__(self, data: Any, label: str = "") -> None:
        Store(np.array([real_number(data, "a Parameter")]), np.zeros(1)).adopt(self, 0)
        self._reached = -1
        self._leaf(self._data, label)

    @classmethod
    def many(cls, numbers: Iterable[float]) -> list[Parameter]:
        """A Parameter for each number, all in one store: much cheaper than one after the other.

        >>> [w.data for w in Parameter.many([0.5, -1.0])]
        [0.5, -1.0]
        """
        data = np.array([real_number(number, "a Parameter") for number in numbers])
        store = Store(data, np.zeros(len(data)))
        return [_restore(cls, store, slot, False, "", current().path) for slot in range(len(data))]

    # The slot `_data` of Value becomes a place in the store, so that all code that reads it sees the live number.
    @property
    def _data(self) -> float:
        return self._view[self.slot]  # type: ignore[no-any-return]

    @_data.setter
    def _data(self, number: float) -> None:
        self._view[self.slot] = number

    @property
    def grad(self) -> float:
        """The gradient, summed over backwards; 0.0 before any."""
        return self.store.grad_view[self.slot]  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, number: Any) -> None:
        self.store.grad_view[self.slot] = real_number(number, f"grad of {self.describe()}")
        self._reached = self.store.sweeps

    @property
    def has_grad(self) -> bool:
        """Whether a backward has reached this parameter since it was made or zeroed."""
        return self.store.sweeps in (self._reached, self.store.reached)

    def zero_grad(self) -> None:
        """Set the gradient to zero."""
        self._reached = -1
        self.store.grad_view[self.slot] = 0.0

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _restore, (type(self), self.store, self.slot, self.has_grad, self._label, self.scope)


CARRIERS.add(Parameter)
# Reading the store in the operators themselves saves the call of the property above.
specialize(Parameter, "self._view[self.slot]", METHOD_NAMESPACE)


def _restore(kind: type[Parameter], store: Store, slot: int, reached: bool, label: str, path: str) -> Parameter:
    parameter = kind.__new__(kind)
    store.adopt(parameter, slot)
    parameter._a = parameter._b = parameter._pa = parameter._pb = parameter.op = parameter._grad = None
    parameter._reached, parameter._label = (store.sweeps if reached else -1), label
    parameter.scope = path
    return parameter


def unique(parameters: Iterable[Parameter]) -> list[Parameter]:
    """The parameters without repetition, in order."""
    return list(dict.fromkeys(parameters))


def _lie_in_order(parameters: list[Parameter]) -> bool:
    store, begin = parameters[0].store, parameters[0].slot
    return all(p.store is store and p.slot == begin + i for i, p in enumerate(parameters))


def pack(parameters: Iterable[Parameter]) -> Store:
    """Move the parameters into one contiguous store, in this order, and return it; objects keep identity and value.

    If they lie so already, nothing moves. Whoever else lived in a store that this takes parameters from moves along,
    behind them: so a holder sees from the store of its first parameter whether anything of its own has moved.

    >>> a, b = Parameter(1.0), Parameter(2.0)
    >>> pack([b, a]).data
    array([2., 1.])
    """
    wanted = unique(parameters)
    if not wanted:
        raise ValueError("there are no parameters to pack; give at least one Parameter")
    if _lie_in_order(wanted):
        return wanted[0].store
    stores = list(dict.fromkeys(p.store for p in wanted))
    moving = unique([*wanted, *(p for store in stores for p in store.members())])
    reached = [p.has_grad for p in moving]
    packed = Store(np.array([p.data for p in moving]), np.array([p.grad for p in moving]))
    for slot, parameter in enumerate(moving):
        packed.adopt(parameter, slot)
        parameter._reached = packed.sweeps if reached[slot] else -1
    return packed


def span(parameters: Iterable[Parameter]) -> tuple[Store, int, int]:
    """Where the parameters lie: (store, begin, end), packed first if they don't lie side by side.

    >>> store, begin, end = span([Parameter(1.0), Parameter(2.0)])
    >>> store.data[begin:end]
    array([1., 2.])
    """
    wanted = unique(parameters)
    store = pack(wanted)
    begin = wanted[0].slot
    return store, begin, begin + len(wanted)
