"""An operation of one's own: declared once, it works everywhere; a declaration that contradicts itself is refused."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import autograd
from autograd import OPS, POSITIVE, DomainError, TraceError, Value, check_gradients, gradients, hessian, op
from autograd.operation import lookup
from autograd.testing import assert_gradients, expressions, points


def cube() -> autograd.Op:
    return op("my_cube", symbol="x³", kernel=lambda xp, x: x * x * x, partials=lambda y, x: (3 * x * x,), doc="x cubed")


def norm() -> autograd.Op:
    return op(
        "my_norm",
        kernel=lambda xp, *xs: xp.sqrt(sum(x * x for x in xs)),
        partials=lambda y, *xs: tuple(x / y for x in xs),
    )


def bump() -> autograd.Op:
    """A bell with a height, an attribute."""
    return op(
        "my_bell",
        kernel=lambda xp, x, *, height=1.0: height * xp.exp(-x * x),
        partials=lambda y, x, *, height: (-2 * x * height * autograd.exp(-x * x),),
    )


def test_a_unary_operation_works_everywhere() -> None:
    f = cube()
    x = Value(2.0)
    assert (f(2.0), f(np.array([1.0, 2.0])).tolist(), f(x).data, x.my_cube().data) == (8.0, [1.0, 8.0], 8.0, 8.0)
    assert gradients(f(x), [x]) == gradients(x.my_cube(), [x]) == (12.0,)
    assert hessian(lambda xs: f(xs[0]))([2.0]).tolist() == [[12.0]]
    assert autograd.derivative(f, 3)(2.0) == 6.0
    assert (f.partial_formula(0), x.my_cube()._op) == ("3·x·x", "x³")
    assert Value.my_cube.__doc__ == "x cubed.\n\n∂y/∂x = 3·x·x"
    assert autograd.Constant(2.0).my_cube().data == 8.0
    assert check_gradients(f, at=1.5)
    assert lookup("my_cube") is OPS["my_cube"] is f


def test_a_binary_operation_has_a_method() -> None:
    op("my_hypot", kernel=lambda xp, a, b: xp.sqrt(a * a + b * b), partials=lambda y, a, b: (a / y, b / y))
    a, b = Value(3.0), Value(4.0)
    assert a.my_hypot(b).partials == (0.6, 0.8)
    assert a.my_hypot(4).partials == (0.6, None)
    assert autograd.Parameter(3.0).my_hypot(b).data == 5.0


def test_an_operation_of_many_arguments() -> None:
    f = norm()
    xs = [Value(2.0), Value(3.0), Value(6.0)]
    assert f(*xs).data == 7.0
    assert f(*xs).partials == (2 / 7, 3 / 7, 6 / 7)
    assert (f(3.0, 4.0), f(np.array([3.0]), 4.0).tolist()) == (5.0, [5.0])
    assert check_gradients(f, at=[2.0, 3.0, 6.0])
    np.testing.assert_allclose(hessian(f)([3.0, 4.0]), [[16 / 125, -12 / 125], [-12 / 125, 9 / 125]], rtol=1e-14)
    assert not hasattr(Value, "my_norm")
    assert f.partial_formula(1, 3) == "x1/y"


def test_many_arguments_follow_ieee_too() -> None:
    partials = norm()(Value(0.0), Value(0.0)).partials
    assert all(map(math.isnan, partials))
    mean = op(
        "my_harmonic",
        kernel=lambda xp, *xs: 1.0 / sum(1.0 / x for x in xs),
        partials=lambda y, *xs: tuple((y / x) * (y / x) for x in xs),
    )
    assert mean(0.0, 1.0) == 0.0
    assert mean(Value(0.0), 1.0).data == 0.0
    largest = op("my_power", kernel=lambda xp, *xs: xs[0] ** xs[1], partials=lambda y, *xs: (y,) * len(xs))
    assert largest(10.0, 400.0) == largest(Value(10.0), 400.0).data == math.inf


def test_a_division_by_the_number_zero_follows_ieee() -> None:
    pole = op("my_pole", kernel=lambda xp, x: x / 0.0, partials=lambda y, x: (y / x,))
    assert (pole(2.0), Value(-2.0).my_pole().data) == (math.inf, -math.inf)
    assert math.isnan(pole(0.0))


def test_formulas_have_the_brackets_that_they_need_and_no_more() -> None:
    f = op(
        "my_brackets",
        kernel=lambda xp, a, b, c: a,
        partials=lambda y, a, b, c: (a - (b - c), a / (b * c), a + (b + c) * a),
    )
    assert [f.partial_formula(i) for i in range(3)] == ["a − (b − c)", "a/(b·c)", "a + (b + c)·a"]


def test_attributes() -> None:
    f = bump()
    x = Value(0.5)
    assert f(0.5) == x.my_bell().data == math.exp(-0.25)
    assert f(0.5, height=3.0) == x.my_bell(height=3.0).data == f.bind(height=3)(x).data == 3 * math.exp(-0.25)
    assert check_gradients(lambda v: v.my_bell(height=3.0), at=0.5)


def test_a_domain_of_ones_own() -> None:
    even = autograd.Domain("at least 2", low=2.0)
    f = op("my_root", kernel=lambda xp, x: xp.sqrt(x - 2.0), partials=lambda y, x: (0.5 / y,), domain=(even,))
    for call in (lambda: f(1.0), lambda: Value(1.0).my_root(), lambda: f(np.array([3.0, 1.0]))):
        with pytest.raises(DomainError, match=r"my_root\(x\) needs x at least 2, got x = 1\.0"):
            call()
    circle = op(
        "my_circle",
        kernel=lambda xp, a, b: xp.sqrt(a * a + b * b - 1.0),
        partials=lambda y, a, b: (a / y, b / y),
        refuses=lambda xp, a, b: a * a + b * b < 1.0,
        requires="a point outside the circle",
    )
    with pytest.raises(
        DomainError, match=r"my_circle\(a, b\) needs a point outside the circle, got a = 0\.0"
    ) as caught:
        circle(Value(0.0), 0.5)
    assert not isinstance(caught.value, ZeroDivisionError)


def test_an_operation_may_bear_the_name_of_a_function_of_the_world() -> None:
    floor = op("floor", kernel=lambda xp, x: xp.floor(x), partials=lambda y, x: (0.0,))
    assert Value(2.5).floor().data == floor(2.5) == 2.0


def test_an_attribute_of_value_is_not_overwritten() -> None:
    data = op("data", kernel=lambda xp, x: x * 2, partials=lambda y, x: (2.0,))
    assert Value(3.0).data == 3.0
    assert data(Value(3.0)).data == 6.0


def test_an_operation_can_be_declared_anew() -> None:
    op("my_op", kernel=lambda xp, x: x, partials=lambda y, x: (1.0,))
    x = Value(2.0)
    old = x.my_op()
    op("my_op", kernel=lambda xp, x: 2 * x, partials=lambda y, x: (2.0,))
    assert (x.my_op().data, gradients(x.my_op(), [x])) == (4.0, (2.0,))
    assert gradients(old, [x]) == (1.0,)
    op("my_op", kernel=lambda xp, a, b, c: a, partials=lambda y, a, b, c: (1.0, 0.0, 0.0))
    assert not hasattr(x, "my_op")
    assert not hasattr(x.detach(), "my_op")


def identity(m: Any, x: Any) -> Any:
    return x


def one(y: Any, x: Any) -> Any:
    return (1.0,)


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"name": "tanh"}, ValueError, "'tanh' is an operation of the built-in table; choose another name"),
    ({"name": "2x"}, ValueError, "an operation's name must be a plain identifier, got '2x'"),
    ({"name": ""}, ValueError, "an operation's name must be a plain identifier, got ''"),
    ({"kernel": lambda m: 1.0}, ValueError, "its kernel takes no arguments; write kernel=lambda xp, x: ..."),
    (
        {"kernel": lambda m, y: y, "partials": lambda z, y: (1.0,)},
        ValueError,
        "arguments can't be called y, those names are taken in formulas",
    ),
    ({"kernel": lambda m, exp: exp, "partials": lambda y, exp: (1.0,)}, ValueError, "arguments can't be called exp"),
    ({"kernel": lambda m, log: log, "partials": lambda y, log: (1.0,)}, ValueError, "arguments can't be called log"),
    ({"partials": lambda y, z: (1.0,)}, ValueError, "its partials must take (y, x) like its kernel (xp, x)"),
    ({"partials": lambda y, x, z: (1.0,)}, ValueError, "its partials must take (y, x) like its kernel (xp, x)"),
    ({"kernel": lambda m, *x: x[0]}, ValueError, "its partials must take (y, x) like its kernel (xp, x)"),
    ({"careful": lambda y, z: (1.0,)}, ValueError, "its partials must take (y, x) like its kernel (xp, x)"),
    ({"partials": lambda y, x: (1.0, 2.0)}, ValueError, "1 arguments but 2 partials; return a tuple with one for each"),
    ({"partials": lambda y, x: 1.0}, ValueError, "'float' object is not iterable"),
    ({"domain": (POSITIVE, POSITIVE)}, ValueError, "1 arguments (x) but 2 domains"),
    ({"kernel": lambda m, x, *, k=1: k * x}, ValueError, "kernel and partials must have the same attributes, here: k"),
    (
        {"kernel": lambda m, x, *, k: k * x, "partials": lambda y, x, *, k: (k,)},
        ValueError,
        "attribute k needs a number as its default, got <class 'inspect._empty'>",
    ),
    (
        {"kernel": lambda m, x, *, k=True: k * x, "partials": lambda y, x, *, k: (k,)},
        ValueError,
        "attribute k needs a number as its default, got True",
    ),
    ({"kernel": lambda m, x: m.foo(x)}, ValueError, "a kernel has no function xp.foo; it has: exp, expm1, log"),
    ({"kernel": lambda m, x: m.exp(x, x)}, ValueError, "xp.exp takes 1 arguments, got 2"),
    (
        {"kernel": lambda m, x: math.exp(x)},
        TraceError,
        "a kernel or partial can't turn its arguments into floats (math.exp, float, numpy): use the functions of xp",
    ),
    ({"kernel": lambda m, x: x if x > 0 else -x}, TraceError, "a kernel or partial can't branch on its arguments"),
    ({"partials": lambda y, x: (max(x, 0.0),)}, TraceError, "write xp.where(condition, a, b)"),
    ({"refuses": lambda m, x: x > 0 and x < 1}, TraceError, "join conditions by & and |"),
    ({"kernel": lambda m, x: x > 0.0}, ValueError, "a kernel or partial is a condition, not a number; write where("),
    ({"partials": lambda y, x: (x > 0.0,)}, ValueError, "a kernel or partial is a condition, not a number"),
]


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED, ids=[message[:40] for _, _, message in REFUSED])
def test_declarations_that_are_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    before = dict(OPS)
    arguments: dict[str, Any] = {"name": "mine", "kernel": identity, "partials": one, **changes}
    name = arguments.pop("name")
    with pytest.raises(error, match=re.escape(message)):
        op(name, **arguments)
    assert before == OPS  # nothing is registered
    assert not hasattr(Value, "mine")


def test_an_operation_that_does_not_exist() -> None:
    with pytest.raises(
        KeyError, match=r"no operation 'tahn' is declared here; declare it again with op\('tahn', ...\)"
    ):
        lookup("tahn")


# autograd.testing takes an operation of one's own as well


def soft_norm() -> autograd.Op:
    """Without the kink of `norm` at 0."""
    return op(
        "my_soft_norm",
        kernel=lambda xp, *xs: xp.sqrt(1.0 + sum(x * x for x in xs)),
        partials=lambda y, *xs: tuple(x / y for x in xs),
    )


@pytest.mark.parametrize("declare", [cube, soft_norm, bump, lambda: bump().bind(height=2.5)])
def test_strategies_for_ones_own(declare: Any) -> None:
    mine = declare()

    @given(points(mine), expressions(ops=[mine, OPS["mul"]]))
    def check(point: tuple[float, ...], expression: Any) -> None:
        assert_gradients(mine, point)
        assert_gradients(expression)
        assert {o.name for o in expression.ops} <= {mine.name, "mul"}

    check()
