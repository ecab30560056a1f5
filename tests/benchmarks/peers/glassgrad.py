"""Ours: scalar code, compiled. Timed through the public calls."""

from __future__ import annotations

import re
import resource
import sys
import warnings
from typing import Any

import dag
import numpy as np
from player import Player, begin
from workloads import LEARNING_RATE, MANY_STEPS, Workload, workload

import autograd
from autograd import nn
from autograd.compiler import Program
from autograd.compiler import compile as compiled
from autograd.optim import SGD
from autograd.parameter import span

FUNCTIONS = {"tanh": autograd.tanh, "exp": autograd.exp, "log": autograd.log, "relu": autograd.relu}


def model_and_loss(w: Workload) -> tuple[nn.MLP, Any]:
    """The network with the workload's numbers, and its loss of one sample."""
    model = nn.MLP(w.sizes[0], w.sizes[1:])
    span(model.parameters())[0].data[:] = w.start
    return model, nn.losses.hinge if w.hinge else nn.losses.cross_entropy


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

    player = _over_parameters(model, w, run)
    player.notes = lambda: times(program)
    return player


def many(name: str) -> Player:
    """The loop of `fit`, mini-batches off, in compiled mode; what comes before the first step isn't counted."""
    from autograd.training.loop import _run
    from autograd.training.preparation import prepared

    w = workload(name)
    begin()
    model, loss = model_and_loss(w)
    plan = prepared(
        model,
        w.X,
        w.Y,
        loss=loss,
        optimizer=SGD(model.parameters(), lr=LEARNING_RATE),
        epochs=MANY_STEPS,
        batch_size=None,
        validation=None,
        metrics=(),
        callbacks=(),
        patience=None,
        penalty=None,
        seed=0,
        mode="compiled",
    )
    player = _over_parameters(model, w, lambda: _run(plan, progress=False)["loss"][-1])
    player.steps = MANY_STEPS
    return player


def _over_parameters(model: nn.MLP, w: Workload, run: Any) -> Player:
    def numbers() -> Any:
        store, begin, end = span(model.parameters())
        return store.data[begin:end]

    def reset() -> None:
        numbers()[:] = w.start

    return Player(run, lambda: numbers().copy(), reset)


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

    return Player(run, lambda: found[0], notes=lambda: {"operations": len(nodes), "memory": memory(), **times(program)})


def memory() -> int:
    """Peak memory of this process, bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used


def times(program: Program) -> dict[str, float]:
    """Seconds of tracing and compiling, as the program reports them."""
    text = program.explain()
    return {
        name: sum(map(float, re.findall(pattern, text)))
        for name, pattern in (("trace", r"traced .* in ([\d.]+) s"), ("compile", r"compiled in ([\d.]+) s"))
    }


warnings.simplefilter("error", RuntimeWarning)
np.seterr(all="ignore")
