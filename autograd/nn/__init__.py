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
from .module_list import ModuleList, Sequential
from .neuron import Neuron
from .normalization import BatchNorm, LayerNorm
from .recording import record
from .softmax import LogSoftmax, Softmax

__all__ = ["Module", "ModuleList", "Parameter", "ParameterArray", "Sequential"]
__all__ += ["MLP", "Dropout", "Identity", "Layer", "Linear", "Neuron"]
__all__ += ["BatchNorm", "LayerNorm"]
__all__ += ["ELU", "GELU", "LeakyReLU", "LogSoftmax", "ReLU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh"]
__all__ += ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HingeLoss", "HuberLoss"]
__all__ += ["L1Loss", "MSELoss", "NLLLoss", "SmoothL1Loss"]
__all__ += ["init", "losses", "penalties", "record"]

answer_names(__name__, __all__)
