"""Calling a module: its scope is put in force around what runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from ..calls import answer
from ..checks import brief
from ..scopes import _current, entered
from ..value import Value
from .hooks import hooked
from .statistics import at_the_end

if TYPE_CHECKING:
    from .module import Module


def entering(function: Callable[..., Any]) -> Callable[..., Any]:
    """A ``__call__`` or ``forward_batch`` run in the scope of its module."""

    @wraps(function)
    def call(self: Module, *inputs: Any, **named: Any) -> Any:
        token = _current.set(self._entered())
        try:
            hooks = hooked(self)
            if hooks is None:
                return function(self, *inputs, **named)
            return hooks.around(partial(function, self, *inputs, **named), partial(hooks.after, inputs))
        finally:
            _current.reset(token)

    return call


def entering_with_batch(function: Callable[..., Any]) -> Callable[..., list[Any]]:
    """A ``forward_batch`` run in the scope of its module; running statistics change when the outermost one ends."""

    @wraps(function)
    def call(self: Module, xs: Any) -> Any:
        if isinstance(xs, str) or not hasattr(type(xs), "__iter__"):
            raise TypeError(f"forward_batch takes a list of samples, got {type(xs).__name__}: {xs!r}")
        samples, hooks = list(xs), hooked(self)
        with at_the_end(), entered(self._entered()):
            if hooks is None:
                return list(function(self, samples))

            def after(outputs: list[Any]) -> list[Any]:
                return [hooks.after((x,), output) for x, output in zip(samples, outputs, strict=True)]

            return list(hooks.around(partial(function, self, samples), after))

    return call


P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class HasForward(Protocol[P, R]):
    """A module, to type checkers."""

    def forward(self, *inputs: P.args, **named: P.kwargs) -> R:
        """What it computes."""
        ...


class AsForward:
    """The type of ``Module.__call__``: it takes and gives what ``forward`` of the module at hand does."""

    def __get__(self, module: HasForward[P, R], kind: object) -> Callable[P, R]:
        """``forward`` as it is called."""
        raise NotImplementedError  # never there at runtime


def answer_call(error: Exception, module: Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
    """The error of a call, with the cure where the arguments don't fit, its traceback cut to the caller."""
    several = len(inputs) > 1 and not named and all(isinstance(x, int | float | Value) for x in inputs)
    cure = f". A sample is one list: model([{', '.join(brief(x, 30) for x in inputs)}])" if several else ""
    answer(error, module.forward, inputs, named, cure)


class SignatureOfForward:
    """What ``inspect.signature(module)`` finds: that of ``forward``. On a class there is none, so its own is found."""

    def __get__(self, module: Module | None, owner: type) -> inspect.Signature:
        if module is None:
            raise AttributeError("a class has the signature of its __init__")
        return inspect.signature(module.forward)
