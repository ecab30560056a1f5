"""Symbols: what stands for a number while a function is traced. They compute by recording."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...checks import is_node
from ...cures import VALUES, no_attribute
from ...fast.source import OPERATORS, method_names
from ...operation import OPS, Op
from ...ops import where
from .refusals import refusal

if TYPE_CHECKING:
    from .tracer import Tracer


class _Traced:
    """Base of numbers and conditions in a trace."""

    __slots__ = ("_node", "_tracer")

    def __init__(self, tracer: Tracer, node: int) -> None:
        self._tracer, self._node = tracer, node

    @staticmethod
    def __apply_op__(op: Op, args: tuple[Any, ...]) -> Any:
        traced = next(arg for arg in args if isinstance(arg, _Traced))
        return traced._tracer.apply(op, args)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """np.float64(2) * x is left to x.__rmul__; what else NumPy would do is refused."""
        names = _OPERATORS.get(ufunc.__name__)
        alone = _METHODS.get(ufunc.__name__, ufunc.__name__)
        if len(inputs) == 1 and method == "__call__" and not options and hasattr(self, alone):
            return getattr(self, alone)()  # np.exp(x) is x.exp(), as it is of a Value
        if names is None or method != "__call__" or options:
            raise refusal(f"numpy.{ufunc.__name__}", self.describe(), "ufunc")
        other, name = (inputs[1], names[0]) if inputs[0] is self else (inputs[0], names[1])
        if isinstance(other, np.ndarray) and not other.ndim:  # so NumPy hands on its own numbers
            other = other.item()
        return getattr(self, name)(other)

    def describe(self) -> str:
        """This number in an error message: its label or operation, and its scope."""
        return self._tracer.describe(self._node)

    def __repr__(self) -> str:
        return f"<traced {self.describe()}>"

    def __eq__(self, other: object) -> Any:
        if isinstance(other, _Traced) or hasattr(other, "__float__") or is_node(other):
            raise refusal("==", self.describe(), "equal")
        return NotImplemented

    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        raise no_attribute("a traced number", self, name, VALUES, [*dir(Symbol), *OPS])


def _refusing(what: str, reason: str) -> Any:
    def refuse(self: _Traced, *_: Any) -> Any:
        raise refusal(what, self.describe(), reason)

    return refuse


for _name, (_what, _reason) in {
    "__bool__": ("the truth", "bool"),
    "__float__": ("float()", "float"),
    "__index__": ("an index or int()", "index"),
    "__int__": ("int()", "int"),
    "__round__": ("round()", "int"),
    "__trunc__": ("math.trunc()", "int"),
    "__floor__": ("math.floor()", "int"),
    "__ceil__": ("math.ceil()", "int"),
    "__format__": ("the text", "format"),
    "__iter__": ("iteration", "contains"),
    "__getitem__": ("an item", "contains"),
    "__len__": ("len()", "contains"),
}.items():
    setattr(_Traced, _name, _refusing(_what, _reason))


_OPERATORS = {
    "add": ("__add__", "__radd__"),
    "subtract": ("__sub__", "__rsub__"),
    "multiply": ("__mul__", "__rmul__"),
    "divide": ("__truediv__", "__rtruediv__"),
    "power": ("__pow__", "__rpow__"),
    "remainder": ("__mod__", "__rmod__"),
    "floor_divide": ("__floordiv__", "__rfloordiv__"),
    "divmod": ("__divmod__", "__rdivmod__"),
    "less": ("__lt__", "__gt__"),
    "less_equal": ("__le__", "__ge__"),
    "greater": ("__gt__", "__lt__"),
    "greater_equal": ("__ge__", "__le__"),
    "equal": ("__eq__", "__eq__"),
    "not_equal": ("__ne__", "__ne__"),
}
"""Methods for what NumPy's numbers do with a traced one: where that stands left, and where it stands right."""
_METHODS = {"absolute": "abs", "negative": "neg", "positive": "__pos__"}
"""Functions of NumPy that have another name here."""


class Condition(_Traced):
    """The result of a comparison, which `where` takes; join conditions by & and |, turn one round by ~.

    In a sum or product it counts 1 or 0, as Python's bools do.
    """

    __slots__ = ()

    def __and__(self, other: Any) -> Any:
        return self._tracer.join("&", self, other)

    def __or__(self, other: Any) -> Any:
        return self._tracer.join("|", self, other)

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> Any:
        condition: Any = self
        return where(condition, 0.0, 1.0) > 0.5

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise refusal("numpy.where or another use as an array", self.describe(), "ufunc")


def _comparison(sign: str) -> Any:
    return lambda self, other: self._tracer.compare(sign, self, other)


class Symbol(_Traced):
    """A number in a trace. It has the operators and methods of a Value, but no ``data``."""

    __slots__ = ()

    __lt__, __le__, __gt__, __ge__ = map(_comparison, ("<", "<=", ">", ">="))

    def __pos__(self) -> Symbol:
        return self

    def __getattr__(self, name: str) -> Any:
        """The method of an operation, as Values have one."""
        op = OPS.get(name)
        if op is None or op.arity not in (1, 2):
            return super().__getattr__(name)
        is_plain = op.arity == 1 and not op.attributes  # an activation, often: without looking for who knows it
        return partial(self._tracer.unary, op, self) if is_plain else partial(op, self)

    @property
    def label(self) -> str:
        """Its name in pictures and errors, "" if it has none."""
        return self._tracer.labels.get(self._node, "")

    @label.setter
    def label(self, label: str) -> None:
        self._tracer.labels[self._node] = label

    @property
    def scope(self) -> str:
        """Path of the module in which it was made."""
        return self._tracer.scopes.get(self._node, "")

    @property
    def requires_grad(self) -> bool:
        """True: whether gradient flows is found when the trace is differentiated."""
        return True

    @property
    def depends_on_parameters(self) -> bool:
        """Whether gradient would flow from here into a parameter, or into a Value that was made in the trace."""
        return self._tracer.graph.depends_on_parameters(self._node, self._tracer.is_frozen)

    @property
    def op(self) -> Op | None:
        """The operation that it is the result of, None for an argument or a parameter."""
        kind = self._tracer.graph.kinds[self._node]
        return kind if isinstance(kind, Op) else None

    @property
    def args(self) -> tuple[Symbol, ...]:
        """Its operands."""
        return tuple(Symbol(self._tracer, node) for node in self._tracer.graph.args[self._node])

    def detach(self) -> Symbol:
        """The same number, through which no gradient flows."""
        return self._tracer.detached(self)

    @property
    def data(self) -> float:
        """A TraceError: there is no number yet."""
        raise refusal(".data", self.describe(), "data")

    @property
    def grad(self) -> float:
        """A TraceError: there is no gradient yet."""
        raise refusal(".grad", self.describe(), "data")

    def item(self) -> float:
        """A TraceError: there is no number yet."""
        raise refusal("item()", self.describe(), "data")

    def backward(self, seed: float = 1.0) -> None:  # noqa: ARG002
        """A TraceError: the program runs backward, not the function."""
        raise refusal("backward()", self.describe(), "backward")


for _name in ("matmul", "rmatmul"):
    setattr(Symbol, f"__{_name}__", _refusing("@", "product"))
for _name in ("mod", "rmod", "floordiv", "rfloordiv", "divmod", "rdivmod"):
    setattr(Symbol, f"__{_name}__", _refusing("a remainder", "remainder"))


def _operator(op: Op, swap: bool) -> Any:
    if op.arity == 1:
        return lambda self: self._tracer.unary(op, self)
    if swap:
        return lambda self, other: self._tracer.binary(op, other, self)
    return lambda self, other: self._tracer.binary(op, self, other)


def _operator_of_condition(op: Op, swap: bool) -> Any:
    return lambda self, *other: self._tracer.apply(op, (*other, self) if swap else (self, *other))


for _op in OPERATORS:
    for _name, _swap in method_names(OPS[_op]):
        setattr(Symbol, _name, _operator(OPS[_op], _swap))
        if _name.startswith("__"):
            setattr(Condition, _name, _operator_of_condition(OPS[_op], _swap))
