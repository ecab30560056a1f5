"""Where the peers are installed. ``make bench`` makes two environments beside ours; none of them is needed.

HIPS autograd is imported by the same name as Glassgrad: it has one of its own.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
ALL_CORES = "BENCHMARK_ALL_CORES"
"""Set for a player that isn't pinned to one core."""
SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Set on some machines for the sake of old programs; NumPy is faster without."""
PEERS = {"torch": "bench", "jax": "bench", "casadi": "bench", "micrograd": "bench", "autograd": "hips"}
"""In which environment each distribution belongs."""
_QUERY = """
import importlib.metadata as m, json, sys
found = {}
for name in sys.argv[1:]:
    try: found[name] = m.version(name)
    except m.PackageNotFoundError: pass
print(json.dumps(found))
"""


def interpreter(environment: str = "") -> Path:
    """The Python of ours (""), or of an environment that stands beside it."""
    if not environment:
        return Path(sys.executable)
    prefix = Path(sys.prefix)
    return prefix.with_name(f"{prefix.name}-{environment}") / "bin" / "python"


@functools.cache
def installed(environment: str, *names: str) -> dict[str, str]:
    """The versions of those distributions that an environment has."""
    python = interpreter(environment)
    if not python.is_file():
        return {}
    done = subprocess.run([python, "-c", _QUERY, *names], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def python_with(name: str) -> Path | None:
    """The Python that has this distribution; our own, if it has it too."""
    for environment in ("", PEERS[name]):
        if name in installed(environment, *PEERS):
            return interpreter(environment)
    return None


def how_to_get(name: str) -> str:
    """What to do about a missing peer."""
    folder = interpreter(PEERS[name]).parents[1].name
    return f"not installed: `make bench` puts {name} into {folder}"


def versions() -> dict[str, str]:
    """The versions of all that takes part, by the name that people know it by."""
    mine = installed("", "numpy", "llvmlite")
    theirs = {**installed("hips", *PEERS), **installed("bench", *PEERS)}
    names = {"autograd": "HIPS autograd", "torch": "PyTorch", "jax": "JAX", "casadi": "CasADi", "numpy": "NumPy"}
    return {names.get(name, name): version for name, version in sorted({**mine, **theirs}.items())}


def environment_variables(
    *, checkout: Path | None = None, all_cores: bool = False, cache: str = "off"
) -> dict[str, str]:
    """One thread, a fast NumPy, and (for us) a checkout rather than whatever is installed.

    Args:
        checkout: for Glassgrad, whose folder; None: another library.
        all_cores: as many threads as the library likes.
        cache: the folder where Glassgrad keeps compiled code between processes; "off": it compiles each time.
    """
    kept = {name: text for name, text in os.environ.items() if name not in (*SLOWING, "PYTHONPATH", ALL_CORES)}
    threads = {ALL_CORES: "1"} if all_cores else ONE_THREAD
    return {**kept, **threads, "GLASSGRAD_CACHE": cache, **({"PYTHONPATH": str(checkout)} if checkout else {})}


def version_of(checkout: Path) -> str:
    """What a checkout of ours calls itself."""
    found = re.search(
        r'^__version__ = "(.+)"', (checkout / "autograd" / "__init__.py").read_text("utf-8"), re.MULTILINE
    )
    if found is None:
        raise ValueError(f"{checkout} has no Glassgrad: its autograd/__init__.py has no __version__")
    return found[1]
