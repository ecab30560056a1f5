"""Training: `fit` with its history, callbacks and metrics, and parameters in files."""

from autograd.training.checkpoints import load_parameters, save_parameters
from autograd.training.history import History
from autograd.training.loop import fit
from autograd.training.metrics import METRICS
from autograd.training.state import State

__all__ = ["METRICS", "History", "State", "fit", "load_parameters", "save_parameters"]
