"""Forward hooks and records: eager, compiled, in training, in copies; what raises and what is refused."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import viz
from autograd import TraceError, Value, ancestors, compile, fit, nn
from autograd.optim import SGD

X = np.random.default_rng(5).normal(size=(6, 3))
Y = X[:, 0] - X[:, 1]
BACKENDS = ["numpy", "llvm"]


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1))


def doubled(_: nn.Module, __: Any, output: Any) -> Any:
    return [2.0 * v for v in output]


def numpy_hidden(model: nn.Module) -> Any:
    state = model.state_dict()
    return np.tanh(X @ state["0.weight"].T + state["0.bias"])


def numpy_output(model: nn.Module, hidden: Any) -> Any:
    state = model.state_dict()
    return (hidden @ state["2.weight"].T + state["2.bias"])[:, 0]


# Hooks


def test_hooks_see_inputs_and_output_in_their_order() -> None:
    model, seen = network(), []
    first = model[1].register_forward_hook(lambda m, inputs, output: seen.append(("first", m, inputs, output)))
    second = model[1].register_forward_hook(lambda m, *_: seen.append(("second", m)))
    model(X[0])
    (_, module, inputs, output), _ = seen
    assert [each[0] for each in seen] == ["first", "second"]
    assert module is model[1]
    assert [v.data for v in output] == pytest.approx(list(numpy_hidden(model)[0]))
    assert len(inputs) == 1
    assert len(inputs[0]) == 4
    first.remove()
    first.remove()
    model(X[0])
    assert [each[0] for each in seen[2:]] == ["second"]
    second.remove()
    assert "forward" not in vars(model[1])


def test_an_output_of_a_hook_takes_the_place() -> None:
    model = network()
    expected = numpy_output(model, 2 * numpy_hidden(model))
    with model[1].register_forward_hook(doubled):
        assert [model(x).data for x in X] == pytest.approx(list(expected))
        assert model.forward_batch(X.tolist())[0].data == pytest.approx(expected[0])
        assert "1" in {v.scope for v in ancestors(model(X[0]))}
        assert viz.draw(model(X[0]), depth=1).view.nodes
    assert model(X[0]).data == pytest.approx(numpy_output(model, numpy_hidden(model))[0])


def test_a_hook_that_takes_itself_away_leaves_the_others_their_turn() -> None:
    model, seen = network(), []
    first = model.register_forward_hook(lambda *_: first.remove())
    model.register_forward_hook(lambda *_: seen.append(1))
    model([1.0, 2.0, 3.0])
    model([1.0, 2.0, 3.0])
    assert seen == [1, 1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_programs_see_hooks_come_and_go(backend: Any) -> None:
    model = network()
    program, hidden = compile(model, backend), numpy_hidden(model)
    for _ in range(2):
        assert program(X) == pytest.approx(numpy_output(model, hidden), rel=1e-12)
        handle = model[1].register_forward_hook(doubled)
        assert program(X) == pytest.approx(numpy_output(model, 2 * hidden), rel=1e-12)
        handle.remove()
    factor = [3.0]
    with model[1].register_forward_hook(lambda m, i, output: [factor[0] * v for v in output]):
        assert program(X) == pytest.approx(numpy_output(model, 3 * hidden), rel=1e-12)
        factor[0] = 5.0
        assert program(X) == pytest.approx(numpy_output(model, 5 * hidden), rel=1e-12)


def test_a_hook_for_its_effects_is_refused_in_programs() -> None:
    model, seen = network(), []
    handle = model[1].register_forward_hook(lambda m, i, output: seen.append(output))
    program = compile(model, "numpy")
    with pytest.raises(TraceError, match=r"^a forward hook of 1 \(Tanh\) returned nothing.* nn.record\(model\).batch"):
        program(X)
    handle.remove()
    assert program(X) == pytest.approx(numpy_output(model, numpy_hidden(model)))


def test_fit_runs_such_a_model_eagerly_and_says_so() -> None:
    losses = []
    for mode in ("auto", "eager"):
        model, seen = network(), []
        model[1].register_forward_hook(lambda m, i, output, seen=seen: seen.append(output))
        arguments = {"loss": "mse", "optimizer": SGD(model, lr=0.1), "epochs": 2, "progress": False, "mode": mode}
        if mode == "auto":
            with pytest.warns(UserWarning, match="runs this model eagerly.* a forward hook of 1"):
                history = fit(model, X, Y, **arguments)
        else:
            history = fit(model, X, Y, **arguments)
        assert len(seen) >= 12
        losses.append(history["loss"])
    assert losses[0] == losses[1]


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_fit_trains_through_hooks_that_compute(mode: str) -> None:
    model = network()
    model[1].register_forward_hook(doubled)
    history = fit(model, X, Y, loss="mse", optimizer=SGD(model, lr=0.05), epochs=40, mode=mode, progress=False)
    assert history["loss"][-1] < 0.2 * history["loss"][0]


class Micro(nn.Module):
    """In micrograd's manner."""

    def __init__(self) -> None:
        self.inner = nn.Linear(3, 1, rng=0)

    def __call__(self, x: Any) -> Any:
        return self.inner(x).tanh()


class Both(nn.Linear):
    """With a call of its own around a forward."""

    def __call__(self, x: Any) -> Any:
        return super().__call__(x)


@pytest.mark.parametrize("make", [Micro, lambda: Both(3, 1), lambda: nn.Neuron(3), lambda: nn.MLP(3, [2, 1])])
def test_each_call_runs_a_hook_once(make: Any) -> None:
    module, calls = make(), []
    module.register_forward_hook(lambda *_: calls.append(1))
    module(X[0])
    assert len(calls) == 1
    module.forward_batch(X.tolist())
    assert len(calls) == 7


def test_a_batch_norm_in_training_has_hooks_for_each_sample() -> None:
    model, seen = nn.Sequential(nn.BatchNorm(3), nn.Tanh()), []
    model[0].register_forward_hook(lambda m, i, output: seen.append([v.data for v in output]))
    model.forward_batch(X.tolist())
    assert np.array(seen) == pytest.approx((X - X.mean(0)) / np.sqrt(X.var(0) + 1e-5))


@pytest.mark.parametrize("way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_have_the_hooks(way: Any) -> None:
    model = network()
    model[1].register_forward_hook(doubled)
    model[2].neurons[0].register_forward_hook(halved)
    twin = way(model)
    model[0].weight.data[...] = 0.0
    assert twin(X[0]).data == pytest.approx(numpy_output(twin, 2 * numpy_hidden(twin))[0] / 2)
    assert twin.state_dict().keys() == model.state_dict().keys()


def halved(_: nn.Module, __: Any, output: Any) -> Any:
    return output / 2.0


def test_a_hook_that_raises_names_its_module() -> None:
    model = nn.MLP(3, [2, 1])
    model.layers[0].register_forward_hook(lambda m, i, output: output[7])
    with pytest.raises(IndexError) as caught:
        model(X[0])
    assert caught.value.__notes__ == ["in a forward hook of layers.0 (Layer), called as hook(module, inputs, output)"]


@pytest.mark.parametrize("hook", [None, "print", print.__class__])
def test_what_is_no_hook_is_refused(hook: Any) -> None:
    with pytest.raises(TypeError, match=r"^a forward hook is a function hook\(module, inputs, output\), got "):
        nn.Tanh().register_forward_hook(hook)


# Records


def test_a_record_of_calls() -> None:
    model = network()
    with nn.record(model) as seen:
        outputs = [model(x) for x in X]
    model(X[0])
    assert seen[""] is outputs[-1]
    assert seen.calls("") == outputs
    assert all(isinstance(v, Value) for v in seen["1"])
    assert seen.array("1") == pytest.approx(numpy_hidden(model), rel=1e-14)
    assert seen.array("") == pytest.approx(numpy_output(model, numpy_hidden(model)))
    assert list(seen) == [*(f"0.neurons.{k}" for k in range(4)), "0", "1", "2.neurons.0", "2", ""]
    assert repr(seen) == "<record of Sequential: 9 modules, 54 calls>"
    assert all("forward" not in vars(module) for module in model.modules())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_record_of_a_batch(backend: Any) -> None:
    model = network()
    with nn.record(model) as eager:
        for x in X:
            model(x)
    found = nn.record(model).batch(X, backend)
    assert list(found) == list(eager)
    for path, numbers in found.items():
        assert numbers == pytest.approx(eager.array(path), rel=1e-12), path
    assert found["1"] == pytest.approx(numpy_hidden(model), rel=1e-12)
    assert found[""].shape == (6,)
    assert compile(model, backend)(X) == pytest.approx(found[""])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_record_of_constants_shared_modules_and_modes(backend: Any) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            self.tanh, self.again = nn.Tanh(), nn.Sequential()
            self.again.append(self.tanh)
            self.unused, self.drop = nn.ReLU(), nn.Dropout(0.5)

        def forward(self, x: Any) -> Any:
            constant = self.tanh(0.5)
            return self.drop([self.again(v * constant) for v in x])

    model = Odd().eval()
    found = nn.record(model).batch(X, backend)
    last = np.tanh(X * np.tanh(0.5))
    assert found["tanh"] == pytest.approx(last[:, 2])
    assert found["drop"] == pytest.approx(last)
    assert "unused" not in found
    constant = nn.record(nn.Sequential(nn.Identity(), Half())).batch(X, backend)
    assert constant["1.inner"].tolist() == [0.5] * 6


class Half(nn.Module):
    def __init__(self) -> None:
        self.inner = nn.Identity()

    def forward(self, x: Any) -> Any:
        return x[0] * self.inner(0.5)


def test_a_program_inside_of_a_record_is_refused() -> None:
    model = network()
    program = compile(model, "numpy")
    with nn.record(model), pytest.raises(TraceError, match=r"write nn.record\(model\).batch\(X\)"):
        program(X)
    assert program(X).shape == (6,)


def test_what_a_record_refuses() -> None:
    model = network()
    seen = nn.record(model)
    with pytest.raises(KeyError, match="no call of '1' was recorded; there is nothing: call the model inside"):
        seen["1"]
    with seen, pytest.raises(ValueError, match=r"^this record is at work already"):
        seen.__enter__()
    with seen:
        model(X[0])
    with pytest.raises(KeyError, match=r"no call of 'x' was recorded; there is '0.neurons.0', "):
        seen.array("x")
    with pytest.raises(TypeError, match=r"^record takes a module, got builtin_function_or_method"):
        nn.record(len)
