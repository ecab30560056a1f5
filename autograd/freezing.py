"""Freezing: a parameter with ``requires_grad = False`` is a constant, until that is True again.

Whether it is frozen stands in its store. Its face is then of a class that is a `Constant` too, so eager code, which
asks nobody, pays nothing for it; programs and optimizers are told when it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partialmethod
from typing import Any, ClassVar, Self

import numpy as np

from .calls import public
from .fast.methods import in_place
from .readers import tell
from .scopes import current
from .store import Place
from .value import Constant

listeners: list[Callable[[], None]] = []
"""Who is called after something was frozen or unfrozen: optimizers, whose steps leave out what is."""


class Frozen(Constant):
    """What a frozen `Parameter` is beside that: its number counts, no gradient flows to it, no step moves it."""

    __slots__ = ()

    unfrozen: ClassVar[type]
    """The class that it has otherwise."""

    @property
    def has_grad(self) -> bool:
        """False: no backward reaches it."""
        return False

    def backward(self, seed: float = 1.0) -> None:  # noqa: ARG002
        """A TypeError: there is nothing to differentiate."""
        raise TypeError(
            f"{self.describe()} is frozen (requires_grad = False), there is nothing to differentiate; "
            f"set requires_grad = True, or module.requires_grad_(True)"
        )

    def _changed(self, other: Any, name: str) -> Any:
        """``p -= x`` inside `no_grad`, as of any leaf; elsewhere what Python makes of it without this."""
        return NotImplemented if current().recording else in_place(self, getattr(Constant, name)(self, other))

    __iadd__ = partialmethod(_changed, name="__add__")
    __isub__ = partialmethod(_changed, name="__sub__")
    __imul__ = partialmethod(_changed, name="__mul__")
    __itruediv__ = partialmethod(_changed, name="__truediv__")

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self._data!r}, requires_grad=False{label})"


@cache
def frozen_class(kind: type) -> Any:
    """The class of the frozen ones among a class of parameters."""
    # The setter is that of the class itself; only what is read differs.
    requires_grad = property(lambda _: False, kind.requires_grad.fset)  # type: ignore[attr-defined]
    namespace = {"__slots__": (), "__module__": kind.__module__, "unfrozen": kind, "requires_grad": requires_grad}
    return type(kind.__name__, (Frozen, kind), namespace)


def unfrozen_class(kind: Any) -> Any:
    """The class that such a parameter has when it isn't frozen."""
    return kind.unfrozen if issubclass(kind, Frozen) else kind


def set_requires_grad(places: Iterable[Place], faces: Iterable[Any], mode: Any) -> None:
    """Freeze parameters, or unfreeze them with ``mode`` True; ``faces`` are the objects that there are of them.

    Raises:
        TypeError: ``mode`` is no bool.
    """
    if not isinstance(mode, bool | np.bool_):
        raise TypeError(f"requires_grad is True, or False to freeze, got {type(mode).__name__}: {mode!r}")
    places, faces, trace = list(places), list(faces), current().trace
    changed = [place for place in places if _differs(place, mode)]
    if not changed:
        return
    if trace is not None:
        raise trace.refused(f"requires_grad = {mode}", faces[0].describe() if faces else "parameters", "freeze")
    for place in changed:
        place.store.flags()[place.begin : place.end] = not mode
        tell(place.store.readers, "frozen")
    for face in faces:
        kind = unfrozen_class(type(face))
        face.__class__ = kind if mode else frozen_class(kind)
    for listener in listeners:
        listener()


def _differs(place: Place, mode: Any) -> bool:
    frozen = place.store.frozen
    return not mode if frozen is None else bool((frozen[place.begin : place.end] == mode).any())


class Freezable:
    """What a parameter, and an array of them, can do with it."""

    __slots__ = ()
    requires_grad: Any

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set ``requires_grad``; returns the object."""
        self.requires_grad = requires_grad
        return self


class FreezableArray(Freezable):
    """What a `ParameterArray` can do with it."""

    __slots__ = ()

    @property
    def requires_grad(self: Any) -> bool:
        """Whether gradient flows to any of them. Set it to False to freeze all, to True to unfreeze them.

        >>> from autograd import ParameterArray
        >>> weight = ParameterArray([1.0, 2.0]); weight.requires_grad = False
        >>> weight[0], weight.requires_grad
        (Parameter(data=1.0, requires_grad=False), False)
        """
        frozen = self.store.frozen
        return frozen is None or not bool(self._strided(frozen).all())

    @requires_grad.setter
    @public
    def requires_grad(self: Any, mode: bool) -> None:
        made = self._made()
        slots = set(self.slots().tolist()) if made else ()
        set_requires_grad(self.places(), [face for face in made if face.slot in slots], mode)

    def freeze(self: Any, frozen: Any) -> None:
        """Freeze those where an array of bools of this shape is true: of a new array, of which nobody has faces yet."""
        self._strided(self.store.flags())[...] = frozen
