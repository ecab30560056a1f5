"""One player, alone in a process: `python player.py MODULE FUNCTION ARGUMENTS` plays rounds on request.

It answers each line of standard input with one line of JSON. What libraries print goes to standard error.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np
from environments import ALL_CORES
from numpy.typing import NDArray


@dataclass
class Player:
    """What is measured, as a module of `peers` makes it."""

    run: Callable[[], float]
    """One call; returns the loss before its last step."""
    result: Callable[[], NDArray[np.float64]] | None = None
    """What all players must agree on: gradients, or parameters (where there is a start, how far they have moved)."""
    reset: Callable[[], None] | None = None
    """Back to the start, so that no round is easier than another."""
    steps: int = 1
    """Steps in one run."""
    notes: Callable[[], dict[str, Any]] = dict
    """Anything else to report after the first run."""
    measure: Callable[[], float] | None = None
    """Seconds a step of one round, where calling ``run`` again and again isn't how to find them."""


def clocks() -> tuple[float, float]:
    """Time on the wall, and processor time with that of finished child processes (compilers)."""
    used = os.times()
    return time.perf_counter(), time.process_time() + used.children_user + used.children_system


def since(start: tuple[float, float]) -> float:
    """Seconds that were used: the smaller one of the two clocks.

    Where other programs make a player wait, processor time doesn't count that; where it has helpers, that run at the
    same time as it does, the wall doesn't count them.
    """
    return min(now - then for now, then in zip(clocks(), start, strict=True))


_start = [clocks()]


def begin() -> None:
    """From here on, the time to the first result counts: a maker that first makes its data calls this after that."""
    _start[0] = clocks()


def round_of(player: Player, budget: float, estimate: float) -> float:
    """Seconds a step, over as many runs as the budget of seconds is worth."""
    if player.measure is not None:
        return player.measure()
    runs = max(1, round(budget / max(estimate * player.steps, 1e-7)))
    if player.reset is not None:
        player.reset()
    run = player.run
    start = clocks()
    for _ in range(runs):
        run()
    return since(start) / (runs * player.steps)


def introduce(make: Callable[..., Player], arguments: list[str]) -> tuple[Player, dict[str, Any]]:
    """The player after its first run, and what it says of itself."""
    begin()
    player = make(*arguments)
    before: Any = 0.0
    if player.reset is not None and player.result is not None:
        player.reset()
        before = player.result()
    loss = player.run()
    answer: dict[str, Any] = {"first": since(_start[0]), "loss": loss, "notes": player.notes()}
    if player.result is not None:
        result = np.ascontiguousarray(player.result() - before, dtype=np.float64)
        answer |= {"result": result.tobytes().hex(), "shape": result.shape}
    return player, answer


def serve(make: Callable[..., Player], arguments: list[str], requests: TextIO, answers: TextIO) -> None:
    """Introduce the player, then play a round for each budget that is asked for."""

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    try:
        player, introduction = introduce(make, arguments)
    except Exception as error:  # whatever goes wrong in a library, the others play on
        answer({"error": f"{type(error).__name__}: {error}".splitlines()[0][:160]})
        return
    answer(introduction)
    estimate = round_of(player, 0.0, 1.0)
    for line in requests:
        estimate = round_of(player, float(line), estimate)
        answer({"seconds": estimate})


def main(module: str, function: str, *arguments: str) -> None:
    """Play."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity") and ALL_CORES not in os.environ:
        with contextlib.suppress(OSError):  # one processor: whatever a library thinks of threads
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    make = _maker(module, function, answers)
    if make is not None:
        serve(make, list(arguments), sys.stdin, answers)


def _maker(module: str, function: str, answers: TextIO) -> Callable[..., Player] | None:
    try:
        make: Callable[..., Player] = getattr(importlib.import_module(module), function)
    except Exception as error:
        answers.write(json.dumps({"error": f"{type(error).__name__}: {error}".splitlines()[0][:160]}) + "\n")
        answers.flush()
        return None
    return make


if __name__ == "__main__":
    sys.modules["player"] = sys.modules["__main__"]  # the peers' Player is this one
    main(*sys.argv[1:])
