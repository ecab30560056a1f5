"""Glassgrad: a scalar autograd engine that you can see through."""

from .backprop import Step, changed_leaves, derivative, gradients, hessian, sweep
from .check import check_gradients, check_graph
from .declaration import (
    ABOVE_MINUS_ONE,
    NONNEGATIVE,
    NONZERO,
    OPS,
    POSITIVE,
    REAL,
    UNIT,
    Domain,
    Op,
    op,
)
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
from .graph import ancestors
from .ops import (
    abs,
    acos,
    add,
    asin,
    atan,
    cos,
    cosh,
    div,
    elu,
    erf,
    erfc,
    exp,
    expm1,
    gelu,
    leaky_relu,
    log,
    log1p,
    logsumexp,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    step,
    sub,
    tan,
    tanh,
    where,
)
from .parameter import Parameter
from .scopes import no_grad, scope
from .value import Constant, Value

__version__ = "0.1.0"
