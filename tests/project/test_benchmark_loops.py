"""The loops and programs of `make bench` that are written by hand compute what they say. Nothing is timed."""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.syspath_prepend(FOLDER)
    with importlib.import_module("loaded").loaded() as modules:
        yield modules


def by_hand(bench: SimpleNamespace, batches: Any) -> np.ndarray[Any, Any]:
    """How far hand-written NumPy moves workload B's parameters by a step on each batch."""
    w = bench.workloads.workload("B")
    numbers = w.start
    for X, Y in batches:
        player = bench.by_hand.step_of(dataclasses.replace(w, X=X, Y=Y, start=numbers))
        player.run()
        numbers = player.result()
    return numbers - w.start


def moves(bench: SimpleNamespace, player: Any) -> np.ndarray[Any, Any]:
    """How far a player moves all its parameters in a run."""
    before = player.result()
    player.run()
    return player.result() - before


def assert_same_moves(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(
    "loop", ["plain", "zero_grad_of_model", "another_model", "attribute", "schedule", "evaluating"]
)
def test_loops_over_the_same_arrays_make_the_steps_of_hand_written_numpy(bench: SimpleNamespace, loop: str) -> None:
    w = bench.workloads.workload("B")
    player = getattr(bench.glassgrad_people, loop)()
    assert_same_moves(moves(bench, player), by_hand(bench, [(w.X, w.Y)]))
    player.reset()
    assert_same_moves(moves(bench, player), by_hand(bench, [(w.X, w.Y)]))


def test_a_loop_that_clips_makes_a_shorter_step_in_the_same_direction(bench: SimpleNamespace) -> None:
    w = bench.workloads.workload("B")
    step = by_hand(bench, [(w.X, w.Y)])
    clipped = moves(bench, bench.glassgrad_people.clipping())
    assert np.linalg.norm(clipped) == pytest.approx(0.1 * bench.workloads.LEARNING_RATE, rel=1e-4)
    assert_same_moves(clipped / np.linalg.norm(clipped), step / np.linalg.norm(step))


def test_two_models_in_turn_move_alike(bench: SimpleNamespace) -> None:
    w = bench.workloads.workload("B")
    assert_same_moves(moves(bench, bench.glassgrad_people.two_models()), np.tile(by_hand(bench, [(w.X, w.Y)]), 2))


@pytest.mark.parametrize("loop", ["slices", "shuffled", "float32", "labels", "smaller", "generator", "lists"])
def test_loops_over_fresh_arrays_make_the_steps_of_hand_written_numpy(bench: SimpleNamespace, loop: str) -> None:
    w = bench.workloads.workload("B")
    X, Y = bench.workloads.epoch_of(w)
    if loop == "float32":
        X = X.astype(np.float32).astype(np.float64)
    if loop in ("shuffled", "generator"):
        order = np.random.default_rng(1).permutation(len(X))
        X, Y = X[order], Y[order]
    batches = [(X[i : i + 64], Y[i : i + 64]) for i in range(0, len(X), 64)]
    if loop == "smaller":
        batches = [(w.X[:n], w.Y[:n]) for n in range(64, 44, -1)]
    player = getattr(bench.glassgrad_fresh, loop)()
    assert player.steps == len(batches) == 20
    assert_same_moves(moves(bench, player), by_hand(bench, batches))


def test_loops_over_single_weights_compute_what_they_say(bench: SimpleNamespace) -> None:
    w = bench.workloads.workload("B")
    step = by_hand(bench, [(w.X, w.Y)])
    assert_same_moves(moves(bench, bench.glassgrad_fresh.update_by_hand()), step)
    norm = np.linalg.norm(step) / bench.workloads.LEARNING_RATE
    assert bench.glassgrad_fresh.norm_by_hand().run() == pytest.approx(norm, rel=1e-9)
    scores = bench.glassgrad_fresh.one_sample()
    scores.run()
    (hidden, a), (output, b) = bench.workloads.split(w.start, w.sizes)
    np.testing.assert_allclose(scores.result(), np.maximum(w.X @ hidden.T + a, 0) @ output.T + b, rtol=1e-12)


def numpy_tensors() -> SimpleNamespace:
    """The functions of `peers.tensors` in NumPy."""

    def conv2d(images: Any, filters: Any) -> Any:
        windows = np.lib.stride_tricks.sliding_window_view(images[:, 0], (3, 3), axis=(1, 2))
        return np.einsum("nijab,fab->nfij", windows, filters[:, 0])

    def loop(step: Any, hidden: Any, inputs: Any) -> Any:
        for x in inputs:
            hidden = step(hidden, x)
        return hidden

    return SimpleNamespace(
        relu=lambda x: np.maximum(x, 0.0),
        tanh=np.tanh,
        logsumexp=lambda x, axis: np.log(np.exp(x).sum(axis)),
        amax=lambda x, axis: x.max(axis),
        conv2d=conv2d,
        loop=loop,
    )


@pytest.mark.parametrize("name", ["convolution", "recurrent"])
def test_programs_by_hand_compute_what_tensors_compute(bench: SimpleNamespace, name: str) -> None:
    tensors, weights, arrays = bench.tensors.data_of(name)
    batch = [array[:2] for array in arrays]
    functions = {
        "convolution": (max, lambda x: max(x, 0.0), lambda *z: math.log(sum(map(math.exp, z)))),
        "recurrent": (math.tanh,),
    }
    program = getattr(bench.byhand, name)(*functions[name])
    numbers = [array.tolist() for array in weights]
    losses = [program.loss(numbers, *(row.tolist() for row in sample)) for sample in zip(*batch, strict=True)]
    assert np.mean(losses) == pytest.approx(float(tensors(numpy_tensors(), weights, *batch)), rel=1e-12)
