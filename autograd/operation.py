"""What an operation is: a declaration from which all else is derived. The table itself is in `ops`.

An operation is a kernel (its value, over the functions of a namespace ``xp``), its partials (written in operations,
``y`` being the result), and a domain for each argument. The fast methods of `Value`, higher derivatives, compiled code,
drawn formulas, checks and test strategies are all read off that.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from .calls import shorten, unknown_argument
from .checks import NUMBERS, is_node
from .documentation import Documented, SignatureOf, signature_of
from .domain import CONDITION, POSITIVE, REAL, Domain, truth
from .errors import DivisionByZeroError, DomainError
from .formula import Expression, Expressions, as_function, evaluate, formula
from .namespaces import Arrays, Floats

if TYPE_CHECKING:
    from .value import Value


@dataclass(frozen=True, eq=False, repr=False)
class Op:
    """One operation of the table. Declare your own with `op`; call it on Values, floats or NumPy arrays.

    >>> from autograd import tanh, Value
    >>> tanh(0.0), tanh(Value(0.0))
    (0.0, Value(data=0.0, grad=0.0))
    """

    name: str
    kernel: Callable[..., Any]
    partials: Callable[..., Any]
    domain: tuple[Domain, ...]
    symbol: str
    doc: str = ""
    kinks: tuple[float, ...] = ()
    """Where no derivative exists: values of the argument, or of the difference of two arguments."""
    refuses: Callable[..., Any] | None = None
    """A condition on all arguments together, ``refuses(xp, *args)``, that is outside the domain too."""
    requires: str = ""
    """What ``refuses`` asks for, in words."""
    singular: bool = False
    """Whether a partial can be infinite or NaN at finite arguments inside the domain (compiled code then guards it)."""
    careful: Callable[..., Any] | None = None
    """The same partials where ``partials`` cancel, for one number at a time; batches and drawn formulas do without."""
    attributes: Mapping[str, float] = field(default_factory=dict)
    """Numbers that are not differentiated (a slope), by name; bound by `bind`."""

    __signature__ = SignatureOf(signature_of)

    def __repr__(self) -> str:
        bound = "".join(f", {name}={value!r}" for name, value in self.attributes.items())
        return f"<Op {self.name}{bound}>"

    def __reduce__(self) -> Any:
        return lookup, (self.name, tuple(self.attributes.items()))

    def __deepcopy__(self, memo: Any) -> Op:
        return self

    @overload
    def __call__(self, *args: float, **attributes: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *args: Value | float | np.number[Any], **attributes: float) -> Value: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *args: NDArray[Any] | float, **attributes: float) -> NDArray[np.float64]: ...

    def __call__(self, *args: Any, **attributes: float) -> Any:
        """The operation on Values (a Value), floats (a float) or arrays (an array, elementwise)."""
        try:
            op = self
            if attributes or self.attributes:
                op, args = self.called(args, attributes)
            op._count(args)
            for arg in args:
                handler = getattr(type(arg), "__apply_op__", None)
                if handler is not None:
                    result = handler(op, args)
                    if result is not NotImplemented:
                        return result
            if any(isinstance(arg, np.ndarray) for arg in args):
                return _on_arrays(op, args)
            numbers = _plain_numbers(op, args)
            op.check(numbers)
            return op.value(*numbers)
        except Exception as error:
            shorten(error)
            raise

    def called(self, args: tuple[Any, ...], attributes: Mapping[str, Any]) -> tuple[Op, tuple[Any, ...]]:
        """The operation with the attributes of a call, and its arguments: attributes may stand behind them in order."""
        if self.arity is None or len(args) <= self.arity:
            return self.bind(**attributes), args
        more = dict(zip(self.attributes, args[self.arity :], strict=False))
        twice = next((name for name in more if name in attributes), None)
        if twice is not None:
            raise TypeError(f"{self.name} got {twice} twice: {more[twice]!r} in its place, and {attributes[twice]!r}")
        if len(more) < len(args) - self.arity:
            self._count(args)
        return self.bind(**more, **attributes), args[: self.arity]

    def bind(self, **attributes: float | None) -> Op:
        """The same operation with other attributes, as ``leaky_relu.bind(slope=0.2)``; None leaves one as it is."""
        if not attributes:
            return self
        unknown = sorted(set(attributes) - set(self.attributes))
        if unknown:
            call = f"{self.name}({', '.join(self.names_for(2))})"
            if unknown[0] in self.argument_names:
                raise TypeError(f"{self.name} takes {unknown[0]} by its place: {call}")
            known = ", ".join(self.attributes) or "none"
            raise TypeError(f"{unknown_argument(self.name, unknown[0], self.attributes)}; it has: {known}")
        numbers = {name: value for name, value in attributes.items() if value is not None}
        for name, value in numbers.items():
            if isinstance(value, bool) or not isinstance(value, NUMBERS):
                raise TypeError(
                    f"the attribute {name} of {self.name} is a plain number, which is not differentiated, got "
                    f"{type(value).__name__}: {value!r}"
                )
        merged = {name: float(numbers.get(name, value)) for name, value in self.attributes.items()}
        return self if merged == dict(self.attributes) else _bound(self, tuple(merged.items()))

    def _count(self, args: tuple[Any, ...]) -> None:
        if self.arity is None:
            if not args:
                raise TypeError(f"{self.name} needs at least one argument")
        elif len(args) != self.arity:
            wanted = ", ".join(self.argument_names)
            count = f"{self.arity} argument{'s' * (self.arity != 1)}"
            then = ", ".join(f"{name}={value!r}" for name, value in self.attributes.items())
            raise TypeError(f"{self.name}({wanted}) takes {count}{then and f', then {then}'}, got {len(args)}")

    # What is derived from the declaration

    @cached_property
    def argument_names(self) -> tuple[str, ...]:
        """Names of the arguments, as the kernel has them."""
        return signature(self.kernel)[0]

    @cached_property
    def arity(self) -> int | None:
        """How many arguments there are; None if any number."""
        return None if signature(self.kernel)[1] else len(self.argument_names)

    def domain_of(self, position: int) -> Domain:
        """The domain of the argument at this position."""
        return self.domain[0] if self.arity is None else self.domain[position]

    def names_for(self, count: int) -> tuple[str, ...]:
        """Argument names for that many arguments: those of the kernel, or x0, x1, ... of an n-ary operation."""
        return self.argument_names if self.arity is not None else tuple(f"x{i}" for i in range(count))

    @cached_property
    def value(self) -> Callable[..., float]:
        """The kernel over floats."""
        if self.arity is None:
            return lambda *xs: _in_ieee(lambda xp, *xs: float(self.kernel(xp, *xs, **self.attributes)), xs)
        return as_function(self.argument_names, self.kernel_expression)

    @cached_property
    def partial_functions(self) -> tuple[Callable[..., float], ...]:
        """For each argument a function (y, \\*args) -> float. Not for n-ary operations, see `partials_at`."""
        return tuple(as_function(("y", *self.argument_names), each) for each in self.partial_expressions)

    def partials_at(self, y: float, args: tuple[float, ...]) -> tuple[float, ...]:
        """All partials at a point, as floats."""
        if self.arity is None:
            in_floats = lambda _, y, *xs: tuple(map(float, self._best_partials(y, *xs, **self.attributes)))
            partials: tuple[float, ...] = _in_ieee(in_floats, (y, *args))
            return partials
        return tuple(partial(y, *args) for partial in self.partial_functions)

    def partials_for(self, wanted: Sequence[bool], y: float, numbers: Sequence[float]) -> list[float | None]:
        """Partials by the arguments that are wanted, None for the others: x**3 never asks for log x."""
        if self.arity is None:
            every = self.partials_at(y, tuple(numbers))
            return [p if needed else None for p, needed in zip(every, wanted, strict=True)]
        return [
            function(y, *numbers) if needed else None
            for function, needed in zip(self.partial_functions, wanted, strict=True)
        ]

    @cached_property
    def kernel_expression(self) -> Expression:
        """The kernel as an expression of its arguments."""
        arguments = map(Expression.variable, self.argument_names)
        return Expression.of(self.kernel(Expressions(), *arguments, **self.attributes))

    @cached_property
    def partial_expressions(self) -> tuple[Expression, ...]:
        """For each argument the partial as an expression of y and the arguments: the careful one if there is one."""
        return self._read(self._best_partials, self.argument_names)

    @property
    def _best_partials(self) -> Callable[..., Any]:
        return self.careful or self.partials

    def _read(self, partials: Callable[..., Any], names: tuple[str, ...]) -> tuple[Expression, ...]:
        y = Expression.variable("y")
        return tuple(map(Expression.of, partials(y, *map(Expression.variable, names), **self.attributes)))

    def partial_formula(self, position: int, count: int | None = None) -> str:
        """The local partial of one argument as text in y and the argument names.

        >>> from autograd import tanh
        >>> tanh.partial_formula(0)
        '1 − y·y'
        """
        return self.partial_formulas(count)[position]

    def partial_formulas(self, count: int | None = None) -> tuple[str, ...]:
        """The local partials of all arguments, of which there are ``count`` if the operation takes any number."""
        names = self.argument_names if self.arity else self.names_for(count or 2)
        return tuple(map(formula, self._read(self.partials, names)))

    def partial_over(self, position: int, y: Any, args: tuple[Any, ...]) -> Any:
        """The partial of one argument over anything that operations take: over Values it can be differentiated."""
        if self.arity is None:
            return tuple(self._best_partials(y, *args, **self.attributes))[position]
        names = dict(zip(self.argument_names, args, strict=True))
        return evaluate(self.partial_expressions[position], {"y": y, **names})

    # Domain

    def outside(self, xp: Any, args: tuple[Any, ...]) -> list[tuple[int | None, Any]]:
        """Conditions under which the arguments are outside, each with the position that it is about (None: all)."""
        conditions: list[tuple[int | None, Any]] = []
        for position, arg in enumerate(args):
            domain = self.domain_of(position)
            if domain is not REAL and domain is not CONDITION:
                conditions.append((position, domain.outside(arg)))
        if self.refuses is not None:
            conditions.append((None, self.refuses(xp, *args)))
        return conditions

    def check(self, args: list[float], describe: Callable[[int], str] | None = None) -> None:
        """Raise a DomainError if these numbers are outside."""
        for position, condition in self.outside(Floats, tuple(args)):
            if condition:
                raise self._domain_error(position, args, describe)

    def _domain_error(
        self, position: int | None, args: list[float], describe: Callable[[int], str] | None
    ) -> DomainError:
        names = self.names_for(len(args))
        if position is None:
            wanted = self.requires
            by_zero = math.isinf(self.value(*args)) and all(map(math.isfinite, args))  # a pole, as in 0 ** -1
            cure = POSITIVE.cure(names[0])
        else:
            domain = self.domain_of(position)
            wanted = f"{names[position]} {domain.text}"
            by_zero = domain.nonzero
            cure = domain.cure(names[position])
        got = ", ".join(
            f"{name} = {value!r}{describe(i) if describe else ''}"
            for i, (name, value) in enumerate(zip(names, args, strict=True))
            if position is None or i == position
        )
        kind = DivisionByZeroError if by_zero else DomainError
        what = "division by zero: " if by_zero else ""
        return kind(
            f"{what}{self.name}({', '.join(names)}) needs {wanted}, got {got}. Keep the argument inside, for example "
            f"with {f'{cure} or with ' if cure else ''}a `where` on the input (a `where` on the result comes too late)."
        )


Op.__doc__ = Documented(Op.__doc__)  # type: ignore[assignment]


@lru_cache(maxsize=1024)
def _bound(op: Op, attributes: tuple[tuple[str, float], ...]) -> Op:
    return replace(op, attributes=MappingProxyType(dict(attributes)))


def signature(function: Callable[..., Any]) -> tuple[tuple[str, ...], bool, dict[str, Any]]:
    """Argument names after the first, whether they are any number, and the keyword attributes."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    names = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL))
    return names, variadic, {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _in_ieee(function: Callable[..., Any], numbers: tuple[float, ...]) -> Any:
    """``function(xp, *numbers)`` over floats, or over NumPy's where Python's own arithmetic raises."""
    try:
        return function(Floats, *numbers)
    except (ArithmeticError, TypeError):  # 1 / 0, a power that overflows, a complex root
        with np.errstate(all="ignore"):
            return function(Arrays, *map(np.float64, numbers))


_NUMBERS = (*NUMBERS, np.bool_)


def _plain_numbers(op: Op, args: tuple[Any, ...]) -> list[float]:
    strangers = [x for x in args if not isinstance(x, _NUMBERS)]
    if not strangers and CONDITION not in op.domain:
        return [float(x) for x in args]
    if not strangers:
        said = [truth(x) if op.domain_of(i) is CONDITION else None for i, x in enumerate(args)]
        return [float(x if known is None else known) for x, known in zip(args, said, strict=True)]
    # A Value that stands beside what can't be understood is not to blame.
    x = min(strangers, key=is_node)
    raise TypeError(f"{op.name} takes Values, real numbers or NumPy arrays, got {type(x).__name__}: {x!r}")


def _real_array(op: Op, position: int, x: Any) -> Any:
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{op.name} takes arrays of real numbers, got one of {array.dtype} and shape {array.shape}; of Values, "
            f"take them one by one: [{op.name}(v) for v in array]"
        )
    return array if op.domain_of(position) is CONDITION else np.asarray(array, float)


def _on_arrays(op: Op, args: tuple[Any, ...]) -> Any:
    arrays = [_real_array(op, position, arg) for position, arg in enumerate(args)]
    with np.errstate(all="ignore"):
        for position, condition in op.outside(Arrays, tuple(arrays)):
            if np.any(condition):
                everywhere = np.broadcast_arrays(condition, *arrays)
                where = tuple(int(i) for i in np.argwhere(everywhere[0])[0])
                numbers = [float(a[where]) for a in everywhere[1:]]
                at = f" at index {where}" if where else ""
                raise op._domain_error(position, numbers, lambda _, at=at: at)  # type: ignore[misc]
        return op.kernel(Arrays, *arrays, **op.attributes)


OPS: dict[str, Op] = {}
"""Every declared operation by name, in the order of declaration."""


def lookup(name: str, attributes: tuple[tuple[str, float], ...] = ()) -> Op:
    """The operation of that name, with these attributes.

    >>> lookup("tanh")
    <Op tanh>
    """
    if name not in OPS:
        raise KeyError(f"no operation {name!r} is declared here; declare it again with op({name!r}, ...) first")
    return OPS[name].bind(**dict(attributes)) if attributes else OPS[name]
