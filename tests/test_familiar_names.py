"""Names that people bring from PyTorch, wherever they may stand: a line each, and a test for each way of use.

A line is a formula of three numbers ``z = w * x`` with trained weights ``w``, in autograd and over NumPy. The model
around it is used eagerly, compiled, in `fit`, drawn, copied; half of the time with a frozen weight. Gradients and the
steps of training are checked against finite differences of NumPy's formula.
"""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import viz
from autograd import ParameterArray, Value, compile, fit, hvp, jacobian, manual_seed, nn, no_grad, optim, value_and_grad
from autograd.nn import init

X = np.random.default_rng(4).normal(size=(5, 3))
W = np.array([0.8, -1.3, 0.6])
T = np.array([0.4, -1.0, 2.5])


def exp_share(z: Any) -> Any:
    """NumPy's softmax."""
    return np.exp(z) / np.exp(z).sum()


def sigmoid(z: Any) -> Any:
    """NumPy's."""
    return 1 / (1 + np.exp(-z))


def doubled(_: Any, __: Any, output: Any) -> Any:
    """A forward hook; a function of a module, so that it can be pickled."""
    return [2.0 * y for y in output]


def hooked() -> nn.Module:
    """A module whose hook takes the output's place."""
    module = nn.Tanh()
    module.register_forward_hook(doubled)
    return module


def chained(parts: Any, z: Any) -> Any:
    """Through all of a list of modules."""
    for part in parts:
        z = part(z)
    return z


def by_slopes(_: Any, z: Any) -> Any:
    """A value, and one of its slopes."""
    y, (_, slope, _) = value_and_grad(lambda a: autograd.dot(a, a) * a[0])(z)
    return y + slope


def by_jacobian(_: Any, z: Any) -> Any:
    """Two entries of a Jacobian."""
    (_, ab, _), (_, _, c) = jacobian(lambda a, b, c: [a * b, c.sin()])(z)
    return ab + c


def by_hvp(_: Any, z: Any) -> Any:
    """A Hessian times a vector, summed up."""
    return autograd.sum(hvp(lambda a, b, c: a * a * b + c**3, z, [1.0, 0.5, -1.0]))


def elementwise(part: Any, z: Any) -> Any:
    """What a module gives, its first and its last number unlike."""
    first, _, last = part(z)
    return first - 3.0 * last


Formula = Callable[[Any, Any], Any]
NAMES: dict[str, tuple[Callable[[], Any], Formula, Callable[[Any], Any]]] = {
    "softmax": (lambda: None, lambda _, z: autograd.softmax(z)[0], lambda z: exp_share(z)[0]),
    "log_softmax": (lambda: None, lambda _, z: autograd.log_softmax(z)[2], lambda z: np.log(exp_share(z)[2])),
    "sum": (lambda: None, lambda _, z: autograd.sum(z) ** 2, lambda z: z.sum() ** 2),
    "mean": (lambda: None, lambda _, z: autograd.mean(y * y for y in z), lambda z: (z * z).mean()),
    "clamp": (
        lambda: None,
        lambda _, z: autograd.sum(y.clamp(-0.5, 0.5) + autograd.clamp(y, max=0.2) for y in z),
        lambda z: (np.clip(z, -0.5, 0.5) + np.minimum(z, 0.2)).sum(),
    ),
    "dot": (lambda: None, lambda _, z: autograd.dot(z, T) * z[0], lambda z: (z @ T) * z[0]),
    "value_and_grad": (lambda: None, by_slopes, lambda z: (z @ z) * z[0] + 2 * z[0] * z[1]),
    "jacobian": (lambda: None, by_jacobian, lambda z: z[0] + np.cos(z[2])),
    "hvp": (lambda: None, by_hvp, lambda z: 2 * z[1] + z[0] + 2 * z[0] - 6 * z[2]),
    "Identity": (nn.Identity, elementwise, lambda z: z[0] - 3 * z[2]),
    "ModuleList": (
        lambda: nn.ModuleList([nn.Tanh(), nn.Softmax(dim=-1)]),
        lambda parts, z: chained(parts, z)[1],
        lambda z: exp_share(np.tanh(z))[1],
    ),
    "Softmax": (nn.Softmax, elementwise, lambda z: exp_share(z)[0] - 3 * exp_share(z)[2]),
    "LogSoftmax": (nn.LogSoftmax, elementwise, lambda z: np.log(exp_share(z)) @ [1, 0, -3]),
    "register_forward_hook": (hooked, elementwise, lambda z: 2 * np.tanh(z) @ [1, 0, -3]),
    "MSELoss": (nn.MSELoss, lambda loss, z: loss(z, T), lambda z: ((z - T) ** 2).mean()),
    "L1Loss": (nn.L1Loss, lambda loss, z: loss(z, T), lambda z: abs(z - T).mean()),
    "SmoothL1Loss": (
        lambda: nn.SmoothL1Loss(beta=2.0),
        lambda loss, z: loss(z, T),
        lambda z: np.where(abs(z - T) < 2, (z - T) ** 2 / 4, abs(z - T) - 1).mean(),
    ),
    "BCELoss": (
        nn.BCELoss,
        lambda loss, z: loss([y.sigmoid() for y in z], [1.0, 0.0, 0.25]),
        lambda z: (
            -np.mean(
                [
                    np.log(sigmoid(z[0])),
                    np.log(sigmoid(-z[1])),
                    (0.25 * np.log(sigmoid(z[2])) + 0.75 * np.log(sigmoid(-z[2]))),
                ]
            )
        ),
    ),
    "BCEWithLogitsLoss": (
        nn.BCEWithLogitsLoss,
        lambda loss, z: loss(z, [1.0, 0.0, 1.0]),
        lambda z: np.log1p(np.exp(z * [-1, 1, -1])).mean(),
    ),
    "CrossEntropyLoss": (nn.CrossEntropyLoss, lambda loss, z: loss(z, 1), lambda z: -np.log(exp_share(z)[1])),
    "NLLLoss": (
        lambda: nn.ModuleList([nn.NLLLoss(), nn.LogSoftmax()]),
        lambda parts, z: parts[0](parts[1](z), 2),
        lambda z: -np.log(exp_share(z)[2]),
    ),
}


class Model(nn.Module):
    """The formula of a name, over weighted inputs."""

    def __init__(self, name: str, frozen: bool) -> None:
        self.title, self.weight, self.part = name, ParameterArray(W), NAMES[name][0]()
        self.weight[2].requires_grad = not frozen

    def forward(self, x: Any) -> Any:
        return NAMES[self.title][1](self.part, [w * each for w, each in zip(self.weight, x, strict=True)])


def numbers(name: str, w: Any = W) -> Any:
    """What NumPy says for all samples."""
    return np.array([NAMES[name][2](w * x) for x in X])


def slopes(name: str, w: Any, frozen: bool) -> Any:
    """Of the mean over the samples, by the weights."""
    steps = 1e-6 * np.eye(3)
    found = [(numbers(name, w + h).mean() - numbers(name, w - h).mean()) / 2e-6 for h in steps]
    return np.array([*found[:2], 0.0 if frozen else found[2]])


def clones(model: Model) -> list[Any]:
    """Copies of it."""
    return [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]


every_name = pytest.mark.parametrize("name", NAMES)
maybe_frozen = pytest.mark.parametrize("frozen", [False, True], ids=["", "frozen"])


@every_name
@maybe_frozen
def test_eager_and_in_copies(name: str, frozen: bool) -> None:
    model = Model(name, frozen)
    for each in (model, *clones(model)):
        outputs = [each(x) for x in X]
        assert [y.data for y in outputs] == pytest.approx(numbers(name).tolist(), rel=1e-12)
        autograd.mean(outputs).backward()
        np.testing.assert_allclose(each.weight.grad, slopes(name, W, frozen), rtol=1e-6, atol=1e-9)
        each.weight.data[...] = 0.0
        assert repr(each) == repr(model)
    fresh = Model(name, frozen)
    with no_grad():
        assert fresh(X[0]).data == pytest.approx(numbers(name)[0], rel=1e-12)
        fresh.weight *= 0.5
    assert fresh(X[0]).data == pytest.approx(numbers(name, W / 2)[0], rel=1e-12)


@every_name
@maybe_frozen
@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_compiled_and_recorded(name: str, frozen: bool, backend: Any) -> None:
    model = Model(name, frozen)
    for each in (model, *clones(model)):
        program = compile(each, backend)
        np.testing.assert_allclose(program(X), numbers(name), rtol=1e-12)
        assert program.backward(X) == pytest.approx(numbers(name).mean(), rel=1e-12)
        np.testing.assert_allclose(each.weight.grad, slopes(name, W, frozen), rtol=1e-6, atol=1e-9)
    with nn.record(model) as seen:
        eager = [model(x).data for x in X]
    assert seen.array("").tolist() == eager
    np.testing.assert_allclose(nn.record(model).batch(X)[""], eager, rtol=1e-12)


@every_name
@maybe_frozen
@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_fitted_while_a_schedule_changes_the_rate(name: str, frozen: bool, mode: Any) -> None:
    model = Model(name, frozen)
    optimizer = optim.SGD(model, lr=0.1)
    schedule = optim.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    fit(model, X, np.zeros(5), loss=lambda y, _: y, optimizer=optimizer, epochs=3, mode=mode, progress=False,
        callbacks=[lambda _: schedule.step()])  # fmt: skip
    w = W.copy()
    for epoch in range(3):
        w -= 0.1 / (1 + epoch) * slopes(name, w, frozen)
    np.testing.assert_allclose(model.weight.data, w, rtol=1e-6)
    assert abs(w - W).max() > 1e-3, "something was trained"


@every_name
@maybe_frozen
def test_drawn(name: str, frozen: bool) -> None:
    y = Model(name, frozen)(list(map(Value, X[0])))
    y.backward()
    svg = viz.draw(y).svg()
    assert f"{abs(y.data):.4g}" in svg
    assert len(viz.frames(y)) > 3
    assert viz.draw(y, depth=1).svg().startswith("<svg")


def halved(epoch: int) -> float:
    """A factor; a function of a module, so that it can be pickled."""
    return 0.5**epoch


RATES: dict[str, tuple[Callable[[Any], Any], Callable[[int], float]]] = {
    "LambdaLR": (lambda o: optim.LambdaLR(o, halved), lambda k: 0.5**k),
    # A loss that doesn't fall: after patience epochs more, the rate does.
    "ReduceLROnPlateau": (
        lambda o: optim.ReduceLROnPlateau(o, factor=0.1, patience=1),
        lambda k: 0.1 ** ((k - 1) // 2),
    ),
    "OneCycleLR": (
        lambda o: optim.OneCycleLR(
            o, max_lr=1.0, total_steps=7, anneal_strategy="linear", div_factor=4.0, final_div_factor=10.0, pct_start=0.5
        ),
        lambda k: np.interp(k, [0, 2.5, 6], [0.25, 1.0, 0.025]),
    ),
}


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_schedules_by_hand_and_in_fit_and_their_copies(name: str, mode: Any) -> None:
    make, factor = RATES[name]

    def stepped(schedule: Any) -> float:
        schedule.step(*([1.0] if name == "ReduceLROnPlateau" else []))
        return float(schedule.get_last_lr()[0])

    model = nn.Linear(3, 1, rng=0)
    schedule = make(optim.SGD(model, lr=1.0))
    expected = [factor(k) for k in range(1, 6)]
    twins = copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))
    for twin in twins:
        assert [stepped(twin) for _ in range(5)] == pytest.approx(expected, rel=1e-12)
    rates: list[float] = []
    fit(model, X, np.zeros(5), loss=lambda y, _: 0.0 * y, optimizer=schedule.optimizer, epochs=5, mode=mode,
        progress=False, callbacks=[lambda _: rates.append(stepped(schedule))])  # fmt: skip
    assert rates == pytest.approx(expected, rel=1e-12)


BOUNDS = {  # the largest number of a uniform draw, and the spread of a normal one: fan_in 40, fan_out 60
    "xavier_uniform_": (6 / 100) ** 0.5,
    "xavier_normal_": (2 / 100) ** 0.5,
    "kaiming_uniform_": (6 / 40) ** 0.5,
    "kaiming_normal_": (2 / 40) ** 0.5,
}


@pytest.mark.parametrize("name", BOUNDS)
def test_weights_filled_by_name_go_everywhere(name: str) -> None:
    found = []
    for _ in range(2):
        manual_seed(3)
        model = nn.Sequential(nn.Linear(40, 60), nn.Linear(60, 1))
        model.apply(lambda m: getattr(init, name)(m.weight) if isinstance(m, nn.Linear) else None)
        found.append(model)
    manual_seed(None)
    weight = found[0][0].weight.data
    assert (weight == found[1][0].weight.data).all(), "the same seed, the same numbers"
    reached = abs(weight).max() if "uniform" in name else weight.std()
    assert reached == pytest.approx(BOUNDS[name], rel=0.03)
    rows = np.random.default_rng(0).normal(size=(2, 40))
    state = found[0].state_dict()
    expected = (rows @ state["0.weight"].T + state["0.bias"]) @ state["1.weight"][0] + state["1.bias"]
    for model in (found[1], copy.deepcopy(found[0]), pickle.loads(pickle.dumps(found[0]))):
        assert [model(row).data for row in rows] == pytest.approx(expected.tolist(), rel=1e-12)
        for backend in ("numpy", "llvm"):
            np.testing.assert_allclose(compile(model, backend)(rows), expected, rtol=1e-12)
