"""Ours: training steps over the same arrays, written in the ways in which people write them. Public calls only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from player import Player
from workloads import LEARNING_RATE, Array, Workload, workload

import autograd
from autograd import nn, optim
from autograd.nn.losses import binary_cross_entropy_with_logits as bce
from autograd.nn.losses import cross_entropy, mse
from peers.glassgrad import model_and_loss, over_parameters


class Start(NamedTuple):
    """What stands above every loop."""

    w: Workload
    model: nn.MLP
    optimizer: optim.SGD
    program: Any
    X: Array
    Y: Array

    def player(self, run: Callable[[], float], *others: nn.MLP, steps: int = 1) -> Player:
        """Judged by how far it has moved the models."""
        player = over_parameters(run, self.w, self.model, *others)
        player.steps = steps
        return player


def start(loss: Any = cross_entropy) -> Start:
    """Workload B."""
    w = workload("B")
    model, _ = model_and_loss(w)
    optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE)
    program = autograd.compile(lambda x, y: loss(model(x), y))
    return Start(w, model, optimizer, program, w.X, w.Y)


# The same arrays at each step


def plain() -> Player:
    """The loop of workload B's own table."""
    s = start()
    _, _, optimizer, program, X, Y = s

    def run() -> float:
        optimizer.zero_grad()
        loss = program.backward(X, Y)
        optimizer.step()
        return loss

    return s.player(run)


def zero_grad_of_model() -> Player:
    s = start()
    _, model, optimizer, program, X, Y = s

    def run() -> float:
        model.zero_grad()
        loss = program.backward(X, Y)
        optimizer.step()
        return loss

    return s.player(run)


def another_model() -> Player:
    s = start()
    _, _, optimizer, program, X, Y = s

    def run() -> float:
        nn.MLP(2, [3, 1], rng=0)
        optimizer.zero_grad()
        loss = program.backward(X, Y)
        optimizer.step()
        return loss

    return s.player(run)


def another_model_alone() -> Player:
    def run() -> float:
        nn.MLP(2, [3, 1], rng=0)
        return 0.0

    return Player(run)


def attribute() -> Player:
    s = start()
    _, model, optimizer, program, X, Y = s
    model.steps = 0

    def run() -> float:
        optimizer.zero_grad()
        loss = program.backward(X, Y)
        optimizer.step()
        model.steps += 1
        return loss

    return s.player(run)


def schedule() -> Player:
    s = start()
    _, _, optimizer, program, X, Y = s
    schedule = optim.ExponentialLR(optimizer, gamma=1.0 - 1e-12)

    def run() -> float:
        optimizer.zero_grad()
        loss = program.backward(X, Y)
        optimizer.step()
        schedule.step()
        return loss

    return s.player(run)


def clipping() -> Player:
    s = start()
    _, model, optimizer, program, X, Y = s

    def run() -> float:
        optimizer.zero_grad()
        loss = program.backward(X, Y)
        optim.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        return loss

    return s.player(run)


def evaluating() -> Player:
    s = start()
    _, model, optimizer, program, X, Y = s
    predict = autograd.compile(model)

    def run() -> float:
        optimizer.zero_grad()
        loss = program.backward(X, Y)
        optimizer.step()
        model.eval()
        predict(X)
        model.train()
        return loss

    return s.player(run)


def predicting() -> Player:
    s = start()
    predict, X = autograd.compile(s.model), s.X

    def run() -> float:
        return float(predict(X)[0, 0])

    return Player(run)


# Two of something


def two_models() -> Player:
    s, t = start(), start()

    def run() -> float:
        for each in (s, t):
            each.optimizer.zero_grad()
            loss = each.program.backward(each.X, each.Y)
            each.optimizer.step()
        return loss

    return s.player(run, t.model)


def teacher() -> Player:
    """A student learns what its teacher says."""
    s = start(mse)
    _, _, optimizer, program, X, _ = s
    teach = autograd.compile(teacher_model())

    def run() -> float:
        targets = teach(X)
        optimizer.zero_grad()
        loss = program.backward(X, targets)
        optimizer.step()
        return loss

    return s.player(run)


def teacher_model() -> nn.MLP:
    """Another network of workload B's form."""
    model, _ = model_and_loss(workload("B"))
    for layer in model.layers:
        for neuron in layer.neurons:
            neuron.b.data = 0.5
    return model


def student_alone() -> Player:
    s = start(mse)
    _, _, optimizer, program, X, Y = s

    def run() -> float:
        optimizer.zero_grad()
        loss = program.backward(X, Y)
        optimizer.step()
        return loss

    return Player(run)


def two_losses() -> Player:
    """Two programs over one model: their gradients add up."""
    s = start()
    _, model, optimizer, program, X, Y = s
    other = autograd.compile(lambda x, y: mse(model(x), y))

    def run() -> float:
        optimizer.zero_grad()
        loss = program.backward(X, Y) + other.backward(X, Y)
        optimizer.step()
        return loss

    return s.player(run)


class Gan:
    """A generator of 64 numbers from 16, and who tells them from true ones."""

    def __init__(self) -> None:
        self.real = workload("B").X
        self.noise = np.random.default_rng(2).normal(size=(64, 16))
        self.generator, self.critic = nn.MLP(16, [32, 64], rng=0), nn.MLP(64, [32, 1], rng=1)
        fill(self.generator)
        fill(self.critic)
        self.start = [model.state_dict() for model in (self.generator, self.critic)]
        self.generate = autograd.compile(self.generator)
        self.judge = autograd.compile(lambda x, z: bce(self.critic(x), 1.0) + bce(self.critic(z), 0.0))
        self.fool = autograd.compile(lambda z: bce(self.critic(self.generator(z)), 1.0))
        self.of_generator = optim.SGD(self.generator.parameters(), lr=LEARNING_RATE)
        self.of_critic = optim.SGD(self.critic.parameters(), lr=LEARNING_RATE)

    def reset(self) -> None:
        self.generator.load_state_dict(self.start[0])
        self.critic.load_state_dict(self.start[1])

    def result(self) -> Array:
        models = (self.generator, self.critic)
        return np.concatenate([array.ravel() for model in models for array in model.state_dict().values()])

    def player(self, run: Callable[[], float]) -> Player:
        return Player(run, self.result, self.reset)


def fill(model: nn.MLP) -> None:
    """The numbers with which the other libraries begin too."""
    rng = np.random.default_rng(3)
    model.load_state_dict({name: rng.normal(0, 0.2, array.shape) for name, array in model.state_dict().items()})


def gan() -> Player:
    g = Gan()

    def run() -> float:
        fake = g.generate(g.noise)
        g.of_critic.zero_grad()
        g.judge.backward(g.real, fake)
        g.of_critic.step()
        g.of_generator.zero_grad()
        loss = g.fool.backward(g.noise)
        g.of_generator.step()
        return loss

    return g.player(run)


def gan_generate_alone() -> Player:
    g = Gan()
    return Player(lambda: float(g.generate(g.noise)[0, 0]))


def gan_judge_alone() -> Player:
    g = Gan()

    def run() -> float:
        g.of_critic.zero_grad()
        loss = g.judge.backward(g.real, g.real)
        g.of_critic.step()
        return loss

    return g.player(run)


def gan_fool_alone() -> Player:
    g = Gan()

    def run() -> float:
        g.of_generator.zero_grad()
        loss = g.fool.backward(g.noise)
        g.of_generator.step()
        return loss

    return g.player(run)
