"""What is equal is one node, constants are folded, and what is simpler is taken: as text before and after."""

from autograd.compiler.graph.graph import Graph
from autograd.compiler.graph.rooted import RootedGraph
from autograd.operation import Op
from autograd.ops import tanh
from tests.compiler.graph.parse import parse


def recorded(graph):
    """The same nodes, each as simple as `Graph.record` makes it."""
    nodes, names = Graph(), {}
    for node in range(graph.size):
        kind, args = graph.graph.kinds[node], graph.graph.args[node]
        is_op = isinstance(kind, Op)
        made = nodes.record(kind, tuple(names[a] for a in args)) if is_op else graph.graph.copy_into(nodes, node, names)
        names[node] = made
    return RootedGraph.of(nodes, tuple(names[root] for root in graph.roots))


def test_constants_are_folded(becomes):
    becomes(recorded)("""
        %0 = 2.0; %1 = 3.0
        %2 = add %0 %1
        -> %2
        =>
        %0 = 2.0; %1 = 3.0; %2 = 5.0
        -> %2
    """)


def test_a_division_by_zero_of_constants_is_an_infinity(becomes):
    becomes(recorded)("""
        %0 = 1.0; %1 = 0.0
        %2 = div %0 %1
        -> %2
        =>
        %0 = 1.0; %1 = 0.0; %2 = inf
        -> %2
    """)


def test_conditions_that_are_known_are_folded(becomes):
    becomes(recorded)("""
        %0 = 1.0; %1 = 0.0
        %2 = both %0 %0
        %3 = both %0 %1
        %4 = both %1 %0
        %5 = either %1 %1
        %6 = either %0 %1
        %7 = either %1 %0
        -> %2 %3 %4 %5 %6 %7
        =>
        %0 = 1.0; %1 = 0.0
        -> %0 %1 %1 %1 %0 %0
    """)


def test_neutral_numbers_and_double_signs_vanish(becomes):
    becomes(recorded)("""
        %0 = x0; %1 = 0.0; %2 = 1.0; %3 = -1.0
        %4 = add %0 %1
        %5 = sub %1 %0
        %6 = mul %2 %0
        %7 = mul %0 %3
        %8 = div %0 %2
        %9 = neg %7
        -> %4 %5 %6 %7 %8 %9
        =>
        %0 = x0; %1 = 0.0; %2 = 1.0; %3 = -1.0
        %4 = neg %0
        -> %0 %4 %0 %4 %0 %0
    """)


def test_whole_powers_are_products(becomes):
    becomes(recorded)("""
        %0 = x0; %1 = 0.5; %2 = 1.0; %3 = 2.0; %4 = 3.0; %5 = 4.0; %6 = 5.0
        %7 = pow %0 %1
        %8 = pow %0 %2
        %9 = pow %0 %3
        %10 = pow %0 %4
        %11 = pow %0 %5
        %12 = pow %0 %6
        -> %7 %8 %9 %10 %11 %12
        =>
        %0 = x0; %1 = 0.5; %2 = 1.0; %3 = 2.0; %4 = 3.0; %5 = 4.0; %6 = 5.0
        %7 = sqrt %0
        %8 = mul %0 %0
        %9 = mul %8 %0
        %10 = mul %8 %8
        %11 = pow %0 %6
        -> %7 %0 %8 %9 %10 %11
    """)


def test_a_choice_between_equals_or_by_a_constant_is_none(becomes):
    becomes(recorded)("""
        %0 = x0; %1 = x1; %2 = 0.0
        %3 = greater %0 %1
        %4 = where %3 %1 %1
        %5 = where %2 %0 %1
        -> %4 %5
        =>
        %0 = x0; %1 = x1; %2 = 0.0
        %3 = greater %0 %1
        -> %1 %1
    """)


def test_equal_nodes_are_one_but_the_zeros_are_two():
    nodes = Graph()
    x = nodes.leaf("input", 0)
    assert nodes.record(tanh, (x,)) == nodes.record(tanh, (x,))
    assert nodes.constant(0.0) != nodes.constant(-0.0)
    assert nodes.constant(float("nan")) == nodes.constant(float("nan"))


def test_uniform_is_what_no_input_reaches():
    graph = parse("""
        %0 = x0
        %1 = w0
        %2 = mul %1 %1
        %3 = mul %2 %0
        -> %3
    """)
    assert recorded(graph).graph.uniform == graph.graph.uniform == [False, True, True, False]
