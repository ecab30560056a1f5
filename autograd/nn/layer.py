"""Layers of neurons that share their inputs."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..parameter import unique
from ..randomness import generator
from .activations import default_init, resolve
from .checks import as_list, size
from .init import weights
from .module import Module, as_array
from .neuron import Neuron, wrong_inputs


class Layer(Module):
    """``nout`` neurons over the same ``nin`` inputs; one output gives a Value, more a list.

    The weights are drawn as one array of shape (nout, nin), neuron by neuron. In a state they are ``weight``
    (nout, nin) and ``bias`` (nout,).

    Attributes:
        neurons: the list of neurons.

    Args:
        nin, nout: how many inputs and outputs.
        nonlin, activation, bias, rng: as a `Neuron` has them.
        init: as a `Neuron` has it, for the shape (nout, nin).

    Raises:
        ShapeError: called with another number of inputs.
        ValueError: an unknown name, a size below 1.

    >>> layer = Layer(2, 3, rng=0); len(layer([1.0, -1.0])), layer
    (3, Layer(2 -> 3, relu; 9 parameters))
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        *,
        nonlin: bool = True,
        activation: Any = "relu",
        bias: bool = True,
        init: Any = None,
        rng: Any = None,
    ) -> None:
        name = type(self).__name__
        nin, nout = size(nin, f"nin of a {name}"), size(nout, f"nout of a {name}")
        function = resolve(activation)
        scheme = default_init(function if nonlin else None) if init is None else init
        rows = weights(scheme, nin, nout, generator(rng))
        self.neurons = [Neuron(nin, nonlin, function, bias=bias, init=[row]) for row in rows]

    @property
    def nin(self) -> int:
        """How many inputs it takes."""
        return int(self.neurons[0].nin)

    @property
    def nout(self) -> int:
        """How many outputs it gives."""
        return len(self.neurons)

    def forward(self, x: Any) -> Any:
        """The outputs for one sample of ``nin`` numbers or Values: a list of Values, or a Value if there is one."""
        xs = as_list(x, f"a {type(self).__name__}")
        if len(xs) != self.nin:
            raise wrong_inputs(self, self.nin, len(xs))
        out = [neuron(xs) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def kind(self) -> str:
        """The names of the neurons' activations, "" if they are linear.

        >>> Layer(1, 2, activation="tanh").kind()
        'tanh'
        """
        return "/".join(dict.fromkeys(filter(None, (neuron.kind() for neuron in self.neurons))))

    def _arrays(self, inside: tuple[Module, ...] = ()) -> dict[str, NDArray[Any]]:
        arrays = self._dense()
        whole = unique(p for array in arrays.values() for p in array.flat)
        # Neurons that someone has replaced or extended may not fit into two arrays; then they stand one by one.
        fits = whole and set(whole) == set(self.parameters()) and not self.buffers()
        return arrays if fits else super()._arrays(inside)

    def _dense(self) -> dict[str, NDArray[Any]]:
        neurons = [neuron for neuron in self.neurons if isinstance(neuron, Neuron)]
        if len({neuron.nin for neuron in neurons}) != 1:
            return {}
        biases = [neuron.b for neuron in neurons if neuron.b is not None]
        arrays = {"weight": as_array([list(neuron.w) for neuron in neurons])}
        if biases:
            arrays["bias"] = as_array(biases)
        return arrays if len(biases) in (0, len(neurons)) else {}

    def __repr__(self) -> str:
        return self.describe(", ".join(filter(None, (f"{self.nin} -> {self.nout}", self.kind()))))


class Linear(Layer):
    """``w @ x + b``: linear neurons, to be followed by an activation module.

    Args:
        nin, nout: how many inputs and outputs; one output gives a Value, more a list.
        bias: whether there is one.
        init: as a `Layer` has it; None: Xavier.
        rng: a seed or generator.

    >>> Linear(2, 1, init=[[3.0, -1.0]])([2.0, 1.0]).data, Linear(2, 3, bias=False)
    (5.0, Linear(2 -> 3; 6 parameters))
    """

    def __init__(self, nin: int, nout: int, bias: bool = True, init: Any = None, rng: Any = None) -> None:
        super().__init__(nin, nout, nonlin=False, bias=bias, init=init, rng=rng)
