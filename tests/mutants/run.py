"""`make mutants`: plant the faults of the table one at a time, and see which of them the tests don't find.

    python tests/mutants/run.py --list               the table
    python tests/mutants/run.py --only "optim|sgd"   those whose file or words a pattern finds
    python tests/mutants/run.py --named              only the tests that a fault names, not the whole suite behind them
    python tests/mutants/run.py --jobs 2             so many at a time, each in a copy of its own

A fault is found if a test is red, or hangs. Its own tests run first, and all others only if these stay green. Ctrl-C
ends it; what is known is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 0.95
"""The share of faults that must be found."""
_LIMIT, _WHOLE_LIMIT = 300.0, 3600.0
"""Seconds that a fault's own tests may take, and the whole suite."""
_MEMORY = 8 << 30
"""Bytes of address space for a fault's own tests: a loop without an end often fills a list."""


@dataclass(frozen=True)
class Fault:
    """One entry of the table.

    Attributes:
        file: where it is planted, relative to the root.
        before, after: what stands there once, and what is put in its place.
        does: what then goes wrong.
        tests: the test files, or tests, that should find it.
    """

    file: str
    before: str
    after: str
    does: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.does}"

    def planted(self, source: str) -> str:
        """The text of its file with the fault; a ValueError if what it replaces isn't there just once."""
        found = source.count(self.before)
        if found != 1:
            raise ValueError(f"{self}: the text before is there {found} times, anchor it anew:\n{self.before}")
        return source.replace(self.before, self.after)


def table() -> list[Fault]:
    """All faults, from the files beside this one."""
    files = sorted(Path(__file__).parent.joinpath("faults").glob("*.toml"))
    entries = [entry for path in files for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]]
    return [Fault(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]


class Found(NamedTuple):
    """What became of a fault: who found it, "" if nobody did."""

    fault: Fault
    by: str


class Copy:
    """A copy of the tree in which faults are planted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        listing = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for name in filter(None, listing.stdout.split("\0")):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)

    def tried(self, fault: Fault, whole: bool, workers: str) -> Found:
        """Plant a fault, run tests, take it out again."""
        path = self._folder / fault.file
        source, times = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(fault.planted(source), encoding="utf-8")
        try:
            red = self.red(["-n", "0", *fault.tests], _LIMIT, _MEMORY)
            if not red and whole:
                red = self.red(["-n", workers], _WHOLE_LIMIT)
            return Found(fault, red)
        finally:
            path.write_text(source, encoding="utf-8")
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as the compiled file has it

    def red(self, arguments: Sequence[str], limit: float, memory: int | None = None) -> str:
        """Run tests up to the first that is red: its name, or "hangs", or "" if all are green."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *arguments]
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=None if memory is None else lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
            # What a fault compiles to must not be found again: its file may be as long and as new as another's.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self._folder)},
        )
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return "hangs"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.returncode == 0:
            return ""
        names = re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
        return names[0] if names else output.strip().splitlines()[-1]


def tried(faults: Sequence[Fault], jobs: int, whole: bool) -> Iterator[Found]:
    """Try the faults, some at a time, in the order in which they end."""
    workers = "auto" if jobs == 1 else "0"
    with tempfile.TemporaryDirectory(prefix="glassgrad-mutants-") as folder:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(jobs):
            copies.put(Copy(Path(folder) / str(number)))
        first = copies.get()
        named = sorted({test.partition("::")[0] for fault in faults for test in fault.tests})
        if red := first.red(["-n", workers, *named], _WHOLE_LIMIT):
            sys.exit(f"there is something wrong without any fault: {red}")
        copies.put(first)

        def one(fault: Fault) -> Found:
            copy = copies.get()
            try:
                return copy.tried(fault, whole, workers)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(jobs) as pool:
            waiting: list[Future[Found]] = [pool.submit(one, fault) for fault in faults]
            try:
                for done in as_completed(waiting):
                    yield done.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def report(found: Sequence[Found]) -> bool:
    """Print what became of the faults, those that nobody found last; whether enough were found."""
    for fault, by in sorted(found, key=lambda one: (not one.by, str(one.fault))):
        print(f"{'found   ' if by else 'SURVIVED'}  {fault}{f'  <- {by}' if by else ''}")
    share = sum(bool(one.by) for one in found) / max(len(found), 1)
    print(f"\n{share:.0%} of {len(found)} faults were found; {ENOUGH:.0%} should be.")
    return share >= ENOUGH


def main() -> None:
    parser = argparse.ArgumentParser(description="Plant faults, and see whether the tests find them.")
    parser.add_argument("--only", metavar="PATTERN", default="", help="faults whose file or words this finds")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--named", action="store_true", help="only the tests that a fault names")
    parser.add_argument("--list", action="store_true", help="print the table")
    options = parser.parse_args()
    faults = [fault for fault in table() if re.search(options.only, str(fault))]
    if not faults:
        parser.error(f"no fault is called {options.only!r}; --list shows them all")
    for fault in faults:
        fault.planted((ROOT / fault.file).read_text(encoding="utf-8"))
    if options.list:
        for fault in faults:
            print(f"{fault}\n    {', '.join(fault.tests)}")
        return
    found: list[Found] = []
    with contextlib.suppress(KeyboardInterrupt):
        for one in tqdm(tried(faults, options.jobs, not options.named), total=len(faults), unit="fault"):
            found.append(one)
            if not one.by:
                tqdm.write(f"survived: {one.fault}")
    sys.exit(0 if report(found) else 1)


if __name__ == "__main__":
    main()
