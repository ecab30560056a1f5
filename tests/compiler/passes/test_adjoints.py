"""Differentiation: a graph as text before and after, and what flows where."""

from autograd.compiler.pipeline import with_gradients


def by_parameters(graph):
    return with_gradients(graph, "parameters")


def by_inputs(graph):
    return with_gradients(graph, "inputs")


def test_the_partial_of_relu_is_a_step_of_the_result(becomes):
    becomes(by_inputs)("""
        %0 = x0
        %1 = relu %0
        -> %1
        =>
        %0 = x0
        %1 = relu %0
        %2 = seed
        %3 = step %1
        %4 = mul %2 %3
        input %0 = %4
        -> %1
    """)


def test_the_partial_of_exp_is_the_result(becomes):
    becomes(by_inputs)("""
        %0 = x0
        %1 = exp %0
        -> %1
        =>
        %0 = x0
        %1 = exp %0
        %2 = seed
        %3 = passed_on %2 %1
        input %0 = %3
        -> %1
    """)


def test_a_partial_of_minus_one_is_a_sign(becomes):
    becomes(by_inputs)("""
        %0 = x0; %1 = x1
        %2 = sub %0 %1
        -> %2
        =>
        %0 = x0; %1 = x1
        %2 = sub %0 %1
        %3 = seed; %4 = 1.0; %5 = -1.0
        %6 = neg %3
        input %1 = %6
        input %0 = %3
        -> %2
    """)


def test_weights_get_pairs_of_rows_and_are_not_multiplied_out(becomes):
    becomes(by_parameters)("""
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2
        %5 = dot %2*%0 %3*%1 %4
        %6 = tanh %5
        -> %6
        =>
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2
        %5 = dot %2*%0 %3*%1 %4
        %6 = tanh %5
        %7 = seed; %8 = 1.0
        %9 = mul %6 %6
        %10 = sub %8 %9
        %11 = mul %7 %10
        sum %4 += %11
        sum %2 += %11 * %0
        sum %3 += %11 * %1
        -> %6
    """)


def test_rows_get_dots(becomes):
    becomes(by_inputs)("""
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2; %5 = w3
        %6 = dot %2*%0 %3*%1
        %7 = dot %4*%0 %5*%1
        %8 = mul %6 %7
        -> %8
        =>
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2; %5 = w3
        %6 = dot %2*%0 %3*%1
        %7 = dot %4*%0 %5*%1
        %8 = mul %6 %7
        %9 = seed
        %10 = mul %9 %7
        %11 = mul %9 %6
        %12 = dot %5*%11 %3*%10
        %13 = dot %4*%11 %2*%10
        input %1 = %12
        input %0 = %13
        -> %8
    """)


def test_a_layers_adjoint_is_the_product_with_its_columns(becomes):
    becomes(by_inputs)("""
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = product %2:w0+1
        %4 = product %2:w2+1
        %5 = mul %3 %4
        -> %5
        =>
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = product %2:w0+1
        %4 = product %2:w2+1
        %5 = mul %3 %4
        %6 = seed
        %7 = mul %6 %4
        %8 = mul %6 %3
        %9 = vec %7 %8
        %10 = product %9:w1+2
        %11 = product %9:w0+2
        input %1 = %10
        input %0 = %11
        -> %5
    """)


def test_the_columns_of_lines_with_steps_have_these_steps(becomes):
    becomes(by_inputs)("""
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = product %2:w0+2
        %4 = product %2:w1+2
        %5 = mul %3 %4
        -> %5
        =>
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = product %2:w0+2
        %4 = product %2:w1+2
        %5 = mul %3 %4
        %6 = seed
        %7 = mul %6 %4
        %8 = mul %6 %3
        %9 = vec %7 %8
        %10 = product %9:w2+1
        %11 = product %9:w0+1
        input %1 = %10
        input %0 = %11
        -> %5
    """)


def test_a_line_of_weights_gets_one_sum(becomes):
    becomes(by_parameters)("""
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = w2
        %4 = product %2:w0+1 %3
        -> %4
        =>
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = w2
        %4 = product %2:w0+1 %3
        %5 = seed
        sum %3 += %5
        sum w0+1 += %5 * %2
        -> %4
    """)


def test_only_parameters_are_differentiated_by_if_asked_for(becomes):
    becomes(by_parameters)("""
        %0 = x0; %1 = w0
        %2 = tanh %0
        %3 = mul %1 %2
        -> %3
        =>
        %0 = x0; %1 = w0
        %2 = tanh %0
        %3 = mul %1 %2
        %4 = seed
        sum %1 += %4 * %2
        -> %3
    """)


def test_only_inputs_are_differentiated_by_if_asked_for(becomes):
    becomes(by_inputs)("""
        %0 = x0; %1 = w0
        %2 = mul %1 %0
        -> %2
        =>
        %0 = x0; %1 = w0
        %2 = mul %1 %0
        %3 = seed
        %4 = dot %1*%3
        input %0 = %4
        -> %2
    """)


def test_zero_adjoints_are_guarded_where_a_partial_may_be_infinite(becomes):
    becomes(by_inputs)("""
        %0 = x0
        %1 = mul %0 %0
        %2 = sqrt %1
        -> %2
        =>
        %0 = x0
        %1 = mul %0 %0
        %2 = sqrt %1
        %3 = seed; %4 = 0.5
        %5 = div %4 %2
        %6 = passed_on %3 %5
        %7 = mul %6 %0
        %8 = add %7 %7
        input %0 = %8
        -> %2
    """)


def test_partials_by_uniforms_are_shielded_where_they_may_be_infinite(becomes):
    becomes(by_parameters)("""
        %0 = x0; %1 = w0
        %2 = div %0 %1
        -> %2
        =>
        %0 = x0; %1 = w0
        %2 = div %0 %1
        %3 = seed
        %4 = div %2 %1
        %5 = neg %4
        %6 = shielded %3 %5
        sum %1 += %3 * %6
        -> %2
    """)


def test_what_is_subtracted_is_not_negated_first(becomes):
    becomes(by_inputs)("""
        %0 = x0; %1 = x1
        %2 = mul %0 %1
        %3 = sub %2 %1
        -> %3
        =>
        %0 = x0; %1 = x1
        %2 = mul %0 %1
        %3 = sub %2 %1
        %4 = seed; %5 = 1.0; %6 = -1.0
        %7 = neg %4
        %8 = mul %4 %1
        %9 = mul %4 %0
        %10 = sub %9 %4
        input %1 = %10
        input %0 = %8
        -> %3
    """)


def test_nothing_flows_through_an_identity(becomes):
    becomes(by_parameters)("""
        %0 = x0; %1 = w0
        %2 = identity %1
        %3 = mul %2 %0
        -> %3
        =>
        %0 = x0; %1 = w0
        %2 = identity %1
        %3 = mul %2 %0
        %4 = seed
        -> %3
    """)


def test_what_flows_into_computed_uniforms_goes_on_to_the_parameters(becomes):
    becomes(by_parameters)("""
        %0 = x0; %1 = w0
        %2 = mul %1 %1
        %3 = mul %2 %0
        -> %3
        =>
        %0 = x0; %1 = w0
        %2 = mul %1 %1
        %3 = mul %2 %0
        %4 = seed
        %5 = adjoint %2
        %6 = passed_on %5 %1
        %7 = add %6 %6
        sum %2 += %4 * %0
        flow %1 += %7
        -> %3
    """)


def test_a_mean_over_the_batch_is_one_of_adjoints_on_the_way_back(becomes):
    becomes(by_inputs)("""
        %0 = x0
        %1 = batch_mean %0
        %2 = mul %0 %1
        -> %2
        =>
        %0 = x0
        %1 = batch_mean %0
        %2 = mul %0 %1
        %3 = seed
        %4 = mul %3 %1
        %5 = mul %3 %0
        %6 = adjoint_mean %5
        %7 = add %4 %6
        input %0 = %7
        -> %2
    """)
