"""Players measured against each other: each in a process of its own, in turn, in many short rounds.

What else the machine does falls on all of them alike, and the median of the rounds counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import statistics
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import environments
import numpy as np
from tqdm import tqdm

OURS = "Glassgrad"
PLAYER = Path(__file__).with_name("player.py")
TOLERANCE = 1e-8
"""How far results may lie apart, relative to the largest number in them, or in a row of them."""
ON_A_KINK = 0.002
"""Share of the rows that may lie further apart: in a large graph, rounding decides on which side of 0 a relu stands."""


@dataclass(frozen=True)
class Entry:
    """Who takes part: a function of a module of `peers`."""

    name: str
    module: str
    function: str
    arguments: tuple[str, ...] = ()
    package: str | None = None
    """The distribution that it needs, one of `environments.PEERS`."""
    rounds: int = 1_000
    """At most so many rounds, for those that take long."""
    patience: float = 300.0
    """Seconds until its first result."""
    tolerance: float = TOLERANCE
    """How far its result may differ from the first entry's; infinite where it computes something else."""
    checkout: Path = environments.ROOT
    """Whose Glassgrad plays, if it is one."""
    all_cores: bool = False
    cache: str = "off"
    """The folder of compiled code, for Glassgrad."""

    @property
    def ours(self) -> bool:
        """Whether it is a Glassgrad."""
        return self.module.startswith("glassgrad")


def baseline_of(checkout: Path | None) -> dict[str, Path]:
    """The checkout of another version of ours by the name that it has in the tables; {} without one."""
    return {} if checkout is None else {f"{OURS} {environments.version_of(checkout)}": checkout}


def with_baseline(entries: Sequence[Entry], checkout: Path | None) -> list[Entry]:
    """The entries, and once more what is ours, from that other checkout."""
    return [
        *entries,
        *(
            dataclasses.replace(entry, name=name, checkout=other)
            for entry in entries
            for name, other in baseline_of(checkout).items()
            if entry.name == OURS
        ),
    ]


@dataclass
class Outcome:
    """What came of an entry."""

    why: str = ""
    """Why there are no numbers."""
    first: float = 0.0
    """Seconds to the first result: everything that is made and compiled, imports excepted."""
    loss: float = 0.0
    result: Any = None
    notes: dict[str, Any] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        """Seconds a step."""
        return statistics.median(self.seconds) if self.seconds and not self.why else None


class Process:
    """One player's process."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.outcome = Outcome()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Wait for its first result."""
        entry = self.entry
        python = environments.interpreter() if entry.package is None else environments.python_with(entry.package)
        if python is None:
            assert entry.package is not None
            self.outcome.why = environments.how_to_get(entry.package)
        else:
            self._start(entry, python)

    def _start(self, entry: Entry, python: Path) -> None:
        self._process = subprocess.Popen(
            [python, str(PLAYER), f"peers.{entry.module}", entry.function, *entry.arguments],
            env=environments.environment_variables(
                checkout=entry.checkout if entry.ours else None, all_cores=entry.all_cores, cache=entry.cache
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for the referee
        )
        answer = self._answer(entry.patience)
        if answer is not None:
            self.outcome.first, self.outcome.loss, self.outcome.notes = (answer[k] for k in ("first", "loss", "notes"))
            if "result" in answer:
                self.outcome.result = np.frombuffer(bytes.fromhex(answer["result"])).reshape(answer["shape"])

    def _answer(self, patience: float) -> dict[str, Any] | None:
        """Its next line; None if it failed, and then why."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        timer = threading.Timer(patience, self._kill)
        timer.start()
        try:
            line = process.stdout.readline()
            late = not timer.is_alive()
        finally:  # Ctrl-C: Python would wait for the timer before it ends
            timer.cancel()
        answer: dict[str, Any] = json.loads(line) if line else {}
        if "error" in answer or not answer:
            self.outcome.why = answer.get("error", f"no result in {patience:g} s" if late else "its process ended")
            self.close()
            return None
        return answer

    @property
    def plays(self) -> bool:
        """Whether it is there for another round."""
        return self._process is not None and len(self.outcome.seconds) < self.entry.rounds

    def play(self, budget: float) -> None:
        """One round of about so many seconds."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{budget}\n")
            self._process.stdin.flush()
        answer = self._answer(self.entry.patience)
        if answer is not None:
            self.outcome.seconds.append(answer["seconds"])

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and what it started."""
        if self._process is not None:
            self._kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    assert pipe is not None
                    pipe.close()
            self._process = None


def contest(title: str, entries: Sequence[Entry], rounds: int, budget: float) -> dict[str, Outcome]:
    """Measure the entries against each other; the first one sets the result that all must have."""
    with _processes(title, entries) as processes:
        refuse_different_results([p.outcome for p in processes], [p.entry.tolerance for p in processes])
        for i in tqdm(range(rounds), desc=f"{title}: rounds", leave=False):
            first = i % len(processes)  # nobody always plays after the same one
            for process in processes[first:] + processes[:first]:
                if process.plays and not process.outcome.why:
                    process.play(budget)
        return {p.entry.name: p.outcome for p in processes}


@contextlib.contextmanager
def _processes(title: str, entries: Sequence[Entry]) -> Iterator[list[Process]]:
    processes: list[Process] = []
    try:
        for entry in (bar := tqdm(entries, desc=f"{title}: first results", leave=False)):
            bar.set_postfix_str(entry.name)
            processes.append(Process(entry))
            processes[-1].start()
        yield processes
    finally:
        for process in processes:
            process.close()


def refuse_different_results(outcomes: Sequence[Outcome], tolerances: Sequence[float] = ()) -> None:
    """A race between programs that compute different things says nothing: who differs doesn't play."""
    allowed = tolerances or [TOLERANCE] * len(outcomes)
    judged = [pair for pair in zip(outcomes, allowed, strict=True) if pair[0].result is not None and not pair[0].why]
    for outcome, tolerance in judged[1:]:
        difference = difference_of(outcome, judged[0][0])
        if not difference <= tolerance:
            outcome.why = f"wrong: differs by {difference:.1e} from the first"


def difference_of(outcome: Outcome, expected: Outcome) -> float:
    """The largest relative difference of results and losses."""
    if outcome.result.shape != expected.result.shape:
        return np.inf
    scale = np.abs(expected.result).max(axis=-1, keepdims=True)
    results = np.abs(outcome.result - expected.result) / np.maximum(scale, 1e-300)
    worst = results.max(axis=-1)  # of each row; of all, where there are no rows
    return max(float(np.quantile(worst, 1 - ON_A_KINK, method="lower")), abs(outcome.loss - expected.loss))
