"""Neural networks of Values: modules, layers, initializers, losses and penalties; one sample at a time.

>>> from autograd import nn
>>> nn.MLP(2, [16, 16, 1], rng=0)
MLP(2 -> 16 -> 16 -> 1, relu; 337 parameters)
"""

from ..cures import answer_names
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from . import init, losses, penalties
from .activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh
from .dropout import Dropout
from .layer import Layer, Linear
from .mlp import MLP
from .module import Module
from .neuron import Neuron
from .normalization import BatchNorm, LayerNorm
from .sequential import Sequential

__all__ = [
    "ELU",
    "GELU",
    "MLP",
    "BatchNorm",
    "Dropout",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "Module",
    "Neuron",
    "Parameter",
    "ParameterArray",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "init",
    "losses",
    "penalties",
]

answer_names(__name__, __all__)
