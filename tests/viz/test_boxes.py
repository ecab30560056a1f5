"""Which numbers share a box: constants, sums, modules by path; and the numbers that such boxes show."""

import math

import numpy as np
import pytest

from autograd import Constant, Parameter, Value, ancestors, gradients, scope, sweep
from viz import narrate
from viz.graph.boxes import Boxes
from viz.graph.nodes import Folded
from viz.graph.view import GraphView


def leaves(*numbers):
    return [Value(x, label=f"x{i}") for i, x in enumerate(numbers)]


def drawn(view):
    return [n.label or n.symbol or n.data for n in view.nodes]


def test_a_constant_that_is_used_once_goes_into_its_operation():
    (x,) = leaves(4.0)
    root = 10.0 / (x * 2.0) ** 3.0
    view = GraphView.of(root)
    assert drawn(view) == ["x0", "×", "^", "÷"]
    assert [[(f.argument, f.data) for f in n.folded] for n in view.nodes] == [[], [(1, 2.0)], [(1, 3.0)], [(0, 10.0)]]
    assert [e.argument for e in view.edges] == [0, 0, 1]
    times = view.nodes[1]
    number = {v: f"n{i}" for i, v in enumerate(ancestors(root))}
    two = next(v for v in number if v.data == 2.0)
    assert times.folded == (Folded(1, 2.0, number[two]),)
    assert times.members == (number[two], times.id)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x * Constant(2.0, label="two"),
        lambda x: (c := Constant(2.0)) * x + c,
        lambda x: [x * (c := Constant(2.0)), c],
        lambda x: [x, Constant(2.0) * Constant(3.0)],
    ],
    ids=["labelled", "used twice", "a root", "a constant result"],
)
def test_other_constants_stay(make):
    view = GraphView.of(make(*leaves(4.0)))
    assert all(n.folded == () for n in view.nodes)
    assert len(view.nodes) == len(GraphView.of(make(*leaves(4.0)), fold=False).nodes)


def test_a_chain_of_additions_is_a_sum_in_the_order_of_the_formula():
    a, b, c, d = leaves(1.0, 2.0, 3.0, 4.0)
    root = (a + b) + (5.0 + (c + d)) + a
    root.backward()
    view = GraphView.of(root)
    total = view.nodes[-1]
    assert drawn(view)[-1] == "Σ"
    assert (total.group, total.kind, total.operations, total.data) == ("sum", "output", 5, 16.0)
    assert [(f.argument, f.data) for f in total.folded] == [(2, 5.0)]
    assert len(total.members) == 6
    labels = {n.id: n.label for n in view.nodes}
    edges = [(labels[e.source], e.argument, e.partial, e.formula, e.contribution) for e in view.edges]
    one = (1.0, "1", 1.0)
    assert edges == [("x0", 0, *one), ("x1", 1, *one), ("x2", 3, *one), ("x3", 4, *one), ("x0", 5, *one)]


def test_the_sum_that_python_begins_with_zero():
    a, b, c = leaves(1.0, 2.0, 3.0)
    view = GraphView.of(sum([a * 2.0, b * 3.0, c * 4.0]))
    assert drawn(view) == ["x0", "×", "x1", "×", "x2", "×", "Σ"]
    total = view.nodes[-1]
    assert (len(view.edges), total.operations, total.folded) == (6, 2, ())
    assert [e.argument for e in view.edges if e.target == total.id] == [0, 1, 2]
    shared = GraphView.of([sum([a, b, c]), a * b])
    assert [n.folded for n in shared.nodes if n.symbol == "Σ"] == [()]


def test_zero_plus_x_is_x():
    (x,) = leaves(3.0)
    square = x * x
    view = GraphView.of((0 + square).tanh())
    assert drawn(view) == ["x0", "×", "tanh"]
    assert view.nodes[1].members == ("n0", "n2", "n3")
    assert [n.earlier for n in view.nodes] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("case", ["root", "labelled", "used twice"])
def test_zero_plus_x_stays_where_it_is_something_of_its_own(case):
    (x,) = leaves(3.0)
    y = 0 + x
    if case == "labelled":
        y.label = "y"
    root = y if case == "root" else y * y if case == "labelled" else y * x
    view = GraphView.of(root)
    (kept,) = (n for n in view.nodes if n.folded)
    assert kept.symbol == "+"
    assert kept.folded[0].data == 0.0


@pytest.mark.parametrize("case", ["used twice", "labelled", "a root", "another module"])
def test_what_stands_for_itself_is_not_fused(case):
    a, b, c = leaves(1.0, 2.0, 3.0)
    with scope("inner"):
        first = a + b
    if case == "labelled":
        first.label = "first"
    with scope("outer" if case == "another module" else "inner"):
        last = first + c
    root = {"used twice": lambda: last * first, "a root": lambda: [last, first]}.get(case, lambda: last)()
    assert [n.symbol for n in GraphView.of(root).nodes].count("+") == 2


def test_fold_false_draws_every_number(network):
    root = network(2, 3, 1)
    view = GraphView.of(root, fold=False)
    assert len(view.nodes) == len(ancestors(root))
    assert all(n.members == () and n.folded == () and n.group == "" for n in view.nodes)


@pytest.mark.parametrize("kind", ["all", "neuron", "list", "both"])
def test_modules_are_collapsed_by_path(network, kind):
    root = network(2, 3, 2, 1)
    collapse = {
        "all": ["layers.0", "layers.1", "layers.2"],
        "neuron": ["layers.1.neurons.1"],
        "list": ["layers"],
        "both": ["layers.0.neurons.2", "layers.0"],
    }[kind]
    view = GraphView.of(root, collapse=collapse)
    boxes = [n.label for n in view.nodes if n.kind == "collapsed"]
    assert boxes == {"both": ["layers.0"]}.get(kind, collapse)
    assert all(n.group == "module" for n in view.nodes if n.kind == "collapsed")
    frames = {c.path for c in view.clusters}
    assert frames.isdisjoint(boxes)
    assert ("layers.1" in frames) == (kind in ("neuron", "both"))
    if kind == "all":
        deep = GraphView.of(root, depth=1)
        assert (deep.nodes, deep.edges) == (view.nodes, view.edges)


def test_a_path_that_is_no_module(network):
    with pytest.raises(ValueError, match=r"has no module 'layer.0'; did you mean 'layers.0'\? it has 'layers', 'lay"):
        GraphView.of(network(2, 2, 1), collapse=["layer.0"])
    with pytest.raises(ValueError, match=r"no module 'layers.0', nor any other. Make parts of it inside `with scope"):
        GraphView.of(Value(1.0), collapse="layers.0")
    with pytest.raises(TypeError, match=r"collapse=\[0\]: pass paths of modules"):
        GraphView.of(Value(1.0), collapse=[0])


@pytest.mark.parametrize("path", [".", "a..b", ".a", "a.", "0.1.2", "a\x00b\n<c>", "s" * 10_000])
def test_strange_scopes(path):
    with scope(path):
        y = Value(2.0) * Value(3.0)
    root = y.tanh()
    for options in ({}, {"depth": 1}, {"collapse": [path.split(".")[0]]} if path[0] != "." else {}):
        view = GraphView.of(root, **options)
        assert all(cluster.path for cluster in view.clusters)
        assert sum(len(n.members) or 1 for n in view.nodes) == 4
        assert (view.nodes[0].kind == "collapsed") == bool(options and path != "."), options


def test_what_flows_to_different_variables_is_not_added_up():
    a, b = leaves(2.0, 3.0)
    with scope("pair"):
        p, q = a * b, a - b
    with scope("head"):
        root = p * q
    root.backward()
    view = GraphView.of(root, collapse=["pair", "head"])
    shares = {(e.source, e.target): (e.count, e.contribution) for e in view.edges}
    assert shares == {("n0", "n3"): (2, a.grad), ("n1", "n3"): (2, b.grad), ("n3", "n4"): (2, None)}


def test_a_ledger_has_what_each_use_passed_back_in_the_order_of_the_backward():
    rng = np.random.default_rng(3)
    for _ in range(20):
        values = [Value(float(x)) for x in rng.normal(size=4)]
        for _ in range(20):
            i, j = rng.integers(len(values), size=2)
            values.append(values[i] * values[j] if rng.random() < 0.5 else (values[i] + values[j]).tanh())
        root = values[-1] + values[-2]
        root.backward()
        boxes = Boxes.of(root)
        ledger = {}
        for step in sweep(root):
            for operand, share in zip(step.node.args, step.contributions, strict=True):
                ledger.setdefault(operand, []).append(share)
        nodes = {n.id: n for n in GraphView.over(boxes).nodes}
        for value, terms in ledger.items():
            if len(boxes.members[boxes.ids[value]]) == 1:
                node = nodes[boxes.ids[value]]
                assert list(node.terms) == (terms if len(terms) > 1 else [])
                assert value.op is not None or math.fsum(terms) == pytest.approx(value.grad, rel=1e-12)


def test_a_box_with_one_number_has_a_ledger_too():
    (x,) = leaves(2.0)
    with scope("inner"):
        y = (x * 3.0).tanh()
    root = y * y + y
    root.backward()
    (box,) = (n for n in GraphView.of(root, depth=1).nodes if n.kind == "collapsed")
    assert sorted(box.terms) == sorted([y.data, y.data, 1.0])
    assert sum(box.terms) == pytest.approx(y.grad)
    assert GraphView.of(root, depth=1, gradients={}).nodes[1].terms == ()


def test_the_first_number_that_is_not_finite_is_marked():
    a, b = leaves(1e200, 2.0)
    root = (a * a).sqrt() * b
    marked = {n.bad: n.symbol for n in GraphView.of(root).nodes if n.bad}
    assert marked == {"data": "×"}
    folded = GraphView.of(b * math.inf)
    assert [n.bad for n in folded.nodes] == ["", "data"]
    assert [n.bad for n in GraphView.of(b * 2.0).nodes] == ["", ""]


def test_the_first_gradient_that_is_not_finite_is_marked():
    a, b = leaves(0.0, 2.0)
    root = a.sqrt() * b
    root.backward()
    assert a.grad == math.inf
    assert [n.bad for n in GraphView.of(root).nodes] == ["grad", "", "", ""]
    twice = a.sqrt().sqrt()
    twice.backward()
    assert a.grad == twice.args[0].grad == math.inf
    assert [n.bad for n in GraphView.of(twice).nodes] == ["", "grad", ""]  # it comes from the outer one
    with scope("inner"):
        root = a.sqrt() * b
    root.backward()
    assert [n.bad for n in GraphView.of(root, depth=1, gradients={a: math.nan, root: 1.0}).nodes] == ["grad", "", ""]


def test_several_outputs():
    a, b = leaves(2.0, 3.0)
    total, product = a + b, a * b
    product.backward()
    view = GraphView.of([total, product, total])
    assert [(n.label or n.symbol, n.kind, n.output) for n in view.nodes] == [
        ("x0", "input", False), ("x1", "input", False), ("+", "output", True), ("×", "output", True),
    ]  # fmt: skip
    assert [e.contribution for e in view.edges] == [None, None, 3.0, 2.0]
    assert [n.terms for n in view.nodes] == [()] * 4


def test_outputs_of_graphs_that_share_nothing_and_one_that_uses_another():
    a, b = leaves(2.0, 3.0)
    inner = a * 2.0
    view = GraphView.of((inner, inner.tanh(), b * 3.0))
    assert [n.output for n in view.nodes] == [False, True, True, False, True]
    assert [(e.source, e.target) for e in view.edges] == [("n0", "n2"), ("n2", "n3"), ("n4", "n6")]


def test_each_value_is_in_one_box_and_boxes_know_their_members(network):
    root = network(2, 3, 2, 1)
    for options in ({}, {"depth": 1}, {"collapse": ["layers.1"]}, {"fold": False}, {"constants": False}):
        boxes = Boxes.of(root, **options)
        everything = ancestors(root)
        listed = [v for members in boxes.members.values() for v in members]
        kept = [v for v in everything if v.requires_grad or options != {"constants": False}]
        assert sorted(map(id, listed)) == sorted(map(id, kept))
        for name, members in boxes.members.items():
            assert {boxes.ids[v] for v in members} == {name}
            places = [everything.index(v) for v in members]
            assert places == sorted(places)
        view = GraphView.over(boxes)
        assert list(boxes.members) == [n.id for n in view.nodes]
        assert {i for n in view.nodes for i in n.members or [n.id]} == {f"n{everything.index(v)}" for v in kept}


def test_one_reading_serves_every_step(network):
    root = network(2, 3, 1)
    boxes = Boxes.of(root, depth=2)
    known = {}
    for step in sweep(root):
        known[step.node] = step.adjoint
        assert GraphView.over(boxes, known) == GraphView.of(root, depth=2, gradients=dict(known))
    weights = [v for v in known if isinstance(v, Parameter)]
    norms = [n.parameter_norm for n in GraphView.over(boxes, known).nodes if n.parameter_norm is not None]
    assert math.hypot(*norms) == pytest.approx(math.hypot(*gradients(root, weights)))


def random_modules(rng):
    """A graph with constants, sums and modules, whose backward has run; modules may be used in turn."""
    makers = [
        lambda a, b: a + b,
        lambda a, b: a * b,
        lambda a, _: 0 + a,
        lambda a, _: a * 0.5 + 2.0,
        lambda a, b: (a - b).tanh(),
        lambda a, _: -a,
    ]
    values = [Value(float(x)) for x in rng.normal(size=3)] + [Parameter(float(x)) for x in rng.normal(size=3)]
    for _ in range(40):
        a, b = (values[i] for i in rng.integers(max(0, len(values) - 12), len(values), size=2))
        with scope(["top", "m.0", "m.1", "m.1.inner"][rng.integers(4)]):
            values.append(makers[rng.integers(len(makers))](a, b))
    root = sum(values[-6:])
    root.backward()
    return root


@pytest.mark.parametrize("options", [{}, {"fold": False}, {"depth": 1}, {"collapse": ["m.1.inner", "top"]}], ids=str)
def test_what_is_shown_is_what_the_engine_found(options):
    rng = np.random.default_rng(5)
    for _ in range(30):
        root = random_modules(rng)
        boxes = Boxes.of(root, **options)
        view = GraphView.over(boxes)
        passed = {}
        for edge in view.edges:
            passed.setdefault(edge.source, []).append(edge)
        nodes = {n.id: n for n in view.nodes}
        for node in view.nodes:
            last = boxes.members[node.id][-1]
            if node.kind != "collapsed":
                assert node.data == pytest.approx(last.data, rel=1e-15)
                assert node.grad is None or node.grad == pytest.approx(last.grad, rel=1e-12, abs=1e-300)
            if node.terms:
                assert math.fsum(node.terms) == pytest.approx(node.grad, rel=1e-9, abs=1e-12)
            shares = [e.contribution for e in passed.get(node.id, [])]
            if node.kind not in ("collapsed", "output", "constant") and shares:
                assert math.fsum(shares) == pytest.approx(node.grad, rel=1e-9, abs=1e-12)
        for edge in view.edges:
            target = nodes[edge.target]
            if target.kind != "collapsed" and edge.partial is not None and edge.count == 1:
                assert edge.contribution == pytest.approx(edge.partial * target.grad, rel=1e-12, abs=1e-300)


def test_a_sum_with_zero_is_no_longer_the_number_that_was_changed_since():
    (x,) = leaves(2.0)
    root = (0 + x) * 3.0
    assert drawn(GraphView.of(root)) == ["x0", "×"]
    x.data = 7.0
    assert [node.data for node in GraphView.of(root).nodes] == [7.0, 2.0, 6.0]
    assert "n2 = 0 + x0 = 0 + 7 ≈ 2, a number has been changed since" in narrate(root)
