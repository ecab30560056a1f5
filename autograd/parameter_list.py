"""What ``model.parameters()`` gives: a sequence of Parameters that knows the arrays in which they lie."""

from __future__ import annotations

import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby, pairwise
from operator import attrgetter
from typing import Any

import numpy as np

from .parameter import Parameter
from .parameter_array import ParameterArray, Slots
from .store import Place, Span, Store


class Part:
    """Parameters that stand together in a list.

    Attributes:
        arrays: the arrays that it consists of; none if the parameters are lone ones.
        size: how many parameters.
    """

    def __init__(self, *arrays: ParameterArray) -> None:
        self.arrays = arrays
        self.size = sum(array.size for array in arrays)

    def face(self, i: int) -> Parameter:
        """The i-th."""
        raise NotImplementedError

    def faces(self) -> Iterator[Parameter]:
        """All of them."""
        raise NotImplementedError

    def places(self) -> Iterable[Place]:
        """Where they lie."""
        return [place for array in self.arrays for place in array.places()]

    def slots(self) -> Iterable[tuple[Store, Slots]]:
        """The slot of each, in order."""
        raise NotImplementedError


class Flat(Part):
    """The parameters of an array, in C order."""

    def face(self, i: int) -> Parameter:
        """See `Part`."""
        (array,) = self.arrays
        found: Parameter = array[np.unravel_index(i, array.shape)]
        return found

    def faces(self) -> Iterator[Parameter]:
        """See `Part`."""
        return self.arrays[0].faces()

    def slots(self) -> Iterable[tuple[Store, Slots]]:
        """See `Part`."""
        yield self.arrays[0].store, self.arrays[0].slots()


class NeuronByNeuron(Part):
    """A weight (nout, nin) and a bias (nout,): of each neuron its row, then its bias."""

    def face(self, i: int) -> Parameter:
        """See `Part`."""
        weight, bias = self.arrays
        row, column = divmod(i, weight.shape[1] + 1)
        found: Parameter = bias[row] if column == weight.shape[1] else weight[row][column]
        return found

    def faces(self) -> Iterator[Parameter]:
        """See `Part`."""
        weight, bias = self.arrays
        rows = ((weight.line(row), (b,)) for row, b in enumerate(bias.line(0)))
        return chain.from_iterable(chain.from_iterable(rows))

    def slots(self) -> Iterable[tuple[Store, Slots]]:
        """See `Part`."""
        (mine, its), (weight, bias) = (a.store for a in self.arrays), (a.slots() for a in self.arrays)
        weight = weight.reshape(self.arrays[0].shape)
        if mine is its:
            yield mine, np.hstack([weight, bias[:, None]]).ravel()
        else:
            for row, b in zip(weight, bias, strict=True):
                yield from ((mine, row), (its, np.array([b])))


class Some(Part):
    """Parameters one by one."""

    def __init__(self, faces: Iterable[Parameter]) -> None:
        super().__init__()
        self._faces = list(faces)
        self.size = len(self._faces)

    def append(self, parameter: Parameter) -> None:
        """One more, before the part is in a list."""
        self._faces.append(parameter)
        self.size += 1

    def face(self, i: int) -> Parameter:
        """See `Part`."""
        return self._faces[i]

    def faces(self) -> Iterator[Parameter]:
        """See `Part`."""
        return iter(self._faces)

    def places(self) -> Iterable[Place]:
        """See `Part`."""
        return [p.place() for p in self._faces]

    def slots(self) -> Iterable[tuple[Store, Slots]]:
        """See `Part`."""
        for store, together in groupby(self._faces, attrgetter("store")):
            yield store, np.array([p.slot for p in together])


class ParameterList(Sequence[Parameter]):
    """Parameters in order. Its length, sums of lists, and what optimizers do with it cost nothing for each of them.

    It can't be changed: where you want to, take ``list(model.parameters())``.

    >>> from autograd import nn
    >>> params = nn.MLP(2, [3, 1], rng=0).parameters()
    >>> len(params), params[-1].label, [array.shape for array in params.arrays]
    (13, 'b', [(3, 2), (3,), (1, 3), (1,)])
    """

    __slots__ = ("_ends", "_owner", "_span", "parts")

    def __init__(self, parts: Iterable[Part], owner: Any = None, span: Span | None = None) -> None:
        self.parts = tuple(parts)
        self._span = span
        self._owner = None if owner is None else weakref.ref(owner)
        self._ends = list(accumulate(part.size for part in self.parts))

    @property
    def owner(self) -> Any:
        """The module whose parameters they all were when this was made; None if there is none (any more)."""
        return None if self._owner is None else self._owner()

    @property
    def arrays(self) -> list[ParameterArray]:
        """The arrays in which they lie; those that are lone Parameters lie in none."""
        return [array for part in self.parts for array in part.arrays]

    @property
    def span(self) -> Span:
        """All of them as one range, in memory order."""
        if self._span is None:
            self._span = Span(self.places())
        return self._span

    def places(self) -> Iterator[Place]:
        """Where they lie."""
        for part in self.parts:
            yield from part.places()

    def slots(self) -> Iterator[tuple[Store, Slots]]:
        """The slot of each, in order, by runs of one store."""
        for part in self.parts:
            yield from part.slots()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Parameter]:
        return chain.from_iterable(part.faces() for part in self.parts)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[i] for i in range(len(self))[key]]
        try:
            i = range(len(self))[key]
        except IndexError:
            raise IndexError(f"parameter {key} is not among these {len(self)}; they are counted from 0") from None
        part = bisect_right(self._ends, i)
        return self.parts[part].face(i - (self._ends[part - 1] if part else 0))

    def __setitem__(self, key: Any, value: Any) -> None:
        if self[key] is not value:  # it is after params[i] -= ..., inside no_grad()
            raise TypeError(f"{self!r} can't be changed: write a number, params[{key!r}].data = ..., or take a list()")

    def __contains__(self, p: object) -> bool:
        return isinstance(p, Parameter) and self.span.has(p.store, p.slot)

    def __add__(self, other: Iterable[Any]) -> ParameterList:
        return ParameterList((*self.parts, *_parts_of(other)))

    def __radd__(self, other: Iterable[Any]) -> ParameterList:
        return ParameterList((*_parts_of(other), *self.parts))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(p is q for p, q in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        if name in ("append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort"):
            raise AttributeError(
                f"what parameters() gives can't be changed and has no {name!r}; take list(model.parameters())"
            )
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def __reduce__(self) -> Any:
        return ParameterList, (self.parts,)

    def __repr__(self) -> str:
        kinds = f" in {len(self.arrays)} arrays" if self.arrays else ""
        return f"<{len(self)} parameters{kinds}>"


def _parts_of(parameters: Iterable[Any]) -> Iterable[Part]:
    if isinstance(parameters, ParameterList):
        return parameters.parts
    if isinstance(parameters, ParameterArray):
        return (Flat(parameters),)
    return (Some(parameters),)


def without_repetition(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts without what comes twice: whole ones where they can stay whole, else the parameters one by one."""
    kept: dict[Any, Part] = {}
    for part in parts:
        key = tuple((a.store.number, a.begin, a.shape, a.strides) for a in part.arrays)
        kept.setdefault(key or (part,), part)
    spans = sorted((place.store.number, place.begin, place.end) for part in kept.values() for place in part.places())
    if any(a[0] == b[0] and b[1] < a[2] for a, b in pairwise(spans)):
        return (Some(dict.fromkeys(p for part in kept.values() for p in part.faces())),)
    return tuple(kept.values())
