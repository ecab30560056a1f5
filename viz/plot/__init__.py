"""Plots of training, with matplotlib; each function returns a figure that is not tied to any window.

The data behind a figure are in ``figure.data``, a table; `save` writes SVG, PDF and PNG, light and dark.
"""

from autograd.cures import answer_names

from .animation import Animation
from .arrivals import race
from .contours import contour, paths, paths_animation
from .curves import loss
from .descents import descent, descent_animation
from .errors import convergence
from .flow import gradient_flow
from .functions import function
from .histograms import activations, histogram
from .multiples import small_multiples
from .paired import gains
from .photos import augmentations
from .plane import boundary
from .sheet import images
from .steps import moments, step_sizes
from .style import new_figure, save, styled
from .sweeps import sweep
from .weight_sizes import weights

__all__ = [
    "Animation",
    "activations",
    "augmentations",
    "boundary",
    "contour",
    "convergence",
    "descent",
    "descent_animation",
    "function",
    "gains",
    "gradient_flow",
    "histogram",
    "images",
    "loss",
    "moments",
    "new_figure",
    "paths",
    "paths_animation",
    "race",
    "save",
    "small_multiples",
    "step_sizes",
    "styled",
    "sweep",
    "weights",
]

answer_names(__name__, __all__, loss_curve="it is called loss here", decision_boundary="it is called boundary here")
