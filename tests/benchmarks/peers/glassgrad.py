"""Ours: scalar code, compiled. Timed through the public calls."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from typing import Any

import dag
import numpy as np
from machine import peak_memory
from player import Player, begin
from workloads import LEARNING_RATE, MANY_STEPS, Array, Workload, join, split, workload

import autograd
from autograd import nn
from autograd.compiler import Program
from autograd.compiler import compile as compiled
from autograd.optim import SGD

FUNCTIONS = {"tanh": autograd.tanh, "exp": autograd.exp, "log": autograd.log, "relu": autograd.relu}


def model_and_loss(w: Workload) -> tuple[nn.MLP, Any]:
    """The network with the workload's numbers, and its loss of one sample."""
    model = nn.MLP(w.sizes[0], w.sizes[1:])
    model.load_state_dict(state_of(w))
    return model, nn.losses.hinge if w.hinge else nn.losses.cross_entropy


def state_of(w: Workload) -> dict[str, Array]:
    """The workload's start, as a network loads it."""
    layers = enumerate(split(w.start, w.sizes))
    return {name: part for i, (W, b) in layers for name, part in ((f"layers.{i}.weight", W), (f"layers.{i}.bias", b))}


def numbers_of(model: nn.MLP) -> Array:
    """The parameters, as a workload has them."""
    arrays = list(model.state_dict().values())
    return join(list(zip(arrays[::2], arrays[1::2], strict=True)))


def step(name: str) -> Player:
    """One call a step."""
    w = workload(name)
    begin()
    model, loss = model_and_loss(w)
    optimizer = SGD(model.parameters(), lr=LEARNING_RATE)
    program: Program = compiled(lambda x, y: loss(model(x), y))
    X, Y = w.X, w.Y

    def run() -> float:
        optimizer.zero_grad()
        mean = program.backward(X, Y)
        optimizer.step()
        return mean

    player = over_parameters(run, w, model)
    player.notes = lambda: times(program)
    return player


def many(name: str) -> Player:
    """The loop of `fit`, mini-batches off, in compiled mode; what comes before the first step isn't counted."""
    from autograd.training.loop import begun, run
    from autograd.training.options import Options

    w = workload(name)
    begin()
    model, loss = model_and_loss(w)
    given = {name: argument.default for name, argument in inspect.signature(autograd.fit).parameters.items()}
    given |= {"model": model, "X": w.X, "Y": w.Y, "loss": loss, "epochs": MANY_STEPS, "mode": "compiled"}
    given |= {"optimizer": SGD(model.parameters(), lr=LEARNING_RATE), "progress": False}
    task, engine = begun(Options(**given))

    def again() -> float:
        task.state.history = autograd.History()
        return run(task, engine)["loss"][-1]

    player = over_parameters(again, w, model)
    player.steps = MANY_STEPS
    return player


def over_parameters(run: Callable[[], float], w: Workload, *models: nn.MLP) -> Player:
    """A player that is judged by how far it has moved networks of the same workload."""
    start = state_of(w)

    def reset() -> None:
        for model in models:
            model.load_state_dict(start)

    return Player(run, lambda: np.concatenate([numbers_of(model) for model in models]), reset)


def graph(operations: str = "10000", points: str = str(dag.POINTS)) -> Player:
    """The gradients of a random graph at all points."""
    nodes = dag.forest(int(operations))
    begin()
    program: Program = compiled(lambda x: dag.values_of(nodes, x, FUNCTIONS)[-1])
    X = dag.points(int(points))
    found: list[Any] = [None]

    def run() -> float:
        (found[0],) = program.gradients(X)
        return 0.0

    return Player(
        run, lambda: found[0], notes=lambda: {"operations": len(nodes), "memory": peak_memory(), **times(program)}
    )


def times(program: Program) -> dict[str, float]:
    """Seconds of tracing and compiling, as the program reports them."""
    text = program.explain()
    return {
        name: sum(map(float, re.findall(pattern, text)))
        for name, pattern in (("trace", r"traced .* in ([\d.]+) s"), ("compile", r"compiled in ([\d.]+) s"))
    }


warnings.simplefilter("error", RuntimeWarning)
np.seterr(all="ignore")
