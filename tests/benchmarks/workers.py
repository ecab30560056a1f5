"""What is measured, one engine a process: `python workers.py JOB ENGINE` prints one JSON object.

Both engines run the same code, written as micrograd's demo writes it; only the import differs.
"""

from __future__ import annotations

import gc
import importlib
import json
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

ENGINES = {"autograd": ("autograd", "autograd.nn"), "micrograd": ("micrograd.engine", "micrograd.nn")}
SAMPLES, SIZES = 100, [16, 16, 1]
LEARNING_RATE = 0.05


def engine(name: str) -> tuple[Any, Any]:
    """(the module with Value, the module with MLP)"""
    core, nn = ENGINES[name]
    return importlib.import_module(core), importlib.import_module(nn)


def moons() -> tuple[list[list[float]], list[float]]:
    """Workload A's data: 100 points of two half circles with noise, labels -1 and 1."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0, np.pi, SAMPLES // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X = np.concatenate([upper, [1.0, 0.5] - upper]) + rng.normal(0, 0.1, (SAMPLES, 2))
    return X.tolist(), [-1.0] * (SAMPLES // 2) + [1.0] * (SAMPLES // 2)


def same_weights(model: Any) -> None:
    """Both engines start from the same numbers."""
    rng = np.random.default_rng(1)
    for p in model.parameters():
        p.data = float(rng.normal(0, 0.3))


def demo_step(engine_name: str) -> Callable[[], float]:
    """One loss graph over all samples: zero_grad, backward, update."""
    core, nn = engine(engine_name)
    random.seed(0)
    model = nn.MLP(2, SIZES)
    same_weights(model)
    return step_of(core, model, *moons(), LEARNING_RATE)


def step_of(core: Any, model: Any, X: list[list[float]], Y: list[float], rate: float) -> Callable[[], float]:
    """A step on all of these samples, as micrograd's demo writes it."""

    def step() -> float:
        inputs = [list(map(core.Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(Y, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= rate * p.grad
        return float(loss.data)

    return step


def fit_epoch() -> Callable[[], float]:
    """One epoch of `fit`: one backward a sample with seed 1/N, nothing kept."""
    from autograd import fit, nn
    from autograd.optim import SGD

    model = nn.MLP(2, SIZES)
    same_weights(model)
    X, Y = moons()
    optimizer = SGD(model.parameters(), lr=LEARNING_RATE)

    def loss(score: Any, y: float) -> Any:
        return (1 + -y * score).relu()

    def epoch() -> float:
        history = fit(model, X, Y, loss=loss, optimizer=optimizer, epochs=1, mode="eager", progress=False)
        return float(history["loss"][0])

    return epoch


def timed(step: Callable[[], float], collector: bool, repetitions: int) -> dict[str, Any]:
    """The median time of a step, after one to warm up; the losses show that all engines compute the same.

    Processor time, which on one thread is the time on the wall of a machine that does nothing else.
    """
    losses = [step()]
    gc.collect()
    (gc.enable if collector else gc.disable)()
    seconds = []
    for _ in range(repetitions):
        start = time.process_time()
        losses.append(step())
        seconds.append(time.process_time() - start)
    return {"ms": 1e3 * statistics.median(seconds), "losses": losses[:3]}


def memory(engine_name: str, nodes: int = 100_000) -> dict[str, Any]:
    """Bytes a node of a graph of alternating sums and products of Values, everything that the graph holds included."""
    core, _ = engine(engine_name)
    a, b = core.Value(1.0), core.Value(0.5)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = [a]
    node = a
    for i in range(nodes):
        node = node * b if i % 2 else node + a
        kept.append(node)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"bytes": (after - before - sys.getsizeof(kept)) / nodes}


def cold_start(repetitions: int = 25) -> dict[str, Any]:
    """Median times of fresh interpreters that import autograd and numpy, less that of one that runs nothing."""

    def run(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return 1e3 * (time.perf_counter() - start)

    codes = {"autograd": "import autograd", "numpy": "import numpy", "nothing": "pass"}
    for code in codes.values():
        run(code)
    # Interleaved, so that what else the machine does falls on all of them.
    rounds = [{name: run(code) for name, code in codes.items()} for _ in range(repetitions)]
    ms = {name: statistics.median(each[name] for each in rounds) for name in codes}
    return {name: ms[name] - ms["nothing"] for name in ("autograd", "numpy")}


def main(job: str, *arguments: str) -> dict[str, Any]:
    """Run one job."""
    if job == "demo":
        name, collector, repetitions = arguments
        return timed(demo_step(name), collector == "on", int(repetitions))
    if job == "fit":
        collector, repetitions = arguments
        return timed(fit_epoch(), collector == "on", int(repetitions))
    if job == "memory":
        return memory(arguments[0])
    if job == "import":
        return cold_start()
    raise SystemExit(f"unknown job {job!r}")


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
