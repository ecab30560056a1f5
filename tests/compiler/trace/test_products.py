"""Sums of products as one step of a trace: what becomes one, and that both backends compute what eager code does."""

import numpy as np
import pytest

import autograd
from autograd import Parameter, Value, dot, logsumexp, nn, no_grad
from autograd.compiler import Program
from autograd.compiler.backend import InputArray
from autograd.compiler.graph.graph import DOT, PRODUCT, VEC, Graph
from autograd.compiler.graph.rooted import LineSum, UniformSum
from autograd.compiler.graph.runs import Line, lines
from autograd.compiler.passes.differentiate import differentiate
from autograd.compiler.passes.dots import FEWEST, find_dots
from autograd.compiler.pipeline import to_tape
from autograd.compiler.plan.families import find_groups
from autograd.compiler.plan.slots import UniformSlots
from autograd.compiler.tape import Dense, Straight, SumMatrix
from autograd.compiler.trace.run import trace
from autograd.ops import add, mul

BACKENDS = ["numpy", "llvm"]


def rows(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def weights(count, seed=1):
    """Parameters side by side."""
    return Parameter.many(rows(count, seed=seed) * 0.3)


def eager(f, parameters, X):
    """The mean loss, the parameters' gradients and the gradients of each sample by its inputs."""
    for p in parameters:
        p.zero_grad()
    loss, by_inputs = 0.0, []
    for row in X.tolist():
        leaves = [Value(x) for x in row]
        y = f(leaves)
        loss += y.data / len(X)
        by_inputs.append(autograd.gradients(y, leaves))
        y.backward(1.0 / len(X))
    return loss, [p.grad for p in parameters], by_inputs


def assert_equals_eager(f, parameters, X, backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    loss, by_parameters, by_inputs = eager(f, parameters, X)
    for p in parameters:
        p.zero_grad()
    program = Program(f, backend)
    assert program.backward(X) == pytest.approx(loss, rel=1e-12, abs=1e-13)
    np.testing.assert_allclose([p.grad for p in parameters], by_parameters, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(program.gradients(X)[0], by_inputs, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(program(X).mean(), loss, rtol=1e-12)
    return program


def kinds(f, inputs, name="x"):
    graph = trace(f, [InputArray(name, inputs, scalar=False)]).graph
    return [kind for kind in graph.kinds if kind in (PRODUCT, VEC, DOT, add, mul)]


def tape_of(f, inputs, goal="parameters"):
    return to_tape(trace(f, [InputArray("x", inputs, scalar=False)]), goal)


def square(y):
    return y * y if not isinstance(y, list) else sum(v * v for v in y)


# What is one step


@pytest.mark.parametrize("nin", [1, 2, 40])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_a_list_of_rows_and_a_product_for_each_neuron(nin, bias):
    layer = nn.Linear(nin, 3, bias=bias, rng=0)
    assert kinds(layer, nin) == [VEC, PRODUCT, PRODUCT, PRODUCT]


def test_two_layers_over_the_same_rows_share_their_list():
    a, b = nn.Linear(5, 2, rng=0), nn.Linear(5, 2, rng=1)
    assert kinds(lambda x: [*a(x), *b(x)], 5).count(VEC) == 1


def test_a_column_of_weights_is_one_line_and_nobody_looks_at_its_faces(monkeypatch):
    layer = nn.Linear(6, 4, rng=0)
    looked = []
    monkeypatch.setattr(autograd.ParameterArray, "__iter__", lambda array: looked.append(array) or iter(()))
    graph = trace(lambda x: dot(layer.weight[:, 1], x), [InputArray("x", 4, scalar=False)]).graph
    assert list(graph.lines.values()) == [(Line(1, 6),)]
    assert looked == []


def test_what_a_neuron_of_a_users_own_overrides_is_what_is_traced():
    class Doubled(nn.Neuron):
        def forward(self, x):
            return super().forward([2.0 * v for v in x])

    layer = nn.Layer(3, 2, activation="tanh", rng=0)
    layer.neurons[1] = Doubled(3, activation="tanh", rng=1)
    assert_equals_eager(lambda x: square(layer(x)), layer.parameters(), rows(4, 3), "numpy")


@pytest.mark.parametrize(
    "spelled",
    [
        lambda w, x, b: sum(p * q for p, q in zip(w, x, strict=True)) + b,
        lambda w, x, b: sum((q * p for p, q in zip(w, x, strict=True)), b),
        lambda w, x, b: b + sum(p * q for p, q in reversed(list(zip(w, x, strict=True)))),
        lambda w, x, b: dot(w, x, b),
        lambda w, x, b: dot(x, w) + b,
    ],
    ids=["bias last", "bias first", "backwards", "dot", "dot the other way"],
)
def test_what_is_spelled_out_is_gathered_to_the_same_block(spelled):
    w = weights(5 * 6 + 5)
    b = w[30:]
    f = lambda x: square([spelled(w[6 * j : 6 * j + 6], x, b[j]).tanh() for j in range(5)])
    tape = tape_of(f, 6)
    first = next(unit for unit in tape.units if isinstance(unit, Dense))
    assert (first.outputs, [segment.count for segment in first.segments]) == (5, [6])
    assert sorted((r.outputs, r.inputs) for r in tape.reductions if isinstance(r, SumMatrix)) == [(5, 1), (5, 6)]
    assert_equals_eager(f, w, rows(7, 6), "numpy")


def test_a_short_chain_stays_a_dot():
    graph = Graph()
    total = None
    for k in range(FEWEST):
        term = graph.record(mul, (graph.leaf("parameter", k), graph.leaf("input", k)))
        total = term if total is None else graph.record(add, (total, term))
        found, (root,) = find_dots(graph, [total])
        assert (found.kinds[root] == PRODUCT) is (k + 1 >= FEWEST)


def test_equal_products_are_one_node_and_others_are_not():
    graph = Graph()
    x, y = graph.leaf("input", 0), graph.leaf("input", 1)
    a, b = graph.vec((x, y)), graph.vec((y, x))
    bias = graph.leaf("parameter", 9)
    made = [
        graph.product([(a, Line(0, 1))]),
        graph.product([(b, Line(0, 1))]),
        graph.product([(a, Line(0, 2))]),
        graph.product([(a, Line(0, 1))], bias),
        graph.product([(a, Line(0, 1)), (b, Line(2, 1))]),
    ]
    assert len(set(made)) == 5
    assert graph.product([(a, Line(0, 1))], bias) == made[3]
    assert [graph.bias(node) for node in made] == [None, None, None, bias, None]
    assert graph.rows([a, x, b]) == [x, y]


def test_lines_are_runs_of_different_slots():
    assert lines([3, 4, 5], 1) == [(Line(3, 1), slice(0, 3))]
    assert lines([9, 6, 3], 1) == [(Line(9, -3), slice(0, 3))]
    assert lines([1, 2, 3, 10, 20, 30], 2) == [(Line(1, 1), slice(0, 3)), (Line(10, 10), slice(3, 6))]
    assert lines([1, 2, 3, 10, 20, 30], 1) is None
    assert lines([4, 4], 4) is None  # one parameter twice: its gradient is two sums
    assert lines([4], 4) == [(Line(4, 1), slice(0, 1))]


# Derivatives


def test_a_line_of_weights_gets_one_sum_and_the_rows_get_columns():
    graph = Graph()
    x = [graph.leaf("input", k) for k in range(2)]
    vec = graph.vec(tuple(x))
    h = [graph.product([(vec, Line(10 * j, 1))]) for j in range(3)]
    root = graph.record(mul, (graph.record(mul, (h[0], h[1])), h[2]))
    gradients = differentiate(graph, root, by_inputs=True)
    assert [(total.line, total.vec) for total in gradients.sums] == [(Line(10 * j, 1), vec) for j in (2, 1, 0)]
    adjoints = graph.vec(tuple(total.left for total in reversed(gradients.sums)))
    for k in (0, 1):
        assert list(graph.parts(gradients.inputs[x[k]])) == [(adjoints, Line(k, 10))]


def test_only_what_is_asked_for_is_differentiated():
    graph = Graph()
    vec = graph.vec((graph.leaf("input", 0), graph.leaf("input", 1)))
    root = graph.product([(vec, Line(0, 1))], graph.leaf("parameter", 2))
    assert differentiate(graph, root).inputs == {}
    seed = graph.leaf("seed", 0)
    assert differentiate(graph, root).sums == [
        UniformSum(graph.leaf("parameter", 2), seed, None),
        LineSum(Line(0, 1), seed, vec),
    ]
    by_inputs = differentiate(graph, root, by_parameters=False, by_inputs=True)
    assert (by_inputs.sums, len(by_inputs.inputs)) == ([], 2)


def test_columns_are_made_for_the_rows_alone_to_which_gradient_is_to_flow():
    graph = Graph()
    x, w = graph.leaf("input", 0), graph.leaf("parameter", 9)
    hidden = graph.record(mul, (x, w))
    root = graph.product([(graph.vec((x, hidden)), Line(0, 1))])
    gradients = differentiate(graph, root)
    assert gradients.inputs == {}
    assert graph.kinds.count(PRODUCT) == 2  # the written one, and what flows to the hidden row


# Blocks


def test_rows_that_stand_twice_in_a_list_are_two_segments():
    layer = nn.Linear(12, 4, rng=0)
    (unit,) = tape_of(lambda x: layer([v for pair in zip(x, x, strict=True) for v in pair]), 6, "values").units
    assert [(segment.count, segment.stride_k) for segment in unit.segments] == [(6, 2), (6, 2)]


def test_a_short_single_product_is_straight_code_and_a_long_one_a_loop():
    for width, is_block in ((3, False), (40, True)):
        tape = tape_of(nn.Neuron(width, nonlin=False, rng=0), width, "values")
        (unit,) = tape.units
        assert isinstance(unit, Dense if is_block else Straight)


def test_products_and_dots_are_grouped_in_the_same_way():
    def blocks(make):
        graph = Graph()
        x = [graph.leaf("input", k) for k in range(6)]
        made = [make(graph, x, j) for j in (2, 0, 1, 3)]
        (family,) = [f for f in find_groups(graph, UniformSlots(graph, 28)).families if f.kind == "dense"]
        return [made.index(node) for node in family.members], family.product

    def as_dot(graph, x, j):
        w = [graph.leaf("parameter", 7 * j + k) for k in range(7)]
        return graph.dot(zip(w, x, strict=False), w[6])

    def as_product(graph, x, j):
        return graph.product([(graph.vec(tuple(x)), Line(7 * j, 1))], graph.leaf("parameter", 7 * j + 6))

    assert blocks(as_dot) == blocks(as_product)
    assert blocks(as_product)[0] == [1, 2, 0, 3]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("goal", ["values", "parameters", "inputs"])
def test_a_network_lowers_to_the_same_units_whether_gathered_or_not(monkeypatch, activation, goal):
    w = weights(5 * 6 + 4 * 5)

    def f(x):
        h = [getattr(sum(w[6 * j + k] * x[k] for k in range(6)), activation)() for j in range(5)]
        return square([sum(w[30 + 5 * j + k] * h[k] for k in range(5)) for j in range(4)])

    gathered = tape_of(f, 6, goal)
    monkeypatch.setattr("autograd.compiler.passes.dots.FEWEST", 1000)
    spelled = tape_of(f, 6, goal)
    assert gathered.units == spelled.units
    assert gathered.reductions == spelled.reductions


# Against eager code, by both backends


def mixed(layer):
    """Inputs of one layer that are numbers, detached, parameters, computed from parameters, and the same row again."""
    extra = weights(2, seed=5)
    f = lambda x: square(layer([x[0], 1.0, x[1].detach(), extra[0], x[0], extra[1] * extra[0], x[1], x[2] * x[0]]))
    return f, [*layer.parameters(), *extra]


def of_numbers_alone():
    cell, inputs = nn.Linear(4, 4, rng=0), nn.Linear(2, 4, bias=False, rng=1)

    def f(x):  # the first state is a list of zeros
        h = [0.0] * 4
        for t in range(3):
            h = [(a + b).tanh() for a, b in zip(cell(h), inputs(x[2 * t : 2 * t + 2]), strict=True)]
        return sum(h)

    return f, [*cell.parameters(), *inputs.parameters()]


def applied_twice():
    layer, last = nn.Layer(6, 6, activation="tanh", rng=0), nn.Linear(6, 1, rng=1)
    return lambda x: square(last(layer(layer(x)))) + sum(layer(x)), [*layer.parameters(), *last.parameters()]


def residual():
    layer, other = nn.Layer(6, 6, activation="tanh", rng=0), nn.Layer(6, 6, rng=1)
    join = lambda a, b: [p + q for p, q in zip(a, b, strict=True)]
    return lambda x: square(join(join(layer(x), x), other(join(layer(x), x)))), [
        *layer.parameters(),
        *other.parameters(),
    ]


def attention():
    q, k, v = (nn.Linear(3, 4, bias=False, rng=seed) for seed in range(3))

    def f(x):
        tokens = [x[3 * t : 3 * t + 3] for t in range(2)]
        queries, keys, values = ([head(token) for token in tokens] for head in (q, k, v))
        out = 0.0
        for query in queries:
            scores = [dot(query, key) for key in keys]
            top = logsumexp(*scores)
            out = out + square([dot([(s - top).exp() for s in scores], [v[i] for v in values]) for i in range(4)])
        return out

    return f, [p for layer in (q, k, v) for p in layer.parameters()]


def tied_transposed():
    w = [weights(6, seed) for seed in range(4)]

    def f(x):
        h = [dot(row, x).tanh() for row in w]
        return square([dot([w[j][k] for j in range(4)], h) - x[k] for k in range(6)])

    return f, [p for row in w for p in row]


def tied_arrays_transposed():
    layer = nn.Linear(6, 4, rng=0)

    def f(x):
        h = [v.tanh() for v in layer(x)]
        return square([dot(layer.weight[:, k], h, x[k]) for k in range(6)])

    return f, list(layer.parameters())


def tied_with_other_biases():
    w, b = weights(4 * 6), weights(8, seed=2)
    both = lambda x, j: dot(w[6 * j : 6 * j + 6], x, b[j]).tanh() * dot(w[6 * j : 6 * j + 6], x, b[4 + j])
    return lambda x: sum(both(x, j) for j in range(4)), [*w, *b]


def overlapping_rows():
    w = weights(9)
    return lambda x: square([dot(w[j : j + 6], x).tanh() for j in range(4)]), w


def one_parameter_many_times():
    w = weights(2)
    return lambda x: square(dot([w[0]] * 6, x, w[1])), w


def in_any_order():
    w = weights(36)
    order = np.random.default_rng(0).permutation(36)
    return lambda x: square([dot([w[i] for i in order[6 * j : 6 * j + 6]], x) for j in range(6)]), w


def sum_of_outputs():
    layer = nn.Linear(6, 5, rng=0)  # all adjoints are the same row
    return lambda x: sum(layer([v.tanh() for v in x])), layer.parameters()


def constant_biases():
    w = weights(5 * 6)
    return lambda x: square([dot(w[6 * j : 6 * j + 6], x, 0.5 * j - 1.0).tanh() for j in range(5)]), w


def a_row_as_the_bias():
    w = weights(6)
    return lambda x: square(dot(w, [v.sin() for v in x], start=x[0])), w


def used_as_a_weight_and_by_itself():
    w = weights(12)
    return lambda x: square([dot(w[:6], x), dot(w[6:], x), w[2] * w[7], w[0] * x[1]]) + 0.1 * sum(p * p for p in w), w


def scaled_weights():
    w = weights(12)  # coefficients that are computed from parameters are gathered, but by another kind of node
    norm = lambda part: autograd.sqrt(sum(p * p for p in part))
    return lambda x: square([dot([p / norm(w[:6]) for p in w[:6]], x), dot(w[6:], x)]), w


def frozen():
    w, b = weights(12), weights(2)
    return lambda x: square([dot([p.detach() for p in w[:6]], x, b[0]), dot(w[6:], x, b[1].detach())]), [*w, *b]


def without_gradient():
    layer, head = nn.Layer(6, 5, activation="tanh", rng=0), nn.Linear(5, 1, rng=1)

    def f(x):
        with no_grad():
            features = layer(x)
        return square(head(features))

    return f, [*layer.parameters(), *head.parameters()]


def where_between():
    layer, last = nn.Linear(6, 5, rng=0), nn.Linear(5, 1, rng=1)
    chosen = lambda h: [autograd.where(a > b, a, 0.5 * b) for a, b in zip(h, h[1:] + h[:1], strict=True)]
    return lambda x: square(last(chosen(layer(x)))), [*layer.parameters(), *last.parameters()]


def convolution():
    kernel, last = nn.Layer(3, 2, activation="tanh", rng=0), nn.Layer(2 * 2, 3, activation="tanh", rng=1)

    def f(x):
        maps = [kernel(x[i : i + 3]) for i in range(4)]
        return square([v for i in range(3) for v in last([*maps[i], *maps[i + 1]])])

    return f, [*kernel.parameters(), *last.parameters()]


def across_arrays():
    """Numbers of arrays between which others lie that the function doesn't use, in equal steps."""
    arrays = [autograd.ParameterArray(row) for row in rows(5, 4, seed=4)]

    def f(x):
        return square([dot([array[k] for array in arrays[::2]], x[:3]) for k in range(4)])

    return f, [p for array in arrays for p in array]


CASES = {
    "mixed inputs": lambda: mixed(nn.Layer(8, 5, activation="tanh", rng=0)),
    "mixed inputs of one neuron": lambda: mixed(nn.Linear(8, 1, rng=0)),
    "one output": lambda: (lambda layer: (lambda x: square(layer(x)), layer.parameters()))(nn.Layer(6, 1, rng=0)),
    "one input": lambda: (lambda layer: (lambda x: square(layer(x[:1])), layer.parameters()))(nn.Layer(1, 7, rng=0)),
    "wide": lambda: (lambda m: (lambda x: square(m(x)), m.parameters()))(nn.MLP(6, [40, 33, 2], rng=0)),
    **{
        f.__name__.replace("_", " "): f
        for f in (
            *(of_numbers_alone, applied_twice, residual, attention, tied_transposed, tied_arrays_transposed),
            *(
                tied_with_other_biases,
                overlapping_rows,
                one_parameter_many_times,
                in_any_order,
                sum_of_outputs,
                a_row_as_the_bias,
            ),
            *(used_as_a_weight_and_by_itself, scaled_weights, frozen, without_gradient, where_between, convolution),
        )
    },
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_programs_compute_what_eager_code_does(case, backend):
    f, parameters = CASES[case]()
    assert_equals_eager(f, parameters, rows(5, 6, seed=3), backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_masks_between_layers_are_those_that_eager_code_draws(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    first, last = nn.Layer(6, 5, activation="tanh", rng=0), nn.Linear(5, 1, rng=1)
    f = lambda drop: lambda x: square(last(drop(first(x))))
    parameters, X = [*first.parameters(), *last.parameters()], rows(5, 6)
    for p in parameters:
        p.zero_grad()
    eager_f, loss = f(nn.Dropout(0.4, rng=7)), 0.0
    for row in X.tolist():
        y = eager_f(row)
        y.backward(1.0 / len(X))
        loss += y.data / len(X)
    expected = [p.grad for p in parameters]
    for p in parameters:
        p.zero_grad()
    assert Program(f(nn.Dropout(0.4, rng=7)), backend).backward(X) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose([p.grad for p in parameters], expected, rtol=1e-11, atol=1e-13)


# Errors and names


def test_a_sum_of_products_is_named_in_errors_with_its_neuron():
    model = nn.MLP(3, [2, 1], activation=lambda v: v if v > 0 else 0.0, rng=0)
    with pytest.raises(autograd.TraceError, match=r"\(a sum of products > 0.0\) in layers\.0\.neurons\.0"):
        Program(model, "numpy")(rows(2, 3))


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_leaves_a_domain_behind_a_layer_is_named_with_scope_and_sample(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    layer = nn.Linear(3, 4, init=np.ones((4, 3)), rng=0)
    layer.neurons[2].activation, layer.neurons[2].nonlin = autograd.log, True
    X = np.ones((5, 3))
    program = Program(lambda x: sum(layer(x)), backend)
    assert program(X) == pytest.approx(9.0 + np.log(3.0))
    X = X.copy()
    X[3] = -1.0
    with pytest.raises(autograd.DomainError, match=r"neurons\.2.*sample 3"):
        program(X)


def test_a_list_in_another_order_at_the_second_run_is_found():
    layer, order = nn.Linear(4, 1, rng=0), [[0, 1, 2, 3], [0, 2, 1, 3]]

    def f(x):
        order.reverse()
        return layer([x[k] for k in order[0]])

    with pytest.raises(autograd.TraceError, match="did something else when it was traced a second time"):
        Program(f, "numpy")(rows(2, 4))


def test_other_weights_at_the_second_run_are_found():
    layers = [nn.Linear(4, 1, rng=0), nn.Linear(4, 1, rng=1)]

    def f(x):
        layers.reverse()
        return layers[0](x)

    with pytest.raises(autograd.TraceError, match="did something else"):
        Program(f, "numpy")(rows(2, 4))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_trace_over_other_weights_does_not_take_over_the_code_of_the_old_one(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    weight = autograd.ParameterArray(rows(2, 6))

    class Chosen(nn.Module):
        def __init__(self):
            self.row = 0

        def forward(self, x):
            return dot(weight[self.row], x)

    model, X = Chosen(), rows(3, 6, seed=2)
    program = Program(model, backend)
    for row in (0, 1, 0):
        model.row = row
        np.testing.assert_allclose(program(X), X @ weight.data[row], rtol=1e-13)


def test_the_report_counts_the_products_of_a_layer():
    model = nn.MLP(6, [5, 4], rng=0)
    program = Program(lambda x: square(model(x)), "numpy")
    program.backward(rows(3, 6))
    assert "dense block 5 x 6 + bias, relu" in program.explain()
    assert "gradient sums 5 x 6" in program.explain()


# Operations of many arguments


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [3, 31, 32, 33, 100])
@pytest.mark.parametrize("shift", [0.0, 800.0, -800.0])
def test_logsumexp_of_many_numbers(backend, count, shift):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    X = rows(5, count) + shift
    program = Program(lambda x: logsumexp(*x), backend)
    top = X.max(axis=1, keepdims=True)
    terms = np.exp(X - top)
    np.testing.assert_allclose(program(X), top[:, 0] + np.log(terms.sum(axis=1)), rtol=1e-14)
    np.testing.assert_allclose(program.gradients(X)[0], terms / terms.sum(axis=1, keepdims=True), rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_logsumexp_of_many_numbers_shares_parameters_and_rows(backend):
    w = weights(20)
    assert_equals_eager(
        lambda x: logsumexp(*w, *x, *[a * b for a, b in zip(w, x, strict=False)], 0.5), w, rows(5, 20), backend
    )


@pytest.mark.parametrize("numbers", [[np.inf, 0.0], [-np.inf, 0.0], [-np.inf, -np.inf], [np.nan, 1.0], [1.0, np.nan]])
def test_logsumexp_of_infinities_is_what_the_limit_is(numbers):
    with np.errstate(all="ignore"):
        expected = np.logaddexp.reduce(numbers)
    for xs in (numbers, numbers + [-np.inf] * 40):
        np.testing.assert_equal(logsumexp(*[Value(x) for x in xs]).data, expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_operation_of_ones_own_with_many_arguments(backend):
    norm = autograd.op(
        "norm_of_many",
        kernel=lambda xp, *xs: xp.sqrt(sum((x * x for x in xs), 1.0)),
        partials=lambda y, *xs: tuple(x / y for x in xs),
    )
    try:
        w = weights(40)
        assert_equals_eager(lambda x: norm(*w, *x), w, rows(5, 3), backend)
    finally:
        autograd.OPS.pop("norm_of_many")


def test_a_thousand_partials_are_read_once():
    calls = []

    def partials_of(y, *xs):
        calls.append(len(xs))
        total = sum(xs)
        return tuple(y * x / total for x in xs)

    op = autograd.op("counted", kernel=lambda xp, *xs: sum(x * x for x in xs), partials=partials_of)
    try:
        calls.clear()
        tape = tape_of(lambda x: op(*[v * 1.5 for v in x]), 1000, "inputs")
    finally:
        autograd.OPS.pop("counted")
    assert calls == [1000]
    assert sum(len(unit.code) for unit in tape.units if isinstance(unit, Straight)) < 20_000
