"""Code written for micrograd runs after its import lines are changed."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from autograd import Value, nn


def test_the_demo_of_micrograd_trains() -> None:
    rng = np.random.default_rng(1337)
    y = np.where(rng.random(40) < 0.5, -1, 1)
    X = rng.normal(size=(40, 2)) * 0.4 + y[:, None]
    model = nn.MLP(2, [16, 16, 1], rng=1)
    assert len(model.parameters()) == 337

    def loss():
        inputs = [list(map(Value, xrow)) for xrow in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores, strict=True)]
        return total_loss, sum(accuracy) / len(accuracy)

    history = []
    for k in range(12):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        history.append((total_loss.data, acc))
    assert history[-1][0] < 0.25 * history[0][0]
    assert history[-1][1] >= 0.97


def test_classes_written_as_micrograd_writes_them() -> None:
    """A subclass with its own __call__, parameters() and plain Values."""
    random.seed(3)

    class Neuron(nn.Module):
        def __init__(self, nin, nonlin=True):
            self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
            self.b = Value(0)
            self.nonlin = nonlin

        def __call__(self, x):
            act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
            return act.relu() if self.nonlin else act

        def parameters(self):
            return self.w + [self.b]  # noqa: RUF005 (as micrograd writes it)

    class Pair(nn.Module):
        def __init__(self):
            self.neurons = [Neuron(2, nonlin=False) for _ in range(2)]

        def __call__(self, x):
            return [n(x) for n in self.neurons]

        def parameters(self):
            return [p for n in self.neurons for p in n.parameters()]

    model = Pair()
    out = model([1.0, 2.0])
    assert [v.scope for v in out] == ["neurons.0", "neurons.1"]
    out[0].backward()
    n = model.neurons[0]
    assert [p.grad for p in model.parameters()] == [1.0, 2.0, 1.0, 0.0, 0.0, 0.0]
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 6
    assert out[0].data == pytest.approx(n.w[0].data + 2 * n.w[1].data)


def test_a_class_that_calls_super_opens_one_scope() -> None:
    class Loud(nn.Linear):
        def __call__(self, x):
            return super().__call__(x) * 2

    model = nn.Sequential(Loud(1, 1, init=[[3.0]]))
    y = model([1.0])
    assert y.data == 6.0
    assert y.scope == "0"
    assert y.args[0].scope == "0.neurons.0"
    alone = model[0]
    alone.name = "loud"
    assert alone([1.0]).args[0].scope == "0.neurons.0", "the name by which it is held"


def test_micrograds_names() -> None:
    neuron = nn.Neuron(3, nonlin=False, rng=0)
    assert (len(neuron.w), neuron.b.data, neuron.nonlin) == (3, 0.0, False)
    assert neuron.parameters() == [*neuron.w, neuron.b]
    assert isinstance(neuron.parameters(), Sequence)
    layer = nn.Layer(3, 2, nonlin=True, rng=0)
    assert layer.parameters() == [p for n in layer.neurons for p in n.parameters()]
    model = nn.MLP(3, [4, 1], rng=0)
    assert [n.nonlin for each in model.layers for n in each.neurons] == [True] * 4 + [False]
    assert model.parameters() == [p for each in model.layers for p in each.parameters()]
    assert isinstance(model([1.0, 2.0, 3.0]), Value)
    assert len(nn.MLP(3, [4, 2], rng=0)([1.0, 2.0, 3.0])) == 2


def test_a_neuron_is_a_chain_of_binary_operations_from_the_bias_on() -> None:
    neuron = nn.Neuron(2, init=[[2.0, -3.0]])
    x = [Value(1.5), Value(0.5)]
    act = neuron(x)
    assert act.op.name == "relu"
    second = act.args[0]
    first, product = second.args
    assert second.op.name == first.op.name == "add"
    assert first.args[0] is neuron.b
    assert first.args[1].args == (neuron.w[0], x[0])
    assert product.args == (neuron.w[1], x[1])
    assert act.data == 1.5
