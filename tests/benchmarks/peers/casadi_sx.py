"""CasADi: symbolic scalars, as generated C or on its virtual machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import casadi
import dag
import native
import numpy as np
from player import Player, begin
from workloads import LEARNING_RATE, Workload, workload

FUNCTIONS = {
    "tanh": casadi.tanh,
    "exp": casadi.exp,
    "log": casadi.log,
    "relu": lambda x: x * (x > 0),  # fmax(x, 0) has the slope 1/2 at 0, and some relu meets the 0 of another
}
FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")


def step(name: str) -> Player:
    """One call a step, generated C: the loss of one sample, mapped over the batch."""
    w = workload(name)
    begin()
    function = _compiled(_training_step(w))
    buffer, trigger = function.buffer()
    p, moved, loss = w.start.copy(), w.start.copy(), np.zeros(1)
    X, Y = w.X, w.Y if w.hinge else w.Y.copy()
    for i, array in enumerate((p, X, Y)):
        buffer.set_arg(i, memoryview(array))
    buffer.set_res(0, memoryview(moved))
    buffer.set_res(1, memoryview(loss))

    def run(_kept: Any = buffer) -> float:
        trigger()
        p[:] = moved
        return float(loss[0])

    def reset() -> None:
        p[:] = w.start

    return Player(run, p.copy, reset)


def _training_step(w: Workload) -> Any:
    """(parameters, X, Y) -> (moved parameters, mean loss). CasADi stores columns first: a sample is a column here."""
    p, x, y = (casadi.SX.sym(name, size) for name, size in (("p", w.start.size), ("x", w.sizes[0]), ("y", w.sizes[-1])))
    loss = _loss(w, p, x, y)
    one = casadi.Function("one", [p, x, y], [casadi.gradient(loss, p), loss])
    all_samples = one.map("all", "serial", w.samples, [0], [0, 1])
    P, X, Y = casadi.MX.sym("P", w.start.size), _matrix("X", w.sizes[0], w), _matrix("Y", w.sizes[-1], w)
    gradient, total = all_samples(P, X, Y)
    return casadi.Function("step", [P, X, Y], [P - (LEARNING_RATE / w.samples) * gradient, total / w.samples])


def _matrix(name: str, rows: int, w: Workload) -> Any:
    return casadi.MX.sym(name, rows, w.samples)


def _loss(w: Workload, p: Any, x: Any, y: Any) -> Any:
    h, at = x, 0
    for i, size in enumerate(w.sizes[1:]):
        inputs = h.shape[0]
        table = casadi.reshape(p[at : at + size * (inputs + 1)], inputs + 1, size).T
        h = table[:, :-1] @ h + table[:, -1]
        at += size * (inputs + 1)
        if i < len(w.sizes) - 2:
            h = casadi.fmax(h, 0)
    return casadi.fmax(1 - y * h, 0) if w.hinge else casadi.logsumexp(h) - casadi.dot(h, y)


def _compiled(function: Any) -> Any:
    """The same function through C and gcc."""
    compiler = native.compiler()
    if compiler is None:
        raise FileNotFoundError(native.MISSING)
    with _inside_temporary_folder() as folder:
        function.generate("code.c")
        subprocess.run([compiler, *FLAGS, "code.c", "-o", "code.so", "-lm"], check=True, capture_output=True)
        return casadi.external(function.name(), str(folder / "code.so"))


@contextlib.contextmanager
def _inside_temporary_folder() -> Iterator[Path]:
    """CasADi writes code into the current folder only."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def graph_c() -> Player:
    """The random graph as generated C."""
    return _graph(_compiled(_gradients()))


def graph_vm() -> Player:
    """The random graph on CasADi's virtual machine."""
    return _graph(_gradients())


def _gradients() -> Any:
    nodes = dag.generate()
    begin()
    x = casadi.SX.sym("x", dag.INPUTS)
    output = dag.values_of(nodes, casadi.vertsplit(x), FUNCTIONS)[-1]
    return casadi.Function("one", [x], [casadi.gradient(output, x)]).map(dag.POINTS)


def _graph(function: Any) -> Player:
    X, found = dag.points(), np.empty((dag.POINTS, dag.INPUTS))
    buffer, trigger = function.buffer()
    buffer.set_arg(0, memoryview(X))
    buffer.set_res(0, memoryview(found))

    def run(_kept: Any = buffer) -> float:
        trigger()
        return 0.0

    return Player(run, lambda: found)
