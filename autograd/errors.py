"""The errors of Glassgrad. Each message says what happened, where, with which values, and the cure."""

from __future__ import annotations


class GlassgradError(Exception):
    """Base of every error that only this package raises."""


class DomainError(GlassgradError, ArithmeticError, ValueError):
    """An operation was given a number outside its domain, as in log(-1)."""


class DivisionByZeroError(DomainError, ZeroDivisionError):
    """A division by zero, or zero raised to a negative power."""


class TraceError(GlassgradError, TypeError):
    """Code asked a traced value for a number that it doesn't have yet."""


class StaleGraphError(GlassgradError, RuntimeError):
    """A graph was to be differentiated again after one of its leaves had changed."""


class NonFiniteError(GlassgradError, ArithmeticError):
    """A loss or a gradient became NaN or infinite where training needs a number."""


class GradientCheckError(GlassgradError, AssertionError):
    """A derivative disagrees with its numerical estimate."""


class ShapeError(GlassgradError, ValueError):
    """The number of inputs, targets or entries doesn't fit."""
