"""Forward hooks: functions that are called with what a module got and gave, after each of its calls.

A module with hooks has a ``forward`` of its own among its attributes, which runs them: one without pays nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..calls import noted, public
from ..checks import brief, is_node
from ..errors import TraceError
from ..readers import tell
from ..scopes import current
from .members import Member, Own

Hook: TypeAlias = Callable[[Any, tuple[Any, ...], Any], Any]
"""``hook(module, inputs, output)`` -> another output, or None to leave it."""


class Handle:
    """What `register_forward_hook` gives: takes the hook away again, by hand or at the end of a ``with`` block."""

    def __init__(self, hooked: Hooked, hook: Hook) -> None:
        self._hooked, self._hook = hooked, hook

    def remove(self) -> None:
        """Take the hook away; the second time nothing happens."""
        self._hooked.remove(self)

    def call(self, module: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """The output after the hook; its errors name the module."""
        with noted(f"in a forward hook of {_named(module)}, called as hook(module, inputs, output)"):
            new = self._hook(module, inputs, output)
        if new is None and current().trace is not None:
            raise TraceError(
                f"a forward hook of {_named(module)} returned nothing, so it is there for something else that it does; "
                f"a compiled program would do that once, while it is traced, and never again. Take it away "
                f"(handle.remove()), have it return the output, or look at activations by nn.record(model).batch(X)"
            )
        if new is None:
            return output
        if _is_numeric(output) and not _is_numeric(new):
            raise TypeError(
                f"a forward hook of {_named(module)} returned {type(new).__name__}: {brief(new)}. What it returns is "
                f"the output instead: a number, a Value or a list of them; None leaves {brief(output)} as it is"
            )
        return new

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooked:
    """The ``forward`` of a module with hooks."""

    def __init__(self, module: Any, inner: Any) -> None:
        self.module, self._inner = module, inner
        self.handles: list[Handle] = []
        self._have_run = False

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """What the module computes, after the hooks."""
        module = self.module
        inner = type(module).forward.__get__(module) if self._inner is None else self._inner
        return self.after(inputs, inner(*inputs, **named))

    def after(self, inputs: tuple[Any, ...], output: Any) -> Any:
        """The output after all hooks, in the order in which they were registered."""
        self._have_run = True
        for handle in list(self.handles):
            output = handle.call(self.module, inputs, output)
        return output

    def around(self, run: Callable[[], Any], after: Callable[[Any], Any]) -> Any:
        """What ``run`` gives: after the hooks, which it may have run itself by a call of ``forward``."""
        self._have_run = False
        output = run()
        return output if self._have_run else after(output)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._inner or type(self.module).forward.__get__(self.module))

    def remove(self, handle: Handle) -> None:
        """Take a hook away; with the last one the module has its class's ``forward`` again."""
        if handle not in self.handles:
            return
        self.handles.remove(handle)
        attributes = vars(self.module)
        if not self.handles and attributes.get("forward") is self:
            attributes.pop("forward")
            if self._inner is not None:
                attributes["forward"] = self._inner
        tell(self.module._own.readers, "forward")


class Hookable(Member):
    """What a `Module` can do with hooks."""

    __slots__ = ()
    _own: Own

    @public
    def register_forward_hook(self, hook: Hook) -> Handle:
        """Have ``hook(module, inputs, output)`` called after each ``forward`` of this module.

        What it returns is the output instead; with None the output stays. A module in micrograd's manner, with a
        ``__call__`` of its own, has hooks too. `forward_batch` calls them for each sample.

        In a compiled function hooks run while it is traced, so one that computes is a part of the program, and adding
        or removing one makes the program trace again. One that returns nothing is refused there: what else it does
        would happen once, and never again. `nn.record` looks at activations of batches.

        Args:
            hook: the function; ``inputs`` is the tuple of positional arguments.

        Returns:
            A `Handle`: ``handle.remove()`` takes the hook away; so does the end of ``with ... as handle:``.

        Raises:
            TypeError: it is no function.

        >>> from autograd import nn
        >>> layer = nn.Linear(1, 1, init=[[2.0]])
        >>> with layer.register_forward_hook(lambda module, inputs, output: print(inputs, output.data)):
        ...     y = layer([3.0])
        ([3.0],) 6.0
        """
        if not callable(hook) or isinstance(hook, type):
            raise TypeError(
                f"a forward hook is a function hook(module, inputs, output), got {type(hook).__name__}: {hook!r}"
            )
        attributes = vars(self)
        hooked = attributes.get("forward")
        if not isinstance(hooked, Hooked):
            hooked = attributes["forward"] = Hooked(self, hooked)
        handle = Handle(hooked, hook)
        hooked.handles.append(handle)
        tell(self._own.readers, "forward")
        return handle


def hooked(module: Any) -> Hooked | None:
    """What runs the hooks of a module, None where it has none.

    >>> from autograd import nn
    >>> hooked(nn.Tanh())
    """
    found = vars(module).get("forward")
    return found if isinstance(found, Hooked) else None


def _is_numeric(x: Any) -> bool:
    """Whether it is what a layer takes and gives: a number, or a list of them."""
    return is_node(x) or isinstance(x, int | float | np.number | np.ndarray | list | tuple)


def _named(module: Any) -> str:
    path = module._scope.path
    return f"{path} ({type(module).__name__})" if path else type(module).__name__
