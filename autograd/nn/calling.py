"""Calling a module: its scope is put in force around what runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from ..scopes import _current, entered
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


class SignatureOfForward:
    """What ``inspect.signature(module)`` finds: that of ``forward``. On a class there is none, so its own is found."""

    def __get__(self, module: Module | None, owner: type) -> inspect.Signature:
        if module is None:
            raise AttributeError("a class has the signature of its __init__")
        return inspect.signature(module.forward)
