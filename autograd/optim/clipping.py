"""Gradient clipping: bounds on the gradients, all together or each alone, before an optimizer's step."""

from __future__ import annotations

import math
from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray

from ..calls import public
from ..errors import NonFiniteError
from ..intervals import Interval, as_number
from .parameters import Parameters, parameter_list

EPS = 1e-6
"""What PyTorch adds to a norm before it divides by it."""
_SAFE = 1e-200
"""Between this and its inverse a sum of squares has neither overflowed nor lost what was too small to be squared."""
_FROM_ZERO, _ABOVE_ZERO = Interval(), Interval(ends="()")


@public
def clip_grad_norm_(
    params: Parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients by ``min(1, max_norm / (norm + 1e-6))``: their common norm falls to ``max_norm``.

    The direction of the step stays. Gradients that no backward has reached count as 0, frozen parameters don't count.

    Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013,
    algorithm 1, with the small number that PyTorch adds.

    Args:
        params: Parameters, or a module.
        max_norm: the largest norm, at least 0; infinity only measures.
        norm_type: p of the norm (sum |g|**p)**(1/p), above 0; infinity is the largest magnitude.
        error_if_nonfinite: raise instead of scaling by a norm that is infinite or NaN.

    Returns:
        The norm before clipping.

    Raises:
        NonFiniteError: the norm isn't finite, and that was asked for. Nothing is changed then.

    >>> from autograd import Parameter
    >>> w = Parameter(3.0); (w * w / 2).backward()
    >>> clip_grad_norm_([w], max_norm=1.0), round(w.grad, 5)
    (3.0, 1.0)
    """
    found = parameter_list(params, "clip_grad_norm_")
    most = _bound(max_norm, "clip_grad_norm_: max_norm", _FROM_ZERO)
    p = _bound(norm_type, "clip_grad_norm_: norm_type", _ABOVE_ZERO)
    grads = found.span.trained().grads
    norm = _norm(grads, p)
    if error_if_nonfinite and not math.isfinite(norm):
        i = next((i for i, each in enumerate(found) if each.requires_grad and not math.isfinite(each.grad)), 0)
        raise NonFiniteError(
            f"clip_grad_norm_: the gradients' norm is {norm}; that of params[{i}] {found[i].label!r} is "
            f"{found[i].grad}; look at what it comes from, or lower the learning rate"
        )
    if not norm + EPS <= most:
        with nullcontext() if math.isfinite(norm) else np.errstate(all="ignore"):
            for grad in grads:
                grad *= most / (norm + EPS)
    return norm


@public
def clip_grad_value_(params: Parameters, clip_value: float) -> None:
    """Bring every gradient into [-clip_value, clip_value]; NaN stays NaN.

    Args:
        params: Parameters, or a module.
        clip_value: the bound, at least 0.

    >>> from autograd import Parameter
    >>> w = Parameter(3.0); (w * w / 2).backward()
    >>> clip_grad_value_([w], 0.5); w.grad
    0.5
    """
    found = parameter_list(params, "clip_grad_value_")
    bound = _bound(clip_value, "clip_grad_value_: clip_value", _FROM_ZERO)
    for grad in found.span.trained().grads:
        np.clip(grad, -bound, bound, out=grad)


def _bound(x: float, name: str, allowed: Interval) -> float:
    """``x`` as a float: a number in ``allowed``, or infinity."""
    return x if x == math.inf else as_number(x, name, allowed)


def _norm(grads: list[NDArray[np.float64]], p: float) -> float:
    if p == 2.0:
        square = 0.0
        for grad in grads:
            square += float(np.vdot(grad, grad))  # which warns of no overflow
        if _SAFE < square < 1.0 / _SAFE:
            return math.sqrt(square)
    with np.errstate(all="ignore"):
        return _careful_norm(grads, p)


def _careful_norm(grads: list[NDArray[np.float64]], p: float) -> float:
    largest = max(float(np.abs(grad).max()) for grad in grads)
    if any(np.isnan(grad).any() for grad in grads):
        return math.nan
    if p == math.inf or largest == 0 or not math.isfinite(largest):
        return largest
    # Relative to the largest, so that no power overflows, and none that matters vanishes.
    return float(largest * sum(np.sum((np.abs(grad) / largest) ** p) for grad in grads) ** (1 / p))
