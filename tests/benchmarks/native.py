"""C code that is compiled when it is measured."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

FLAGS = ("-O3", "-march=native", "-ffast-math", "-std=gnu11", "-fPIC")
MISSING = "needs gcc: install it with the system's package manager"


def compiler() -> str | None:
    """Path of gcc."""
    return shutil.which("gcc")


@functools.cache
def version() -> str:
    """What gcc calls itself; "" where there is none."""
    path = compiler()
    if path is None:
        return ""
    return subprocess.run([path, "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip()


def build(source: Path, definitions: Mapping[str, int] | None = None, flags: tuple[str, ...] = FLAGS) -> ctypes.CDLL:
    """Compile a file with ``-DNAME=number`` each and load it."""
    path = compiler()
    if path is None:
        raise FileNotFoundError(MISSING)
    with tempfile.TemporaryDirectory() as folder:
        compiled, library = Path(folder) / f"{source.stem}.o", Path(folder) / f"{source.stem}.so"
        defined = [f"-D{name}={value}" for name, value in (definitions or {}).items()]
        subprocess.run([path, *flags, *defined, "-c", "-o", compiled, source], check=True, capture_output=True)
        # Linked without -ffast-math, by which the library would flush subnormals to zero in the whole process.
        subprocess.run([path, "-shared", "-o", library, compiled, "-lm"], check=True, capture_output=True)
        return ctypes.CDLL(str(library))
