"""Pickle, copy and deepcopy of Values, graphs, Parameters and operations."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

import autograd
from autograd import OPS, Constant, Op, Parameter, Value, ancestors, gradients, op, scope, sweep
from autograd.testing import DrawnExpression, expressions
from tests.engine.operations import BUILT_IN

ways = pytest.mark.parametrize(
    "way",
    [copy.deepcopy, *(lambda x, p=p: pickle.loads(pickle.dumps(x, protocol=p)) for p in range(2, 6))],
    ids=["deepcopy", *(f"pickle{p}" for p in range(2, 6))],
)


def looks(root: Value) -> list[Any]:
    place = {node: i for i, node in enumerate(ancestors(root))}
    return [
        (type(n), n.data, n.grad, n.has_grad, n.label, n.scope, n.op, n.partials, [place[a] for a in n.args])
        for n in place
    ]


@ways
def test_a_graph_comes_back_whole(way: Callable[[Any], Any]) -> None:
    with scope("net"):
        x, w = Value(0.5, label="x"), Parameter(0.25, label="w")
        hidden = (x * w + 1.0).tanh()
    y = autograd.logsumexp(hidden, hidden, autograd.where(x > 0, x.leaky_relu(0.3), w)) * x.detach()
    y.backward()
    again = way(y)
    assert looks(again) == looks(y)
    assert not set(ancestors(again)) & set(ancestors(y))
    again.backward()
    assert x.grad == gradients(y, [x])[0]  # the original is untouched


@ways
def test_what_is_shared_stays_shared(way: Callable[[Any], Any]) -> None:
    x = Value(2.0)
    first, second = x * x, x + 1
    pair = way({"first": first, "second": second, "x": x, "list": [x, first]})
    assert pair["first"].args == (pair["x"], pair["x"])
    assert pair["second"].args[0] is pair["x"]
    assert pair["list"] == [pair["x"], pair["first"]]
    pair["x"].data = 7.0
    assert x.data == 2.0


@ways
@pytest.mark.parametrize("leaf", [Value(1.5, label="a"), Constant(2.5, label="c"), Parameter(3.5, label="p")])
def test_leaves(way: Callable[[Any], Any], leaf: Value) -> None:
    again = way(leaf)
    assert again is not leaf
    assert repr(again) == repr(leaf)
    assert type(again) is type(leaf)


@given(expressions(ops=BUILT_IN))
def test_random_graphs(expression: DrawnExpression) -> None:
    y = expression.build([Value(x) for x in expression.point])
    for again in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        assert looks(again) == looks(y)
        assert [s.adjoint for s in sweep(again)] == [s.adjoint for s in sweep(y)]


def test_a_shallow_copy_shares_the_operands() -> None:
    x = Value(2.0)
    y = x * x
    again = copy.copy(y)
    assert again is not y
    assert (again.args, again.data, again.op) == ((x, x), 4.0, y.op)


def test_copying_leaves_no_trace_when_it_fails() -> None:
    x = Value(1.0)
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps([x * x, lambda: None])
    y = x * x
    assert looks(pickle.loads(pickle.dumps(y))) == looks(y)


# Operations


@ways
def test_operations_are_pickled_by_name(way: Callable[[Any], Any], op: Op) -> None:
    assert way(op) is op
    for name in op.attributes:
        bound = op.bind(**{name: 0.37})
        again = way(bound)
        assert (again.name, dict(again.attributes)) == (op.name, {**op.attributes, name: 0.37})
        assert again(-1.0) == bound(-1.0)


def test_an_operation_that_is_not_declared_here() -> None:
    op("shortlived", kernel=lambda xp, x: x, partials=lambda y, x: (1.0,))
    text = pickle.dumps(OPS["shortlived"])
    del OPS["shortlived"]
    with pytest.raises(KeyError, match=r"no operation 'shortlived' is declared here; declare it again with op\("):
        pickle.loads(text)


def test_a_graph_with_a_users_operation() -> None:
    cube = op("my_cube", kernel=lambda xp, x: x * x * x, partials=lambda y, x: (3 * x * x,))
    y = cube(Value(2.0))
    again = pickle.loads(pickle.dumps(y))
    assert again.op is cube
    assert gradients(again, again.args) == (12.0,)


def test_operations_in_pickles_of_version_0_1_are_found() -> None:
    assert pickle.loads(b"cautograd.declaration\nlookup\n(S'tanh'\n(ttR.") is autograd.tanh
