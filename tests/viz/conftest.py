"""Graphs to draw."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autograd import Parameter, Value, scope


@pytest.fixture(params=[pytest.param("with dot", marks=pytest.mark.dot), "without dot"])
def either_dot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bool:
    """Run a test on a machine with Graphviz and on one without; tells which."""
    if request.param == "with dot":
        if shutil.which("dot") is None:
            pytest.skip("the Graphviz program `dot` is not on PATH")
        return True
    monkeypatch.setenv("PATH", str(tmp_path))
    return False


@pytest.fixture
def small() -> Callable[[], Value]:
    """L = (a * b + c) * f: the graph of the lecture."""

    def make() -> Value:
        a, b, c, f = (Value(x, label=n) for x, n in ((2.0, "a"), (-3.0, "b"), (10.0, "c"), (-2.0, "f")))
        e = a * b
        e.label = "e"
        d = e + c
        d.label = "d"
        loss = d * f
        loss.label = "L"
        return loss

    return make


@pytest.fixture
def network() -> Callable[..., Value]:
    """The squared error of a multi-layer perceptron on one sample, built neuron by neuron."""

    def make(*sizes: int, seed: int = 0) -> Value:
        rng = np.random.default_rng(seed)
        values = [Value(float(x), label=f"x{i}") for i, x in enumerate(rng.normal(size=sizes[0]))]
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            outputs = []
            for neuron in range(fan_out):
                path = f"layers.{layer}.neurons.{neuron}"
                weights = [Parameter(float(x), label=f"w{i}") for i, x in enumerate(rng.normal(size=fan_in))]
                bias = Parameter(0.1, label="b")
                for p in (*weights, bias):
                    p.scope = path
                with scope(path):
                    total: Value = bias
                    for w, x in zip(weights, values, strict=True):
                        total = total + w * x
                    outputs.append(total.tanh() if layer < len(sizes) - 2 else total)
            values = outputs
        loss = (values[0] - 1.0) ** 2
        loss.label = "loss"
        return loss

    return make
