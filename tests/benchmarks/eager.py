"""The eager rows: plain Python against micrograd, each alone in a process."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environments
from arena import OURS, baseline_of
from compiled import AS_FAST, Effort
from table import Row

WORKER = Path(__file__).with_name("workers.py")
PEER = "micrograd"


def run_worker(*arguments: str, of: Path = environments.ROOT) -> dict[str, Any]:
    """One job in a process of its own; of which checkout, if it is a Glassgrad's."""
    ours = PEER not in arguments
    python = environments.interpreter() if ours else environments.python_with(PEER)
    assert python is not None
    done = subprocess.run(
        [python, str(WORKER), *arguments],
        env=environments.environment_variables(checkout=of if ours else None),
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
    """Every eager row, as it is measured. The processes of the engines alternate."""
    has_peer = environments.python_with(PEER) is not None
    before = baseline_of(effort.baseline)
    for collector, demo_targets, fit_targets in (("off", (2, 3), (3, 4)), ("on", (10, 20), (25, 50))):
        demo: dict[str, list[dict[str, Any]]] = defaultdict(list)
        fit: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for _ in range(max(1, effort.rounds // 3)):
            for name, checkout in {OURS: environments.ROOT, **before}.items():
                demo[name].append(run_worker("demo", "autograd", collector, "15", of=checkout))
                fit[name].append(run_worker("fit", collector, "15", of=checkout))
            if has_peer:
                demo[PEER].append(run_worker("demo", PEER, collector, "7" if collector == "off" else "3"))
        refuse_different_losses([each for found in (demo, fit) for results in found.values() for each in results])
        theirs = median(demo[PEER], "ms") if has_peer else None
        for what, found, targets in (
            (f"A, as micrograd's demo writes it, gc {collector}", demo, demo_targets),
            (f"A, as fit does it, gc {collector}", fit, fit_targets),
        ):
            ours = median(found[OURS], "ms")
            yield compared(what, ours, theirs, *targets)
            for name in before:
                yield Row(what, "ms a step", ours, median(found[name], "ms"), name, *AS_FAST)
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
