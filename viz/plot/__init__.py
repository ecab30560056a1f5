"""Plots of training, with matplotlib; each function returns a figure that is not tied to any window."""

from autograd.cures import answer_names

from .boundary import decision_boundary
from .loss import loss_curve
from .style import new_figure, save, styled

__all__ = ["decision_boundary", "loss_curve", "new_figure", "save", "styled"]

answer_names(__name__, __all__)
