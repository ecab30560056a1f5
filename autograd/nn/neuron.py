"""A neuron: the activation of a weighted sum of its inputs."""

from __future__ import annotations

from typing import Any

from ..checks import count, row, whole_number
from ..errors import ShapeError
from ..names import Activation, Init
from ..operation import Op
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..products import weighted_sum
from ..randomness import generator
from ..scopes import here
from ..value import Value
from .activations import METHODS, default_init, resolve, title
from .init import weights
from .module import Module

_PLAIN = {"w", "b", "nonlin", "activation"}


class Neuron(Module):
    """``activation(b + w0 * x0 + w1 * x1 + ...)``, built of binary ``*`` and ``+`` from the bias on.

    Attributes:
        w: the weights, a ParameterArray of shape (nin,): indexed and iterated it gives Parameters.
        b: the bias, a Parameter that starts at 0; None without one.
        nonlin: whether the activation is applied.
        activation: an operation or any function of a Value.

    Args:
        nin: how many inputs.
        nonlin: False for a linear neuron.
        activation: a name (relu, leaky_relu, elu, gelu, silu, softplus, sigmoid, tanh), operation, or callable.
        bias: whether there is one.
        init: initial weights: a name of `init`, a callable ``(nin, 1, rng=generator)``, or an array (1, nin).
            None: He for the relu family, Xavier for all else.
        rng: a seed or generator.

    Raises:
        ShapeError: called with another number of inputs.
        ValueError: an unknown name.

    >>> neuron = Neuron(2, init=[[3.0, -1.0]])
    >>> neuron([2.0, 1.0]), neuron
    (Value(data=5.0, grad=0.0), Neuron(2, relu; 3 parameters))
    """

    w: ParameterArray
    b: Parameter | None

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: Activation = "relu",
        *,
        bias: bool = True,
        init: Init = None,
        rng: Any = None,
    ) -> None:
        function = resolve(activation)
        scheme = default_init(function if nonlin else None) if init is None else init
        self.w = ParameterArray(weights(scheme, whole_number(nin, "nin of a Neuron"), 1, generator(rng))[0])
        self.b = Parameter(0.0) if bias else None
        self.nonlin = nonlin
        self.activation = function

    @classmethod
    def of_row(cls, w: ParameterArray, b: Parameter | None, nonlin: bool, activation: Any) -> Neuron:
        """A neuron over parameters that are there already, such as a row of a layer's weight."""
        neuron = cls.__new__(cls)
        vars(neuron).update(w=w, b=b, nonlin=nonlin, activation=activation)
        if isinstance(activation, Module):
            neuron.activation = activation  # it learns who holds it
        return neuron

    def is_plain(self) -> bool:
        """Whether it has nothing but what `of_row` gives it."""
        return type(self) is Neuron and vars(self).keys() == _PLAIN and not self._own.buffers

    def __reduce_ex__(self, protocol: Any) -> Any:
        # As the general way does it, in a third of the time; what isn't of the table might lead back to this neuron.
        if self.is_plain() and self._own.training and not self.w.is_whole and isinstance(self.activation, Op):
            return Neuron.of_row, (self.w, self.b, self.nonlin, self.activation)
        return super().__reduce_ex__(protocol)

    @property
    def nin(self) -> int:
        """How many inputs it takes."""
        return len(self.w)

    def forward(self, x: Any) -> Value:
        """The output for one sample: a Value. ``x``: ``nin`` numbers or Values."""
        xs = x if x.__class__ is list else row(x, "a Neuron")
        if len(xs) != len(self.w):
            raise wrong_inputs(self, len(self.w), len(xs))
        act: Value = weighted_sum(self.w, xs, self.b)
        return METHODS.get(id(self.activation), self.activation)(act) if self.nonlin else act

    def kind(self) -> str:
        """The name of its activation, "" if it is linear.

        >>> Neuron(1, activation="tanh").kind(), Neuron(1, nonlin=False).kind()
        ('tanh', '')
        """
        return title(self.activation) if self.nonlin else ""

    def __repr__(self) -> str:
        return self.describe(", ".join(filter(None, (str(self.nin), self.kind()))))


def wrong_inputs(module: Module, nin: int, got: int) -> ShapeError:
    """The error of a module that was called with the wrong number of inputs.

    >>> str(wrong_inputs(Neuron(2), 2, 3))
    'Neuron(2, relu; 3 parameters) takes 2 inputs, got 3; give it one number for each, or make it with nin=3'
    """
    cure = f"give it one number for each, or make it with nin={got}" if got else "give it one number for each"
    return ShapeError(f"{here(module)} takes {count(nin, 'input')}, got {got}; {cure}")
