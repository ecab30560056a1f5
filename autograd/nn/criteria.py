"""Losses as modules, with PyTorch's names: each calls one of `losses`, for one sample as everything here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..value import Value
from . import losses
from .module import Module


class Loss(Module):
    """Base of the losses as modules: called with a prediction and a target. Give one to `fit` as its ``loss``.

    Args:
        reduction: "mean", over the outputs of the sample. The mean over a batch is taken by whoever has the batch.

    Raises:
        ValueError: another reduction.
    """

    function: ClassVar[Callable[..., Any]]
    """The loss of `losses` that it is, the argument ``of`` of the class."""

    def __init_subclass__(cls, of: Any = None, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls.function = staticmethod(of) if of else cls.function

    def __init__(self, *, reduction: str = "mean") -> None:
        if reduction != "mean":
            name = type(self).__name__
            raise ValueError(
                f"{name} is the loss of one sample, the mean over its outputs: there is no reduction={reduction!r}. "
                f"For the sum over a batch write sum(loss(model(x), y) for x, y in zip(X, Y)), for each sample's loss "
                f"call it, or a compiled function of the sample, as it is"
            )

    def forward(self, prediction: Any, target: Any) -> Value:
        """The loss of one sample."""
        loss: Value = type(self).function(prediction, target)
        return loss


class MSELoss(Loss, of=losses.mse):
    """The squared error, mean over outputs: `losses.mse`.

    >>> MSELoss()([1.0, 2.0], [1.0, 4.0])
    2.0
    """


class L1Loss(Loss, of=losses.mae):
    """The absolute error, mean over outputs: `losses.mae`.

    >>> L1Loss()([1.0, 2.0], [1.0, 4.0])
    1.0
    """


class HuberLoss(Loss, of=losses.huber):
    """``d²/2`` for small errors d, ``delta (d - delta/2)`` for large ones: `losses.huber`.

    Args:
        delta: where the parabola ends, finite and above 0.
        reduction: as a `Loss` has it.

    >>> HuberLoss(delta=2.0)(0.0, 3.0)
    4.0
    """

    def __init__(self, *, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        losses.huber(0.0, 0.0, delta)  # refuses a delta that is none
        self.delta = delta

    def forward(self, prediction: Any, target: Any) -> Value:
        """The loss of one sample."""
        return losses.huber(prediction, target, self.delta)


class SmoothL1Loss(Loss, of=losses.huber):
    """``d²/(2 beta)`` for errors d below beta, ``d - beta/2`` above (Girshick 2015): Huber's over beta.

    Args:
        beta: where the parabola ends, finite and above 0 (`L1Loss` is what 0 would be).
        reduction: as a `Loss` has it.

    >>> SmoothL1Loss(beta=2.0)(0.0, 3.0)
    2.0
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        losses.huber(0.0, 0.0, beta)
        self.beta = beta

    def forward(self, prediction: Any, target: Any) -> Value:
        """The loss of one sample."""
        loss = losses.huber(prediction, target, self.beta)
        return loss if self.beta == 1.0 else loss / float(self.beta)


class HingeLoss(Loss, of=losses.hinge):
    """``max(0, 1 - y score)`` with ``y`` -1 or +1: `losses.hinge`. (Of PyTorch's losses none is this one.)

    >>> HingeLoss()(0.25, -1)
    1.25
    """


class BCELoss(Loss, of=losses.binary_cross_entropy):
    """``-y log p - (1 - y) log (1 - p)`` from a probability p, as of `nn.Sigmoid`: `losses.binary_cross_entropy`.

    >>> round(BCELoss()(0.5, 1), 6)
    0.693147
    """


class BCEWithLogitsLoss(Loss, of=losses.binary_cross_entropy_with_logits):
    """The same from a logit, without a Sigmoid, exact to the last digits: `losses.binary_cross_entropy_with_logits`.

    >>> BCEWithLogitsLoss()(-1000.0, 1)
    1000.0
    """


class CrossEntropyLoss(Loss, of=losses.cross_entropy):
    """``-log softmax(z)_k`` from logits and the index of a class, or from probabilities: `losses.cross_entropy`.

    It takes the logits themselves: no Softmax before it.

    >>> round(CrossEntropyLoss()([1.0, 1.0], 0), 6)
    0.693147
    """


class NLLLoss(Loss, of=losses.negative_log_likelihood):
    """``-log p_k`` from logarithms of probabilities, as of `LogSoftmax`: `losses.negative_log_likelihood`.

    >>> NLLLoss()([-0.5, -1.5], 1)
    1.5
    """
