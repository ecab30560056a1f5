"""The passes, each alone on graphs made by hand, and all together on networks of several kinds."""

import numpy as np
import pytest

import autograd
from autograd import Parameter, nn
from autograd.compiler import Program
from autograd.compiler.backend import InputArray
from autograd.compiler.differentiate import Sum, differentiate
from autograd.compiler.dots import find_dots
from autograd.compiler.fuse import Fusion
from autograd.compiler.group import find_groups
from autograd.compiler.inner_ops import BOTH, EITHER, GREATER, IDENTITY, LESS, PASSED_ON, SHIELDED, selection
from autograd.compiler.nodes import DOT, Nodes
from autograd.compiler.pipeline import to_tape
from autograd.compiler.recipes import partials
from autograd.compiler.repeats import MOST
from autograd.compiler.runs import runs
from autograd.compiler.schedule import Schedule
from autograd.compiler.tape import Dense, Map, Outer, Row, Straight
from autograd.compiler.tape import Sum as SumOfRows
from autograd.compiler.tidy import tidy
from autograd.compiler.trace import trace
from autograd.compiler.uniforms import UniformSlots
from autograd.ops import add, div, exp, log, mul, neg, relu, sqrt, step, sub, tanh, where


@pytest.fixture
def nodes():
    return Nodes()


def inputs(nodes, count, first=0):
    return [nodes.leaf("input", first + k) for k in range(count)]


def parameters(nodes, count, first=0):
    return [nodes.leaf("parameter", first + k) for k in range(count)]


def chain(nodes, summands):
    total = summands[0]
    for node in summands[1:]:
        total = nodes.record(add, (total, node))
    return total


def product(nodes, a, b):
    return nodes.record(mul, (a, b))


# Nodes


def test_constants_fold_and_equal_nodes_are_one(nodes):
    (x,) = inputs(nodes, 1)
    assert nodes.numbers[nodes.record(add, (nodes.constant(2.0), nodes.constant(3.0)))] == 5.0
    assert nodes.record(tanh, (x,)) == nodes.record(tanh, (x,))
    assert nodes.constant(0.0) != nodes.constant(-0.0)
    one, zero = nodes.constant(1.0), nodes.constant(0.0)
    assert [nodes.record(BOTH, pair) for pair in ((one, one), (one, zero), (zero, one))] == [one, zero, zero]
    assert [nodes.record(EITHER, pair) for pair in ((zero, zero), (one, zero), (zero, one))] == [zero, one, one]
    assert nodes.constant(float("nan")) == nodes.constant(float("nan"))


def test_a_division_by_zero_of_constants_is_an_infinity(nodes):
    assert nodes.numbers[nodes.record(div, (nodes.constant(1.0), nodes.constant(0.0)))] == np.inf


def test_uniform_is_what_no_input_reaches(nodes):
    (x,), (w,) = inputs(nodes, 1), parameters(nodes, 1)
    square = product(nodes, w, w)
    assert [nodes.uniform[n] for n in (x, w, square, product(nodes, square, x))] == [False, True, True, False]


# Dots


def test_a_chain_becomes_one_dot_from_whichever_side(nodes):
    x, w = inputs(nodes, 3), parameters(nodes, 4)
    root = chain(nodes, [w[3], product(nodes, w[0], x[0]), product(nodes, x[1], w[1]), product(nodes, w[2], x[2])])
    found, (top,) = find_dots(nodes, [root])
    assert found.kinds[top] == DOT
    assert [(found.payload[u], found.payload[row]) for u, row in found.terms(top)] == [(0, 0), (1, 1), (2, 2)]
    assert found.payload[found.bias(top)] == 3
    assert len(found) == 8


def test_several_biases_are_added_once_and_rows_behind(nodes):
    x, w = inputs(nodes, 2), parameters(nodes, 3)
    root = chain(nodes, [w[0], w[1], product(nodes, w[2], x[0]), x[1]])
    found, (top,) = find_dots(nodes, [root])
    dot, rest = found.args[top]
    assert found.kinds[top] is add
    assert found.kinds[rest] == "input"
    assert found.kinds[found.bias(dot)] is add


def test_coefficients_may_be_computed_from_parameters(nodes):
    x, w = inputs(nodes, 1), parameters(nodes, 2)
    root = nodes.record(add, (product(nodes, nodes.record(exp, (w[0],)), x[0]), w[1]))
    found, (top,) = find_dots(nodes, [root])
    assert found.kinds[top] == DOT
    assert found.kinds[next(found.terms(top))[0]] is exp


def test_what_is_needed_elsewhere_stays(nodes):
    x, w = inputs(nodes, 2), parameters(nodes, 2)
    shared = product(nodes, w[0], x[0])
    middle = nodes.record(add, (shared, product(nodes, w[1], x[1])))
    found, roots = find_dots(nodes, [nodes.record(add, (middle, w[0])), middle, shared])
    assert found.kinds[roots[2]] is mul
    assert found.kinds[roots[1]] == DOT or found.kinds[roots[1]] is add


def test_one_constant_factor_is_no_dot(nodes):
    x = inputs(nodes, 2)
    root = nodes.record(add, (product(nodes, nodes.constant(2.0), x[0]), x[1]))
    found, (top,) = find_dots(nodes, [root])
    assert found.kinds[top] is add


def test_dead_code_is_dropped(nodes):
    (x,) = inputs(nodes, 1)
    nodes.record(tanh, (x,))
    found, _ = find_dots(nodes, [nodes.record(exp, (x,))])
    assert found.kinds == ["input", exp]


# Partials and derivatives


def test_partials_are_recorded_operations(nodes):
    (x,) = inputs(nodes, 1)
    y = nodes.record(relu, (x,))
    (p,) = partials(nodes, y, (0,))
    assert (nodes.kinds[p], nodes.args[p]) == (step, (y,))
    y = nodes.record(exp, (x,))
    assert partials(nodes, y, (0,)) == [y]
    quotient = nodes.record(sub, (x, y))
    assert nodes.numbers[partials(nodes, quotient, (0, 1))[1]] == -1.0


def test_weights_get_pairs_and_rows_get_dots(nodes):
    x, w = inputs(nodes, 2), parameters(nodes, 4)
    h = [nodes.dot([(w[0], x[0]), (w[1], x[1])]), nodes.dot([(w[2], x[0]), (w[3], x[1])])]
    root = product(nodes, h[0], h[1])
    gradients = differentiate(nodes, root, by_inputs=True)
    seed = nodes.leaf("seed", 0)
    g = [product(nodes, seed, h[1]), product(nodes, seed, h[0])]
    assert set(gradients.sums) == {
        Sum(w[0], g[0], x[0]),
        Sum(w[1], g[0], x[1]),
        Sum(w[2], g[1], x[0]),
        Sum(w[3], g[1], x[1]),
    }
    assert nodes.kinds[gradients.inputs[x[0]]] == DOT
    assert set(nodes.terms(gradients.inputs[x[0]])) == {(w[0], g[0]), (w[2], g[1])}


def test_only_what_is_asked_for_is_differentiated(nodes):
    (x,), (w,) = inputs(nodes, 1), parameters(nodes, 1)
    root = product(nodes, w, nodes.record(tanh, (x,)))
    size = len(nodes)
    assert differentiate(nodes, root, by_parameters=True).inputs == {}
    assert len(nodes) == size + 1  # the seed
    assert differentiate(nodes, root, by_parameters=False, by_inputs=True).sums == []


def test_zero_adjoints_are_guarded_where_a_partial_may_be_infinite(nodes):
    (x,), (w,) = inputs(nodes, 1), parameters(nodes, 1)
    differentiate(nodes, nodes.record(sqrt, (product(nodes, x, x),)), by_inputs=True)
    assert PASSED_ON in nodes.kinds
    assert SHIELDED not in nodes.kinds
    differentiate(nodes, nodes.record(div, (x, w)))
    assert SHIELDED in nodes.kinds


def test_what_is_subtracted_is_not_negated_first(nodes):
    x, y = inputs(nodes, 2)
    root = nodes.record(sub, (product(nodes, x, y), y))
    gradients = differentiate(nodes, root, by_inputs=True)
    seed = nodes.leaf("seed", 0)
    adjoint = gradients.inputs[y]
    assert (nodes.kinds[adjoint], nodes.args[adjoint]) == (sub, (product(nodes, seed, x), seed))


def test_nothing_flows_through_an_identity(nodes):
    (x,), (w,) = inputs(nodes, 1), parameters(nodes, 1)
    root = product(nodes, nodes.record(IDENTITY, (w,)), x)
    assert differentiate(nodes, root).sums == []


def test_what_flows_into_computed_uniforms_goes_on_to_the_parameters(nodes):
    (x,), (w,) = inputs(nodes, 1), parameters(nodes, 1)
    square = product(nodes, w, w)
    gradients = differentiate(nodes, product(nodes, square, x))
    assert [total.uniform for total in gradients.sums] == [square]
    assert set(gradients.parameters) == {w}
    assert nodes.leaf("adjoint", square) < len(nodes)


# Tidying


def test_conditions_become_selections(nodes):
    x, y = inputs(nodes, 2)
    inside = nodes.record(BOTH, (nodes.record(GREATER, (x, nodes.constant(0.0))), nodes.record(LESS, (x, y))))
    root = nodes.record(where, (inside, x, y))
    new, names = tidy(nodes, [root])
    op = new.kinds[names[root]]
    assert repr(op) == "<Op select((x0>x1)&(x2<x3))>"
    assert op.value(1.0, 0.0, 1.0, 2.0, 10.0, 20.0) == 10.0
    assert op.value(1.0, 0.0, 2.0, 1.0, 10.0, 20.0) == 20.0


def test_selections_of_the_same_form_are_one_operation():
    assert selection((">", 0, 1)) is selection((">", 0, 1))


def test_inner_operations_can_be_pickled():
    import pickle

    for op in (PASSED_ON, IDENTITY, selection(("&", (">", 0, 1), ("<", 2, 3)))):
        assert pickle.loads(pickle.dumps(op)) is op


def test_identities_vanish(nodes):
    (x,) = inputs(nodes, 1)
    root = nodes.record(tanh, (nodes.record(IDENTITY, (x,)),))
    new, names = tidy(nodes, [root])
    assert new.kinds == ["input", tanh]
    assert new.args[names[root]] == (0,)


def test_a_derivative_divides_once(nodes):
    a, b = inputs(nodes, 2)
    root = nodes.record(div, (a, b))
    written = len(nodes)
    gradients = differentiate(nodes, root, by_inputs=True)
    new, names = tidy(nodes, [root, *gradients.roots()], written)
    divisions = [new.args[node] for node, kind in enumerate(new.kinds) if kind is div]
    assert divisions == [(names[a], names[b]), (new.constant(1.0), names[b])]


# Uniform slots


def test_slots_are_parameters_computed_and_constants(nodes):
    x, w = inputs(nodes, 2), parameters(nodes, 3)
    square = product(nodes, w[2], w[2])
    half = nodes.constant(0.5)
    nodes.dot([(square, x[0]), (half, x[1])])
    slots = UniformSlots(nodes, 3)
    assert [slots.slot(n) for n in (*w, square, half)] == [0, 1, 2, 3, 4]
    code = slots.prologue(checked=())
    assert [(i.op, i.store.slot) for i in code] == [(mul, 3), (neg, 4)]


# Groups


def test_runs_are_cut_where_steps_change():
    assert list(runs([(0,), (1,), (2,), (10,), (12,), (14,)], "abcdef")) == [["a", "b", "c"], ["d", "e", "f"]]
    assert list(runs([(0,), (2,), (3,)], "abc", steps=(1,))) == [["a"], ["b", "c"]]
    assert list(runs([], "")) == []


def layer(nodes, rows, first, outputs, with_bias=True):
    width = len(rows) + with_bias
    found = []
    for j in range(outputs):
        w = parameters(nodes, width, first + j * width)
        found.append(nodes.dot(list(zip(w, rows, strict=False)), w[-1] if with_bias else None))
    return found


def test_dots_over_the_same_rows_become_dense_in_the_order_of_their_weights(nodes):
    rows = inputs(nodes, 3)
    outputs = layer(nodes, rows, 0, 5)
    groups = find_groups(nodes, UniformSlots(nodes, 20))
    family = groups.families[-1]
    assert (family.kind, family.members) == ("dense", outputs)
    assert (family.product.slots, family.product.strides) == ((0, 1, 2), (4, 4, 4))
    assert (family.product.bias, family.product.bias_stride) == (3, 4)


def test_the_order_in_which_dots_were_written_does_not_matter(nodes):
    rows = inputs(nodes, 2)
    weights = parameters(nodes, 8)
    dots = [nodes.dot([(weights[2 * j + 1], rows[1]), (weights[2 * j], rows[0])]) for j in (3, 1, 0, 2)]
    groups = find_groups(nodes, UniformSlots(nodes, 8))
    assert groups.families[-1].members == [dots[2], dots[1], dots[3], dots[0]]


def test_too_few_stay_single_unless_they_are_long(nodes):
    layer(nodes, inputs(nodes, 3), 0, 3)
    assert all(family.kind == "inputs" for family in find_groups(nodes, UniformSlots(nodes, 12)).families)
    long = Nodes()
    layer(long, inputs(long, 40), 0, 1)
    assert find_groups(long, UniformSlots(long, 41)).families[-1].kind == "dense"


def test_aligned_operations_become_maps_with_shared_and_strided_operands(nodes):
    rows, gains = inputs(nodes, 8), parameters(nodes, 8)
    shared = nodes.record(tanh, (nodes.record(log, (rows[0],)),))
    members = [product(nodes, gains[2 * j], nodes.record(sub, (rows[j + 1], shared))) for j in range(4)]
    families = find_groups(nodes, UniformSlots(nodes, 8)).families
    assert [family.kind for family in families] == ["inputs", "map", "map"]
    assert families[-1].members == members


def test_one_operand_that_is_in_a_family_may_be_shared(nodes):
    rows = inputs(nodes, 6)
    members = [product(nodes, rows[0], rows[j]) for j in range(1, 6)]
    families = find_groups(nodes, UniformSlots(nodes, 0)).families
    assert families[-1].members == members


def test_rows_of_a_dense_block_are_bundled(nodes):
    a, b = inputs(nodes, 2)
    features = [product(nodes, a, b), nodes.record(exp, (a,)), nodes.record(tanh, (b,))]
    layer(nodes, features, 0, 4)
    kinds = [family.kind for family in find_groups(nodes, UniformSlots(nodes, 16)).families]
    assert kinds == ["inputs", "bundle", "dense"]


# Fusion and schedule


def activated(nodes, rows, first, outputs):
    return [nodes.record(relu, (dot,)) for dot in layer(nodes, rows, first, outputs)]


def scheduled(nodes, kept, count):
    groups = find_groups(nodes, UniformSlots(nodes, count))
    fusion = Fusion(groups, kept)
    return groups, fusion, Schedule(groups, fusion, kept, seed=99)


def test_maps_of_outputs_are_fused_and_what_lies_between_is_not_stored(nodes):
    h = activated(nodes, inputs(nodes, 2), 0, 4)
    groups, fusion, schedule = scheduled(nodes, h, 12)
    assert fusion.home == {2: 1}
    assert [work.family for work in schedule.works] == [1]
    assert not any(schedule.stored(node) for node in groups.families[1].members)
    assert [schedule.row(node) for node in h] == [Row("scratch", j) for j in range(4)]
    assert schedule.scratch == 4


def test_a_map_that_needs_a_later_row_is_not_fused(nodes):
    rows = inputs(nodes, 2)
    dots = layer(nodes, rows, 0, 4)
    total = chain(nodes, dots)
    scaled = [nodes.record(div, (dot, total)) for dot in dots]
    _, fusion, schedule = scheduled(nodes, scaled, 12)
    assert fusion.home == {}
    assert [work.family for work in schedule.works] == [1, None, 2]


def test_slots_are_used_again(nodes):
    (x,) = inputs(nodes, 1)
    for _ in range(6 * MOST):
        x = nodes.record(tanh, (x,))
    _, _, schedule = scheduled(nodes, [x], 0)
    assert len(schedule.works) > 6
    assert schedule.scratch == 2


def test_a_unit_does_not_write_over_what_it_reads(nodes):
    x = activated(nodes, inputs(nodes, 4), 0, 4)
    y = activated(nodes, x, 20, 4)
    z = activated(nodes, y, 40, 4)
    _, _, schedule = scheduled(nodes, z, 60)
    places = [[schedule.row(node).index for node in layer] for layer in (x, y, z)]
    assert set(places[0]).isdisjoint(places[1])
    assert places[2] == places[0]  # free again by then


# All together


def assert_equals_eager(f, parameters, *arrays, tolerance=1e-11):
    """Mean loss, parameters' gradients and input gradients of a program are those of eager code."""
    for p in parameters:
        p.zero_grad()
    losses, by_inputs = 0.0, []
    for row in zip(*(a.tolist() for a in arrays), strict=True):
        leaves = [[autograd.Value(x) for x in part] if isinstance(part, list) else autograd.Value(part) for part in row]
        loss = f(*leaves)
        loss.backward(1.0 / len(arrays[0]))
        losses += loss.data / len(arrays[0])
        flat = [leaf for part in leaves for leaf in (part if isinstance(part, list) else [part])]
        by_inputs.append([leaf.grad * len(arrays[0]) for leaf in flat])
    expected = [p.grad for p in parameters]
    for p in parameters:
        p.zero_grad()
    program = Program(f, "numpy")
    assert program.backward(*arrays) == pytest.approx(losses, rel=tolerance)
    np.testing.assert_allclose([p.grad for p in parameters], expected, rtol=tolerance, atol=tolerance)
    found = [g.reshape(len(g), -1) for g in program.gradients(*arrays)]
    np.testing.assert_allclose(np.concatenate(found, axis=1), by_inputs, rtol=tolerance, atol=tolerance)
    return program


def tape_of(program, goal="parameters"):
    return program._specialisations[0].tapes[goal]


def units(tape, kind):
    return [unit for unit in tape.units if isinstance(unit, kind)]


def rows(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def weights(count, seed=1):
    """Parameters that lie side by side."""
    return Parameter.many(np.random.default_rng(seed).normal(size=count) * 0.5)


def test_a_network_is_a_few_dense_blocks():
    model = nn.MLP(3, [8, 8, 1], rng=0)
    program = assert_equals_eager(
        lambda x, y: (1.0 - y * model(x)).relu(), model.parameters(), rows((9, 3)), rows(9, 2)
    )
    tape = tape_of(program)
    assert [unit.outputs for unit in units(tape, Dense)] == [8, 8, 8, 8]
    assert all(isinstance(r, Outer) for r in tape.reductions[1:])
    assert sum(len(unit.code) for unit in units(tape, Straight)) < 12


def test_a_recurrent_network_accumulates_and_has_several_segments():
    size, steps = 4, 3
    w = weights(size * (size + 2 + 1))

    def f(xs):
        h = [autograd.tanh(xs[0] * w[j]) for j in range(size)]
        for t in range(steps):
            both = [*xs[2 * t : 2 * t + 2], *h]
            new = []
            for j in range(size):
                row = w[j * (size + 3) : (j + 1) * (size + 3)]
                total = row[-1]
                for weight, x in zip(row, both, strict=False):
                    total = total + weight * x
                new.append(total.tanh())
            h = new
        return sum(h)

    program = assert_equals_eager(f, w, rows((7, 2 * steps)))
    dense = units(tape_of(program), Dense)
    assert [len(unit.segments) for unit in dense[:3]] == [2, 2, 2]
    slots = [r.slot for r in tape_of(program).reductions if isinstance(r, Outer)]
    assert len(slots) > len(set(slots))  # several sums into the same weights


def test_a_convolution_shares_weights():
    w = weights(3)
    f = lambda xs: sum((w[0] * xs[i] + w[1] * xs[i + 1] + w[2] * xs[i + 2]).relu() for i in range(8))
    assert_equals_eager(f, w, rows((5, 10)))


def test_two_heads_over_the_same_rows():
    w = weights(4 * 3 + 5 * 3 + 7)

    def f(xs):
        h = [w[12 + j] * xs[0] + w[17 + j] * xs[1] + w[22 + j] * xs[2] for j in range(5)]
        g = [xs[0] * w[3 * j] + xs[1] * w[3 * j + 1] + xs[2] * w[3 * j + 2] for j in range(4)]
        return sum(a.tanh() for a in h) * sum(b.exp() for b in g)

    program = assert_equals_eager(f, w, rows((5, 3)))
    assert sorted(unit.outputs for unit in units(tape_of(program), Dense))[-2:] == [4, 5]


def test_tied_weights_and_a_residual():
    w = weights(16)

    def f(xs):
        h = xs
        for _ in range(2):
            mixed = []
            for j in range(4):
                total = w[4 * j] * h[0]
                for k in range(1, 4):
                    total = total + w[4 * j + k] * h[k]
                mixed.append(total)
            h = [a + b.tanh() for a, b in zip(h, mixed, strict=True)]
        return sum(a * b for a, b in zip(h, xs, strict=True))

    assert_equals_eager(f, w, rows((6, 4)))


def test_computed_weights_and_penalties():
    w = weights(12)

    def f(xs):
        scales = [autograd.sqrt(w[3 * j] ** 2 + w[3 * j + 1] ** 2 + 1.0) for j in range(4)]
        out = [(w[3 * j] / scales[j]) * xs[0] + (w[3 * j + 1] / scales[j]) * xs[1] + w[3 * j + 2] for j in range(4)]
        return sum(out) ** 2 + 0.1 * sum(p * p for p in w)

    assert_equals_eager(f, w, rows((6, 2)))


def test_layer_normalization_and_gains():
    w = weights(10)

    def f(xs):
        mean = sum(xs) / 5.0
        spread = autograd.sqrt(sum((x - mean) ** 2 for x in xs) / 5.0 + 1e-5)
        return sum((w[j] * (x - mean) / spread + w[5 + j]).tanh() for j, x in enumerate(xs))

    assert_equals_eager(f, w, rows((6, 5)))


def test_softmax_attention():
    w = weights(8)

    def f(xs):
        scores = [w[j] * xs[j] for j in range(4)]
        top = autograd.logsumexp(*scores)
        return sum((s - top).exp() * (w[4 + j] * xs[j]) for j, s in enumerate(scores))

    assert_equals_eager(f, w, rows((6, 4)))


def test_the_same_row_twice_in_a_sum():
    w = weights(8)
    f = lambda xs: sum((w[j] * xs[0] + w[4 + j] * xs[0]).tanh() for j in range(4))
    assert_equals_eager(f, w, rows((6, 1)))


@pytest.mark.parametrize(("step_j", "step_k"), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 4), (4, 1), (2, 1)])
def test_no_slot_stands_twice_in_a_matrix_of_gradient_sums(step_j, step_k):
    w = weights(20)
    f = lambda xs: sum((sum(w[step_j * j + step_k * k] * xs[k] for k in range(4))).tanh() for j in range(4))
    program = assert_equals_eager(f, w, rows((6, 4)))
    for r in tape_of(program).reductions:
        if isinstance(r, Outer):
            slots = {r.slot + j * r.stride_j + k * r.stride_k for j in range(r.outputs) for k in range(r.inputs)}
            assert len(slots) == r.outputs * r.inputs


def test_constant_filters_are_dense_too():
    def f(xs):
        out = [sum(0.25 * (j + k + 1) * x for k, x in enumerate(xs)) for j in range(4)]
        return sum(o.tanh() for o in out)

    assert_equals_eager(f, [], rows((6, 5)))


def test_uniforms_alone_and_inputs_alone():
    w = weights(2)
    assert_equals_eager(lambda x, y: w[0] * w[1] + 0.0 * x, w, rows(5), rows(5, 2))
    assert_equals_eager(lambda x, y: x + 0.0 * w[0] * y, w, rows(5), rows(5, 2))


def test_selections_by_parameters_and_by_rows():
    w = weights(3)
    f = lambda x, y: (
        autograd.where(w[0] > w[1], w[2] * x, y) + autograd.where(x > w[0], x * y, w[1]) + autograd.maximum(w[0], w[2])
    )
    assert_equals_eager(f, w, rows(9), rows(9, 2))


def test_leaky_relu_and_friends_stay_in_maps():
    model = nn.MLP(3, [6, 6, 1], activation="leaky_relu", rng=0)
    program = assert_equals_eager(lambda x: model(x) ** 2, model.parameters(), rows((9, 3)))
    assert max(len(unit.code) for unit in units(tape_of(program), Straight)) < 12


def test_a_wide_single_output_is_a_loop():
    w = weights(41)
    f = lambda xs: autograd.sigmoid(w[40] + sum(a * x for a, x in zip(w, xs, strict=False)))
    program = assert_equals_eager(f, w, rows((9, 40)))
    (dense,) = [unit for unit in units(tape_of(program), Dense) if unit.outputs == 1]
    assert dense.segments[0].count == 40
    outers = [(r.outputs, r.inputs) for r in tape_of(program).reductions if isinstance(r, Outer)]
    assert outers == [(1, 40)]


def test_values_alone_need_no_seed_and_no_reductions():
    tape = to_tape(trace(lambda x: [x[0] * 2.0, x[1]], [InputArray("x", 2, scalar=False)]), "values")
    assert (tape.seeded, tape.reductions, tape.columns) == (False, (), 2)
    assert tape.results[1] == Row("input", 1)


def test_maps_without_a_block_are_units():
    tape = to_tape(trace(lambda x: [v.exp() for v in x], [InputArray("x", 6, scalar=False)]), "values")
    (unit,) = tape.units
    assert isinstance(unit, Map)
    assert unit.members == 6


def test_single_sums_remain_where_nothing_is_regular():
    w = weights(3)
    tape = to_tape(
        trace(lambda x: w[0] * x[0] + w[2] * x[1] * x[0], [InputArray("x", 2, scalar=False)]),
        "parameters",
    )
    assert all(isinstance(r, SumOfRows) for r in tape.reductions)


def test_large_graphs_take_linear_time():
    def f(x):
        for k in range(30_000):
            x = (x * 0.5).sin() + (0.1 if k % 3 else 0.2)
        return x

    program = Program(f, "numpy")
    assert np.isfinite(program.gradients(np.array([0.3, 0.4]))[0]).all()
    assert tape_of(program, "inputs").scratch > 0


@pytest.mark.parametrize(("number", "checked"), [(1.0, False), (1e-300, False), (-1.0, True)])
@pytest.mark.parametrize("function", [autograd.log, autograd.sqrt, lambda x: 1.0 / x], ids=["log", "sqrt", "inverse"])
@pytest.mark.parametrize("first", [False, True])
def test_a_square_plus_a_positive_number_is_inside_every_domain_and_not_tested(number, checked, function, first):
    def f(x):
        return function(number + x * x if first else x * x + number)

    tape = to_tape(trace(f, [InputArray("x", 1, scalar=True)]), "values")
    assert any(item.checked for unit in tape.units for item in unit.code) is checked


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_zero_adjoint_times_an_infinite_partial_is_zero_on_every_backend(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    program = Program(lambda x, y: y * autograd.sqrt(x), backend)
    by_x, by_y = program.gradients(np.array([0.0, 0.0, 4.0]), np.array([0.0, -0.0, 2.0]))
    assert by_x.tolist() == [0.0, 0.0, 0.5]
    assert by_y.tolist() == [0.0, 0.0, 2.0]
