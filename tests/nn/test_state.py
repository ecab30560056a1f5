"""state_dict and load_state_dict: shapes, round trips, and one error that names every fault."""

import copy
import io
import math
import re

import numpy as np
import pytest

from autograd import Parameter, ShapeError, nn
from autograd.nn.state import Loaded

MODELS = {
    "neuron": lambda rng: nn.Neuron(3, rng=rng),
    "layer": lambda rng: nn.Layer(3, 2, rng=rng),
    "linear without bias": lambda rng: nn.Linear(3, 2, bias=False, rng=rng),
    "mlp": lambda rng: nn.MLP(3, [4, 2], rng=rng),
    "sequential": lambda rng: nn.Sequential(
        nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2, rng=rng)
    ),
}
SHAPES = {
    "neuron": {"w": (3,), "b": ()},
    "layer": {"weight": (2, 3), "bias": (2,)},
    "linear without bias": {"weight": (2, 3)},
    "mlp": {
        "layers.0.weight": (4, 3),
        "layers.0.bias": (4,),
        "layers.1.weight": (2, 4),
        "layers.1.bias": (2,),
    },
    "sequential": {"0.weight": (4, 3), "0.bias": (4,), "3.weight": (2, 4), "3.bias": (2,)},
}


@pytest.mark.parametrize("name", MODELS)
def test_shapes_and_order(name: str) -> None:
    model = MODELS[name](0)
    state = model.state_dict()
    assert {key: array.shape for key, array in state.items()} == SHAPES[name]
    assert all(array.dtype == np.float64 for array in state.values())
    assert sum(array.size for array in state.values()) == len(model.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_round_trip_also_through_a_file(name: str) -> None:
    model, other = MODELS[name](0), MODELS[name](1)
    objects = other.parameters()
    buffer = io.BytesIO()
    np.savez(buffer, **model.state_dict())
    buffer.seek(0)
    with np.load(buffer) as state:
        assert other.load_state_dict(state) == Loaded([], [])
    assert [p.data for p in other.parameters()] == [p.data for p in model.parameters()]
    assert all(a is b for a, b in zip(other.parameters(), objects, strict=True)), "parameters keep their identity"


def test_a_weight_of_a_layer_lies_where_pytorch_has_it() -> None:
    layer = nn.Linear(2, 3, init=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert layer.state_dict()["weight"].tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert layer.neurons[2].w[1].data == 6.0


def test_arrays_are_copies() -> None:
    model = nn.MLP(2, [1], rng=0)
    state = model.state_dict()
    kept = model.parameters()[0].data
    state["layers.0.weight"][0, 0] = 77.0
    assert model.parameters()[0].data == kept
    model.load_state_dict(state)
    assert model.parameters()[0].data == 77.0


def test_bare_parameters_lists_and_tables() -> None:
    module = nn.Module()
    module.scale, module.row = Parameter(2.0), [Parameter(1.0), Parameter(3.0)]
    module.mixed = [Parameter(4.0), nn.Linear(1, 1)]
    module.table = [[Parameter(5.0)], [Parameter(6.0), Parameter(7.0)]]
    shapes = {name: array.shape for name, array in module.state_dict().items()}
    assert shapes == {
        "scale": (),
        "row": (2,),
        "mixed.0": (),
        "mixed.1.weight": (1, 1),
        "mixed.1.bias": (1,),
        "table.0": (1,),
        "table.1": (2,),
    }
    module.load_state_dict({**module.state_dict(), "scale": 9.0, "row": [0, -1]})
    assert module.scale.data == 9.0
    assert [p.data for p in module.row] == [0.0, -1.0]


def test_a_layer_of_unequal_neurons_lists_them_one_by_one() -> None:
    layer = nn.Layer(2, 2, rng=0)
    layer.neurons[1] = nn.Neuron(3, rng=0)
    names = ["neurons.0.w", "neurons.0.b", "neurons.1.w", "neurons.1.b"]
    assert list(layer.state_dict()) == names
    layer.neurons[1] = nn.Neuron(2, bias=False, rng=0)
    assert list(layer.state_dict()) == names[:3]
    layer.neurons[1] = nn.Neuron(2, rng=0)
    layer.neurons[1].extra = Parameter(1.0)
    assert list(layer.state_dict()) == [*names, "neurons.1.extra"]


def test_infinities_and_nan_are_loaded() -> None:
    neuron = nn.Neuron(2, rng=0)
    neuron.load_state_dict({"w": [math.inf, math.nan], "b": -math.inf})
    assert neuron.w[0].data == math.inf
    assert math.isnan(neuron.w[1].data)
    assert neuron.b.data == -math.inf


def test_gradients_stay() -> None:
    neuron = nn.Neuron(1, init=[[1.0]])
    neuron([2.0]).backward()
    neuron.load_state_dict({"w": [5.0], "b": 0.0})
    assert neuron.w[0].grad == 2.0


FAULTS = {
    "missing: layers.1.bias of shape (1,)": lambda s: s.pop("layers.1.bias"),
    "unexpected: layers.2.weight": lambda s: s.update({"layers.2.weight": np.ones((1, 1))}),
    "wrong shape: layers.0.weight needs (3, 2), got (2, 3)": lambda s: s.update(
        {"layers.0.weight": s["layers.0.weight"].T}
    ),
    "not real numbers: layers.0.bias": lambda s: s.update({"layers.0.bias": ["a", "b", "c"]}),
    "not real numbers: layers.1.bias": lambda s: s.update({"layers.1.bias": [True]}),
    "not real numbers: layers.1.weight": lambda s: s.update({"layers.1.weight": [[1.0, 2.0, 1j]]}),
}


@pytest.mark.parametrize("text", FAULTS)
def test_each_fault_is_named_and_nothing_is_loaded(text: str) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    before = [p.data for p in model.parameters()]
    state = nn.MLP(2, [3, 1], rng=1).state_dict()
    FAULTS[text](state)
    with pytest.raises(ShapeError, match=re.escape(text)):
        model.load_state_dict(state)
    assert [p.data for p in model.parameters()] == before


def test_all_faults_are_named_at_once() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    state = model.state_dict()
    for spoil in list(FAULTS.values())[:4]:
        spoil(state)
    with pytest.raises(ShapeError) as caught:
        model.load_state_dict(state)
    assert str(caught.value) == (
        "this state doesn't fit, nothing was loaded into MLP(2 -> 3 -> 1, relu; 13 parameters):\n"
        "  missing: layers.1.bias of shape (1,)\n"
        "  unexpected: layers.2.weight\n"
        "  wrong shape: layers.0.weight needs (3, 2), got (2, 3)\n"
        "  not real numbers: layers.0.bias\n"
        "Take state_dict() of a model of the same sizes; strict=False passes over missing and unexpected entries."
    )


def test_not_strict_passes_over_names_but_not_over_shapes() -> None:
    model, other = nn.MLP(2, [3, 1], rng=0), nn.MLP(2, [3, 1], rng=1)
    kept = other.layers[1].neurons[0].b.data = 5.0
    state = model.state_dict()
    del state["layers.1.bias"]
    state["head"] = np.zeros(1)
    assert other.load_state_dict(state, strict=False) == (["layers.1.bias"], ["head"])
    assert other.layers[0].neurons[0].w[0].data == model.layers[0].neurons[0].w[0].data
    assert other.layers[1].neurons[0].b.data == kept
    state["layers.0.bias"] = np.zeros(4)
    with pytest.raises(ShapeError, match=r"layers.0.bias needs \(3,\), got \(4,\)"):
        other.load_state_dict(state, strict=False)


def test_shared_parameters_stand_under_each_name_and_must_agree() -> None:
    shared = nn.Linear(1, 1, init=[[2.0]])
    model = nn.Sequential(shared, shared)
    state = model.state_dict()
    assert list(state) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    model.load_state_dict(state)
    state["1.weight"] = [[3.0]]
    with pytest.raises(
        ShapeError, match=r"contradiction: 0.weight and 1.weight share parameters, but their numbers differ"
    ):
        model.load_state_dict(state)
    assert shared.neurons[0].w[0].data == 2.0


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a state is a mapping from names to arrays, .* got \[1.0\]"):
        nn.Neuron(1).load_state_dict([1.0])


def test_best_parameters_can_be_kept_and_restored() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    best = copy.deepcopy(model.state_dict())
    for p in model.parameters():
        p.data += 1.0
    model.load_state_dict(best)
    assert {k: v.tolist() for k, v in model.state_dict().items()} == {k: v.tolist() for k, v in best.items()}


def test_a_read_only_buffer_is_found_before_anything_is_set() -> None:
    model = nn.Sequential(nn.Linear(1, 2, rng=0), nn.BatchNorm(2))
    before = model.state_dict()
    model[1].running_var.flags.writeable = False
    with pytest.raises(ShapeError, match=r"read-only: 1\.running_var"):
        model.load_state_dict({name: array + 1 for name, array in before.items()})
    for name, array in model.state_dict().items():
        assert np.array_equal(array, before[name])


class Tensor:
    """What a tensor of PyTorch is for NumPy: float32 numbers that become an array when they are asked for one."""

    def __init__(self, numbers: object) -> None:
        self._numbers = np.asarray(numbers, dtype=np.float32)

    def __array__(self, dtype: object = None, copy: object = None) -> object:
        return self._numbers


def test_a_state_of_pytorch_loads_and_ours_has_its_names() -> None:
    """Those that ``torch.nn.Sequential(Linear(2, 3), Tanh(), BatchNorm1d(3), LayerNorm(3))`` has."""
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.BatchNorm(3), nn.LayerNorm(3))
    shapes = {
        "0.weight": (3, 2),
        "0.bias": (3,),
        "2.weight": (3,),
        "2.bias": (3,),
        "2.running_mean": (3,),
        "2.running_var": (3,),
        "2.num_batches_tracked": (),
        "3.weight": (3,),
        "3.bias": (3,),
    }
    theirs = {name: Tensor(np.random.default_rng(len(name)).uniform(0.5, 1.0, shape)) for name, shape in shapes.items()}
    assert model.load_state_dict(theirs) == ([], [])
    ours = model.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        np.testing.assert_array_equal(ours[name], np.asarray(tensor))
