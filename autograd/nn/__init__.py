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
from .criteria import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from .dropout import Dropout
from .identity import Identity
from .layer import Layer, Linear
from .mlp import MLP
from .module import Module
from .module_list import ModuleList
from .neuron import Neuron
from .normalization import BatchNorm, LayerNorm
from .recording import record
from .sequential import Sequential
from .softmax import LogSoftmax, Softmax

__all__ = [
    "ELU",
    "GELU",
    "MLP",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm",
    "CrossEntropyLoss",
    "Dropout",
    "HingeLoss",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "ModuleList",
    "NLLLoss",
    "Neuron",
    "Parameter",
    "ParameterArray",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Tanh",
    "init",
    "losses",
    "penalties",
    "record",
]

answer_names(__name__, __all__)
