"""Softmax and its logarithm as layers, and the mistake of one before `cross_entropy`, seen from the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from .. import ops
from ..calls import warn
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


def warn_of_softmax(logits: Sequence[Any]) -> None:
    """Warn where the logits are what a softmax gave: ``exp(x - logsumexp)`` or ``exp(x) / sum`` of each.

    Python shows a warning of one line once. Of plain numbers nobody knows where they came from.
    """
    form = getattr(logits[0], "op", None)
    if form is not ops.exp and form is not ops.div:
        return
    shares = {_share(z, form) for z in logits}
    if None not in shares and len(shares) == 1:
        warn(
            "cross_entropy got probabilities, as softmax gives them, and takes the softmax once more: it learns slowly "
            "then, and never to a small loss. Give it the logits, the model without the softmax"
        )


def _share(z: Any, form: Any) -> Any:
    """What stands for the sum of all exponentials in one number of a softmax; None if it is no such number."""
    if getattr(z, "op", None) is not form:
        return None
    above, below = z.args[0], z.args[-1]
    if form is ops.exp:
        if above.op is not ops.sub or above.args[1].op is not ops.logsumexp:
            return None
        return tuple(getattr(x, "_node", id(x)) for x in above.args[1].args)  # it may be made anew for each
    if above.op is not ops.exp:
        return None
    return getattr(below, "_node", below)  # the traced numbers of one node are many
