"""What an operation on Values does: it checks domains, computes the number and its partials, and makes the node."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ops as _table  # noqa: F401 (declares the operations that become methods)
from .calls import shorten
from .checks import NUMBERS, number_beside
from .comparisons import is_stranger
from .domain import CONDITION, truth
from .fast.methods import install
from .fast.methods import specialize as specialize  # for classes of Values that keep their number elsewhere
from .operation import Op
from .scopes import current, is_checked
from .value import Constant, Leaf, Value

_REFUSED = (str, bytes, complex, list, tuple, dict, np.complexfloating, np.ndarray, type(None))
_PLAIN = (*NUMBERS, bool, np.bool_, *_REFUSED)
"""What is a number in a formula, and what somebody may take for one; all else may know better what to do."""


def apply(op: Op, args: tuple[Any, ...]) -> Any:
    """The operation on Values and numbers: the general way that the generated methods shorten."""
    try:
        if any(map(is_stranger, args)):
            return NotImplemented
        nodes = [_operand(arg, op, position) for position, arg in enumerate(args)]
        if any(node is NotImplemented for node in nodes):
            return NotImplemented
        numbers = [node._data for node in nodes]
        if is_checked():
            op.check(numbers, lambda i: _whereabouts(nodes[i]))
        y = op.value(*numbers)
        scope = current()
        carries = [node.requires_grad for node in nodes]
        if scope.recording and any(carries):
            node = object.__new__(Value)
            node._leaf(y, "")
            return node._computed(op, nodes, op.partials_for(carries, y, numbers))
        result = Constant(y)
        if scope.recording or scope.trace is not None:  # a trace needs to know what a number was made of
            result._computed(op, nodes, [None] * len(nodes))
        return result
    except Exception as error:
        shorten(error)
        raise


def _operand(x: Any, op: Op, position: int) -> Any:
    """``x`` as a Value, NotImplemented if it may know better what to do, or a TypeError."""
    if op.domain_of(position) is CONDITION:
        said = truth(x)
        if said is not None:
            return Constant(float(said))
        if not isinstance(x, Constant):
            raise TypeError(
                f"the condition of {op.name} is a bool, as in where(x > 0, a, b), got {type(x).__name__}: {x!r}"
            )
    if isinstance(x, Value):
        return x
    if x.__class__ is float:  # the words for an error take longer than the operation
        return Constant(x)
    if isinstance(x, _PLAIN):
        path = current().path
        return Constant(number_beside(x, f"a formula of Values in {path}" if path else "a formula of Values"))
    return NotImplemented


def _whereabouts(node: Value) -> str:
    name = f"label {node.label!r}" if node.label else ""
    place = f"in {node.scope or current().path}" if node.scope or current().path else ""
    return f" ({', '.join(filter(None, (name, place)))})" if name or place else ""


def _apply_op(op: Op, args: tuple[Any, ...]) -> Any:
    """What `Op.__call__` asks of a Value."""
    if op in _HAVE_METHODS and isinstance(args[0], Value):  # ten times faster than the general way
        return getattr(args[0], op.name)(*args[1:])
    return apply(op, args)


Value.__apply_op__ = staticmethod(_apply_op)
_HAVE_METHODS = install(Value, Leaf, Constant, apply)
