"""The workloads of `make bench` are what they are said to be, and its tables can be written. Nothing is timed."""

from __future__ import annotations

import importlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, nn

FOLDER = Path(__file__).parent / "benchmarks"
MODULES = (
    "workloads",
    "dag",
    "table",
    "arena",
    "player",
    "compiled",
    "run",
    "environments",
    "peers.by_hand",
    "peers.c",
)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The modules of `make bench`, which are scripts and import each other by bare names."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    yield SimpleNamespace(**{name.rpartition(".")[2]: importlib.import_module(name) for name in MODULES})
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FOLDER)):
            del sys.modules[name]


def eager_moves(bench: SimpleNamespace, name: str) -> tuple[float, np.ndarray[Any, Any]]:
    """The loss of one eager step, and how far it moves each parameter."""
    w = bench.workloads.workload(name)
    model = nn.MLP(w.sizes[0], w.sizes[1:])
    parameters = model.parameters()
    for p, number in zip(parameters, w.start, strict=True):
        p.data = number
    loss = nn.losses.hinge if w.hinge else nn.losses.cross_entropy
    total = 0.0
    for x, y in zip(w.X.tolist(), w.Y.tolist(), strict=True):
        each = loss(model(x), y)
        each.backward(1.0 / w.samples)
        total += each.data / w.samples
    return total, -bench.workloads.LEARNING_RATE * np.array([p.grad for p in parameters])


@pytest.mark.parametrize("name", ["A", "B"])
def test_hand_written_numpy_makes_the_steps_of_eager_code(bench: SimpleNamespace, name: str) -> None:
    loss, moves = eager_moves(bench, name)
    player, answer = bench.player.introduce(bench.by_hand.step, [name])
    assert answer["loss"] == pytest.approx(loss, rel=1e-12)
    found = np.frombuffer(bytes.fromhex(answer["result"]))
    np.testing.assert_allclose(found, moves, rtol=0, atol=1e-11 * np.abs(moves).max() + 1e-15)
    assert player.steps == 1


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_hand_written_c_makes_the_steps_of_hand_written_numpy(bench: SimpleNamespace, name: str) -> None:
    if bench.c.native.compiler() is None:
        assert bench.c.native.version() == ""
        return
    outcomes = []
    for make in (bench.by_hand.step, bench.c.step):
        _, answer = bench.player.introduce(make, [name])
        result = np.frombuffer(bytes.fromhex(answer["result"]))
        outcomes.append(bench.arena.Outcome(loss=answer["loss"], result=result))
    assert bench.arena.difference_of(*outcomes) < bench.arena.TOLERANCE


def test_the_random_graph_has_the_gradients_of_eager_code(bench: SimpleNamespace) -> None:
    nodes = bench.dag.generate(600)
    X = bench.dag.points(3)
    found = bench.dag.gradients(nodes, X)
    assert {node.op for node in nodes} == {"add", "sub", "mul", "div", "shift", "tanh", "exp", "log", "relu"}
    for row, expected in zip(X, found, strict=True):
        inputs = [Value(x) for x in row]
        output = bench.dag.values_of(nodes, inputs, {f: getattr(autograd, f) for f in bench.dag.UNARY})[-1]
        np.testing.assert_allclose(autograd.gradients(output, inputs), expected, rtol=1e-9, atol=1e-12)


def test_the_random_graph_is_the_same_every_time_and_stays_finite(bench: SimpleNamespace) -> None:
    nodes = bench.dag.generate()
    assert nodes == bench.dag.generate()
    assert 10_800 < len(nodes) < 11_000
    values = bench.dag.values_of(nodes, list(bench.dag.points(50).T), bench.dag.NUMPY)
    assert all(np.isfinite(v).all() for v in values)


def test_parameters_are_split_and_joined(bench: SimpleNamespace) -> None:
    flat = np.arange(13.0)
    layers = bench.workloads.split(flat, (2, 3, 1))
    np.testing.assert_array_equal(layers[0][1], [2.0, 5.0, 8.0])
    np.testing.assert_array_equal(layers[1][0], [[9.0, 10.0, 11.0]])
    np.testing.assert_array_equal(bench.workloads.join(layers), flat)


def test_a_row_says_what_it_reached(bench: SimpleNamespace) -> None:
    row = bench.table.Row("A", "µs", 2.0, 9.0, "NumPy", 3.0, 4.0)
    assert row.cells() == ["A", "µs", "2", "9", "NumPy", "4.5x", "3x", "4x", "yes, the aim"]
    assert bench.table.Row("A", "µs", 2.0, 7.0, "NumPy", 3.0, 4.0).verdict == "yes"
    assert bench.table.Row("A", "µs", 2.0, 5.0, "NumPy", 3.0, 4.0).verdict == "NO"
    missing = bench.table.Row("A", "µs", 2.0, None, "JAX jit", 3.0, 4.0, "not installed: `make bench`")
    assert missing.cells()[3:6] == ["not installed: `make bench`", "JAX jit", "-"]
    assert missing.verdict == "-"


def test_the_table_is_aligned_markdown(bench: SimpleNamespace) -> None:
    text = bench.table.grid(["one", "b"], [["1", "twenty"]])
    assert text == "| one | b      |\n|-----|--------|\n| 1   | twenty |\n"


def test_every_target_belongs_to_a_row_that_is_measured(bench: SimpleNamespace) -> None:
    rows = {("D, trace and compile", "the time allowed")}
    rows |= {("D, 1,000 gradients", entry.name) for entry in bench.compiled.graph_entries(slow=False)}
    for name in "ABC":
        rows |= {(f"{name}, {bench.compiled.STEP}", entry.name) for entry in bench.compiled.step_entries(name)}
        rows |= {(f"{name}, {bench.compiled.MANY}", entry.name) for entry in bench.compiled.many_entries(name)}
    assert set(bench.compiled.TARGETS) <= rows
    assert all(at_least <= aim for at_least, aim in bench.compiled.TARGETS.values())


def test_who_computes_something_else_does_not_play(bench: SimpleNamespace) -> None:
    right, same, wrong, short = (
        bench.arena.Outcome(result=np.array(numbers)) for numbers in ([1.0, 2.0], [1.0, 2.0 + 1e-12], [1.0, 2.1], [1.0])
    )
    bench.arena.refuse_different_results([right, same, wrong, short])
    assert (right.why, same.why) == ("", "")
    assert wrong.why == "wrong: differs by 5.0e-02 from the first"
    assert short.why.startswith("wrong")


def test_one_row_in_a_thousand_may_stand_on_a_kink(bench: SimpleNamespace) -> None:
    right, one, many = (np.ones((1000, 2)) for _ in range(3))
    one[0] = many[:5] = 0.5
    outcomes = [bench.arena.Outcome(result=result) for result in (right, one, many)]
    bench.arena.refuse_different_results(outcomes)
    assert [bool(outcome.why) for outcome in outcomes] == [False, False, True]


def test_a_forest_adds_up_its_graphs(bench: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.dag, "TREE", 300)
    X = bench.dag.points(3)
    parts = [bench.dag.gradients(bench.dag.generate(300, seed=3 + i), X) for i in range(3)]
    np.testing.assert_allclose(bench.dag.gradients(bench.dag.forest(900), X), sum(parts), rtol=1e-9, atol=1e-12)


def test_a_player_answers_by_lines_and_tells_why_it_fails(bench: SimpleNamespace) -> None:
    answers = io.StringIO()
    bench.player.serve(lambda: bench.player.Player(lambda: 0.5, steps=4), [], io.StringIO("0\n0.0001\n"), answers)
    introduction, *rounds = map(json.loads, answers.getvalue().splitlines())
    assert introduction["loss"] == 0.5
    assert len(rounds) == 2
    assert all(each["seconds"] > 0 for each in rounds)

    failing = io.StringIO()
    bench.player.serve(lambda: 1 / 0, [], io.StringIO(), failing)
    assert json.loads(failing.getvalue()) == {"error": "ZeroDivisionError: division by zero"}


def test_a_missing_peer_is_named_with_the_cure(bench: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.environments, "installed", lambda *_: {})
    process = bench.arena.Process(bench.arena.Entry("JAX jit", "jax_jit", "step", ("A",), "jax"))
    process.start()
    assert process.outcome.why.startswith("not installed: `make bench` puts jax into ")
    assert process.outcome.median is None


def test_interrupted_rows_are_kept(bench: SimpleNamespace) -> None:
    def lines() -> Iterator[list[str]]:
        yield ["a"]
        raise KeyboardInterrupt

    found: list[list[str]] = []
    assert bench.run.collect(lines(), found) is False
    assert found == [["a"]]


def test_an_engine_measured_in_a_process_of_its_own(bench: SimpleNamespace) -> None:
    entry = bench.arena.Entry("NumPy by hand", "by_hand", "step", ("A",), rounds=1)
    outcomes = bench.arena.contest("A", [entry], 2, 0.0)
    assert len(outcomes["NumPy by hand"].seconds) == 1
    assert outcomes["NumPy by hand"].why == ""
