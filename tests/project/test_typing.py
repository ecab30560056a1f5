"""What a type checker and an editor's completion see of the packages."""

import importlib
import re
import sys
from pathlib import Path
from typing import get_args

import pytest

from autograd import names
from autograd.compiler.backend import NAMES as BACKENDS
from autograd.compiler.program import BackendName
from autograd.nn.activations import ACTIVATIONS
from autograd.nn.init import INITIALIZERS
from autograd.nn.losses import LOSSES
from autograd.training.metrics import METRICS
from autograd.training.options import MODES
from tests.project.tree import ROOT

CONSUMER = """
import numpy as np

import autograd
import viz
from autograd import Parameter, Value, compile, exp, fit, gradients, leaky_relu, logsumexp, maximum, nn, relu, where
from autograd import optim
from autograd.optim import SGD

v = Value(2.0)
reveal_type(exp(v))  #> Value
reveal_type(exp(2.0))  #> float
reveal_type(exp(1))  #> float
reveal_type(exp(np.ones(2)))  #> ndarray
reveal_type(maximum(v, 1.0))  #> Value
reveal_type(maximum(np.ones(2), 1.0))  #> ndarray
reveal_type(where(v > 0, v, 0.0))  #> Value
reveal_type(leaky_relu(v, slope=0.1))  #> Value
reveal_type(logsumexp(v, 2.0, v))  #> Value
reveal_type(v.exp() * 2 + 1)  #> Value
reveal_type(v > 1.0)  #> bool
reveal_type(nn.losses.mse(v, 1.0))  #> Value
reveal_type(nn.losses.cross_entropy([v, v], 0))  #> Value
reveal_type(nn.losses.huber(nn.MLP(2, [1])([1.0, 2.0]), 1.0))  #> Value
reveal_type(nn.losses.binary_cross_entropy_with_logits(v, 1))  #> Value
reveal_type(nn.losses.negative_log_likelihood([v, v], 1))  #> Value
reveal_type(nn.CrossEntropyLoss()([v, v], 0))  #> Value
reveal_type(nn.MSELoss()(v, 1.0))  #> Value
reveal_type(autograd.softmax([v, v]))  #> list[Value]
reveal_type(autograd.log_softmax([v, 1.0]))  #> list[Value]
reveal_type(autograd.softmax([1.0, 2.0]))  #> list[float]
reveal_type(autograd.sum([v, v]))  #> Value
reveal_type(autograd.mean([v, 1.0]))  #> Value
reveal_type(autograd.mean([1.0, 2.0]))  #> float
reveal_type(autograd.clamp(v, 0.0, 1.0))  #> Value
reveal_type(autograd.dot([v], [v]))  #> Value
reveal_type(autograd.jacobian(lambda x: x)([1.0]))  #> Any
reveal_type(autograd.manual_seed(0))  #> None
reveal_type(nn.init.xavier_uniform_(nn.Linear(2, 1).weight))  #> ParameterArray
reveal_type(nn.init.calculate_gain("relu"))  #> float
reveal_type(nn.record(nn.Tanh()))  #> record
reveal_type(nn.record(nn.Tanh()).batch(np.ones(2))[""])  #> ndarray
reveal_type(nn.Tanh().register_forward_hook(lambda m, i, o: None))  #> Handle
reveal_type(nn.Linear(2, 1).requires_grad_(False))  #> Linear


class Net(nn.Module):
    def __init__(self) -> None:
        self.w = Parameter(1.0)

    def forward(self, x: Value) -> Value:
        return relu(self.w * x)


net = Net()
optimizer = SGD(net, lr=0.1)
optimizer.zero_grad(set_to_none=True)
reveal_type(optimizer.step())  #> None
reveal_type(optim.LambdaLR(optimizer, lambda t: 1.0).get_last_lr())  #> list[float]
reveal_type(optim.OneCycleLR(optimizer, max_lr=0.1, total_steps=10).step())  #> None
reveal_type(optim.ReduceLROnPlateau(optimizer, patience=3).step(v))  #> None
reveal_type(net(v))  #> Value
net("a")  #! incompatible type "str"; expected "Value"
reveal_type(nn.Neuron(2)([1.0, 2.0]))  #> Value
reveal_type(nn.ReLU()(v))  #> Value
reveal_type(nn.ReLU()([v]))  #> list[Value]
reveal_type(compile(net))  #> Program
reveal_type(compile(net)(np.ones(2)))  #> ndarray
reveal_type(compile(net).backward(np.ones(2)))  #> float


@compile
def program(x: Value) -> Value:
    return x * x


reveal_type(program)  #> Program


@compile(backend="numpy")
def other(x: Value) -> Value:
    return x * x


reveal_type(other)  #> Program
reveal_type(gradients(v, [v]))  #> tuple[float, ...]
reveal_type(gradients(v, [v], record=True))  #> tuple[Value, ...]
reveal_type(viz.draw(v))  #> Drawing
reveal_type(viz.frames(v))  #> Frames
reveal_type(viz.plot.loss({}))  #> PlotFigure
nn.MLP(2, [1], activation="rleu")  #! incompatible type "Literal['rleu']"
nn.MLP(2, [1], init="glorot")  #! incompatible type "Literal['glorot']"
nn.MLP(2, [1], activation="tanh", init="he", rng=0)
fit(net, [1.0], [1.0], loss="mes", optimizer=SGD(net), epochs=1)  #! incompatible type "Literal['mes']"
fit(net, [1.0], [1.0], loss="mse", optimizer=SGD(net), epochs=1, metrics=["acc"])  #! incompatible type "Literal['acc']"
fit(net, [1.0], [1.0], loss="mse", optimizer=SGD(net), epochs=1, metrics=["accuracy"], mode="eager")
SGD(net, learning_rate=0.1)  #! Unexpected keyword argument "learning_rate"
autograd.nonsense  #! has no attribute "nonsense"
nn.Nonsense  #! has no attribute "Nonsense"
float(v)  #! incompatible type "Value"
v.numpy()  #! has no attribute "numpy"
with autograd.no_grad:  #! has no attribute "__enter__"
    pass
"""


def test_a_strict_type_checker_sees_what_a_consumer_writes(tmp_path: Path) -> None:
    api = pytest.importorskip("mypy.api")
    file = tmp_path / "consumer.py"
    file.write_text(CONSUMER, encoding="utf-8")
    config = tmp_path / "mypy.ini"
    config.write_text(f"[mypy]\nmypy_path = {ROOT}\nfollow_imports = silent\n", encoding="utf-8")
    options = ["--strict", "--config-file", str(config), "--cache-dir", str(tmp_path / "cache")]
    output, errors, _ = api.run([*options, "--python-executable", sys.executable, str(file)])
    assert errors == ""
    told: dict[int, list[str]] = {}
    for number, text in re.findall(r"consumer\.py:(\d+): (?:error|note): (.*)", output):
        told.setdefault(int(number), []).append(text)
    for number, line in enumerate(CONSUMER.splitlines(), 1):
        said = told.pop(number, [])
        if "  #> " in line:
            (revealed,) = re.findall(r'^Revealed type is "(.*)"$', "\n".join(said), re.MULTILINE)
            short = re.sub(r"[\w.]*\.(\w)", r"\1", revealed)
            wanted = line.partition("  #> ")[2]
            assert short == wanted or (wanted == "ndarray" and short.startswith("ndarray[")), (line, revealed)
        elif "  #! " in line:
            assert any(line.partition("  #! ")[2] in text for text in said), (line, said)
        else:
            assert said == [], line
    assert told == {}


@pytest.mark.parametrize(
    ("literal", "table"),
    [
        (names.ActivationName, ACTIVATIONS),
        (names.InitName, INITIALIZERS),
        (names.LossName, LOSSES),
        (names.MetricName, METRICS),
        (names.Mode, MODES),
        (BackendName, BACKENDS),
    ],
)
def test_names_in_types_are_those_of_the_tables(literal: object, table: object) -> None:
    assert set(get_args(literal)) == set(table)  # type: ignore[call-overload]


PUBLIC = ["autograd", *(f"autograd.{name}" for name in ("nn", "optim", "data", "training", "compiler", "testing"))]
PUBLIC += ["viz", "viz.plot"]


@pytest.mark.parametrize("name", PUBLIC)
def test_completion_offers_public_names_only(name: str) -> None:
    module = importlib.import_module(name)
    assert dir(module) == sorted(module.__all__)
    assert all(hasattr(module, each) for each in dir(module))


@pytest.mark.parametrize("name", ["losses", "init", "penalties"])
def test_completion_in_a_room_offers_what_is_made_there(name: str) -> None:
    module = importlib.import_module(f"autograd.nn.{name}")
    things = {each: getattr(module, each) for each in dir(module)}
    assert len(things) == len(dir(module)) > 1
    assert all(getattr(thing, "__module__", module.__name__) == module.__name__ for thing in things.values()), things
    assert not any(each.startswith("_") for each in things)


def test_viz_has_its_plots_without_importing_matplotlib() -> None:
    import viz

    assert callable(viz.plot.loss)
