"""Where a NaN or an infinity came from: the texts of the errors that say so."""

from __future__ import annotations

import math

from .backprop import Step, ancestors, sweep
from .errors import NonFiniteError
from .parameter import Parameter
from .value import Value


def loss_error(loss: Value, where: str, cure: str) -> NonFiniteError:
    """The error for a loss that isn't finite: names the first node responsible, its operands and its scope."""
    return NonFiniteError(
        f"the loss is {loss.data} for {where}. It begins with {_origin(first_nonfinite(loss))}. {cure}"
    )


def gradient_error(loss: Value, seed: float, where: str, cure: str) -> NonFiniteError:
    """The error for a gradient that isn't finite although the loss is: names the operation that is to blame."""
    found = gradient_fault(loss, seed) or (
        "Every product of adjoint and partial is, but their sum is too large for a float64"
    )
    return NonFiniteError(f"the gradient isn't finite for {where}. {found}. {cure}")


def gradient_fault(loss: Value, seed: float) -> str | None:
    """Where backprop leaves the finite numbers, as a sentence; None where no single product of the chain rule does."""
    if loss.requires_grad:
        for step in sweep(loss, seed):
            wrong = [i for i, c in enumerate(step.contributions) if c is not None and not math.isfinite(c)]
            if wrong and math.isfinite(step.adjoint):
                return _overflow(step, wrong[0])
    return None


def hidden_fault(loss: Value) -> str | None:
    """The first node that isn't finite although ``loss`` is, as a sentence: `where` passed it over, for example."""
    found = next((node for node in ancestors(loss) if node.op is not None and not math.isfinite(node.data)), None)
    return None if found is None else f"It begins with {_origin(found)}"


def step_error(parameter: Parameter, before: float, where: str, cure: str) -> NonFiniteError:
    """The error for a step of the optimizer that took a parameter out of the finite numbers."""
    return NonFiniteError(
        f"the optimizer's step made {_leaf(parameter)} {parameter.data}, it was {before} (gradient {parameter.grad}), "
        f"in {where}. {cure}"
    )


def first_nonfinite(root: Value) -> Value:
    """The first node, operands before results, that made ``root`` NaN or infinite: all of its own operands are finite.

    An infinity elsewhere in the graph that the formula went through unharmed isn't blamed.

    >>> from autograd import Value
    >>> x = Value(-1e3, label="x"); harmless = 1 / (1 + (-x).exp()); y = (x * 1e308) * harmless
    >>> first_nonfinite(y).op.name
    'mul'
    """
    order = ancestors(root)
    guilty = {root}
    for node in reversed(order):
        if node in guilty:
            guilty.update(arg for arg in node.args if not math.isfinite(arg.data))
    return next(node for node in order if node in guilty)


def _origin(node: Value) -> str:
    if node.op is None:
        return f"{_leaf(node)}, which is {node.data} itself"
    operands = ", ".join(_operand(arg) for arg in node.args)
    return f"{node.op.name}({operands}) = {node.data}{_place(node)}"


def _overflow(step: Step, position: int) -> str:
    node, partial = step.node, step.partials[position]
    assert node.op is not None
    operands = ", ".join(_operand(arg) for arg in node.args)
    return (
        f"It begins with {node.op.name}({operands}){_place(node)}: its partial by the operand {position} "
        f"({_operand(node.args[position])}) is {partial}, times the adjoint {step.adjoint} that is "
        f"{step.contributions[position]}"
    )


def _operand(value: Value) -> str:
    return f"{value.label}={value.data}" if value.label else f"{value.data}"


def _leaf(value: Value) -> str:
    kind = "the parameter" if isinstance(value, Parameter) else "the number"
    return f"{kind}{f' {value.label!r}' if value.label else ''}{_place(value)}"


def _place(value: Value) -> str:
    return f" in {value.scope}" if value.scope else ""
