"""Parameters: Values whose numbers lie in flat memory, where optimizers and compiled code work on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pickle import UnpicklingError
from typing import Any, ClassVar

import numpy as np

from .apply import specialize
from .calls import public
from .checks import brief, real_number
from .freezing import Freezable, frozen_class, set_requires_grad, unfrozen_class
from .scopes import TOP, Scope, current
from .store import Place, Store, take
from .value import Value

_new = object.__new__


class Parameter(Freezable, Value):
    """A leaf that an optimizer changes: a lone one, or the scalar face of a place in a `ParameterArray`.

    Attributes of your own stay on it. ``data`` and ``grad`` are numbers in flat memory. ``p -= 0.1 * p.grad`` changes
    it inside `no_grad` only, and is refused elsewhere, where it would not.

    >>> w = Parameter(0.5, label="w0"); (w * 4.0).backward()
    >>> w.data, w.grad
    (0.5, 4.0)
    """

    __slots__ = ("__dict__", "_home", "_view", "slot", "store")
    # A leaf has no operands; standing here they need not be written for each face.
    _a = _b = _pa = _pb = None
    store: Store
    slot: int
    _home: Home | None
    _view: Any

    @public
    def __init__(self, data: Any, label: str = "", requires_grad: bool = True) -> None:
        if isinstance(data, list | tuple | np.ndarray) and np.ndim(data):
            raise TypeError(f"a Parameter holds one number, got {brief(data)}; several are a ParameterArray(numbers)")
        number = real_number(data, "a Parameter")
        store, slot = take(1)
        self._sit(store, slot, None)
        self._data, self._scope = number, current()
        self.label = label
        if requires_grad is not True:
            self.requires_grad = requires_grad

    @classmethod
    def many(cls, numbers: Iterable[float]) -> list[Parameter]:
        """A lone Parameter for each number.

        >>> [w.data for w in Parameter.many([0.5, -1.0])]
        [0.5, -1.0]
        """
        return [cls(number) for number in numbers]

    def _sit(self, store: Store, slot: int, home: Home | None) -> None:
        self.store, self.slot, self._view, self._home = store, slot, store.data_view, home
        self._grad = self.op = None
        self._label, self._scope = "", TOP

    # The slot `_data` of Value becomes a place in the store, so that all code that reads it sees the live number.
    @property
    def _data(self) -> float:
        return self._view[self.slot]  # type: ignore[no-any-return]

    @_data.setter
    def _data(self, number: float) -> None:
        self._view[self.slot] = number

    @property
    def data(self) -> float:
        """The number. Setting it writes into the array."""
        return self._view[self.slot]  # type: ignore[no-any-return]

    @data.setter
    def data(self, number: Any) -> None:
        if number.__class__ is not float:
            number = real_number(number, f"data of {self.describe()}")
        self._view[self.slot] = number

    @property
    def grad(self) -> float:
        """The gradient, summed over backwards; 0.0 before any."""
        return self.store.grad_view[self.slot]  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, number: Any) -> None:
        if number is None:  # PyTorch's "no gradient"
            self.zero_grad()
            return
        if number.__class__ is not float:
            number = real_number(number, f"grad of {self.describe()}")
        self.store.grad_view[self.slot] = number
        self.store.reached_view[self.slot] = 1

    @property
    def has_grad(self) -> bool:
        """Whether a backward has reached this parameter since it was made or zeroed."""
        return bool(self.store.reached_view[self.slot])

    @property
    def requires_grad(self) -> bool:
        """Whether gradient flows to it and optimizers move it. Set it to False to freeze the parameter.

        >>> w, x = Parameter(3.0), Parameter(2.0); w.requires_grad = False; (w * x).backward()
        >>> w, x.grad
        (Parameter(data=3.0, requires_grad=False), 3.0)
        """
        return True  # a frozen one is of another class, see `freezing`

    @requires_grad.setter
    @public
    def requires_grad(self, mode: bool) -> None:
        set_requires_grad([self.place()], [self], mode)

    def zero_grad(self) -> None:
        """Set the gradient to zero."""
        self.store.grad_view[self.slot] = 0.0
        self.store.reached_view[self.slot] = 0

    def place(self) -> Place:
        """Its slot."""
        return Place(self.store, self.slot, self.slot + 1)

    @property
    def label(self) -> str:
        """Its name in pictures and errors: its own, or that of its place in an array."""
        return self._label or ("" if self._home is None else self._home.label_of(self.slot))

    @label.setter
    def label(self, label: str) -> None:
        Value.label.fset(self, label)  # type: ignore[attr-defined]

    @property
    def held_in(self) -> Scope:
        """The scope of the neuron or module that holds it, or the one that it was given."""
        return self._scope if self._home is None or self._scope is not TOP else self._home.scope_of(self.slot)

    @property
    def scope(self) -> str:
        """Path of the module that holds it."""
        return self.held_in.path

    @scope.setter
    def scope(self, path: str) -> None:
        self._scope = Scope(path) if path else TOP

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._home is not None:
            return _face_of, (self._home.array(), self.slot - self._home.begin)
        state = (self._data, self.grad, self.has_grad, self._label, self._scope.path, self.requires_grad)
        return _lone, (unfrozen_class(type(self)), *state), vars(self) or None  # which may lead back to it


# Reading the store in the operators themselves saves the call of the property above.
specialize(Parameter, "self._view[self.slot]")


class Home:
    """What the faces of an array know of it: its memory and its names. It holds the array only weakly."""

    __slots__ = ("_array", "begin", "label", "rows", "scope", "shape", "store")

    make: ClassVar[Callable[[Home], Any]]
    """Makes an array over memory that is there already; `parameter_array`, which knows what one is, sets it."""

    def __init__(self, store: Store, begin: int, shape: tuple[int, ...], label: str) -> None:
        self.store, self.begin, self.shape, self.label = store, begin, shape, label
        self.scope = current()
        self.rows: Sequence[Scope] = ()
        """The scopes of the neurons whose weights (or bias) the rows are, if they are a layer's."""
        self._array: Any = None

    def array(self) -> Any:
        """The array; one that nobody held any more is made anew."""
        found = None if self._array is None else self._array()
        return Home.make(self) if found is None else found

    def place(self) -> Place:
        """Its slots."""
        return Place(self.store, self.begin, self.begin + math.prod(self.shape))

    def index(self, slot: int) -> tuple[int, ...]:
        """The index of a slot in the array."""
        return tuple(map(int, np.unravel_index(slot - self.begin, self.shape)))

    def label_of(self, slot: int) -> str:
        """The name of a face: w3 of a neuron, table1_2 of an array called table."""
        index = self.index(slot)
        if self.rows:
            return f"w{index[1]}" if len(index) > 1 else "b"
        if not self.label:
            return ""
        return self.label + "_" * (self.label[-1:].isdigit() and bool(index)) + "_".join(map(str, index))

    def scope_of(self, slot: int) -> Scope:
        """The scope of the neuron or module that holds it."""
        return self.rows[(slot - self.begin) // math.prod(self.shape[1:])] if self.rows else self.scope


def new_face(home: Home, slot: int) -> Parameter:
    """The face of a slot, which has none yet."""
    frozen = home.store.frozen
    face: Parameter = _new(Parameter if frozen is None or not frozen[slot] else frozen_class(Parameter))
    # Written out: whoever walks over a million weights makes as many of these.
    face.store, face.slot, face._view, face._home = home.store, slot, home.store.data_view, home
    face._grad = face.op = None
    face._label, face._scope = "", TOP
    return face


# What pickles name


def _lone(
    kind: type[Parameter], number: float, grad: float, reached: bool, label: str, path: str, requires_grad: bool = True
) -> Parameter:
    parameter = kind.__new__(kind)
    parameter._sit(*take(1), None)
    parameter._data, parameter.scope, parameter._label = number, path, label
    parameter.store.grad_view[parameter.slot], parameter.store.reached_view[parameter.slot] = grad, reached
    if not requires_grad:
        parameter.requires_grad = False
    return parameter


def _face_of(array: Any, offset: int) -> Parameter:
    face: Parameter = array.face(array.begin + offset)
    return face


def old_pickle() -> UnpicklingError:
    """The error for pickles of version 0.1 that hold parameters."""
    return UnpicklingError(
        "this is a pickle of version 0.1, whose parameters lay elsewhere: load it there, save what state_dict() of "
        "the model and of the optimizer give, and load those here by load_state_dict()"
    )


def __getattr__(name: str) -> Any:
    if name == "_restore":  # what pickles of version 0.1 look for first
        raise old_pickle()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
