"""Lists of modules, which are modules themselves: one to go through, one that is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from .activations import no_module
from .adoption import have_owner
from .members import items
from .module import Module


class _Listed(Module):
    """Base of `ModuleList` and `Sequential`: modules in an order, whose names are "0", "1", ...

    Attributes:
        layers: the list of modules; change it, or this, to change the model.
    """

    layers: list[Module]

    def __init__(self, modules: Iterable[Module]) -> None:
        self.layers = [self._checked(module, i) for i, module in enumerate(modules)]

    def _checked(self, module: Any, place: int) -> Module:
        if not isinstance(module, Module):
            raise no_module(type(self).__name__, module, place)
        return module

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns this one."""
        self.layers.append(self._checked(module, len(self)))
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end; returns this one."""
        self.layers.extend([self._checked(module, len(self) + i) for i, module in enumerate(modules)])
        return self

    def insert(self, place: int, module: Module) -> Self:
        """Put a module before the one at that place, whose number and those behind grow by one; returns this one."""
        self.layers.insert(place, self._checked(module, place))
        return self

    def pop(self, place: int = -1) -> Module:
        """Take the module at that place out, and return it."""
        return self.layers.pop(place)

    def _attributes(self) -> Iterator[tuple[str, Any]]:
        for name, value in vars(self).items():
            if name == "layers":
                yield from ((str(i), module) for i, module in enumerate(value))
            else:
                yield name, value

    def _adopt(self, name: str, value: Any) -> None:
        if name == "layers":
            for i, module in items(value):
                super()._adopt(str(i), module)
            have_owner(value, self, name)
        else:
            super()._adopt(name, value)

    def _adopt_item(self, name: str, place: int, item: Any) -> None:
        if name == "layers":
            super()._adopt(str(place), item)
        else:
            super()._adopt_item(name, place, item)

    def __len__(self) -> int:
        return len(self.layers)

    def __bool__(self) -> bool:
        """Always true: an empty model is a model."""
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.layers))

    def __contains__(self, module: object) -> bool:
        return any(module is each for each in self.layers)

    def __getitem__(self, place: int | slice) -> Any:
        """One module, or for a slice one of this kind with the same modules."""
        return self._of(self.layers[place]) if isinstance(place, slice) else self.layers[place]

    def __setitem__(self, place: int, module: Module) -> None:
        self.layers[place] = self._checked(module, place)

    def __delitem__(self, place: int | slice) -> None:
        del self.layers[place]

    def _of(self, modules: Iterable[Module]) -> Module:
        return ModuleList(modules)


class ModuleList(_Listed):
    """A list of modules for a ``forward`` of your own to go through: its parameters are those of all of them.

    Lists that are attributes of a module are looked into as well, so this is for those who know it from PyTorch. Their
    names are "0", "1", ... below the attribute's, as in ``blocks.0.weight``.

    Args:
        modules: any iterable of modules; none makes an empty list.

    Raises:
        TypeError: something else than a Module is given; or the list is called, as it has no forward.

    >>> from autograd import nn
    >>> blocks = nn.ModuleList([nn.Linear(2, 2, rng=0)]).append(nn.Tanh()); len(blocks), blocks[-1]
    (2, Tanh())
    >>> [name for name, _ in blocks.named_parameters()][:2]
    ['0.neurons.0.w.0', '0.neurons.0.w.1']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        if isinstance(modules, Module) and not isinstance(modules, _Listed):
            raise TypeError(f"ModuleList takes a list of modules, got {modules!r}; write ModuleList([module, ...])")
        super().__init__(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def forward(self, *_: Any, **__: Any) -> Any:
        """A TypeError: in which order they are called is for the module that holds the list to say."""
        raise TypeError(
            "a ModuleList isn't called itself: go through it, for layer in self.layers: x = layer(x); "
            "or take Sequential(*modules), which does that"
        )


class Sequential(_Listed):
    """Calls its modules one after the other. Index, slice and iterate it; their names are "0", "1", ...

    Attributes:
        layers: the list of modules; change it, or this, to change the model.

    Raises:
        TypeError: something else than a Module is given.

    >>> from autograd import nn
    >>> model = Sequential(nn.Linear(2, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1)); len(model), model[1]
    (3, Tanh())
    """

    def __init__(self, *modules: Module) -> None:
        super().__init__(modules)

    def forward(self, x: Any) -> Any:
        """The output of the last module for one sample; without modules ``x`` itself."""
        for module in self.layers:
            x = module(x)
        return x

    def forward_batch(self, xs: Any) -> list[Any]:
        """The outputs for the samples of a batch, computed layer by layer."""
        for module in self.layers:
            xs = module.forward_batch(xs)
        return xs  # type: ignore[no-any-return]

    def _of(self, modules: Iterable[Module]) -> Module:
        return Sequential(*modules)
