"""The workloads of `make bench` are what they are said to be, and its tables can be written. Nothing is timed."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import importlib
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, nn

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.syspath_prepend(FOLDER)
    with importlib.import_module("loaded").loaded() as modules:
        yield modules


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


def functions_of(module: str) -> set[str]:
    """The names that a file of `peers` defines, without importing it."""
    tree = ast.parse((FOLDER / "peers" / f"{module}.py").read_text(encoding="utf-8"))
    assigned = {ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
    imported = {name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}
    return assigned | imported | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_new_tables_has_its_players(bench: SimpleNamespace, tmp_path: Path) -> None:
    effort = bench.compiled.Effort()
    found = [entry for loop in bench.people.LOOPS for entry in bench.people.entries(loop, effort)]
    programs = (*bench.firsts.PROGRAMS, bench.firsts.MILLION)
    found += [entry for program in programs for entry in bench.firsts.entries(program, effort, str(tmp_path))]
    found += bench.weights.entries(effort)
    for entry in found:
        assert entry.function in functions_of(entry.module), entry


def test_a_missing_argument_of_fit_leaves_its_row_out(bench: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def contest(_title: str, entries: Any, *_: Any) -> Any:
        why = "TypeError: fit() got an unexpected keyword argument 'transform'"
        return {e.name: bench.arena.Outcome(why=why * (e.function == "transformed"), seconds=[2e-5]) for e in entries}

    monkeypatch.setattr(bench.people, "contest", contest)
    loops = {loop.function: loop for loop in bench.people.LOOPS}
    monkeypatch.setattr(bench.people, "LOOPS", (loops["l1"], loops["transformed"]))
    lines = list(bench.people.rows(bench.compiled.Effort()))
    assert [line[0] for line in lines] == ["fit, L1 penalty"]
    assert lines[0][2:4] == ["20", "20"]
    assert lines[0][6:] == ["1 of our best", "<= 1.3", "<= 1.1", "yes, the aim"]


def test_what_a_loop_does_beside_the_training_does_not_count(bench: SimpleNamespace) -> None:
    loops = {loop.function: loop for loop in bench.people.LOOPS}
    seconds = {"Glassgrad": 159e-6, "people.plain": 20e-6, "people.another_model_alone": 130e-6, "PyTorch": 400e-6}
    outcomes = {name: bench.arena.Outcome(seconds=[each]) for name, each in seconds.items()}
    line = bench.people.cells(loops["another_model"], outcomes, bench.compiled.Effort())
    assert line[3:7] == ["20 + 130", "400", "-", "1.45 of our best"]
    assert line[-1] == "yes"


def test_another_checkout_plays_in_every_table(bench: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "__init__.py").write_text('__version__ = "0.0.9"\n', encoding="utf-8")
    effort = bench.compiled.Effort(baseline=tmp_path)
    for family in (bench.people, bench.firsts, bench.weights):
        assert any("Glassgrad 0.0.9" in name for name in family.head(effort))
    for entries in (bench.weights.entries(effort), bench.people.entries(bench.people.LOOPS[0], effort)):
        (other,) = (entry for entry in entries if entry.name == "Glassgrad 0.0.9")
        assert other.checkout == tmp_path
    row = bench.compiled.aimed(bench.table.Row("B", "µs", 100.0, 96.0, "Glassgrad 0.0.9"))
    assert row.verdict == "yes"
    assert bench.compiled.aimed(dataclasses.replace(row, peer=95.0)).verdict == "NO"


def test_what_is_no_checkout_is_refused_before_anything_is_measured(
    bench: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        bench.run.parsed(["--baseline", str(tmp_path)])
    assert "is no checkout of Glassgrad" in capsys.readouterr().err
    root = bench.environments.ROOT
    assert bench.run.effort_of(bench.run.parsed(["--baseline", str(root)])).baseline == root
    assert bench.environments.version_of(root) == autograd.__version__


def test_processes_get_their_threads_their_checkout_and_no_cache(bench: SimpleNamespace, tmp_path: Path) -> None:
    one = bench.environments.environment_variables(checkout=tmp_path)
    assert (one["PYTHONPATH"], one["OMP_NUM_THREADS"], one["GLASSGRAD_CACHE"]) == (str(tmp_path), "1", "off")
    many = bench.environments.environment_variables(all_cores=True, cache="here")
    assert many[bench.environments.ALL_CORES] == "1"
    assert many["GLASSGRAD_CACHE"] == "here"
    assert many.get("PYTHONPATH") is None


def test_who_is_not_to_be_compared_plays_with_any_result(bench: SimpleNamespace) -> None:
    right, other = (bench.arena.Outcome(result=np.array(numbers)) for numbers in ([1.0, 2.0], [3.0]))
    bench.arena.refuse_different_results([right, other], [0.0, math.inf])
    assert other.why == ""


def test_a_player_may_measure_itself(bench: SimpleNamespace) -> None:
    player = bench.player.Player(lambda: 0.0, measure=lambda: 0.25)
    assert bench.player.round_of(player, 0.1, 1.0) == 0.25


def test_costs_are_found_of_any_model(bench: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.costs, "ENOUGH", 0.0)
    player = bench.costs.costs(6, lambda: nn.MLP(2, [2], rng=0), lambda model: lambda: model([1.0, 2.0])[0].data)
    _, answer = bench.player.introduce(lambda: player, [])
    assert {cost.note for cost in bench.weights.COSTS} == set(answer["notes"])
    assert all(answer["notes"][cost.note] >= 0 for cost in bench.weights.COSTS if cost.goal.what == "ms")


@pytest.mark.parametrize("name", ["workloads", "dag", "table", "byhand", "people", "machine"])
def test_the_examples_in_the_modules_are_right(bench: SimpleNamespace, name: str) -> None:
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0


def test_a_row_of_pictures_says_what_is_kept(bench: SimpleNamespace) -> None:
    pictures = bench.pictures
    task = pictures.Task("neuron", pictures.GRAPHS["neuron"].build, {"wide": 1_366, "seconds": 60.0}, "978 x 382")
    cells = dict(zip(pictures.HEAD, pictures.drawn(task, 1), strict=True))
    assert {name: cells[name] for name in ("picture", "boxes", "wires", "crossings", "px, version 0.1", "reached")} == {
        "picture": "neuron",
        "boxes": "10",
        "wires": "9",
        "crossings": "0",
        "px, version 0.1": "978 x 382",
        "reached": "yes",
    }
    size = pictures.Measured(800.0, 600.0, 2.0, 9.0)
    for limits, kept in (({"area": 480_000}, "yes"), ({"area": 479_999}, "NO"), ({"wide": 800, "high": 599}, "NO")):
        assert pictures.cells(pictures.Task("", list, limits), size)[-1] == kept
    assert pictures.cells(task, size, None, 3, 2)[-1] == "NO", "more crossings than dot"
    assert len(pictures.chain_with_sum(100).args) == 2
