"""Lists of modules, the identity, softmax as a layer, apply: what PyTorch's people write."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd
import viz
from autograd import compile, fit, nn
from autograd.optim import SGD

X = np.array([[0.5, -1.0], [2.0, 0.25], [-1.5, 1.0]])


class Tower(nn.Module):
    """Blocks in a list, as one writes it for PyTorch."""

    def __init__(self, depth: int = 2) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 2, rng=i) for i in range(depth)])
        self.head = nn.Linear(2, 1, rng=9)
        self.rest = nn.Identity()

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = [v.tanh() for v in block(x)]
        return self.rest(self.head(x))


def numpy_tower(state: dict[str, Any], rows: Any) -> Any:
    for i in range(sum(name.endswith("weight") for name in state) - 1):
        rows = np.tanh(rows @ state[f"blocks.{i}.weight"].T + state[f"blocks.{i}.bias"])
    return (rows @ state["head.weight"].T + state["head.bias"])[:, 0]


def test_a_list_of_modules_as_in_pytorch() -> None:
    model = Tower()
    assert list(model.state_dict()) == [
        *("blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias", "head.weight", "head.bias")
    ]
    assert len(model.parameters()) == 6 + 6 + 3
    expected = numpy_tower(model.state_dict(), X)
    assert [model(x).data for x in X] == pytest.approx(list(expected), rel=1e-14)
    for backend in ("numpy", "llvm"):
        assert compile(model, backend)(X) == pytest.approx(expected, rel=1e-13)
    assert "blocks.1.neurons.0" in {v.scope for v in autograd.ancestors(model(X[0]))}
    assert {"blocks.1", "head"} <= {node.label for node in viz.draw(model(X[0]), depth=1).view.nodes}


def test_changing_the_list_changes_the_model() -> None:
    model = Tower(1)
    program = compile(model, "numpy")
    program(X)
    assert model.blocks.append(nn.Linear(2, 2, rng=5)) is model.blocks
    model.blocks.extend([nn.Linear(2, 2, rng=6)]).insert(0, nn.Linear(2, 2, rng=7))
    assert len(model.blocks) == 4
    assert len(model.parameters()) == 4 * 6 + 3
    assert program(X) == pytest.approx(numpy_tower(model.state_dict(), X), rel=1e-13)
    first = model.blocks[0]
    model.blocks[-1] = nn.Linear(2, 2, rng=8)
    assert first in model.blocks
    del model.blocks[1:3]
    assert model.blocks.pop(0) is first
    assert first not in model.blocks
    assert [name for name, _ in model.named_children()] == ["blocks", "head", "rest"]
    assert [name for name, _ in model.blocks.named_children()] == ["0"]
    assert program(X) == pytest.approx(numpy_tower(model.state_dict(), X), rel=1e-13)


def test_slices_sums_and_truth() -> None:
    blocks = nn.ModuleList(nn.Tanh() for _ in range(3))
    assert isinstance(blocks[1:], nn.ModuleList)
    assert [*blocks[1:]] == [blocks[1], blocks[2]]
    assert len(blocks + blocks) == 6
    assert bool(nn.ModuleList())
    assert isinstance(nn.Sequential(nn.Tanh(), nn.ReLU())[:1], nn.Sequential)
    assert nn.Sequential(nn.Tanh()).append(nn.Linear(1, 1, init=[[2.0]])).insert(0, nn.ReLU())(-3.0).data == 0.0


@pytest.mark.parametrize("way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies(way: Any) -> None:
    model = Tower()
    twin = way(model)
    assert [twin(x).data for x in X] == [model(x).data for x in X]
    twin.blocks.append(nn.Linear(2, 2))
    assert len(model.blocks) == 2
    assert len(twin.parameters()) == len(model.parameters()) + 6


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_it_trains(mode: str) -> None:
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Softmax(dim=-1), nn.Identity(), nn.Linear(3, 1, rng=1))
    Y = np.array([1.0, -1.0, 0.5])
    history = fit(
        model, X, Y, loss="mse", optimizer=SGD(model.parameters(), lr=0.3), epochs=200, mode=mode, progress=False
    )
    assert history["loss"][-1] < 0.05 * history["loss"][0]


def test_softmax_layers_against_numpy() -> None:
    powers = np.exp(X)
    shares = powers / powers.sum(axis=1, keepdims=True)
    for backend in ("numpy", "llvm"):
        assert compile(nn.Softmax(), backend)(X) == pytest.approx(shares, rel=1e-14)
        assert compile(nn.LogSoftmax(1), backend)(X) == pytest.approx(np.log(shares), rel=1e-13)
    assert nn.Softmax()(X[0]) == pytest.approx(list(shares[0]))
    assert nn.Softmax()(3.0) == [1.0]


def test_apply_goes_from_the_inside_out() -> None:
    model = nn.Sequential(nn.Linear(1, 1, rng=0), nn.Sequential(nn.Tanh()))
    seen: list[str] = []
    assert model.apply(lambda module: seen.append(type(module).__name__)) is model
    assert seen == ["Neuron", "Linear", "Tanh", "Sequential", "Sequential"]

    def reset(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            module.weight.data[...] = 3.0

    assert model.apply(reset)[0](2.0).data == 6.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nn.ModuleList([nn.Tanh(), len]),
            "^ModuleList takes modules, got builtin_function_or_method at place 1",
        ),
        (lambda: nn.ModuleList([nn.Tanh()]).append([nn.Tanh()]), "^ModuleList takes modules, got list at place 1"),
        (lambda: nn.Sequential([nn.Tanh()]), r"^Sequential takes modules.*write Sequential\(\*modules\) for a list"),
        (lambda: nn.ModuleList(nn.Tanh()), r"^ModuleList takes a list of modules, got Tanh\(\)"),
        (lambda: nn.ModuleList([nn.Tanh()])([1.0]), "^a ModuleList isn't called itself: go through it"),
        (lambda: nn.Tanh().apply(nn.Tanh().name), "^apply takes a function of a module, got str"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_another_axis_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Softmax is over the numbers of one sample, which is dim=-1; got dim=0"):
        nn.Softmax(dim=0)
