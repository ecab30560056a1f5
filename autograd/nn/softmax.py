"""Softmax and its logarithm as layers."""

from __future__ import annotations

from typing import Any

from ..lists import check_dim, log_softmax, softmax
from .checks import as_list, here
from .module import Module


class Softmax(Module):
    """``exp(x) / Σ exp(x)`` over the numbers of one sample: probabilities that sum to 1.

    Before `CrossEntropyLoss` it is a mistake: that takes the logits themselves.

    Args:
        dim: as in PyTorch; -1, 1 or None, which mean the same here.

    Raises:
        ValueError: another ``dim``.

    >>> Softmax()([0.0, 0.0]), Softmax(dim=-1)
    ([0.5, 0.5], Softmax())
    """

    def __init__(self, dim: int | None = None) -> None:
        check_dim(dim, type(self).__name__)

    def forward(self, x: Any) -> list[Any]:
        """The probabilities of a list of logits."""
        return softmax(as_list(x, here(self)))


class LogSoftmax(Module):
    """``x - logsumexp(x)`` over the numbers of one sample: logarithms of probabilities, as `NLLLoss` takes them.

    Args:
        dim: as a `Softmax` has it.

    >>> LogSoftmax()([0.0, -1000.0])
    [0.0, -1000.0]
    """

    def __init__(self, dim: int | None = None) -> None:
        check_dim(dim, type(self).__name__)

    def forward(self, x: Any) -> list[Any]:
        """The logarithms of the probabilities of a list of logits."""
        return log_softmax(as_list(x, here(self)))
