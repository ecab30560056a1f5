"""The compiler: functions of one sample, traced once and replayed for a batch at machine speed."""

from ..cures import public_names
from .program import Program, compile

__all__ = ["Program", "compile"]

__dir__, __getattr__ = public_names(__name__, __all__)
