"""Gradient checking: every local partial and the whole gradient against estimates that know nothing of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .backprop import ancestors, gradients
from .calls import public
from .derivatives import call_with
from .domain import CONDITION
from .errors import DomainError, GradientCheckError
from .namespaces import Complex, ComplexNumber
from .operation import Op
from .value import Value

_COMPLEX_STEP = 1e-30
_EPSILON = 2.0**-52


@dataclass(frozen=True)
class Estimate:
    """A numerical derivative, how it was found, and how far off it may be."""

    value: float
    method: str
    error: float


def estimate_partial(op: Op, numbers: Sequence[float], position: int) -> Estimate:
    """The partial of an operation at a point: by the complex step where its kernel allows, else by differences.

    >>> from autograd import tanh
    >>> estimate_partial(tanh, [0.0], 0).value
    1.0
    """
    try:
        inputs: list[Any] = list(numbers)
        inputs[position] = ComplexNumber(complex(numbers[position], _COMPLEX_STEP))
        result = ComplexNumber.raw(op.kernel(Complex, *inputs, **op.attributes))
        value = result.imag / _COMPLEX_STEP
        if math.isfinite(value):
            return Estimate(value, "complex step", 64 * _EPSILON * max(1.0, abs(value)))
    except (AttributeError, ArithmeticError, TypeError, ValueError):
        pass  # a function that complex numbers lack, or a pole

    def along(x: float) -> float:
        moved = list(numbers)
        moved[position] = x
        op.check(moved)
        return op.value(*moved)

    return central_difference(along, numbers[position])


def central_difference(f: Callable[[float], float], x: float) -> Estimate:
    """f'(x) by central differences with Richardson's extrapolation, and the error that its own spread suggests."""
    h = 1e-3 * max(1.0, abs(x))
    try:
        coarse, fine, finest = ((f(x + s) - f(x - s)) / (2 * s) for s in (h, h / 2, h / 4))
        first, second = (4 * fine - coarse) / 3, (4 * finest - fine) / 3
        value = (16 * second - first) / 15
        rounding = 8 * _EPSILON * (abs(f(x)) + 1e-300) / h
    except DomainError:  # too near to the edge of the domain for a step to both sides
        return Estimate(math.nan, "central differences", math.inf)
    return Estimate(value, "central differences", abs(second - first) + rounding)


@public
def check_gradients(
    f: Callable[..., Any], at: float | Sequence[float], *, rtol: float = 1e-6, atol: float = 1e-8
) -> bool:
    """True if the derivatives of ``f`` at a point are right; else a GradientCheckError that names the worst edge.

    ``f`` takes Values (one by one, as one list, or one Value if ``at`` is one number) and returns a Value. Each edge
    of its graph is compared with the complex step of the operation's kernel (central differences where complex numbers
    won't do), and the whole gradient with central differences of ``f``. Where an operation has a kink, no derivative
    exists, and the edge is passed over.

    >>> check_gradients(lambda a, b: (a * b).tanh(), at=[0.5, -2.0])
    True
    """
    single = not isinstance(at, Sequence) and not hasattr(at, "__len__")
    numbers = [float(at)] if single else [float(x) for x in at]  # type: ignore[union-attr,arg-type]

    def build(inputs: Sequence[float]) -> tuple[Any, list[Value]]:
        leaves = [Value(x, label=f"input {i}") for i, x in enumerate(inputs)]
        return (f(leaves[0]) if single else call_with(f, leaves)), leaves

    y, leaves = build(numbers)
    if not isinstance(y, Value):
        raise TypeError(f"the function to check must return a Value, got {type(y).__name__}: {y!r}")
    if y.requires_grad:
        check_graph(y, rtol=rtol, atol=atol)
        _check_whole(build, y, leaves, rtol, atol)
    return True


@public
def check_graph(root: Value, *, rtol: float = 1e-6, atol: float = 1e-8) -> bool:
    """True if every local partial under ``root`` is right; else a GradientCheckError that names the worst edge.

    >>> check_graph(Value(0.5).tanh())
    True
    """
    worst, message = 0.0, ""
    for node in ancestors(root):
        for position, partial in enumerate(node.partials):
            if partial is None:
                continue
            badness, found = edge_badness(node, position, rtol, atol)
            if badness > worst:
                worst, message = badness, _edge_message(node, position, found)
    if worst > 1:
        raise GradientCheckError(message)
    return True


def edge_badness(node: Value, position: int, rtol: float = 1e-6, atol: float = 1e-8) -> tuple[float, Estimate]:
    """How wrong an edge's local partial is, in units of what is tolerated (more than 1 is wrong), and the estimate."""
    op, numbers = node.op, [arg.data for arg in node.args]
    partial = node.partials[position]
    if op is None or partial is None or _at_kink(op, numbers):
        return 0.0, Estimate(math.nan, "none", math.inf)
    found = estimate_partial(op, numbers, position)
    if math.isnan(found.value) or not all(map(math.isfinite, numbers)):
        return 0.0, found
    if not math.isfinite(partial):
        return (0.0 if partial == found.value else math.inf), found
    tolerated = atol + rtol * abs(found.value) + 10 * found.error
    return abs(partial - found.value) / tolerated, found


def _at_kink(op: Op, numbers: Sequence[float]) -> bool:
    if not op.kinks or op.domain_of(0) is CONDITION:
        return False
    place = numbers[0] if len(numbers) == 1 else numbers[0] - numbers[1]
    reach = 4e-3 * max(1.0, *map(abs, numbers))  # further than central differences step
    return any(abs(place - kink) <= (0.0 if _by_complex_step(op) else reach) for kink in op.kinks)


def _by_complex_step(op: Op) -> bool:
    try:
        names = [ComplexNumber(0.5 + 0j)] * (op.arity or 2)
        op.kernel(Complex, *names, **op.attributes)
    except (AttributeError, ArithmeticError, TypeError, ValueError):
        return False
    return True


def _edge_message(node: Value, position: int, found: Estimate) -> str:
    op = node.op
    assert op is not None
    names = op.names_for(len(node.args))
    point = ", ".join(f"{name} = {arg.data!r}" for name, arg in zip(names, node.args, strict=True))
    place = f" in {node.scope}" if node.scope else ""
    label = f" (labelled {node.label!r})" if node.label else ""
    return (
        f"worst edge: {op.name}{label}{place}, partial by {names[position]} at {point}: the declaration gives "
        f"{node.partials[position]!r} ({op.partial_formula(position, len(node.args))}), {found.method} gives "
        f"{found.value!r}. Correct the partials of {op.name!r}"
    )


def _check_whole(build: Any, y: Value, leaves: list[Value], rtol: float, atol: float) -> None:
    """Compare the gradient with differences of the function itself: it may have left the graph on the way."""
    numbers = [leaf.data for leaf in leaves]

    for position, gradient in enumerate(gradients(y, leaves)):

        def along(x: float, position: int = position) -> float:
            moved = list(numbers)
            moved[position] = x
            result, _ = build(moved)
            return float(result.data) if isinstance(result, Value) else float(result)

        found = central_difference(along, numbers[position])
        tolerated = atol + rtol * abs(found.value) + 100 * found.error
        if math.isfinite(found.value) and not abs(gradient - found.value) <= tolerated:
            raise GradientCheckError(
                f"every edge is right, but the gradient by input {position} (at {numbers[position]!r}) is {gradient!r} "
                f"and {found.method} of the function gives {found.value!r}: some of the dependence is not in the graph "
                f"(.data, float, detach(), no_grad), or the point is at a kink"
            )
