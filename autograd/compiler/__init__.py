"""The compiler: functions of one sample, traced once and replayed for a batch at machine speed."""

from .program import Program, compile

__all__ = ["Program", "compile"]
