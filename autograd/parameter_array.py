"""Arrays of parameters, each number of which is a Parameter when somebody looks at it."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from operator import mul
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .calls import public
from .checks import brief, overwrite, real_array
from .cures import answer_absent
from .freezing import FreezableArray
from .parameter import Home, Parameter, new_face
from .parameter_arithmetic import ABSENT, ArrayArithmetic
from .store import Place, Store, take

_new = object.__new__
_making = threading.RLock()
"""Held while faces are made, so that no two threads make one each. (The collector may run something that makes one.)"""
Slots = NDArray[np.intp]


class ParameterArray(ArrayArithmetic, FreezableArray, Sequence[Any]):
    """Parameters of a shape. Indexed by a number for each axis it gives a `Parameter`, the same one each time.

    A slice or a part of the axes gives a view of the same memory. Whoever looks at a row (along the last axis) as a
    whole finds a list of faces that is kept, which is what eager code runs on; a face takes 200 bytes, a number 17.

    Args:
        data: real numbers of any shape; copied to float64.
        label: its name in pictures and errors; a module that it is assigned to gives it one.
        requires_grad: False freezes them.

    Attributes:
        shape: its shape.
        store, begin, strides: its memory, where it begins there, and how far it is from item to item along each axis.

    Raises:
        TypeError: they aren't real numbers.

    >>> weight = ParameterArray([[1.0, 2.0], [3.0, 4.0]])
    >>> (weight[1, 0] * 5.0).backward(); weight.data += 1.0; weight[1, 0].data, weight.grad
    (4.0, array([[0., 0.],
           [5., 0.]]))
    """

    __slots__ = ("__weakref__", "_base", "_home", "_rows", "_shape", "_singles", "begin", "store", "strides")

    _base: ParameterArray | None
    """The array that keeps the faces; None in that array itself."""
    _home: Home
    _rows: dict[int, list[Parameter]]
    _singles: dict[int, Parameter]
    begin: int
    _shape: tuple[int, ...]
    store: Store
    strides: tuple[int, ...]

    @public
    def __init__(self, data: Any, label: str = "", requires_grad: bool = True) -> None:
        numbers = real_array(data, "a ParameterArray")
        store, begin = take(numbers.size)
        self._own(Home(store, begin, numbers.shape, label))
        store.data[begin : begin + numbers.size] = numbers.ravel()
        if requires_grad is not True:
            self.requires_grad = requires_grad

    @classmethod
    def of(cls, home: Home) -> Self:
        """The array over memory that is there already."""
        array = _new(cls)
        array._own(home)
        return array

    def _own(self, home: Home) -> None:
        self._home, self._base, self._rows, self._singles = home, None, {}, {}
        self.store, self.begin, self._shape = home.store, home.begin, home.shape
        self.strides = _side_by_side(home.shape)
        home._array = weakref.ref(self)

    def _view(self, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> ParameterArray:
        view = _new(ParameterArray)
        view.store, view._home, view._base = self.store, self._home, self._root
        view.begin, view._shape, view.strides = begin, shape, strides
        return view

    @property
    def _root(self) -> ParameterArray:
        return self if self._base is None else self._base

    @property
    def is_whole(self) -> bool:
        """Whether it is no view of another one."""
        return self._base is None

    # Numbers

    @property
    def data(self) -> NDArray[np.float64]:
        """The numbers, an array of this shape: a view, so writing to it writes the parameters."""
        return self._strided(self.store.data)

    @data.setter
    def data(self, numbers: Any) -> None:
        self._write(self.data, numbers, "data")

    @property
    def grad(self) -> NDArray[np.float64]:
        """The gradients, an array of this shape: a view; zeros before any backward."""
        return self._strided(self.store.grad)

    @grad.setter
    def grad(self, numbers: Any) -> None:
        if numbers is None:  # PyTorch's "no gradient"
            self.zero_grad()
        else:
            self._write(self.grad, numbers, "grad")
            self._strided(self.store.reached)[...] = 1

    def _strided(self, memory: NDArray[Any]) -> NDArray[Any]:
        if self._base is None:
            return memory[self.begin : self.begin + self.size].reshape(self._shape)
        steps = tuple(memory.itemsize * step for step in self.strides)
        return np.lib.stride_tricks.as_strided(memory[self.begin :], self._shape, steps)

    def _write(self, to: NDArray[np.float64], numbers: Any, what: str) -> None:
        cure = f"write {what}[...] = numbers to have them repeated along the axes"
        overwrite(to, numbers, f"{what} of {self!r}", cure)

    def zero_grad(self) -> None:
        """Set all gradients to zero."""
        self.grad[...] = 0.0
        self._strided(self.store.reached)[...] = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """How many items it has along each axis. It stays: other numbers lie behind."""
        return self._shape

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """How many parameters it has."""
        return math.prod(self._shape)

    # Faces

    def face(self, slot: int) -> Parameter:
        """The Parameter in a slot of the store: the same object as long as the array lives."""
        root = self._root
        row, column = divmod(slot - root.begin, root._shape[-1] if root._shape else 1)
        line = root._rows.get(row)
        if line is not None:
            return line[column]
        face = root._singles.get(slot)
        if face is None:
            with _making:
                if row in root._rows:  # another thread was quicker
                    return root._rows[row][column]
                face = root._singles.setdefault(slot, new_face(root._home, slot))
        return face

    def line(self, row: int) -> list[Parameter]:
        """Row number ``row`` of the whole array, of all rows along its last axis, as a list of faces."""
        root = self._root
        made = root._rows.get(row)
        if made is None:
            width = root._shape[-1] if root._shape else 1
            home, begin, known = root._home, root.begin + row * width, root._singles
            slots = range(begin, begin + width)
            with _making:
                # (No ``or`` here: the truth of a Value is an error.)
                made = [known[slot] if slot in known else new_face(home, slot) for slot in slots]
                made = root._rows.setdefault(row, made)
                for slot in slots if known else ():
                    known.pop(slot, None)
        return made

    def faces(self) -> Iterator[Parameter]:
        """All faces, in C order."""
        if self._base is not None:
            return map(self.face, self.slots().tolist())
        rows = math.prod(self._shape[:-1]) if self.size else 0
        return chain.from_iterable(map(self.line, range(rows)))

    def _made(self) -> list[Parameter]:
        """The faces that there are of the whole array."""
        root = self._root
        return [*root._singles.values(), *(face for row in root._rows.values() for face in row)]

    def slots(self) -> Slots:
        """The slots in the store, in C order, shape (size,)."""
        found = np.array(self.begin, dtype=np.intp)
        for n, step in zip(self._shape, self.strides, strict=True):
            found = np.add.outer(found, np.arange(n) * step)
        return found.ravel()

    def places(self) -> list[Place]:
        """Where it lies, as runs of slots."""
        if self._base is None or self._is_run():
            return [Place(self.store, self.begin, self.begin + self.size)]
        return [Place(self.store, slot, slot + 1) for slot in self.slots().tolist()]

    def _is_run(self) -> bool:
        runs = zip(self._shape, self.strides, _side_by_side(self._shape), strict=True)
        return all(n == 1 or mine == its for n, mine, its in runs)

    # As a sequence

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError(f"len() of {self!r}, which has no axis")
        return self._shape[0]

    def __iter__(self) -> Iterator[Any]:
        if len(self._shape) != 1:
            return map(self.__getitem__, range(len(self)))
        root, width = self._root, self._root._shape[-1]
        if 0 < self._shape[0] == width and self.strides[0] == 1:
            return iter(self.line((self.begin - root.begin) // width))
        return self.faces()

    def __getitem__(self, key: Any) -> Any:
        if key.__class__ is int and self._shape:
            n = self._shape[0]
            if not -n <= key < n:
                raise IndexError(f"index {key} is out of range for {self!r}")
            begin = self.begin + (key if key >= 0 else key + n) * self.strides[0]
            return self.face(begin) if len(self._shape) == 1 else self._view(begin, self._shape[1:], self.strides[1:])
        return self._item(key)

    def _item(self, key: Any) -> Any:
        numbers, keys = self._strided(self.store.data), key if key.__class__ is tuple else (key,)
        # With an ellipsis a single number is a view too. NumPy has its own errors for what is no index.
        chosen = numbers[keys if any(each is ... for each in keys) else (*keys, ...)]
        begin = (chosen.ctypes.data - self.store.data.ctypes.data) // chosen.itemsize if chosen.size else self.begin
        if chosen.base is None or (chosen.base is not numbers and chosen.base is not numbers.base):  # a copy
            raise TypeError(
                f"{self!r} is indexed by numbers and slices, got {key!r}; for other choices take numbers, "
                f"weight.data[...], or a list of parameters, [weight[i] for i in ...]"
            )
        if chosen.ndim == 0:
            return self.face(begin)
        return self._view(begin, chosen.shape, tuple(step // chosen.itemsize for step in chosen.strides))

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, Parameter | ParameterArray):  # perhaps weight[key] -= ..., inside no_grad()
            there = self[key]
            if there is value or (isinstance(there, ParameterArray) and there.same_as(value)):
                return
        number = brief(getattr(value, "data", value))
        raise TypeError(
            f"a parameter keeps its place in {self!r}: write its number, weight.data[{key!r}] = {number} or "
            f"weight[{key!r}].data = {number}"
        )

    def tolist(self) -> Any:
        """The parameters in nested lists.

        >>> ParameterArray([1.0, 2.0]).tolist()
        [Parameter(data=1.0, grad=0.0), Parameter(data=2.0, grad=0.0)]
        """
        if not self._shape:
            return self.face(self.begin)
        return list(self) if len(self._shape) == 1 else [row.tolist() for row in self]

    @property
    def label(self) -> str:
        """The name of the whole array."""
        return self._home.label

    @label.setter
    def label(self, label: str) -> None:
        self._home.label = label

    def same_as(self, other: Any) -> bool:
        """Whether both are the same view of the same memory."""
        mine = (self.store, self.begin, self._shape, self.strides)
        return isinstance(other, ParameterArray) and mine == (other.store, other.begin, other.shape, other.strides)

    def __repr__(self) -> str:
        return f"ParameterArray(shape={self._shape}{f', label={self.label!r}' if self.label else ''})"

    # Copies: of a view the whole array, and with it what was set on the faces

    def __reduce__(self) -> Any:
        root = self._root
        if self is not root:
            return _view_of, (root, self.begin - root.begin, self._shape, self.strides)
        own = {face.slot - root.begin: (face._label, vars(face)) for face in self._made() if face._label or vars(face)}
        frozen = None if self.store.frozen is None else self._strided(self.store.frozen)
        return _array, (self.data, self.grad, self._strided(self.store.reached), self.label, frozen), own or None

    def __setstate__(self, own: dict[int, tuple[str, dict[str, Any]]]) -> None:
        for offset, (label, attributes) in own.items():
            face = self.face(self.begin + offset)
            face._label = label
            vars(face).update(attributes)

    def __copy__(self) -> Self:
        return self  # a copy of the same memory is a view of it


Home.make = ParameterArray.of
answer_absent(ParameterArray, "a ParameterArray", ABSENT)


def _side_by_side(shape: tuple[int, ...]) -> tuple[int, ...]:
    """How far it is from item to item along each axis where nothing lies between them."""
    return tuple(accumulate((1, *shape[:0:-1]), mul))[::-1][: len(shape)]


# What pickles name


def _array(data: Any, grad: Any, reached: Any, label: str, frozen: Any = None) -> ParameterArray:
    array = ParameterArray(data, label)
    array.grad[...] = grad
    array._strided(array.store.reached)[...] = reached
    if frozen is not None and frozen.any():
        array.freeze(frozen)
    return array


def _view_of(root: ParameterArray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> ParameterArray:
    return root._view(root.begin + offset, shape, strides)
