"""Losses of one sample: plain formulas of Values, the mean over a batch is taken by whoever has the batch.

``pred`` is a Value or a list of them (what a model gave), the target numbers or Values: a number, a list, a NumPy row.
Over several outputs the mean is taken, as PyTorch does. Nothing branches on a Value, so all of them can be traced.
Targets are checked, whatever they are: what is no label raises its error at once, from a program with the row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .. import checks, ops
from ..checks import count, is_node, real_number
from ..domain import equal
from ..errors import ShapeError
from .checks import as_list, is_plain, is_single
from .targets import Rule, binary_rule, class_rule, hinge_rule, probabilities_rule

Loss: TypeAlias = Callable[[Any, Any], Any]


def mse(pred: Any, target: Any) -> Any:
    """The squared error ``(pred - target)²``, mean over outputs (Legendre 1805).

    Raises:
        ShapeError: not as many targets as outputs.

    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return _mean("mse", lambda p, t: _square(p - t), pred, target)


def mae(pred: Any, target: Any) -> Any:
    """The absolute error ``|pred - target|``, mean over outputs; its slope at 0 is taken as 0.

    Raises:
        ShapeError: not as many targets as outputs.

    >>> mae([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    return _mean("mae", lambda p, t: abs(p - t), pred, target)


def huber(pred: Any, target: Any, delta: float = 1.0) -> Any:
    """``d²/2`` where ``d = |pred - target| <= delta``, else ``delta (d - delta/2)`` (Huber 1964); mean over outputs.

    Args:
        pred: outputs.
        target: as many numbers.
        delta: where the parabola ends, finite and above 0.

    Raises:
        ShapeError: not as many targets as outputs.
        ValueError: delta is outside.

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


def hinge(score: Any, y: Any) -> Any:
    """``max(0, 1 - y score)`` with ``y`` -1 or +1 (Cortes and Vapnik 1995); mean over outputs.

    Raises:
        ShapeError: not as many targets as scores.
        ValueError: ``y`` is neither -1 nor +1.

    >>> hinge(0.25, 1), hinge(0.25, -1)
    (0.75, 1.25)
    """

    return _mean("hinge", lambda s, t: ops.relu(1.0 - t * s), score, y, hinge_rule)


def binary_cross_entropy(logit: Any, y: Any) -> Any:
    """``-y log σ(z) - (1 - y) log (1 - σ(z))`` from the logit z, without overflow; mean over outputs.

    Computed as ``y softplus(-z) + (1 - y) softplus(z)``, exact to the last digits on both sides.

    Raises:
        ShapeError: not as many targets as logits.
        ValueError: ``y`` is outside [0, 1].

    >>> round(binary_cross_entropy(0.0, 1), 6), binary_cross_entropy(-1000.0, 1)
    (0.693147, 1000.0)
    """

    return _mean(
        "binary_cross_entropy",
        lambda z, t: t * ops.softplus(-z) + (1.0 - t) * ops.softplus(z),
        logit,
        y,
        binary_rule,
    )


def cross_entropy(logits: Any, target: Any) -> Any:
    """``-Σ p_k log softmax(z)_k`` from the logits z, without overflow, through logsumexp.

    Args:
        logits: at least two.
        target: the index of the class (a whole number, also as a float or a Value), or probabilities, one for each
            logit. An index given as a Value picks its logit by `where`.

    Raises:
        ShapeError: not as many probabilities as logits, or fewer than two logits.
        ValueError: an index is out of range or not whole; probabilities are negative or don't sum to 1.

    >>> round(cross_entropy([1.0, 1.0], 0), 6), round(cross_entropy([1.0, 1.0], [0.5, 0.5]), 6)
    (0.693147, 0.693147)
    """
    zs = as_list(logits, "cross_entropy")
    if len(zs) < 2:
        raise ShapeError(
            f"cross_entropy needs at least 2 logits, got {len(zs)}; for two classes by one logit take "
            f"binary_cross_entropy"
        )
    if is_single(target):
        return _of_class(zs, _number(target))
    ps = _probabilities(zs, target)
    return probabilities_rule(ops.logsumexp(*zs) - _expectation(zs, ps), ps)


def _of_class(zs: list[Any], target: Any) -> Any:
    rule = class_rule(len(zs))
    if not is_node(target):
        real_number(target, "a class of cross_entropy")
        rule(0.0, [target])
        return ops.logsumexp(*zs) - zs[int(target)]
    picked: Any = 0.0
    for k, z in enumerate(zs):
        picked = picked + ops.where(equal(target, float(k)), z, 0.0)
    return rule(ops.logsumexp(*zs) - picked, [target])


def _probabilities(zs: list[Any], target: Any) -> list[Any]:
    ps = as_list(target, "cross_entropy")
    if len(ps) != len(zs):
        raise ShapeError(
            f"cross_entropy got {count(len(zs), 'logit')} and {count(len(ps), 'probability', 'probabilities')}; "
            f"it needs as many, or the index of the class"
        )
    truth = (bool, np.bool_)  # labels == classes is a one-hot row
    return [float(p) if isinstance(p, truth) else _target(p, "a probability of cross_entropy") for p in ps]


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


def _target(x: Any, what: str) -> Any:
    """A target as something to compute with; a TypeError if it is no real number."""
    x = _number(x)
    return x if is_node(x) else real_number(x, what)


def _mean(name: str, term: Loss, pred: Any, target: Any, rule: Rule | None = None) -> Any:
    """The mean of ``term`` over the outputs; the targets obey the rule."""
    preds, targets = as_list(pred, f"the loss {name}"), as_list(target, f"the loss {name}")
    if len(preds) != len(targets) or not preds:
        outputs, wanted = count(len(preds), "output"), count(len(targets), "target")
        raise ShapeError(
            f"the loss {name} got {outputs} and {wanted}; it needs at least one output, and a target for each"
        )
    preds, targets = list(map(_number, preds)), [_target(t, f"a target of {name}") for t in targets]
    total = term(preds[0], targets[0])
    for p, t in zip(preds[1:], targets[1:], strict=True):
        total = total + term(p, t)
    mean = total if len(preds) == 1 else total / float(len(preds))
    return mean if rule is None else rule(mean, targets)


LOSSES: dict[str, Loss] = {
    loss.__name__: loss for loss in (mse, mae, huber, hinge, binary_cross_entropy, cross_entropy)
}
"""The losses by name."""


def by_name(name: str) -> Loss:
    """The loss of that name; a ValueError lists the known ones.

    >>> by_name("mse") is mse
    True
    """
    return checks.by_name(LOSSES, name, "a loss")
