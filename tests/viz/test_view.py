import math

import pytest

from autograd import Parameter, Value, gradients, nn, no_grad, scope
from viz import draw
from viz.graph.nodes import Cluster, Edge, Node, module_path
from viz.graph.view import GraphView, node_ids


def by_label(view):
    return {n.label: n for n in view.nodes if n.label}


def test_nodes_before_any_backward_have_no_gradient(small):
    view = GraphView.of(small())
    assert [n.label for n in view.nodes] == ["a", "b", "e", "c", "d", "f", "L"]
    assert [n.id for n in view.nodes] == [f"n{i}" for i in range(7)]
    assert all(n.grad is None for n in view.nodes)
    assert all(e.contribution is None for e in view.edges)


def test_numbers_are_those_of_the_graph(small):
    root = small()
    root.backward()
    view = GraphView.of(root)
    nodes = by_label(view)
    assert {k: n.grad for k, n in nodes.items()} == {
        "a": 6.0, "b": -4.0, "e": -2.0, "c": -2.0, "d": -2.0, "f": 4.0, "L": 1.0,
    }  # fmt: skip
    edge = next(e for e in view.edges if e.source == nodes["a"].id)
    assert (edge.partial, edge.contribution, edge.formula) == (-3.0, 6.0, "b")
    assert nodes["L"].kind == "output"
    assert nodes["a"].kind == "input"
    assert nodes["e"].kind == "op"


def test_an_operand_used_twice_has_two_edges():
    a = Value(3.0, label="a")
    view = GraphView.of(a + a)
    assert [(e.source, e.target, e.argument) for e in view.edges] == [("n0", "n1", 0), ("n0", "n1", 1)]


def test_constants_can_be_left_out_and_ids_stay():
    a = Value(3.0, label="a")
    root = 2.0 * a + 1.0
    whole, less = GraphView.of(root, fold=False), GraphView.of(root, constants=False)
    assert sum(n.kind == "constant" for n in whole.nodes) == 2
    assert not any(n.kind == "constant" for n in less.nodes)
    assert {n.id for n in less.nodes} < {n.id for n in whole.nodes}
    assert all(e.partial is not None for e in less.edges)


def test_constants_carry_no_gradient():
    a = Value(3.0, label="a")
    root = a * 2.0
    root.backward()
    view = GraphView.of(root, fold=False)
    constant = next(n for n in view.nodes if n.kind == "constant")
    assert constant.grad is None
    assert not constant.requires_grad
    edge = next(e for e in view.edges if e.source == constant.id)
    assert (edge.partial, edge.contribution, edge.requires_grad) == (None, None, False)


def test_a_graph_without_gradient_can_be_read():
    with no_grad():
        root = Value(2.0) * 3.0
    view = GraphView.of(root, constants=False)
    assert [n.kind for n in view.nodes] == ["output"]


def test_zero_times_an_infinite_partial_is_zero():
    x = Value(0.0, label="x")
    root = x.sqrt() * 0.0
    root.backward()
    edge = next(e for e in GraphView.of(root).edges if e.source == "n0")
    assert edge.partial == math.inf
    assert edge.contribution == 0.0


def test_a_changed_leaf_is_stale_and_only_that(small):
    root = small()
    leaf = next(v for v in node_ids(root) if v.label == "a")
    leaf.data = 5.0
    stale = {n.label for n in GraphView.of(root).nodes if n.stale}
    assert "a" in stale
    assert stale.isdisjoint({"c", "d", "e", "f", "L"})


def test_what_an_earlier_backward_left_is_told(small):
    root = small()
    root.backward()
    assert all(n.earlier == 0.0 for n in GraphView.of(root).nodes)
    root.backward()
    nodes = by_label(GraphView.of(root))
    assert nodes["a"].grad == 12.0
    assert nodes["a"].earlier == 6.0
    assert nodes["e"].earlier == 0.0


def test_given_gradients_replace_those_of_the_values(small):
    root = small()
    view = GraphView.of(root, gradients={root: 1.0})
    assert [n.label for n in view.nodes if n.grad is not None] == ["L"]
    assert [e.contribution for e in view.edges if e.target == "n6"] == [-2.0, 4.0]


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ("", ()),
        ("encoder", ("encoder",)),
        ("layers.0.neurons.3", ("layers.0", "neurons.3")),
        ("model.layers.1", ("model", "layers.1")),
        ("grid.0.1", ("grid.0", "1")),
    ],
)
def test_levels_of_a_scope(path, levels):
    assert module_path(path) == levels


def test_clusters_nest(network):
    view = GraphView.of(network(2, 2, 1))
    assert [(c.path, c.parent) for c in view.clusters] == [
        ("layers.0", ""),
        ("layers.0.neurons.0", "layers.0"),
        ("layers.0.neurons.1", "layers.0"),
        ("layers.1", ""),
        ("layers.1.neurons.0", "layers.1"),
    ]
    assert view.clusters[1].name == "neurons.0"
    inside = [i for c in view.clusters for i in c.nodes]
    assert len(inside) == len(set(inside)) > 0
    homes = {n.id: n.scope for n in view.nodes}
    assert all(homes[i] == c.path for c in view.clusters for i in c.nodes)


def test_collapsed_neurons_have_exact_aggregates(network):
    root = network(2, 3, 1)
    root.backward()
    view = GraphView.of(root, depth=2)
    modules = {n.label: n for n in view.nodes if n.kind == "collapsed"}
    assert sorted(modules) == ["layers.0.neurons.0", "layers.0.neurons.1", "layers.0.neurons.2", "layers.1.neurons.0"]
    ids = node_ids(root, depth=2)
    for path, module in modules.items():
        members = [v for v, i in ids.items() if i == module.id]
        weights = [v for v in members if isinstance(v, Parameter)]
        assert {v.scope for v in members} == {path}
        assert module.operations == sum(v.op is not None for v in members)
        assert module.parameters == len(weights) == (3 if path.startswith("layers.0") else 4)
        assert module.parameter_sum == pytest.approx(sum(v.data for v in weights), rel=1e-15)
        norm = math.sqrt(sum(g * g for g in gradients(root, weights)))
        assert module.parameter_norm == pytest.approx(norm, rel=1e-12)
        assert module.outputs == 1
        assert module.data == members[-1].data
        assert module.grad == members[-1].grad
    assert sum(e.target == modules["layers.1.neurons.0"].id for e in view.edges) == 3


def test_edges_into_a_module_are_merged_and_counted():
    x = Value(2.0, label="x")
    with scope("square"):
        y = x * x + x
    root = y * 1.0
    root.backward()
    view = GraphView.of(root, depth=1)
    edge = next(e for e in view.edges if e.source == "n0")
    assert (edge.count, edge.partial, edge.contribution) == (3, 5.0, 5.0)  # 2x + 1


def test_a_module_with_several_outputs_shows_their_number():
    x = Value(2.0, label="x")
    with scope("two"):
        a, b = x * 2.0, x * 3.0
    view = GraphView.of(a * b, depth=1)
    module = next(n for n in view.nodes if n.kind == "collapsed")
    assert (module.outputs, module.data, module.grad) == (2, None, None)


def test_neuron_depth_of_the_reference_network_is_small(network):
    root = network(2, 16, 16, 1)
    assert 33 <= len(GraphView.of(root, depth=2).nodes) <= 60
    assert len(GraphView.of(root, depth=1).nodes) < 12
    assert len(GraphView.of(root, fold=False).nodes) > 900
    assert len(GraphView.of(root).nodes) < 720


def test_reading_twice_gives_the_same(network):
    root = network(2, 4, 1)
    assert GraphView.of(root) == GraphView.of(root)
    assert GraphView.of(network(2, 4, 1)) == GraphView.of(network(2, 4, 1))


def test_a_deep_graph_needs_no_recursion():
    x = Value(1.0)
    for _ in range(5_000):
        x = x + 0.5
    assert len(GraphView.of(x, constants=False, fold=False).nodes) == 5_001
    assert len(GraphView.of(x).nodes) == 2


def test_names_tell_equal_labels_apart():
    view = GraphView((Node("n0", "input", label="x"), Node("n1", "input", label="x"), Node("n2", "op")))
    assert view.names() == {"n0": "x[n0]", "n1": "x[n1]", "n2": "n2"}


@pytest.mark.parametrize("thing", [3.0, {Value(1.0)}, None, "loss", (Value(x) for x in range(3))])
def test_only_values_have_graphs(thing):
    with pytest.raises(TypeError, match=r"only a Value has a graph to draw, this is .* of type .*Pass the result"):
        GraphView.of(thing)


def test_each_of_several_roots_is_a_value():
    with pytest.raises(TypeError, match=r"number 1 of this list is 2.0 of type float"):
        GraphView.of([Value(1.0), 2.0])
    with pytest.raises(ValueError, match=r"an empty tuple has no graph to draw. Pass the result"):
        GraphView.of(())


@pytest.mark.parametrize("depth", [0, -1, True, 1.5])
def test_depth_is_a_positive_int(depth):
    with pytest.raises(ValueError, match=r"depth=.* is not a depth of modules: use 1 for layers"):
        GraphView.of(Value(1.0), depth=depth)


def test_the_parts_are_plain_frozen_data():
    for part in (Node("n0", "op"), Edge("n0", "n1"), Cluster("a")):
        with pytest.raises(AttributeError):
            setattr(part, next(iter(part.__dataclass_fields__)), "changed")


def test_a_module_with_a_constant_in_it_carries_gradient():
    """A network on plain numbers: its inputs are constants, the box that holds them is none."""
    w = Parameter(2.0, label="w")
    with scope("layer"):
        y = w * 3.0 + 1.0
    root = y * y
    root.backward()
    view = GraphView.of(root, depth=1)
    (box,) = (n for n in view.nodes if n.kind == "collapsed")
    assert box.requires_grad
    assert all(e.requires_grad for e in view.edges if e.source == box.id)


def test_a_module_with_the_root_in_it_shows_its_number():
    x = Value(2.0, label="x")
    with scope("head"):
        y = (x * 3.0).tanh()
    y.backward()
    (box,) = (n for n in GraphView.of(y, depth=1).nodes if n.kind == "collapsed")
    assert (box.outputs, box.data, box.grad) == (1, y.data, 1.0)


def test_merged_edges_carry_gradient_if_one_does():
    x = Value(2.0, label="x")
    with scope("first"):
        a = x * 3.0
        b = a.detach() * 2.0
    with scope("second"):
        y = a * b
    (edge,) = (e for e in GraphView.of(y, depth=1).edges if e.count > 1)
    assert edge.requires_grad


def test_merged_edges_may_carry_opposite_infinities():
    x = Value(2.0, label="x")
    with scope("square"):
        a, b = x * 1.0, x * 2.0
        y = a + b
    view = GraphView.of(y, depth=1, gradients={y: 1.0, a: math.inf, b: -math.inf})
    (edge,) = (e for e in view.edges if e.source == "n0")
    assert math.isnan(edge.contribution)


def test_a_backward_from_a_leaf_alone_is_no_earlier_one():
    x = Value(2.0, label="x")
    x.backward()
    (node,) = GraphView.of(x).nodes
    assert (node.grad, node.earlier) == (1.0, 0.0)


def test_gradients_of_other_backwards_are_told_apart():
    u, v = Value(1.5, label="u"), Value(-0.5, label="v")
    p = u * v
    q, r = p.tanh(), p + u
    q.backward()
    r.backward()
    earlier = {node.id: node.earlier for node in GraphView.of(q).nodes}
    slope = 1 - q.data**2  # what q alone passes back to p, which has the 1 of r's backward now
    assert earlier["n2"] == pytest.approx(1 - slope)
    assert earlier["n3"] == 0.0
    assert {n.earlier for n in GraphView.of([p, u + v]).nodes if n.output} == {0.0}


def test_a_sum_tells_that_a_sum_in_it_has_gradient_from_elsewhere():
    a, b, c = (Value(x) for x in (1.0, 2.0, 3.0))
    inner = a + b
    root, other = inner + c, inner * 5.0
    root.backward()
    assert {node.earlier for node in GraphView.of(root).nodes} == {0.0}
    other.backward()
    view = GraphView.of(root)
    assert [(e.source, e.contribution) for e in view.edges] == [("n0", 5.0), ("n1", 5.0), ("n3", 1.0)]
    assert (view.nodes[-1].symbol, view.nodes[-1].grad, view.nodes[-1].earlier) == ("Σ", 1.0, 4.0)
    assert "gradients from elsewhere" in draw(root).svg()


def test_a_module_tells_that_its_parameters_were_not_zeroed():
    model = nn.MLP(2, [2, 1], activation="tanh", rng=0)
    loss = (model([Value(1.0), Value(2.0)]) - 1.0) ** 2
    loss.backward()
    assert {node.earlier for node in GraphView.of(loss, depth=1).nodes} == {0.0}
    once = [p.grad for p in model.layers[0].parameters()]
    loss.backward()
    (layer,) = (node for node in GraphView.of(loss, depth=1).nodes if node.label == "layers.0")
    assert layer.earlier == pytest.approx(math.hypot(*once))


def test_rounding_is_no_gradient_from_elsewhere():
    x = Value(0.3)
    y = x * 1.0
    z = y * 1e9 - y * (1e9 - 1e-3) + y * 0.1  # nearly all that comes back to y cancels
    z.backward()
    assert {node.earlier for node in GraphView.of(z).nodes} == {0.0}


def test_nothing_flows_to_a_parameter_that_is_frozen_since():
    p, x = Parameter(2.0, label="p"), Value(3.0, label="x")
    loss = p * x + x
    loss.backward()
    p.requires_grad = False
    view = GraphView.of(loss)
    assert [(e.source, e.requires_grad, e.partial, e.contribution) for e in view.edges if e.target == "n2"] == [
        ("n0", False, None, None),
        ("n1", True, 2.0, 2.0),
    ]
