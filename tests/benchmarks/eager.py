"""The eager rows: plain Python against micrograd, each alone in a process."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environments
from table import Row

if TYPE_CHECKING:
    from compiled import Effort

WORKER = Path(__file__).with_name("workers.py")
PEER = "micrograd"


def run_worker(*arguments: str) -> dict[str, Any]:
    """One job in a process of its own."""
    ours = PEER not in arguments
    python = environments.interpreter() if ours else environments.python_with(PEER)
    assert python is not None
    done = subprocess.run(
        [python, str(WORKER), *arguments],
        env=environments.environment_variables(ours=ours),
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def median(results: list[dict[str, Any]], key: str) -> float:
    """The middle one of the rounds."""
    return float(statistics.median(result[key] for result in results))


def rows(effort: Effort) -> Iterator[Row]:
    """Every eager row, as it is measured. The processes of the two engines alternate."""
    has_peer = environments.python_with(PEER) is not None
    for collector, demo_targets, fit_targets in (("off", (2, 3), (3, 4)), ("on", (10, 20), (25, 50))):
        ours, fitted, peer = [], [], []
        for _ in range(max(1, effort.rounds // 3)):
            ours.append(run_worker("demo", "autograd", collector, "15"))
            fitted.append(run_worker("fit", collector, "15"))
            if has_peer:
                peer.append(run_worker("demo", PEER, collector, "7" if collector == "off" else "3"))
        refuse_different_losses(ours + fitted + peer)
        theirs = median(peer, "ms") if peer else None
        yield compared(f"A, as micrograd's demo writes it, gc {collector}", median(ours, "ms"), theirs, *demo_targets)
        yield compared(f"A, as fit does it, gc {collector}", median(fitted, "ms"), theirs, *fit_targets)
    yield memory_row(has_peer)
    yield import_row()


def compared(what: str, ours: float, peer: float | None, at_least: float, aim: float) -> Row:
    """A row of times."""
    return Row(what, "ms a step", ours, peer, PEER, at_least, aim, environments.how_to_get(PEER))


def memory_row(has_peer: bool) -> Row:
    """Memory of a graph."""
    ours = run_worker("memory", "autograd")["bytes"]
    peer = run_worker("memory", PEER)["bytes"] if has_peer else None
    return Row("memory a node, graph of 100,000", "bytes", ours, peer, PEER, 2, why=environments.how_to_get(PEER))


def import_row() -> Row:
    """Cold start. The one row where the peer is to be the faster one."""
    found = run_worker("import")
    return Row("import, fresh process", "ms", found["autograd"], found["numpy"], "import numpy", 1 / 3)


def refuse_different_losses(results: list[dict[str, Any]]) -> None:
    """A race between programs that compute different things says nothing."""
    expected = results[0]["losses"]
    for result in results[1:]:
        for mine, its in zip(expected, result["losses"], strict=True):
            if abs(mine - its) > 1e-9 * abs(mine):
                raise SystemExit(f"the engines disagree: losses {expected} and {result['losses']}")
