"""What a Value takes, refuses, shows, and how it behaves as a Python object."""

import copy
import math
import operator
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Constant, Parameter, Value, nn, scope, sweep

REFUSED = [
    ("1", "holds a real number, got str: '1'"),
    (b"1", "holds a real number, got bytes: b'1'"),
    (True, "holds a real number, got the bool True; write 1.0 or 0.0"),
    (np.True_, "holds a real number, got the bool"),
    (1j, r"holds a real number, got the complex 1j; use x.real, x.imag or abs\(x\)"),
    (np.complex128(1j), "holds a real number, got the complex"),
    (None, "holds a real number, got NoneType: None"),
    ([1.0], r"holds a real number, got list: \[1.0\]"),
    (np.array([1.0, 2.0]), r"holds one number, got an array of shape \(2,\); make one Value for each number"),
    (np.array(1.0), r"holds one number, got an array of shape \(\); use x.item\(\)"),
    (np.array([1.0]), r"holds one number, got an array of shape \(1,\); use x.item\(\)"),
    (10**400, "holds a float64, but this int has 1329 bits"),
    (object(), "holds a real number, got object"),
]
refused = pytest.mark.parametrize(("x", "message"), REFUSED, ids=[repr(x)[:20] for x, _ in REFUSED])
OPERANDS = [(x, message) for x, message in REFUSED if not isinstance(x, bool | np.bool_)]
refused_beside_a_value = pytest.mark.parametrize(("x", "message"), OPERANDS, ids=[repr(x)[:20] for x, _ in OPERANDS])


@refused
@pytest.mark.parametrize("kind", [Value, Parameter, Constant])
def test_what_a_value_refuses(kind: Any, x: Any, message: str) -> None:
    what = "a Parameter" if kind is Parameter else "a Value"
    if kind is Parameter and np.ndim(x):
        message = r"holds one number, got .*; several are a ParameterArray\(numbers\)"
    with pytest.raises(TypeError, match=f"^{what} {message}"):
        kind(x)


@refused
def test_setting_data_and_grad_refuses_the_same(x: Any, message: str) -> None:
    for v in (Value(2.0, label="a"), Parameter(2.0, label="a")):
        with pytest.raises(TypeError, match=rf"^data of 'a' \(data=2\.0\) {message}"):
            v.data = x
        if x is None:  # PyTorch's "no gradient"
            continue
        with pytest.raises(TypeError, match=rf"^grad of 'a' \(data=2\.0\) {message}"):
            v.grad = x
        assert (v.data, v.grad, v.has_grad) == (2.0, 0.0, False)


@refused_beside_a_value
@pytest.mark.parametrize("sign", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_arithmetic_refuses_the_same(sign: Any, x: Any, message: str) -> None:
    if type(x) is int:
        match, errors = "bits", TypeError
    elif type(x) is object:
        match, errors = "unsupported operand", (TypeError,)
    else:
        match, errors = f"a formula of Values {message}", (TypeError,)
    for a, b in ((Value(2.0), x), (x, Value(2.0)), (Constant(2.0), x)):
        with pytest.raises(errors, match=match):
            sign(a, b)


@refused_beside_a_value
def test_comparisons_refuse_the_same(x: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^a comparison with a Value {message}"):
        operator.lt(Value(2.0), x)


def test_a_value_is_no_plain_number() -> None:
    with pytest.raises(
        TypeError, match=r"a Value holds a plain number, got Value\(data=1\.0, grad=0\.0\); use v\.data"
    ):
        Value(Value(1.0))


def test_a_huge_int_is_refused_however_many_digits() -> None:
    with pytest.raises(TypeError, match="holds a float64, but this int has 16610 bits"):
        Value(10**5000)


@pytest.mark.parametrize(
    "x", [2, 2.0, np.float64(2), np.float32(2), np.float16(2), np.int8(2), np.int64(2), np.uint8(2), np.longdouble(2)]
)
def test_numbers_of_every_kind_from_both_sides(x: Any) -> None:
    assert type(Value(x).data) is float
    v = Value(3.0)
    for node, expected in (
        (v + x, 5.0),
        (x + v, 5.0),
        (v - x, 1.0),
        (x - v, -1.0),
        (v * x, 6.0),
        (x * v, 6.0),
        (v / x, 1.5),
        (x / v, 2.0 / 3.0),
        (v**x, 9.0),
        (x**v, 8.0),
        (v.maximum(x), 3.0),
        (autograd.minimum(x, v), 2.0),
    ):
        assert type(node) is Value
        assert node.data == expected
        assert type(node.data) is float
        v.zero_grad()
        node.backward()
        assert type(v.grad) is float
    assert x < v
    assert v > x
    assert v >= x
    assert x <= v


def test_data_and_grad_are_settable_and_stay_python_floats() -> None:
    for v in (Value(1), Parameter(1)):
        v.data, v.grad = np.float32(3), 2
        assert (v.data, v.grad, v.has_grad) == (3.0, 2.0, True)
        assert (type(v.data), type(v.grad)) == (float, float)
        v.zero_grad()
        assert (v.grad, v.has_grad) == (0.0, False)
        v.backward(seed=np.float64(2.5))
        assert (v.grad, type(v.grad)) == (2.5, float)


def test_values_keep_special_numbers() -> None:
    assert Value(math.inf).data == math.inf
    assert math.isnan(Value(math.nan).data)
    assert math.copysign(1.0, Value(-0.0).data) == -1.0


# Identity, order, truth


@pytest.mark.parametrize("kind", [Value, Parameter, Constant])
def test_two_values_are_equal_if_they_are_one(kind: Any) -> None:
    a, b = kind(1.0), kind(1.0)
    assert a == a
    assert a != b
    assert {a: "a", b: "b"}[a] == "a"
    assert a in [b, a]
    assert a not in [b]
    assert [b, a].index(a) == 1
    assert len({a, b, a}) == 2
    assert hash(a) == object.__hash__(a)


@pytest.mark.parametrize("kind", [Value, Parameter, Constant])
def test_a_value_equals_numbers_by_value(kind: Any) -> None:
    a = kind(1.0)
    for same in (1, 1.0, True, np.float64(1), np.int8(1), np.True_):
        assert a == same
        assert same == a
        assert (a != same) is False
        assert a in [same]
        assert a not in {same}, "its number may change, its hash must not"
    for other in (2, 1.5, False, math.nan, "1", None, 1j, object()):
        assert a != other
        assert other != a
    assert kind(math.nan) != math.nan
    a.data = 7.0
    assert a == 7
    for array in (np.array([7.0]), np.array([7.0, 8.0])):
        with pytest.raises(TypeError, match="a comparison with a Value holds one number, got an array of shape"):
            a == array  # noqa: B015


@pytest.mark.parametrize("x", [True, False, np.True_, np.False_])
def test_bools_are_the_numbers_0_and_1(x: Any) -> None:
    v = Value(3.0)
    results = [v + x, x + v, v - x, x - v, v * x, x * v, v**x, v.maximum(x)]
    assert [y.data for y in results] == [3.0 + x, 3.0 + x, 3.0 - x, float(x) - 3.0, 3.0 * x, 3.0 * x, 3.0**x, 3.0]
    assert (v > x, v < x, v == x) == (True, False, False)
    gate = (v > 0) * v
    gate.backward()
    assert (gate.data, v.grad) == (3.0, 1.0)


def test_order_is_by_value() -> None:
    a, b = Value(1.0), Value(2.0)
    results = [a < b, a <= b, a > b, a >= b, a < 1.5, a > 1.5, a <= 1, a >= 1]
    assert results == [True, True, False, False, True, False, True, True]
    assert all(type(result) is bool for result in results)
    assert max(a, b) is b
    assert sorted([b, a]) == [a, b]
    nan = Value(math.nan)
    assert [nan < a, nan > a, nan <= a, nan >= nan] == [False] * 4


def test_truth_is_ambiguous() -> None:
    with pytest.raises(
        TypeError, match=r"the truth of 'a' \(data=1\.0\) is ambiguous: compare it \(v > 0\), use v\.data"
    ):
        bool(Value(1.0, label="a"))
    with pytest.raises(TypeError, match="ambiguous"):
        Value(1.0) and 1


@pytest.mark.parametrize(
    "convert", [float, int, complex, math.exp, math.floor, round, np.float64, np.floor, operator.index, len, iter]
)
def test_there_is_no_way_to_lose_the_gradient_unseen(convert: Any) -> None:
    with pytest.raises(TypeError):
        convert(Value(1.0))


def test_values_can_be_weakly_referenced() -> None:
    v = Value(1.0)
    assert weakref.ref(v)() is v


@pytest.mark.parametrize("make", [lambda: Value(1.0), lambda: Parameter(1.0), lambda: Leaves().p])
def test_leaves_keep_attributes_of_ones_own(make: Any) -> None:
    v = make()
    v.momentum, v.note = 0.5, {"of": [1, 2]}
    y = (v * 2.0).tanh()
    for copied in (copy.copy(v), copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        assert (type(copied), copied.data, copied.momentum, copied.note) == (type(v), 1.0, 0.5, {"of": [1, 2]})
    for graph in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        (inner,) = graph.args
        assert inner.args[0].momentum == 0.5
    assert type(v).__name__ in ("Value", "Parameter"), "as messages call it"


class Leaves(nn.Module):
    def __init__(self) -> None:
        self.p = Parameter(1.0)


def test_results_have_no_room_for_attributes_and_are_small() -> None:
    y = Value(1.0) * 2.0
    assert not hasattr(y, "__dict__")
    with pytest.raises(AttributeError):
        y.grda = 1.0


def test_a_subclass_keeps_what_is_set_on_it() -> None:
    v = Labelled(2.0)
    v.unit = "m"
    copied = copy.deepcopy(v)
    assert (type(copied), copied.data, copied.unit, type(v + 1)) == (Labelled, 2.0, "m", Value)


class Labelled(Value):
    pass


# Text


def test_repr() -> None:
    assert repr(Value(2)) == str(Value(2)) == "Value(data=2.0, grad=0.0)"
    assert repr(Value(2, label="it's")) == 'Value(data=2.0, grad=0.0, label="it\'s")'
    assert repr(Parameter(0.5, label="w")) == "Parameter(data=0.5, grad=0.0, label='w')"
    assert repr(Constant(2.0)) == "Constant(data=2.0)"
    assert repr(Constant(2.0, label="c")) == "Constant(data=2.0, label='c')"
    assert repr(Value(math.nan)) == "Value(data=nan, grad=0.0)"


def test_format() -> None:
    assert f"{Value(2.5):.3f}|{Value(2.5):>8}|{Value(0.25):.0%}" == "2.500|     2.5|25%"
    assert f"{Value(2.5)}" == "Value(data=2.5, grad=0.0)"


def test_describe_names_label_operation_and_scope() -> None:
    with scope("net"):
        a = Value(2.0, label="a")
    assert a.describe() == "'a' (data=2.0) in net"
    assert Value(2.0).describe() == "a leaf (data=2.0)"
    assert (a * a).describe() == "the result of mul (data=4.0)"


def test_labels() -> None:
    v = Value(1.0)
    assert v.label == ""
    v.label = 'x <&> "y"'
    assert v.label == 'x <&> "y"'
    for wrong in (None, 1, v):
        with pytest.raises(TypeError, match="a label is a string, got"):
            v.label = wrong
        with pytest.raises(TypeError, match="a label is a string, got"):
            Value(1.0, label=wrong)


# History


def test_args_and_partials() -> None:
    a, b = Value(2.0), Value(3.0)
    product = a * b
    assert (product.args, product.partials) == ((a, b), (3.0, 2.0))
    assert (a.args, a.partials, a.op) == ((), (), None)
    twice = a + a
    assert (twice.args, twice.partials) == ((a, a), (1.0, 1.0))
    shifted = a + 1
    assert shifted.args[0] is a
    assert type(shifted.args[1]) is Constant
    assert shifted.partials == (1.0, None)
    choice = autograd.where(a > 0, a, b)
    assert [arg.data for arg in choice.args] == [1.0, 2.0, 3.0]
    assert choice.partials == (None, 1.0, 0.0)
    many = autograd.logsumexp(a, 1.0, b)
    assert (many.args[0], many.args[2], many.partials[1]) == (a, b, None)
    assert autograd.logsumexp(a).args == (a,)


def test_constants_carry_no_gradient() -> None:
    x = Value(3.0, label="x")
    held = x.detach()
    assert (type(held), held.data, held.label, held.requires_grad) == (Constant, 3.0, "x", False)
    both = held * 2 + Constant(1.0)
    assert (type(both), both.data, both.op.name, both.partials) == (Constant, 7.0, "add", (None, None))
    y = x * held
    assert y.requires_grad
    y.backward()
    assert (x.grad, held.grad, held.has_grad) == (3.0, 0.0, False)


@pytest.mark.parametrize(
    "call", [lambda c: c.backward(), lambda c: next(sweep(c)), lambda c: autograd.gradients(c, [])]
)
def test_a_constant_has_nothing_to_differentiate(call: Any) -> None:
    with pytest.raises(
        TypeError, match=r"'c' \(data=1\.0\) is a constant, there is nothing to differentiate\. It was made"
    ):
        call(Constant(1.0, label="c"))


@pytest.mark.parametrize("seed", ["1", None, 1j, True, Value(1.0)])
def test_a_seed_is_a_number(seed: Any) -> None:
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"the seed of backward\(\) holds"):
        (x * 2).backward(seed)
    with pytest.raises(TypeError, match="the seed of a sweep holds"):
        sweep(x * 2, seed)
    assert not x.has_grad


@pytest.mark.parametrize("root", [1.0, None, [Value(1.0)], np.float64(2.0)])
def test_backward_on_what_is_no_value(root: Any) -> None:
    with pytest.raises(
        TypeError, match=f"a sweep starts from a Value, got {type(root).__name__}.*Compute the loss from"
    ):
        sweep(root)
    with pytest.raises(TypeError, match="a gradient starts from a Value"):
        autograd.gradients(root, [Value(1.0)])
    message = rf"takes the Values to differentiate by, xs\[1\] is {type(root).__name__}.*make it a Value before"
    with pytest.raises(TypeError, match=message):
        autograd.gradients(Value(1.0), [Value(1.0), root])
    with pytest.raises(TypeError, match=rf"ancestors\(root\) takes a Value, got {type(root).__name__}"):
        autograd.ancestors(root)


def test_gradients_takes_a_list() -> None:
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"takes a list of Values, got one Value; write gradients\(y, \[x\]\)"):
        autograd.gradients(x * 2, x)
