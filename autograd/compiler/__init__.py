"""The compiler: functions of one sample, traced once and replayed for a batch at machine speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from ..calls import public
from ..cures import answer_names
from .program import BackendName, Program

__all__ = ["Program", "compile"]


@overload
def compile(function: Callable[..., Any], backend: BackendName = "auto") -> Program: ...
@overload
def compile(function: None = None, backend: BackendName = "auto") -> Callable[[Callable[..., Any]], Program]: ...


@public
def compile(function: Callable[..., Any] | None = None, backend: BackendName = "auto") -> Any:
    """Make a program of a function that is written for one sample; also a decorator, also for a model.

    Args:
        function: takes the numbers of one sample (for an array of shape (batch,) one number, for (batch, k) a list of
            k) and returns one number, such as a loss, or a list of them. It may call models and use Parameters, which
            stay live.
        backend: "llvm" (machine code, needs the extra ``fast``), "numpy", or "auto": the first that works.

    Returns:
        A `Program`. It traces the function at its first call, and again when something that the function reads has
        changed: a global, a closure's variable, an attribute, an item. Make it once, before the loop: each new one
        traces and compiles anew.

    >>> import numpy as np
    >>> from autograd import Parameter, compile
    >>> w = Parameter(3.0)
    >>> program = compile(lambda x, y: (w * x - y) ** 2, backend="numpy")
    >>> program.backward(np.array([1.0, 2.0]), np.array([2.0, 4.0])), w.grad
    (2.5, 5.0)
    """
    if function is None:
        return public(lambda function: Program(function, backend))
    return Program(function, backend)


answer_names(__name__, __all__)
