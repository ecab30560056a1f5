"""Glassgrad: a scalar autograd engine that you can see through."""

from . import data, nn, ops, optim
from .backprop import Step, ancestors, changed_leaves, gradients, sweep
from .check import check_gradients, check_graph
from .compiler import Program, compile
from .cures import answer_names
from .declare import op
from .derivatives import derivative, hessian, hvp, jacobian, value_and_grad
from .domain import ABOVE_MINUS_ONE, NONNEGATIVE, NONZERO, POSITIVE, REAL, UNIT, Domain
from .errors import (
    DivisionByZeroError,
    DomainError,
    GlassgradError,
    GradientCheckError,
    NonFiniteError,
    ShapeError,
    StaleGraphError,
    TraceError,
)
from .lists import log_softmax, mean, softmax, sum
from .operation import OPS, Op
from .ops import *
from .parameter import Parameter
from .parameter_array import ParameterArray
from .products import dot
from .randomness import manual_seed
from .scopes import no_grad, scope
from .training import History, fit, load_parameters, save_parameters
from .value import Constant, Value

__version__ = "0.2.0"

__all__ = ["data", "nn", "optim"]
__all__ += ["Constant", "Value", "no_grad", "scope"]
__all__ += ["OPS", "Op", "op"]
__all__ += ["ABOVE_MINUS_ONE", "NONNEGATIVE", "NONZERO", "POSITIVE", "REAL", "UNIT", "Domain"]
__all__ += ["dot", "log_softmax", "mean", "softmax", "sum"]
__all__ += ["Step", "ancestors", "changed_leaves", "gradients", "sweep"]
__all__ += ["derivative", "hessian", "hvp", "jacobian", "value_and_grad"]
__all__ += ["check_gradients", "check_graph"]
__all__ += ["Parameter", "ParameterArray", "manual_seed"]
__all__ += ["Program", "compile"]
__all__ += ["History", "fit", "load_parameters", "save_parameters"]
__all__ += ["DivisionByZeroError", "DomainError", "GlassgradError", "GradientCheckError"]
__all__ += ["NonFiniteError", "ShapeError", "StaleGraphError", "TraceError"]
__all__ += ops.__all__

answer_names(__name__, __all__)
