"""Optimizers, learning-rate schedules and gradient clipping, with PyTorch's names and numbers."""

from ..cures import answer_names
from ..intervals import Interval
from . import schedules
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .clipping import clip_grad_norm_, clip_grad_value_
from .optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .rmsprop import RMSprop
from .rule import number
from .schedules import *
from .sgd import SGD, Momentum

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Momentum", "Optimizer", "RMSprop"]
__all__ += ["Interval", "number"]
__all__ += ["ReduceLROnPlateau", "clip_grad_norm_", "clip_grad_value_"]
__all__ += schedules.__all__

answer_names(
    __name__,
    __all__,
    Rule="it is gone: a rule of your own is an optimizer. Write class Sign(Optimizer) with the same fields, without "
    "@dataclass, its arrays in initial_state instead of state, and update(self, xp, p, g, s, h); then "
    "Sign(params, lr=0.25)",
)
