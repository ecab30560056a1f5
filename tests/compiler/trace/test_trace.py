"""Tracing: what becomes of a function, and every way in which it is refused."""

import importlib.util
import math
import operator
import random
import re

import numpy as np
import pytest

import autograd
from autograd import Constant, DomainError, Parameter, TraceError, Value, nn, no_grad, scope, where
from autograd.compiler import Program
from autograd.compiler.backend import InputArray
from autograd.compiler.graph.conditions import IDENTITY
from autograd.compiler.trace.run import trace

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]

ONE = [InputArray("x", 1, scalar=True)]
TWO = [InputArray("x", 2, scalar=False)]


def kinds(f, arrays=ONE):
    graph = trace(f, arrays).graph
    return [kind if isinstance(kind, str) else kind.name for kind in graph.kinds]


# What is recorded


def test_a_formula_becomes_nodes_operands_first():
    assert kinds(lambda x: (x * 2.0).tanh() + x) == ["input", "constant", "mul", "tanh", "add"]


def test_what_is_equal_is_one_node():
    assert kinds(lambda x: (x * x) * (x * x)) == ["input", "mul", "mul"]


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x * 1.0 + 0.0, ["input"]),
        (lambda x: x.neg().neg(), ["input"]),
        (lambda x: 0.0 - x, ["input", "neg"]),
        (lambda x: x / 1, ["input"]),
        (lambda x: x**2, ["input", "mul"]),
        (lambda x: x**1, ["input"]),
        (lambda x: x**0.5, ["input", "sqrt"]),
        (lambda x: where(True, x, x * 2.0), ["input"]),
        (lambda x: sum([x, x * x]), ["input", "mul", "add"]),
    ],
)
def test_what_is_trivial_is_left_out(f, expected):
    graph = trace(f, ONE).graph
    needed = graph.live(trace(f, ONE).results)
    assert [
        k if isinstance(k, str) else k.name for k, live in zip(graph.kinds, needed, strict=True) if live
    ] == expected


def test_operators_from_both_sides_and_numpy_scalars():
    f = lambda x: 2 - x + np.float64(3.0) * x / np.int64(2) + 2**x + abs(x) - +x
    got = Program(f, "numpy")(np.array([1.5]))
    assert got == pytest.approx([2 - 1.5 + 3 * 1.5 / 2 + 2**1.5 + 1.5 - 1.5])


@pytest.mark.parametrize("compared", [operator.lt, operator.le, operator.gt, operator.ge])
def test_comparisons_from_both_sides_with_numpy_scalars(compared):
    f = lambda x: where(compared(np.float64(0.5), x), 1.0, 0.0) + where(compared(x, np.float64(0.5)), 2.0, 0.0)
    points = np.array([0.0, 0.5, 1.0])
    assert Program(f, "numpy")(points).tolist() == [compared(0.5, x) + 2.0 * compared(x, 0.5) for x in points]


def test_values_of_constants_may_be_compared_as_ever():
    assert kinds(lambda x: x * 2.0 if Constant(3.0) > 1 else x)[-1] == "mul"


def test_parameters_are_live():
    w = Parameter(2.0)
    program = Program(lambda x: maximum_of(w, x), "numpy")
    assert program(np.array([1.0])).tolist() == [2.0]
    w.data = 7.0
    assert program(np.array([1.0])).tolist() == [7.0]


def maximum_of(a, b):
    return autograd.maximum(a, b)


def test_a_penalty_of_parameters_belongs_to_the_trace_and_stays_live():
    w = Parameter(2.0)
    program = Program(lambda x: x * 0.0 + w * w, "numpy")
    w.data = 3.0
    assert program.backward(np.array([1.0, 2.0])) == 9.0
    assert w.grad == 6.0


def test_a_result_may_come_from_parameters_alone():
    w = Parameter(3.0)
    program = Program(lambda x: w * w, "numpy")
    assert program(np.zeros(2)).tolist() == [9.0, 9.0]
    assert program.backward(np.zeros(2)) == 9.0
    assert w.grad == 6.0


def test_comparing_parameters_in_a_trace_gives_a_live_condition():
    w = Parameter(1.0)
    program = Program(lambda x: where(w > 0, x, -x), "numpy")
    assert program(np.array([5.0])).tolist() == [5.0]
    w.data = -1.0
    assert program(np.array([5.0])).tolist() == [-5.0]


def test_no_gradient_flows_through_detach_and_no_grad():
    w = Parameter(2.0)

    def f(x):
        with no_grad():
            frozen = w * x
            of_parameters = w * w
        return w.detach() * x + frozen + of_parameters + x.detach() * w

    program = Program(f, "numpy")
    assert program.backward(np.array([3.0])) == 22.0
    assert w.grad == 3.0
    w.data, w.grad = 1.0, 0.0
    assert program.backward(np.array([3.0])) == 10.0  # what is detached stays live
    assert program.gradients(np.array([3.0]))[0].tolist() == [1.0]


def test_a_value_that_is_made_inside_is_a_number():
    program = Program(lambda x: sum((x * k for k in range(3)), Value(1.0)), "numpy")
    assert program(np.array([2.0])).tolist() == [7.0]


def test_conditions_join_and_turn_round():
    f = lambda x: (
        where((x > 0) & (x < 1) | (x > 5), 1.0, 0.0) + where(~(x > 0), 10.0, 0.0) + where((x > 0) & True, 0.0, 0.5)
    )
    assert Program(f, "numpy")(np.array([0.5, 3.0, 6.0, -1.0])).tolist() == [1.0, 0.0, 1.0, 10.5]


def test_many_joined_conditions():
    def f(xs):
        condition = xs[0] > 0
        for x in xs[1:]:
            condition = condition & (x > 0)
        return where(condition, xs[0], -1.0)

    rows = np.ones((2, 40))
    rows[1, 17] = -1.0
    assert Program(f, "numpy")(rows).tolist() == [1.0, -1.0]


def test_labels_and_scopes_name_nodes():
    def f(x):
        with scope("layers.1"):
            y = x.tanh()
        y.label = "hidden"
        assert (y.label, y.scope, y.requires_grad) == ("hidden", "layers.1", True)
        assert repr(y) == "<traced 'hidden' in layers.1>"
        return y * 1.5

    assert kinds(f)[-1] == "mul"


def test_detached_nodes_are_marked():
    graph = trace(lambda x: x.detach() * x, ONE).graph
    assert IDENTITY in graph.kinds


def test_a_long_chain_needs_no_recursion():
    w = Parameter(1e-3)

    def f(x):
        penalty = w
        for _ in range(20_000):
            x, penalty = x + 1.0, penalty + w
        return x * penalty

    program = Program(f, "numpy")
    assert program.backward(np.array([1.0])) == pytest.approx(20_001.0 * 20.001)


# What a traced number can't do


def choose(x):
    return x if x > 0 else -x


def raises(f, *texts, arrays=ONE, error=TraceError):
    with pytest.raises(error) as caught:
        trace(f, arrays)
    for text in texts:
        assert text in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (choose, "where(condition, a, b)"),
        (lambda x: x and 1.0, "where(condition, a, b)"),
        (lambda x: (x > 0) or 1.0, "join conditions by & and |"),
        (lambda x: not x, "where(condition, a, b)"),
        (lambda x: max(x, 0.0), "maximum(a, b)"),
        (lambda x: min([x, x * 2.0]), "minimum(a, b)"),
        (lambda x: 0 < x < 1, "join conditions by & and |"),
        (lambda x: float(x), "autograd.exp(x), or x.exp()"),
        (lambda x: math.exp(x), "autograd.exp(x), or x.exp()"),
        (lambda x: int(x), "Do that to the data before the call"),
        (lambda x: round(x), "Do that to the data before the call"),
        (lambda x: math.floor(x), "Do that to the data before the call"),
        (lambda x: math.ceil(x), "Do that to the data before the call"),
        (lambda x: math.trunc(x), "Do that to the data before the call"),
        (lambda x: [1.0, 2.0][x], "one-hot"),
        (lambda x: range(x), "one-hot"),
        (lambda x: f"{x}", "program.inspect(X, Y, sample=0)"),
        (lambda x: f"{x:.3f}", "program.inspect(X, Y, sample=0)"),
        (lambda x: x if x == 1.0 else 0.0, "where((a >= b) & (a <= b), x, y)"),
        (lambda x: x == x, "where((a >= b) & (a <= b), x, y)"),
        (lambda x: x != 1, "where((a >= b) & (a <= b), x, y)"),
        (lambda x: x.data, "inspect"),
        (lambda x: x.grad, "inspect"),
        (lambda x: x.item(), "inspect"),
        (lambda x: x.backward(), "program.backward(X, Y)"),
        (lambda x: x[0], "(batch, k)"),
        (lambda x: list(x), "(batch, k)"),
        (lambda x: len(x), "(batch, k)"),
        (lambda x: (x > 0) == True, "=="),  # noqa: E712
    ],
)
def test_asking_for_a_number_is_refused_with_the_cure(f, text):
    with pytest.raises((TraceError, TypeError)) as caught:
        trace(f, ONE)
    if isinstance(caught.value, TraceError):
        assert text in str(caught.value)
        assert "test_trace.py:" in str(caught.value)
    else:
        assert "Condition" in str(caught.value)  # Python's own words where the operator doesn't exist


def test_the_error_names_label_scope_and_the_line_of_the_user():
    def f(x):
        with scope("head"):
            y = x[1].tanh()
            return 1.0 if y > 0 else 0.0

    raises(
        f,
        "the truth of the comparison (the result of tanh > 0.0) in head",
        "test_trace.py:",
        "(return 1.0 if y > 0 else 0.0)",
        arrays=TWO,
    )
    raises(lambda x: float(x[1]), "float() of 'x[1]'", arrays=TWO)
    w = Parameter(1.0, label="w")
    raises(lambda x: 1.0 if (w > 0) & (x[0] < w) else x, "a condition joined by &", arrays=TWO)


def test_none_and_strings_are_simply_not_equal():
    assert kinds(lambda x: x * 2.0 if x != None and x != "a" else x)[-1] == "mul"  # noqa: E711


# What it may not use


def test_a_value_from_outside_is_refused_and_told_apart():
    leaf, product = Value(2.0, label="k"), Parameter(2.0, label="w") * 3.0
    raises(lambda x: x * leaf, "'k' (data=2.0)", "neither a parameter nor an input", "Make it a Parameter")
    raises(lambda x: x * product, "the result of mul (data=6.0)", "computed before the compiled function was called")
    assert kinds(lambda x: x * Constant(2.0) * leaf.data)[-1] == "mul"


def test_a_symbol_that_outlives_its_trace_is_refused():
    kept = []
    trace(lambda x: kept.append(x) or x * 2.0, ONE)
    raises(lambda x: x * kept[0], "outside of the trace that made it")
    with pytest.raises(TraceError, match="outside of the trace that made it"):
        kept[0] + 1.0


# What it may return


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: None, "is a `return` missing?"),
        (lambda x: 3.0, "the number 3.0 whatever the arguments are"),
        (lambda x: Value(3.0), "the constant 3.0 whatever the arguments are"),
        (lambda x: [x, 1.0], "item 1 of its list is the number 1.0"),
        (lambda x: [[x]], "a flat list of numbers, but item 0 of its list is list"),
        (lambda x: "text", "it is str: 'text'"),
        (lambda x: x > 0, "return where(condition, 1.0, 0.0)"),
        (lambda x: [], "an empty list"),
    ],
)
def test_returns_that_are_refused(f, text):
    raises(f, text)


# Hidden randomness


def test_hidden_randomness_is_found():
    rng = random.Random(0)
    raises(
        lambda x: x * rng.random(),
        "traced a second time",
        "the number 0.7579",
        "give them as an argument, or use nn.Dropout",
    )


def test_hidden_state_is_found():
    calls = []

    def f(x):
        calls.append(1)
        return x if len(calls) % 2 else x * 2.0

    raises(f, "traced a second time")


def test_random_masks_are_inputs():
    layer = nn.Dropout(0.5, rng=0)
    traced = trace(lambda x: layer(x), TWO)
    assert [(array.kind, array.columns) for array in traced.arrays] == [("data", 2), ("mask", 2)]
    assert traced.generators == (layer.rng,)


# Errors of the user's own pass through


def test_domain_errors_of_constants_are_raised_at_once():
    with pytest.raises(DomainError, match=re.escape("log(x) needs x > 0, got x = -1.0")):
        trace(lambda x: x * autograd.log(Value(-1.0)), ONE)


def test_after_an_error_the_next_trace_is_clean():
    raises(choose, "where")
    assert autograd.scopes.current().trace is None
    assert kinds(lambda x: x * 2.0)[-1] == "mul"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x > 0) * 2.0,
        lambda x: 1.0 + (x > 0),
        lambda x: (x > 0) * x + True * x - np.True_ + x * False,
        lambda x: (x > 0) * (x < 2) - (x > 1),
        lambda x: sum((x > k) for k in range(3)) * x,
        lambda x: np.float64(3.0) * (x > 0) / 2 + -(x > 1),
        lambda x: ((x > 0) & (x < 2)) * x,
        lambda x: 2.0 ** (x > 0),
    ],
)
def test_conditions_and_bools_count_1_or_0_as_in_eager_code(f):
    X = np.array([-1.5, 0.0, 0.5, 1.5, 2.5])
    expected = [f(x) for x in X.tolist()]
    found = [y.data if isinstance(y, Value) else y for y in map(f, map(Value, X))]
    assert found == expected
    for backend in BACKENDS:
        np.testing.assert_allclose(autograd.compile(f, backend=backend)(X), expected, rtol=1e-15)


def test_a_comparison_by_equality_is_refused_for_what_is_no_symbol_too():
    w = Parameter(1.0)
    with pytest.raises(TraceError, match=r"== of .* can't compare it"):
        autograd.compile(lambda x: x * (w == 1.0), backend="numpy")(np.ones(2))
    assert autograd.compile(lambda x: x * float(w in [w]), backend="numpy")(np.ones(2)).tolist() == [1.0, 1.0]
