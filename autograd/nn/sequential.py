"""Modules one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .module import Module
from .module_list import _Listed


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
