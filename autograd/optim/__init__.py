"""Optimizers, learning-rate schedules and gradient clipping, with PyTorch's names and numbers."""

from autograd.optim.adagrad import Adagrad
from autograd.optim.adam import Adam, AdamW
from autograd.optim.clipping import clip_grad_norm_, clip_grad_value_
from autograd.optim.optimizer import Optimizer
from autograd.optim.rmsprop import RMSprop
from autograd.optim.rule import Rule
from autograd.optim.schedules import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    Schedule,
    SequentialLR,
    StepLR,
)
from autograd.optim.sgd import SGD, Momentum

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LinearLR",
    "Momentum",
    "Optimizer",
    "RMSprop",
    "Rule",
    "Schedule",
    "SequentialLR",
    "StepLR",
    "clip_grad_norm_",
    "clip_grad_value_",
]
