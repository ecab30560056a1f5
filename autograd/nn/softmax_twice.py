"""The mistake of a softmax before `cross_entropy`, seen from the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..calls import warn


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
