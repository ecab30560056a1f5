"""What code that was written for micrograd asks of a Value, beside data, grad, label and backward."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from .backprop import chain
from .scopes import current

if TYPE_CHECKING:
    from .value import Value

_SPELLED = {"add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "pow": "**", "relu": "ReLU"}


class Micrograd:
    """Base of `Value`."""

    __slots__ = ()

    @property
    def _prev(self: Any) -> set[Value]:
        """The operands; numbers among them are constants."""
        return set(self.args)

    @property
    def _op(self: Any) -> str:
        """The operation as micrograd writes it, "" for a leaf. (There a difference is a sum, a quotient a product.)

        >>> from autograd import Value
        >>> x = Value(2.0); (x + 1)._op, (x * x)._op, (x**3)._op, x.relu()._op, x.exp()._op, x._op
        ('+', '*', '**3', 'ReLU', 'exp', '')
        """
        if self.op is None:
            return ""
        spelled = _SPELLED.get(self.op.name, self.op.symbol)
        is_power = spelled == "**" and not self.args[1].requires_grad
        return f"**{repr(self.args[1].data).removesuffix('.0')}" if is_power else spelled

    @property
    def _backward(self: Any) -> Callable[[], None]:
        """Call it to pass ``grad`` on to the operands, which add it to what they have: the chain rule at one node.

        >>> from autograd import Value
        >>> x = Value(3.0); y = x * x; y.grad = 1.0; y._backward(); x.grad
        6.0
        """
        return partial(_pass_on, self)

    @_backward.setter
    def _backward(self: Any, _: Any) -> None:
        raise TypeError(
            f"_backward of {self.describe()} can't be set: backward() wouldn't call it. {_cure('my_op', 1)}"
        )


def _pass_on(node: Any) -> None:
    for operand, slope in zip(node.args, node.partials, strict=True):
        if slope is not None:
            operand.grad += chain(node.grad, slope)


def _cure(name: str, arity: int) -> str:
    names = ", ".join(f"x{i}" for i in range(arity)) if arity > 1 else "x"
    return (
        f"Use an operation that there is, or declare this one, as in {name} = autograd.op({name!r}, "
        f"kernel=lambda xp, {names}: ..., partials=lambda y, {names}: (...,)), and call {name}({names})"
    )


def label_of(children: Any, op: str, label: str) -> str:
    """The label of ``Value(data, children, op, label)``; a string in the place of the children is one.

    Raises:
        TypeError: gradient would have to flow to the children, and nothing says what the derivative is.

    >>> label_of("x", "", ""), label_of((), "", "y")
    ('x', 'y')
    """
    if isinstance(children, str):
        return label or children
    if not isinstance(children, tuple | list | set | frozenset):
        raise TypeError(
            f"Value(data, label='x') takes one number, got {children!r} beside it; of several write "
            f"[Value(x) for x in xs], and (a, b) in its place for operands"
        )
    lost = [child for child in children if getattr(child, "requires_grad", False)]
    if lost and current().recording:
        raise TypeError(
            f"Value(data, {tuple(children)!r}, {op!r}) would cut the graph: no gradient could flow back to "
            f"{lost[0].describe()}. {_cure(f'my_{op}' if op.isidentifier() else 'my_op', len(children))}"
        )
    return label
