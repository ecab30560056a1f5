"""autograd.testing: its strategies stay where derivatives exist and shrink, and its assertion can fail."""

import builtins
import importlib
import math
import sys
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import autograd
from autograd import OPS, GradientCheckError, Op, Value, op
from autograd.domain import CONDITION
from autograd.testing import DrawnExpression, assert_gradients, expressions, points
from tests.engine.operations import BUILT_IN


@settings(max_examples=40)
@given(st.data())
def check_points(operation: Op, data: st.DataObject) -> None:
    point = data.draw(points(operation))
    operation.check([float(x) for x in point])  # inside the domain
    moving = [i for i in range(len(point)) if operation.domain_of(i) is not CONDITION]
    assert all(type(point[i]) is float for i in moving)
    assert all(type(point[i]) is bool for i in range(len(point)) if i not in moving)
    partials = operation.partials_at(operation(*point), tuple(map(float, point)))
    assert all(math.isfinite(partials[i]) for i in moving)
    if operation.kinks and len(moving) == len(point):
        place = point[0] if len(point) == 1 else point[0] - point[1]
        assert all(abs(place - kink) >= 0.1 for kink in operation.kinks)
    assert_gradients(operation, point)


def test_points(op: Op) -> None:
    check_points(op)
    assert len(find(points(op), lambda point: True)) == (op.arity or 1)


def test_points_of_bound_and_of_narrow_operations() -> None:
    check_points(autograd.leaky_relu.bind(slope=0.3))
    unit = autograd.Domain("between 100 and 100.5", low=100.0, high=100.5)
    narrow = op("narrow", kernel=lambda xp, x: x * x, partials=lambda y, x: (2 * x,), domain=(unit,))
    check_points(narrow)
    far = autograd.Domain("> 1000", low=1000.0, open=True)
    check_points(op("far", kernel=lambda xp, x: xp.log(x), partials=lambda y, x: (1 / x,), domain=(far,)))
    below = autograd.Domain("< -5", high=-5.0, open=True)
    check_points(op("below", kernel=lambda xp, x: xp.log(-x), partials=lambda y, x: (1 / x,), domain=(below,)))


@pytest.mark.parametrize("name", ["log", "maximum", "where"])
def test_expressions_shrink_to_the_operation_at_fault(name: str) -> None:
    found = find(expressions(ops=BUILT_IN), lambda expression: OPS[name] in expression.ops)
    assert len(found.ops) <= (2 if name == "maximum" else 1)  # of two equal operands, one has to be changed first
    assert len(found.point) == 1
    assert found.point[0] * 8 == int(found.point[0] * 8)
    assert len(repr(found).splitlines()) == 2 + len(found.ops)


def test_nodes_are_used_again() -> None:
    def reuses(expression: DrawnExpression) -> bool:
        nodes = [o.node for step in expression.steps for o in step.operands if o.node is not None]
        return any(nodes.count(node) > 2 for node in nodes if node >= len(expression.point))

    assert len(find(expressions(ops=BUILT_IN), reuses).ops) <= 3


@given(expressions(ops=BUILT_IN))
def test_the_text_of_an_expression_is_the_expression(expression: DrawnExpression) -> None:
    text, call = repr(expression).rsplit("\n", 1)
    namespace = dict(OPS)
    exec(text, namespace)
    assert eval(call, namespace) == expression.build(expression.point)


@given(expressions(inputs=2, max_ops=3, ops=BUILT_IN))
def test_sizes_can_be_chosen(expression: DrawnExpression) -> None:
    assert len(expression.point) == 2
    assert 1 <= len(expression.ops) <= 3
    with pytest.raises(TypeError, match="this expression takes 2 inputs, got 1"):
        expression.build([1.0])


@given(expressions(ops=BUILT_IN))
def test_numbers_stay_moderate(expression: DrawnExpression) -> None:
    leaves = [Value(x) for x in expression.point]
    y = expression.build(leaves)
    assert all(abs(node.data) < 1e4 for node in autograd.ancestors(y))
    assert all(abs(slope) < 1e4 for slope in autograd.gradients(y, leaves))


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError, match=r"points\(\) takes an operation of the table, got str: 'tanh'"):
        points("tanh")  # type: ignore[arg-type]
    for ops in ([], ["tanh"]):
        with pytest.raises(TypeError, match="ops is a list of at least one operation of the table"):
            expressions(ops=ops)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one operation, got max_ops=0"):
        expressions(max_ops=0)
    with pytest.raises(ValueError, match="at least one input, got inputs=0"):
        expressions(inputs=0)
    with pytest.raises(TypeError, match="needs the point `at`; only a drawn expression brings its own"):
        assert_gradients(lambda x: x)


def test_the_assertion_can_fail() -> None:
    wrong = op("wrong_sine", kernel=lambda xp, x: xp.sin(x), partials=lambda y, x: (autograd.sin(x),))
    with pytest.raises(GradientCheckError, match="worst edge: wrong_sine, partial by x"):
        assert_gradients(lambda a, b: wrong(a * b), at=[0.5, 0.25])

    @settings(max_examples=50, database=None)
    @given(expressions(ops=[OPS["mul"], OPS["tanh"], wrong]))
    def property_test(expression: DrawnExpression) -> None:
        assert_gradients(expression)

    with pytest.raises(GradientCheckError, match="worst edge: wrong_sine"):
        property_test()


def test_without_hypothesis_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("hypothesis"):
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "autograd.testing")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'autograd.testing needs hypothesis: pip install "glassgrad\[testing\]"'):
        importlib.import_module("autograd.testing")
