"""Layers of neurons that share their inputs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..checks import row, whole_number
from ..errors import ShapeError
from ..names import Activation, Init
from ..parameter_array import ParameterArray
from ..parameter_list import Flat, NeuronByNeuron, Part
from ..randomness import generator
from ..store import make_room
from .activations import default_init, resolve
from .init import weights
from .module import Module
from .neuron import Neuron, wrong_inputs
from .state import Home
from .walking import parts_of


class Layer(Module):
    """``nout`` neurons over the same ``nin`` inputs; one output gives a Value, more a list.

    The weights are drawn as one array of shape (nout, nin), neuron by neuron. In a state they are ``weight``
    (nout, nin) and ``bias`` (nout,).

    Attributes:
        weight: a ParameterArray of shape (nout, nin); set another one to share weights.
        bias: a ParameterArray of shape (nout,), or None.
        neurons: the list of neurons, whose parameters are the rows of these.

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
        activation: Activation = "relu",
        bias: bool = True,
        init: Init = None,
        rng: Any = None,
    ) -> None:
        name = type(self).__name__
        nin, nout = whole_number(nin, f"nin of a {name}"), whole_number(nout, f"nout of a {name}")
        function = resolve(activation)
        scheme = default_init(function if nonlin else None) if init is None else init
        rows = weights(scheme, nin, nout, generator(rng))
        make_room(nout * (nin + bias))
        weight, offsets = ParameterArray(rows), ParameterArray(np.zeros(nout)) if bias else None
        self.neurons = [
            Neuron.of_row(weight[j], None if offsets is None else offsets[j], nonlin, function) for j in range(nout)
        ]
        self._take(weight, offsets)

    def _take(self, weight: ParameterArray, bias: ParameterArray | None) -> None:
        """Keep the arrays, and have their faces bear the names of the neurons."""
        vars(self).update(weight=weight, bias=bias)
        scopes = [neuron._scope for neuron in self.neurons]
        for name, array in (("weight", weight), ("bias", bias)):
            if array is not None and not array._home.rows:
                array._home.rows, array._home.label = scopes, name

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        self._take(vars(self)["weight"], vars(self)["bias"])

    def _copy_ahead(self, memo: dict[int, Any]) -> None:
        # Of a neuron that is nothing but a row the copy is a row of the copy: eight times as fast as copying it.
        if not self._is_whole():
            return
        weight, bias = (copy.deepcopy(vars(self)[name], memo) for name in ("weight", "bias"))
        for j, neuron in enumerate(self.neurons):
            if neuron.is_plain() and id(neuron) not in memo:
                function = copy.deepcopy(neuron.activation, memo)
                twin = Neuron.of_row(weight[j], None if bias is None else bias[j], neuron.nonlin, function)
                twin._own.training = neuron._own.training
                memo[id(neuron)], memo[id(neuron.w)] = twin, twin.w

    @property
    def weight(self) -> ParameterArray:
        """The weights of all neurons, shape (nout, nin).

        Raises:
            AttributeError: neurons were replaced, so that there is no such array any more.
        """
        array: ParameterArray = self._whole("weight")
        return array

    @weight.setter
    def weight(self, array: Any) -> None:
        self._share("weight", array, (self.nout, self.nin))
        for neuron, w in zip(self.neurons, array, strict=True):
            neuron.w = w

    @property
    def bias(self) -> ParameterArray | None:
        """The biases of all neurons, shape (nout,), or None; errors are those of `weight`."""
        array: ParameterArray | None = self._whole("bias")
        return array

    @bias.setter
    def bias(self, array: Any) -> None:
        if array is not None:
            self._share("bias", array, (self.nout,))
        vars(self)["bias"] = array
        for j, neuron in enumerate(self.neurons):
            neuron.b = None if array is None else array[j]

    def __delattr__(self, name: str) -> None:
        if name in ("weight", "bias"):
            raise AttributeError(f"{name} of {self!r} can't be deleted; a layer without biases is made by bias=False")
        super().__delattr__(name)

    def _share(self, name: str, array: Any, shape: tuple[int, ...]) -> None:
        if not isinstance(array, ParameterArray):
            raise TypeError(
                f"{name} of {self!r} is a ParameterArray, got {type(array).__name__}: {array!r}; write its numbers, "
                f"layer.{name}.data = numbers"
            )
        if array.shape != shape:
            raise ShapeError(f"{name} of {self!r} has the shape {shape}, got {array.shape}; make a layer of that size")
        vars(self)[name] = array

    def _whole(self, name: str) -> Any:
        if not self._is_whole():
            raise AttributeError(
                f"neurons of {self!r} were replaced or changed, so their parameters are no array {name!r} any more; "
                f"take them from the neurons, layer.neurons[j].w and .b, or make a new layer"
            )
        return vars(self)[name]

    def _is_whole(self) -> bool:
        """Whether the neurons are still the rows of the arrays."""
        # Parts are kept until something changes, and have the arrays where that is so.
        weight = vars(self)["weight"]
        return any(array is weight for part in self._parts() for array in part.arrays) or self._are_rows()

    def _are_rows(self) -> bool:
        weight, bias, neurons = vars(self)["weight"], vars(self)["bias"], self.neurons
        return len(neurons) == weight.shape[0] and all(
            isinstance(neuron, Neuron)
            and neuron.w.__class__ is ParameterArray
            and neuron.w.store is weight.store
            and neuron.w.begin == weight.begin + j * weight.strides[0]
            and neuron.w.shape == weight.shape[1:]
            and neuron.w.strides == weight.strides[1:]
            and (neuron.b is None if bias is None else neuron.b is bias[j])
            and sum(1 for _ in neuron._members()) == 2 - (bias is None)
            for j, neuron in enumerate(neurons)
        )

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
        xs = row(x, f"a {type(self).__name__}")
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

    def _attributes(self) -> Iterator[tuple[str, Any]]:
        # The arrays stand for the neurons' parameters, which are found there.
        return ((name, value) for name, value in vars(self).items() if name not in ("weight", "bias"))

    def _own_parts(self) -> Iterator[Part]:
        if not self._are_rows():
            yield from super()._own_parts()
            return
        for neuron in self.neurons:
            neuron._below()  # as if walked through, so that its changes are told to this layer
        weight, bias = vars(self)["weight"], vars(self)["bias"]
        if bias is not None and weight.is_whole and bias.is_whole:
            yield NeuronByNeuron(weight, bias)
        else:
            yield from map(Flat, (weight,) if bias is None else (weight, bias))
        for name, member in self._members():  # what a subclass has beside
            if not name.startswith("neurons."):
                yield from parts_of(member)

    def _homes(self) -> dict[str, Home]:
        homes = super()._homes()
        if not self._is_whole():
            return homes
        arrays = {name: vars(self)[name] for name in ("weight", "bias") if vars(self)[name] is not None}
        return arrays | {name: home for name, home in homes.items() if not name.startswith("neurons.")}

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

    def __init__(self, nin: int, nout: int, bias: bool = True, init: Init = None, rng: Any = None) -> None:
        super().__init__(nin, nout, nonlin=False, bias=bias, init=init, rng=rng)
