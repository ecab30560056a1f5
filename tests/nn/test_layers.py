"""Layers: one battery over all of them; inputs they take and refuse, repr, sharing, determinism."""

import copy
import math
import pickle

import numpy as np
import pytest

from autograd import Parameter, ParameterArray, ShapeError, Value, check_gradients, compile, fit, nn, no_grad
from autograd.optim import SGD
from tests.nn.layers import LAYERS, Line, every_layer, of_the_package

X = [0.7, -1.3]


def numpy_relu(x):
    return np.where(x > 0, x, 0.0)


def numpy_forward(state, x, activation):
    """A forward pass on arrays, as a textbook has it."""
    layers = sorted({name.rpartition(".")[0] for name in state})
    for i, path in enumerate(layers):
        x = state[f"{path}.weight"] @ x + state.get(f"{path}.bias", 0.0)
        if i < len(layers) - 1:
            x = activation(x)
    return x


ACTIVATIONS = {
    "relu": numpy_relu,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: np.array([t * 0.5 * math.erfc(-t / math.sqrt(2)) for t in x]),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_an_mlp_computes_what_numpy_does(name: str, bias: bool) -> None:
    model = nn.MLP(2, [5, 4, 3], activation=name, rng=2, bias=bias)
    for i, p in enumerate(model.biases()):
        p.data = 0.1 * i - 0.3
    expected = numpy_forward(model.state_dict(), np.array(X), ACTIVATIONS[name])
    assert [v.data for v in model(X)] == pytest.approx(list(expected), rel=1e-13, abs=1e-15)
    assert len(model.parameters()) == (5 * 2 + 4 * 5 + 3 * 4) + bias * 12


def outputs(out):
    """The numbers of a Value or a list of them."""
    return [v.data for v in (out if isinstance(out, list) else [out])]


def total(out):
    """One number of all outputs, each with a weight of its own."""
    return sum((i + 1.0) * y for i, y in enumerate(out)) if isinstance(out, list) else out


def test_every_layer_of_the_package_is_exported_and_tried() -> None:
    tried = {type(module) for line in LAYERS.values() for module in line.make(0).modules()}
    for kind in of_the_package():
        name = kind.__name__
        assert getattr(nn, name, None) is kind, f"export {name} in autograd/nn/__init__.py"
        assert name in nn.__all__, f"export {name} in autograd/nn/__init__.py"
        assert kind in tried, f"add a line with {name}: Line(...) to LAYERS in tests/nn/layers.py"


@every_layer
def test_a_layer_computes_its_formula(line: Line) -> None:
    model = line.make(3)
    rng = np.random.default_rng(1)
    model.load_state_dict({name: x + rng.uniform(0.1, 0.4, np.shape(x)) for name, x in model.state_dict().items()})
    expected = np.atleast_1d(line.formula(model.state_dict(), np.array(X)))
    assert outputs(model(X)) == pytest.approx(expected.tolist(), rel=1e-13)


@every_layer
def test_gradients_by_inputs_and_by_parameters(line: Line) -> None:
    model = line.make(3)
    assert check_gradients(lambda x: total(model(x)), at=X)
    model.zero_grad()
    total(model(X)).backward()
    for p in model.parameters():
        kept, numbers = p.data, []
        for moved in (kept + 1e-5, kept - 1e-5):
            p.data = moved
            numbers.append(total(model(X)).data)
        p.data = kept
        assert p.grad == pytest.approx((numbers[0] - numbers[1]) / 2e-5, rel=1e-7, abs=1e-9)


@every_layer
def test_every_kind_of_row_gives_the_same(line: Line) -> None:
    model = line.make(3)
    expected = outputs(model(X))
    rows = (tuple(X), np.array(X), [Value(x) for x in X], [np.float64(x) for x in X], iter(X), map(Value, X))
    for row in rows:
        assert outputs(model(row)) == expected
    assert outputs(model(np.array(X, np.float32))) == pytest.approx(expected, rel=1e-6)
    with no_grad():
        out = model(X)
        assert outputs(out) == expected
        assert not total(out).requires_grad


@every_layer
def test_copies_and_states_go_on_alike(line: Line) -> None:
    model, other = line.make(3), line.make(4)
    other.load_state_dict(model.state_dict())
    for twin in (other, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert repr(twin) == repr(model)
        assert outputs(twin(X)) == outputs(model(X))
        assert not set(twin.parameters()) & set(model.parameters())


@every_layer
@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_compiled_it_gives_the_same(line: Line, backend: str) -> None:
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    model, batch = line.make(3), np.random.default_rng(2).normal(size=(7, 2))
    found = compile(model, backend=backend)(batch)
    expected = np.array([outputs(model(x)) for x in batch])
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, rtol=1e-12)


@every_layer
def test_fit_trains_it_alike_in_both_modes(line: Line) -> None:
    batch = np.random.default_rng(2).normal(size=(8, 2))
    numbers = []
    for mode in ("eager", "compiled"):
        model = nn.Sequential(line.make(3), nn.Tanh())
        before = [p.data for p in model.parameters()]
        options = {"loss": lambda out, y: (total(out) - y) ** 2, "optimizer": SGD(model, lr=0.05), "progress": False}
        fit(model, batch, batch[:, 0], epochs=3, batch_size=4, mode=mode, **options)
        numbers.append([p.data for p in model.parameters()])
        assert numbers[-1] != before
    assert numbers[1] == pytest.approx(numbers[0], rel=1e-9)


@pytest.mark.parametrize("make", [lambda: nn.Neuron(1, rng=0), lambda: nn.Linear(1, 1), lambda: nn.MLP(1, [1, 1, 1])])
def test_one_input_needs_no_list(make) -> None:
    model = make()
    assert model(2.0).data == model([2.0]).data == model(Value(2.0)).data == model(np.float64(2.0)).data


def test_numpys_rows_become_plain_constants() -> None:
    y = nn.Neuron(2, nonlin=False, init=[[1.0, 1.0]])(np.array([1, 2]))
    assert y.data == 3.0
    assert type(y.args[1].args[1].data) is float


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: nn.Neuron(2)([1.0, 2.0, 3.0]),
            ShapeError,
            r"^Neuron\(2, relu; 3 parameters\) takes 2 inputs, got 3; give it one number for each, or make it with "
            r"nin=3$",
        ),
        (
            lambda: nn.MLP(2, [16, 1])([1.0]),
            ShapeError,
            r"^layers.0: Layer\(2 -> 16, relu; 48 parameters\) takes 2 inputs, got 1;",
        ),
        (
            lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(4, 1))([1.0, 2.0]),
            ShapeError,
            r"^2: Linear\(4 -> 1; 5 parameters\) takes 4 inputs, got 3;",
        ),
        (lambda: nn.Linear(1, 1)([]), ShapeError, r"takes 1 input, got 0; give it one number for each$"),
        (
            lambda: nn.MLP(2, [1])(np.ones((5, 2))),
            ShapeError,
            r"one sample at a time, a row of numbers, got an array of shape \(5, 2\); call it for each row",
        ),
        (lambda: nn.MLP(2, [1])("ab"), TypeError, "takes a list of numbers or Values, got str: 'ab'"),
        (lambda: nn.MLP(2, [1])(None), TypeError, "takes a list of numbers or Values, got NoneType"),
        (lambda: nn.MLP(2, []), ValueError, r"an MLP needs at least one layer, got nouts=\[\]"),
        (lambda: nn.MLP(2, 3), TypeError, r"nouts is a list .* as in MLP\(2, \[16, 1\]\), got 3"),
        (lambda: nn.MLP(2, [3, 0]), ValueError, r"nouts\[1\] of an MLP must be at least 1, got 0"),
        (lambda: nn.MLP(2.0, [3]), TypeError, "nin of an MLP must be a whole number, got float: 2.0"),
        (lambda: nn.Layer(0, 3), ValueError, "nin of a Layer must be at least 1, got 0"),
        (lambda: nn.Linear(3, -1), ValueError, "nout of a Linear must be at least 1, got -1"),
        (lambda: nn.Neuron(0), ValueError, "nin of a Neuron must be at least 1, got 0"),
        (lambda: nn.MLP(2, [1], init="hee"), ValueError, "'hee' is not an initializer; known: normal"),
        (
            lambda: nn.Sequential([nn.Tanh()]),
            TypeError,
            r"Sequential takes modules, got list at place 0: \[Tanh\(\)\]; write Sequential\(\*modules\) for a list",
        ),
        (lambda: nn.Sequential(nn.Tanh(), math.tanh), TypeError, "got builtin_function_or_method at place 1"),
    ],
)
def test_errors(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def test_representations() -> None:
    assert repr(nn.MLP(2, [16, 16, 1])) == "MLP(2 -> 16 -> 16 -> 1, relu; 337 parameters)"
    assert repr(nn.MLP(2, [1])) == "MLP(2 -> 1; 3 parameters)"
    assert repr(nn.Layer(2, 3, activation="tanh")) == "Layer(2 -> 3, tanh; 9 parameters)"
    assert repr(nn.Layer(2, 3, nonlin=False)) == "Layer(2 -> 3; 9 parameters)"
    assert repr(nn.Neuron(1, nonlin=False, bias=False)) == "Neuron(1; 1 parameter)"
    assert repr(nn.Dropout(0.25)) == "Dropout(p=0.25)"
    assert repr(nn.Sequential()) == "Sequential()"
    mixed = nn.MLP(2, [2, 2, 1])
    mixed.layers[1] = nn.Layer(2, 2, activation="tanh")
    assert repr(mixed) == "MLP(2 -> 2 -> 2 -> 1, relu/tanh; 15 parameters)"
    inner = nn.Sequential(nn.Linear(2, 1), nn.Tanh())
    assert repr(nn.Sequential(inner, nn.Dropout(0.5))) == (
        "Sequential(3 parameters:\n"
        "  0: Sequential(3 parameters:\n"
        "    0: Linear(2 -> 1; 3 parameters)\n"
        "    1: Tanh()\n"
        "  )\n"
        "  1: Dropout(p=0.5)\n"
        ")"
    )


def test_sequential_is_a_sequence() -> None:
    a, b, c = nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1)
    model = nn.Sequential(a, b, c)
    assert len(model) == 3
    assert list(model) == [a, b, c]
    assert model[-1] is c
    assert list(model[:2]) == [a, b]
    assert isinstance(model[:2], nn.Sequential)
    assert nn.Sequential()(X) == X
    assert nn.Sequential(), "an empty model is a model"
    assert model(X).data == c(b(a(X))).data


def test_same_seed_same_model() -> None:
    makers = (
        lambda rng: nn.MLP(3, [4, 2], rng=rng),
        lambda rng: nn.Layer(3, 4, rng=rng),
        lambda rng: nn.Linear(3, 4, rng=rng),
        lambda rng: nn.Neuron(3, rng=rng),
    )
    for make in makers:
        first, again, other = ([p.data for p in make(seed).parameters()] for seed in (5, 5, 6))
        assert first == again
        assert first != other
        assert [p.data for p in make(np.random.default_rng(5)).parameters()] == first


def test_shared_weights_count_once_and_add_their_gradients() -> None:
    shared = nn.Linear(2, 2, rng=0)
    model = nn.Sequential(shared, nn.Tanh(), shared)
    assert len(model.parameters()) == 6
    assert len(model.modules()) == 1 + 1 + 2 + 1
    a = nn.Neuron(2, rng=0)
    b = nn.Neuron(2, rng=1)
    b.w = a.w
    pair = nn.Sequential(nn.Layer(2, 2, rng=0))
    pair[0].neurons = [a, b]
    out = pair([3.0, 5.0])
    assert len(pair.parameters()) == 4
    total = out[0] + out[1]
    total.backward()
    active = (out[0].data > 0) + (out[1].data > 0)
    assert a.w[0].grad == 3.0 * active


def test_an_activation_may_have_parameters() -> None:
    class Swish(nn.Module):
        def __init__(self):
            self.beta = Parameter(2.0)

        def forward(self, x):
            return x * (self.beta * x).sigmoid()

    layer = nn.Layer(1, 2, activation=Swish(), init=[[1.0], [-1.0]])
    assert [p.label for p in layer.parameters()] == ["w0", "b", "beta", "w0", "b"]
    out = layer([1.0])
    assert out[0].data == pytest.approx(1 / (1 + math.exp(-2.0)))
    assert out[0].scope == "neurons.0.activation"
    assert list(layer.state_dict())[:3] == ["neurons.0.w", "neurons.0.b", "neurons.0.activation.beta"]
    assert check_gradients(lambda x: layer(x)[1], at=0.4)


def test_layers_that_share_their_arrays():
    mine, its = nn.Layer(2, 3, activation="tanh", rng=0), nn.Layer(2, 3, activation="tanh", rng=1)
    its.weight, its.bias = mine.weight, mine.bias
    assert its.weight is mine.weight
    model = nn.Sequential(mine, nn.Layer(3, 2, rng=2), its)
    assert len(model.parameters()) == 9 + 8
    mine.weight.data[0, 1], mine.bias.data[2] = 0.5, -0.25
    assert [v.data for v in its(X)] == [v.data for v in mine(X)]
    sum(mine(X) + its(X), Value(0.0)).backward()
    assert [n.w[0].grad for n in its.neurons] == pytest.approx(
        [2 * X[0] * (1 - np.tanh(mine.weight.data @ X + mine.bias.data)[j] ** 2) for j in range(3)]
    )


def test_what_is_no_array_of_a_layers_shape_is_refused():
    layer = nn.Layer(2, 3, rng=0)
    weight = layer.weight
    with pytest.raises(TypeError, match=r"weight is a ParameterArray.* got list.*write its numbers to \.data, or set"):
        layer.weight = [[1.0, 2.0]]
    with pytest.raises(TypeError, match=r"weight of Layer.* is a ParameterArray, got NoneType.*layer\.weight\.data = "):
        layer.weight = None
    with pytest.raises(ShapeError, match=r"bias of Layer.* has the shape \(3,\), got \(2,\); make a layer of that"):
        layer.bias = ParameterArray([1.0, 2.0])
    with pytest.raises(AttributeError, match=r"weight of Layer.* can't be deleted; a layer without biases is made by"):
        del layer.weight
    assert layer.weight is weight
    layer.bias = None
    assert len(layer.parameters()) == 6
    assert [v.data for v in layer(X)] == pytest.approx(numpy_relu(weight.data @ X).tolist())
