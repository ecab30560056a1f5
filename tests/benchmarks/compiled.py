"""The compiled rows: workloads A to D against their peers, and how the compiler scales."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arena import OURS, Entry, Outcome, contest, with_baseline
from table import Row
from workloads import workload

STEP = "one call a step"
MANY = "1,000 steps a call"


@dataclass(frozen=True)
class Effort:
    """How long to measure, and what takes too long to be measured always."""

    rounds: int = 15
    budget: float = 0.1
    """Seconds of a round."""
    slow: bool = False
    million: bool = False
    baseline: Path | None = None
    """A checkout of another version of ours, that plays too."""


TARGETS: dict[tuple[str, str], tuple[float, float]] = {
    # (measured, peer): (at least, aim), how many times faster than the peer
    (f"A, {STEP}", "PyTorch, lean"): (35, 55),
    (f"A, {STEP}", "JAX jit"): (5, 7),
    (f"A, {STEP}", "NumPy by hand"): (9, 13),
    (f"A, {STEP}", "CasADi, C"): (7, 10),
    (f"A, {STEP}", "micrograd, gc off"): (20_000, 35_000),
    (f"A, {STEP}", "micrograd, gc on"): (150_000, 300_000),
    (f"A, {MANY}", "JAX fori_loop"): (3, 4.3),
    (f"A, {MANY}", "C by hand"): (1, 1.25),
    (f"B, {STEP}", "PyTorch, lean"): (12, 19),
    (f"B, {STEP}", "JAX jit"): (3, 4.5),
    (f"B, {STEP}", "NumPy by hand"): (3.5, 5.5),
    (f"B, {STEP}", "C by hand"): (1, 1.3),
    (f"C, {STEP}", "PyTorch, lean"): (2, 3),
    (f"C, {STEP}", "JAX jit"): (1.3, 1.8),
    (f"C, {STEP}", "C by hand"): (1, 1.5),
    (f"C, {STEP}", "the core's FMA peak"): (0.6, 0.85),
    ("D, 1,000 gradients", "PyTorch"): (20, 40),
    ("D, 1,000 gradients", "CasADi, C"): (10, 18),
    ("D, 1,000 gradients", "CasADi, VM"): (50, 90),
    ("D, trace and compile", "the time allowed"): (1, 1.2 / 0.7),
}
AS_FAST = (1 / 1.05, 1.0)
"""Against another version of ours: within 5%."""
COMPILE_SECONDS = 1.2
"""The time allowed for the graph of workload D."""
COMPILING = {"JAX jit", "CasADi, C", "C by hand", "JAX fori_loop", "C, straight-line"}
"""Peers whose first result is worth a row: they compile too."""


def step_entries(name: str) -> list[Entry]:
    """Who takes part in one call a step; the first sets the result."""
    entries = [
        Entry("NumPy by hand", "by_hand", "step", (name,)),
        Entry(OURS, "glassgrad", "step", (name,)),
        Entry("C by hand", "c", "step", (name,)),
        Entry("JAX jit", "jax_jit", "step", (name,), "jax"),
        Entry("PyTorch, lean", "pytorch", "lean", (name,), "torch"),
        Entry("PyTorch, as people write it", "pytorch", "as_written", (name,), "torch"),
        Entry("HIPS autograd", "hips", "step", (name,), "autograd"),
    ]
    if name == "A":
        entries.append(Entry("CasADi, C", "casadi_sx", "step", (name,), "casadi"))
        for collector in ("off", "on"):
            arguments = (name, collector)
            entries.append(Entry(f"micrograd, gc {collector}", "micro", "step", arguments, "micrograd", rounds=3))
    if name == "C":
        entries.append(Entry("the core's FMA peak", "c", "peak", (str(workload(name).flops),)))
    return entries


def many_entries(name: str) -> list[Entry]:
    """Who can make many steps in one call."""
    return [
        Entry("C by hand", "c", "many", (name,)),
        Entry(OURS, "glassgrad", "many", (name,)),
        Entry("JAX fori_loop", "jax_jit", "many", (name,), "jax"),
    ]


def graph_entries(slow: bool) -> list[Entry]:
    """Who takes part in workload D."""
    entries = [
        Entry("NumPy, one call a node", "by_hand", "graph"),
        Entry(OURS, "glassgrad", "graph"),
        Entry("PyTorch", "pytorch", "graph", package="torch"),
        Entry("CasADi, VM", "casadi_sx", "graph_vm", package="casadi", rounds=5),
        Entry("CasADi, C", "casadi_sx", "graph_c", package="casadi"),
    ]
    if slow:
        entries.append(Entry("C, straight-line", "c", "graph"))
        entries.append(Entry("JAX jit", "jax_jit", "graph", package="jax"))
    return entries


def network(name: str, effort: Effort) -> Iterator[Row]:
    """The rows of workload A, B or C."""
    for title, entries in ((STEP, step_entries(name)), (MANY, many_entries(name))):
        what = f"{name}, {title}"
        outcomes = contest(what, with_baseline(entries, effort.baseline), effort.rounds, effort.budget)
        yield from rows_of(what, "µs a step", 1e6, outcomes)
        if title == STEP:
            yield from first_rows(name, outcomes)


def graph(effort: Effort) -> Iterator[Row]:
    """The rows of workload D."""
    entries = with_baseline(graph_entries(effort.slow), effort.baseline)
    outcomes = contest("D", entries, effort.rounds, effort.budget)
    yield from rows_of("D, 1,000 gradients", "ms", 1e3, outcomes)
    if not effort.slow:
        for name in ("C, straight-line", "JAX jit"):
            yield Row(
                "D, 1,000 gradients",
                "ms",
                scaled(1e3, outcomes[OURS]),
                None,
                name,
                why="takes long: --slow measures it",
            )
    yield from first_rows("D", outcomes)
    allowed = Row("D, trace and compile", "s", first(outcomes[OURS]), COMPILE_SECONDS, "the time allowed")
    yield aimed(dataclasses.replace(allowed, why=outcomes[OURS].why or allowed.why))


def scaled(factor: float, outcome: Outcome) -> float | None:
    """The median in another unit than seconds."""
    return None if outcome.median is None else factor * outcome.median


def first(outcome: Outcome) -> float | None:
    """Seconds to the first result."""
    return None if outcome.why else outcome.first


def rows_of(what: str, unit: str, factor: float, outcomes: dict[str, Outcome]) -> Iterator[Row]:
    """One row for each peer."""
    ours = outcomes[OURS]
    for name, peer in outcomes.items():
        if name != OURS:
            why = ours.why or peer.why or "no round was played"
            yield aimed(Row(what, unit, scaled(factor, ours), scaled(factor, peer), name, why=why))


def first_rows(what: str, outcomes: dict[str, Outcome]) -> Iterator[Row]:
    """How long it takes from nothing to the first result."""
    ours = outcomes[OURS]
    for name, peer in outcomes.items():
        if name in COMPILING or (name != OURS and name.startswith(OURS)):
            why = ours.why or peer.why
            yield Row(f"{what}, trace and compile", "s", first(ours), first(peer), name, why=why)


def aimed(row: Row) -> Row:
    """The row with what it is to reach; against another version of ours, to be as fast."""
    level = AS_FAST if row.peer_name.startswith(OURS) else (None, None)
    at_least, aim = TARGETS.get((row.what, row.peer_name), level)
    return dataclasses.replace(row, at_least=at_least, aim=aim)


SCALE_HEAD = ["operations", "trace, s", "compile, s", "first result, µs an operation"]
SCALE_HEAD += ["64 more gradients, ms", "ns an operation and point", "peak memory, MiB"]
SCALE_POINTS = 64


def scale(effort: Effort) -> Iterator[list[str]]:
    """One line for each size of the random graph, each in a fresh process."""
    sizes = [1_000, 10_000, 100_000, *([1_000_000] if effort.million else [])]
    for size in sizes:
        arguments = (str(size), str(SCALE_POINTS))
        entry = Entry(OURS, "glassgrad", "graph", arguments, rounds=effort.rounds, patience=3600.0)
        yield scale_cells(size, contest(f"{size:,} operations", [entry], effort.rounds, effort.budget)[OURS])


def scale_cells(size: int, outcome: Outcome) -> list[str]:
    """The line as text."""
    if outcome.median is None:
        return [f"{size:,}", outcome.why, *["-"] * (len(SCALE_HEAD) - 2)]
    notes, operations = outcome.notes, outcome.notes["operations"]
    times = [f"{x:.3g}" for x in (notes["trace"], notes["compile"], 1e6 * outcome.first / operations)]
    replay = [f"{x:.3g}" for x in (1e3 * outcome.median, 1e9 * outcome.median / operations / SCALE_POINTS)]
    return [f"{operations:,}", *times, *replay, f"{notes['memory'] / 2**20:.0f}"]
