"""The planning of a graph, each pass alone: a graph as text goes in, and what comes out is compared as text."""

from autograd.compiler.graph.runs import runs
from autograd.compiler.pipeline import kept_rows
from autograd.compiler.plan.families import find_groups
from autograd.compiler.plan.fusion import Fusion
from autograd.compiler.plan.repeats import MOST
from autograd.compiler.plan.schedule import Schedule
from autograd.compiler.plan.slots import UniformSlots
from autograd.compiler.plan.sums import find_reductions
from tests.compiler.graph.parse import parse


def uniforms(graph):
    parameters = [graph.graph.payload[node] for node, kind in enumerate(graph.graph.kinds) if kind == "parameter"]
    return UniformSlots(graph.graph, max(parameters, default=-1) + 1)


def groups(graph):
    return find_groups(graph.graph, uniforms(graph))


def fusion(graph):
    return Fusion(groups(graph), kept_rows(graph))


def schedule(graph):
    fused = fusion(graph)
    return Schedule(fused.groups, fused, kept_rows(graph), seed=99)


def reductions(graph):
    scheduled = schedule(graph)
    return find_reductions(graph.gradients.sums, scheduled.groups, scheduled)


# Uniform slots


def test_slots_are_parameters_computed_and_constants():
    graph = parse("""
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2
        %5 = mul %4 %4
        %6 = 0.5
        %7 = dot %5*%0 %6*%1
        -> %7
    """)
    slots = uniforms(graph)
    assert slots.computed_slots == {5: 3, 6: 4}
    assert slots.count == 5
    assert [(i.op.name, i.store.slot) for i in slots.prologue(checked=())] == [("mul", 3), ("neg", 4)]


# Groups


def test_runs_are_cut_where_steps_change():
    assert list(runs([(0,), (1,), (2,), (10,), (12,), (14,)], "abcdef")) == [["a", "b", "c"], ["d", "e", "f"]]
    assert list(runs([(0,), (2,), (3,)], "abc", steps=(1,))) == [["a"], ["b", "c"]]
    assert list(runs([], "")) == []


def test_dots_over_the_same_rows_become_dense_in_the_order_of_their_weights(becomes):
    becomes(groups)("""
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = w2
        %4 = product %2:w0+1 %3
        %5 = w5
        %6 = product %2:w3+1 %5
        %7 = w8
        %8 = product %2:w6+1 %7
        %9 = w11
        %10 = product %2:w9+1 %9
        -> %4 %6 %8 %10
        =>
        family 0, inputs: %0 %1
        family 1, dense, level 0: %4 %6 %8 %10 = rows %0 %1 times slots 0 1 step 3, bias 2+3
    """)


def test_the_order_in_which_dots_were_written_does_not_matter(becomes):
    becomes(groups)("""
        %0 = x0; %1 = x1; %2 = w0; %3 = w1; %4 = w2; %5 = w3; %6 = w4; %7 = w5; %8 = w6; %9 = w7
        %10 = dot %9*%1 %8*%0
        %11 = dot %5*%1 %4*%0
        %12 = dot %3*%1 %2*%0
        %13 = dot %7*%1 %6*%0
        -> %10..%13
        =>
        family 0, inputs: %0 %1
        family 1, dense, level 0: %12 %11 %13 %10 = rows %0 %1 times slots 0 1 step 2
    """)


def test_too_few_stay_single(becomes):
    becomes(groups)("""
        %0 = x0; %1 = x1
        %2 = vec %0 %1
        %3 = product %2:w0+1
        %4 = product %2:w2+1
        %5 = product %2:w4+1
        -> %3 %4 %5
        =>
        family 0, inputs: %0 %1
    """)


def test_a_long_one_is_worth_a_loop(becomes):
    inputs = [f"%{k} = x{k}" for k in range(40)]
    before = "\n".join([*inputs, "%40 = vec %0..%39", "%41 = product %40:w0+1", "-> %41"])
    after = """
        family 0, inputs: %0..%39
        family 1, dense, level 0: %41 = rows %0..%39 times slots 0..39 step 0
    """
    becomes(groups)(f"{before}=>{after}")


def test_aligned_operations_become_maps_with_shared_and_strided_operands(becomes):
    becomes(groups)("""
        %0 = x0; %1 = x1; %2 = x2; %3 = x3; %4 = x4; %5 = w0; %6 = w2; %7 = w4; %8 = w6
        %9 = tanh %0
        %10 = sub %1 %9
        %11 = sub %2 %9
        %12 = sub %3 %9
        %13 = sub %4 %9
        %14 = mul %5 %10
        %15 = mul %6 %11
        %16 = mul %7 %12
        %17 = mul %8 %13
        -> %14..%17
        =>
        family 0, inputs: %0..%4
        family 1, map, level 1: %10..%13
        family 2, map, level 2: %14..%17
    """)


def test_one_operand_that_is_in_a_family_may_be_shared(becomes):
    becomes(groups)("""
        %0 = x0; %1 = x1; %2 = x2; %3 = x3; %4 = x4
        %5 = mul %0 %1
        %6 = mul %0 %2
        %7 = mul %0 %3
        %8 = mul %0 %4
        -> %5..%8
        =>
        family 0, inputs: %0..%4
        family 1, map, level 0: %5..%8
    """)


def test_rows_of_a_dense_block_are_bundled(becomes):
    becomes(groups)("""
        %0 = x0; %1 = x1
        %2 = mul %0 %1
        %3 = exp %0
        %4 = tanh %1
        %5 = vec %2 %3 %4
        %6 = product %5:w0+1
        %7 = product %5:w3+1
        %8 = product %5:w6+1
        %9 = product %5:w9+1
        -> %6..%9
        =>
        family 0, inputs: %0 %1
        family 1, bundle, level 0: %2 %3 %4
        family 2, dense, level 1: %6..%9 = rows %2 %3 %4 times slots 0 1 2 step 3
    """)


# Fusion and schedule

LAYER = """
    %0 = x0; %1 = x1
    %2 = vec %0 %1
    %3 = product %2:w0+1
    %4 = product %2:w2+1
    %5 = product %2:w4+1
    %6 = product %2:w6+1
"""
ACTIVATED = f"""{LAYER}
    %7 = relu %3
    %8 = relu %4
    %9 = relu %5
    %10 = relu %6
    -> %7..%10
"""
NORMALIZED = f"""{LAYER}
    %7 = add %3 %4
    %8 = add %7 %5
    %9 = add %8 %6
    %10 = div %3 %9
    %11 = div %4 %9
    %12 = div %5 %9
    %13 = div %6 %9
    -> %10..%13
"""


def test_maps_of_outputs_are_fused(becomes):
    becomes(fusion)(f"{ACTIVATED} => family 2, map, in family 1, dense")


def test_what_lies_between_is_not_stored(becomes):
    becomes(schedule)(f"""{ACTIVATED}
        =>
        4 slots for rows that are stored
        unit 0, family 1 + family 2: %3..%10 -> %7 in 0, %8 in 1, %9 in 2, %10 in 3
    """)


def test_a_map_that_needs_a_later_row_is_not_fused(becomes):
    becomes(fusion)(f"{NORMALIZED} => nothing is fused")


def test_a_map_that_is_not_fused_is_a_unit_behind_what_it_needs(becomes):
    becomes(schedule)(f"""{NORMALIZED}
        =>
        9 slots for rows that are stored
        unit 0, family 1: %3..%6 -> %3 in 0, %4 in 1, %5 in 2, %6 in 3
        unit 1, straight: %7 %8 %9 -> %9 in 4
        unit 2, family 2: %10..%13 -> %10 in 5, %11 in 6, %12 in 7, %13 in 8
    """)


def test_slots_are_used_again():
    count = 6 * MOST
    before = ["%0 = x0", *(f"%{k + 1} = tanh %{k}" for k in range(count)), f"-> %{count}"]
    made = schedule(parse("\n".join(before)))
    assert len(made.planned) > 6
    assert made.scratch == 2


def test_a_unit_does_not_write_over_what_it_reads(becomes):
    rows = ["%0..%3", "%9..%12", "%18..%21"]
    before = [f"%{k} = x{k}" for k in range(4)]
    for number, vec in enumerate(rows):
        first = 4 + 9 * number
        before.append(f"%{first} = vec {vec}")
        before += [f"%{first + 1 + j} = product %{first}:w{16 * number + 4 * j}+1" for j in range(4)]
        before += [f"%{first + 5 + j} = relu %{first + 1 + j}" for j in range(4)]
    after = """
        8 slots for rows that are stored
        unit 0, family 1 + family 2: %5..%12 -> %9 in 0, %10 in 1, %11 in 2, %12 in 3
        unit 1, family 3 + family 4: %14..%21 -> %18 in 4, %19 in 5, %20 in 6, %21 in 7
        unit 2, family 5 + family 6: %23..%30 -> %27 in 0, %28 in 1, %29 in 2, %30 in 3
    """
    becomes(schedule)("\n".join([*before, "-> %27..%30"]) + "\n=>" + after)


def test_a_map_that_only_the_maps_of_a_block_use_goes_there_too(becomes):
    becomes(fusion)("""
        %0 = x0; %1 = x1; %2 = x2; %3 = x3; %4 = x4; %5 = x5
        %6 = tanh %2
        %7 = tanh %3
        %8 = tanh %4
        %9 = tanh %5
        %10 = exp %0
        %11 = vec %10 %1
        %12 = product %11:w0+1
        %13 = product %11:w2+1
        %14 = product %11:w4+1
        %15 = product %11:w6+1
        %16 = mul %12 %6
        %17 = mul %13 %7
        %18 = mul %14 %8
        %19 = mul %15 %9
        -> %16..%19
        =>
        family 3, map, in family 2, dense
        family 1, map, in family 2, dense
    """)


# Reductions


def test_gradient_sums_of_a_layer_are_a_matrix_and_a_column(becomes):
    becomes(reductions)("""
        %0 = x0; %1 = x1; %2 = x2; %3 = x3; %4 = x4; %5 = x5; %6 = w0; %7 = w3; %8 = w6; %9 = w9
        %10 = vec %0 %1
        %11 = relu %2
        %12 = relu %3
        %13 = relu %4
        %14 = relu %5
        sum %6 += %11
        sum w1+1 += %11 * %10
        sum %7 += %12
        sum w4+1 += %12 * %10
        sum %8 += %13
        sum w7+1 += %13 * %10
        sum %9 += %14
        sum w10+1 += %14 * %10
        -> %11..%14
        =>
        sums 4 x 1 into u0+3j+0k: r0..r3
        sums 4 x 2 into u1+3j+1k: r0..r3 * x0..x1
    """)


def test_one_weight_twice_is_two_sums(becomes):
    becomes(reductions)("""
        %0 = x0; %1 = x1; %2 = w0; %3 = w5
        sum %2 += %0 * %1
        sum %2 += %1 * %0
        sum %3 += %0
        -> %0
        =>
        sum into u0: x0 * x1
        sum into u0: x1 * x0
        sum into u5: x0
    """)
