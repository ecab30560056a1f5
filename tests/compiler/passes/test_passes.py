"""The passes that rewrite a graph, each alone: as text before and after. That of gradients is in test_adjoints.py."""

from autograd.compiler.graph.conditions import selection
from autograd.compiler.graph.rooted import RootedGraph
from autograd.compiler.passes.dots import find_dots
from autograd.compiler.passes.totals import find_totals
from autograd.compiler.pipeline import made_tidy, with_gradients


def totals(graph):
    return RootedGraph.of(*find_totals(graph.graph, graph.roots))


def dots(graph):
    return RootedGraph.of(*find_dots(graph.graph, graph.roots))


def by_inputs(graph):
    return with_gradients(graph, "inputs")


def tidied(graph):
    return made_tidy(graph, graph.size, checks=True)


def tidied_derivatives(graph):
    return made_tidy(by_inputs(graph), graph.size, checks=True)


# Totals


def test_squares_of_neighbours_are_one_total(becomes):
    squares = [f"%{2 * k} = w{k}\n%{2 * k + 1} = mul %{2 * k} %{2 * k}" for k in range(8)]
    sums = [f"%{16 + k} = add %{1 if k == 0 else 15 + k} %{2 * k + 3}" for k in range(7)]
    after = """
        %0 = w0; %1 = w1; %2 = w2; %3 = w3; %4 = w4; %5 = w5; %6 = w6; %7 = w7
        %8 = squares w0 8
        -> %8
    """
    becomes(totals)("\n".join([*squares, *sums, "-> %22"]) + "\n=>" + after)


def test_a_square_that_is_a_result_too_stays_beside_the_total(becomes):
    squares = [f"%{2 * k} = w{k}\n%{2 * k + 1} = mul %{2 * k} %{2 * k}" for k in range(9)]
    sums = [f"%{18 + k} = add %{1 if k == 0 else 17 + k} %{2 * k + 3}" for k in range(8)]
    after = """
        %0 = w0
        %1 = mul %0 %0
        %2 = w1; %3 = w2; %4 = w3; %5 = w4; %6 = w5; %7 = w6; %8 = w7; %9 = w8
        %10 = squares w1 8
        %11 = add %10 %1
        -> %11 %1
    """
    becomes(totals)("\n".join([*squares, *sums, "-> %25 %1"]) + "\n=>" + after)


def test_a_square_that_lies_apart_is_added_to_the_total(becomes):
    squares = [f"%{2 * k} = w{k}\n%{2 * k + 1} = mul %{2 * k} %{2 * k}" for k in (*range(8), 8)]
    squares[8] = squares[8].replace("w8", "w20")
    sums = [f"%{18 + k} = add %{1 if k == 0 else 17 + k} %{2 * k + 3}" for k in range(8)]
    after = """
        %0 = w0; %1 = w1; %2 = w2; %3 = w3; %4 = w4; %5 = w5; %6 = w6; %7 = w7; %8 = w20
        %9 = mul %8 %8
        %10 = squares w0 8
        %11 = add %10 %9
        -> %11
    """
    becomes(totals)("\n".join([*squares, *sums, "-> %25"]) + "\n=>" + after)


def test_products_of_two_parameters_are_no_squares(becomes):
    products = [f"%{9 + k} = mul %{k} %8" for k in range(8)]
    sums = [f"%{17 + k} = add %{9 if k == 0 else 16 + k} %{10 + k}" for k in range(7)]
    text = "\n".join([*(f"%{k} = w{k}" for k in range(9)), *products, *sums, "-> %23"])
    becomes(totals)(f"{text}=>{text}")


# Dots


def test_a_chain_becomes_one_dot_from_whichever_side(becomes):
    becomes(dots)("""
        %0 = x0; %1 = x1; %2 = x2; %3 = w0; %4 = w1; %5 = w2; %6 = w3
        %7 = mul %3 %0
        %8 = add %6 %7
        %9 = mul %1 %4
        %10 = add %8 %9
        %11 = mul %5 %2
        %12 = add %10 %11
        -> %12
        =>
        %0 = x0; %1 = x1; %2 = x2; %3 = w0; %4 = w1; %5 = w2; %6 = w3
        %7 = dot %3*%0 %4*%1 %5*%2 %6
        -> %7
    """)


def test_four_parameters_in_a_line_become_a_product(becomes):
    becomes(dots)("""
        %0 = x0; %1 = w0; %2 = w1; %3 = w2; %4 = w3
        %5 = tanh %0
        %6 = mul %1 %0
        %7 = mul %2 %5
        %8 = add %6 %7
        %9 = mul %3 %0
        %10 = add %8 %9
        %11 = mul %4 %5
        %12 = add %10 %11
        -> %12
        =>
        %0 = x0; %1 = w0; %2 = w1; %3 = w2; %4 = w3
        %5 = tanh %0
        %6 = vec %0 %5 %0 %5
        %7 = product %6:w0+1
        -> %7
    """)


def test_one_parameter_several_times_is_no_line(becomes):
    becomes(dots)("""
        %0 = x0; %1 = x1; %2 = x2; %3 = x3; %4 = w7
        %5 = mul %4 %0
        %6 = mul %4 %1
        %7 = add %5 %6
        %8 = mul %4 %2
        %9 = add %7 %8
        %10 = mul %4 %3
        %11 = add %9 %10
        -> %11
        =>
        %0 = x0; %1 = x1; %2 = x2; %3 = x3; %4 = w7
        %5 = dot %4*%0 %4*%1 %4*%2 %4*%3
        -> %5
    """)


def test_several_biases_are_added_once_and_rows_behind(becomes):
    becomes(dots)("""
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2
        %5 = mul %4 %0
        %6 = add %2 %5
        %7 = add %6 %3
        %8 = add %7 %1
        -> %8
        =>
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2
        %5 = add %2 %3
        %6 = dot %4*%0 %5
        %7 = add %6 %1
        -> %7
    """)


def test_coefficients_may_be_computed_from_parameters(becomes):
    becomes(dots)("""
        %0 = x0; %1 = w0; %2 = w1
        %3 = exp %1
        %4 = mul %3 %0
        %5 = add %4 %2
        -> %5
        =>
        %0 = x0; %1 = w0; %2 = w1
        %3 = exp %1
        %4 = dot %3*%0 %2
        -> %4
    """)


def test_what_is_needed_elsewhere_stays(becomes):
    becomes(dots)("""
        %0 = x0; %1 = x1; %2 = w0; %3 = w1
        %4 = mul %2 %0
        %5 = mul %3 %1
        %6 = add %4 %5
        %7 = add %6 %2
        -> %7 %6 %4
        =>
        %0 = x0; %1 = x1; %2 = w0; %3 = w1
        %4 = mul %2 %0
        %5 = dot %3*%1
        %6 = add %5 %4
        %7 = add %6 %2
        -> %7 %6 %4
    """)


def test_one_constant_factor_is_no_dot(becomes):
    becomes(dots)("""
        %0 = x0; %1 = x1; %2 = 2.0
        %3 = mul %2 %0
        %4 = add %3 %1
        -> %4
        =>
        %0 = x0; %1 = x1; %2 = 2.0
        %3 = mul %2 %0
        %4 = add %3 %1
        -> %4
    """)


def test_dead_code_is_dropped(becomes):
    becomes(dots)("""
        %0 = x0
        %1 = tanh %0
        %2 = exp %0
        -> %2
        =>
        %0 = x0
        %1 = exp %0
        -> %1
    """)


# Tidying


def test_conditions_become_selections(becomes):
    becomes(tidied)("""
        %0 = x0; %1 = x1; %2 = 0.0
        %3 = greater %0 %2
        %4 = less %0 %1
        %5 = both %3 %4
        %6 = where %5 %0 %1
        -> %6
        =>
        %0 = x0; %1 = x1; %2 = 0.0
        %3 = select((x0>x1)&(x2<x3)) %0 %2 %0 %1 %0 %1
        -> %3
    """)


def test_the_numbers_of_joined_conditions_stand_behind_each_other(becomes):
    becomes(tidied)("""
        %0 = x0; %1 = x1; %2 = x2; %3 = 0.0
        %4 = greater %0 %3
        %5 = less %1 %3
        %6 = both %4 %5
        %7 = less_equal %2 %3
        %8 = either %6 %7
        %9 = where %8 %0 %1
        -> %9
        =>
        %0 = x0; %1 = x1; %2 = x2; %3 = 0.0
        %4 = select(((x0>x1)&(x2<x3))|(x4<=x5)) %0 %3 %1 %3 %2 %3 %0 %1
        -> %4
    """)


def test_a_selection_decides_by_its_condition():
    op = selection(("&", (">", 0, 1), ("<", 2, 3)))
    assert op.value(1.0, 0.0, 1.0, 2.0, 10.0, 20.0) == 10.0
    assert op.value(1.0, 0.0, 2.0, 1.0, 10.0, 20.0) == 20.0


def test_selections_of_the_same_form_are_one_operation():
    assert selection((">", 0, 1)) is selection((">", 0, 1))


def test_identities_vanish(becomes):
    becomes(tidied)("""
        %0 = x0
        %1 = identity %0
        %2 = tanh %1
        -> %2
        =>
        %0 = x0
        %1 = tanh %0
        -> %1
    """)


def test_aliases_vanish(becomes):
    becomes(tidied)("""
        %0 = x0
        %1 = alias %0
        %2 = tanh %1
        -> %2
        =>
        %0 = x0
        %1 = tanh %0
        -> %1
    """)


def test_a_derivative_divides_once(becomes):
    becomes(tidied_derivatives)("""
        %0 = x0; %1 = x1
        %2 = div %0 %1
        -> %2
        =>
        %0 = x0; %1 = x1
        %2 = div %0 %1 checked
        %3 = seed; %4 = 1.0
        %5 = div %4 %1
        %6 = mul %2 %5
        %7 = passed_on %3 %5
        %8 = passed_on %3 %6
        %9 = neg %8
        input %1 = %9
        input %0 = %7
        -> %2
    """)


def test_what_the_user_divides_stays_a_division(becomes):
    becomes(tidied)("""
        %0 = x0; %1 = x1; %2 = 1.0
        %3 = div %2 %1
        %4 = div %0 %1
        -> %3 %4
        =>
        %0 = x0; %1 = x1; %2 = 1.0
        %3 = div %2 %1 checked
        %4 = div %0 %1 checked
        -> %3 %4
    """)


def test_what_the_user_wrote_is_checked_unless_it_is_inside(becomes):
    becomes(tidied)("""
        %0 = x0
        %1 = log %0
        %2 = mul %0 %0
        %3 = 1.0
        %4 = add %2 %3
        %5 = log %4
        %6 = sqrt %2
        -> %1 %5 %6
        =>
        %0 = x0
        %1 = log %0 checked
        %2 = mul %0 %0
        %3 = 1.0
        %4 = add %2 %3
        %5 = log %4
        %6 = sqrt %2 checked
        -> %1 %5 %6
    """)


def test_a_square_and_a_negative_number_may_be_outside(becomes):
    becomes(tidied)("""
        %0 = x0; %1 = -1.0
        %2 = mul %0 %0
        %3 = add %2 %1
        %4 = log %3
        -> %4
        =>
        %0 = x0; %1 = -1.0
        %2 = mul %0 %0
        %3 = add %2 %1
        %4 = log %3 checked
        -> %4
    """)
