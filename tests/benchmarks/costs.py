"""What a model's weights cost, the same way for every library."""

from __future__ import annotations

import copy
import gc
import pickle
import statistics
import time
from collections.abc import Callable
from typing import Any

from machine import peak_memory, resident_memory
from player import Player

ENOUGH = 0.3
"""Seconds after which a call has been measured often enough."""


def costs(
    weights: int,
    make: Callable[[], Any],
    step_of: Callable[[Any], Callable[[], float]],
    parameters: Callable[[Any], Any] = lambda model: model.parameters(),
) -> Player:
    """A player whose notes are the costs: seconds, bytes a weight (resident), and bytes (peak).

    Args:
        weights: how many there are.
        make: makes the model.
        step_of: makes of a model what trains it for one step.
        parameters: how all its parameters are had.
    """
    gc.collect()
    before, start = resident_memory(), time.process_time()
    model = make()
    made = time.process_time() - start
    gc.collect()
    resident = resident_memory()

    def notes() -> dict[str, float]:
        peak = peak_memory() - resident
        pickled = pickle.dumps(model)
        calls: dict[str, Callable[[], Any]] = {
            "parameters()": lambda: parameters(model),
            "zero_grad()": model.zero_grad,
            "eval()": model.eval,
            "state_dict()": model.state_dict,
            "copy.deepcopy": lambda: copy.deepcopy(model),
            "pickle.dumps": lambda: pickle.dumps(model),
            "pickle.loads": lambda: pickle.loads(pickled),
        }
        memory = {"resident": (resident - before) / weights, "peak": peak}
        return {"make": made, **memory, **{name: middle(call) for name, call in calls.items()}}

    return Player(step_of(model), notes=notes)


def middle(call: Callable[[], Any]) -> float:
    """The median of its seconds, called again until that has taken long enough."""
    seconds: list[float] = []
    begin = time.process_time()
    while not seconds or time.process_time() - begin < ENOUGH:
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)
