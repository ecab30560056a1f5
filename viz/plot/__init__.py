"""Plots of training, with matplotlib; each function returns a figure that is not tied to any window.

The data behind a figure are in ``figure.data``, a table; `save` writes SVG, PDF and PNG, light and dark.
"""

from autograd.cures import answer_names

from .animation import Animation
from .curves import loss
from .descents import descent, descent_animation
from .functions import function
from .plane import boundary
from .style import new_figure, save, styled
from .sweeps import sweep

__all__ = ["Animation", "boundary", "descent", "descent_animation", "function", "loss", "new_figure", "save"]
__all__ += ["styled", "sweep"]

answer_names(__name__, __all__, loss_curve="it is called loss here", decision_boundary="it is called boundary here")
