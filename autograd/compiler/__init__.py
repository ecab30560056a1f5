"""The compiler: functions of one sample, traced once and replayed for a batch at machine speed."""

from ..cures import answer_names
from .program import Program, compile

__all__ = ["Program", "compile"]

answer_names(__name__, __all__)
