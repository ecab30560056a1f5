"""What losses ask of their targets: conditions written once, tested on numbers now and by compiled code in a batch.

A rule on a traced target becomes an operation without an effect that stands behind the loss. Its domain is the rule, so
compiled code tests it as it tests that of log, and finds the row as it finds that of a log(-1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import add, or_
from typing import Any

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

    def __call__(self, loss: Any, targets: Sequence[Any]) -> Any:
        """The loss, once the targets have been tested; a traced one tests them whenever it is computed.

        Raises:
            DomainError: they are wrong.
        """
        numbers = [t.data if isinstance(t, Value) else t for t in targets]
        if any(is_node(t) for t in numbers):
            return self._operation(loss, *targets)
        if any(t != t for t in numbers) or self.outside(Floats, *numbers):
            raise DomainError(self.complaint(numbers))
        return loss

    @property
    def _operation(self) -> Op:
        return _operation(self)


@lru_cache(maxsize=256)
def _operation(rule: Rule) -> Op:
    """The loss itself, where its targets are inside."""
    return Op(
        rule.name,
        kernel=lambda xp, loss, *targets: loss,  # noqa: ARG005
        partials=lambda y, loss, *targets: (1.0, *(0.0 for _ in targets)),  # noqa: ARG005
        domain=(REAL,),
        symbol=rule.name,
        refuses=lambda xp, _, *targets: rule.outside(xp, *targets),
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
binary_rule = Rule(
    "targets_of_binary_cross_entropy",
    lambda _, *ys: reduce(or_, ((y < 0.0) | (y > 1.0 + SUM_TOLERANCE) for y in ys)),
    lambda ys: (
        f"y of binary_cross_entropy is a probability from 0 to 1, got "
        f"{_first(ys, lambda y: 0.0 <= y <= 1.0 + SUM_TOLERANCE)!r}"
    ),
)


@lru_cache(maxsize=256)
def class_rule(classes: int) -> Rule:
    """The index of one of so many classes."""

    def complaint(numbers: Sequence[float]) -> str:
        (target,) = numbers
        if not float(target).is_integer():
            return f"a class of cross_entropy is a whole number, got {target!r}; for probabilities give a list"
        return f"class {target!r} of cross_entropy is out of range for {classes} logits; classes are 0 to {classes - 1}"

    return Rule("class_of_cross_entropy", lambda xp, k: (k < 0.0) | (k > classes - 1.0) | (k > xp.floor(k)), complaint)


def _not_probabilities(xp: Any, *ps: Any) -> Any:
    off = xp.abs(reduce(add, ps) - 1.0)
    return reduce(or_, (p < 0.0 for p in ps)) | (off > SUM_TOLERANCE)


def _about_probabilities(ps: Sequence[float]) -> str:
    negative = [p for p in ps if not p >= 0.0]
    if negative:
        return f"probabilities of cross_entropy are from 0 on, got {negative[0]!r}"
    return f"probabilities of cross_entropy must sum to 1, got the sum {float(sum(ps))!r} of {list(ps)!r}"


probabilities_rule = Rule("probabilities_of_cross_entropy", _not_probabilities, _about_probabilities)
