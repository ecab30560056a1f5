"""The table *first result*: from nothing to the first loss, in a fresh process. The model is made before."""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arena import OURS, Entry, Outcome, baseline_of, contest, with_baseline
from columns import AS_IT_COMES, PYTORCH, as_it_comes, median, pytorch, told
from compiled import SCALE_POINTS, Effort
from table import Goal, verdict

JAX = "JAX jit"
PEERS = (JAX, PYTORCH)
FILLING, AGAIN = "who fills the cache", "second process"
PATIENCE = 3600.0
BY_HAND = ("convolution", "recurrent")
QUICK = 3.0
"""Seconds up to which a first result is measured several times."""


@dataclass(frozen=True)
class Program:
    """A row."""

    what: str
    function: str
    """A function of `peers.glassgrad_first`."""
    arguments: tuple[str, ...]
    goal: Goal
    tensors: bool = True
    """Whether it is one of a few tensors: else JAX doesn't compile it in time, and float32 loses itself in it."""


def _seconds(at_least: float, aim: float) -> Goal:
    return Goal("s", at_least, aim, more=False)


def _graph(operations: int, at_least: float, aim: float) -> Program:
    arguments = (str(operations), str(SCALE_POINTS))
    return Program(
        f"random graph, {operations:,} operations", "graph", arguments, _seconds(at_least, aim), tensors=False
    )


PROGRAMS = (
    Program("784-128-10", "network", ("C",), _seconds(0.35, 0.2)),
    Program("784-512-256-10", "network", ("E",), _seconds(0.6, 0.35)),
    Program("convolution by hand, 28x28, 4 filters", "convolution", (), _seconds(2.5, 1.5)),
    Program("RNN by hand, 200 steps x 32", "recurrent", (), _seconds(3.0, 1.5)),
    Program("logsumexp of 1,000", "logsumexp", (), _seconds(1.2, 0.3)),
    _graph(10_000, 0.8, 0.4),
    _graph(100_000, 6, 3),
)
MILLION = _graph(1_000_000, 60, 20)


def head(effort: Effort) -> Sequence[str]:
    """Seconds to the first result, and milliseconds of a step after it."""
    versions = (OURS, *baseline_of(effort.baseline))
    seconds = [f"{name}, s" for name in (*versions, AGAIN, *PEERS)]
    steps = [f"a step: {name}, ms" for name in (*versions, *PEERS, AS_IT_COMES)]
    return ["from nothing to the first loss", *seconds, "at least", "aim", "reached", *steps]


def rows(effort: Effort) -> Iterator[list[str]]:
    """Each program, as it is measured."""
    for program in (*PROGRAMS, *([MILLION] if effort.million else [])):
        yield cells(program, measured(program, effort), effort)


def measured(program: Program, effort: Effort) -> dict[str, Outcome]:
    """One outcome for each player; its ``first`` is the median of several processes where that doesn't take long."""
    found: dict[str, list[Outcome]] = {}
    with tempfile.TemporaryDirectory() as folder:
        players, rounds = entries(program, effort, folder), max(2, effort.rounds // 3)
        for _ in range(rounds):
            outcomes = contest(program.what, players, rounds, effort.budget)
            for name, outcome in outcomes.items():
                found.setdefault(name, []).append(outcome)
            players = [p for p in players if not outcomes[p.name].why and outcomes[p.name].first < QUICK]
    return {name: _middle(each) for name, each in found.items()}


def _middle(outcomes: Sequence[Outcome]) -> Outcome:
    seconds = [x for outcome in outcomes for x in outcome.seconds]
    first = statistics.median(outcome.first for outcome in outcomes)
    return dataclasses.replace(outcomes[-1], first=first, seconds=seconds)


def entries(program: Program, effort: Effort, folder: str) -> list[Entry]:
    """Who takes part; the first sets the result. The second process of ours finds what another left in the folder."""
    function, arguments = program.function, program.arguments
    if function in BY_HAND:  # libraries of tensors have one player for them and the networks
        function, arguments = "network", (function,)
    ours = Entry(OURS, "glassgrad_first", program.function, program.arguments, patience=PATIENCE)
    peer = pytorch("first", function, *arguments, patience=PATIENCE)
    cached = [dataclasses.replace(ours, name=name, cache=folder, rounds=0) for name in (FILLING, AGAIN)]
    found = [peer, ours, *cached]
    if program.tensors:
        found += [Entry(JAX, "jax_first", function, arguments, "jax"), as_it_comes(peer)]
    return with_baseline(found, effort.baseline)


def cells(program: Program, outcomes: dict[str, Outcome], effort: Effort) -> list[str]:
    """The row as text."""
    versions = (OURS, *baseline_of(effort.baseline))
    first = {name: None if outcome.why else outcome.first for name, outcome in outcomes.items()}
    seconds = [told(outcomes.get(name), first.get(name)) for name in (*versions, AGAIN, *PEERS)]
    steps = [told(outcomes.get(name), median(outcomes.get(name), 1e-3)) for name in (*versions, *PEERS, AS_IT_COMES)]
    return [program.what, *seconds, *program.goal.bounds(), verdict(first[OURS], program.goal), *steps]
