"""Value: one number, its history, and (after a backward) the derivative of a loss by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

from .calls import public, refuse_call
from .checks import real_number
from .comparisons import Comparisons
from .copies import reduced
from .copies import restored as _restore  # noqa: F401 (so pickles of version 0.1 call it)
from .cures import Refusing, refuse_mode
from .fast.methods import ValueMethods
from .fast.sweep import backward
from .micrograd import Micrograd, label_of
from .operation import Op
from .scopes import TOP, Scope, current

_ARGUMENTS = frozenset(("data", "_children", "_op", "label"))


class Value(ValueMethods, Comparisons, Micrograd, Refusing):
    """A scalar in a graph of operations, with reverse-mode automatic differentiation.

    ``data`` is one real number (int, float, NumPy scalar; kept as a float); ``label`` names it in pictures and errors.
    Arithmetic with numbers (bools count 0 and 1) and Values, and a method for every operation of the table build the
    graph; `backward` fills ``grad`` of all that it came from. Comparisons with numbers are by value and give bools; two
    Values are ``==`` only if they are the same one. Inside `no_grad`, ``v -= 0.1`` changes a leaf in place.
    A leaf takes attributes of your own. Anything that isn't one real number is a TypeError.

    >>> a = Value(2.0, label="a"); b = a * a + 3 * a; b.backward()
    >>> b.data, a.grad
    (10.0, 7.0)
    """

    # Two fixed places for operands and local partials make a node a third of the size that tuples would.
    # An operation of more than two arguments has tuples of them in _b and _pb, and None in _a.
    __slots__ = ("__weakref__", "_a", "_b", "_data", "_grad", "_label", "_pa", "_pb", "_scope", "op")

    # Above NumPy's own, so that np.float64(2) * v is left to v.__rmul__. (With __array_ufunc__ = None that would be so
    # too, but np.exp(v) an error; so it is v.exp(), as np.exp of an array of Values has it.)
    __array_priority__ = 1000.0
    __apply_op__: ClassVar[Callable[[Op, tuple[Any, ...]], Any]]
    """What an operation on a Value is; `apply` sets it."""
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

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """What is made by hand has room for attributes; results, of which there are many, don't."""
        made = object.__new__(Leaf if cls is Value else cls)
        if named and cls.__init__ is Value.__init__ and not named.keys() <= _ARGUMENTS:
            refuse_call(cls.__init__, (made, *given), named)
        return made  # type: ignore[return-value]

    def __init__(self, data: Any, _children: Any = "", _op: str = "", label: str = "") -> None:
        """A leaf: ``Value(data)``, ``Value(data, label="x")``; for what micrograd takes besides see `label_of`."""
        number = data if data.__class__ is float else real_number(data)
        self._leaf(number, label_of(_children, _op, label) if _children or _op else label)

    def _leaf(self, data: float, label: str) -> None:
        self._a = self._b = self._pa = self._pb = self.op = self._grad = None
        self._scope = current()
        self.label = label
        self._data = data

    def _computed(self, op: Op, args: list[Value], partials: list[Any]) -> Self:
        """Note where this number comes from."""
        self.op = op
        if op.arity == 1:
            self._a, self._pa = args[0], partials[0]
        elif op.arity == 2:
            (self._a, self._b), (self._pa, self._pb) = args, partials
        else:
            self._b, self._pb = tuple(args), tuple(partials)
        return self

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
        if number.__class__ is not float and number is not None:
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

    @requires_grad.setter
    @public
    def requires_grad(self, mode: Any) -> None:
        refuse_mode(self, mode)

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

    def item(self) -> float:
        """The number, as PyTorch calls it."""
        return self._data

    def _constant(self, number: float) -> Constant:
        return Constant(number)

    def detach(self) -> Constant:
        """A constant with the same number: no gradient flows through it.

        >>> x = Value(3.0); y = x * x.detach(); y.backward(); x.grad
        3.0
        """
        trace = current().trace
        return Constant(self._data, self._label) if trace is None else trace.detached(self)

    @public
    def backward(self, seed: float = 1.0) -> None:
        """Backpropagate: every Value that this one came from gets the derivative ``d self / d value`` in ``grad``.

        Results show this sweep's adjoint; leaves add it to what they have (zero them between steps). ``seed`` scales
        all of it.

        >>> x = Value(3.0); (x * x).backward(); x.grad
        6.0
        """
        backward(self, real_number(seed, "the seed of backward()"))

    def zero_grad(self) -> None:
        """Forget the gradient of this Value (of this one alone)."""
        self._grad = None

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
        grad = f", grad={self.grad!r}" if self.requires_grad else ""
        return f"{type(self).__name__}(data={self._data!r}{grad}{label})"

    def describe(self) -> str:
        """This Value in an error message: its label or operation, its number, its scope."""
        name = f"{self.label!r}" if self.label else (f"the result of {self.op.name}" if self.op else "a leaf")
        place = f" in {self.scope}" if self.scope else ""
        return f"{name} (data={self._data!r}){place}"

    __reduce_ex__ = reduced


class Leaf(Value):
    """What `Value` makes: one with a dict, for attributes that are set on it."""

    __slots__ = ("__dict__",)


Leaf.__name__ = "Value"  # as messages call it; pickles go by the qualified name


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

    @requires_grad.setter
    @public
    def requires_grad(self, mode: Any) -> None:
        refuse_mode(self, mode)

    def backward(self, seed: float = 1.0) -> None:  # noqa: ARG002
        """A TypeError: there is nothing to differentiate."""
        raise TypeError(
            f"{self.describe()} is a constant, there is nothing to differentiate. It was made from numbers only, "
            f"by detach(), inside no_grad(), or from frozen parameters (requires_grad = False); start from Value(...) "
            f"outside no_grad(), or unfreeze them: module.requires_grad_(True)"
        )
