"""Losses of one sample: plain formulas of Values, the mean over a batch is taken by whoever has the batch.

``pred`` is a Value or a list of them (what a model gave), the target plain numbers: a number, a list, a NumPy row.
Over several outputs the mean is taken, as PyTorch does. Nothing branches on a Value, so all of them can be traced.
Targets are checked: what is no label raises its error at once, from a program with the row; what carries gradient is no
target, but the prediction in the wrong place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .. import checks, ops
from ..calls import public
from ..checks import count, is_node, is_plain, is_single, real_number, row
from ..cures import answer_names
from ..domain import equal
from ..errors import ShapeError
from ..value import Value
from .softmax import warn_of_softmax
from .targets import (
    Rule,
    class_probabilities,
    class_rule,
    hinge_rule,
    log_outputs,
    logit_targets,
    probability_outputs,
    probability_targets,
    refuse_gradient,
)

Loss: TypeAlias = Callable[[Any, Any], Any]


@public
def mse(pred: Any, target: Any) -> Value:
    """The squared error ``(pred - target)²``, mean over outputs (Legendre 1805).

    Raises:
        ShapeError: not as many targets as outputs.
        TypeError: a target carries gradient.

    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return _mean("mse", lambda p, t: _square(p - t), pred, target)


@public
def mae(pred: Any, target: Any) -> Value:
    """The absolute error ``|pred - target|``, mean over outputs; its slope at 0 is taken as 0. Errors: see `mse`.

    >>> mae([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    return _mean("mae", lambda p, t: abs(p - t), pred, target)


@public
def huber(pred: Any, target: Any, delta: float = 1.0) -> Value:
    """``d²/2`` where ``d = |pred - target| <= delta``, else ``delta (d - delta/2)`` (Huber 1964); mean over outputs.

    ``delta``, where the parabola ends, is finite and above 0, else a ValueError; other errors are those of `mse`.

    >>> huber(0.0, 0.5), huber(0.0, 3.0)
    (0.125, 2.5)
    """
    bound = real_number(delta, "delta of huber")
    if not 0.0 < bound < math.inf:
        raise ValueError(f"delta of huber is a finite number above 0, got {delta!r}")

    def term(p: Any, t: Any) -> Any:
        d = abs(p - t)
        inner = ops.minimum(d, bound)  # one formula for both pieces, and their common slope at the joint
        return inner * (d - 0.5 * inner)

    return _mean("huber", term, pred, target)


@public
def hinge(score: Any, y: Any) -> Value:
    """``max(0, 1 - y score)`` with ``y`` -1 or +1 (Cortes and Vapnik 1995); mean over outputs.

    Another ``y`` is a ValueError; other errors are those of `mse`.

    >>> hinge(0.25, 1), hinge(0.25, -1)
    (0.75, 1.25)
    """
    return _mean("hinge", lambda s, t: ops.relu(1.0 - t * s), score, y, hinge_rule)


@public
def binary_cross_entropy(p: Any, y: Any) -> Value:
    """``-y log p - (1 - y) log (1 - p)`` from the probability p, as of `nn.Sigmoid`; mean over outputs.

    Each logarithm is at least -100, as PyTorch has it: so a wrong p of exactly 0 or 1 costs 100, and has no slope.
    Logits keep all digits: for them take `binary_cross_entropy_with_logits`, without a Sigmoid.

    A ``p`` or ``y`` outside of [0, 1] is a ValueError; other errors are those of `mse`.

    >>> round(binary_cross_entropy(0.5, 1), 6), binary_cross_entropy(0.0, 1), binary_cross_entropy(0.0, 0)
    (0.693147, 100.0, 0.0)
    """
    return _mean("binary_cross_entropy", _binary_term, p, y, probability_targets, probability_outputs)


@public
@public
def binary_cross_entropy_with_logits(logit: Any, y: Any) -> Value:
    """``-y log σ(z) - (1 - y) log (1 - σ(z))`` from the logit z, without overflow; mean over outputs.

    Computed as ``y softplus(-z) + (1 - y) softplus(z)``, exact to the last digits on both sides. A ``y`` outside of
    [0, 1] is a ValueError; other errors are those of `mse`.

    >>> round(binary_cross_entropy_with_logits(0.0, 1), 6), binary_cross_entropy_with_logits(-1000.0, 1)
    (0.693147, 1000.0)
    """
    return _mean(
        "binary_cross_entropy_with_logits",
        lambda z, t: t * ops.softplus(-z) + (1.0 - t) * ops.softplus(z),
        logit,
        y,
        logit_targets,
    )


@public
def cross_entropy(logits: Any, target: Any) -> Value:
    """``-Σ p_k log softmax(z)_k`` from the logits z, without overflow, through logsumexp.

    Args:
        logits: at least two.
        target: the index of the class (a whole number, also as a float or a Constant), or probabilities, one for each
            logit. An index that is traced picks its logit by `where`.

    Raises:
        ShapeError: not as many probabilities as logits, or fewer than two logits.
        ValueError: an index is out of range or not whole; probabilities are negative or don't sum to 1.
        TypeError: the target carries gradient.

    >>> round(cross_entropy([1.0, 1.0], 0), 6), round(cross_entropy([1.0, 1.0], [0.5, 0.5]), 6)
    (0.693147, 0.693147)
    """
    zs = row(logits, "cross_entropy")
    if len(zs) < 2:
        if not is_single(target):
            raise ShapeError(
                f"cross_entropy got the logit {zs[0] if zs else zs!r} and several targets: the logits come first, "
                f"cross_entropy(logits, target)"
            )
        raise ShapeError(
            f"cross_entropy needs at least 2 logits, got {len(zs)}; for two classes by one logit take "
            f"binary_cross_entropy_with_logits"
        )
    warn_of_softmax(zs)
    loss: Value
    if is_single(target):
        loss = _of_class(zs, _number(target), "cross_entropy", lambda z: ops.logsumexp(*zs) - z)
    else:
        ps = _probabilities(zs, target)
        loss = class_probabilities(ops.logsumexp(*zs) - _expectation(zs, ps), ps)
    return loss


@public
def negative_log_likelihood(log_probabilities: Any, target: Any) -> Value:
    """``-log p_k`` from logarithms of probabilities, as of `nn.LogSoftmax`; of logits `cross_entropy` makes the same.

    Args:
        log_probabilities: at least two.
        target: the index of the class, as `cross_entropy` has it.

    Raises:
        ShapeError: fewer than two logarithms, or the target is a list.
        ValueError: the index is out of range or not whole, or a number is above 0, as no logarithm of a probability.
        TypeError: the target carries gradient.

    >>> negative_log_likelihood([-0.5, -1.5], 1)
    1.5
    """
    zs, name = row(log_probabilities, "negative_log_likelihood"), "negative_log_likelihood"
    if len(zs) < 2:
        raise ShapeError(f"{name} needs the logarithms of at least 2 probabilities, got {len(zs)}")
    if not is_single(target):
        raise ShapeError(f"{name} takes the index of a class, got {target!r}; probabilities are for cross_entropy")
    loss: Value = log_outputs(_of_class(zs, _number(target), name, lambda z: -z), zs)
    return loss


def _of_class(zs: list[Any], target: Any, name: str, loss: Callable[[Any], Value]) -> Value:
    """The loss of the item that belongs to the class."""
    rule = class_rule(len(zs), name)
    refuse_gradient(target, name)
    if not is_node(target):
        real_number(target, f"a class of {name}")
        rule(0.0, [target])
        return loss(zs[int(target)])
    picked: Any = 0.0
    for k, z in enumerate(zs):
        picked = picked + ops.where(equal(target, float(k)), z, 0.0)
    found: Value = rule(loss(picked), [target])
    return found


def _probabilities(zs: list[Any], target: Any) -> list[Any]:
    ps = row(target, "cross_entropy")
    if len(ps) != len(zs):
        raise ShapeError(
            f"cross_entropy got {count(len(zs), 'logit')} and {count(len(ps), 'probability', 'probabilities')}; "
            f"it needs as many, or the index of the class"
        )
    truth = (bool, np.bool_)  # labels == classes is a one-hot row
    return [float(p) if isinstance(p, truth) else _target(p, "cross_entropy", "a probability") for p in ps]


def _expectation(zs: list[Any], ps: list[Any]) -> Any:
    """Σ p z; a plain 0 leaves its logit out, so that a one-hot target is as good as an index."""
    total: Any = None
    for z, p in zip(zs, ps, strict=True):
        if not (is_plain(p) and p == 0):
            term = z if is_plain(p) and p == 1 else z * p
            total = term if total is None else total + term
    return total


def _number(x: Any) -> Any:
    """A NumPy number, or 0-d array, as Python's."""
    return x.item() if isinstance(x, np.generic | np.ndarray) else x


def _square(d: Any) -> Any:
    return d * d


def _binary_term(p: Any, t: Any) -> Any:
    """A label of just 0 or 1 leaves the other logarithm out, so that a graph shows what there is."""
    if is_plain(t) and t in (0, 1):
        return -_bounded(ops.log, p, p <= 0.0) if t else -_bounded(ops.log1p, -p, p >= 1.0)
    return -(t * _bounded(ops.log, p, p <= 0.0) + (1.0 - t) * _bounded(ops.log1p, -p, p >= 1.0))


def _bounded(log: Any, x: Any, is_infinite: Any) -> Any:
    """A logarithm that is at least -100 (as in PyTorch's BCELoss); NaN passes through."""
    return ops.where(is_infinite, -100.0, ops.maximum(log(ops.where(is_infinite, 0.5, x)), -100.0))


def _target(x: Any, name: str, what: str = "a target") -> Any:
    """A target as something to compute with; a TypeError if it is no real number, or carries gradient."""
    x = _number(x)
    refuse_gradient(x, name)
    return x if is_node(x) else real_number(x, f"{what} of {name}")


def _mean(
    name: str, term: Loss, pred: Any, target: Any, rule: Rule | None = None, outputs: Rule | None = None
) -> Value:
    """The mean of ``term`` over the outputs; the targets obey the one rule, the outputs the other."""
    preds, targets = row(pred, f"the loss {name}"), row(target, f"the loss {name}")
    if len(preds) != len(targets) or not preds:
        found, wanted = count(len(preds), "output"), count(len(targets), "target")
        raise ShapeError(
            f"the loss {name} got {found} and {wanted}; it needs at least one output, and a target for each"
        )
    preds, targets = list(map(_number, preds)), [_target(t, name) for t in targets]
    total = term(preds[0], targets[0])
    for p, t in zip(preds[1:], targets[1:], strict=True):
        total = total + term(p, t)
    mean: Value = total if len(preds) == 1 else total / float(len(preds))
    mean = mean if outputs is None else outputs(mean, preds)
    return mean if rule is None else rule(mean, targets)


LOSSES: dict[str, Loss] = {
    loss.__name__: loss
    for loss in (
        *(mse, mae, huber, hinge),
        *(binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, negative_log_likelihood),
    )
}
"""The losses by name."""
DECIDES_AT: dict[Loss, float | None] = {
    **dict.fromkeys((mse, mae, huber)),
    hinge: 0.0,
    binary_cross_entropy: 0.5,
    binary_cross_entropy_with_logits: 0.0,
}
"""Where one output divides two classes under a loss; None: halfway between their labels."""


@public
def by_name(name: str) -> Loss:
    """The loss of that name; a ValueError lists the known ones.

    >>> by_name("mse") is mse
    True
    """
    return checks.by_name(LOSSES, name, "a loss")


answer_names(__name__, [*LOSSES, "LOSSES", "by_name"])
