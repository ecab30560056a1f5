"""What losses ask of their targets (and one of its outputs): conditions written once, for numbers now and for batches.

A rule on a traced target becomes an operation without an effect that stands behind the loss. Its domain is the rule, so
compiled code tests it as it tests that of log, and finds the row as it finds that of a log(-1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from operator import add, or_
from typing import Any

from ..batch import is_replay
from ..checks import is_node
from ..domain import REAL
from ..errors import DomainError
from ..namespaces import Floats
from ..operation import Op
from ..value import Value

SUM_TOLERANCE = 1e-6
"""How far probabilities may be off: rows of float32 are."""


@dataclass(frozen=True)
class Rule:
    """What targets must be; call it with a loss and its targets to get the loss back, or an error.

    >>> hinge_rule(0.25, [1.0])
    0.25
    """

    name: str
    outside: Callable[..., Any]
    """``outside(xp, *targets)``: the condition that they are wrong, over the functions of a namespace ``xp``."""
    complaint: Callable[[Sequence[float]], str]
    """What is wrong, and the cure."""
    lets_nan_pass: bool = False
    """Whether NaN is left to those who look for it in the loss; no target may be NaN."""

    def __call__(self, loss: Any, targets: Sequence[Any]) -> Any:
        """The loss, once the targets have been tested; a traced one tests them whenever it is computed.

        Raises:
            DomainError: they are wrong.
        """
        numbers = [t.data if isinstance(t, Value) else t for t in targets]
        if any(is_node(t) for t in numbers):
            return self._operation(loss, *targets)
        if (any(t != t for t in numbers) and not self.lets_nan_pass) or self.outside(Floats, *numbers):
            raise DomainError(self.complaint(numbers))
        return loss

    @cached_property
    def _operation(self) -> Op:
        """The loss itself, where its targets are inside."""
        return Op(
            self.name,
            kernel=lambda xp, loss, *targets: loss,  # noqa: ARG005
            partials=lambda y, loss, *targets: (1.0, *(0.0 for _ in targets)),  # noqa: ARG005
            domain=(REAL,),
            symbol=self.name,
            refuses=lambda xp, _, *targets: self.outside(xp, *targets),
        )


def _first(numbers: Sequence[float], inside: Callable[[float], bool]) -> float:
    return next(t for t in numbers if not inside(t))


hinge_rule = Rule(
    "targets_of_hinge",
    lambda xp, *ys: reduce(or_, ((xp.abs(y) < 1.0) | (xp.abs(y) > 1.0) for y in ys)),
    lambda ys: (
        f"y of hinge is -1 or +1, got {_first(ys, lambda y: abs(y) == 1.0)!r}; make it 2 * y - 1 from classes 0 and 1"
    ),
)


def _unit_rule(name: str, complaint: Callable[[float], str], lets_nan_pass: bool = False) -> Rule:
    """Probabilities, each from 0 to 1."""
    return Rule(
        name,
        lambda _, *ps: reduce(or_, ((p < 0.0) | (p > 1.0 + SUM_TOLERANCE) for p in ps)),
        lambda ps: complaint(_first(ps, lambda p: 0.0 <= p <= 1.0 + SUM_TOLERANCE)),
        lets_nan_pass,
    )


def _no_label(loss: str) -> Callable[[float], str]:
    return lambda y: (
        f"y of {loss} is a probability from 0 to 1, got {y!r}"
        f"{'; make it (y + 1) / 2 from classes -1 and 1' if y == -1 else ''}"
    )


probability_targets = _unit_rule("targets_of_binary_cross_entropy", _no_label("binary_cross_entropy"))
logit_targets = _unit_rule("targets_of_binary_cross_entropy_with_logits", _no_label("binary_cross_entropy_with_logits"))
probability_outputs = _unit_rule(
    "outputs_of_binary_cross_entropy",
    lambda p: (
        f"binary_cross_entropy takes probabilities from 0 to 1, got {p!r}; for logits take "
        f"binary_cross_entropy_with_logits, or end the model in nn.Sigmoid()"
    ),
    lets_nan_pass=True,
)


log_outputs = Rule(
    "outputs_of_negative_log_likelihood",
    lambda _, *zs: reduce(or_, (z > SUM_TOLERANCE for z in zs)),
    lambda zs: (
        f"negative_log_likelihood takes logarithms of probabilities, none above 0, got {max(zs)!r}; for logits take "
        f"cross_entropy, or end the model in nn.LogSoftmax() where that is a Softmax"
    ),
    lets_nan_pass=True,
)


def refuse_gradient(target: Any, loss: str) -> None:
    """A TypeError where gradient would flow into a target."""
    if isinstance(target, Value):
        carries = target.requires_grad and not is_replay()
    else:
        carries = is_node(target) and target.depends_on_parameters
    if carries:
        raise TypeError(
            f"the target of {loss} carries gradient: {target.describe()}. The prediction comes first, "
            f"{loss}(prediction, target); for a target that was computed take its detach()"
        )


@lru_cache(maxsize=256)
def class_rule(classes: int, loss: str) -> Rule:
    """The index of one of so many classes."""

    def complaint(numbers: Sequence[float]) -> str:
        (target,) = numbers
        cure = "; for probabilities give a list" if loss == "cross_entropy" else ""
        if not float(target).is_integer():
            return f"a class of {loss} is a whole number, got {target!r}{cure}"
        return f"class {target!r} of {loss} is out of range for {classes} logits; classes are 0 to {classes - 1}"

    return Rule(f"class_of_{loss}", lambda xp, k: (k < 0.0) | (k > classes - 1.0) | (k > xp.floor(k)), complaint)


def _not_probabilities(xp: Any, *ps: Any) -> Any:
    off = xp.abs(reduce(add, ps) - 1.0)
    return reduce(or_, (p < 0.0 for p in ps)) | (off > SUM_TOLERANCE)


def _about_probabilities(ps: Sequence[float]) -> str:
    negative = [p for p in ps if not p >= 0.0]
    if negative:
        return f"probabilities of cross_entropy are from 0 on, got {negative[0]!r}"
    return f"probabilities of cross_entropy must sum to 1, got the sum {float(sum(ps))!r} of {list(ps)!r}"


class_probabilities = Rule("probabilities_of_cross_entropy", _not_probabilities, _about_probabilities)
