"""Activations: one table of names, operations and default initializers; the modules are generated from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, ClassVar, TypeAlias, TypeVar, cast

from .. import checks, ops
from ..calls import unknown_argument
from ..checks import brief, is_plain, is_single, real_number, row
from ..operation import Op
from ..scopes import here
from .init import Initializer, he, xavier
from .module import Module

T = TypeVar("T")
Function: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True)
class Row:
    """One activation: its operation, the name of its module, its default initializer, and an example."""

    op: Op
    module: str
    init: Initializer
    example: str
    """What the module gives for [-1.0, 1.0], to four digits: known numbers, checked by running the docstring."""


ACTIVATIONS = {
    row.op.name: row
    for row in (
        Row(ops.relu, "ReLU", he, "[0.0, 1.0]"),
        Row(ops.leaky_relu, "LeakyReLU", he, "[-0.01, 1.0]"),
        Row(ops.elu, "ELU", he, "[-0.6321, 1.0]"),
        Row(ops.gelu, "GELU", he, "[-0.1587, 0.8413]"),
        Row(ops.silu, "SiLU", he, "[-0.2689, 0.7311]"),
        Row(ops.softplus, "Softplus", he, "[0.3133, 1.3133]"),
        Row(ops.sigmoid, "Sigmoid", xavier, "[0.2689, 0.7311]"),
        Row(ops.tanh, "Tanh", xavier, "[-0.7616, 0.7616]"),
    )
}
"""The activations by the name of their operation."""


class Elementwise(Module):
    """Base of the activation modules: one operation on a Value, or on each of a list.

    >>> ReLU()([-1.0, 1.0])
    [0.0, 1.0]
    """

    op: ClassVar[Op]

    def __init__(self, *values: float, **named: float) -> None:
        for name, value in {**self.op.attributes, **self._given(values), **named}.items():
            if name not in self.op.attributes:
                known = ", ".join(self.op.attributes) or "none"
                raise TypeError(f"{unknown_argument(type(self).__name__, name, self.op.attributes)}; it has: {known}")
            setattr(self, name, real_number(value, f"{name} of {type(self).__name__}"))

    def _given(self, values: tuple[float, ...]) -> dict[str, float]:
        names, kind = list(self.op.attributes), type(self).__name__
        if values and (not names or (not is_plain(values[0]) and not isinstance(values[0], str))):
            raise TypeError(
                f"{kind}({', '.join(brief(x, 40) for x in values)}): {kind} makes a module, which is called then: "
                f"write {kind}()(x), or the function, autograd.{self.op.name}(x)"
            )
        if len(values) > len(names):
            known = ", ".join(names) or "none"
            raise TypeError(f"{kind} has the attributes: {known}; got {len(values)} values")
        return dict(zip(names, values, strict=False))

    def bound(self) -> Op:
        """The operation with the attributes of this module.

        >>> LeakyReLU(0.2).bound()
        <Op leaky_relu, slope=0.2>
        """
        return self.op.bind(**{name: getattr(self, name) for name in self.op.attributes})

    def forward(self, x: T) -> T:
        """The activation of a Value or number, or a list of those of each."""
        function = self.bound()
        if is_single(x):
            y: Any = activate(function, x)
        else:
            y = [activate(function, item) for item in row(x, here(self))]
        return cast(T, y)

    def __repr__(self) -> str:
        constants = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.op.attributes)
        return f"{type(self).__name__}({constants})"


def _module(op: Op) -> type[Elementwise]:
    row = ACTIVATIONS[op.name]
    constants = "".join(f"\n\n{name}: {value!r} unless given." for name, value in op.attributes.items())
    doc = (
        f"{op.doc}, on a Value or on each of a list.{constants}\n\n"
        f"    >>> [round(y, 4) for y in {row.module}()([-1.0, 1.0])]\n    {row.example}\n    "
    )
    return type(row.module, (Elementwise,), {"op": op, "__doc__": doc, "__module__": __name__})


ReLU = _module(ops.relu)
LeakyReLU = _module(ops.leaky_relu)
ELU = _module(ops.elu)
GELU = _module(ops.gelu)
SiLU = _module(ops.silu)
Softplus = _module(ops.softplus)
Sigmoid = _module(ops.sigmoid)
Tanh = _module(ops.tanh)

# The generated methods of Value are several times faster than calling an operation.
METHODS: dict[int, Function] = {id(row.op): methodcaller(row.op.name) for row in ACTIVATIONS.values()}


def activate(function: Function, x: Any) -> Any:
    """``function(x)``, by the fast method where ``x`` is a Value and the function one of the table.

    >>> activate(ops.relu, -2.0)
    0.0
    """
    method = METHODS.get(id(function))
    return function(x) if method is None or isinstance(x, int | float) else method(x)


def resolve(activation: Any) -> Function:
    """An activation given as a name, an operation, an activation module or any callable, as what is called.

    >>> resolve("tanh")
    <Op tanh>
    """
    if isinstance(activation, Elementwise):
        return activation.bound()
    if callable(activation) and not isinstance(activation, type):
        return activation  # type: ignore[no-any-return]
    if isinstance(activation, type) and issubclass(activation, Elementwise):
        return activation.op
    return checks.by_name({name: row.op for name, row in ACTIVATIONS.items()}, activation, "an activation")


def default_init(function: Function | None) -> Initializer:
    """He for the relu family, Xavier for all else; None is a linear neuron.

    >>> default_init(ops.relu), default_init(None)
    (init.he_normal, init.xavier)
    """
    row = ACTIVATIONS.get(function.name) if isinstance(function, Op) else None
    return row.init if row is not None else xavier


def title(function: Function) -> str:
    """The name of an activation in texts.

    >>> title(ops.leaky_relu.bind(slope=0.2)), title(len)
    ('leaky_relu(slope=0.2)', 'len')
    """
    if not isinstance(function, Op):
        return getattr(function, "__name__", None) or repr(function)
    declared = ACTIVATIONS.get(function.name)
    if declared is not None and declared.op is function:
        return function.name
    constants = ", ".join(f"{name}={value!r}" for name, value in function.attributes.items())
    return f"{function.name}({constants})" if constants else function.name


def no_module(who: str, given: Any, place: int) -> TypeError:
    """The error for something else than a module in a list of modules, with what to write for it.

    >>> no_module("Sequential", ops.relu, 1)
    TypeError('Sequential takes modules, got Op at place 1: <Op relu>; write nn.ReLU()')
    """
    cures = {name: f"nn.{row.module}()" for name, row in ACTIVATIONS.items()}
    if isinstance(given, list | tuple):
        cure = f"{who}(*modules) for a list"
    elif isinstance(given, dict):
        cure = f"{who}(*modules.values()) for a dict"
    elif isinstance(given, type) and issubclass(given, Module):
        cure = f"nn.{given.__name__}(), a module and not its class"
    else:
        cure = cures.get(
            str(getattr(given, "name", given)).lower(), "a class Mine(nn.Module) with forward for a function"
        )
    return TypeError(f"{who} takes modules, got {type(given).__name__} at place {place}: {brief(given)}; write {cure}")
