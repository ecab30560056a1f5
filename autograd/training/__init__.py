"""Training: `fit` with its history, callbacks and metrics, and parameters in files."""

from ..cures import answer_names
from .callbacks import State
from .checkpoints import load_parameters, save_parameters
from .history import History
from .loop import fit
from .metrics import METRICS

__all__ = ["METRICS", "History", "State", "fit", "load_parameters", "save_parameters"]

answer_names(__name__, __all__)
