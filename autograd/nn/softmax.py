"""Softmax and its logarithm as layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..checks import row
from ..lists import check_dim, log_softmax, softmax
from ..scopes import here
from .module import Module


class _OverNumbers(Module):
    """A function of the numbers of one sample."""

    function: ClassVar[Callable[..., list[Any]]]

    def __init__(self, dim: int | None = None) -> None:
        check_dim(dim, type(self).__name__)

    def forward(self, x: Any) -> list[Any]:
        """As many numbers as there are logits."""
        return type(self).function(row(x, here(self)))


class Softmax(_OverNumbers):
    """``exp(x) / Σ exp(x)`` over the numbers of one sample: probabilities that sum to 1.

    Before `CrossEntropyLoss` it is a mistake: that takes the logits themselves.

    Args:
        dim: as in PyTorch; -1, 1 or None, which mean the same here.

    Raises:
        ValueError: another ``dim``.

    >>> Softmax()([0.0, 0.0]), Softmax(dim=-1)
    ([0.5, 0.5], Softmax())
    """

    function = staticmethod(softmax)


class LogSoftmax(_OverNumbers):
    """``x - logsumexp(x)`` over the numbers of one sample: logarithms of probabilities, as `NLLLoss` takes them.

    Args:
        dim: as a `Softmax` has it.

    >>> LogSoftmax()([0.0, -1000.0])
    [0.0, -1000.0]
    """

    function = staticmethod(log_softmax)
