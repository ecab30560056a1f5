"""Derivatives of functions, as functions: of any order, gradients with the value, Jacobians, Hessians, their products.

Of plain numbers they give plain numbers and arrays. Of Values, and in a compiled function, they give nested lists of
what can be differentiated again; inside `no_grad` the same numbers, as constants.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Never, TypeVar, cast

import numpy as np

from .backprop import gradients
from .calls import noted, public
from .checks import brief, is_node, is_single, row
from .errors import ShapeError
from .lists import dot
from .scopes import current, recording
from .value import Constant, Value

F = TypeVar("F", bound=Callable[..., Any])


def call_with(function: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """``function(*inputs)`` if it takes that many arguments, else ``function(list of inputs)``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some builtins have no signature
        return function(*inputs)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return function(*inputs)
    required = [
        p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    ]
    one_by_one = len(required) == len(inputs) and len(inputs) != 1
    if one_by_one:
        return function(*inputs)
    with noted(f"the function was given the list of all {len(inputs)} inputs: the first one is x[0]", TypeError):
        return function(list(inputs))


def _refuse_no_function(f: Any, name: str) -> None:
    if not callable(f):
        raise TypeError(f"{name} takes a function, as in {name}(lambda x: x**3), got {type(f).__name__}: {brief(f)}")


def _recording(at: F) -> F:
    """A derivative that is one inside of `no_grad` too, where it is a constant."""

    @wraps(at)
    def call(*args: Any, **named: Any) -> Any:
        if current().recording:
            return at(*args, **named)
        with recording():
            result = at(*args, **named)
        return _detached(result)

    return cast("F", call)


def _detached(result: Any) -> Any:
    if isinstance(result, list | tuple):
        return type(result)(map(_detached, result))
    return result.detach() if is_node(result) else result


@public
def derivative(f: Callable[[Any], Any], order: int = 1) -> Callable[[Any], Any]:
    """The derivative of a function of one number, of any order, as a function of one number.

    Of a number it gives a number; of a Value, or of a traced number in a compiled function, one that can be
    differentiated again.

    >>> derivative(lambda x: x**3)(2.0), derivative(lambda x: x**3, order=2)(2.0)
    (12.0, 12.0)
    """
    _refuse_no_function(f, "derivative")
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(
            f"the order of a derivative is a whole number from 1 on, got {order!r}; it gives a function, so its number "
            f"at a point is derivative(f)({brief(order, 20)})"
        )

    @public
    @_recording
    def at(x: Any) -> Any:
        is_plain = not is_node(x)
        if is_plain and hasattr(type(x), "__iter__"):
            raise TypeError(
                f"the derivative of a function of one number is taken at one number, got {brief(x)}; of several inputs "
                f"take gradients(y, xs), and of a list of points [derivative(f)(x) for x in xs]"
            )
        leaf = _alias(x)
        y: Any = _number(f(leaf), "derivative", "one number")
        for remaining in range(order, 0, -1):
            if not getattr(y, "requires_grad", False):
                return 0.0 if is_plain else Constant(0.0)
            (y,) = gradients(y, [leaf], record=remaining > 1 or not is_plain)
        return y

    return at


@public
def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that gives ``f(...)`` and its gradient by one argument, or by some, as JAX's of this name.

    Args:
        f: a function that returns one number. What it is differentiated by are numbers, or lists (NumPy rows) of
            numbers, which it gets as lists.
        argnums: by which argument, counted from 0; a sequence of them gives a tuple of gradients.

    Returns:
        A function with the arguments of ``f`` that gives (value, gradient): a float by a number, an array by a list.
        Of Values the value is a Value and the gradients can be differentiated again, in lists.

    Raises:
        TypeError: ``f`` returns no single number (take `jacobian` for a list), or there is no such argument.

    >>> value_and_grad(lambda w, x: w[0] * x + w[1])([3.0, 1.0], 2.0)
    (7.0, array([2., 1.]))
    """
    _refuse_no_function(f, "value_and_grad")
    wanted = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    if isinstance(argnums, str) or not all(isinstance(k, int) and not isinstance(k, bool) for k in wanted):
        raise TypeError(f"value_and_grad: argnums is the place of an argument, from 0 on, or several, got {argnums!r}")

    @public
    @_recording
    def at(*args: Any, **named: Any) -> tuple[Any, Any]:
        missing = next((k for k in wanted if not -len(args) <= k < len(args)), None)
        if missing is not None:
            raise TypeError(
                f"value_and_grad: argnums names argument {missing}, but the call has {len(args)}, from 0 on"
            )
        given, found = list(args), [_Inputs(args[k], "value_and_grad") for k in wanted]
        for k, inputs in zip(wanted, found, strict=True):
            given[k] = inputs.leaves if inputs.is_list else inputs.leaves[0]
        one = "one number to differentiate; for a list of numbers take jacobian(f)(xs)"
        y = _number(f(*given, **named), "value_and_grad", one)
        is_plain = all(inputs.is_plain for inputs in found)
        slopes = iter(_slopes(y, [leaf for inputs in found for leaf in inputs.leaves], record=not is_plain))
        grads = []
        for inputs in found:
            numbers = [next(slopes) for _ in inputs.leaves]
            grads.append(_shown(numbers, is_plain) if inputs.is_list else numbers[0])
        value = y.data if is_plain and isinstance(y, Value) else y
        return value, grads[0] if isinstance(argnums, int) else tuple(grads)

    return at


@public
def jacobian(f: Callable[..., Any]) -> Callable[[Any], Any]:
    """All first derivatives of a function of n numbers that returns m: a function from n numbers to an (m, n) array.

    ``f`` takes its inputs one by one or as one list; a function of one argument is given the list.

    Args:
        f: a function that returns a list (tuple, array) of numbers.

    Returns:
        A function of a list of n numbers. Of Values, and in a compiled function, it gives a list of m lists of n that
        can be differentiated again.

    Raises:
        TypeError: ``f`` returns no list (take `value_and_grad` for one number), or something else than numbers in it.

    >>> jacobian(lambda x, y: [x * y, x + y, 5.0 * y])([2.0, 3.0])
    array([[3., 2.],
           [1., 1.],
           [0., 5.]])
    """
    _refuse_no_function(f, "jacobian")

    @public
    @_recording
    def at(xs: Any, *more: Never) -> Any:
        inputs = _one_list("jacobian", xs, *more)
        ys = call_with(f, inputs.leaves)
        if is_node(ys) or not hasattr(type(ys), "__iter__") or isinstance(ys, str):
            raise TypeError(
                f"jacobian is of a function that returns a list of numbers, got {type(ys).__name__}: {ys!r}; for "
                f"the gradient of one number take value_and_grad(f), called as f is, or return [y]"
            )
        numbers = [_number(y, "jacobian", "a flat list of numbers") for y in ys]
        rows = [_slopes(y, inputs.leaves, record=not inputs.is_plain) for y in numbers]
        return _shown(rows, inputs.is_plain, (len(rows), len(inputs.leaves)))

    return at


@public
def hessian(f: Callable[..., Any]) -> Callable[[Any], Any]:
    """All second derivatives of a function of n numbers: a function from n numbers to an (n, n) array.

    ``f`` takes its inputs one by one or as one list; a function of one argument is given the list. Of Values, and in a
    compiled function, it gives a list of n lists of n that can be differentiated again.

    >>> hessian(lambda a, b: a * a * b)([2.0, 3.0])
    array([[6., 4.],
           [4., 0.]])
    """
    _refuse_no_function(f, "hessian")

    @public
    @_recording
    def at(xs: Any, *more: Never) -> Any:
        inputs = _one_list("hessian", xs, *more)
        y = _number(call_with(f, inputs.leaves), "hessian", "one number")
        first = _slopes(y, inputs.leaves, record=True)
        rows = [_slopes(g, inputs.leaves, record=not inputs.is_plain) for g in first]
        return _shown(rows, inputs.is_plain, (len(rows), len(rows)))

    return at


@public
@_recording
def hvp(f: Callable[..., Any], xs: Any, v: Any) -> Any:
    """The Hessian of ``f`` at ``xs`` times the vector ``v``, without the Hessian: the gradient of ``gradient · v``.

    So n numbers cost two sweeps and not n (Pearlmutter 1994). Of plain numbers an array of shape (n,); of Values, and
    in a compiled function, a list. (``torch.autograd.functional.hvp`` returns the value of ``f`` beside it.)

    Args:
        f: a function of n numbers, one by one or as one list, that returns one number.
        xs: the n numbers.
        v: as many.

    Raises:
        ShapeError: not as many.
        TypeError: ``f`` returns something else than one number.

    >>> hvp(lambda a, b: a * a * b, [2.0, 3.0], [1.0, 0.5])
    array([8., 4.])
    """
    _refuse_no_function(f, "hvp")
    inputs = _one_list("hvp", xs)
    direction = row(v, "hvp", "v has one number for each of xs", "write [v]", "takes one row of numbers")
    if len(direction) != len(inputs.leaves):
        raise ShapeError(f"hvp needs as many numbers in v as in xs, got {len(direction)} and {len(inputs.leaves)}")
    is_plain = inputs.is_plain and not any(is_node(x) for x in direction)
    y = _number(call_with(f, inputs.leaves), "hvp", "one number")
    along = dot(_slopes(y, inputs.leaves, record=True), direction)
    return _shown(_slopes(along, inputs.leaves, record=not is_plain), is_plain)


class _Inputs:
    """What a function is differentiated by: a leaf for each number, and whether all of them are plain."""

    def __init__(self, x: Any, who: str) -> None:
        self.is_list = not is_single(x)
        given = row(x, who, f"write [{who}(f)(row) for row in X]") if self.is_list else [x]
        self.is_plain = current().trace is None and not any(is_node(each) for each in given)
        self.leaves = [_alias(each) for each in given]


def _one_list(who: str, xs: Any, *more: Any) -> _Inputs:
    """All inputs, given as one list."""
    inputs = _Inputs(xs, who)
    if more or not inputs.is_list:
        given = ", ".join(map(brief, (xs, *more)))
        raise TypeError(f"{who} takes one list of all inputs, [{given}], got {given}")
    return inputs


def _alias(x: Any) -> Any:
    """A node of its own with the number of ``x``: what a function has of x by other ways is a constant to it."""
    trace = current().trace
    if trace is not None:
        return trace.alias(x)
    return x + 0.0 if isinstance(x, Value) and x.requires_grad else Value(x.data if isinstance(x, Value) else x)


def _slopes(y: Any, leaves: list[Any], record: bool) -> list[Any]:
    """The derivatives of ``y``, zeros where it is a number that depends on none of the leaves."""
    if not getattr(y, "requires_grad", False):
        return [Constant(0.0) if record else 0.0 for _ in leaves]
    return list(gradients(y, leaves, record=record))


def _shown(numbers: list[Any], is_plain: bool, shape: tuple[int, ...] | None = None) -> Any:
    """As an array where they are plain numbers."""
    return np.array(numbers, dtype=np.float64).reshape(shape or (len(numbers),)) if is_plain else numbers


def _number(y: Any, who: str, wanted: str) -> Any:
    if isinstance(y, bool | np.bool_) or not is_single(y):
        raise TypeError(f"{who}: the function must return {wanted}, got {type(y).__name__}: {y!r}")
    return y
