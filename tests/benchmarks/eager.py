"""The eager rows: plain Python against micrograd, each alone in a process."""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from table import Row

WORKER = Path(__file__).with_name("workers.py")
ROOT = WORKER.parents[2]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROUNDS = 5
"""Processes an entry; those of the two engines alternate, and the median of the rounds counts."""


def run_worker(*arguments: str) -> dict[str, Any]:
    """One job in a process of its own."""
    # This checkout is what is measured, whatever is installed.
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(WORKER), *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def median(results: list[dict[str, Any]], key: str) -> float:
    """The middle one of the rounds."""
    return float(statistics.median(result[key] for result in results))


def rows() -> Iterator[Row]:
    """Every eager row, as it is measured."""
    has_micrograd = importlib.util.find_spec("micrograd") is not None
    for collector, at_least in (("off", 2), ("on", 10)):
        ours, fitted, peer = [], [], []
        for _ in range(ROUNDS):
            ours.append(run_worker("demo", "autograd", collector, "15"))
            fitted.append(run_worker("fit", collector, "15"))
            if has_micrograd:
                peer.append(run_worker("demo", "micrograd", collector, "7" if collector == "off" else "3"))
        refuse_different_losses(ours + fitted + peer)
        theirs = median(peer, "ms") if peer else None
        yield faster(f"A, as micrograd's demo writes it, gc {collector}", median(ours, "ms"), theirs, at_least)
        at_least = 3 if collector == "off" else 25
        yield faster(f"A, as fit does it, gc {collector}", median(fitted, "ms"), theirs, at_least)
    yield memory_row(has_micrograd)
    yield import_row()


def faster(what: str, ours: float, peer: float | None, at_least: float) -> Row:
    """A row of times."""
    reached = None if peer is None else peer / ours >= at_least
    return Row(what, "ms a step", ours, peer, "micrograd", f"at least {at_least:g}x", reached)


def memory_row(has_micrograd: bool) -> Row:
    """Memory of a graph."""
    ours = run_worker("memory", "autograd")["bytes"]
    peer = run_worker("memory", "micrograd")["bytes"] if has_micrograd else None
    reached = None if peer is None else ours <= peer / 2
    return Row("memory a node, graph of 100,000", "bytes", ours, peer, "micrograd", "at least 2x", reached)


def import_row() -> Row:
    """Cold start. The one row where the peer is to be the faster one."""
    found = run_worker("import")
    ours, numpy = found["autograd"], found["numpy"]
    return Row("import, fresh process", "ms", ours, numpy, "import numpy", "at least 0.333x", ours < 3 * numpy)


def refuse_different_losses(results: list[dict[str, Any]]) -> None:
    """A race between programs that compute different things says nothing."""
    expected = results[0]["losses"]
    for result in results[1:]:
        for mine, its in zip(expected, result["losses"], strict=True):
            if abs(mine - its) > 1e-9 * abs(mine):
                raise SystemExit(f"the engines disagree: losses {expected} and {result['losses']}")
