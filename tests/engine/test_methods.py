"""The generated methods of Value say exactly what kernel and partials say."""

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Constant, Op, Parameter, Value, no_grad, operation
from autograd.fast.source import OPERATORS, method_names, method_source, stub
from autograd.namespaces import Floats
from tests.engine.operations import BUILT_IN

LARGEST = 100.0


def declared(op: Op, point: tuple[float, ...]) -> tuple[float, tuple[float, ...]] | None:
    """Value and partials by running the lambdas of the declaration on plain floats; None where Python raises."""
    try:
        y = op.kernel(Floats, *point, **op.attributes)
        return float(y), tuple(map(float, (op.careful or op.partials)(y, *point, **op.attributes)))
    except (ArithmeticError, ValueError):
        return None


def same(a: float | None, b: float | None) -> bool:
    return a == b or (a is not None and b is not None and math.isnan(a) and math.isnan(b))


def assert_node(node: Value, op: Op, args: tuple[Any, ...], y: float, partials: tuple[float | None, ...]) -> None:
    assert type(node) is Value
    assert node.op is op
    assert node.data == y
    assert len(node.partials) == len(partials)
    assert all(map(same, node.partials, partials)), (node.partials, partials)
    assert all(p is None or type(p) is float for p in node.partials)
    assert all(mine is its for mine, its in zip(node.args, args, strict=True) if isinstance(its, Value))
    assert [arg.data for arg in node.args] == [getattr(arg, "data", arg) for arg in args]
    assert not node.has_grad
    assert (node.label, node.scope) == ("", "")


def cases(op: Op, points: Any) -> list[tuple[tuple[float, ...], float, tuple[float, ...]]]:
    found = [(point, declared(op, point)) for point in points(op, largest=LARGEST)]
    kept = [(point, *result) for point, result in found if result is not None]
    assert len(kept) > 15
    return kept


@pytest.mark.parametrize("kind", [Value, Parameter])
def test_unary(unary: Op, points: Any, kind: Callable[[float], Value]) -> None:
    for point, y, partials in cases(unary, points):
        x = kind(point[0])
        for name, _ in method_names(unary):
            assert_node(getattr(x, name)(), unary, (x,), y, partials)
        assert_node(unary(x), unary, (x,), y, partials)
        constant = getattr(Constant(point[0]), unary.name)()
        assert type(constant) is Constant
        assert (constant.data, constant.op, constant.partials) == (y, unary, (None,))


def reflected(op: Op) -> str | None:
    return OPERATORS[op.name][1] if op.name in OPERATORS else None


def forward_names(op: Op) -> list[str]:
    return [name for name, swap in method_names(op) if not swap]


@pytest.mark.parametrize("kind", [Value, Parameter])
@pytest.mark.parametrize("other", [Value, Parameter])
def test_binary_of_values(binary: Op, points: Any, kind: Any, other: Any) -> None:
    for point, y, partials in cases(binary, points):
        a, b = kind(point[0]), other(point[1])
        for name in forward_names(binary):
            assert_node(getattr(a, name)(b), binary, (a, b), y, partials)
        if reflected(binary):
            assert_node(getattr(b, reflected(binary))(a), binary, (a, b), y, partials)
        assert_node(binary(a, b), binary, (a, b), y, partials)


@pytest.mark.parametrize("constant", [float, Constant])
def test_binary_of_a_value_and_a_number(binary: Op, points: Any, constant: Any) -> None:
    for point, y, (by_a, by_b) in cases(binary, points):
        a, number = Value(point[0]), constant(point[1])
        for name in forward_names(binary):
            assert_node(getattr(a, name)(number), binary, (a, number), y, (by_a, None))
        number, b = constant(point[0]), Value(point[1])
        assert_node(binary(number, b), binary, (number, b), y, (None, by_b))
        if reflected(binary):
            assert_node(getattr(b, reflected(binary))(number), binary, (number, b), y, (None, by_b))
        if isinstance(number, Constant):
            for name in forward_names(binary):
                assert_node(getattr(number, name)(b), binary, (number, b), y, (None, by_b))


def test_binary_of_one_value_twice(binary: Op, points: Any) -> None:
    for point, y, partials in cases(binary, points):
        if point[0] == point[1]:
            x = Value(point[0])
            assert_node(getattr(x, binary.name)(x), binary, (x, x), y, partials)


def test_whole_numbers_become_floats() -> None:
    x = Value(3)
    for node in (x + 2, 2 - x, x * 2, 2 / x, x**2, 2**x, x.maximum(2)):
        assert [type(arg.data) for arg in node.args] == [float, float]
        assert type(node.data) is float


def test_without_gradients(op: Op, points: Any) -> None:
    for point in points(op, largest=LARGEST)[:40]:
        args = [x if isinstance(x, bool) else Value(x) for x in point]
        with no_grad():
            results = [op(*args)]
            if op.arity in (1, 2):
                results += [getattr(args[0], name)(*args[1:]) for name in forward_names(op)]
        for result in results:
            assert type(result) is Constant
            assert result.args == ()
            assert same(result.data, op(*point))


def test_python_operators_are_the_operations() -> None:
    a, b = Value(3.0), Value(2.0)
    results = [
        (a + b, "add"),
        (a - b, "sub"),
        (a * b, "mul"),
        (a / b, "div"),
        (a**b, "pow"),
        (-a, "neg"),
        (abs(a), "abs"),
    ]
    assert [node.op.name for node, _ in results] == [name for _, name in results]
    assert [node.data for node, _ in results] == [5.0, 1.0, 6.0, 1.5, 9.0, -3.0, 3.0]
    assert +a is a
    assert sum([a, b]).data == 5.0
    a += 1
    assert a.data == 4.0


def test_division_is_exact() -> None:
    assert (Value(3) / 10).data == 0.3  # not 3 * 10**-1


def test_attributes_by_method(unary: Op) -> None:
    for name in unary.attributes:
        x = Value(-1.5)
        bound = unary.bind(**{name: 0.7})
        expected, partials = declared(bound, (-1.5,)) or (math.nan, ())
        assert_node(getattr(x, unary.name)(**{name: 0.7}), bound, (x,), expected, partials)
        if name == next(iter(unary.attributes)):
            assert_node(getattr(x, unary.name)(0.7), bound, (x,), expected, partials)
        assert getattr(x.detach(), unary.name)(**{name: 0.7}).data == expected


# What people and tools read


def test_the_stub_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograd.fast.source.OPS", {op.name: op for op in BUILT_IN})
    path = Path(inspect.getfile(autograd)).with_name("fast") / "methods.pyi"
    assert path.read_text(encoding="utf-8") == stub(), "run `make stub`"


def test_every_method_has_help(op: Op) -> None:
    if op.arity not in (1, 2):
        assert not hasattr(Value, op.name)
        return
    for name, _ in method_names(op):
        for holder in (Value, Constant):
            method = getattr(holder, name)
            assert method.__doc__.startswith(op.doc)
            assert method.__name__ == name
            assert method.__qualname__ == f"Value.{name}"
            assert all(op.partial_formula(i) in method.__doc__ for i in range(op.arity))
        assert name in stub()


def test_help_tells_formula_and_domain() -> None:
    assert Value.tanh.__doc__ == "hyperbolic tangent.\n\n∂y/∂x = 1 − y·y"
    assert Value.log.__doc__ == "natural logarithm of x > 0. Domain: x > 0.\n\n∂y/∂x = 1/x"
    assert Value.__truediv__.__doc__ == "a / b. Domain: b not 0.\n\n∂y/∂a = 1/b; ∂y/∂b = −(y/b)"


def test_every_operation_has_words_and_a_symbol(op: Op) -> None:
    assert op.doc
    assert op.symbol
    for i in range(op.arity or 2):
        assert op.partial_formula(i)


def test_sources_are_plain_python(op: Op) -> None:
    if op.arity in (1, 2):
        for name, swap in method_names(op):
            compile(method_source(op, name, swap), op.name, "exec")
        assert "lambda" not in method_source(op, op.name, False)


FORMULAS = {
    "tanh": ["1 − y·y"],
    "div": ["1/b", "−(y/b)"],
    "mul": ["b", "a"],
    "sub": ["1", "−1"],
    "sigmoid": ["y·sigmoid(−x)"],
    "maximum": ["where(a > b, 1, where(a < b, 0, 0.5))", "where(a < b, 1, where(a > b, 0, 0.5))"],
    "logsumexp": ["exp(x0 − y)", "exp(x1 − y)"],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name: str) -> None:
    op = operation.OPS[name]
    assert [op.partial_formula(i) for i in range(len(FORMULAS[name]))] == FORMULAS[name]
