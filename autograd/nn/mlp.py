"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..checks import whole_number
from ..names import Activation, Init
from ..randomness import generator
from ..store import make_room
from .activations import resolve
from .layer import Layer
from .module import Module


class MLP(Module):
    """Layers one after the other: the activation in all but the last, which is linear.

    One generator draws all weights, layer by layer from the first on, each layer as a `Layer` does.

    Attributes:
        layers: the list of layers.

    Args:
        nin: how many inputs.
        nouts: the outputs of each layer, at least one number. One output in the last gives a Value, more a list.
        activation: of the hidden layers, as a `Neuron` has it.
        init: of all layers, as a `Layer` has it; None: He for the relu family, Xavier for all else, so for the last.
        rng: a seed or generator.
        bias: whether the layers have one.

    Raises:
        ShapeError: called with another number of inputs.
        ValueError: an unknown name, a size below 1, no layers.

    >>> model = MLP(2, [16, 16, 1], rng=0); model
    MLP(2 -> 16 -> 16 -> 1, relu; 337 parameters)
    >>> type(model([1.0, -2.0])).__name__
    'Value'
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "relu",
        init: Init = None,
        rng: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        if isinstance(nouts, str) or not hasattr(nouts, "__iter__"):
            raise TypeError(f"nouts is a list with the outputs of each layer, as in MLP(2, [16, 1]), got {nouts!r}")
        sizes = [
            whole_number(nin, "nin of an MLP"),
            *(whole_number(n, f"nouts[{i}] of an MLP") for i, n in enumerate(nouts)),
        ]
        if len(sizes) == 1:
            raise ValueError("an MLP needs at least one layer, got nouts=[]; write MLP(2, [16, 1])")
        function, random = resolve(activation), generator(rng)
        last = len(sizes) - 2
        make_room(sum(b * (a + bias) for a, b in pairwise(sizes)))
        self.layers = [
            Layer(a, b, nonlin=i != last, activation=function, bias=bias, init=init, rng=random)
            for i, (a, b) in enumerate(pairwise(sizes))
        ]

    def forward(self, x: Any) -> Any:
        """The outputs for one sample of ``nin`` numbers or Values: a list of Values, or a Value if there is one."""
        for layer in self.layers:
            x = layer(x)
        return x

    def forward_batch(self, xs: Any) -> list[Any]:
        """The outputs for the samples of a batch, computed layer by layer."""
        for layer in self.layers:
            xs = layer.forward_batch(xs)
        return xs  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        if not self.layers or not all(isinstance(layer, Layer) for layer in self.layers):
            return self.describe()
        sizes = " -> ".join(str(n) for n in (self.layers[0].nin, *(layer.nout for layer in self.layers)))
        kinds = "/".join(dict.fromkeys(filter(None, (layer.kind() for layer in self.layers))))
        return self.describe(", ".join(filter(None, (sizes, kinds))))
