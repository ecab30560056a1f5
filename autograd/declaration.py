"""What an operation is: a declaration from which all else is derived. The table itself is in `ops`.

An operation is a kernel (its value, written over the functions of a world ``m``), its partials (written in operations,
``y`` being the result), and a domain for each argument. The fast methods of `Value`, higher derivatives, compiled code,
drawn formulas, checks and test strategies are all read off that.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from .errors import DivisionByZeroError, DomainError, TraceError
from .expression import Expression, Expressions, PythonSource, evaluate, formula, inline, python_namespace
from .worlds import FUNCTIONS, Arrays, Floats


@dataclass(frozen=True)
class Domain:
    """Which real numbers an argument may be. NaN is never outside: it passes through, as IEEE 754 has it.

    >>> Domain(">= 0", low=0.0).outside(-1.0)
    True
    """

    text: str
    low: float = -math.inf
    high: float = math.inf
    open: bool = False
    """Whether the bounds themselves are outside."""
    nonzero: bool = False

    def outside(self, x: Any) -> Any:
        """The condition that ``x`` is outside, in whatever world ``x`` lives; False where nothing is."""
        if self.nonzero:
            return equal(x, 0.0)
        below: Any = False if self.low == -math.inf else (x <= self.low if self.open else x < self.low)
        above: Any = False if self.high == math.inf else (x >= self.high if self.open else x > self.high)
        if below is False or above is False:
            return above if below is False else below
        return below | above

    def cure(self, name: str) -> str:
        """How to keep an argument of that name inside, for messages; "" where only a `where` can.

        >>> POSITIVE.cure("x"), UNIT.cure("x")
        ('maximum(x, 1e-12)', 'minimum(maximum(x, -1), 1)')
        """
        if self.low == -math.inf:
            return "" if self.high == math.inf else f"minimum({name}, {self.high - 1e-12:.12g})"
        if self.high == math.inf:
            return f"maximum({name}, {self.low + 1e-12:.12g})"
        return f"minimum(maximum({name}, {self.low:g}), {self.high:g})"

    @property
    def excludes_zero(self) -> bool:
        """Whether zero is outside."""
        return self.outside(0.0) is True


REAL = Domain("a real number")
POSITIVE = Domain("> 0", low=0.0, open=True)
NONNEGATIVE = Domain(">= 0", low=0.0)
NONZERO = Domain("not 0", nonzero=True)
UNIT = Domain("between -1 and 1", low=-1.0, high=1.0)
ABOVE_MINUS_ONE = Domain("> -1", low=-1.0, open=True)
CONDITION = Domain("a condition (a bool)")


def equal(a: Any, b: Any) -> Any:
    """a == b by value. On Values ``==`` is identity, so kernels and partials compare with this.

    >>> equal(2.0, 2.0), equal(2.0, float("nan"))
    (True, False)
    """
    return (a <= b) & (a >= b)


def truth(x: Any) -> bool | None:
    """What a plain condition says; None if ``x`` is none.

    Python's ~ makes an int of a bool (and warns of it, from 3.12 on): ~True is -2. Also joined by & and | its last bit
    is the truth, so that ``where(~(x > 0), a, b)`` means in eager code what it means in a compiled function.

    >>> truth(True), truth(-2), truth(-2 | True), truth(3)
    (True, False, True, None)
    """
    if isinstance(x, bool | np.bool_):
        return bool(x)
    return bool(x & 1) if isinstance(x, int) and -2 <= x <= 1 else None


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
    """A condition on all arguments together, ``refuses(m, *args)``, that is outside the domain too."""
    requires: str = ""
    """What `refuses` asks for, in words."""
    singular: bool = False
    """Whether a partial can be infinite or NaN at finite arguments inside the domain (compiled code then guards it)."""
    careful: Callable[..., Any] | None = None
    """The same partials where ``partials`` cancel, for one number at a time; batches and drawn formulas do without."""
    attributes: Mapping[str, float] = field(default_factory=dict)
    """Numbers that are not differentiated (a slope), by name; bound by `bind`."""

    def __repr__(self) -> str:
        bound = "".join(f", {name}={value!r}" for name, value in self.attributes.items())
        return f"<Op {self.name}{bound}>"

    def __reduce__(self) -> Any:
        return lookup, (self.name, tuple(self.attributes.items()))

    def __deepcopy__(self, memo: Any) -> Op:
        return self

    def __call__(self, *args: Any, **attributes: float) -> Any:
        """The operation on Values (a Value), floats (a float) or arrays (an array, elementwise)."""
        op = self.bind(**attributes) if attributes else self
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
        if CONDITION in op.domain:
            said = [truth(arg) if op.domain_of(i) is CONDITION else None for i, arg in enumerate(args)]
            numbers = [x if known is None else float(known) for x, known in zip(numbers, said, strict=True)]
        op.check(numbers)
        return op.value(*numbers)

    def bind(self, **attributes: float) -> Op:
        """The same operation with other attributes, as ``leaky_relu.bind(slope=0.2)``."""
        unknown = sorted(set(attributes) - set(self.attributes))
        if unknown:
            known = ", ".join(self.attributes) or "none"
            raise TypeError(f"{self.name} has no attribute {', '.join(unknown)}; it has: {known}")
        for name, value in attributes.items():
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                raise TypeError(
                    f"the attribute {name} of {self.name} is a plain number, which is not differentiated, got "
                    f"{type(value).__name__}: {value!r}"
                )
        merged = {name: float(attributes.get(name, value)) for name, value in self.attributes.items()}
        return self if merged == dict(self.attributes) else _bound(self, tuple(merged.items()))

    def _count(self, args: tuple[Any, ...]) -> None:
        if self.arity is None:
            if not args:
                raise TypeError(f"{self.name} needs at least one argument")
        elif len(args) != self.arity:
            wanted = ", ".join(self.argument_names)
            count = f"{self.arity} argument{'s' * (self.arity != 1)}"
            named = "".join(f"; give {name} by its name, {name}={value!r}" for name, value in self.attributes.items())
            raise TypeError(f"{self.name}({wanted}) takes {count}, got {len(args)}{named}")

    # What is derived from the declaration

    @cached_property
    def argument_names(self) -> tuple[str, ...]:
        """Names of the arguments, as the kernel has them."""
        return _signature(self.kernel)[0]

    @cached_property
    def arity(self) -> int | None:
        """How many arguments there are; None if any number."""
        return None if _signature(self.kernel)[1] else len(self.argument_names)

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
            return lambda *xs: _in_ieee(lambda m, *xs: float(self.kernel(m, *xs, **self.attributes)), xs)
        source = PythonSource()
        result = source.text(source.shared(inline(self.kernel_expression)))
        return _function(self.argument_names, source.lines, result)

    @cached_property
    def partial_functions(self) -> tuple[Callable[..., float], ...]:
        """For each argument a function (y, \\*args) -> float. Not for n-ary operations, see `partials_at`."""
        functions = []
        for expression in self.partial_expressions:
            source = PythonSource()
            text = source.text(source.shared(inline(expression)))
            functions.append(_function(("y", *self.argument_names), source.lines, text))
        return tuple(functions)

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
        names = self.argument_names if self.arity else self.names_for(count or 2)
        return formula(self._read(self.partials, names)[position])

    def partial_over(self, position: int, y: Any, args: tuple[Any, ...]) -> Any:
        """The partial of one argument over anything that operations take: over Values it can be differentiated."""
        if self.arity is None:
            return tuple(self._best_partials(y, *args, **self.attributes))[position]
        names = dict(zip(self.argument_names, args, strict=True))
        return evaluate(self.partial_expressions[position], {"y": y, **names})

    # Domain

    def outside(self, world: Any, args: tuple[Any, ...]) -> list[tuple[int | None, Any]]:
        """Conditions under which the arguments are outside, each with the position that it is about (None: all)."""
        conditions: list[tuple[int | None, Any]] = []
        for position, arg in enumerate(args):
            domain = self.domain_of(position)
            if domain is not REAL and domain is not CONDITION:
                conditions.append((position, domain.outside(arg)))
        if self.refuses is not None:
            conditions.append((None, self.refuses(world, *args)))
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


@lru_cache(maxsize=1024)
def _bound(op: Op, attributes: tuple[tuple[str, float], ...]) -> Op:
    return replace(op, attributes=MappingProxyType(dict(attributes)))


def _signature(function: Callable[..., Any]) -> tuple[tuple[str, ...], bool, dict[str, Any]]:
    """Argument names after the first, whether they are any number, and the keyword attributes."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    names = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL))
    return names, variadic, {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _function(names: tuple[str, ...], lines: list[str], result: str) -> Callable[..., float]:
    body = "".join(f"    {line}\n" for line in lines)
    namespace = python_namespace()
    exec(f"def function({', '.join(names)}):\n{body}    return {result}\n", namespace)
    function: Callable[..., float] = namespace["function"]
    return function


def _in_ieee(function: Callable[..., Any], numbers: tuple[float, ...]) -> Any:
    """``function(m, *numbers)`` over floats; where Python's own arithmetic raises, anew over NumPy's, which doesn't."""
    try:
        return function(Floats, *numbers)
    except (ArithmeticError, TypeError):  # 1 / 0, a power that overflows, a complex root
        with np.errstate(all="ignore"):
            return function(Arrays, *map(np.float64, numbers))


_NUMBERS = (int, float, np.integer, np.floating, np.bool_)


def _plain_numbers(op: Op, args: tuple[Any, ...]) -> list[float]:
    strangers = [x for x in args if not isinstance(x, _NUMBERS)]
    if not strangers:
        return [float(x) for x in args]
    # A Value that stands beside what can't be understood is not to blame.
    x = min(strangers, key=lambda x: hasattr(type(x), "__apply_op__"))
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


# Declaring

OPS: dict[str, Op] = {}
"""Every declared operation by name, in the order of declaration."""
_BUILT_IN: set[str] = set()


def protect_declared() -> None:
    """From now on the operations declared so far are built in: their names can't be declared anew."""
    for declared in OPS.values():
        _validate_formulas(declared)
    _BUILT_IN.update(OPS)


_LISTENERS: list[Callable[[Op], None]] = []


def on_declaration(listener: Callable[[Op], None]) -> None:
    """Have ``listener`` called with every operation: those declared so far, and each one to come."""
    _LISTENERS.append(listener)
    for declared in OPS.values():
        listener(declared)


def op(
    name: str,
    *,
    kernel: Callable[..., Any],
    partials: Callable[..., Any],
    domain: tuple[Domain, ...] | None = None,
    symbol: str | None = None,
    doc: str = "",
    kinks: tuple[float, ...] = (),
    refuses: Callable[..., Any] | None = None,
    requires: str = "",
    singular: bool = False,
    careful: Callable[..., Any] | None = None,
) -> Op:
    """Declare an operation; it then works on Values, arrays and in every reader of the graph.

    ``kernel(m, x, ...)`` gives the value from the functions of ``m`` (see `worlds.FUNCTIONS`) and + - * /, without
    branches. ``partials(y, x, ...)`` gives a tuple with ∂y/∂x for each argument, written in operations of the table;
    ``y`` is the result. Keyword-only parameters of the kernel are attributes with their defaults. ``domain`` has one
    entry an argument (all real numbers if left out). ``singular`` says that a partial can be infinite or NaN.
    ``careful`` gives the same partials without cancellation, where that costs more: single numbers take it.
    A name may be declared anew, a built-in one may not.

    >>> from autograd import Value, op
    >>> cube = op("cube", kernel=lambda m, x: x * x * x, partials=lambda y, x: (3 * x * x,))
    >>> x = Value(2.0); cube(x).backward(); x.grad
    12.0
    """
    if not (isinstance(name, str) and re.fullmatch(r"[A-Za-z]\w*", name)):
        raise ValueError(f"an operation's name must be a plain identifier, got {name!r}")
    if name in _BUILT_IN:
        raise ValueError(f"{name!r} is an operation of the built-in table; choose another name")
    names, variadic, attributes = _signature(kernel)
    if domain is None:
        domain = (REAL,) * len(names)
    declared = Op(
        *(name, kernel, partials, domain, symbol or name, doc, kinks, refuses, requires, singular, careful),
        attributes=dict(attributes),
    )
    _validate(declared, names, variadic, attributes)
    if _BUILT_IN:  # within the table a partial may name an operation that is declared further down
        _validate_formulas(declared)
    OPS[name] = declared
    for listener in _LISTENERS:
        listener(declared)
    return declared


def _contradiction(op: Op, what: str) -> ValueError:
    return ValueError(f"the declaration of {op.name!r} contradicts itself: {what}")


def _validate(op: Op, names: tuple[str, ...], variadic: bool, attributes: dict[str, Any]) -> None:
    """Refuse a declaration whose parts don't fit together, before anything is registered."""

    def wrong(what: str) -> ValueError:
        return _contradiction(op, what)

    if not names:
        raise wrong("its kernel takes no arguments; write kernel=lambda m, x: ...")
    taken = {"y", "self", "other", "divide", "float", "int", *FUNCTIONS}
    reserved = sorted(name for name in (*names, *attributes) if name in taken or name.endswith("_"))
    if reserved:
        raise wrong(f"arguments can't be called {', '.join(reserved)}, those names are taken in formulas")
    for attribute, default in attributes.items():
        if isinstance(default, bool) or not isinstance(default, (int, float)):
            raise wrong(f"attribute {attribute} needs a number as its default, got {default!r}")
        op.attributes[attribute] = float(default)  # type: ignore[index]
    for partials in filter(None, (op.partials, op.careful)):
        if _signature(partials)[:2] != (names, variadic):
            raise wrong(f"its partials must take (y, {', '.join(names)}) like its kernel (m, {', '.join(names)})")
        if set(_signature(partials)[2]) != set(attributes):
            raise wrong(f"kernel and partials must have the same attributes, here: {', '.join(attributes) or 'none'}")
    if len(op.domain) != len(names):
        raise wrong(f"{len(names)} arguments ({', '.join(names)}) but {len(op.domain)} domains")


def _validate_formulas(op: Op) -> None:
    """Refuse a kernel or partials that can't be read as formulas."""
    count = 2 if op.arity is None else op.arity
    arguments = [Expression.variable(name) for name in op.names_for(count)]
    try:
        value = Expression.of(op.kernel(Expressions(), *arguments, **op.attributes))
        ways = [op._read(way, op.names_for(count)) for way in (op.partials, op.careful) if way]
        if op.refuses is not None:
            op.refuses(Expressions(), *arguments)
    except (AttributeError, TypeError) as error:
        raise (TraceError if isinstance(error, TraceError) else ValueError)(
            f"the declaration of {op.name!r} can't be read: {error}"
        ) from error
    if any(expression.is_condition for expression in (value, *(e for partials in ways for e in partials))):
        raise _contradiction(op, "a kernel or partial is a condition, not a number; write where(condition, 1.0, 0.0)")
    wrong = next((len(partials) for partials in ways if len(partials) != count), None)
    if wrong is not None:
        raise _contradiction(op, f"{count} arguments but {wrong} partials; return a tuple with one for each")


def lookup(name: str, attributes: tuple[tuple[str, float], ...] = ()) -> Op:
    """The operation of that name, with these attributes.

    >>> lookup("tanh")
    <Op tanh>
    """
    if name not in OPS:
        raise KeyError(f"no operation {name!r} is declared here; declare it again with op({name!r}, ...) first")
    return OPS[name].bind(**dict(attributes)) if attributes else OPS[name]
