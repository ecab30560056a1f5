"""Properties that hold for every graph, over random graphs of the whole table."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Constant, Value, ancestors, gradients, hessian, sweep
from autograd.testing import DrawnExpression, assert_gradients, expressions
from tests.engine.operations import BUILT_IN

graphs = expressions(ops=BUILT_IN)
numbers = st.integers(-16, 16).map(lambda n: n / 8)


def leaves_of(expression: DrawnExpression) -> list[Value]:
    return [Value(x, label=f"x{i}") for i, x in enumerate(expression.point)]


def built(expression: DrawnExpression) -> tuple[Value, list[Value]]:
    leaves = leaves_of(expression)
    return expression.build(leaves), leaves


def close(expected: Any, scale: float = 1.0) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-12 * max(1.0, scale))


@settings(max_examples=200)
@given(graphs)
def test_gradients_agree_with_numerical_ones(expression: DrawnExpression) -> None:
    assert_gradients(expression)


@given(graphs)
def test_floats_arrays_and_values_agree(expression: DrawnExpression) -> None:
    y = expression.build(expression.point)
    assert expression(*expression.point) == y
    assert built(expression)[0].data == y
    arrays = expression.build([np.array([x, x]) for x in expression.point])
    assert arrays == close([y, y], abs(y))


@given(graphs)
def test_the_sweep_finds_what_backward_finds_exactly(expression: DrawnExpression) -> None:
    y, leaves = built(expression)
    steps = list(sweep(y))
    assert not any(step.node.has_grad for step in steps)  # a sweep writes nothing
    y.backward()
    assert [step.adjoint for step in steps] == [step.node.grad for step in steps]
    assert gradients(y, leaves) == tuple(leaf.grad for leaf in leaves)


@given(graphs, st.sampled_from([0.5, -2.0, 0.0]))
def test_a_seed_scales_the_sweep(expression: DrawnExpression, seed: float) -> None:
    y, leaves = built(expression)
    expected = [seed * g for g in gradients(y, leaves)]
    y.backward(seed)
    assert [leaf.grad for leaf in leaves] == close(expected)
    assert [s.adjoint for s in sweep(y, seed)] == [s.node.grad for s in sweep(y)]


@given(graphs)
def test_every_ancestor_has_its_step_after_all_that_use_it(expression: DrawnExpression) -> None:
    y, _ = built(expression)
    order = [step.node for step in sweep(y)]
    assert order[0] is y
    assert len(set(order)) == len(order)
    assert set(order) == {node for node in ancestors(y) if node.requires_grad}
    place = {node: i for i, node in enumerate(order)}
    assert all(place[node] < place[arg] for node in order for arg in node.args if arg.requires_grad)


@given(graphs)
def test_contributions_sum_to_adjoints(expression: DrawnExpression) -> None:
    y, _ = built(expression)
    received = {y: 1.0}
    for step in sweep(y):
        assert received.get(step.node, 0.0) == step.adjoint
        assert step.partials == step.node.partials
        assert len(step.contributions) == len(step.node.args)
        for arg, partial, contribution in zip(step.node.args, step.partials, step.contributions, strict=True):
            assert (contribution is None) == (partial is None) == (not arg.requires_grad)
            if contribution is not None:
                assert contribution == step.adjoint * partial
                received[arg] = received.get(arg, 0.0) + contribution


@given(graphs)
def test_the_order_of_a_sweep_is_the_same_every_time(expression: DrawnExpression) -> None:
    def trail() -> list[tuple[str, float, float]]:
        return [(s.node.label or s.node.op.name, s.node.data, s.adjoint) for s in sweep(built(expression)[0])]

    assert trail() == trail()


@given(graphs)
def test_backward_twice_doubles_the_leaves_and_nothing_else(expression: DrawnExpression) -> None:
    y, _ = built(expression)
    y.backward()
    nodes = [node for node in ancestors(y) if node.requires_grad]
    once = [node.grad for node in nodes]
    y.backward()
    for node, grad in zip(nodes, once, strict=True):
        assert node.grad == (2 * grad if node.op is None else grad)


@given(graphs)
def test_gradients_leave_grad_alone(expression: DrawnExpression) -> None:
    y, leaves = built(expression)
    plain = gradients(y, leaves)
    recorded = gradients(y, leaves, record=True)
    assert not any(node.has_grad for node in ancestors(y))
    assert [g.data for g in recorded] == close(list(plain))
    assert all(isinstance(g, Value) for g in recorded)


@given(graphs, graphs)
def test_sum_rule(f: DrawnExpression, g: DrawnExpression) -> None:
    count = max(len(f.point), len(g.point))
    fs, gs = leaves_of(f), leaves_of(g)
    total = f.build(fs) + g.build(gs)
    assert gradients(total, [*fs, *gs]) == (*gradients(f.build(fs), fs), *gradients(g.build(gs), gs))
    assert count <= 3


@given(graphs, numbers, numbers)
def test_linearity(f: DrawnExpression, a: float, b: float) -> None:
    y, leaves = built(f)
    slopes = gradients(y, leaves)
    expected = [a * slope + (b if i == 0 else 0.0) for i, slope in enumerate(slopes)]
    assert list(gradients(a * y + b * leaves[0], leaves)) == close(expected, max(map(abs, slopes)))


@given(graphs, graphs)
def test_product_rule(f: DrawnExpression, g: DrawnExpression) -> None:
    fs, gs = leaves_of(f), leaves_of(g)
    y, z = f.build(fs), g.build(gs)
    expected = [*(z.data * p for p in gradients(y, fs)), *(y.data * p for p in gradients(z, gs))]
    assert list(gradients(y * z, [*fs, *gs])) == close(expected, max(map(abs, expected)))


@given(expressions(inputs=1, ops=BUILT_IN), graphs)
def test_chain_rule(outer: DrawnExpression, inner: DrawnExpression) -> None:
    y, leaves = built(inner)
    z, (inlet,) = built(outer)
    # The inner function is moved to where the outer one is smooth.
    composed = outer.build([y + (inlet.data - y.data)])
    (slope,) = gradients(z, [inlet])
    expected = [slope * p for p in gradients(y, leaves)]
    assert list(gradients(composed, leaves)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(graphs)
def test_a_node_used_twice_counts_twice(expression: DrawnExpression) -> None:
    y, leaves = built(expression)
    once = gradients(y, leaves)
    assert gradients(y + y, leaves) == tuple(2 * g for g in once)
    assert list(gradients(y * y, leaves)) == close([2 * y.data * g for g in once], max(map(abs, once)))
    assert gradients(y - y, leaves) == tuple(0.0 for _ in once)


@given(graphs, st.randoms(use_true_random=False))
def test_the_order_of_building_does_not_matter(expression: DrawnExpression, random: Any) -> None:
    """The same graph, its nodes made in another order that their operands allow."""
    leaves, steps = leaves_of(expression), expression.steps
    nodes: dict[int, Any] = dict(enumerate(leaves))
    waiting = list(range(len(steps)))
    while waiting:
        ready = [i for i in waiting if all(o.node is None or o.node in nodes for o in steps[i].operands)]
        chosen = random.choice(ready)
        waiting.remove(chosen)
        nodes[len(leaves) + chosen] = steps[chosen].op(*(operand.over(nodes) for operand in steps[chosen].operands))
    y, originals = built(expression)
    assert gradients(nodes[len(leaves) + len(steps) - 1], leaves) == gradients(y, originals)


@settings(max_examples=60)
@given(expressions(inputs=st.integers(2, 3), max_ops=5, ops=BUILT_IN))
def test_second_derivatives_are_symmetric(expression: DrawnExpression) -> None:
    second = hessian(expression)(expression.point)
    assert second.shape == (len(expression.point),) * 2
    np.testing.assert_allclose(second, second.T, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(second).max())))


@settings(max_examples=60)
@given(expressions(max_ops=5, ops=BUILT_IN))
def test_second_derivatives_agree_with_differences_of_first_ones(expression: DrawnExpression) -> None:
    def slope(xs: list[float], i: int) -> float:
        leaves = [Value(x) for x in xs]
        return gradients(expression.build(leaves), leaves)[i]

    second, h = hessian(expression)(expression.point), 1e-5
    for i in range(len(expression.point)):
        for j in range(len(expression.point)):
            up, down = list(expression.point), list(expression.point)
            up[j] += h
            down[j] -= h
            estimate = (slope(up, i) - slope(down, i)) / (2 * h)
            assert second[i, j] == pytest.approx(estimate, rel=1e-4, abs=1e-4)


@given(graphs)
def test_nothing_flows_through_detach(expression: DrawnExpression) -> None:
    y, leaves = built(expression)
    held = expression.build([leaf.detach() for leaf in leaves])
    assert isinstance(held, Constant)
    assert held.data == y.data
    assert gradients(y * held + 0.0, leaves) == close(tuple(held.data * g for g in gradients(y, leaves)))


@given(graphs)
def test_gradients_of_nodes_in_between(expression: DrawnExpression) -> None:
    y, _ = built(expression)
    nodes = [node for node in ancestors(y) if node.requires_grad]
    by_node = gradients(y, nodes)
    assert by_node == tuple({s.node: s.adjoint for s in sweep(y)}[node] for node in nodes)
    assert by_node[-1] == 1.0
    assert gradients(y, [Value(0.0), y, y]) == (0.0, 1.0, 1.0)


# Small graphs, by hand


def test_the_readme_example_of_micrograd() -> None:
    """Numbers from the README of micrograd: g = 24.7041, dg/da = 138.8338, dg/db = 645.5773."""
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert [f"{x:.4f}" for x in (g.data, a.grad, b.grad)] == ["24.7041", "138.8338", "645.5773"]


def test_leaves_add_up_over_different_losses() -> None:
    x = Value(3.0)
    (x * 2).backward()
    (x * x).backward()
    assert x.grad == 8.0
    x.zero_grad()
    (x * x).backward()
    assert x.grad == 6.0


def test_backward_from_the_middle_and_from_a_leaf() -> None:
    x = Value(2.0)
    y = x * x
    z = y * 5
    z.backward()
    y.backward()
    assert (x.grad, y.grad, z.grad) == (24.0, 1.0, 1.0)
    x.backward()
    assert x.grad == 25.0


def test_a_sweep_can_be_left_and_run_alongside_another() -> None:
    a, b = Value(2.0), Value(3.0)
    y = a * b
    first, second = sweep(y), sweep(y, seed=10.0)
    assert [next(first).adjoint, next(second).adjoint] == [1.0, 10.0]
    y.backward()
    assert {step.node: step.adjoint for step in second} == {a: 30.0, b: 20.0}
    assert (a.grad, b.grad) == (3.0, 2.0)


def test_a_changed_leaf_does_not_change_the_backward_of_an_old_graph() -> None:
    x = Value(3.0)
    y = x * x
    x.data = 100.0
    y.backward()
    assert x.grad == 6.0
    assert y.data == 9.0


def test_a_stale_graph_is_not_differentiated_again() -> None:
    x, w = Value(3.0, label="x"), Value(1.0, label="w")
    y = (x * w).tanh()
    assert autograd.changed_leaves(y) == []
    x.data = 4.0
    assert autograd.changed_leaves(y) == [x]
    with pytest.raises(
        autograd.StaleGraphError,
        match=r"^'x' \(data=4\.0\) has changed since the result of mul \(data=3\.0\) was computed "
        r"from it, so the graph can't be differentiated again\. Compute it anew from the present numbers",
    ):
        gradients(y, [x], record=True)
    assert gradients(y, [x]) == (pytest.approx(1 - math.tanh(3.0) ** 2),)
    x.data = 3.0
    assert autograd.changed_leaves(y) == []
    assert gradients(y, [x], record=True)[0].data == pytest.approx(1 - math.tanh(3.0) ** 2)


def test_changed_leaves_sees_what_leaves_the_result_as_it_was() -> None:
    x, y = Value(0.0, label="x"), Value(5.0, label="y")
    product = x * y
    y.data = 6.0  # the product is still 0
    assert autograd.changed_leaves(product) == [y]
    total = x + y
    x.data = 1.0
    assert autograd.changed_leaves(total) == [x, y]  # a sum can't tell which
    assert autograd.changed_leaves(total + x * y * 0) == [x, y]
    nan = Value(math.nan)
    assert autograd.changed_leaves(nan * 2) == []


@pytest.mark.parametrize("partial", [math.inf, math.nan])
def test_zero_times_a_partial_that_is_not_finite_is_zero(partial: float) -> None:
    x = Value(partial)
    y = (x * Value(1.0)) * 0.0  # the adjoint of the product is 0
    w = Value(1.0)
    z = (w * partial) * 0.0
    assert gradients(y, [x]) == (0.0,)
    assert gradients(z, [w]) == (0.0,)
    z.backward()
    assert w.grad == 0.0
