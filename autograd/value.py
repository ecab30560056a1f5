"""Value: one number, its history, and (after a backward) the derivative of a loss by it."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from . import ops as _table  # noqa: F401 (declares the operations that become methods)
from .declaration import CONDITION, Op, truth
from .expression import python_namespace
from .graph import accumulate, ancestors
from .methods import ValueMethods, install
from .scopes import TOP, Scope, current

_new = object.__new__


def real_number(x: Any, what: str = "a Value") -> float:
    """``x`` as a float if it is one real number, else a TypeError that says why not."""
    if isinstance(x, bool | np.bool_):
        raise TypeError(f"{what} holds a real number, got the bool {x!r}; write 1.0 or 0.0")
    if isinstance(x, int | float | np.integer | np.floating):
        try:
            return float(x)
        except OverflowError:
            raise TypeError(f"{what} holds a float64, but this int has {int(x).bit_length()} bits") from None
    if isinstance(x, complex | np.complexfloating):
        raise TypeError(f"{what} holds a real number, got the complex {x!r}; use x.real, x.imag or abs(x)")
    if isinstance(x, np.ndarray):
        cure = "use x.item()" if x.size == 1 else "make one Value for each number: [Value(x) for x in array]"
        raise TypeError(f"{what} holds one number, got an array of shape {x.shape}; {cure}")
    if isinstance(x, Value):
        raise TypeError(f"{what} holds a plain number, got {x!r}; use v.data for the number, or v itself")
    raise TypeError(f"{what} holds a real number, got {type(x).__name__}: {x!r}")


class Value(ValueMethods):
    """A scalar in a graph of operations, with reverse-mode automatic differentiation.

    ``data`` is one real number (int, float, NumPy scalar; kept as a float); ``label`` names it in pictures and errors.
    Arithmetic with numbers and Values, comparisons (by value, giving bools; ``==`` is identity), and a method for every
    operation of the table build the graph; `backward` fills ``grad`` of all that it came from.
    Anything that isn't one real number is a TypeError.

    >>> a = Value(2.0, label="a"); b = a * a + 3 * a; b.backward()
    >>> b.data, a.grad
    (10.0, 7.0)
    """

    # Two fixed places for operands and local partials make a node a third of the size that tuples would.
    # An operation of more than two arguments has tuples of them in _b and _pb, and None in _a.
    __slots__ = ("__weakref__", "_a", "_b", "_data", "_grad", "_label", "_pa", "_pb", "_scope", "op")

    __array_ufunc__ = None  # so that np.float64(2) * v is left to v.__rmul__
    op: Op | None
    """The operation that made this Value, None for a leaf."""
    store: Any = None
    """Where a `Parameter` has its number and its gradient; None for every other Value."""
    _a: Any
    _b: Any
    _data: float
    _grad: Any
    _label: str
    _pa: Any
    _pb: Any
    _scope: Scope

    def __init__(self, data: Any, label: str = "") -> None:
        self._leaf(real_number(data), label)

    def _leaf(self, data: float, label: str) -> None:
        self._a = self._b = self._pa = self._pb = self.op = self._grad = None
        self._scope = current()
        self.label = label
        self._data = data

    # What it holds

    @property
    def data(self) -> float:
        """The number. Setting it changes this Value only: what was computed from it keeps the old number."""
        return self._data

    @data.setter
    def data(self, number: Any) -> None:
        if number.__class__ is not float:  # the words for an error take longer than a step
            number = real_number(number, f"data of {self.describe()}")
        self._data = number

    @property
    def grad(self) -> float:
        """The derivative that the last backward found (leaves: the sum over backwards); 0.0 before any."""
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, number: Any) -> None:
        if number.__class__ is not float:
            number = real_number(number, f"grad of {self.describe()}")
        self._grad = number

    @property
    def has_grad(self) -> bool:
        """Whether a backward has reached this Value since it was made or zeroed."""
        return self._grad is not None

    @property
    def requires_grad(self) -> bool:
        """Whether this Value carries gradient; a Constant doesn't."""
        return True

    @property
    def label(self) -> str:
        """Its name in pictures and errors, "" if it has none."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is a string, got {type(label).__name__}: {label!r}")
        self._label = label

    @property
    def scope(self) -> str:
        """Path of the module in which it was made, "" at the top."""
        return self._scope.path

    @scope.setter
    def scope(self, path: str) -> None:
        self._scope = Scope(path) if path else TOP

    @property
    def args(self) -> tuple[Value, ...]:
        """The operands, in order; one that is used twice stands twice."""
        if self._a is None:
            return self._b if self._b is not None else ()
        return (self._a,) if self._b is None else (self._a, self._b)

    @property
    def partials(self) -> tuple[float | None, ...]:
        """The local partial by each operand, as it was at the forward; None where the operand carries no gradient."""
        if self._a is None:
            return self._pb if self._b is not None and self._pb is not None else (None,) * len(self.args)
        return (self._pa,) if self._b is None else (self._pa, self._pb)

    @property
    def _prev(self) -> set[Value]:
        return set(self.args)

    @property
    def _op(self) -> str:
        return "" if self.op is None else self.op.symbol

    def item(self) -> float:
        """The number, as PyTorch calls it."""
        return self._data

    def detach(self) -> Constant:
        """A constant with the same number: no gradient flows through it.

        >>> x = Value(3.0); y = x * x.detach(); y.backward(); x.grad
        3.0
        """
        trace = current().trace
        return Constant(self._data, self._label) if trace is None else trace.detached(self)

    # Differentiation

    def backward(self, seed: float = 1.0) -> None:
        """Backpropagate: every Value that this one came from gets the derivative ``d self / d value`` in ``grad``.

        Results show this sweep's adjoint; leaves add it to what they have (zero them between steps). ``seed`` scales
        all of it.

        >>> x = Value(3.0); (x * x).backward(); x.grad
        6.0
        """
        accumulate(self, real_number(seed, "the seed of backward()"))

    def zero_grad(self) -> None:
        """Forget the gradient of this Value (of this one alone)."""
        self._grad = None

    # Order and text

    def __lt__(self, other: Any) -> Any:
        return _compared("<", self, other)

    def __le__(self, other: Any) -> Any:
        return _compared("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return _compared(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return _compared(">=", self, other)

    def __pos__(self) -> Value:
        return self

    def __bool__(self) -> bool:
        raise TypeError(
            f"the truth of {self.describe()} is ambiguous: compare it (v > 0), use v.data for its number, "
            f"or autograd.where(v > 0, a, b) for a choice"
        )

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else str(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self._data!r}, grad={self.grad!r}{label})"

    def describe(self) -> str:
        """This Value in an error message: its label or operation, its number, its scope."""
        name = f"{self.label!r}" if self.label else (f"the result of {self.op.name}" if self.op else "a leaf")
        place = f" in {self.scope}" if self.scope else ""
        return f"{name} (data={self._data!r}){place}"

    @staticmethod
    def __apply_op__(op: Op, args: tuple[Any, ...]) -> Any:
        if op in HAVE_METHODS and isinstance(args[0], Value):  # ten times faster than the general way
            return getattr(args[0], op.name)(*args[1:])
        return apply(op, args)

    # Copies. Pickle and deepcopy recurse into what an object names, so a node first names all of its ancestors, in an
    # order in which each one's operands are known already. No recursion gets deeper than one node.

    def __reduce_ex__(self, protocol: Any) -> Any:
        ancestry = None if self.op is None or self in _being_copied.get() else _Ancestry(self)
        state = (
            self._data,
            self._grad,
            self.op,
            self._a,
            self._b,
            self._pa,
            self._pb,
            self._label,
            self._scope.path,
        )
        return _restore, (type(self), ancestry, *state)


class Constant(Value):
    """A number in a formula: it carries no gradient, and is drawn without one.

    Numbers that meet Values become constants; `Value.detach` and `no_grad` make them too.

    >>> Constant(2.0)
    Constant(data=2.0)
    """

    __slots__ = ()

    @property
    def requires_grad(self) -> bool:
        """False."""
        return False

    def backward(self, seed: float = 1.0) -> None:  # noqa: ARG002
        """A TypeError: there is nothing to differentiate."""
        raise TypeError(
            f"{self.describe()} is a constant, there is nothing to differentiate. It was made from numbers only, "
            f"by detach(), or inside no_grad(); start from Value(...) outside no_grad()"
        )

    def __repr__(self) -> str:
        label = f", label={self._label!r}" if self._label else ""
        return f"Constant(data={self._data!r}{label})"


CARRIERS: set[type] = {Value}
"""Classes whose objects carry gradient and may take the fast path."""
GUESTS: set[type] = set()
"""Classes that know themselves what an operation with a Value is: traced numbers."""
_unchecked: ContextVar[bool] = ContextVar("glassgrad_unchecked", default=False)


@contextmanager
def unchecked() -> Iterator[None]:
    """Inside, a number outside a domain gives IEEE's infinity or NaN: for formulas that nobody wrote, like the partial
    of sqrt at 0."""
    token = _unchecked.set(True)
    try:
        yield
    finally:
        _unchecked.reset(token)


_NUMBERS = (int, float, np.integer, np.floating)
_REFUSED = (bool, str, bytes, complex, list, tuple, dict, np.bool_, np.complexfloating, np.ndarray, type(None))


def _operand(x: Any, op: Op, position: int) -> Any:
    """``x`` as a Value, NotImplemented if it may know better what to do, or a TypeError."""
    if op.domain_of(position) is CONDITION:
        said = truth(x)
        if said is not None:
            return Constant(float(said))
        if not isinstance(x, Constant):
            raise TypeError(
                f"the condition of {op.name} is a bool, as in where(x > 0, a, b), got {type(x).__name__}: {x!r}"
            )
    if isinstance(x, Value):
        return x
    if isinstance(x, (*_NUMBERS, *_REFUSED)):
        return Constant(real_number(x, "a formula of Values"))
    return NotImplemented


def apply(op: Op, args: tuple[Any, ...]) -> Any:
    """The operation on Values and numbers: the general way that the generated methods shorten."""
    for arg in args:
        if arg.__class__ in GUESTS:
            return NotImplemented
    nodes = [_operand(arg, op, position) for position, arg in enumerate(args)]
    if any(node is NotImplemented for node in nodes):
        return NotImplemented
    numbers = [node._data for node in nodes]
    if not _unchecked.get():
        op.check(numbers, lambda i: _whereabouts(nodes[i]))
    y = op.value(*numbers)
    scope = current()
    carries = [node.requires_grad for node in nodes]
    if not (scope.recording and any(carries)):
        result: Value = Constant(y)
        if scope.recording or scope.trace is not None:  # a trace needs to know what a number was made of
            _attach(result, op, nodes, [None] * len(nodes))
        return result
    result = _new(Value)
    result._leaf(y, "")
    _attach(result, op, nodes, _needed_partials(op, y, numbers, carries))
    return result


def _needed_partials(op: Op, y: float, numbers: list[float], carries: list[bool]) -> list[float | None]:
    """Partials by the arguments that carry gradient: x**3 never asks for log x."""
    if op.arity is None:
        every = op.partials_at(y, tuple(numbers))
        return [p if needed else None for p, needed in zip(every, carries, strict=True)]
    return [
        function(y, *numbers) if needed else None
        for function, needed in zip(op.partial_functions, carries, strict=True)
    ]


def _attach(result: Value, op: Op, nodes: list[Value], partials: list[Any]) -> None:
    result.op = op
    if op.arity in (1, 2):
        result._a, result._pa = nodes[0], partials[0]
        if op.arity == 2:
            result._b, result._pb = nodes[1], partials[1]
    else:
        result._b, result._pb = tuple(nodes), tuple(partials)


def _whereabouts(node: Value) -> str:
    name = f"label {node.label!r}" if node.label else ""
    place = f"in {node.scope or current().path}" if node.scope or current().path else ""
    return f" ({', '.join(filter(None, (name, place)))})" if name or place else ""


_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _compared(sign: str, a: Value, b: Any) -> Any:
    """A bool, or the condition that a trace makes of it."""
    trace = current().trace
    if trace is not None or b.__class__ in GUESTS:
        return NotImplemented if trace is None else trace.compare(sign, a, b)
    return _ORDERS[sign](a._data, b._data if isinstance(b, Value) else real_number(b, "a comparison with a Value"))


def changed(node: Value) -> bool:
    """Whether a node's operands have other numbers now than those it was computed from."""
    if node.op is None:
        return False
    numbers = [arg._data for arg in node.args]
    with unchecked():
        y = node.op.value(*numbers)
        partials = _needed_partials(node.op, node._data, numbers, [p is not None for p in node.partials])
    return not (same_number(y, node._data) and all(map(same_number, partials, node.partials)))


def same_number(a: float | None, b: float | None) -> bool:
    """Whether two numbers are equal, NaN being equal to NaN."""
    return a == b or (a is not None and b is not None and a != a and b != b)


# Copies

_being_copied: ContextVar[frozenset[Value] | set[Value]] = ContextVar("glassgrad_copied", default=frozenset())


class _Ancestry:
    """Stands for the ancestors of a node in a pickle; a list of them, made one after the other."""

    def __init__(self, root: Value) -> None:
        self._root = root

    def __reduce__(self) -> Any:
        return list, (), None, self._each()

    def _each(self) -> Iterator[Value]:
        nodes = ancestors(self._root)
        outer = _being_copied.get()
        _being_copied.set({*outer, *nodes})
        try:
            yield from nodes[:-1]
        finally:
            _being_copied.set(outer)


def _restore(kind: type, _ancestry: Any, *state: Any) -> Value:
    node: Value = _new(kind)
    node._data, node._grad, node.op, node._a, node._b, node._pa, node._pb, node._label, path = state
    node.scope = path
    return node


def _unrecorded(number: float, scope: Scope) -> Constant:
    """A constant without a history, as operations give it inside `no_grad`."""
    node = _new(Constant)
    node._a = node._b = node._pa = node._pb = node.op = node._grad = None
    node._data, node._label, node._scope = number, "", scope
    return node


METHOD_NAMESPACE: dict[str, Any] = {
    **python_namespace(),
    "apply_": apply,
    "carriers_": CARRIERS,
    "current_": current,
    "new_": _new,
    "unrecorded_": _unrecorded,
    "Constant_": Constant,
    "Value_": Value,
}
"""What the generated methods call."""
HAVE_METHODS = install(Value, Constant, METHOD_NAMESPACE)
