"""The text form of graphs: there and back, for whatever is traced and at each stage; and the errors of its parser."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Parameter, nn, op
from autograd.compiler.backend import InputArray
from autograd.compiler.graph.conditions import CONDITIONS, selection, unchecked
from autograd.compiler.graph.graph import Graph
from autograd.compiler.graph.rooted import RootedGraph
from autograd.compiler.graph.text import text
from autograd.compiler.pipeline import stages
from autograd.compiler.trace.run import trace
from autograd.operation import OPS, Op
from tests.compiler.graph.parse import parse

GRAPHS = ("trace", "totals", "dots", "gradients", "tidy")


def everything(graph):
    """All of a graph that matters: what is remembered of simplifications does not."""
    nodes, size = graph.graph, graph.size
    numbers = {node: float(x).hex() for node, x in nodes.numbers.items() if node < size}
    payload = {node: x for node, x in nodes.payload.items() if node < size and node not in numbers}
    lines = {node: x for node, x in nodes.lines.items() if node < size}
    lists = nodes.kinds[:size], nodes.args[:size], nodes.uniform[:size]
    gradients = graph.gradients
    found = gradients.sums, list(gradients.parameters.items()), list(gradients.inputs.items())
    return lists, numbers, payload, lines, graph.roots, set(graph.checked), found


def assert_there_and_back(graph, **ops):
    written = text(graph)
    back = parse(written, **ops)
    assert text(back) == written
    assert everything(back) == everything(graph)


def random_function(seed):
    """A function of four inputs and twelve weights, of all that a trace can hold."""
    choice = random.Random(seed)
    w = Parameter.many(np.random.default_rng(seed).normal(size=12))
    one = [op for op in OPS.values() if op.arity == 1] + [abs, lambda v: v.detach(), lambda v: v * 1e-300]
    two = [op for op in OPS.values() if op.arity == 2 and op.name != "pow"]

    def more(values):
        a, b, c = (choice.choice(values) for _ in range(3))
        return choice.choice(
            [
                lambda: choice.choice(one)(a),
                lambda: choice.choice(two)(a, b),
                lambda: autograd.where((a > b) & ((b < c) | (a >= 0.25)), b, c),
                lambda: autograd.where(a <= b, c, choice.choice([0.0, -0.0, 3.5])),
                lambda: autograd.dot(w[3:9], [a, b, c, a, b, b], w[choice.randrange(12)]),
                lambda: choice.choice(w) * a + choice.choice(w) * b,
                lambda: autograd.maximum(a, b) + autograd.logsumexp(a, b, c),
                lambda: autograd.leaky_relu(a, slope=0.125),
                lambda: autograd.gradients(a * b + w[0], [b], record=True)[0] + a,
                lambda: autograd.gradients(autograd.sqrt(a * a + 1.0) / b, [a, b], record=True)[choice.randrange(2)],
                lambda: autograd.dot(w[:4], values[:4]),
                lambda: autograd.exp(choice.choice(w) ** 2 + choice.choice(w)) * a,
                lambda: a + sum(p * p for p in w),
            ]
        )()

    def f(xs):
        choice.seed(seed)
        values = list(xs)
        for _ in range(choice.randrange(1, 25)):
            values.append(more(values))
        return sum(values)

    return f


@given(st.integers(0, 10**6), st.sampled_from(["values", "parameters", "inputs"]))
def test_a_random_program_is_the_same_there_and_back_at_each_stage(seed, goal):
    made = stages(trace(random_function(seed), [InputArray("x", 4, scalar=False)]), goal)
    for stage in GRAPHS:
        assert_there_and_back(getattr(made, stage))


def test_random_programs_have_all_kinds_of_lines():
    texts = []
    for seed in range(60):
        made = stages(trace(random_function(seed), [InputArray("x", 4, scalar=False)]), "parameters")
        texts += [text(getattr(made, stage)) for stage in GRAPHS]
    written = "\n".join(texts)
    words = ["dot ", "vec ", "product ", "squares ", "adjoint ", "seed", "select(", "leaky_relu(slope=0.125)", "-0.0"]
    words += [" checked", " unchecked", "sum w", "sum %", "flow ", "identity ", "passed_on ", "both ", ".."]
    assert [word for word in words if word not in written] == []


def test_buffers_and_means_over_the_batch():
    model = nn.Sequential(nn.Layer(2, 4, rng=0), nn.BatchNorm(4))
    made = stages(trace(lambda x: sum(model(x)), [InputArray("x", 2, scalar=False)]), "parameters")
    assert "batch_mean" in text(made.trace)
    assert "adjoint_mean" in text(made.tidy)
    model.eval()
    evaluated = stages(trace(lambda x: sum(model(x)), [InputArray("x", 2, scalar=False)]), "values")
    assert "= b" in text(evaluated.trace)
    for stage in GRAPHS:
        assert_there_and_back(getattr(made, stage))
        assert_there_and_back(getattr(evaluated, stage))


@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, -1e-05, 1e300, 5e-324, 0.1, np.inf, -np.inf, np.nan])
def test_constants_are_the_same_to_the_last_bit(number):
    nodes = Graph()
    assert_there_and_back(RootedGraph.of(nodes, (nodes.constant(number),)))


def test_an_alias_may_stand_twice():
    nodes = Graph()
    x = nodes.leaf("input", 0)
    assert_there_and_back(RootedGraph.of(nodes, (nodes.alias(x, 0), nodes.alias(x, 1))))


def test_a_condition_of_any_form():
    made = selection(("|", ("&", (">=", 0, 1), ("<", 2, 0)), ("<=", 1, 1)))
    assert parse(f"%0 = x0\n%1 = {made.name} %0 %0 %0 %0 %0\n-> %1").graph.kinds[1] is made
    for condition in CONDITIONS.values():
        assert parse(f"%0 = x0; %1 = {condition.name} %0 %0 -> %1".replace("->", "\n->")).graph.kinds[1] is condition


def test_an_operation_of_no_table_is_given():
    nodes = Graph()
    own = Op("own", lambda m, x: x, lambda y, x: (1.0,), OPS["tanh"].domain, "own")
    graph = RootedGraph.of(nodes, (nodes.record(own, (nodes.leaf("input", 0),)),))
    assert_there_and_back(graph, ops={"own": own})
    with pytest.raises(ValueError, match=r"line 2, .*no operation 'own' is known; if it is one of your own, declare"):
        parse(text(graph))


def test_an_operation_that_was_declared_is_found():
    declared = op("tripled", kernel=lambda xp, x: x * 3.0, partials=lambda y, x: (3.0,))
    try:
        assert parse("%0 = x0\n%1 = tripled %0\n-> %1").graph.kinds[1] is declared
    finally:
        del OPS["tripled"]


def test_an_operation_without_its_domain_is_another_one():
    graph = parse("%0 = x0; %1 = log %0; %2 = log %0 unchecked\n-> %1 %2")
    assert graph.graph.kinds[1:] == [OPS["log"], unchecked(OPS["log"])]


def test_a_text_may_have_comments_and_several_nodes_in_a_line():
    graph = parse("""
        # the square of an input
        %0 = x0; %1 = mul %0 %0  # never below zero
        -> %1
    """)
    assert text(graph) == "%0 = x0\n%1 = mul %0 %0\n-> %1"


def test_of_a_large_graph_it_is_said_what_is_left_out():
    nodes = Graph()
    rows = tuple(nodes.leaf("input", k) for k in range(1500))
    graph = RootedGraph.of(nodes, rows)
    assert text(graph, most=2) == "%0 = x0\n%1 = x1\n... 1,498 lines left out (most=2)\n-> %0..%1499"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("%0 = x0\n%2 = tanh %0\n-> %0", r"line 2, '%2 = tanh %0': this is node number 1; call it %1"),
        ("%0 = x0\n%1 = tanh %1\n-> %1", r"line 2, .*: %1 is not there yet; an operand is the result of a line above"),
        ("%0 = x0\n%1 = x0\n-> %1", r"line 2, .*: this node is there already; use %0"),
        ("%0 = x0\n%1 = tanh %0\n%2 = tanh %0\n-> %1", r"line 3, .*: this node is there already; use %1"),
        ("%0 = x0", r"at the end: the roots are missing; end with a line such as '-> %0'"),
        ("%0 = x0\n-> %0\n%1 = x1", r"line 3, .*: something follows the roots; the line of the roots is the last one"),
        ("%0 = x0\n%1 = tahn %0\n-> %1", r"line 2, .*: no operation 'tahn' is known; .*op\('tahn', ...\)"),
        ("%0 = x0\n%1 = tanh %0 %0\n-> %1", r"line 2, .*: tanh takes 1 operands, not 2; leave some out or add some"),
        ("%0 = x0\n%1 = tanh\n-> %1", r"line 2, .*: 'tanh' is no leaf, and as an operation it needs operands"),
        ("%0 = x0\n%1 = tanh x0\n-> %1", r"line 2, .*: 'x0' is no node; write one as %0"),
        ("%0 = 1.0.0\n-> %0", r"line 1, .*: '1.0.0' is no number; write it as Python does"),
        ("%0 = x0\n%1 = dot %0\n-> %1", r"line 2, .*: a sum of products needs a term; write it as 'dot %0\*%1'"),
        ("%0 = x0\n%1 = dot %0:w1+1\n-> %1", r"line 2, .*: '%0:w1\+1' is no term of a dot; write one as %0\*%1"),
        ("%0 = x0\n%1 = product %0:w1+1\n-> %1", r"line 2, .*: %0 is no vec; a product multiplies a vec"),
        ("%0 = x0\n%1 = vec %0\n%2 = product %1*w1\n-> %2", r"line 3, .*: '%1\*w1' is no part of a product"),
        ("%0 = x0\n%1 = vec %0\n%2 = product %1:w1\n-> %2", r"line 3, .*: 'w1' is no line of parameters; .* w4\+1"),
        ("%0 = x0\n%1 = select(x0) %0 %0\n-> %1", r"line 2, .*: '\(x0\)' is no condition; write it as 'select"),
        ("%0 = x0\n%1 = select(x0<x0<x0) %0 %0 %0\n-> %1", r"line 2, .*: '\(x0<x0<x0\)' is no condition"),
        ("%0 = x0\n%1 = select(x0<x1) %0 %0 %0\n-> %1", r"line 2, .*: this takes 4 operands, not 3: what is compared"),
        ("%0 = x0; %1 = x1\n%2 = vec %1..%0\n-> %2", r"line 2, .*: '%1..%0' goes backwards; write the smaller number"),
        ("%0 = x0\n%1 tanh %0\n-> %1", r"line 2, .*: this is no line of a graph; write a node as '%2 = mul %0 %1'"),
        (
            "%0 = x0\n%1 = leaky_relu(slop=1.0) %0\n-> %1",
            r"line 2, .*: leaky_relu has no argument slop; did you mean slope\?; it has: slope",
        ),
    ],
)
def test_an_error_says_the_line_and_the_cure(wrong, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        parse(wrong)
