"""BatchNorm and LayerNorm against PyTorch's numbers; buffers; whole batches through models."""

import copy
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from autograd import Constant, Parameter, Value, check_gradients, check_graph, nn, no_grad
from autograd.batch import BATCH_MEAN
from autograd.compiler import compile
from autograd.errors import ShapeError
from autograd.nn.normalization import batch_mean
from autograd.nn.state import Loaded
from autograd.nn.statistics import commit, pending
from autograd.scopes import Scope, _current

PYTORCH = json.loads(
    (Path(__file__).parents[1] / "reference" / "pytorch_normalization.json").read_text(encoding="utf-8")
)
COPIERS = pytest.mark.parametrize(
    "copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
X = np.random.default_rng(0).normal(size=(6, 3)) * [1.0, 20.0, 0.1] + [0.0, 5.0, -1.0]


def data(outputs):
    return [[v.data for v in row] for row in outputs]


def state(module):
    return {name: array.tolist() for name, array in module.state_dict().items()}


def network(seed=0):
    return nn.Sequential(nn.Linear(3, 4, rng=seed), nn.BatchNorm(4), nn.ReLU(), nn.Linear(4, 1, rng=seed + 1))


# PyTorch's numbers


def close(mine, its, scale=0.0):
    """Equal to 1e-9 of the size of the numbers that went in (sums of large numbers can leave a small one)."""
    return np.allclose(mine, its, rtol=1e-9, atol=1e-12 + 1e-9 * scale)


def assert_runs_like(layer, run):
    layer.zero_grad()
    leaves = [[Value(x) for x in row] for row in run["x"]]
    out = layer.forward_batch(leaves)
    assert close(data(out), run["y"])
    total = Value(0.0)
    for row, factors in zip(out, run["factors"], strict=True):
        for y, factor in zip(row, factors, strict=True):
            total = total + y * factor
    total.backward()
    # A batch of two has outputs of +-1 whatever it holds, so gradients of almost 0 by cancellation.
    assert close([[x.grad for x in row] for row in leaves], run["x_grad"], scale=1e-3 * np.abs(run["x_grad"]).max())
    for name, grad in run["grads"].items():
        assert close([p.grad for p in getattr(layer, name)], grad)
    buffers = {name: array for name, array in layer.state_dict().items() if layer.has_buffer(name)}
    assert buffers.keys() == run["buffers"].keys()
    for name, array in buffers.items():
        assert close(array, run["buffers"][name])


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        pytest.param(kind, case, id=f"{kind} {case['options']}")
        for kind in ("BatchNorm", "LayerNorm")
        for case in PYTORCH[kind]
    ],
)
def test_outputs_gradients_and_running_statistics_are_pytorchs(kind, case):
    layer = getattr(nn, kind)(3, **case["options"])
    layer.load_state_dict(case["start"], strict=False)
    for run in case["training"]:
        assert_runs_like(layer, run)
    assert_runs_like(layer.eval(), case["evaluation"])


def test_the_reference_is_the_version_that_is_named():
    assert PYTORCH["torch"].startswith("2.13.0")


# Gradients


def test_gradients_through_a_batch_are_those_of_differences():
    layer = nn.BatchNorm(2, eps=0.1)
    layer.load_state_dict({"weight": [0.7, -1.5], "bias": [0.1, 0.2]}, strict=False)

    def f(a, b, c, d, e, g):
        out = layer.forward_batch([[a, b], [c, d], [e, g]])
        return sum(((i + 1.0) * (y.tanh() + y * y) for i, row in enumerate(out) for y in row), Value(0.0))

    assert check_gradients(f, at=[0.3, -1.0, 2.0, 0.5, -0.7, 4.0])


def test_gradients_through_a_network_in_a_batch():
    model = nn.Sequential(nn.BatchNorm(2, eps=0.1), nn.Tanh(), nn.Linear(2, 1, rng=0))

    def f(a, b):
        y = model.forward_batch([[a * x, b + x * x] for x in (0.5, -1.0, 2.0)])
        return y[0] * y[1] + y[2]

    assert check_gradients(f, at=[0.8, -0.3])


def test_gradients_of_layer_norm_in_both_modes():
    layer = nn.LayerNorm(3, eps=0.1)
    layer.load_state_dict({"weight": [1.0, -2.0, 0.5], "bias": [0.0, 0.3, 1.0]})

    def f(a, b, c):
        y = layer([a, b, c])
        return y[0].tanh() + y[1] * y[2]

    assert check_gradients(f, at=[0.3, -1.0, 2.0])
    trained = data([layer([1.0, 2.0, 4.0])])
    assert data([layer.eval()([1.0, 2.0, 4.0])]) == trained


def test_layer_norm_needs_nothing_special_to_be_compiled():
    model = nn.Sequential(nn.Linear(3, 3, rng=0), nn.LayerNorm(3), nn.Tanh(), nn.LayerNorm(3), nn.Linear(3, 1, rng=1))
    program = compile(lambda x, y: (model(x) - y) ** 2, backend="numpy")
    targets = np.arange(6.0)
    mean = program.backward(X, targets)
    compiled = [p.grad for p in model.parameters()]
    model.zero_grad()
    loss = sum((model(x) - y) ** 2 for x, y in zip(X, targets, strict=True)) / 6.0
    loss.backward()
    assert mean == pytest.approx(loss.data, rel=1e-12)
    assert np.allclose(compiled, [p.grad for p in model.parameters()], rtol=1e-10, atol=1e-12)


# What goes in and comes out


def test_a_value_gives_a_value_and_a_list_a_list():
    layer = nn.BatchNorm(1)
    assert [type(y) for y in layer.forward_batch([Value(1.0), 2.0])] == [Value, Value]
    assert [type(y) for y in layer.forward_batch([[Value(1.0)], [2.0]])] == [list, list]
    assert isinstance(layer.eval()(Value(1.0)), Value)
    assert isinstance(nn.LayerNorm(1)(Value(1.0)), Value)
    assert len(nn.LayerNorm(1)([Value(1.0)])) == 1


def test_samples_come_as_lists_tuples_arrays_and_iterators():
    expected = data(nn.BatchNorm(3).forward_batch(X.tolist()))
    for xs in (X, tuple(X), iter(X), [tuple(row) for row in X.tolist()], X.astype(np.float64).copy(order="F")):
        assert data(nn.BatchNorm(3).forward_batch(xs)) == expected


def test_the_graph_shows_how_plain_inputs_are_normalized():
    (y, _), _ = nn.BatchNorm(2, affine=False).forward_batch([[1.0, 2.0], [3.0, 4.0]])
    assert type(y) is Constant
    centred, root = y.args
    x, mean = centred.args
    assert (x.data, mean.data, mean.label) == (1.0, 2.0, "mean0")
    assert (root.op.name, root.args[0].args[0].label) == ("sqrt", "var0")
    layer_mean = nn.LayerNorm(2)([1.0, 2.0])[0].args[0].args[1].args[0].args[1]
    assert (layer_mean.label, layer_mean.data) == ("mean", 1.5)


def test_values_are_in_the_scope_of_their_layer():
    model = network()
    out = model.forward_batch(X)
    scopes = {node.scope for y in out for node in _nodes(y) if node.op is not None}
    assert scopes == {f"0.neurons.{i}" for i in range(4)} | {"1", "2", "3.neurons.0"}
    assert {p.scope for p in model[1].weight} == {"1"}
    assert [p.label for p in model[1].parameters()] == [f"{k}{i}" for k in ("weight", "bias") for i in range(4)]
    assert check_graph(sum(out, Value(0.0)))


def _nodes(root):
    seen, stack = set(), [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += node.args
    return seen


def test_weights_and_biases():
    layer = nn.BatchNorm(3)
    assert [p.data for p in layer.parameters()] == [1.0] * 3 + [0.0] * 3
    assert layer.biases() == list(layer.bias)
    assert nn.LayerNorm(2, affine=False).parameters() == []
    assert repr(nn.Sequential(nn.BatchNorm(2), nn.LayerNorm(2, affine=False))) == (
        "Sequential(4 parameters:\n  0: BatchNorm(2; 4 parameters)\n  1: LayerNorm(2)\n)"
    )


# Modes


def test_evaluation_takes_the_running_statistics_and_changes_nothing():
    model = network()
    model.forward_batch(X)
    before = state(model.eval())
    one_by_one = [model(row).data for row in X]
    assert [y.data for y in model.forward_batch(X)] == one_by_one
    assert [y.data for y in model.forward_batch(X[:1])] == one_by_one[:1]
    assert state(model) == before
    layer = model[1]
    x = [1.0, 2.0, 3.0, 4.0]
    expected = (np.array(x) - layer.running_mean) / np.sqrt(layer.running_var + 1e-5)
    assert np.allclose([y.data for y in layer(x)], expected, rtol=1e-14)


def test_statistics_move_without_gradients_too():
    layer = nn.BatchNorm(3)
    with no_grad():
        layer.forward_batch(X)
    assert np.allclose(layer.running_mean, 0.1 * X.mean(axis=0), rtol=1e-12)
    assert np.allclose(layer.running_var, 0.9 + 0.1 * X.var(axis=0, ddof=1), rtol=1e-12)
    assert layer.num_batches_tracked == 1.0


def test_a_frozen_layer_in_a_training_model():
    model = network()
    model[1].eval()
    before = state(model)
    assert [y.data for y in model.forward_batch(X)] == [model(row).data for row in X]
    assert state(model) == before


ONE = (
    "1: BatchNorm(4; 8 parameters) in training needs the whole batch, but was called with one sample: call "
    "model.forward_batch(samples), train with autograd.fit, or compile it; after model.eval() one sample is enough. "
    "A model with a forward of its own needs a forward_batch of its own too, that calls layer.forward_batch of each "
    "layer"
)


def test_one_sample_in_training_is_refused_with_the_cure():
    model = network()
    with pytest.raises(ShapeError) as caught:
        model(X[0])
    assert str(caught.value) == ONE
    untracked = nn.BatchNorm(1, track_running_stats=False).eval()
    with pytest.raises(
        ShapeError, match=r"^BatchNorm\(1; 2 parameters\) without running statistics needs the whole .*"
    ):
        untracked(1.0)
    with pytest.raises(ShapeError, match=r"with track_running_stats=True one sample is enough in evaluation"):
        untracked(1.0)


@pytest.mark.parametrize("samples", [0, 1])
def test_a_batch_without_variance_is_refused_and_nothing_changes(samples):
    model = network()
    before = state(model)
    with pytest.raises(ShapeError) as caught:
        model.forward_batch(X[:samples])
    assert str(caught.value) == (
        f"1: BatchNorm(4; 8 parameters) in training needs at least 2 samples, got {samples}, and one has no variance; "
        f"choose another batch size"
    )
    assert state(model) == before
    assert nn.Linear(3, 1).forward_batch([]) == []


def test_equal_samples_are_as_good_as_others():
    out = nn.BatchNorm(1).forward_batch([2.0, 2.0])
    assert [y.data for y in out] == [0.0, 0.0]


REFUSALS = {
    "n of a BatchNorm must be at least 1, got 0": (ValueError, lambda: nn.BatchNorm(0)),
    "n of a LayerNorm must be a whole number, got float: 2.0": (TypeError, lambda: nn.LayerNorm(2.0)),
    "eps of BatchNorm is a finite number from 0 on, got -1": (ValueError, lambda: nn.BatchNorm(2, eps=-1)),
    "eps of LayerNorm is a finite number from 0 on, got inf": (ValueError, lambda: nn.LayerNorm(2, float("inf"))),
    "momentum of BatchNorm is a number from 0 to 1, got 1.5": (ValueError, lambda: nn.BatchNorm(2, momentum=1.5)),
    "momentum of BatchNorm holds a real number, got str: 'a'": (TypeError, lambda: nn.BatchNorm(2, momentum="a")),
    "LayerNorm(3; 6 parameters) takes 3 inputs, got 1; make it with n=1": (ShapeError, lambda: nn.LayerNorm(3)([1])),
    "LayerNorm(1; 2 parameters) takes 1 input, got 0": (ShapeError, lambda: nn.LayerNorm(1)([])),
    "takes 1 input, got 2; make it with n=2": (ShapeError, lambda: nn.BatchNorm(1).forward_batch([[1.0], [1.0, 2.0]])),
    "forward_batch takes a list of samples, got float: 3.0": (TypeError, lambda: nn.BatchNorm(1).forward_batch(3.0)),
    "forward_batch takes a list of samples, got str: 'abc'": (TypeError, lambda: network().forward_batch("abc")),
    "a BatchNorm takes a list of numbers or Values": (TypeError, lambda: nn.BatchNorm(2).forward_batch(["ab", "cd"])),
}


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals(text):
    error, make = REFUSALS[text]
    with pytest.raises(error, match=re.escape(text)):
        make()


# Whole batches through models


def test_a_batch_is_each_sample_in_turn_unless_a_module_looks_at_all():
    model = nn.MLP(3, [4, 2], rng=0)
    assert data(model.forward_batch(X)) == data([model(row) for row in X])
    dropping = [nn.Sequential(nn.Linear(3, 4, rng=0), nn.Dropout(0.5, rng=1), nn.Dropout(0.3, rng=2)) for _ in range(2)]
    assert data(dropping[0].forward_batch(X)) == data([dropping[1](row) for row in X])


def test_a_batch_norm_may_stand_in_an_mlp():
    model = nn.MLP(3, [4, 1], rng=0)
    model.layers.insert(1, nn.BatchNorm(4))
    hidden = nn.BatchNorm(4).forward_batch([model.layers[0](row) for row in X])
    assert [y.data for y in model.forward_batch(X)] == [model.layers[2](h).data for h in hidden]


class Residual(nn.Sequential):
    """Changes forward, so the inherited forward_batch would compute something else."""

    def forward(self, x):
        return [a + b for a, b in zip(super().forward(x), x, strict=True)]


class Twice(nn.Module):
    """A model of its own, with its own forward_batch."""

    def __init__(self):
        self.norm, self.last = nn.BatchNorm(3), nn.Linear(3, 1, rng=0)

    def forward_batch(self, xs):
        return self.last.forward_batch(self.norm.forward_batch(self.norm.forward_batch(xs)))

    def forward(self, x):
        return self.last(self.norm(self.norm(x)))


class Old(nn.Module):
    """In micrograd's manner, with its own __call__."""

    def __call__(self, x):
        return x * 2.0


def test_a_changed_forward_is_what_a_batch_computes():
    model = Residual(nn.Linear(3, 3, rng=0))
    assert data(model.forward_batch(X)) == data([model(row) for row in X])
    with pytest.raises(ShapeError, match="needs a forward_batch of its own too"):
        Residual(nn.BatchNorm(3)).forward_batch(X)
    assert Old().forward_batch([1.0, 2.0]) == [2.0, 4.0]


def test_a_forward_batch_of_ones_own_and_a_layer_that_is_met_twice():
    model = Twice()
    model.forward_batch(X)
    first = 0.1 * X.mean(axis=0)
    assert np.allclose(model.norm.running_mean, 0.9 * first, atol=1e-12), "both batches count, the second has mean 0"
    assert model.norm.num_batches_tracked == 2.0


def test_an_error_anywhere_in_the_batch_leaves_statistics_as_they_were():
    model = nn.Sequential(nn.BatchNorm(3), nn.Linear(2, 1))
    before = state(model)
    with pytest.raises(ShapeError, match="takes 2 inputs, got 3"):
        model.forward_batch(X)
    assert state(model) == before


def test_statistics_wait_until_they_are_committed():
    layer = nn.BatchNorm(3)
    with pending():
        layer.forward_batch(X)
        assert layer.num_batches_tracked == 0.0
    assert layer.num_batches_tracked == 0.0, "forgotten"
    commit()
    assert layer.num_batches_tracked == 0.0
    with pending():
        layer.forward_batch(X)
        layer.forward_batch(X)
        commit()
        commit()
        assert layer.num_batches_tracked == 2.0
    assert np.allclose(layer.running_mean, 0.19 * X.mean(axis=0), rtol=1e-12)


# Traces: what the compiler has to provide


class Tracer:
    """Notes what it is asked for; a batch stands for itself in a tuple of numbers."""

    def __init__(self):
        self.observed, self.buffers = [], []

    def called(self, module):
        pass

    def observe(self, receiver, numbers):
        self.observed.append((receiver, numbers))

    def buffer(self, array, place):
        self.buffers.append((array, place))
        return array[place]


class Batch:
    """All samples' numbers at once, as a traced number stands for them."""

    def __init__(self, numbers):
        self.numbers = np.asarray(numbers)

    __array_ufunc__ = None

    @staticmethod
    def __apply_op__(op, args):
        assert op is BATCH_MEAN
        return args[0].numbers.mean()

    def __sub__(self, other):
        return Batch(self.numbers - other)

    def __pow__(self, exponent):
        return Batch(self.numbers**exponent)

    def __truediv__(self, other):
        return Batch(self.numbers / other)


def traced(function, tracer):
    token = _current.set(Scope(trace=tracer))
    try:
        return function()
    finally:
        _current.reset(token)


def test_in_a_trace_one_sample_stands_for_the_batch():
    layer, tracer = nn.BatchNorm(3, affine=False), Tracer()
    out = traced(lambda: layer([Batch(column) for column in X.T]), tracer)
    expected = nn.BatchNorm(3, affine=False).forward_batch(X)
    assert np.allclose(np.array([y.numbers for y in out]).T, data(expected), rtol=1e-12)
    assert layer.num_batches_tracked == 0.0
    ((receiver, numbers),) = tracer.observed
    receiver(numbers, len(X))
    eager = nn.BatchNorm(3)
    eager.forward_batch(X)
    assert np.allclose(layer.running_mean, eager.running_mean, rtol=1e-12)
    assert np.allclose(layer.running_var, eager.running_var, rtol=1e-12)


def test_in_a_trace_running_statistics_are_asked_for_one_by_one():
    layer, tracer = nn.BatchNorm(2).eval(), Tracer()
    traced(lambda: layer([1.0, 2.0]), tracer)
    assert [place for _, place in tracer.buffers] == [0, 1, 0, 1]
    assert [array is layer.running_mean for array, _ in tracer.buffers] == [True, True, False, False]
    assert [array is layer.running_var for array, _ in tracer.buffers] == [False, False, True, True]


def test_what_is_the_same_for_all_samples_is_its_own_mean():
    value = Value(3.0)
    assert batch_mean(value) is value
    assert batch_mean(2.0) == 2.0
    assert batch_mean([value, 1.0]).data == 2.0
    with pytest.raises(TypeError, match="batch_mean takes Values, real numbers or NumPy arrays, got object"):
        batch_mean(object())


# Buffers


def test_buffers_are_part_of_the_state():
    model = network()
    model.forward_batch(X)
    names = ["1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"]
    assert [name for name in model.state_dict() if name.startswith("1.")] == names
    other = network(5)
    arrays = other.buffers()
    assert other.load_state_dict(model.state_dict()) == Loaded([], [])
    assert state(other) == state(model)
    assert all(a is b for a, b in zip(other.buffers(), arrays, strict=True)), "written in place"
    kept = model.state_dict()
    model.forward_batch(X)
    assert kept["1.running_mean"].tolist() == state(other)["1.running_mean"], "a state is a copy"


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda s: s.pop("1.running_var"), "missing: 1.running_var of shape (4,)"),
        (lambda s: s.update({"1.running_mean": [1.0]}), "wrong shape: 1.running_mean needs (4,), got (1,)"),
        (lambda s: s.update({"1.num_batches_tracked": "many"}), "not real numbers: 1.num_batches_tracked"),
        (lambda s: s.update({"3.bias": [1.0, 2.0]}), "wrong shape: 3.bias needs (1,), got (2,)"),
    ],
)
def test_a_state_that_does_not_fit_changes_no_buffer(spoil, text):
    model, other = network(), network()
    other.forward_batch(X)
    wrong = other.state_dict()
    spoil(wrong)
    before = state(model)
    with pytest.raises(ShapeError, match=re.escape(text)):
        model.load_state_dict(wrong)
    assert state(model) == before


def test_a_shared_layer_has_its_buffers_under_each_name_and_they_must_agree():
    layer = nn.BatchNorm(1)
    model = nn.Sequential(layer, layer)
    assert [name for name, _ in model.named_buffers()] == [
        "0.running_mean", "0.running_var", "0.num_batches_tracked",
    ]  # fmt: skip
    wrong = model.state_dict()
    model.load_state_dict(wrong)
    wrong["1.running_mean"] = [7.0]
    wrong["0.running_var"] = wrong["1.running_var"] = [np.nan]
    text = "contradiction: 0.running_mean and 1.running_mean are the same buffer, but their numbers differ"
    with pytest.raises(ShapeError, match=text) as caught:
        model.load_state_dict(wrong)
    assert "running_var" not in str(caught.value)
    assert layer.running_mean == 0.0


@COPIERS
def test_copies_have_buffers_of_their_own(copier):
    model = network()
    model.forward_batch(X)
    twin = copier(model)
    assert state(twin) == state(model)
    assert repr(twin) == repr(model)
    twin.forward_batch(X)
    model.forward_batch(X)
    assert state(twin) == state(model)
    assert twin[1].num_batches_tracked == 2.0
    assert not np.shares_memory(twin[1].running_mean, model[1].running_mean)
    assert twin[1].track_running_stats


def test_statistics_that_move_are_no_change_of_structure():
    model = network()
    model.forward_batch(X)
    parts = model._parts()
    model.forward_batch(X)
    model[1].running_mean = np.zeros(4)
    model[1].running_var += 1.0
    model.load_state_dict(model.state_dict())
    assert model._parts() is parts


def test_assigning_to_a_buffer_writes_into_it():
    layer = nn.BatchNorm(2)
    array = layer.running_mean
    layer.running_mean = [3, 4]
    assert layer.running_mean is array
    assert array.tolist() == [3.0, 4.0]
    with pytest.raises(ShapeError, match=r"the buffer 'running_mean' has the shape \(2,\), got \(3,\)"):
        layer.running_mean = [1.0, 2.0, 3.0]
    with pytest.raises(TypeError, match=r"the buffer 'running_mean' holds real numbers, got str: 'a'"):
        layer.running_mean = "a"
    assert array.tolist() == [3.0, 4.0]


class Counter(nn.Module):
    def __init__(self):
        self.p, self.table = Parameter(1.0), np.ones(2)
        self.register_buffer("seen", [[1, 2], [3, 4]])


def test_a_module_may_register_buffers_of_its_own():
    module = Counter()
    assert state(module) == {"p": 1.0, "seen": [[1.0, 2.0], [3.0, 4.0]]}, "other arrays are no state"
    assert module.seen.dtype == np.float64
    del module.seen
    assert module.buffers() == []
    module.register_buffer("seen", 5)
    assert state(module) == {"p": 1.0, "seen": 5.0}


def test_a_buffer_is_a_copy_of_what_was_given():
    module, given = nn.Module(), np.zeros(2)
    module.register_buffer("seen", given)
    given[0] = 1.0
    assert module.seen.tolist() == [0.0, 0.0]


def test_a_layer_with_a_buffer_of_its_own_keeps_it_in_its_state():
    layer = nn.Linear(2, 1)
    layer.register_buffer("calls", 3.0)
    assert list(layer.state_dict()) == ["weight", "bias", "calls"]


@pytest.mark.parametrize(
    ("name", "array", "error", "text"),
    [
        ("a.b", 1.0, TypeError, "a buffer is an attribute, so its name is a word like 'running_mean', got 'a.b'"),
        (3, 1.0, TypeError, "its name is a word like 'running_mean', got 3"),
        ("p", 1.0, ValueError, "has an attribute 'p' already; give the buffer another name"),
        ("seen", 1.0, ValueError, "has an attribute 'seen' already"),
        ("parameters", 1.0, ValueError, "has an attribute 'parameters' already"),
        ("new", [True], TypeError, "the buffer 'new' holds real numbers, got list: [True]"),
        ("new", [[1.0], [2.0, 3.0]], TypeError, "the buffer 'new' holds real numbers"),
        ("new", Value(1.0), TypeError, "the buffer 'new' holds real numbers, got Value"),
    ],
)
def test_what_can_be_no_buffer_is_refused(name, array, error, text):
    module = Counter()
    before = state(module)
    with pytest.raises(error, match=re.escape(text)):
        module.register_buffer(name, array)
    assert state(module) == before
