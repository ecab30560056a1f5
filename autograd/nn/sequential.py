"""Modules one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .activations import no_module
from .adoption import have_owner
from .members import items
from .module import Module


class Sequential(Module):
    """Calls its modules one after the other. Index, slice and iterate it; their names are "0", "1", ...

    Attributes:
        layers: the list of modules; change it to change the model.

    Raises:
        TypeError: something else than a Module is given.

    >>> from autograd import nn
    >>> model = Sequential(nn.Linear(2, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1)); len(model), model[1]
    (3, Tanh())
    """

    def __init__(self, *modules: Module) -> None:
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise no_module("Sequential", module, i)
        self.layers = list(modules)

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

    def __getitem__(self, place: int | slice) -> Any:
        """One module, or for a slice a Sequential of the same modules."""
        return Sequential(*self.layers[place]) if isinstance(place, slice) else self.layers[place]
