"""Expressions: what a kernel or a partial says, as data that can be printed, compiled or evaluated.

Running ``lambda xp, x: xp.exp(x) + 1`` once on `Expression` objects gives a small graph of its arithmetic. From it come
the Python source of the fast methods, the formula on a drawn edge, and the partial of one argument alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import TraceError
from .namespaces import FUNCTIONS, Floats, divide

_COMPARISONS = ("<", "<=", ">", ">=")
_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "&": "and", "|": "or"}
_OPERATORS |= dict(zip(_COMPARISONS, ("lt", "le", "gt", "ge"), strict=True))
_ARGUMENTS = {"power": 2, "where": 3}  # of the functions of a namespace; all others have one


class Expression:
    """One step of arithmetic: ``head`` says which, ``args`` its operands (expressions).

    Heads are an infix sign, "neg", a name of `namespaces.FUNCTIONS`, "variable", "number", or an operation.
    ``payload`` is the variable's name, the number, or the bound attributes of the operation.
    """

    __slots__ = ("args", "head", "payload")

    def __init__(self, head: Any, args: tuple[Expression, ...] = (), payload: Any = None) -> None:
        self.head, self.args, self.payload = head, args, payload

    @classmethod
    def variable(cls, name: str) -> Expression:
        """A named argument."""
        return cls("variable", (), name)

    @classmethod
    def of(cls, x: Any) -> Expression:
        """``x`` itself, or the number ``x``."""
        return x if isinstance(x, Expression) else cls("number", (), float(x))

    @staticmethod
    def __apply_op__(op: Any, args: tuple[Any, ...]) -> Expression:
        return Expression(op, tuple(map(Expression.of, args)))

    def __neg__(self) -> Expression:
        return Expression("neg", (self,))

    def __abs__(self) -> Expression:
        return Expression("abs", (self,))

    def __pow__(self, exponent: Any) -> Expression:
        return Expression("power", (self, Expression.of(exponent)))

    def __rpow__(self, base: Any) -> Expression:
        return Expression("power", (Expression.of(base), self))

    def __bool__(self) -> bool:
        raise TraceError(
            "a kernel or partial can't branch on its arguments (`if`, `and`, `or`, `not`, max, min): "
            "write xp.where(condition, a, b) and join conditions by & and |"
        )

    def __float__(self) -> float:
        raise TraceError(
            "a kernel or partial can't turn its arguments into floats (math.exp, float, numpy): "
            "use the functions of xp in a kernel (xp.exp) and operations of the table in a partial (autograd.exp)"
        )

    @property
    def is_number(self) -> bool:
        """Whether this is a literal number."""
        return bool(self.head == "number")

    @property
    def is_condition(self) -> bool:
        """Whether this is true or false rather than a number."""
        return self.head in (*_COMPARISONS, "&", "|")

    def isliteral(self, number: float) -> bool:
        """Whether this is just that number."""
        return self.is_number and bool(self.payload == number)


def _infix(sign: str, swap: bool) -> Callable[[Expression, Any], Expression]:
    def method(self: Expression, other: Any) -> Expression:
        a, b = self, Expression.of(other)
        return Expression(sign, (b, a) if swap else (a, b))

    return method


for _sign, _name in _OPERATORS.items():
    setattr(Expression, f"__{_name}__", _infix(_sign, swap=False))
    if _sign not in _COMPARISONS:
        setattr(Expression, f"__r{_name}__", _infix(_sign, swap=True))


class Expressions:
    """The namespace whose functions build expressions."""

    def __getattr__(self, name: str) -> Callable[..., Expression]:
        if name not in FUNCTIONS:
            raise AttributeError(f"a kernel has no function xp.{name}; it has: {', '.join(FUNCTIONS)}")

        def function(*args: Any) -> Expression:
            if len(args) != _ARGUMENTS.get(name, 1):
                raise TypeError(f"xp.{name} takes {_ARGUMENTS.get(name, 1)} arguments, got {len(args)}")
            return Expression(name, tuple(map(Expression.of, args)))

        return function


def inline(expression: Expression) -> Expression:
    """The same expression with each operation of the table replaced by its kernel, and trivial arithmetic done."""
    return _rebuild(expression, {})


def _rebuild(expression: Expression, done: dict[int, Expression]) -> Expression:
    if id(expression) not in done:
        args = tuple(_rebuild(arg, done) for arg in expression.args)
        if isinstance(expression.head, str):
            result = _simplify(Expression(expression.head, args, expression.payload))
        else:
            op = expression.head
            result = inline(Expression.of(op.kernel(Expressions(), *args, **op.attributes)))
        done[id(expression)] = result
    return done[id(expression)]


def _simplify(e: Expression) -> Expression:
    """Identities that hold for every float, infinities and NaN included."""
    if e.head == "*":
        a, b = e.args
        if a.isliteral(1.0):
            return b
        if b.isliteral(1.0):
            return a
    if e.head == "neg" and e.args[0].is_number:
        return Expression.of(-e.args[0].payload)
    return e


def evaluate(expression: Expression, variables: Mapping[str, Any]) -> Any:
    """The value of a partial's expression where the variables are numbers, Values, or anything operations take."""
    # A recursive function of its own, not a closure: that would be a cycle, which keeps Values alive.
    return _evaluate(expression, variables, {})


def _evaluate(e: Expression, variables: Mapping[str, Any], done: dict[int, Any]) -> Any:
    if e.head == "variable":
        return variables[e.payload]
    if e.head == "number":
        return e.payload
    if id(e) not in done:
        args = [_evaluate(arg, variables, done) for arg in e.args]
        done[id(e)] = _ARITHMETIC[e.head](*args) if isinstance(e.head, str) else e.head(*args)
    return done[id(e)]


def _divided(a: Any, b: Any) -> Any:
    return divide(a, b) if isinstance(a, float) and isinstance(b, float) else a / b


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    **{sign: getattr(operator, f"__{name}__") for sign, name in _OPERATORS.items()},
    "/": _divided,
    "neg": operator.neg,
    "abs": abs,
    "power": operator.pow,
}
_PRECEDENCE = {"|": 1, "&": 2, **dict.fromkeys(_COMPARISONS, 3), **dict.fromkeys("+-", 4), **dict.fromkeys("*/", 5)}
_PRECEDENCE |= {"neg": 6, "power": 7}
_SIGNS = {"-": "−", "*": "·", "<=": "≤", ">=": "≥", "&": "and", "|": "or"}


def formula(expression: Expression) -> str:
    """The expression as a reader writes it: ``1 − y·y``, ``exp(x)``, ``a/b``."""

    def text(e: Expression, parent: float = 0) -> str:
        if e.head == "variable":
            return str(e.payload)
        if e.head == "number":
            return f"{e.payload:.6g}".replace("-", "−")
        level = _PRECEDENCE.get(e.head) if isinstance(e.head, str) else None
        if level is None:
            name = e.head if isinstance(e.head, str) else e.head.name
            return f"{name}({', '.join(text(arg) for arg in e.args)})"
        if e.head == "neg":
            body = "−" + text(e.args[0], level)
        elif e.head == "power":
            body = f"{text(e.args[0], level + 0.5)}^{text(e.args[1], level)}"
        else:
            sign = _SIGNS.get(e.head, e.head)
            gap = "" if e.head in ("*", "/") else " "
            # a - (b + c) and a / (b * c) keep their brackets, a + b + c and a * b * c do not.
            right = level + 0.5 if e.head in ("-", "/") else level
            body = f"{text(e.args[0], level)}{gap}{sign}{gap}{text(e.args[1], right)}"
        return f"({body})" if level < parent else body

    return text(expression)


class PythonSource:
    """Python statements that compute expressions over floats; what is used twice is computed once.

    ``nonzero`` names the variables that can't be zero here, so that dividing by them needs no care.
    """

    def __init__(self, nonzero: Iterable[str] = ()) -> None:
        self._nonzero = frozenset(nonzero)
        self._known: dict[Any, Expression] = {}
        self._names: dict[int, str] = {}
        self._uses: dict[int, int] = {}
        self.lines: list[str] = []

    def shared(self, expression: Expression) -> Expression:
        """One object for equal expressions, so that their uses can be counted."""
        args = tuple(map(self.shared, expression.args))
        key = (expression.head, expression.payload, tuple(map(id, args)))
        if key not in self._known:
            self._known[key] = Expression(expression.head, args, expression.payload)
        found = self._known[key]
        self._uses[id(found)] = self._uses.get(id(found), 0) + 1
        return found

    def name(self, expression: Expression, name: str) -> None:
        """From now on this expression is that variable."""
        self._names[id(expression)] = name

    def text(self, e: Expression) -> str:
        """Source text of the expression; statements for what it shares go to ``lines``."""
        if id(e) in self._names:
            return self._names[id(e)]
        if e.head == "variable":
            return str(e.payload)
        if e.head == "number":
            return literal(e.payload)
        body = self._compose(e)
        if self._uses[id(e)] < 2:
            return body
        name = f"t{len(self._names)}"
        self.lines.append(f"{name} = {body}")
        self._names[id(e)] = name
        return name

    def _compose(self, e: Expression) -> str:
        args = [self.text(arg) for arg in e.args]
        if e.head == "neg":
            return f"(-{args[0]})"
        if e.head == "where":
            return f"({args[1]} if {args[0]} else {args[2]})"
        if e.head == "/" and not self._safe_divisor(e.args[1]):
            return f"divide({args[0]}, {args[1]})"
        if e.head in _OPERATORS:
            return f"({args[0]} {e.head} {args[1]})"
        return f"{e.head}({', '.join(args)})"

    def _safe_divisor(self, e: Expression) -> bool:
        return (e.is_number and e.payload != 0) or (e.head == "variable" and e.payload in self._nonzero)


def literal(number: float) -> str:
    """A number as Python source.

    >>> literal(0.5), literal(float("-inf"))
    ('0.5', 'float("-inf")')
    """
    text = repr(number)
    return text if text not in ("inf", "-inf", "nan") else f'float("{text}")'


def python_namespace() -> dict[str, Any]:
    """The globals that `PythonSource` text needs."""
    functions = {name: getattr(Floats, name) for name in FUNCTIONS if name != "where"}
    # With a name, as those who ask where code comes from take code without one for a user's.
    return {**functions, "divide": divide, "float": float, "__name__": __name__}


def as_function(names: Iterable[str], expression: Expression) -> Callable[..., float]:
    """The expression as a function of floats with these names, operations in it replaced by their kernels.

    >>> as_function(["x"], Expression.variable("x") * 2.0)(1.5)
    3.0
    """
    source = PythonSource()
    result = source.text(source.shared(inline(expression)))
    body = "".join(f"    {line}\n" for line in source.lines)
    namespace = python_namespace()
    exec(f"def function({', '.join(names)}):\n{body}    return {result}\n", namespace)
    function: Callable[..., float] = namespace["function"]
    return function
